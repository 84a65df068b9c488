"""Sign-ins that are refused take as long for accounts that are known as for those that are not.

The limits are raised, so that each try computes a hash. The kinds of accounts take turns, and the medians
of TRIES tries each lie within 10 % of each other; so do the bodies, byte for byte except the request's id.
"""
import http.client
import json
import pathlib
import re
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))
from server import Server  # noqa: E402

TRIES = 200
MOST = 0.10
NO_LIMITS = ("--max-failed-sign-ins", "0", "--max-source-failed-sign-ins", "0")


def call(connection, path, body, headers):
    begin = time.monotonic()
    connection.request("POST", "/api/v1" + path, json.dumps(body), {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    text = response.read()
    return response.status, text, time.monotonic() - begin


def make_user(connection, server, role, email):
    status, text, _ = call(connection, "/users",
                           {"name": "Ada Ray", "email": email, "roleId": role, "password": "a good password"},
                           {"Authorization": "Bearer " + server.token})
    assert status == 201, text
    return json.loads(text)["id"]


def main():
    server = Server(*NO_LIMITS)
    connection = http.client.HTTPConnection(server.address)
    bearer = {"Authorization": "Bearer " + server.token}
    connection.request("GET", "/api/v1/roles?pageSize=1000", headers=bearer)
    roles = json.load(connection.getresponse())["roles"]
    role = next(found["id"] for found in roles if found["name"] == "User")
    make_user(connection, server, role, "known@soak.example")
    disabled = make_user(connection, server, role, "disabled@soak.example")
    assert call(connection, f"/users/{disabled}:disable", {}, bearer)[0] == 200
    accounts = {"known": ("known@soak.example", "a wrong password"),
                "unknown": ("unknown@soak.example", "a wrong password"),
                "disabled": ("disabled@soak.example", "a good password"),
                "no address": ("nothing like it", "a wrong password")}
    times, bodies = {name: [] for name in accounts}, set()
    for _ in range(TRIES):
        for name, (email, password) in accounts.items():
            status, text, seconds = call(connection, "/session", {"email": email, "password": password}, {})
            assert status == 401, text
            bodies.add(re.sub(rb'"instance":"[^"]*"', b"", text))
            times[name].append(seconds)
    server.stop()
    medians = {name: statistics.median(seconds) * 1000 for name, seconds in times.items()}
    print(", ".join(f"{name} {median:.2f} ms" for name, median in medians.items()), f"over {TRIES} tries each")
    assert len(bodies) == 1, bodies
    difference = max(medians.values()) / min(medians.values()) - 1
    print(f"they differ by {difference:.1%}; at most {MOST:.0%} is allowed")
    return difference > MOST


sys.exit(main())
