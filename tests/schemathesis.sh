#!/usr/bin/env bash
# Asks a server whatever its OpenAPI document allows, and what it doesn't, by schemathesis (PyPI): no answer may be a 5xx,
# and every answer has to be of a kind that the document names. On demand; tests/fuzz.rs does the like in every run.
#
#   GRIDPIN_DATABASE=... ./tests/schemathesis.sh [EXAMPLES]     a demo town's database, which it edits; 100 for each operation
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GRIDPIN_DATABASE:?names the database of a demo town that may be spoiled}"
export GRIDPIN_DATABASE
examples=${1:-100}
gridpin=${GRIDPIN_BIN:-target/release/gridpin}
port=${PORT:-8098}
venv=.data/tool/schemathesis
[[ -x $venv/bin/st ]] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet 'schemathesis>=4,<5'; }
out=test-output/schemathesis
mkdir -p "$out"
token=$("$gridpin" user token steward --label schemathesis --write | cut -f2)
# shellcheck source=tests/server.sh
source tests/server.sh
serve_checked "$port" "$out/server.log"
"$gridpin" openapi >"$out/openapi.json"
# The stream of events never ends.
"$venv/bin/st" run "$out/openapi.json" --url "http://127.0.0.1:$port" \
    --header "Authorization: Bearer $token" --max-examples "$examples" --seed "${SEED:-1}" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --exclude-path /events --request-timeout 20 --no-color --generation-database none
