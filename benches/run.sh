#!/usr/bin/env bash
# Measures gridpin beside its peers, on the same city, in turns, and writes one table: test-output/peer/table.md and .json.
#
#   ./benches/run.sh [PART...]      all parts unless told; `make bench PART="tile edit"` does the same
#
# Parts: locate   the micro-grid of a million points: PostGIS, sedonadb, geopandas, shapely, rstar with geo
#        nearest  their nearest of 250,000 buildings: PostGIS, scipy, kiddo, rstar
#        tile     vector tiles over HTTP: Martin
#        edit     an edit until another process shows it: Martin
#        start    the server from nothing: seconds, memory
#        import, detection, check, hard: import.sh, detection.sh, check.sh and the hard cities of the tests
#        table    only the table, from what was measured before
#
# QUICK=1     the first five parts with short runs: under ten minutes when everything is built and loaded
# CITY=       a folder with a million addresses, see city.sh
# SIZE=10     part `start` with ten such cities side by side (10 million addresses; half an hour, 20 GB)
# PYTHON=, MARTIN=  ones that are there; else they are made below .data/bench, which git ignores
#
# A peer that is not there has a row that says why. Every part keeps its rows in test-output/peer/PART.json, so that a
# part that was broken off is run again by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

peers='locate nearest tile edit start'
every="$peers import detection check hard"
parts=${*:-${PART:-$([[ -n ${QUICK:-} ]] && echo "$peers" || echo "$every")}}
if ((${SIZE:-1} > 1)); then
    parts=start
    export BENCH_DATABASE=city$SIZE
fi
data=.data/bench
gridpin=${GRIDPIN:-target/release/gridpin}
log=test-output/peer-bench.log
mkdir -p "$data" test-output/peer
: >"$log"

for part in $parts; do
    [[ " $every table " == *" $part "* ]] || { echo "there is no part $part; there are: $every table" >&2; exit 2; }
done
wanted() { [[ " $parts " == *" $1 "* ]]; }
measured=0
for part in $peers; do if wanted "$part"; then measured=1; fi; done

if ((measured)); then
    ./setup.sh install bench
    echo "building gridpin"
    [[ -n ${GRIDPIN:-} ]] || cargo build --release --quiet
    if wanted locate || wanted nearest; then
        BESIDE=${BESIDE:-$(cargo bench --quiet --no-run --bench beside --message-format json |
            sed -n 's/.*"name":"beside".*"executable":"\([^"]*\)".*/\1/p' | tail -1)}
        export BESIDE
    fi
    # shellcheck source=benches/peer/get.sh
    source benches/peer/get.sh
    # shellcheck source=benches/city.sh
    source benches/city.sh
    export CITY=$city BENCH_ROWS=$rows BENCH_DATA=$data GRIDPIN=$gridpin
    trap './setup.sh stop "$data"' EXIT
    echo "loading the city into PostGIS, where it is not there yet"
    "$PYTHON" benches/peer/load.py
    for part in $peers; do
        if wanted "$part"; then
            echo "--- $part"
            "$PYTHON" "benches/peer/$part.py" || echo "part $part was broken off; what it had measured is kept"
        fi
    done
    trap - EXIT
    ./setup.sh stop "$data"
fi
if wanted import; then ./benches/import.sh; fi
if wanted detection; then ./benches/detection.sh; fi
if wanted check; then ./benches/check.sh; fi
if wanted hard; then
    cargo test --release --test detection --test grid_coverage -- --ignored --nocapture --test-threads 1
fi
python3 benches/peer/table.py
