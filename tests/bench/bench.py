#!/usr/bin/env python3
"""Measures a release build: server CPU microseconds a call, requests a second, p99, idle memory, time to
ready. The server is pinned to one core, the load to the other; every figure is the median of several runs.
Where valgrind is installed, a second server under callgrind counts instructions a call, which a busy machine does
not change, and compares them with the saved baseline."""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BENCH_BUILD", ROOT / "build/release"))
BASELINE = ROOT / "tests/bench/baseline.json"
WORSE = 0.03  # share of instructions above the baseline that is shown, and fails
WORSE_OF = {"REST create, durable, 1 connection": 0.06}  # where counts vary by more
RUNS_COUNTED_MOST = 6
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, data, organization=None):
        self.data = data
        if organization:
            made = subprocess.run([BUILD / "datastreamd", "init", "--data-dir", data, "--organization",
                                   organization, "--owner-email", "bench@bench.example"],
                                  capture_output=True, check=True, text=True)
            self.token = json.loads(made.stdout)["apiToken"]

    def start(self, workers="1", wrapper=()):
        begin = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *wrapper, BUILD / "datastreamd", "serve", "--data-dir", self.data, "--listen",
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

    def instructions(self):
        """Instructions since it started, of all threads, under callgrind."""
        out = subprocess.run(["callgrind_control", "-e", "Ir", str(self.process.pid)], capture_output=True,
                             check=True, text=True).stdout
        return sum(int(count.replace(",", "")) for count in re.findall(r"^\s*Th\s+\d+\s+([\d,]+)", out, re.M))

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def run_load(program, *arguments, scratch):
    """Runs one of our clients on the core of the load: its output, and the 99th percentile in microseconds."""
    out = subprocess.run(["taskset", "-c", "1", BUILD / "tests" / program, *map(str, arguments)],
                         capture_output=True, text=True)
    if out.returncode != 0:
        raise SystemExit(f"{program}: {out.stderr}")
    values = [int(line) for line in (scratch / "latencies").read_text().splitlines()]
    return out.stdout.split(), percentile(values, 0.99)


def create(server, scratch, connections, total, prefix, members="", keys=False):
    """Creates devices, each with an Idempotency-Key where wanted: calls a second, the 99th percentile, and the id of
    the last."""
    out, p99 = run_load("http_load", "create", server.port, server.token, connections, total,
                        scratch / "latencies", prefix, members, *(["keys"] if keys else []), scratch=scratch)
    return total / float(out[0]), p99, out[1]


def get_http1(server, scratch, connections, total):
    out, p99 = run_load("http_load", "get", server.port, server.token, connections, total,
                        scratch / "latencies", scratch / "ids", scratch=scratch)
    return total / float(out[0]), p99


def get_http2(server, scratch, protocol, connections, streams, total):
    out, p99 = run_load("http2_load", protocol, server.port, server.token, connections, streams, total,
                        scratch / "latencies", scratch / "ids", scratch=scratch)
    return total / float(out[0]), p99


