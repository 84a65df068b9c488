#!/usr/bin/env python3
"""Measures lists over a large store: pages near both ends in three orders, filters, creates with a secret,
start-up and memory. The server is pinned to one core, the load to the other."""
import argparse
import http.client
import json
import pathlib
import shutil
import statistics
import tempfile
import threading
import time
import urllib.parse

import bench


class Client:
    """One connection that is kept alive."""

    def __init__(self, server):
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port)

    def get(self, query, collection="devices"):
        self.connection.request("GET", f"/api/v1/{collection}?" + urllib.parse.urlencode(query),
                                headers={"Authorization": f"Bearer {self.server.token}"})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{query}: {answer.status} {body[:400]}")
        return body


def time_pages(client, query, calls, collection="devices"):
    """Server CPU microseconds a call, and the median and largest latency in microseconds."""
    taken = []
    client.get(query, collection)
    before = client.server.cpu_us()
    for _ in range(calls):
        begin = time.monotonic()
        client.get(query, collection)
        taken.append((time.monotonic() - begin) * 1e6)
    used = client.server.cpu_us() - before
    return used / calls, statistics.median(taken), max(taken)


def token_at(client, order, row):
    """The page token that goes on at that row of the order."""
    return token_of(client, {"orderBy": order, "readMask": "id"}, row)


def token_of(client, query, row, collection="devices"):
    """The page token that goes on at that row of what the query lists; pages of 1,000, then one of the rest."""
    query = dict(query)
    token = ""
    while row > 0:
        query["pageSize"] = min(row, 1000)
        query["pageToken"] = token
        page = json.loads(client.get(query, collection))
        token = page.get("nextPageToken", "")
        if not token:
            raise SystemExit(f"{collection} {query}: the list ended {row} rows too early")
        row -= query["pageSize"]
    return token


def show(name, figures, plain=None):
    cpu, median, largest = figures
    ratio = "" if plain is None else f"{cpu / plain[0]:8.2f}"
    print(f"{name:46} {cpu:10.1f} {median:10.0f} {largest:10.0f} {ratio}", flush=True)


ROUNDS = 16


