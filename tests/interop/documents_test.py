#!/usr/bin/env python3
"""The OpenAPI documents: printed, served and kept in docs/ alike; their examples are valid and the server takes them."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

from server import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/api"))
import json_schema  # noqa: E402

NAMES = {"3.1": "openapi.json", "3.0": "openapi-3.0.json", "2.0": "doc.json"}
# What an example's reference needs to exist, by the first digits of its number (domain: ...101 is a director).
NEEDED = {
    "1": ("directors", lambda name: {"name": name, "mode": "SELF_MANAGED", "address": "10.0.0." + name[-1]}),
    "4": ("targets", lambda name: {"name": name}),
    "5": ("datasets", lambda name: {"name": name, "type": "WINDOWS"}),
    "7": ("vault/secrets", lambda name: {"name": name}),
    "9": ("vault/providers", lambda name: {"name": name}),
}
EXAMPLE_ID = re.compile(r"0192f1a0-0000-7000-8000-0000000([0-9]{5})")


class Requests(json_schema.Validator):
    """What is only written stands in requests."""
    def kind_writeOnly(self, value, argument, schema, at):
        return ()


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.printed = {
            version: subprocess.run([os.environ["DATASTREAMD"], "openapi", "--version", version], check=True,
                                    stdout=subprocess.PIPE).stdout
            for version in NAMES}
        cls.document = json.loads(cls.printed["3.1"])

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://{self.server.address}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.server.token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def test_what_is_printed_is_served(self):
        for version, name in NAMES.items():
            with urllib.request.urlopen(f"http://{self.server.address}/api/v1/swagger/{name}") as answer:
                self.assertEqual(self.printed[version], answer.read() + b"\n", name)

    def test_what_is_printed_is_kept_in_docs(self):
        for version, name in NAMES.items():
            kept = (ROOT / "docs" / name).read_text()
            self.assertEqual(json.loads(kept), json.loads(self.printed[version]),
                             f"docs/{name} is old: run scripts/documents")

    def examples(self):
        """(path, schema, example) of each request that creates a resource."""
        for path, item in self.document["paths"].items():
            for verb, operation in item.items():
                content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                if "example" in content:
                    yield verb, path, content["schema"], content["example"]

    def test_examples_are_valid_by_their_schemas(self):
        count = 0
        for _, path, schema, example in self.examples():
            errors = Requests(self.document).errors(example, schema)
            self.assertEqual(list(errors), [], path)
            count += 1
        self.assertGreater(count, 20)

    def with_references(self, example):
        """The example with ids of objects that exist."""
        text = json.dumps(example)
        for number in sorted(set(EXAMPLE_ID.findall(text))):
            collection, body = NEEDED[number.lstrip("0")[0]]
            status, made = self.call("POST", f"/api/v1/{collection}", body(f"needed-{number}-{len(text)}-{number}"))
            self.assertEqual(status, 201, made)
            text = text.replace(f"0192f1a0-0000-7000-8000-0000000{number}", made["id"])
        return json.loads(text)

    def test_the_examples_of_creations_are_accepted(self):
        kinds = 0
        for verb, path, _, example in self.examples():
            operation = self.document["paths"][path][verb]
            if verb != "post" or "201" not in operation["responses"] or "{" in path:
                continue
            if path in ("/api/v1/api-tokens",):  # a role of one's own, not the example's
                _, roles = self.call("GET", "/api/v1/roles")
                example = {**example, "roleId": roles["roles"][-1]["id"]}
            status, answer = self.call("POST", path, self.with_references(example))
            if path == "/api/v1/setup":  # well-formed, but for an empty server alone
                self.assertEqual((status, answer["details"][0]["reason"]), (409, "SETUP_DONE"))
                continue
            self.assertEqual(status, 201, (path, answer))
            kinds += 1
        self.assertGreaterEqual(kinds, 13)


if __name__ == "__main__":
    unittest.main()
