#!/usr/bin/env bash
# How long the check of a million addresses takes and how much memory, beside nothing but point in polygon by shapely.
#
#   ./benches/check.sh [REPETITIONS]         2 unless told
#
# gridpin: `gridpin check` with 1 and with 2 threads: reads grids, addresses and buildings, judges every pin, asks every
# rule, writes the flags. shapely (where Python has it; PYTHON): reads the same grids and addresses and finds the finest
# grids that hold each pin, by its STRtree, one thread, and nothing else. CITY: see benches/city.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

repetitions=${1:-2}
data=.data/bench
gridpin=target/release/gridpin
log=test-output/check-bench.log
mkdir -p test-output "$data"
cargo build --release --quiet
# shellcheck source=benches/city.sh
source benches/city.sh
out=$data/check
mkdir -p "$out"

by_shapely() {
    "$python" - "$city" <<'PYTHON'
import csv, json, sys
import numpy as np, shapely
grids = json.load(open(f"{sys.argv[1]}/grids.geojson"))["features"]
level = [g["properties"].get("level") for g in grids]
finest = "microgrid" if "microgrid" in level else "grid"
shapes = [shapely.geometry.shape(g["geometry"]) for g, l in zip(grids, level) if l == finest]
at = []
for row in csv.DictReader(open(f"{sys.argv[1]}/addresses.csv", encoding="utf-8")):
    try:
        at.append((float(row["lon"]), float(row["lat"])))
    except ValueError:
        at.append((np.nan, np.nan))
points = shapely.points(np.array(at))
pairs = shapely.STRtree(shapes).query(points, predicate="intersects")
print(len(shapes), "polygons,", len(np.unique(pairs[0])), "of", len(at), "points in one or more")
PYTHON
}
export -f by_shapely
export python city

measure() { # NAME COMMAND...
    local name=$1
    shift
    /usr/bin/time -f '%e %U %S %M' -o "$out/time" "$@" >>"$log" 2>&1 || { echo "$name failed, see $log" >&2; exit 1; }
    awk -v n="$name" -v r="$rows" -v l="$(cut -d' ' -f1 /proc/loadavg)" '{
        printf "%-22s %7.1f s  %6.1f s of processor  %5.2f GB at most  %8.0f addresses/s  (load %s)\n",
            n, $1, $2 + $3, $4 / 1048576, r / $1, l }' "$out/time"
}

[[ -x /usr/bin/time ]] || { echo 'SKIPPED: the measuring needs /usr/bin/time (Debian: apt install time)'; exit 0; }
echo "$rows addresses, $(nproc) cores, $repetitions repetitions; the load should be below 1 before"
for ((i = 0; i < repetitions; i++)); do
    for threads in 1 2; do
        measure "gridpin, $threads thread(s)" "$gridpin" check --grids "$city/grids.geojson" --addresses "$city/addresses.csv" \
            --buildings "$city/buildings.geojson" --out "$out/flags-$threads.csv" --threads "$threads"
    done
    cmp "$out/flags-1.csv" "$out/flags-2.csv"
    if "$python" -c 'import numpy, shapely' 2>/dev/null; then
        measure 'shapely, in polygon' bash -c by_shapely
    else
        echo 'SKIPPED: shapely is not at hand; set PYTHON to one that has it'
    fi
done
