#!/usr/bin/env python3
"""The OpenAPI document for one account: as path parameters and body fields it names identifiers that the account's own
lists show, four times as often as any text. usage: schemathesis_document.py URL COOKIE DOCUMENT OUT"""
import json
import sys
import urllib.error
import urllib.request

url, cookie, source, out = sys.argv[1:]
# Kind of identifier: the list that shows it, and its field there.
LISTS = {
    "address": ("flags", "address_id"), "flag": ("flags", "flag_id"), "rental": ("rentals", "rental_id"),
    "hazard": ("hazards", "hazard_id"), "group": ("flag-groups", "group_id"), "mend": ("mends", "mend_id"),
    "correction": ("corrections", "correction_id"),
}
# What `id` stands for below /api/...
PATHS = {"addresses": "address", "rentals": "rental", "hazards": "hazard", "flag-groups": "group",
         "corrections": "correction", "mends": "mend"}
FIELDS = {"address_id": "address", "rental_id": "rental", "flag_id": "flag"}


def shown(path, field):
    """What a list shows; nothing where the account may not read it."""
    try:
        answer = urllib.request.urlopen(urllib.request.Request(f"{url}/api/{path}?limit=40", headers={"Cookie": cookie}))
    except urllib.error.HTTPError:
        return []
    return [item[field] for item in json.load(answer)["items"]]


known = {kind: shown(*where) for kind, where in LISTS.items()}
print({kind: len(ids) for kind, ids in known.items()}, file=sys.stderr)


def text_or(kind):
    return {"anyOf": [{"type": "string"}] + ([{"enum": known[kind]}] * 4 if known[kind] else [])}


document = json.load(open(source))
for path, operations in document["paths"].items():
    of_path = PATHS.get(path.removeprefix("/api/").split("/")[0])
    for operation in operations.values():
        for parameter in operation.get("parameters", []):
            kind = of_path if parameter["name"] == "id" else FIELDS.get(parameter["name"])
            if parameter["in"] == "path" and kind:
                parameter["schema"] = text_or(kind)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        properties = document["components"]["schemas"].get(body.get("$ref", "").rsplit("/")[-1], {}).get("properties", {})
        for field, shape in properties.items():
            if field in FIELDS:
                properties[field] = text_or(FIELDS[field])
            elif field == "base_version":
                properties[field] = {"anyOf": [{"enum": [1, 2]}, shape]}
json.dump(document, open(out, "w"))
