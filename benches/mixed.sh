#!/usr/bin/env bash
# Mixed requests at a steady pace on a city in PostGIS: latencies, errors, memory.
#
#   GRIDPIN_DATABASE=... ./benches/mixed.sh [LASTING] [RATE]     600 s of 300 requests a second unless told
#
# Makes accounts bench-1 to bench-20 in that database, and the corrections that confirm some of its addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GRIDPIN_DATABASE:?names the database with the city}"
export GRIDPIN_DATABASE
seconds=${1:-600} rate=${2:-300}
gridpin=${GRIDPIN:-target/release/gridpin}
port=${PORT:-8097}
accounts=
for n in $(seq 20); do
    role=steward
    password=$("$gridpin" user add "bench-$n" --role "$role" 2>/dev/null | cut -f2) ||
        password=$("$gridpin" user passwd "bench-$n" | cut -f2)
    [[ -n $password ]] || password=$("$gridpin" user passwd "bench-$n" | cut -f2)
    accounts+=${accounts:+,}bench-$n:$password
done
# shellcheck source=tests/server.sh
source tests/server.sh
serve_checked "$port" "${LOG:-/dev/null}"
URL=http://127.0.0.1:$port ACCOUNTS=$accounts PID=$server RATE=$rate LASTING=$seconds \
    ${MIXED:-cargo bench --quiet --bench mixed}
