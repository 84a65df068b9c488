"""The whole program at the end of bare sockets: descriptors that run out, SIGTERM in the middle of everything."""
import http.client
import json
import os
import resource
import select
import signal
import socket
import threading
import time
import unittest

from server import Server

PATIENCE = 30


def until(what):
    """Polls until `what` returns something true, which it returns."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain")


class Sockets(unittest.TestCase):
    def serve(self, *flags, **options):
        server = Server(*flags, **options)
        self.addCleanup(server.stop)
        self.host, port = server.address.split(":")
        self.port = int(port)
        return server

    def connect(self):
        connected = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        self.addCleanup(connected.close)
        return connected

    def client(self):
        client = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        self.addCleanup(client.close)
        return client

    def call(self, client, server, method, path, body=None):
        client.request(method, path, body and json.dumps(body),
                       {"Authorization": "Bearer " + server.token, "Content-Type": "application/json"})
        answer = client.getresponse()
        return answer.status, answer.read()

    @staticmethod
    def descriptors(server):
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    @staticmethod
    def sockets(server):
        folder, count = f"/proc/{server.process.pid}/fd", 0
        for name in os.listdir(folder):
            try:
                count += os.readlink(os.path.join(folder, name)).startswith("socket:")
            except FileNotFoundError:
                pass  # closed meanwhile
        return count

    def upload(self, server, name):
        """A request that lacks the end of its body, and that end."""
        body = json.dumps({"name": name}).encode()
        started = self.connect()
        started.sendall((f"POST /api/v1/directors HTTP/1.1\r\nHost: a\r\n"
                         f"Authorization: Bearer {server.token}\r\nExpect: 100-continue\r\n"
                         f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode())
        self.assertIn(b"100 Continue", started.recv(4096))
        started.sendall(body[:10])
        return started, body[10:]

    def answer(self, request):
        """What a connection of its own answers to bytes, up to its end."""
        connected, heard = self.connect(), b""
        connected.sendall(request)
        connected.shutdown(socket.SHUT_WR)
        while piece := connected.recv(65536):
            heard += piece
        return heard.decode()

    def test_every_answer_is_found_in_the_log_by_its_request_id(self):
        server = self.serve()
        for request, status in (
                (b"GET /api/v1/devices HTTP/1.1\r\nHost: a\r\n\r\n", 401),
                (b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 404),
                (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
                (b"NONSENSE\r\n\r\n", 400),
                (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000 + b"\r\n\r\n", 431),
                (b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n\r\n", 415)):
            with self.subTest(request=request[:60]):
                head = self.answer(request).split("\r\n\r\n")[0].split("\r\n")
                self.assertEqual(head[0].split()[1], str(status))
                ids = [line.split(": ")[1] for line in head if line.lower().startswith("x-request-id: ")]
                self.assertEqual(len(ids), 1, head)
                line = until(lambda: [line for line in server.logged().splitlines() if ids[0] in line])[0]
                self.assertEqual(json.loads(line)["event"], "request")
                self.assertEqual(json.loads(line)["status"], status)

    def test_connections_leave_descriptors_to_the_store(self):
        server = self.serve("--header-timeout-ms", "600000", "--max-source-connections-percent", "100",
                            descriptors=512)
        self.assertEqual(resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE), (512, 512))
        before = self.descriptors(server)
        uploads = [self.upload(server, f"director {i}") for i in range(20)]
        many = []

        def fill():  # a connection that says nothing would have to make room for others
            many.append(self.connect())
            try:
                many[-1].sendall(b"GET /healthz HTTP/1.1\r\n")
            except OSError:
                pass  # it was one too many
            return self.sockets(server) >= 256

        for _ in range(600):
            fill()
        until(fill)
        self.assertLess(self.descriptors(server), 384 + before + 8)
        for one, rest in uploads:
            one.sendall(rest)
            self.assertIn(b"201 Created", one.recv(4096))
        for one in many:
            one.close()
        until(lambda: self.descriptors(server) < before + 40)
        self.assertEqual(self.call(self.client(), server, "GET", "/healthz")[0], 200)
        self.assertIn("few_descriptors", server.logged())

    def test_accepting_waits_while_there_is_no_descriptor(self):
        server = self.serve()
        pid = server.process.pid
        client = self.client()
        self.assertEqual(self.call(client, server, "GET", "/healthz")[0], 200)
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (self.descriptors(server), hard))
        late = [self.connect() for _ in range(10)]
        for one in late:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")

        def used():
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before = used()
        select.select(late, [], [], 1)
        self.assertLess(used() - before, 0.5)  # it does not spin
        try:  # and serves somebody: who is there, or who came when the idle one had to make room
            served = self.call(client, server, "GET", "/healthz")[0] == 200
        except (http.client.HTTPException, OSError):
            served = bool(select.select(late, [], [], 10)[0])
        self.assertTrue(served)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        answers = []
        for one in late:
            try:
                answers.append(b"200 OK" in one.recv(4096))
            except ConnectionResetError:
                answers.append(False)  # it had to make room
        self.assertIn(True, answers)
        self.assertEqual(self.call(self.client(), server, "GET", "/healthz")[0], 200)

    def test_the_last_descriptor_costs_nobody_a_connection(self):
        server = self.serve()
        first, last = self.client(), self.client()
        self.assertEqual(self.call(first, server, "GET", "/healthz")[0], 200)
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (self.descriptors(server) + 1, hard))
        for client in last, first, last, first:
            self.assertEqual(self.call(client, server, "GET", "/healthz")[0], 200)

    def test_sigterm_ends_idle_connections_and_streams_and_finishes_uploads(self):
        server = self.serve()
        idle, silent, stream = self.client(), self.connect(), self.connect()
        self.assertEqual(self.call(idle, server, "GET", "/healthz")[0], 200)
        head = f"Host: a\r\nAuthorization: Bearer {server.token}\r\n"
        stream.sendall(f"GET /api/v1/changes HTTP/1.1\r\n{head}Accept: text/event-stream\r\n\r\n".encode())
        self.assertIn(b"200 OK", stream.recv(4096))
        upload, rest = self.upload(server, "uploaded meanwhile")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(idle.sock.recv(1), b"")
        self.assertEqual(silent.recv(1), b"")
        told = b""
        while chunk := stream.recv(4096):
            told += chunk
        self.assertTrue(told.endswith(b"0\r\n\r\n"), told)
        with self.assertRaises(ConnectionRefusedError):
            self.connect()
        self.assertIsNone(server.process.poll())
        upload.sendall(rest)
        answer = b""
        while chunk := upload.recv(4096):
            answer += chunk
        self.assertIn(b"201 Created", answer)
        self.assertIn(b"connection: close", answer)
        self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_refusals_of_large_uploads_are_heard(self):
        server = self.serve()
        large = b" " * 20_000_000
        for token, status in (("", 401), (server.token, 413)):
            client = self.client()
            client.request("POST", "/api/v1/directors", large, {
                "Authorization": "Bearer " + token, "Content-Type": "application/json"})
            answer = client.getresponse()
            self.assertEqual(answer.status, status)
            self.assertIn("x-request-id", answer.headers)
            answer.read()

    def test_clients_that_go_away_while_an_answer_is_written(self):
        server = self.serve()
        client = self.client()
        for i in range(50):
            self.call(client, server, "POST", "/api/v1/directors",
                      {"name": f"director {i}", "description": "d" * 500})
        request = (f"GET /api/v1/directors HTTP/1.1\r\nHost: a\r\n"
                   f"Authorization: Bearer {server.token}\r\n\r\n").encode()

        def leave():
            for i in range(40):
                with socket.create_connection((self.host, self.port)) as one:
                    one.sendall(request * 10)
                    if i % 2:
                        one.recv(10)
                    if i % 3 == 0:
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        threads = [threading.Thread(target=leave) for _ in range(4)]
        before = self.sockets(server)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: self.sockets(server) == before)
        self.assertEqual(self.call(client, server, "GET", "/healthz")[0], 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
