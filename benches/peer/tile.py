#!/usr/bin/env python3
"""Vector tiles over HTTP, with wrk and four connections: Martin over PostGIS beside gridpin, in turns.

Both serve the same features with the same fields (load.py), all tiles of the city at a zoom in one shuffled order. What
is compared is compared: the features of some tiles are counted at both, and the row says where they differ.
"""
import json
import os
import random
import re
import statistics
import subprocess
import time

import mvt
import server
from database import postmaster, sql
from process import cpu_s, memory_mb, shared_mb
from row import QUICK, Part, alternate, say

REPETITIONS = int(os.environ.get("REPETITIONS", 2 if QUICK else 3))
SECONDS = int(os.environ.get("SECONDS_EACH", 3 if QUICK else 4))
LUA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrk.lua")
# Below the zoom where the map draws points, gridpin draws counted cells; this asks for every point all the same.
EVERY_POINT, AS_THE_MAP = ".mvt?detail=points", ".mvt"
part = Part("tile")
box = [float(v) for v in sql("gis", "select array_to_string(box, ' ') from done").split()]
database = postmaster()


def paths(one, layers, z):
    """A file with the tiles of a zoom as paths of a server, shuffled the same for all."""
    tiles = mvt.tiles(box, z)
    random.Random(7).shuffle(tiles)
    file = server.DATA / f"{one.name.replace(' ', '-').replace(',', '')}-paths.txt"
    file.write_text("".join(one.tile_path(layers, *tile) + "\n" for tile in tiles))
    return file, tiles


def load(one, layers, z, encoding, connections=4, seconds=SECONDS):
    """wrk for some seconds; figures of one tile."""
    file, _ = paths(one, layers, z)
    before = cpu_s(one.pid), cpu_s(database)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", LUA, f"http://127.0.0.1:{one.port}",
               "--", str(file), encoding] + ([one.cookie] if one.cookie else [])
    out = subprocess.run(command, capture_output=True, text=True).stdout
    found = re.search(r"JSON(\{.*\})", out)
    if not found:
        raise RuntimeError("wrk said " + out[-200:])
    told = json.loads(found.group(1))
    if not told["requests"] or told["errors"]:
        raise RuntimeError(f"{told['errors']} errors in {told['requests']} answers")
    n = told["requests"]
    return {"rate": n / told["seconds"], "p50_ms": told["p50_ms"], "p99_ms": told["p99_ms"], "bytes": told["bytes"] / n,
            "server_ms": (cpu_s(one.pid) - before[0]) * 1e3 / n, "database_ms": (cpu_s(database) - before[1]) * 1e3 / n}


def add(work, note=""):
    def put(name, results):
        middle = lambda key: statistics.median(r[key] for r in results)
        more = {key: middle(key) for key in ("p50_ms", "p99_ms", "bytes", "server_ms", "database_ms")}
        part.add(work, name, "tiles/s", [r["rate"] for r in results], memory_mb=memory_mb(by_name[name].pid), **more,
                 note=note)
    return put


def features(one, layers, tiles):
    """How many features these tiles hold, by layer."""
    count = {}
    for tile in tiles:
        for name, found in mvt.layers(one.tile(layers, *tile)).items():
            count[name] = count.get(name, 0) + len(found)
    return count


def compare(ours, theirs, layers, z):
    """What eight tiles hold at gridpin, and at Martin where it is there."""
    _, tiles = paths(ours, layers[0], z)
    a = features(ours, layers[0], tiles[:8])
    cells = any("count" in properties for tile in tiles[:8] for found in mvt.layers(ours.tile(layers[0], *tile)).values()
                for properties, _ in found)
    words = f"in 8 tiles gridpin has {sum(a.values()):,} {'counted cells' if cells else 'features'}"
    if not theirs:
        return words
    b = features(theirs, layers[1], tiles[:8])
    same = all(abs(a.get(k, 0) - b.get(k, 0)) <= 0.005 * max(a.get(k, 0), b.get(k, 0)) for k in {*a, *b})
    return words + (", Martin as many" if same else f" {a}, Martin {b}")


def race(work, z, ours, theirs, encoding, seconds=SECONDS, who=("Martin", "gridpin"), repetitions=REPETITIONS):
    """Martin and gridpin in turns; `ours` and `theirs`: the layers at each."""
    contenders = {name: by_name[name] for name in who if name in by_name}
    for name, one in contenders.items():
        if name.startswith("gridpin"):
            one.ending = EVERY_POINT
    layers = {name: ours if name.startswith("gridpin") else theirs for name in contenders}
    for name in who:
        if name not in by_name:
            part.missing(work, name, why[name])
    note = ""
    try:
        if encoding == "identity" and who[-1] in by_name:
            note = compare(by_name[who[-1]], by_name.get(who[0]) if len(who) == 2 else None, (ours, theirs), z)
    except Exception as error:
        note = f"not compared: {error}"
    alternate(part, work, contenders, repetitions, lambda name, one: load(one, layers[name], z, encoding, seconds=seconds),
              add(work, note))


