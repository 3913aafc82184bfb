#!/usr/bin/env python3
"""The server from nothing: seconds until it says that it is ready and until its first tile, and what memory it holds.

Memory is read when it is ready, and again when it has come to rest: when it says that the city is checked, and has used
hardly any processor for two seconds. The first start checks a city that was never checked; the others find its flags. Then
one that only follows (`--check elsewhere`): it has the city and its flags, and checks nothing.
"""
import os
import time

import mvt
import server
from database import sql
from process import cpu_s, memory_mb
from row import QUICK, Part, say

NAME = os.environ.get("BENCH_DATABASE", "city")
part = Part("start" if NAME == "city" else f"start-{NAME}")
rows = int(os.environ["BENCH_ROWS"])
middle = [float(v) for v in sql(NAME, "select ST_X(c) || ' ' || ST_Y(c) from (select ST_Centroid(ST_Extent(polygon)) c from grid) a").split()]
tile = (14, *map(int, mvt.place(*middle, 14)))


def by_gridpin(cookie):
    one = server.gridpin("gridpin", NAME)
    try:
        found = {"ready": one.wait("/readyz", step_s=0.005)}
        found["resident"], found["most"] = memory_mb(one.pid, "VmRSS"), memory_mb(one.pid)
        one.cookie = cookie or server.sign_in(one)
        one.tile("address", *tile)
        found["tile"] = time.perf_counter() - one.began
        found["rest"] = one.rest()
        found["cpu"] = cpu_s(one.pid)
        found["resident at rest"], found["most at rest"] = memory_mb(one.pid, "VmRSS"), memory_mb(one.pid)
        return one.cookie, found
    finally:
        one.stop()


def by_follower():
    one = server.gridpin("gridpin", NAME, check="elsewhere")
    try:
        return {"ready": one.wait("/readyz", step_s=0.005), "resident": memory_mb(one.pid, "VmRSS"), "most": memory_mb(one.pid)}
    finally:
        one.stop()


def by_martin():
    began = time.perf_counter()
    one = server.martin("Martin", 0)
    try:
        one.tile("address", *tile)
        return {"tile": time.perf_counter() - began, "most at rest": memory_mb(one.pid)}
    finally:
        one.stop()


of = f"{rows:,} addresses"
cookie, ours, theirs, followers = None, [], [], []
for n in range(int(os.environ.get("REPETITIONS", 2 if QUICK else 3))):
    if NAME == "city":
        try:
            theirs.append(by_martin())
        except Exception as why:
            if n == 0:
                part.missing(f"start until the first tile, {of}", "Martin", why)
    cookie, found = by_gridpin(cookie)
    say("  " + ", ".join(f"{key} {value:.1f}" for key, value in found.items()))
    ours.append(found)
    followers.append(by_follower())
    say("  a follower: " + ", ".join(f"{key} {value:.1f}" for key, value in followers[-1].items()))
many = lambda found, key: [one[key] for one in found]
if theirs:
    part.add(f"start until the first tile, {of}", "Martin", "s", many(theirs, "tile"), better="less",
             memory_mb=max(many(theirs, "most at rest")), note="holds no records; PostgreSQL runs already")
part.add(f"start until the first tile, {of}", "gridpin", "s", many(ours, "tile"), better="less")
part.add(f"start until `/readyz`, {of}", "gridpin", "s", many(ours, "ready"), better="less")
part.add(f"start until it has come to rest, check included, {of}", "gridpin", "s", many(ours, "rest"), better="less",
         note=f"{sorted(many(ours, 'cpu'))[len(ours) // 2]:.1f} s of processor")
for key, words in [("resident", "resident (VmRSS) when ready"), ("most", "at most (VmHWM) until ready"),
                   ("resident at rest", "resident (VmRSS) at rest"), ("most at rest", "at most (VmHWM) until rest")]:
    part.add(f"memory {words}, {of}", "gridpin", "MB", many(ours, key), better="less")
part.add(f"start of one that follows until `/readyz`, {of}", "gridpin", "s", many(followers, "ready"), better="less")
for key, words in [("resident", "resident (VmRSS) when ready"), ("most", "at most (VmHWM) until ready")]:
    part.add(f"memory of one that follows, {words}, {of}", "gridpin", "MB", many(followers, key), better="less")
