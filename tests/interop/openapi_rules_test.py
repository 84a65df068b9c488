#!/usr/bin/env python3
"""The rules that keep generators of clients working, held against the three documents that the program prints, and
every operation of them against the server's routes."""
import http.client
import json
import os
import re
import subprocess
import unittest

from server import Server

VERSIONS = ("3.1", "3.0", "2.0")
FORBIDDEN = {"oneOf", "anyOf", "not", "allOf", "discriminator", "const", "if", "nullable", "propertyNames",
             "patternProperties", "prefixItems", "$defs"}
FORMATS = {"date-time", "uuid", "email", "uri", "ipv4", "ipv6", "int32", "int64", "double", "byte", "password"}
FREE = ("example", "default", "x-fields", "x-enum-descriptions")  # holds no schema, whatever its keys are
# What generators append to the names of operations.
GENERATED = re.compile(r"(Response|Request|Res|Req|Params|Body)$")


def printed(version):
    return json.loads(subprocess.run([os.environ["DATASTREAMD"], "openapi", "--version", version], check=True,
                                     stdout=subprocess.PIPE).stdout)


def objects(value, at="#", names=False):
    """(where, object) of each object that may be a schema; `names` where the keys are names of properties."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from objects(item, f"{at}/{i}")
    if not isinstance(value, dict):
        return
    if not names:
        yield at, value
    for key, item in value.items():
        if names or key not in FREE:
            yield from objects(item, f"{at}/{key}", key == "properties" and not names)


def operations(document):
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            yield path, verb, operation


def as_served(document, path, verb):
    """The path with each parameter of one value set to it: 2.0 declares some verbs so."""
    for parameter in document["paths"][path][verb]["parameters"]:
        if parameter["in"] == "path" and len(parameter.get("enum", ())) == 1:
            path = path.replace(f"{{{parameter['name']}}}", parameter["enum"][0])
    return path


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.documents = {version: printed(version) for version in VERSIONS}
        cls.newest = cls.documents["3.1"]

    def each(self):
        for version, document in self.documents.items():
            with self.subTest(version=version):
                yield document

    def test_schemas_have_no_keyword_that_generators_stumble_over(self):
        for document in self.each():
            for at, schema in objects(document):
                self.assertEqual(FORBIDDEN & schema.keys(), set(), at)
                self.assertNotIsInstance(schema.get("type"), list, at)
                self.assertIsNot(schema.get("additionalProperties"), False, at)
                if "$ref" in schema:
                    self.assertEqual(len(schema), 1, at)
                if isinstance(schema.get("format"), str):
                    self.assertIn(schema["format"], FORMATS, at)

    def test_objects_with_properties_are_components(self):
        for document in self.each():
            for at, schema in objects(document):
                if "properties" in schema:
                    self.assertRegex(at, r"^#/(components/schemas|definitions)/[A-Z][A-Za-z0-9]*$")

    def test_no_two_names_become_one_in_a_client(self):
        components = self.newest["components"]
        names = list(components["schemas"]) + list(components["securitySchemes"])
        names += [operation["operationId"] for _, _, operation in operations(self.newest)]
        folded = [name.lower() for name in names]
        self.assertEqual({name for name in names if folded.count(name.lower()) > 1}, set())
        for name in components["schemas"]:
            self.assertRegex(name, r"^[A-Z][A-Za-z0-9]*$")
            self.assertNotRegex(name, GENERATED)
        constants = [name for schema in components["schemas"].values() for name in schema.get("x-enum-varnames", ())]
        self.assertEqual(len(constants), len(set(constants)))
        self.assertEqual(set(constants) & set(names), set())

    def test_an_operation_has_one_tag_one_success_and_a_default(self):
        tags = {tag["name"] for tag in self.newest["tags"]}
        for path, verb, operation in operations(self.newest):
            self.assertRegex(operation["operationId"], r"^[a-z][A-Za-z0-9]*$")
            self.assertEqual(len(operation["tags"]), 1, path)
            self.assertIn(operation["tags"][0], tags)
            self.assertNotIn(" ", operation["tags"][0])
            answers = operation["responses"]
            self.assertEqual(len([status for status in answers if status.startswith("2")]), 1, path)
            self.assertEqual(answers["default"], {"$ref": "#/components/responses/Problem"})
            for status, answer in answers.items():
                if status.startswith(("4", "5")):
                    self.assertEqual(list(answer), ["$ref"], (path, verb, status))

    def test_enums_name_and_describe_each_value(self):
        for document in self.each():
            schemas = document["definitions"] if "definitions" in document else document["components"]["schemas"]
            for name, schema in schemas.items():
                if "enum" in schema:
                    self.assertNotIn("UNSPECIFIED", schema["enum"])
                    self.assertEqual(len(schema["x-enum-varnames"]), len(schema["enum"]), name)
                    self.assertEqual(len(schema["x-enum-descriptions"]), len(schema["enum"]), name)

    def test_properties_that_are_references_have_their_marks_in_x_fields(self):
        for document in self.each():
            for at, schema in objects(document):
                references = {name for name, value in schema.get("properties", {}).items() if "$ref" in value}
                if "properties" in schema:
                    self.assertEqual(set(schema.get("x-fields", ())), references, at)

    def test_all_renderings_have_the_same_operations(self):
        sets = [{(as_served(document, path, verb), verb, operation["operationId"])
                 for path, verb, operation in operations(document)} for document in self.documents.values()]
        self.assertEqual(sets[0], sets[1])
        self.assertEqual(sets[0], sets[2])

    def test_every_operation_is_served(self):
        server = Server()
        self.addCleanup(server.stop)
        for document in self.each():
            connection = http.client.HTTPConnection(server.address)
            for path, verb, _ in operations(document):
                route = re.sub(r"\{[^}]*\}", "0192f1a0-0000-7000-8000-000000000101", as_served(document, path, verb))
                connection.request(verb.upper(), route)
                answer = connection.getresponse()
                answer.read()
                self.assertNotIn(answer.status, (404, 405), (verb, path))


if __name__ == "__main__":
    unittest.main()
