#!/usr/bin/env python3
"""The OpenAPI documents: printed, served and kept in docs/ alike; their examples are valid and the server takes them."""
import itertools
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
# The example id of what the server generates itself (rest/openapi/openapi_example.c).
GENERATED_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
# What a resource needs beside its name, to be acted on.
MINIMAL = {"advanced-routes": {}, "agent-enrollment-templates": {"platform": "LINUX"}, "clusters": {"type": "SELF_MANAGED"},
           "datasets": {"type": "WINDOWS"}, "pipelines": {"content": "processors: []"}, "roles": {}, "targets": {}}
# Well-formed examples that a server refuses which is set up and was asked by a token: what it says.
REFUSED = {
    "changePassword": "SESSION_REQUIRED",
    "createFirstOrganization": "SETUP_DONE",
    "signIn": "The e-mail address or the password is wrong.",
    "transferOwnership": "owner.transfer",
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
        cls.numbers = itertools.count()
        cls.printed = {
            version: subprocess.run([os.environ["DATASTREAMD"], "openapi", "--version", version], check=True,
                                    stdout=subprocess.PIPE).stdout
            for version in NAMES}
        cls.document = json.loads(cls.printed["3.1"])

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def call(self, method, path, body=None, token=None):
        request = urllib.request.Request(
            f"http://{self.server.address}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token or self.server.token}", "Content-Type": "application/json"})
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
        """(verb, path, schema, example) of each request with a body."""
        for path, item in self.document["paths"].items():
            for verb, operation in item.items():
                content = operation.get("requestBody", {}).get("content", {}).get("application/json")
                if content is not None:
                    self.assertIn("example", content, path)
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
            if operation["operationId"] in REFUSED:
                self.assertIn(REFUSED[operation["operationId"]], json.dumps(answer))
                continue
            self.assertEqual(status, 201, (path, answer))
            kinds += 1
        self.assertGreaterEqual(kinds, 13)


    def made(self, collection):
        """A new object of the collection."""
        name = f"acted-on-{next(self.numbers)}"
        body = {"name": name, **MINIMAL.get(collection, {})}
        if collection == "users":
            body["email"] = f"{name}@interop.example"
        if collection in ("users", "api-tokens"):
            body["roleId"] = self.made("roles")["id"]
        if collection == "agent-enrollment-templates":
            body["directorId"] = self.made("directors")["id"]
        if collection == "profiles":
            body.update(type="WINDOWS", datasetIds=[self.made("datasets")["id"]])
        status, made = self.call("POST", f"/api/v1/{collection}", body)
        self.assertEqual(status, 201, (collection, made))
        return made

    def test_the_examples_of_patches_and_actions_are_accepted(self):
        """Each on an object of its own; an id in the body becomes that of an object, too."""
        self.server = Server()  # whose names are all free
        self.addCleanup(self.server.stop)
        count = 0
        for verb, path, _, example in self.examples():
            operation = self.document["paths"][path][verb]
            if "201" in operation["responses"] and "{" not in path:
                continue  # creations are sent above
            collection = re.match(r"/api/v1/([a-z-]+(?:/[a-z]+)?)(?=[/:]|$)", path)[1]
            body = json.dumps(example)
            token = None
            if GENERATED_ID in body:
                body = body.replace(GENERATED_ID, self.made(collection)["id"])
            if "{id}" in path:
                target = self.made(collection)
                token = target["apiKey"] if operation["operationId"] == "checkInDirector" else None
                path = path.replace("{id}", target["id"])
            with self.subTest(operation["operationId"]):
                status, answer = self.call(verb.upper(), path, json.loads(body), token)
                if operation["operationId"] in REFUSED:
                    self.assertIn(REFUSED[operation["operationId"]], json.dumps(answer))
                else:
                    self.assertIn(status, (200, 201), answer)
                count += 1
        self.assertGreater(count, 50)


if __name__ == "__main__":
    unittest.main()
