"""Of 50 sign-ins offered a second the surplus is refused at once, by 429 and Retry-After, and other calls go on.

The limits on failed sign-ins are raised, so that what refuses is the queue of the passwords that are checked.
"""
import collections
import concurrent.futures
import http.client
import json
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))
from server import Server  # noqa: E402

SECONDS, RATE = 10, 50
NO_LIMITS = ("--max-failed-sign-ins", "0", "--max-source-failed-sign-ins", "0")
BODY = json.dumps({"email": "owner@interop.example", "password": "a wrong password"})


def sign_in(server, at):
    """Status, Retry-After and seconds of a sign-in that begins at that moment."""
    time.sleep(max(0, at - time.monotonic()))
    begin = time.monotonic()
    connection = http.client.HTTPConnection(server.address, timeout=60)
    connection.request("POST", "/api/v1/session", BODY, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers["retry-after"], time.monotonic() - begin


def read_on(server, until):
    """How long the reads of another client take meanwhile, in seconds."""
    connection, taken = http.client.HTTPConnection(server.address, timeout=60), []
    while time.monotonic() < until:
        begin = time.monotonic()
        connection.request("GET", "/api/v1/devices", headers={"Authorization": "Bearer " + server.token})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
        taken.append(time.monotonic() - begin)
        time.sleep(0.005)
    return taken


def main():
    server = Server(*NO_LIMITS)
    begin = time.monotonic() + 0.5
    with concurrent.futures.ThreadPoolExecutor(RATE * 4) as pool:
        reads = pool.submit(read_on, server, begin + SECONDS)
        answers = list(pool.map(lambda n: sign_in(server, begin + n / RATE), range(SECONDS * RATE)))
        reads = reads.result()
    server.stop()
    told = collections.Counter(status for status, _, _ in answers)
    refused = [seconds for status, _, seconds in answers if status == 429]
    judged = [seconds for status, _, seconds in answers if status == 401]
    print(f"{told[401]} were judged, {told[429]} refused"
          + (f" within {statistics.median(refused) * 1000:.1f} ms (median)" if refused else "")
          + f"; {len(reads)} reads meanwhile took {statistics.median(reads) * 1000:.2f} ms (median)")
    assert set(told) <= {401, 429} and told[401] > 0, told
    assert all(after == "1" for status, after, _ in answers if status == 429)
    # What is refused waits for nobody's hash.
    assert not refused or statistics.median(refused) < statistics.median(judged) / 2


main()
