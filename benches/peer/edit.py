#!/usr/bin/env python3
"""An edit until another process shows it: two `gridpin serve` on one database, both with their caches.

A pin is moved at the one by `POST /api/corrections`; the other's tile of zoom 16 is asked again and again with the ETag
that it had, until its bytes hold the pin at its new place. The clock runs from before the request is sent. Every pin goes
back afterwards, which is an edit too. Martin: an UPDATE, then its tile until the bytes differ.
"""
import math
import os
import statistics
import time
import uuid
import json

import mvt
import server
from database import Session, sql
from row import QUICK, Part, say

EDITS = int(os.environ.get("EDITS", 40 if QUICK else 100))
AWAY_S = 5
part = Part("edit")


def at(values, share):
    return sorted(values)[min(len(values) - 1, math.ceil(len(values) * share) - 1)]


def unit_of(lon, lat, tile):
    x, y = mvt.place(lon, lat, tile[0])
    return int((x - tile[1]) * 4096), int((y - tile[2]) * 4096)


def shows(body, identifier, unit):
    for properties, geometry in mvt.layers(body).get("address", []):
        if properties.get("id") == identifier:
            x, y = mvt.point(geometry)
            return abs(x - unit[0]) <= 1 and abs(y - unit[1]) <= 1
    return False


def until_shown(one, identifier, lon, lat, tile, etag, began):
    """Seconds until the tile holds the address at its place."""
    unit = unit_of(lon, lat, tile)
    while time.perf_counter() - began < 60:
        status, headers, body = one.get(one.tile_path("address", *tile), {"If-None-Match": etag or '""'})
        took = time.perf_counter() - began
        if status == 200:
            if shows(body, identifier, unit):
                return took
            etag = headers["ETag"]
        time.sleep(0.001)
    raise RuntimeError(f"{identifier} is not shown after 60 s")


def move(writer, reader, identifier, lon, lat):
    """Moves a pin at the one; seconds until it answers and until the other shows it."""
    status, _, text = writer.get(f"/api/addresses/{identifier}")
    if status != 200:
        raise RuntimeError(f"{status} {text[:300]}")
    known = json.loads(text)
    version = known.get("version") or known["address"]["version"]
    tile = (16, *map(int, mvt.place(lon, lat, 16)))
    _, headers, _ = reader.get(reader.tile_path("address", *tile))
    body = {"correction_id": str(uuid.uuid4()), "address_id": identifier, "base_version": version,
            "change": {"kind": "move", "lon": lon, "lat": lat}}
    began = time.perf_counter()
    status, _, text = writer.get("/api/corrections", {"Content-Type": "application/json"}, "POST", json.dumps(body))
    answered = time.perf_counter() - began
    if status != 201:
        raise RuntimeError(f"{status} {text[:300]}")
    return answered, until_shown(reader, identifier, lon, lat, tile, headers["ETag"], began)


def by_gridpin(some):
    servers = [server.gridpin(f"gridpin {k}", "city") for k in (1, 2)]
    try:
        say("starting gridpin twice on one database")
        for one in servers:
            one.wait("/readyz")
            one.cookie = servers[0].cookie or server.sign_in(one)
        for one in servers:
            one.rest()
        answered, shown = [], []
        for n, (identifier, lon, lat) in enumerate(some):
            for to in ((lon + 0.00012, lat + 0.00007), (lon, lat)):
                a, s = move(*servers, identifier, round(to[0], 7), round(to[1], 7))
                answered.append(a * 1e3)
                shown.append(s * 1e3)
            if n % 10 == 9:
                say(f"  {len(shown)} edits, median {statistics.median(shown):.0f} ms")
        work = f"{len(shown)} edits of a pin until the tile of a second process shows it"
        part.add(work, "gridpin", "ms", shown, better="less", p50_ms=at(shown, 0.5), p99_ms=at(shown, 0.99),
                 note=f"the writer's own answer: median {at(answered, 0.5):.0f} ms, p99 {at(answered, 0.99):.0f} ms")
    finally:
        for one in servers:
            one.stop()


def by_martin(name, cache_mb, some):
    work = f"an UPDATE of a point until the tile of {name} differs"
    try:
        one = server.martin(name, cache_mb)
    except Exception as why:
        part.missing(work, name, why)
        return
    session = Session("gis")
    try:
        took = []
        for identifier, lon, lat in some[:3 if cache_mb else 10]:
            tile = (16, *map(int, mvt.place(lon, lat, 16)))
            before = one.tile("address", *tile)
            began = time.perf_counter()
            session.ask(f"update address set geom = ST_Translate(geom, 0.00012, 0.00007) where id = '{identifier}'")
            while (differs := one.tile("address", *tile) != before) is False and time.perf_counter() - began < AWAY_S:
                time.sleep(0.001)
            took.append((time.perf_counter() - began) * 1e3)
            session.ask(f"update address set geom = ST_Translate(geom, -0.00012, -0.00007) where id = '{identifier}'")
            if not differs:
                part.missing(work, name, f"the old tile still after {AWAY_S} s: it stays until the cache expires")
                return
        part.add(work, name, "ms", took, better="less", note="no check of the edit, no history, no second process")
    finally:
        session.close()
        one.stop()


chosen = sql("gis", f"select id, ST_X(geom), ST_Y(geom) from address order by md5(id) limit {EDITS // 2}")
some = [(i, float(x), float(y)) for i, x, y in (line.split("|") for line in chosen.splitlines())]
if sql("gis", "select count(*) from pg_indexes where indexname = 'address_by_id'") == "0":
    sql("gis", "create index address_by_id on address (id)")
for name, cache_mb in (("Martin, no cache", 0), ("Martin, cache", 2048)):
    by_martin(name, cache_mb, some)
by_gridpin(some)
