#!/usr/bin/env bash
# Asks a server whatever its OpenAPI document allows, and what it doesn't, by schemathesis (PyPI): no answer may be a 5xx,
# and every answer has to be of a kind and shape that the document names. Once as each of the demo town's accounts, signed
# in, with the identifiers of records that it sees. On demand; tests/fuzz.rs does the like in every run.
#
#   GRIDPIN_DATABASE=... ./tests/schemathesis.sh [EXAMPLES]     a demo town's database, which it edits; 100 for each operation
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GRIDPIN_DATABASE:?names the database of a demo town that may be spoiled}"
export GRIDPIN_DATABASE
examples=${1:-100}
gridpin=${GRIDPIN_BIN:-target/release/gridpin}
port=${PORT:-8098}
url=http://127.0.0.1:$port
venv=.data/tool/schemathesis
[[ -x $venv/bin/st ]] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet 'schemathesis>=4,<5'; }
st=$PWD/$venv/bin/st
out=test-output/schemathesis
mkdir -p "$out"
# shellcheck source=tests/server.sh
source tests/server.sh
serve_checked "$port" "$out/server.log"
"$gridpin" openapi >"$out/openapi.json"

failed=
for role in collector reviewer department police leader steward; do
    cookie=$(curl -fsS -o /dev/null -D - "$url/api/session" --json "{\"name\": \"$role\", \"password\": \"demo\"}" |
        grep -i '^set-cookie' | cut -d' ' -f2 | tr -d ';\r')
    python3 tests/schemathesis_document.py "$url" "$cookie" "$out/openapi.json" "$out/$role.json"
    # The stream of events never ends; an end of the session would end the run.
    # It leaves a folder of what it found where it runs.
    (cd "$out" && "$st" run "$role.json" --url "$url" --header "Cookie: $cookie" \
        --max-examples "$examples" --seed "${SEED:-1}" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --exclude-path /events --exclude-path /api/session --exclude-path '/api/sessions/{id}' \
        --request-timeout 20 --no-color --generation-database none >"$role.txt") || failed+=" $role"
    printf '%s: ' "$role"
    grep -E '[0-9] generated, ' "$out/$role.txt" || tail -20 "$out/$role.txt"
done
printf 'resident at the end: %s kB\n' "$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")"
[[ -z $failed ]] || { echo "see $out/ROLE.txt of:$failed" >&2; exit 1; }
