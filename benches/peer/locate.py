#!/usr/bin/env python3
"""The micro-grid of every pin of the city, one thread: seconds of processor, pins in the file's order and shuffled.

Every answer is compared with GEOS (shapely's STRtree, intersects): the lowest code of the grids that hold the pin and how
many they are; and so are millions of points on the borders and a hair beside them.
"""
import os

import numpy as np

import server
from contender import Process, Query, gather
from database import sql
from row import QUICK, Part, alternate, say

CITY = os.environ["CITY"]
REPETITIONS = int(os.environ.get("REPETITIONS", 2 if QUICK else 5))
FILE = str((server.DATA / "locate").resolve())
part = Part("locate")

if sql("gis", "select to_regclass('work.micro') is null") == "t":
    say("tables for PostGIS, in a schema that Martin does not look at")
    sql("gis", "create schema if not exists work")
    level = sql("gis", "select level from grid group by level order by count(*) desc limit 1")
    sql("gis", f"create table work.micro as select row_number() over (order by code) as id, code, geom from grid where level = '{level}'")
    sql("gis", "create index on work.micro using gist (geom)")
    sql("gis", "create table work.pin as select row_number() over () as id, geom from address")
    sql("gis", "create index on work.pin using gist (geom)")
    sql("gis", "create table work.pin_shuffled as select id, geom from work.pin order by md5(id::text)")
    sql("gis", "create index on work.pin_shuffled using gist (geom)")
    sql("gis", "vacuum analyze")


def answers(one, name):
    one.tell(f"answers {FILE}.{name}")
    return np.fromfile(f"{FILE}.{name}", "<u4").reshape(-1, 2)


def differ(name, found, truth):
    wrong = int((found != truth).any(1).sum())
    return f"{wrong} of {len(truth):,} points answered otherwise than by GEOS" if wrong else f"all {len(truth):,} as GEOS"


def in_order(order):
    more = [CITY] + (["shuffled"] if order == "shuffled" else [])
    table = "work.pin_shuffled" if order == "shuffled" else "work.pin"
    work = f"micro-grid of every pin, {order}, one thread"
    pairs = {}
    join = f"select count(*), sum(m.id), count(distinct a.id) from {table} a join work.micro m on ST_Covers(m.geom, a.geom)"
    outer = f"select count(*), sum(m.id) from work.micro m cross join lateral (select id from {table} a where ST_Covers(m.geom, a.geom) offset 0) a"
    makers = {
        "PostGIS, join as planned": lambda: Query(join, lambda told: pairs.update(join=told)),
        "PostGIS, polygons outer": lambda: Query(outer, lambda told: pairs.update(outer=told)),
        "geopandas sjoin": lambda: Process.python("locate", "geopandas", *more),
        "sedonadb": lambda: Process.python("locate", "sedonadb", *more),
        "shapely STRtree": lambda: Process.python("locate", "shapely", *more),
        "rstar, geo": lambda: Process.rust("locate", "rstar", *more),
        "gridpin": lambda: Process.rust("locate", "gridpin", *more),
        "gridpin, all levels indexed": lambda: Process.rust("locate", "gridpin-all", *more),
    }
    if QUICK and order == "shuffled":
        for name in ("PostGIS, join as planned", "geopandas sjoin", "shapely STRtree"):
            del makers[name]
    say(f"{work}: starting {len(makers)} contenders")
    made = gather(part, work, makers)
    notes, rows = {}, int(sql("gis", "select count(*) from work.pin"))
    try:
        if order != "shuffled" and "shapely STRtree" in made:
            truth = answers(made["shapely STRtree"], "geos")
            say(f"  {int((truth[:, 1] == 0).sum())} pins in no grid, {int((truth[:, 1] > 1).sum())} in several")
            for name, one in made.items():
                if isinstance(one, Process) and name != "shapely STRtree":
                    notes[name] = differ(name, answers(one, name.replace(" ", "-")), truth)
            notes["shapely STRtree"] = "is GEOS"
            pins = len(truth)
        else:
            pins = rows
        for name in ("gridpin", "gridpin, all levels indexed"):
            told = made[name].is_told if name in made else {}
            if told:
                notes[name] = "; ".join(filter(None, [notes.get(name), f"index {told['memory_mb']:.0f} MB, with the reference's "
                                                      f"bookkeeping built in {told['build_s']:.2f} s"]))
        slow = [name for name in made if name == "PostGIS, join as planned"]
        times = lambda name, one: one.run() if name not in slow or name not in done or not QUICK else done[name]
        done = {}

        def measure(name, one):
            done[name] = times(name, one)
            return done[name]

        alternate(part, work, made, REPETITIONS, measure,
                  lambda name, runs: part.add(work, name, "M/s", [(rows if isinstance(made[name], Query) else pins) / cpu_s / 1e6 for cpu_s in (runs[:1] if name in slow and QUICK else runs)],
                                              memory_mb=made[name].memory_mb(), note=notes.get(name, "")))
        if pairs:
            say(f"  PostGIS: {pairs}")
        if order != "shuffled" and "shapely STRtree" in made and "gridpin" in made:
            borders(made["gridpin"], made["shapely STRtree"])
    finally:
        for one in made.values():
            one.close()


def borders(ours, geos):
    """Every vertex and every middle of an edge of the micro-grids, and points a hair beside them."""
    work = "points on borders and 0.1 mm beside them, answered as GEOS answers"
    try:
        say("  asking about the borders")
        ours.tell(f"border {FILE}.border")
        geos.tell(f"ask {FILE}.border")
        a, b = (np.fromfile(f"{FILE}.border.{name}", "<u4").reshape(-1, 2) for name in ("told", "geos"))
        wrong = int((a != b).any(1).sum())
        part.add(work, "gridpin", "points", [len(b) - wrong], note=f"of {len(b):,}; {int((b[:, 1] > 1).sum()):,} of them in several grids")
    except Exception as why:
        part.missing(work, "gridpin", why)


for order in ("in the file's order", "shuffled"):
    in_order(order)
