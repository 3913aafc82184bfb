#!/usr/bin/env python3
"""A peer in Python as a process that measures when it is told to, one thread; the same commands as beside.rs.

usage: worker.py locate shapely|geopandas|sedonadb CITY [shuffled]      (micro-grids of pins; intersects, as GEOS has it)
       worker.py nearest scipy PLANE                                    (PLANE: what beside's `plane` wrote)

run: {"cpu_s", "wall_s"}; answers FILE: for each pin the rank of its grid by code plus one and how many hold it, or the
nearest building and 0, as u32; ask FILE: the same for points of FILE (f64 lon, lat) into FILE.geos.
"""
import json
import os
import sys
import time

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS"):
    os.environ[threads] = "1"
import numpy as np

what, who, city = sys.argv[1:4]
_say = sys.stdout


def say(**fields):
    print(json.dumps(fields), file=_say, flush=True)


def grids():
    """The grids of the finest level, by code."""
    import shapely
    found = json.load(open(f"{city}/grids.geojson", encoding="utf-8"))["features"]
    order = ["district", "street", "village", "grid", "microgrid"]
    finest = max((f["properties"]["level"] for f in found), key=order.index)
    found = sorted((f for f in found if f["properties"]["level"] == finest), key=lambda f: f["properties"]["grid_code"])
    return np.array([shapely.geometry.shape(f["geometry"]) for f in found])


def pins():
    import csv
    with open(f"{city}/addresses.csv", encoding="utf-8") as file:
        rows = csv.reader(file)
        head = next(rows)
        lon, lat = head.index("lon"), head.index("lat")
        at = np.array([(float(r[lon]), float(r[lat])) for r in rows if r[lon] and r[lat]])
    return np.random.default_rng(7).permutation(at) if len(sys.argv) > 4 else at


def told(pairs, count):
    """Pairs of point and polygon as lowest polygon plus one and how many, for each point."""
    number = np.bincount(pairs[0], minlength=count)
    first = np.full(count, 2**32 - 1, np.uint32)
    np.minimum.at(first, pairs[0], pairs[1].astype(np.uint32))
    return np.column_stack([np.where(number == 0, 0, first + 1), number]).astype("<u4")


def locate():
    import shapely
    shapes, at = grids(), pins()
    if who == "shapely":
        shapely.prepare(shapes)
        tree, points = shapely.STRtree(shapes), shapely.points(at)
        return len(at), lambda: tree.query(points, predicate="intersects"), lambda more: tree.query(shapely.points(more), predicate="intersects"), shapely.__version__
    if who == "geopandas":
        import geopandas
        left = geopandas.GeoDataFrame({"id": np.arange(len(at))}, geometry=geopandas.points_from_xy(*at.T), crs=4326)
        right = geopandas.GeoDataFrame({"grid": np.arange(len(shapes))}, geometry=shapes, crs=4326)
        join = lambda: geopandas.sjoin(left, right, how="inner", predicate="intersects")
        return len(at), lambda: join()[["id", "grid"]].to_numpy().T, None, geopandas.__version__
    import pyarrow
    import sedonadb
    one = sedonadb.connect()
    one.sql("SET datafusion.execution.target_partitions = 1").execute()
    left = pyarrow.table({"id": np.arange(len(at)), "x": at[:, 0], "y": at[:, 1]})
    right = pyarrow.table({"grid": np.arange(len(shapes)), "w": pyarrow.array(list(shapely.to_wkb(shapes)), pyarrow.binary())})
    one.create_data_frame(left).to_view("p0")
    one.create_data_frame(right).to_view("g0")
    one.sql("select id, ST_Point(x, y) geom from p0").to_memtable().to_view("p")
    one.sql("select grid, ST_GeomFromWKB(w) geom from g0").to_memtable().to_view("g")
    join = "select p.id, g.grid from p join g on ST_Intersects(g.geom, p.geom)"
    ask = lambda: pyarrow.RecordBatchReader.from_stream(one.sql(join)).read_all()
    return len(at), lambda: np.array([column.to_numpy() for column in ask().columns]), None, sedonadb.__version__


def nearest():
    import scipy
    from scipy.spatial import cKDTree
    at, sites = (np.fromfile(f"{city}.{name}").reshape(-1, 2) for name in ("pins", "sites"))
    tree = cKDTree(sites)
    return len(at), lambda: tree.query(at)[1], None, scipy.__version__


sys.stdout = sys.stderr  # what packages print is no answer
began = time.process_time()
count, ask, more, version = locate() if what == "locate" else nearest()
say(build_s=round(time.process_time() - began, 3), pins=count, version=version)
for line in sys.stdin:
    command, _, file = line.strip().partition(" ")
    if command == "run":
        cpu, wall = time.process_time(), time.perf_counter()
        ask()
        say(cpu_s=time.process_time() - cpu, wall_s=time.perf_counter() - wall)
    elif command == "answers":
        found = ask()
        (told(found, count) if what == "locate" else np.column_stack([found, 0 * found]).astype("<u4")).tofile(file)
        say(pins=count)
    elif command == "ask":
        points = np.fromfile(file).reshape(-1, 2)
        told(more(points), len(points)).tofile(file + ".geos")
        say(points=len(points))
