#!/usr/bin/env python3
"""Cities side by side: the same city again and again, a quarter of a degree farther east each time, with identifiers,
codes and road names of its own. usage: side.py CITY OUT NUMBER"""
import csv
import json
import os
import re
import sys

city, out, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
EAST = 0.25
# Roads are called otherwise in each city: these characters change places among themselves.
SIGNS = "中山解放人民阳大洋括苍花园灯塔卢镗北苑囿天宁继光寿尔福好溪绿谷港学院青林"
os.makedirs(out, exist_ok=True)


def renamed(text, k):
    """A text with the road names of city `k`; what stands before the village's name stays."""
    turned = str.maketrans(SIGNS, SIGNS[k:] + SIGNS[:k])
    before, village, after = re.match(r"^(.*?)(社区|村|$)(.*)$", text).groups()
    return before + village + after.translate(turned) if village else text.translate(turned)


def moved(coordinates, k):
    if isinstance(coordinates[0], (int, float)):
        return [round(coordinates[0] + EAST * k, 7), coordinates[1]]
    return [moved(one, k) for one in coordinates]


def write(name, change):
    with open(f"{city}/{name}.geojson", encoding="utf-8") as file:
        features = json.load(file)["features"]
    with open(f"{out}/{name}.geojson", "w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","features":[\n')
        for k in range(number):
            for n, feature in enumerate(features):
                geometry = {**feature["geometry"], "coordinates": moved(feature["geometry"]["coordinates"], k)}
                new = {"type": "Feature", "properties": change(dict(feature["properties"]), k), "geometry": geometry}
                file.write((",\n" if k or n else "") + json.dumps(new, ensure_ascii=False))
        file.write("\n]}\n")


def grid(properties, k):
    for key in ("grid_code", "parent_code"):
        if properties.get(key):
            properties[key] = f"{k}-{properties[key]}"
    return properties


def building(properties, k):
    properties["building_id"] = f"{properties['building_id']}-{k}"
    if properties.get("full_text"):
        properties["full_text"] = renamed(properties["full_text"], k)
    return properties


write("grids", grid)
write("buildings", building)
with open(f"{out}/addresses.csv", "w", encoding="utf-8", newline="") as file:
    rows = None
    for k in range(number):
        with open(f"{city}/addresses.csv", encoding="utf-8") as source:
            for row in csv.DictReader(source):
                if rows is None:
                    rows = csv.DictWriter(file, row.keys(), lineterminator="\n")
                    rows.writeheader()
                row["address_id"] += f"-{k}"
                row["full_text"] = renamed(row["full_text"], k)
                row["grid_code"] = row["grid_code"] and f"{k}-{row['grid_code']}"
                row["lon"] = f"{float(row['lon']) + EAST * k:.7f}"
                rows.writerow(row)
