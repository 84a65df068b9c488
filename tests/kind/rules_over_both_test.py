"""What breaks a rule of the contract is refused with the same words and paths over REST and gRPC."""
import json
import unittest
import urllib.error
import urllib.request

import grpc
from google.protobuf import json_format

from messages import message, method
from server import Server

SERVICES = {"sensors": "Sensor", "datasets": "Dataset", "pipelines": "Pipeline", "targets": "Target",
            "devices": "Device", "advanced-routes": "AdvancedRoute"}
YEAR_3000 = "3000-01-01T00:00:00Z"


def setUpModule():
    global server, channel
    server = Server()
    channel = grpc.insecure_channel(server.address)


def tearDownModule():
    channel.close()
    server.stop()


def over_rest(collection, body):
    """The violations of a creation as (path, description); [] when it succeeds."""
    request = urllib.request.Request(
        f"http://{server.address}/api/v1/{collection}", json.dumps(body).encode(),
        {"Authorization": "Bearer " + server.token, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20):
            return []
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        assert error.code == 400, problem
        return [(v["field"], v["description"]) for detail in problem["details"]
                for v in detail.get("fieldViolations", ())]


def over_grpc(collection, body):
    """The same, with the paths that lead through the request's own field cut to the resource."""
    name = SERVICES[collection]
    path, request_class, response_class = method(f"datastream.v1.{name}Service.Create{name}")
    field = next(f for f in request_class.DESCRIPTOR.fields
                 if f.message_type and f.message_type.name == name)
    request = request_class()
    json_format.ParseDict(body, getattr(request, field.name))
    getattr(request, field.name).SetInParent()
    stub = channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=response_class.FromString)
    try:
        stub(request, metadata=(("authorization", "Bearer " + server.token),), timeout=20)
        return []
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        return list(violations(error, field.json_name + "."))


def violations(error, prefix):
    for key, value in error.trailing_metadata():
        if key != "grpc-status-details-bin":
            continue
        for detail in message("google.rpc.Status").FromString(value).details:
            if detail.type_url.endswith("google.rpc.BadRequest"):
                for found in message("google.rpc.BadRequest").FromString(detail.value).field_violations:
                    yield found.field.removeprefix(prefix), found.description


class Rules(unittest.TestCase):
    number = 0

    def judged(self, collection, body, wanted):
        Rules.number += 1
        for over in (over_rest, over_grpc):
            with self.subTest(over=over.__name__, body=body):
                name = f"{over.__name__}-{Rules.number}"
                self.assertEqual(over(collection, dict(body, name=name)), wanted)

    def test_numbers_times_and_bytes(self):
        for body, wanted in [
            ({"threshold": 1000}, []),
            ({"threshold": 0.001}, []),
            ({"threshold": 0}, [("threshold", "must be greater than 0")]),
            ({"threshold": 1000.5}, [("threshold", "must be at most 1000")]),
            ({"threshold": "NaN"}, [("threshold", "must be a number")]),
            ({"threshold": "Infinity"}, [("threshold", "must be at most 1000")]),
            ({"finalCount": "18446744073709551614"}, []),
            ({"finalCount": "18446744073709551615"},
             [("finalCount", "must not be 18446744073709551615")]),
            ({"finalCount": "0"}, [("finalCount", "must be at least 1")]),
            ({"calibrateTime": "2020-01-01T00:00:00Z"}, []),
            ({"calibrateTime": YEAR_3000}, [("calibrateTime", "must be in the past")]),
            ({"calibrateTime": "1969-12-31T23:59:59.9Z"},
             [("calibrateTime", "must not be before 1970-01-01T00:00:00Z")]),
            ({"rest": "3600s"}, []),
            ({"rest": "0.499s"}, [("rest", "must be at least 0.5s")]),
            ({"rest": "3601s"}, [("rest", "must be at most 3600s")]),
            ({"preamble": "AQI="}, []),
            ({"preamble": "AgE="}, [("preamble", "must begin with 0x01")]),
            ({"threshold": "NaN", "finalCount": "0", "calibrateTime": YEAR_3000},
             [("threshold", "must be a number"), ("finalCount", "must be at least 1"),
              ("calibrateTime", "must be in the past")]),
        ]:
            self.judged("sensors", body, wanted)

    def test_intervals_and_crons(self):
        for member, text, wanted in [
            ("interval", "5m", []), ("interval", "30d", []), ("interval", "0", []),
            ("interval", "31d", ["must be at most 30 days"]),
            ("cron", "0 0 30 2 *", []), ("cron", "*/5 * * * *", []),
            ("cron", "60 * * * *", ["must have numbers from 0 to 59 in the minute field (column 1)"]),
            ("cron", "*/0 * * * *", ["must have steps from 1 to 59 in the minute field (column 3)"]),
            ("cron", "@daily", ["must have 9 to 256 characters",
                                "must have five fields; macros such as @daily are not accepted (column 1)"]),
        ]:
            self.judged("targets", {"schedule": {"enabled": True, member: text}},
                        [("schedule." + member, words) for words in wanted])


if __name__ == "__main__":
    unittest.main()
