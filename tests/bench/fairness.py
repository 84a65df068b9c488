#!/usr/bin/env python3
"""Measures what another client waits for while some clients behave badly: one socket full of pipelined requests,
streams whose answers nobody takes, pipelined lists that nobody reads. The goal is a p99 below 3 times the quiet one."""
import argparse
import multiprocessing
import os
import pathlib
import socket
import struct
import tempfile
import time

import bench

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
LIST = "/api/v1/devices?pageSize=1000"


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def http1(path, token):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A header field of HPACK that enters no table, of lengths below 127 + 128."""
    def text(bytes_):
        if len(bytes_) < 127:
            return bytes([len(bytes_)]) + bytes_
        return bytes([127, len(bytes_) - 127]) + bytes_
    return b"\x00" + text(name.encode()) + text(value.encode())


def streams_without_window(port, token, connections, _requests):
    """100 streams a connection that ask for 1,000 rows with a window of 0."""
    block = b"".join(literal(*field) for field in (
        (":method", "GET"), (":scheme", "http"), (":path", LIST), (":authority", "localhost"),
        ("authorization", f"Bearer {token}")))
    opening = PREFACE + frame(4, 0, 0, struct.pack(">HI", 4, 0))
    asked = b"".join(frame(1, 5, 1 + 2 * number, block) for number in range(100))
    return [(connection, asked) for connection in opened(port, connections, opening)]


def pipelined_lists(port, token, connections, requests):
    return [(connection, http1(LIST, token) * requests) for connection in opened(port, connections, b"")]


def one_full_socket(port, token, _connections, requests):
    return [(connection, http1("/api/v1/devices?pageSize=1", token) * requests)
            for connection in opened(port, 1, b"")]


def opened(port, count, opening):
    for _ in range(count):
        connection = connect(port)
        connection.sendall(opening)
        yield connection


def send_all(pairs):
    """Sends what the peer takes, reading nothing, in turn over the connections."""
    left = [[connection, memoryview(bytes_)] for connection, bytes_ in pairs]
    for connection, _ in left:
        connection.setblocking(False)
    while left:
        for pair in list(left):
            try:
                pair[1] = pair[1][pair[0].send(pair[1][:65536]):]
            except BlockingIOError:
                pass
            except OSError:
                pair[1] = pair[1][:0]
            if not pair[1]:
                left.remove(pair)
        time.sleep(0.001)


def attack(make, port, token, connections, requests, begun):
    os.nice(10)  # the measuring client shares this core
    pairs = list(make(port, token, connections, requests))
    begun.set()
    send_all(pairs)
    time.sleep(600)


def probe(port, path, token, seconds):
    """Microseconds of each answer of one connection that asks again and again, sorted."""
    connection, taken = connect(port), []
    end = time.monotonic() + seconds
    request = http1(path, token)
    while time.monotonic() < end:
        begin = time.monotonic()
        connection.sendall(request)
        answer = connection.recv(65536)
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        taken.append((time.monotonic() - begin) * 1e6)
        time.sleep(0.0005)
    return sorted(taken)


def measure(name, make, server, path, args):
    server_args = (server.port, server.token, args.connections.get(name, 0), args.requests.get(name, 0))
    begun = multiprocessing.Event()
    attacker = multiprocessing.Process(target=attack, args=(make, *server_args, begun), daemon=True)
    attacker.start()
    begun.wait()
    show(name, probe(server.port, path, server.token, args.seconds))
    attacker.kill()
    attacker.join()
    time.sleep(1)


def show(name, taken):
    print(f"{name:32} {len(taken):8} {bench.percentile(taken, 0.5):9.0f} {bench.percentile(taken, 0.99):9.0f} "
          f"{taken[-1]:9.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    os.sched_setaffinity(0, {1})  # the server has core 0
    args.connections = {"streams with a window of 0": 40, "unread pipelined lists": 200}
    args.requests = {"unread pipelined lists": 16, "one socket full of requests": 20000}
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        server = bench.Server(scratch / "data", "Fairness")
        server.start()
        try:
            path = f"/api/v1/devices/{bench.create(server, scratch, 16, 2000, 'fair')[2]}"
            print(f"{'another client, us':32} {'answers':>8} {'median':>9} {'p99':>9} {'largest':>9}")
            show("quiet", probe(server.port, path, server.token, args.seconds))
            for name, make in (("one socket full of requests", one_full_socket),
                               ("streams with a window of 0", streams_without_window),
                               ("unread pipelined lists", pipelined_lists)):
                measure(name, make, server, path, args)
        finally:
            server.stop()


main()
