"""A datastreamd of the test's own, on a fresh store: DATASTREAMD names the program."""
import json
import os
import re
import resource
import signal
import subprocess
import tempfile


class Server:
    """`second` is the token of a second organization where one is asked for, as `token` is of the first. Without
    `organization` the server waits for its setup, by `setup_token`."""

    def __init__(self, *flags, descriptors=None, second=False, organization=True):
        self.program, self.flags, self.descriptors = os.environ["DATASTREAMD"], flags, descriptors
        self.folder = tempfile.TemporaryDirectory(prefix="datastream-interop-")
        self.data = os.path.join(self.folder.name, "data")
        if organization:
            made = self.command("init", "--organization", "Interop", "--owner-email", "owner@interop.example")
            told = json.loads(made)
            self.token, self.owner_password = told["apiToken"], told["ownerPassword"]
        else:
            os.mkdir(self.data, 0o700)
        if second:
            made = self.command("organization-add", "--organization", "Another", "--owner-email",
                                "owner@another.example")
            self.second = json.loads(made)["apiToken"]
        self.log = open(os.path.join(self.folder.name, "log"), "a+")  # appends, wherever it is read
        self.start()

    def command(self, name, *flags):
        """What an offline command prints, which must succeed."""
        return subprocess.run([self.program, name, "--data-dir", self.data, *flags], check=True,
                              stdout=subprocess.PIPE).stdout

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data-dir", self.data, "--listen", "127.0.0.1:0", *self.flags],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
            preexec_fn=self.descriptors and (lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (self.descriptors // 2, self.descriptors))))
        ready = self.process.stdout.readline()
        found = re.match(r"ready\b.*http://(127\.0\.0\.1:\d+)", ready)
        if not found:
            self.stop()
            raise RuntimeError("the server did not start: " + self.logged())
        self.address = found[1]

    def setup_token(self):
        with open(self.data + ".setup-token") as file:
            return file.read().strip()

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        """Ends the server by SIGTERM; its exit code must be 0. Its data stays."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "none within 60 s"
        self.process.stdout.close()
        if code != 0:
            raise RuntimeError(f"the server ended with {code}: {self.logged()[-4000:]}")

    def restart(self, kill=False):
        """The server again on the same data, on another port; after kill -9 if asked for."""
        if kill:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
        else:
            self.end()
        self.start()

    def remove(self):
        self.log.close()
        self.folder.cleanup()

    def stop(self):
        """end, and nothing is left."""
        try:
            self.end()
        finally:
            self.remove()
