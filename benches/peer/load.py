#!/usr/bin/env python3
"""Loads the city into the databases that are measured: `city` for gridpin, `gis` for Martin and PostGIS, in one cluster.

The tables that Martin serves hold exactly what gridpin's tiles say: same features, same fields, same values, read from
gridpin's own tiles; the geometries are those of the city's files. What is there already stays.
"""
import csv
import json
import os
import subprocess
from pathlib import Path

import mvt
import row
import server
from database import copy, has, sql, url

CITY = Path(os.environ["CITY"])
RAW = [CITY / "raw" / "addresses.copy", CITY.parent / "data" / "addresses.copy"]
OWNER, APP = os.environ["BENCH_OWNER"], os.environ["BENCH_APP"]
ITEMS = ["wiring", "ebike_charging", "gas", "escape_route", "barred_window", "extinguisher", "smoke_alarm", "combustible_partition"]


def run(*command, database, role=APP, stdin=None):
    done = subprocess.run([server.GRIDPIN, *map(str, command)], env={**os.environ, "GRIDPIN_DATABASE": url(database, role)},
                          input=stdin, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"gridpin {' '.join(map(str, command))}: {done.stderr[-800:]}")


def addresses():
    with open(CITY / "addresses.csv", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def features(name):
    with open(CITY / f"{name}.geojson", encoding="utf-8") as file:
        yield from json.load(file)["features"]


def rentals_and_hazards(folder):
    """Every sixth address is let and every tenth has a hazard, spread evenly."""
    with open(folder / "rentals.csv", "w") as rentals, open(folder / "hazards.csv", "w") as hazards:
        rentals.write("rental_id,address_id,registered_on,space,rooms,occupants,status\n")
        hazards.write("hazard_id,address_id,rental_id,item,severity,state,found_at,found_by\n")
        for n, address in enumerate(addresses()):
            one = address["address_id"]
            if n % 6 == 0:
                rentals.write(f"R{n},{one},{'2026-03-01' if n % 4 else ''},residential,3,4,active\n")
            if n % 10 == 0:
                rental = f"R{n}" if n % 6 == 0 else ""
                severity = "major" if n % 30 == 0 else "minor"
                hazards.write(f"H{n},{one},{rental},{ITEMS[n // 10 % 8]},{severity},open,2026-05-01T08:00:00+08:00,c1\n")


def load_gridpin(database):
    run_owner = dict(database=database, role=OWNER)
    if not has(database, "address"):
        row.say(f"making the database {database}")
        sql("postgres", f"drop database if exists {database} with (force)")
        sql("postgres", f"create database {database} owner gridpin_owner")
        sql(database, "create extension postgis")
    run("migrate", **run_owner)
    count = dict(address=os.environ["BENCH_ROWS"])
    if sql(database, "select count(*) from address") != count["address"]:
        if sql(database, "select count(*) from address") != "0":
            raise RuntimeError(f"{database} holds another city; drop it: psql {url(database)}")
        rentals_and_hazards(server.DATA)
        for kind, file in [("grid", "grids.geojson"), ("building", "buildings.geojson"), ("address", "addresses.csv")]:
            row.say(f"importing {file}")
            run("import", kind, CITY / file, "--crs", "cgcs2000", database=database)
        for kind in ("rental", "hazard"):
            row.say(f"importing {kind}s")
            run("import", kind, server.DATA / f"{kind}s.csv", database=database)
        sql(database, "vacuum analyze")
    if sql(database, f"select count(*) from account where name = '{server.NAME}'") == "0":
        run("user", "add", server.NAME, "--role", "steward", "--password-stdin", database=database, stdin=server.PASSWORD)


def shown(gridpin, layer, z, box, key):
    """Every feature that gridpin's tiles of a zoom show, by layer and key."""
    found = {}
    for tile in mvt.tiles(box, z):
        for name, features_of in mvt.layers(gridpin.tile(layer, *tile)).items():
            for properties, _ in features_of:
                if key in properties:
                    found.setdefault(name, {})[properties[key]] = properties
    return found


def table(name, fields, kind, rows):
    """A table of Martin's, with an index on its geometry and nothing else."""
    types = {"count": "int", "rank": "int", "floors": "int", "addressed": "boolean"}
    whole = {"addresses", "collected", "accurate", "rentals", "registered", "hazards", "closed"}
    ratio = {"collection", "accuracy", "registration", "closure"}
    of = lambda f: types.get(f) or ("int" if f in whole else "float8" if f in ratio else "text")
    sql("gis", f"drop table if exists {name}")
    sql("gis", f"create table {name} ({', '.join(f'{f} {of(f)}' for f in fields)}, geom geometry({kind}, 4326))")
    copy("gis", name, rows)
    sql("gis", f"create index on {name} using gist (geom)")
    sql("gis", f"vacuum analyze {name}")
    row.say(f"  {name}: {sql('gis', f'select count(*) from {name}')} rows")


def box_of(shapes):
    """West, south, east, north of nested lists of positions."""
    points, look = [], list(shapes)
    while look:
        one = look.pop()
        if isinstance(one[0], (int, float)):
            points.append(one)
        else:
            look += one
    lon, lat = [p[0] for p in points], [p[1] for p in points]
    return [min(lon), min(lat), max(lon), max(lat)]


def texts(properties, fields):
    return [None if properties.get(f) is None else str(properties[f]).lower() if isinstance(properties[f], bool)
            else properties[f] for f in fields]


def load_gis(database):
    if has("gis", "done") and sql("gis", "select city from done") == str(CITY):
        return
    row.say("making the database gis from what gridpin's tiles show")
    sql("postgres", "drop database if exists gis with (force)")
    sql("postgres", "create database gis")
    sql("gis", "create extension postgis")
    at = {a["address_id"]: (a["lon"], a["lat"]) for a in addresses() if a["lon"] and a["lat"]}
    place = lambda one: f"SRID=4326;POINT({at[one][0]} {at[one][1]})"
    grids = {f["properties"]["grid_code"]: f for f in features("grids")}
    buildings = {f["properties"]["building_id"]: f for f in features("buildings")}
    box = box_of(f["geometry"]["coordinates"] for f in grids.values())
    gridpin = server.gridpin("gridpin for loading", database)
    try:
        gridpin.wait("/readyz")
        server.sign_in(gridpin)
        row.say("waiting until the city is checked: its tiles tell the flags")
        gridpin.rest()
        found = shown(gridpin, "address", 16, box, "id")["address"]
        fields = ["id", "label", "grid", "status", "flagged", "rank"]
        table("address", fields, "Point", ([*texts(found[one], fields), place(one)] for one in at if one in found))
        wkt = "SRID=4326;{}".format
        found = shown(gridpin, "building", 16, box, "id")["building"]
        fields = ["id", "label", "floors", "kind", "addressed"]
        table("building", fields, "Geometry", ([*texts(found[one], fields), wkt(area(f["geometry"]))]
                                               for one, f in buildings.items() if one in found))
        both = shown(gridpin, "grid", 16, box, "code")
        fields = ["code", "name", "level", "parent", "addresses", "collected", "accurate", "rentals", "registered", "hazards",
                  "closed", "collection", "accuracy", "registration", "closure"]
        rows = lambda levels: ([*texts(both["grid"][one], fields), wkt(area(f["geometry"]))] for one, f in grids.items()
                               if one in both["grid"] and both["grid"][one]["level"] in levels)
        table("grid", fields, "Geometry", rows({p["level"] for p in both["grid"].values()}))
    finally:
        gridpin.stop()
    sql("gis", "create table grid_name as select code, name, level, ST_PointOnSurface(geom)::geometry(Point, 4326) geom from grid")
    sql("gis", "create index on grid_name using gist (geom)")
    raw = next((path for path in RAW if path.is_file()), None)
    if raw:
        sql("gis", "create table addresses (id int primary key, address text, village_code text, micro_code text, "
                   "house_no int, kind text, rental boolean, hazard smallint, geom geometry(Point, 4326))")
        with open(raw) as file:
            sql("gis", "copy addresses from stdin", stdin=file)
        sql("gis", "create index on addresses using gist (geom)")
    sql("gis", "vacuum analyze")
    sql("gis", f"create table done as select '{CITY}'::text city, array[{','.join(map(str, box))}]::float8[] box")


def area(geometry):
    """GeoJSON as text that PostGIS reads."""
    ring = lambda points: "(" + ",".join(f"{p[0]!r} {p[1]!r}" for p in points) + ")"
    body = lambda rings: "(" + ",".join(map(ring, rings)) + ")"
    kind, c = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        return f"POINT({c[0]!r} {c[1]!r})"
    return "POLYGON" + body(c) if kind == "Polygon" else "MULTIPOLYGON(" + ",".join(map(body, c)) + ")"


if __name__ == "__main__":
    name = os.environ.get("BENCH_DATABASE", "city")
    load_gridpin(name)
    if name == "city":
        load_gis(name)
