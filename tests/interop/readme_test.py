#!/usr/bin/env python3
"""What the README prints works as it stands. Its path is the argument."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

from server import Server

README = pathlib.Path(sys.argv.pop(1)).read_text()


def blocks(heading):
    """The shell blocks of a section, as they stand."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def commands(block):
    """Each command of a block; a line that ends in a backslash goes on."""
    return [line for line in block.replace("\\\n", " ").splitlines() if line.strip()]


class FirstCalls(unittest.TestCase):
    def test_each_command_works_as_printed(self):
        server = Server()
        self.addCleanup(server.stop)
        script = blocks("First calls")[0]
        self.assertIn("dsa_...", script)
        self.assertIn("127.0.0.1:8080", script)
        script = script.replace("dsa_...", server.token).replace("127.0.0.1:8080", server.address)
        export, *calls = commands(script)
        self.assertGreaterEqual(len(calls), 4)
        device = "DEVICE_ID"
        for call in calls:
            command = call.replace("DEVICE_ID", device).replace("curl", "curl --fail-with-body -sS", 1)
            done = subprocess.run(["bash", "-c", f"{export}\n{command}"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, f"{call}\n{done.stdout}")
            answer = json.loads(done.stdout)
            if answer.get("name") == "my-device":
                device = answer["id"]
        self.assertNotEqual(device, "DEVICE_ID")


class Program(unittest.TestCase):
    def test_each_command_is_known_and_helps(self):
        named = re.findall(r"^datastreamd (\S+)", README, re.MULTILINE)
        self.assertIn("serve", named)
        for command in named:
            done = subprocess.run([os.environ["DATASTREAMD"], command, "--help"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}")
            usage = "COMMAND" if command == "help" else command
            self.assertTrue(done.stdout.startswith(f"Usage: datastreamd {usage} "), command)


if __name__ == "__main__":
    unittest.main(verbosity=2)
