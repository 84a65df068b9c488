#!/usr/bin/env python3
"""curl as users have it, over HTTP/1.1 and HTTP/2 by prior knowledge: every case runs over both."""
import json
import os
import subprocess
import tempfile
import unittest

from server import Server

VERSIONS = {"1.1": "--http1.1", "2": "--http2-prior-knowledge"}


class CurlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def curl(self, version, path, *flags, token=True, limit="20"):
        """The HTTP status, the header fields and the body; the version that was spoken must be `version`."""
        with tempfile.TemporaryDirectory() as folder:
            head, body = os.path.join(folder, "head"), os.path.join(folder, "body")
            command = ["curl", "-sS", VERSIONS[version], "--max-time", limit, "-D", head, "-o", body,
                       "-w", "%{http_code} %{http_version}"]
            if token:
                command += ["-H", f"Authorization: Bearer {self.server.token}"]
            done = subprocess.run(command + list(flags) + [f"http://{self.server.address}{path}"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertIn(done.returncode, (0, 28), done.stderr)  # 28: the time limit, which ends streams
            status, spoken = done.stdout.split()
            self.assertEqual(spoken, version)
            with open(head) as file:  # an interim 100 has a head of its own; the last one counts
                lines = file.read().strip().split("\n\n")[-1].splitlines()[1:]
            text = ""
            if os.path.exists(body):
                with open(body) as file:
                    text = file.read()
        return int(status), dict(line.split(": ", 1) for line in lines), text

    def test_a_resource_is_created_read_changed_and_deleted(self):
        for version in VERSIONS:
            status, headers, body = self.curl(version, "/api/v1/devices", "-H", "Content-Type: application/json",
                                              "-d", json.dumps({"name": f"curl {version}"}))
            self.assertEqual(status, 201, body)
            device = json.loads(body)
            path = f"/api/v1/devices/{device['id']}"
            self.assertEqual(headers["location"], path)
            status, headers, body = self.curl(version, path)
            self.assertEqual((status, json.loads(body)), (200, device))
            etag = headers["etag"]
            self.assertEqual(self.curl(version, path, "-H", f"If-None-Match: {etag}")[0], 304)
            status, _, body = self.curl(version, path, "-X", "PATCH", "-H", "Content-Type: application/json",
                                        "-H", f"If-Match: {etag}", "-d", '{"description":"by curl"}')
            self.assertEqual((status, json.loads(body)["description"]), (200, "by curl"))
            self.assertEqual(self.curl(version, path, "-X", "DELETE", "-H", f"If-Match: {etag}")[0], 412)
            self.assertEqual(self.curl(version, path, "-X", "DELETE")[0], 200)
            self.assertEqual(self.curl(version, path)[0], 404)

    def test_heads_and_options(self):
        for version in VERSIONS:
            status, headers, body = self.curl(version, "/api/v1/devices", "-I")
            self.assertEqual(status, 200)
            self.assertGreater(int(headers["content-length"]), 0)
            status, headers, _ = self.curl(version, "/api/v1/devices", "-X", "OPTIONS", token=False)
            self.assertEqual(status, 204)
            self.assertIn("POST", headers["allow"])

    def test_an_unknown_method_gives_the_same_answer(self):
        answers = []
        for version in VERSIONS:
            for path in ("/api/v1/devices", "/nothing", "/livez"):
                status, headers, body = self.curl(version, path, "-X", "FROB")
                problem = json.loads(body)
                self.assertEqual(problem.pop("instance"), headers["x-request-id"])
                answers.append((status, headers["content-type"], problem))
        self.assertEqual(answers[0][0], 501)
        self.assertEqual(answers, [answers[0]] * len(answers))

    def test_refusals_are_problems(self):
        for version in VERSIONS:
            for flags, token, wanted in [((), False, 401), (("-H", "Accept: image/png"), True, 406),
                                         (("-d", "name=x"), True, 415), (("-X", "PUT"), True, 405)]:
                status, headers, body = self.curl(version, "/api/v1/devices", *flags, token=token)
                self.assertEqual(status, wanted, body)
                self.assertEqual(headers["content-type"], "application/problem+json")
                self.assertEqual(json.loads(body)["status"], wanted)

    def test_a_large_body_waits_for_100_continue(self):
        labels = {f"key-{i}": "x" * 250 for i in range(64)}
        for version in VERSIONS:
            body = json.dumps({"name": f"large {version}", "labels": labels})
            status, _, answer = self.curl(version, "/api/v1/directors", "-H", "Content-Type: application/json",
                                          "-H", "Expect: 100-continue", "-d", body)
            self.assertEqual(status, 201, answer)
            self.assertEqual(json.loads(answer)["labels"], labels)

    def test_changes_stream_until_the_caller_leaves(self):
        for version in VERSIONS:
            for accept, mark in [("application/x-ndjson", '{"type":'), ("text/event-stream", "id: ")]:
                status, headers, body = self.curl(version, "/api/v1/changes", "-N", "-H", f"Accept: {accept}", limit="1")
                self.assertEqual(status, 200)
                self.assertTrue(headers["content-type"].startswith(accept), headers)
                self.assertIn(mark, body)


if __name__ == "__main__":
    unittest.main()
