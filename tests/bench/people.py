"""The rows of the table about people and the question "may they?", each beside what it may cost at most."""
import json
import statistics
import time
import urllib.request

import bench

VERIFY_PATH = "/datastream.v1.AuthorizationService/VerifyToken"
CHECK_PATH = "/datastream.v1.AuthorizationService/CheckPermissions"
REST_CHECK_PATH = "/api/v1/authorization/check-permissions"
PASSWORD = "a password of the bench"


def field(number, value):
    """A field of bytes of a message."""
    size = len(value)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + value


def role_id(server, name):
    roles = bench.rest(server, "GET", "/api/v1/roles?pageSize=1000")["roles"]
    return next(role["id"] for role in roles if role["name"] == name)


def session_cookie(server):
    """The cookie of a user of the role Admin."""
    bench.rest(server, "POST", "/api/v1/users", {"name": "A Visitor", "email": "visitor@bench.example",
                                                 "roleId": role_id(server, "Admin"), "password": PASSWORD})
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/v1/session", headers={"Content-Type": "application/json"},
        data=json.dumps({"email": "visitor@bench.example", "password": PASSWORD}).encode())
    with urllib.request.urlopen(request) as answer:
        return answer.headers["set-cookie"].partition(";")[0]


def token_value(server):
    return bench.rest(server, "POST", "/api/v1/api-tokens",
                      {"name": "asked about", "roleId": role_id(server, "API Reader")})["token"].encode()


def prepare(server):
    """The credentials of the rows, of a server at its full speed: under valgrind the hash of a password takes longer
    than a call may. They work after restarts too."""
    server.cookie = session_cookie(server)
    server.asked_about = token_value(server)


def checks_as_json(check):
    return json.dumps({"checks": [check] * 1000}, separators=(",", ":"))


def h2(server, scratch, calls, path, headers, data=None):
    return bench.h2load(server, scratch, calls, 16, 10, path, headers, data)


def rows(server, scratch, calls, few=None):
    """(name, calls, what is measured, what it is compared with or None, how much more it may cost)."""
    bearer = [f"authorization: Bearer {server.token}"]
    grpc = ["content-type: application/grpc", "te: trailers", *bearer]
    token = server.asked_about
    files = {name: scratch / name for name in ("get", "verify", "own", "other", "own-json", "other-json", "replay")}
    device = (scratch / "ids").read_text().split()[0]
    files["get"].write_bytes(bench.grpc_frame(field(1, device.encode())))
    files["verify"].write_bytes(bench.grpc_frame(field(1, token)))
    files["own"].write_bytes(bench.grpc_frame(field(1, field(1, b"devices.read")) * 1000))
    files["other"].write_bytes(bench.grpc_frame(field(1, field(1, b"devices.read") + field(2, token)) * 1000))
    files["own-json"].write_text(checks_as_json({"permission": "devices.read"}))
    files["other-json"].write_text(checks_as_json({"permission": "devices.read", "token": token.decode()}))
    files["replay"].write_text('{"name":"replayed"}')
    cookie = ["cookie: " + server.cookie]
    rest = [*bearer, "content-type: application/json"]
    again = [*rest, "idempotency-key: bench"]
    rest_path = f"/api/v1/devices/{device}"

    def grpc_get(_):
        return h2(server, scratch, calls, "/datastream.v1.DeviceService/GetDevice", grpc, files["get"])

    def rest_get(_):
        return h2(server, scratch, calls, rest_path, bearer)

    fifth, start = calls // 5, time.time_ns()

    def create(n):
        bench.create(server, scratch, 64, fifth, f"plain-{start}-{n}")

    few = few or max(calls // 200, 160)
    return [
        ("VerifyToken, gRPC, 16 x 10", calls,
         lambda n: h2(server, scratch, calls, VERIFY_PATH, grpc, files["verify"]),
         grpc_get, 0),
        ("1,000 checks of the caller", few,
         lambda n: h2(server, scratch, few, CHECK_PATH, grpc, files["own"]), None, 300),
        ("1,000 checks of another token", few,
         lambda n: h2(server, scratch, few, CHECK_PATH, grpc, files["other"]),
         None, 300),
        ("1,000 checks of the caller, REST", few,
         lambda n: h2(server, scratch, few, REST_CHECK_PATH, rest, files["own-json"]), None, 300),
        ("1,000 checks of another token, REST", few,
         lambda n: h2(server, scratch, few, REST_CHECK_PATH, rest, files["other-json"]), None, 300),
        ("REST get by a session, h2c, 16 x 10", calls,
         lambda n: h2(server, scratch, calls, rest_path, cookie), rest_get, 1),
        ("REST create with a key, 64", fifth,
         lambda n: bench.create(server, scratch, 64, fifth, f"key-{start}-{n}", keys=True), create, 3),
        ("REST replay of a create, h2c, 16 x 10", calls,
         lambda n: h2(server, scratch, calls, "/api/v1/devices", again, files["replay"]), rest_get, 4),
    ]


def cost_of(server, calls, run, number):
    """Server CPU microseconds a call."""
    before = server.cpu_us()
    run(number)
    return (server.cpu_us() - before) / calls


def measure(server, scratch, args):
    """Each row and what it is compared with take turns, so that both see the same machine."""
    print(f"\n{'':38} {'CPU us/call':>12} {'at most':>10}")
    for name, calls, run, other, more in rows(server, scratch, args.calls):
        figures, others = [], [0]
        for n in range(-1, args.runs):  # the first warms caches
            compared = cost_of(server, calls, other, n) if other else 0
            cost = cost_of(server, calls, run, n)
            if n >= 0:
                figures.append(cost)
                others.append(compared)
        most = (statistics.median(others[1:]) if other else 0) + more
        cost = statistics.median(figures)
        print(f"{name:38} {cost:12.2f} {most:10.2f}{'' if cost <= most else '  too much'}", flush=True)


def count(server, scratch, calls, pattern):
    """Instructions a call of each row under callgrind, beside those of what it is compared with; {name: instructions}.

    They only tell, and are held by the baseline: what a row may cost is said in CPU time, which measure() judges. How many
    instructions run in a microsecond differs from call to call, by how much of it is the kernel's.
    """
    found = {}
    for name, total, run, other, _ in rows(server, scratch, calls, few=32):
        if not pattern.search(name):
            continue
        counts = []
        for load in [other, run] if other else [run]:
            load(-1)
            least = []
            for n in range(2):
                before = server.instructions()
                load(n)
                least.append((server.instructions() - before) / total)
            counts.append(min(least))
        found[name] = round(counts[-1])
        beside = f", {counts[-1] - counts[0]:+,.0f} beside what it is compared with" if other else ""
        print(f"{name:38} {counts[-1]:13,.0f} instructions{beside}", flush=True)
    return found
