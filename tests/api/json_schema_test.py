"""The checker's own validator: what it takes and what it must not let pass."""
import unittest

from json_schema import Validator

DOCUMENT = {"components": {"schemas": {
    "Name": {"type": "string", "minLength": 1},
    "Thing": {"type": "object", "required": ["name", "secret"], "properties": {
        "name": {"$ref": "#/components/schemas/Name"},
        "secret": {"type": "string", "writeOnly": True},
        "size": {"type": "integer", "minimum": 0, "maximum": 9, "format": "int32"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "uniqueItems": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 2},
                   "propertyNames": {"pattern": "^[a-z]+$"}},
    }, "allOf": [{"oneOf": [{"required": ["size"]}, {"not": {"anyOf": [{"required": ["size"]}]}}]}]},
}}}

# (schema, value, whether it holds)
CASES = [
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x"}, True),
    ({"$ref": "#/components/schemas/Thing"},
     {"name": "x", "size": 9, "tags": ["a", "b"], "labels": {"a": "b"}}, True),
    ({"$ref": "#/components/schemas/Thing"}, {}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": ""}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "other": 1}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "secret": "s"}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "size": 10}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "size": -1}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "size": True}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "tags": ["a", "a"]}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "tags": ["a", "b", "c"]}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "tags": "a"}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "labels": {"A": "b"}}, False),
    ({"$ref": "#/components/schemas/Thing"}, {"name": "x", "labels": {"a": "long"}}, False),
    ({"$ref": "#/components/schemas/Thing"}, [], False),
    ({"enum": ["A", "B"]}, "B", True),
    ({"enum": ["A", "B"]}, "b", False),
    ({"exclusiveMinimum": 0}, 0.1, True),
    ({"exclusiveMinimum": 0}, 0, False),
    ({"exclusiveMaximum": 1}, 1, False),
    ({"type": "string", "pattern": "^[0-9]+$"}, "12", True),
    ({"type": "string", "pattern": "^[0-9]+$"}, "x1", False),
    ({"type": "string", "format": "uuid"}, "01900000-0000-7000-8000-00000000000a", True),
    ({"type": "string", "format": "uuid"}, "", False),
    ({"type": "string", "format": "date-time"}, "2024-02-29T00:00:00.123Z", True),
    ({"type": "string", "format": "date-time"}, "2023-02-29T00:00:00Z", False),
    ({"type": "string", "format": "date-time"}, "2024-02-29T00:00:00.12Z", False),
    ({"type": "string", "format": "int64"}, "9223372036854775807", True),
    ({"type": "string", "format": "int64"}, "9223372036854775808", False),
    ({"type": "string", "format": "unheard-of"}, "x", False),
    ({"type": ["string", "null"]}, None, True),
    ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, "x", False),
    ({"unknownKeyword": 1}, "x", False),
    (False, 1, False),
    ({}, {"anything": 1}, True),
]


class Validation(unittest.TestCase):
    def test_cases(self):
        validator = Validator(DOCUMENT)
        for schema, value, wanted in CASES:
            with self.subTest(schema=schema, value=value):
                errors = list(validator.errors(value, schema))
                self.assertEqual(not errors, wanted, errors)


if __name__ == "__main__":
    unittest.main()