def uncached():
    fields = ("address", "address")
    for z in (13, 14, 15, 16):
        for encoding in ("identity", "gzip"):
            race(f"`address` z{z}, every point, same fields, uncached, {encoding}", z, *fields, encoding, SECONDS * (2 if z == 13 else 1))
    for z in (14,) if QUICK else (13, 14, 15, 16):
        work = f"8 fields of the peers' own at Martin, `address` z{z}, uncached, identity"
        if sql("gis", "select to_regclass('addresses') is null") == "t":
            part.missing(work, "Martin", "the city has no addresses.copy, see load.py")
        else:
            race(work, z, "address", "addresses", "identity")
    for z in (14, 16) if QUICK else (13, 14, 15, 16):
        race(f"grids of all levels with their names and figures, z{z}, uncached, identity", z, "grid", "grid,grid_name", "identity")
        race(f"`building` z{z}, uncached, identity", z, "building", "building", "identity")
        race(f"addresses, buildings, grids in one tile, z{z}, uncached, identity", z, "address,building,grid",
             "address,building,grid,grid_name", "identity")


def warm():
    for z in (14,) if QUICK else (14, 16):
        for encoding in ("identity", "gzip", "br", "zstd"):
            who = ["Martin, cache", "gridpin, cache"]
            for name in list(who):
                if name in by_name:
                    _, headers, _ = by_name[name].get(by_name[name].tile_path("address", *mvt.tiles(box, z)[0]), {"Accept-Encoding": encoding})
                    if encoding != "identity" and headers.get("Content-Encoding") != encoding:
                        part.missing(f"`address` z{z} again, from the cache, {encoding}", name, f"answers without {encoding}")
                        who.remove(name)
                        continue
                    for tile in mvt.tiles(box, z):
                        by_name[name].tile("address", *tile, {"Accept-Encoding": encoding})
            race(f"`address` z{z} again, from the cache, {encoding}", z, "address", "address", encoding, who=who)


def whole():
    """The whole city in one tile: seconds of the first answer. Martin's holds every point, gridpin's exact counts."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2

    def first(z):
        def measure(_, one):
            tile = (z, *map(int, mvt.place(x, y, z)))
            began = time.perf_counter()
            body = one.tile("address", *tile)
            took = (time.perf_counter() - began) * 1e3
            found = [feature[0] for layer in mvt.layers(body).values() for feature in layer] if len(body) < 3e6 else []
            counted = sum(properties.get("count", 0) for properties in found)
            return {"ms": took, "bytes": len(body), "note": f"cells that count {counted} addresses" if counted else "every point"}
        return measure

    by_name["gridpin"].ending = AS_THE_MAP
    for z in (10, 8):
        work = f"the city's middle in one tile, z{z}, first answer"
        alternate(part, work, {name: by_name[name] for name in ("Martin", "gridpin") if name in by_name}, REPETITIONS, first(z),
                  lambda name, results: part.add(work, name, "ms", [r["ms"] for r in results], better="less",
                                                 bytes=results[0]["bytes"], note=results[0]["note"]))


def alone():
    """Layers that Martin has none of: one connection, so that the times are those of one tile."""
    by_name["gridpin"].ending = AS_THE_MAP
    for layer in ("heat", "hazard", "rental"):
        for z in range(8, 17, 2) if QUICK else range(8, 17):
            work = f"`{layer}` z{z}, uncached, one connection (no peer has it)"
            one = {"gridpin": by_name["gridpin"]}
            alternate(part, work, one, 1, lambda name, it: load(it, layer, z, "identity", 1, 1 if QUICK else 2),
                      lambda name, results: part.add(work, name, "ms p99", [r["p99_ms"] for r in results], better="less",
                                                     **{k: results[0][k] for k in ("p50_ms", "bytes", "server_ms")}))


by_name, why = {}, {}
try:
    say("starting gridpin twice, without and with its cache")
    ours = {"gridpin": server.gridpin("gridpin", "city", 0), "gridpin, cache": server.gridpin("gridpin, cache", "city")}
    for name, one in ours.items():
        by_name[name] = one
        one.wait("/readyz")
        one.cookie = ours["gridpin"].cookie or server.sign_in(one)
    for one in ours.values():
        one.rest()
    for name, cache_mb in (("Martin", 0), ("Martin, cache", 2048)):
        try:
            by_name[name] = server.martin(name, cache_mb)
        except Exception as error:
            why[name] = error
    part.versions["wrk"] = subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout.split("\n")[0].split(" [")[0]
    for stage in (uncached, warm, whole, alone):
        stage()
    say(f"memory of PostgreSQL with its backends: {shared_mb(database) or 0:.0f} MB")
finally:
    for one in by_name.values():
        one.stop()
