"""Scores `flags.csv` of labelled cities and, beside it, three baselines on the same city; prints a Markdown table.

Below it a table by kind of error: found and all, and the share; then pins over 60 m from where they belong, the gross
kind that is found worst, and what is said wrongly 35 m or more from the building of that address (where it is known).

Baselines flag a pin: outside its declared grid; also when the nearest building is over 25 m away; also when the building
with the same address is over 50 m away. A record counts as found at probability 0.8. Errors of the text alone are left
out, and so are those too small to matter (`ok*`)."""
import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import shapely
from scipy.spatial import cKDTree

TEXT = {"nonstandard", "duplicate", "incomplete", "unit_conflict", "disordered", "floor", "orphan", "relative", "personal"}
# Errors that nobody may miss: another datum, another form of number, a batch moved, many pins on one spot.
GROSS = {"gcj02", "bd09", "gcj02_reversed", "gcj02_twice", "batch_offset", "swapped", "dms", "nmea", "zone", "projected", "zero", "stacked"}
# Errors that the building of the stated address gives away, from this distance.
AWAY, AWAY_M = ["wrong_building", "wrong_number", "wrong_road", "gps_outlier"], 35
FAR_M = 60
FOUND = 0.8


def metres(lon, lat, at):
    """East and north of `at`, metres, near enough for a city."""
    return np.c_[(lon - at[0]) * 111320 * np.cos(np.radians(at[1])), (lat - at[1]) * 110700]


def number(text):
    try:
        return float(text)
    except ValueError:
        return np.nan


def key(row):
    if row.get("compound") and row.get("building"):
        return row["compound"], row["building"]
    return (row.get("road") or row.get("village"), row.get("group") or "", row["house_number"]) if row.get("house_number") else None


def rates(flagged, wrong):
    true = (flagged & wrong).sum()
    precision, recall = true / max(1, flagged.sum()), true / max(1, wrong.sum())
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall), 1000 * (flagged & ~wrong).sum() / (~wrong).sum()


def score(folder):
    rows = list(csv.DictReader(open(folder / "addresses.csv")))
    truth = {r["address_id"]: r for r in csv.DictReader(open(folder / "truth.csv"))}
    rows = [r for r in rows if truth[r["address_id"]]["error"] not in TEXT | {"ok*"}]
    wrong = np.array([truth[r["address_id"]]["error"] != "ok" for r in rows])
    lon, lat = np.array([number(r["lon"]) for r in rows]), np.array([number(r["lat"]) for r in rows])
    at = np.nanmedian(lon), np.nanmedian(lat)
    xy = metres(lon, lat, at)
    finite = np.isfinite(xy).all(1)

    grids = json.load(open(folder / "grids.geojson"))["features"]
    polygon = {g["properties"]["grid_code"]: shapely.geometry.shape(g["geometry"]) for g in grids}
    outside = np.array([r["grid_code"] in polygon and not shapely.intersects_xy(polygon[r["grid_code"]], x, y)
                        for r, x, y in zip(rows, lon, lat)])
    places, by_key = [], defaultdict(list)
    for b in json.load(open(folder / "buildings.geojson"))["features"]:
        centre = shapely.geometry.shape(b["geometry"]).centroid
        if (k := key({**b["properties"]})) is not None:
            by_key[k].append(len(places))
        places.append((centre.x, centre.y))
    places = metres(*np.array(places).T, at)
    nearest = np.full(len(rows), np.inf)
    nearest[finite] = cKDTree(places).query(xy[finite])[0]
    matched = np.array([min((np.hypot(*(places[b] - p)) for b in by_key.get(key(r), ())), default=0) for r, p in zip(rows, xy)])
    matched = np.where(np.isfinite(matched), matched, np.inf)

    best = {}
    for flag in csv.DictReader(open(folder / "flags.csv")):
        if flag["probability"] and float(flag["probability"]) > best.get(flag["address_id"], (-1,))[0]:
            best[flag["address_id"]] = float(flag["probability"]), number(flag["suggested_lon"]), number(flag["suggested_lat"])
    p = np.array([best.get(r["address_id"], (0,))[0] for r in rows])
    flagged = p >= FOUND
    error = np.array([truth[r["address_id"]]["error"] for r in rows])
    there = metres(*np.array([[float(truth[r["address_id"]][k]) for k in ("true_lon", "true_lat")] for r in rows]).T, at)
    far = wrong & ~(np.hypot(*(xy - there).T) <= FAR_M) & np.array([truth[r["address_id"]]["side"] == "position" for r in rows])
    count = lambda among: (int((flagged & among).sum()), int(among.sum()))
    kinds = {k: count(error == k) for k in sorted(set(error[wrong]))}
    gross = {k: kinds[k] for k in kinds if k in GROSS}
    worst = min(gross, key=lambda k: gross[k][0] / gross[k][1], default=None)
    more_found = {f"pin over {FAR_M} m off": count(far), f"worst gross kind: {worst}": gross.get(worst, (0, 0))}
    more_found |= {f"{k}, {AWAY_M} m or more from the own building": count((error == k) & (matched >= AWAY_M)) for k in AWAY}

    off = []
    for r, is_wrong, found in zip(rows, wrong, flagged):
        t = truth[r["address_id"]]
        if is_wrong and found and t["side"] == "position" and np.isfinite(best[r["address_id"]][1]):
            here, there = (metres(np.array([a]), np.array([b]), at)[0] for a, b in
                           (best[r["address_id"]][1:], (float(t["true_lon"]), float(t["true_lat"]))))
            off.append(np.hypot(*(here - there)))
    bins = np.minimum(9, (p * 10).astype(int))
    ece = sum(abs(p[bins == b].mean() - wrong[bins == b].mean()) * (bins == b).mean() for b in range(10) if (bins == b).any())
    answers = {"gridpin": flagged, "outside its grid": outside, "+ nearest building > 25 m": outside | (nearest > 25),
               "+ own building > 50 m": outside | (matched > 50)}
    for name, answer in answers.items():
        precision, recall, f1, false = rates(answer, wrong)
        more = f"{np.median(off):.1f}, {np.quantile(off, 0.9):.1f} | {ece:.3f}" if name == "gridpin" and off else " | "
        if wrong.any():
            print(f"| {folder.name} | {name} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {false:.2f} | {more} |")
        else:
            print(f"| {folder.name} | {name} | | | | {false:.2f} | {more} |")
    return kinds, more_found


print("| city | found by | precision | recall | F1 | false per 1,000 | suggestion median, p90 in m | ECE |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
found = {Path(name).name: score(Path(name)) for name in sys.argv[1:]}

print("\n| city | error | found | of | recall |")
print("| --- | --- | --- | --- | --- |")
for city, tables in found.items():
    for kind, (n, of) in (row for table in tables for row in table.items()):
        if of:
            print(f"| {city} | {kind} | {n} | {of} | {n / of:.3f} |")
