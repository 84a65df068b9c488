#!/usr/bin/env python3
"""Measures a release build: server CPU microseconds a call, requests a second, p99, idle memory, time to
ready. The server is pinned to one core, the load to the other; every figure is the median of several runs."""
import argparse
import json
import os
import pathlib
import re
import selectors
import shutil
import socket
import statistics
import struct
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BENCH_BUILD", ROOT / "build/release"))
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, data, organization=None):
        self.data = data
        if organization:
            made = subprocess.run([BUILD / "datastreamd", "init", "--data-dir", data, "--organization",
                                   organization, "--owner-email", "bench@bench.example"],
                                  capture_output=True, check=True, text=True)
            self.token = json.loads(made.stdout)["apiToken"]

    def start(self, workers="1"):
        begin = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", BUILD / "datastreamd", "serve", "--data-dir", self.data, "--listen",
             "127.0.0.1:0", "--workers", workers],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.ready_ms = (time.monotonic() - begin) * 1000
        self.port = int(re.search(r":(\d+)\s*$", line).group(1))

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def cpu_us(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        # schedstat is finer than the ticks of stat, but counts one thread: add them all.
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1000 if total else (int(fields[11]) + int(fields[12])) * 1e6 / TICKS

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def h2load(server, scratch, calls, clients, streams, path, headers, data=None, http1=False):
    log = scratch / "h2load.log"
    log.unlink(missing_ok=True)
    command = ["taskset", "-c", "1", "h2load", "-n", str(calls), "-c", str(clients), "-m", str(streams),
               f"--log-file={log}"]
    command += ["--h1"] if http1 else []
    command += [f"--data={data}"] if data else []
    for header in headers:
        command += ["-H", header]
    before = server.cpu_us()
    begin = time.monotonic()
    out = subprocess.run(command + [f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True,
                         check=True).stdout
    seconds = time.monotonic() - begin
    used = server.cpu_us() - before
    done = re.search(r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded", out)
    if int(done.group(1)) != calls:
        raise SystemExit(f"{path}: {done.group(0)}\n{out}")
    finished = re.search(r"finished in ([\d.]+)(s|ms)", out)
    took = float(finished.group(1)) / (1000 if finished.group(2) == "ms" else 1) if finished else seconds
    latencies = [int(line.split("\t")[2]) for line in log.read_text().splitlines()]
    return used / calls, calls / took, percentile(latencies, 0.99)


def http_load(server, scratch, connections, total, prefix, members="", keys=False):
    latencies = scratch / "latencies"
    before = server.cpu_us()
    out = subprocess.run(["taskset", "-c", "1", BUILD / "tests/http_load", str(server.port), server.token,
                          str(connections), str(total), prefix, latencies, members,
                          *(["keys"] if keys else [])],
                         capture_output=True, text=True, check=True).stdout.split()
    used = server.cpu_us() - before
    values = [int(line) for line in latencies.read_text().splitlines()]
    return (used / total, total / float(out[0]), percentile(values, 0.99)), out[1]


def watcher(server, revision):
    """An NDJSON watch from a revision, on a connection of its own."""
    sock = socket.create_connection(("127.0.0.1", server.port))
    sock.sendall(f"GET /api/v1/changes?fromRevision={revision} HTTP/1.1\r\nHost: localhost\r\n"
                 f"Authorization: Bearer {server.token}\r\n\r\n".encode())
    return sock


def newest_revision(server):
    with watcher(server, 0) as sock:
        text = b""
        while b'"moreInRevision"' not in text:
            text += sock.recv(65536)
    return int(re.search(rb'"revision":"(\d+)"', text).group(1))


def stream(server, watchers, changes):
    """Each watcher reads the last `changes` changes from the feed: the figures are for one change to one watcher."""
    start = newest_revision(server) - changes - 100  # some revisions are not of the feed
    os.sched_setaffinity(0, {1})
    before = server.cpu_us()
    begin = time.monotonic()
    marker = b'"CREATED"'
    left = {watcher(server, start): [changes, b""] for _ in range(watchers)}
    selector = selectors.DefaultSelector()
    for sock in left:
        selector.register(sock, selectors.EVENT_READ)
    while left:
        ready = selector.select(timeout=30)
        if not ready:
            raise SystemExit(f"a watch fell silent with {[count for count, _ in left.values()]} changes to come")
        for key, _ in ready:
            sock = key.fileobj
            text = left[sock][1] + sock.recv(1 << 20)
            left[sock] = [left[sock][0] - text.count(marker), text[1 - len(marker):]]
            if left[sock][0] <= 0:
                selector.unregister(sock)
                sock.close()
                del left[sock]
    seconds = time.monotonic() - begin
    os.sched_setaffinity(0, {0, 1})
    total = watchers * changes
    return (server.cpu_us() - before) / total, total / seconds, 0


def grpc_get(device):
    return grpc_frame(b"\x0a" + bytes([len(device)]) + device.encode())


def rest(server, method, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Authorization": f"Bearer {server.token}",
                                              "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def grpc_frame(message):
    return b"\x00" + struct.pack(">I", len(message)) + message


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--calls", type=int, default=100000)
    parser.add_argument("--devices", type=int, default=100000)
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="datastream-bench-"))
    try:
        measure(args, scratch)
    finally:
        shutil.rmtree(scratch)


def measure(args, scratch):
    server = Server(scratch / "data", "Bench")
    server.start()
    _, device = http_load(server, scratch, 64, args.devices, "device")
    server.stop()  # closing flushes the store
    request = scratch / "request"
    request.write_bytes(grpc_get(device))
    bearer = f"authorization: Bearer {server.token}"
    grpc = ["content-type: application/grpc", "te: trailers", bearer]
    grpc_path, rest_path = "/datastream.v1.DeviceService/GetDevice", f"/api/v1/devices/{device}"
    list_path = "/datastream.v1.DeviceService/ListDevices"
    page = scratch / "page"
    page.write_bytes(grpc_frame(b"\x08\x32"))  # page_size: 50
    large_page = scratch / "large-page"
    large_page.write_bytes(grpc_frame(b"\x08\xe8\x07"))  # page_size: 1000
    batch_path = "/datastream.v1.DeviceService/BatchGetDevices"
    batch = scratch / "batch"
    ready = []
    for _ in range(args.runs):
        server.start()
        ready.append(server.ready_ms)
        server.stop()
    server.start()
    time.sleep(1)
    idle = server.rss_mib()
    hundred = [found["id"] for found in rest(server, "GET", "/api/v1/devices?pageSize=100")["devices"]]
    batch.write_bytes(grpc_frame(b"".join(b"\x0a" + bytes([len(id)]) + id.encode() for id in hundred)))
    five = [rest(server, "POST", "/api/v1/directors", {"name": f"director-{n}"})["id"] for n in range(5)]
    references = '"directorIds":' + json.dumps(five)
    cases = [
        ("gRPC get, 16 connections x 10", lambda n: h2load(server, scratch, args.calls, 16, 10, grpc_path, grpc, request)),
        ("gRPC get, 64 connections x 1", lambda n: h2load(server, scratch, args.calls, 64, 1, grpc_path, grpc, request)),
        ("REST get, HTTP/1.1, 64 connections", lambda n: h2load(server, scratch, args.calls, 64, 1, rest_path, [bearer], http1=True)),
        ("REST get, h2c, 16 connections x 10", lambda n: h2load(server, scratch, args.calls, 16, 10, rest_path, [bearer])),
        ("gRPC list of 50, 16 connections x 10", lambda n: h2load(server, scratch, args.calls // 10, 16, 10, list_path, grpc, page)),
        ("REST list of 50, h2c, 16 x 10", lambda n: h2load(server, scratch, args.calls // 10, 16, 10, "/api/v1/devices?pageSize=50", [bearer])),
        ("gRPC list of 1,000, 4 x 4", lambda n: h2load(server, scratch, max(args.calls // 200, 16), 4, 4, list_path, grpc, large_page)),
        ("gRPC batch get of 100, 16 x 10", lambda n: h2load(server, scratch, max(args.calls // 20, 160), 16, 10, batch_path, grpc, batch)),
        ("watch, NDJSON, 16 watchers, a change", lambda n: stream(server, 16, min(args.devices, 10000) // 2)),
        ("REST create, durable, 64 connections", lambda n: http_load(server, scratch, 64, args.calls // 5, f"run-{n}")[0]),
        ("REST create with 5 references, 64", lambda n: http_load(server, scratch, 64, args.calls // 5, f"five-{n}", references)[0]),
    ]
    print(f"{'':38} {'CPU us/call':>12} {'calls/s':>10} {'p99 us':>8}   (medians of {args.runs})")
    for name, run in cases:
        run(-1)  # warms caches
        figures = [run(n) for n in range(args.runs)]
        cpu, rate, p99 = (statistics.median(column) for column in zip(*figures))
        print(f"{name:38} {cpu:12.2f} {rate:10.0f} {p99:8.0f}", flush=True)
    people.measure(server, scratch, args, device)
    print(f"\n{'idle memory, MiB':38} {idle:12.1f}")
    print(f"{'time to ready, ms':38} {statistics.median(ready):12.1f}")
    server.stop()


if __name__ == "__main__":
    import people  # which uses this module itself
    main()