def h2load(server, scratch, calls, clients, streams, path, headers, data=None):
    log = scratch / "h2load.log"
    log.unlink(missing_ok=True)
    command = ["taskset", "-c", "1", "h2load", "-n", str(calls), "-c", str(clients), "-m", str(streams),
               f"--log-file={log}"]
    command += [f"--data={data}"] if data else []
    for header in headers:
        command += ["-H", header]
    begin = time.monotonic()
    out = subprocess.run(command + [f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True,
                         check=True).stdout
    seconds = time.monotonic() - begin
    done = re.search(r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded", out)
    if int(done.group(1)) != calls:
        raise SystemExit(f"{path}: {done.group(0)}\n{out}")
    finished = re.search(r"finished in ([\d.]+)(s|ms)", out)
    took = float(finished.group(1)) / (1000 if finished.group(2) == "ms" else 1) if finished else seconds
    latencies = [int(line.split("\t")[2]) for line in log.read_text().splitlines()]
    return calls / took, percentile(latencies, 0.99)


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


def watched(server, scratch, watchers, changes, tag):
    """Creates devices one after the other while watchers listen, each of whom hears of each; calls a second."""
    start = newest_revision(server)
    left = {watcher(server, start): changes for _ in range(watchers)}
    for sock in left:
        sock.settimeout(60)
        sock.recv(65536)  # the head: the watcher listens
    rate, _, _ = create(server, scratch, 1, changes, f"watched-{time.time_ns()}-{tag}")
    for sock, count in left.items():
        text = b""
        while text.count(b'"CREATED"') < count:
            text += sock.recv(1 << 20)
        sock.close()
    return rate, 0


def rest(server, method, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Authorization": f"Bearer {server.token}",
                                              "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def grpc_frame(message):
    return b"\x00" + struct.pack(">I", len(message)) + message


def all_ids(server):
    """The ids of all devices, by pages."""
    ids, token = [], ""
    while True:
        page = rest(server, "GET", f"/api/v1/devices?pageSize=1000&readMask=id&pageToken={token}")
        ids += [device["id"] for device in page["devices"]]
        token = page.get("nextPageToken", "")
        if not token:
            return ids


class Case:
    """One row of the table: `load(calls, tag)` makes that many calls and gives their rate and 99th percentile."""

    def __init__(self, name, share, load):
        self.name = name
        self.share = share  # of the calls that a get makes
        self.load = load

    def measure(self, server, calls, runs):
        """Medians of CPU microseconds a call, calls a second and the 99th percentile."""
        calls = max(int(calls * self.share), 160)
        self.load(calls, "warm")
        figures = []
        for run in range(runs):
            before = server.cpu_us()
            rate, p99 = self.load(calls, f"run{run}")
            figures.append(((server.cpu_us() - before) / calls, rate, p99))
        return [statistics.median(column) for column in zip(*figures)]

    def count(self, server, calls):
        """Instructions of the server in user space for one call: the least of several runs, as soon as two agree
        within 1 %, since compaction disturbs some."""
        calls = max(int(calls * self.share), 32)
        self.load(calls, "heat")
        counts = []
        for run in range(RUNS_COUNTED_MOST):
            settle(server)
            before = server.instructions()
            self.load(calls, f"count{run}")
            counts = sorted([*counts, (server.instructions() - before) / calls])
            if run > 0 and counts[1] < counts[0] * 1.01:
                break
        return counts[0]


class Watch(Case):
    """A change to one of some watchers: what changes cost beside as many that nobody watches."""

    WATCHERS = 16

    def __init__(self, name, share, scratch):
        super().__init__(name, share, None)
        self.scratch = scratch

    def cost(self, server, calls, meter):
        spent = []
        for watchers in (0, self.WATCHERS):
            before = meter()
            rate, _ = watched(server, self.scratch, watchers, calls, watchers)
            spent.append(meter() - before)
        return (spent[1] - spent[0]) / calls / self.WATCHERS, rate * self.WATCHERS

    def measure(self, server, calls, runs):
        calls = max(int(calls * self.share), 50)
        figures = [self.cost(server, calls, server.cpu_us) for _ in range(runs)]
        return [statistics.median(column) for column in zip(*figures)] + [0]

    def count(self, server, calls):
        calls = max(int(calls * self.share), 50)
        watched(server, self.scratch, self.WATCHERS, calls, "heat")
        return min(self.cost(server, calls, server.instructions)[0] for _ in range(2))


def cases_of(server, scratch):
    bearer = f"authorization: Bearer {server.token}"
    grpc = ["content-type: application/grpc", "te: trailers", bearer]
    service = "/datastream.v1.DeviceService/"
    page, large_page, batch = scratch / "page", scratch / "large-page", scratch / "batch"
    page.write_bytes(grpc_frame(b"\x08\x32"))  # page_size: 50
    large_page.write_bytes(grpc_frame(b"\x08\xe8\x07"))  # page_size: 1000
    hundred = [found["id"] for found in rest(server, "GET", "/api/v1/devices?pageSize=100")["devices"]]
    batch.write_bytes(grpc_frame(b"".join(b"\x0a" + bytes([len(id)]) + id.encode() for id in hundred)))
    preview = scratch / "preview"
    preview.write_text(json.dumps({"kind": "devices", "body": {"name": "my-device", "syslog": {"port": 514}}}))
    name = f"director-{time.time_ns()}-"
    five = [rest(server, "POST", "/api/v1/directors", {"name": f"{name}{n}"})["id"] for n in range(5)]
    references = '"directorIds":' + json.dumps(five)
    start = str(time.time_ns())

    def load2(calls, path, headers, data=None, clients=16, streams=10):
        return h2load(server, scratch, calls, clients, streams, path, headers, data)

    return [
        Case("gRPC get, 16 connections x 10", 1, lambda n, _: get_http2(server, scratch, "grpc", 16, 10, n)),
        Case("gRPC get, 64 connections x 1", 1, lambda n, _: get_http2(server, scratch, "grpc", 64, 1, n)),
        Case("REST get, HTTP/1.1, 64 connections", 1, lambda n, _: get_http1(server, scratch, 64, n)),
        Case("REST get, h2c, 16 connections x 10", 1, lambda n, _: get_http2(server, scratch, "rest", 16, 10, n)),
        Case("gRPC list of 50, 16 connections x 10", 0.1, lambda n, _: load2(n, service + "ListDevices", grpc, page)),
        Case("REST list of 50, h2c, 16 x 10", 0.1, lambda n, _: load2(n, "/api/v1/devices?pageSize=50", [bearer])),
        Case("gRPC list of 1,000, 4 x 4", 0.005,
             lambda n, _: load2(n, service + "ListDevices", grpc, large_page, 4, 4)),
        Case("gRPC batch get of 100, 16 x 10", 0.05, lambda n, _: load2(n, service + "BatchGetDevices", grpc, batch)),
        Case("REST API preview, h2c, 16 x 10", 0.1,
             lambda n, _: load2(n, "/api/v1/api-preview", [bearer, "content-type: application/json"], preview)),
        Case("REST create, durable, 1 connection", 0.2,  # each commit stands alone, so that counts are alike
             lambda n, tag: create(server, scratch, 1, n, f"{start}-alone-{tag}")[:2]),
        Watch("watch, NDJSON, 16 watchers, a change", 0.2, scratch),
        Case("REST create, durable, 64 connections", 0.2,
             lambda n, tag: create(server, scratch, 64, n, f"{start}-{tag}")[:2]),
        Case("REST create, durable, 256 connections", 0.2,
             lambda n, tag: create(server, scratch, 256, n, f"{start}-wide-{tag}")[:2]),
        Case("REST create with 5 references, 64", 0.2,
             lambda n, tag: create(server, scratch, 64, n, f"{start}-five-{tag}", references)[:2]),
    ]


START = "start: contract and API documents"


def count_start():
    """Instructions of a program that loads the contract and writes the API's documents, which each start does
    before it is ready. Compressing comes after that."""
    out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", BUILD / "datastreamd",
                          "openapi"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, text=True).stderr
    return int(re.search(r"refs:\s+([\d,]+)", out).group(1).replace(",", ""))


def settle(server):
    """Waits until the store does nothing in the background: compaction after the filling."""
    count = -1
    while server.instructions() - count > 1000000 or count < 0:
        count = server.instructions()
        time.sleep(2)


def count_instructions(server, scratch, args, pattern):
    """Instructions a call of each row, under callgrind."""
    counts = {}
    server.start(wrapper=["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/callgrind"])
    for case in cases_of(server, scratch):
        if pattern.search(case.name):
            counts[case.name] = round(case.count(server, args.counted_calls))
            print(f"{case.name}: {counts[case.name]:,} instructions", file=sys.stderr, flush=True)
    counts |= people.count(server, scratch, args.counted_calls, pattern)
    server.stop()
    return counts


def difference(name, count, baseline):
    """How far a count is from the saved one, as text, and whether it is too far above."""
    if name not in baseline:
        return "new", False
    share = count / baseline[name] - 1
    worse = share > WORSE_OF.get(name, WORSE)
    return f"{share * 100:+.1f} %" + ("  MORE" if worse else ""), worse


def measure(args, scratch):
    pattern = re.compile(args.only)
    server = Server(scratch / "data", "Bench")
    server.start()
    create(server, scratch, 64, args.devices, "device")
    (scratch / "ids").write_text("\n".join(all_ids(server)) + "\n")
    people.prepare(server)
    server.stop()  # closing flushes the store
    baseline = json.loads(BASELINE.read_text())["instructions"] if BASELINE.exists() else {}
    counts = {}
    if shutil.which("valgrind"):
        counts = {START: count_start()} if pattern.search(START) else {}
        counts |= count_instructions(server, scratch, args, pattern)
    else:
        print("valgrind is not installed: no instructions are counted")
    ready = []
    for _ in range(0 if args.instructions else args.runs):
        server.start()
        ready.append(server.ready_ms)
        server.stop()
    server.start()
    time.sleep(1)
    idle = server.rss_mib()
    print(f"random reads of {args.devices} devices; a log line for each request: on, JSON, to /dev/null")
    print(f"{'':38} {'CPU us/call':>12} {'calls/s':>10} {'p99 us':>8} {'instructions':>13}  "
          f"against the baseline   (medians of {args.runs})")
    failed = False
    for case in cases_of(server, scratch):
        if not pattern.search(case.name):
            continue
        line = f"{case.name:38}"
        if args.instructions:
            line += f" {'':12} {'':10} {'':8}"
        else:
            cpu, rate, p99 = case.measure(server, args.calls, args.runs)
            line += f" {cpu:12.2f} {rate:10.0f} {p99:8.0f}"
        if case.name in counts:
            text, worse = difference(case.name, counts[case.name], baseline)
            line += f" {counts[case.name]:13,}  {text}"
            failed = failed or worse
        print(line, flush=True)
    if START in counts:
        text, worse = difference(START, counts[START], baseline)
        print(f"{START:38} {'':12} {'':10} {'':8} {counts[START]:13,}  {text}", flush=True)
        failed = failed or worse
    if not args.instructions:
        people.measure(server, scratch, args)
        print(f"{'idle memory, MiB':38} {idle:12.1f}")
        print(f"{'time to ready, ms':38} {statistics.median(ready):12.1f}")
    server.stop()
    if args.save:
        BASELINE.write_text(json.dumps({"instructions": baseline | counts}, indent=2) + "\n")
    elif failed:
        raise SystemExit(f"A path costs much more than the baseline ({BASELINE.relative_to(ROOT)}).")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--calls", type=int, default=100000)
    parser.add_argument("--devices", type=int, default=100000)
    parser.add_argument("--counted-calls", type=int, default=1000, help="calls whose instructions are counted")
    parser.add_argument("--instructions", action="store_true", help="count instructions alone")
    parser.add_argument("--only", default="", metavar="REGEX", help="rows whose names match")
    parser.add_argument("--save", action="store_true", help="make the counts the baseline")
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="datastream-bench-"))
    try:
        measure(args, scratch)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    import people  # which uses this module itself
    main()
