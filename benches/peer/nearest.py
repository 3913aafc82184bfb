#!/usr/bin/env python3
"""The building nearest to every pin of the city, one thread, in metres of one plane: seconds of processor.

A building is its representative point, inside its footprint, as detection has it. gridpin's time includes the way from
degrees to metres; the others get metres. All answers are compared: by the distances, since several may be equally near.
"""
import os
import subprocess

import numpy as np

import server
from contender import HERE, Process, Query, gather
from database import copy, sql
from row import QUICK, Part, alternate, say

CITY = os.environ["CITY"]
REPETITIONS = int(os.environ.get("REPETITIONS", 2 if QUICK else 5))
SAMPLE = 20_000 if QUICK else 100_000
FILE = str((server.DATA / "nearest").resolve())
work = "nearest building of every pin, one thread"
part = Part("nearest")



def kiddo():
    """The program in kiddo/, built where it is not yet."""
    target = server.DATA / "kiddo"
    command = ["cargo", "build", "--release", "--quiet", "--manifest-path", HERE / "kiddo" / "Cargo.toml", "--target-dir", target]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [target / "release" / "kiddo-peer"]


first = Process.rust("nearest", "gridpin", CITY)
first.tell(f"plane {FILE}")
pins, sites = (np.fromfile(f"{FILE}.{name}").reshape(-1, 2) for name in ("pins", "sites"))
if sql("gis", "select to_regclass('work.site') is null") == "t":
    sql("gis", "create schema if not exists work")
    for table, points in (("work.site", sites), ("work.asked", pins[:100_000])):
        sql("gis", f"create table {table} (id int primary key, geom geometry(Point, 0))")
        copy("gis", table, ((n, f"POINT({x!r} {y!r})") for n, (x, y) in enumerate(points.tolist())))
        sql("gis", f"create index on {table} using gist (geom)")
    sql("gis", "vacuum analyze")
knn = f"select count(*), sum(b.id) from (select geom from work.asked where id < {SAMPLE}) a cross join lateral " \
      "(select id from work.site s order by s.geom <-> a.geom limit 1) b"
makers = {
    f"PostGIS KNN ({SAMPLE:,} pins)": lambda: Query(knn),
    "scipy cKDTree": lambda: Process.python("nearest", "scipy", FILE),
    "rstar": lambda: Process.rust("nearest", "rstar", CITY),
    "kiddo": lambda: Process(kiddo() + [FILE]),
    "gridpin": lambda: first,
    "gridpin, shuffled": lambda: Process.rust("nearest", "gridpin", CITY, "shuffled"),
    "kiddo, shuffled": lambda: Process(kiddo() + [FILE, "shuffled"]),
}
say(f"{len(pins):,} pins, {len(sites):,} buildings: starting {len(makers)} contenders")
made = gather(part, work, makers)
try:
    distance, notes = {}, {}
    for name, one in made.items():
        if isinstance(one, Process) and "shuffled" not in name:
            one.tell(f"answers {FILE}.told")
            told = np.fromfile(f"{FILE}.told", "<u4").reshape(-1, 2)[:, 0]
            distance[name] = np.hypot(*(sites[told] - pins).T)
    least = np.min(list(distance.values()), axis=0)
    for name, metres in distance.items():
        farther = int((metres > least + 1e-6).sum())
        notes[name] = f"{farther} answers are not the nearest" if farther else "all nearest"
    alternate(part, work, made, REPETITIONS, lambda name, one: one.run(),
              lambda name, runs: part.add(work, name, "M/s", [(SAMPLE if name.startswith("PostGIS") else len(pins)) / cpu_s / 1e6 for cpu_s in runs],
                                          memory_mb=made[name].memory_mb(), note=notes.get(name, "")))
finally:
    for one in made.values():
        one.close()
