"""A datastreamd of the test's own, on a fresh store: DATASTREAMD names the program."""
import json
import os
import re
import resource
import signal
import subprocess
import tempfile


class Server:
    """`second` is the token of a second organization where one is asked for, as `token` is of the first."""

    def __init__(self, *flags, descriptors=None, second=False):
        program = os.environ["DATASTREAMD"]
        self.folder = tempfile.TemporaryDirectory(prefix="datastream-interop-")
        data = os.path.join(self.folder.name, "data")
        made = subprocess.run(
            [program, "init", "--data-dir", data, "--organization", "Interop",
             "--owner-email", "owner@interop.example"],
            check=True, stdout=subprocess.PIPE)
        told = json.loads(made.stdout)
        self.token, self.owner_password = told["apiToken"], told["ownerPassword"]
        if second:
            made = subprocess.run(
                [program, "organization-add", "--data-dir", data, "--organization", "Another",
                 "--owner-email", "owner@another.example"],
                check=True, stdout=subprocess.PIPE)
            self.second = json.loads(made.stdout)["apiToken"]
        self.log = open(os.path.join(self.folder.name, "log"), "a+")  # appends, wherever it is read
        self.process = subprocess.Popen(
            [program, "serve", "--data-dir", data, "--listen", "127.0.0.1:0", *flags],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
            preexec_fn=descriptors and (lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (descriptors // 2, descriptors))))
        ready = self.process.stdout.readline()
        found = re.match(r"ready\b.*http://(127\.0\.0\.1:\d+)", ready)
        if not found:
            self.stop()
            raise RuntimeError("the server did not start: " + self.logged())
        self.address = found[1]

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        """Ends the server by SIGTERM; its exit code must be 0."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "none within 60 s"
        self.process.stdout.close()
        logged = self.logged()
        self.log.close()
        self.folder.cleanup()
        if code != 0:
            raise RuntimeError(f"the server ended with {code}: {logged[-4000:]}")
