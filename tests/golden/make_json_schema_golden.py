"""Writes tests/testdata/verify/json_schema.json: schemas and values with the
verdict of the Python package jsonschema (draft 2020-12), for the keywords that
data/verify/json_schema.h names.

Needs: pip install jsonschema. Run from the repository's root.
"""

import json
import random

from jsonschema import Draft202012Validator

VALUES = [
    None, True, False, 0, 1, -1, 2, 3.0, 2.5, 0.3, 10, 100, "", "a", "abc",
    "12", "\u00fc\u00fc", [], [1], [1, 1], [1, 1.0, "a"], [[1], [1]],
    ["a", 2, None], [True, 1], [0, False], {}, {"a": 1}, {"b": 2},
    {"a": "x", "b": 2}, {"a": 1, "b": None, "cc": [1]}, {"ab": {"a": 1}},
    [{"a": 1}, {"a": 2}], {"a": {"b": {"a": 1}}}, [1, 2, 3, 4],
]
SCHEMAS = [
    True, False, {}, {"type": "integer"}, {"type": "number"},
    {"type": ["string", "null"]}, {"type": "boolean"}, {"type": "object"},
    {"type": "array"}, {"enum": [1, "a", None, [1], {"a": 1.0}]},
    {"const": 1}, {"const": False}, {"const": {"a": 1}}, {"minimum": 1},
    {"maximum": 2.5}, {"exclusiveMinimum": 1}, {"exclusiveMaximum": 2.5},
    {"multipleOf": 0.5}, {"multipleOf": 2}, {"minLength": 2},
    {"maxLength": 2}, {"pattern": "^a"}, {"pattern": "b"}, {"minItems": 2},
    {"maxItems": 1}, {"uniqueItems": True}, {"uniqueItems": False},
    {"prefixItems": [{"type": "integer"}, {"type": "string"}]},
    {"prefixItems": [True], "items": {"type": "integer"}},
    {"items": {"type": "integer"}}, {"items": False},
    {"contains": {"const": 1}},
    {"contains": {"type": "integer"}, "minContains": 2, "maxContains": 3},
    {"contains": {"const": 9}, "minContains": 0},
    {"properties": {"a": {"type": "integer"}, "b": True}},
    {"patternProperties": {"^a": {"type": "integer"}}},
    {"properties": {"a": True}, "additionalProperties": False},
    {"properties": {"a": True}, "patternProperties": {"b": True},
     "additionalProperties": {"type": "array"}},
    {"propertyNames": {"maxLength": 1}}, {"required": ["a"]},
    {"dependentRequired": {"a": ["b"]}}, {"minProperties": 2},
    {"maxProperties": 1}, {"allOf": [{"minimum": 1}, {"maximum": 2}]},
    {"anyOf": [{"type": "string"}, {"minimum": 2}]},
    {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
    {"not": {"type": "string"}},
    {"if": {"type": "string"}, "then": {"minLength": 2},
     "else": {"type": "integer"}},
    {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
    {"$ref": "#/$defs/x", "$defs": {"x": {"type": "integer"}}, "minimum": 1},
    {"properties": {"a": {"$ref": "#"}}, "type": ["object", "integer"]},
    {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "string"}}},
    {"type": "string", "title": "t", "format": "email", "default": 1},
]


def main():
    draw = random.Random(1)
    schemas = list(SCHEMAS)
    while len(schemas) < 120:
        parts = draw.sample(SCHEMAS[3:], 2)
        if not all(isinstance(part, dict) for part in parts):
            continue
        if any("$ref" in json.dumps(part) for part in parts):
            continue
        schemas.append({draw.choice(["allOf", "anyOf", "oneOf"]): parts})
    cases = []
    for number, schema in enumerate(schemas):
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        values = VALUES if number < len(SCHEMAS) else draw.sample(VALUES, 10)
        for value in values:
            cases.append({"schema": schema, "value": value,
                          "valid": validator.is_valid(value)})
    with open("tests/testdata/verify/json_schema.json", "w") as out:
        out.write("[\n")
        out.write(",\n".join(json.dumps(c, separators=(",", ":"))
                             for c in cases))
        out.write("\n]\n")


if __name__ == "__main__":
    main()