def time_in_turn(client, queries, calls, collection="devices"):
    """The pages in turn, in rounds, so that a machine whose speed drifts slows all of them: the median round of each."""
    rounds = {name: [] for name in queries}
    for _ in range(ROUNDS):
        for name, query in queries.items():
            rounds[name].append(time_pages(client, query, max(calls // ROUNDS, 1), collection))
    return {name: [statistics.median(column) for column in zip(*figures)] for name, figures in rounds.items()}


def wait_for_rest(server):
    """Compaction of what was created is server CPU too: wait until a second passes with less than 10 ms of it."""
    for _ in range(120):
        before = server.cpu_us()
        time.sleep(1)
        if server.cpu_us() - before < 10000:
            return
    print("the store did not come to rest within two minutes: figures of CPU include its compaction")


def measure_pages(client, args):
    plain = "plain page of 50"
    queries = {plain: {"pageSize": 50}}
    for field in ("name", "createTime", "status"):
        for direction in ("asc", "desc"):
            order = f"{field} {direction}"
            for row in (10, args.devices - 60):
                queries[f"page of 50, {order}, row {row:,}"] = {
                    "orderBy": order, "pageSize": 50, "pageToken": token_at(client, order, row)}
    queries["page of 50, status and a name prefix"] = {"pageSize": 50, "filter": 'status = ENABLED AND name:"device-1*"'}
    figures = time_in_turn(client, queries, args.calls)
    for name, row in figures.items():
        show(name, row, None if name == plain else figures[plain])


AUDIT_PAGE_MOST_US = 400


def measure_audit(client, args):
    """Pages of the audit log near both ends, by each of its orders."""
    actor = json.loads(client.get({"pageSize": 1}, "audit-logs"))["auditLogs"][0]["actor"]
    queries = {}
    for name, query in (("", {}), (" by actor", {"actor": actor}), (" by time", {"from": "2020-01-01T00:00:00Z"})):
        for row in (10, args.devices - 60):
            queries[f"audit page of 50{name}, row {row:,}"] = {
                **query, "pageSize": 50, "pageToken": token_of(client, query, row, "audit-logs")}
    for name, figures in time_in_turn(client, queries, args.calls, "audit-logs").items():
        show(name, figures)
        if figures[0] > AUDIT_PAGE_MOST_US:
            print(f"  too much: at most {AUDIT_PAGE_MOST_US} us")


def measure_scan(client, args):
    """A filter that no index serves, and what another caller sees meanwhile."""
    others = []
    stop = threading.Event()

    def call_on():
        other = Client(client.server)
        while not stop.is_set():
            begin = time.monotonic()
            other.get({"pageSize": 1})
            others.append((time.monotonic() - begin) * 1e6)

    thread = threading.Thread(target=call_on)
    thread.start()
    show("filter without an index, one call", time_pages(client, {"filter": 'description = "none"'}, args.calls // 4))
    stop.set()
    thread.join()
    print(f"{'  p99 of other calls meanwhile, us':46} {'':10} {bench.percentile(others, 0.99):10.0f}")


STORAGE = '"azblob":{"account":"a","containerName":"c"%s}'


CREATE_ROUNDS = 6


def measure_creates(server, scratch, args):
    """Creates without and with a secret in turn, the least of several rounds: compaction is server CPU of some rounds and
    not of others, and belongs to the rows that were written before."""
    names = (("create of a device", STORAGE % ""),
             ("create of a device with a secret", STORAGE % ',"connectionString":"a secret of some length"'))
    rounds = {name: [] for name, _ in names}
    begin = time.time()
    for n in range(CREATE_ROUNDS):
        for name, members in names:
            wait_for_rest(server)
            before = server.cpu_us()
            _, p99, _ = bench.create(server, scratch, 64, args.creates // CREATE_ROUNDS,
                                     f"{name[-6:]}-{int(begin)}-{n}", members)
            rounds[name].append(((server.cpu_us() - before) / (args.creates // CREATE_ROUNDS), p99))
    figures = {name: [min(column) for column in zip(*row)] for name, row in rounds.items()}
    for name, (cpu, p99) in figures.items():
        print(f"{name:46} {cpu:10.1f} {'':10} {p99:10.0f} {cpu / figures[names[0][0]][0]:8.2f}", flush=True)


def open_store(folder, scratch, devices):
    """A server, stopped, over a store of so many devices: the one that the folder holds, or a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / "token"
    if token.exists():
        server = bench.Server(folder / "data")
        server.token = token.read_text()
        return server
    server = bench.Server(folder / "data", "Bench")
    server.start()
    begin = time.monotonic()
    bench.create(server, scratch, 64, devices, "device")
    print(f"{devices:,} devices were created in {time.monotonic() - begin:.0f} s")
    server.stop()
    token.write_text(server.token)
    return server


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=1000000)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--creates", type=int, default=20000)
    parser.add_argument("--store", type=pathlib.Path, help="a folder to create the store in, or to find it from before")
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="datastream-bench-"))
    try:
        server = open_store(args.store or scratch, scratch, args.devices)
        ready = []
        for _ in range(3):
            server.start()
            ready.append(server.ready_ms)
            server.stop()
        server.start()
        wait_for_rest(server)
        print(f"time to ready {statistics.median(ready):.0f} ms, idle memory {server.rss_mib():.0f} MiB\n")
        print(f"{'':46} {'CPU us':>10} {'median us':>10} {'max us':>10}    ratio of CPU")
        client = Client(server)
        measure_pages(client, args)
        measure_audit(client, args)
        measure_scan(client, args)
        measure_creates(server, scratch, args)
        print(f"memory after the calls {server.rss_mib():.0f} MiB")
        server.stop()
    finally:
        shutil.rmtree(scratch)


main()
