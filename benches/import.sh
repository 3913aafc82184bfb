#!/usr/bin/env bash
# How fast a city's addresses come from CSV into PostGIS, beside ogr2ogr, on the same machine and cluster, in turn.
#
#   ./benches/import.sh [REPETITIONS]        3 unless told
#
# gridpin: parses and judges every row, checks its form and its grid, keeps key, GiST index, feed and audit,
# in one durable transaction. ogr2ogr: COPY, one GiST index, no checks.
# CITY: see benches/city.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

repetitions=${1:-3}
data=.data/bench
gridpin=target/release/gridpin
log=test-output/import-bench.log
mkdir -p test-output

cargo build --release --quiet
./setup.sh start "$data"
admin=$(<"$data/admin-url") owner=$(<"$data/owner-url") app=$(<"$data/database-url")
trap './setup.sh stop "$data"' EXIT

# shellcheck source=benches/city.sh
source benches/city.sh

now_us() { echo $((${EPOCHREALTIME/[.,]/})); }

fresh_database() {
    psql -X -q "$admin" -c 'drop database if exists gridpin with (force)' -c 'create database gridpin owner gridpin_owner'
    psql -X -q "${admin%/postgres}/gridpin" -c 'create extension postgis' -c checkpoint
    GRIDPIN_DATABASE=$owner "$gridpin" migrate
    GRIDPIN_DATABASE=$app "$gridpin" import grid "$city/grids.geojson" --crs cgcs2000 >>"$log" 2>&1
}

measure() { # NAME COMMAND...
    local name=$1 start
    shift
    start=$(now_us)
    "$@" >>"$log" 2>&1 || { echo "$name failed, see $log" >&2; exit 1; }
    local us=$(($(now_us) - start))
    awk -v n="$name" -v r="$rows" -v us="$us" 'BEGIN { printf "%-24s %8.2f s  %9.0f addresses/s\n", n, us / 1e6, r / us * 1e6 }' >&2
    echo "$us"
}

load() { cut -d' ' -f1 /proc/loadavg; }

by_gridpin() { GRIDPIN_DATABASE=$app "$gridpin" import address "$city/addresses.csv" --crs cgcs2000; }
by_ogr2ogr() {
    PG_USE_COPY=YES PGPASSWORD=$(<"$data/admin-password") ogr2ogr -f PostgreSQL \
        "PG:host=127.0.0.1 port=$(<"$data/port") user=postgres dbname=gridpin" "$city/addresses.csv" -nln peer -overwrite \
        -oo X_POSSIBLE_NAMES=lon -oo Y_POSSIBLE_NAMES=lat -oo AUTODETECT_TYPE=YES -a_srs EPSG:4326 \
        -lco GEOMETRY_NAME=geom -gt 65536
}

echo "$rows addresses, $(nproc) cores, $repetitions repetitions; the load should be below 1 before each"
ours=() theirs=() repeat=()
for ((i = 0; i < repetitions; i++)); do
    fresh_database
    echo "load $(load)"
    # Whoever comes second finds the file in memory and the log files made: by turns.
    if ((i % 2)); then us=$(measure ogr2ogr by_ogr2ogr); theirs+=("$us"); fi
    us=$(measure 'gridpin import' by_gridpin); ours+=("$us")
    us=$(measure 'gridpin, same file again' by_gridpin); repeat+=("$us")
    if ((i % 2 == 0)); then us=$(measure ogr2ogr by_ogr2ogr); theirs+=("$us"); fi
done
stored=$(psql -X -At "${admin%/postgres}/gridpin" -c 'select count(*) from address')
[[ $stored == "$rows" ]] || { echo "only $stored of $rows addresses were stored, see $log" >&2; exit 1; }

at() { # nth of the sorted rest
    local n=$1
    shift
    printf '%s\n' "$@" | sort -n | awk -v n="$n" '{ v[NR] = $1 } END { print v[n == "best" ? 1 : int((NR + 1) / 2)] }'
}
for which in best median; do
    awk -v w=$which -v r="$rows" -v a="$(at $which "${ours[@]}")" -v b="$(at $which "${theirs[@]}")" \
        -v c="$(at $which "${repeat[@]}")" 'BEGIN {
        printf "%s: gridpin %.2f s, %.0f addresses/s; ogr2ogr %.2f s, %.0f addresses/s; ratio %.2f; the same file again %.2f s\n",
            w, a / 1e6, r / a * 1e6, b / 1e6, r / b * 1e6, b / a, c / 1e6 }'
done
