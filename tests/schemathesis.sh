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
out=test-output/schemathesis
mkdir -p "$out"
# shellcheck source=tests/server.sh
source tests/server.sh
serve_checked "$port" "$out/server.log"
"$gridpin" openapi >"$out/openapi.json"

# The identifiers that an account's first lists show, as the path parameters and body fields of what is asked.
cat >"$out/known.py" <<'PY'
import json, sys, urllib.request
url, cookie, source, out = sys.argv[1:]
def ids(path, key):
    request = urllib.request.Request(url + path, headers={"Cookie": cookie})
    try:
        answer = json.load(urllib.request.urlopen(request))
    except urllib.error.HTTPError:
        return []
    return [item[key] for item in answer["items"]][:40]
known = {
    "address_id": ids("/api/flags?limit=40", "address_id"), "flag_id": ids("/api/flags?limit=40", "flag_id"),
    "rental_id": ids("/api/rentals?limit=40", "rental_id"), "hazard_id": ids("/api/hazards?limit=40", "hazard_id"),
    "group": ids("/api/flag-groups?limit=40", "group_id"), "mend": ids("/api/mends?limit=40", "mend_id"),
    "correction": ids("/api/corrections?limit=40", "correction_id"),
}
print({kind: len(found) for kind, found in known.items()}, file=sys.stderr)
document = json.load(open(source))
def either(kind):
    return [{"type": "string"}] + ([{"enum": known[kind]}] * 4 if known.get(kind) else [])
path_kinds = {"addresses": "address_id", "rentals": "rental_id", "hazards": "hazard_id", "flag-groups": "group",
              "corrections": "correction", "mends": "mend"}
for path, operations in document["paths"].items():
    for operation in operations.values():
        for parameter in operation.get("parameters", []):
            kind = parameter["name"] if parameter["name"] in known else path_kinds.get(path.split("/")[2] if path.startswith("/api/") else "")
            if parameter["in"] == "path" and kind and (parameter["name"] == "id" or parameter["name"] == kind):
                parameter["schema"] = {"anyOf": either(kind)}
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        schema = document["components"]["schemas"].get(body.get("$ref", "").rsplit("/")[-1], {})
        for field, shape in schema.get("properties", {}).items():
            if field in ("address_id", "rental_id", "flag_id"):
                schema["properties"][field] = {"anyOf": either(field)}
            elif field == "base_version":
                schema["properties"][field] = {"anyOf": [{"enum": [1, 2]}, shape]}
json.dump(document, open(out, "w"))
PY

failed=
for role in collector reviewer department police leader steward; do
    cookie=$(curl -fsS -o /dev/null -D - "$url/api/session" --json "{\"name\": \"$role\", \"password\": \"demo\"}" |
        grep -i '^set-cookie' | cut -d' ' -f2 | tr -d ';\r')
    python3 "$out/known.py" "$url" "$cookie" "$out/openapi.json" "$out/$role.json"
    # The stream of events never ends; an end of the session would end the run.
    "$venv/bin/st" run "$out/$role.json" --url "$url" --header "Cookie: $cookie" \
        --max-examples "$examples" --seed "${SEED:-1}" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --exclude-path /events --exclude-path /api/session --exclude-path '/api/sessions/{id}' \
        --request-timeout 20 --no-color --generation-database none >"$out/$role.txt" || failed+=" $role"
    printf '%s: ' "$role"
    grep -E '[0-9] generated, ' "$out/$role.txt" || tail -20 "$out/$role.txt"
done
printf 'resident at the end: %s kB\n' "$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")"
[[ -z $failed ]] || { echo "see $out/ROLE.txt of:$failed" >&2; exit 1; }
