"""Python's grpcio against datastreamd."""
import concurrent.futures
import threading
import unittest

import grpc

from messages import message, method, v1
from server import Server

DIRECTORS = "datastream.v1.DirectorService."
ROLES = "datastream.v1.RoleService."
TOKENS = "datastream.v1.ApiTokenService."


def setUpModule():
    global server, channel
    server = Server()
    channel = grpc.insecure_channel(server.address)


def tearDownModule():
    channel.close()
    server.stop()


def call(full_name, request, token=None, metadata=(), compression=None, timeout=20, on=None):
    """The response and the call, or grpc.RpcError."""
    path, _, response = method(full_name)
    stub = (on or channel).unary_unary(
        path, request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=response.FromString)
    credentials = (("authorization", "Bearer " + (token or server.token)),)
    return stub.with_call(request, metadata=credentials + tuple(metadata), timeout=timeout,
                          compression=compression)


def details_of(error):
    """google.rpc.Status of an error, its details unpacked by name; None when there are none."""
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            status = message("google.rpc.Status").FromString(value)
            unpacked = {}
            for any_ in status.details:
                name = any_.type_url.rpartition("/")[2]
                unpacked[name.rpartition(".")[2]] = message(name).FromString(any_.value)
            return status, unpacked
    return None


class Refusals(unittest.TestCase):
    def refused(self, code, *arguments, **options):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception


class Calls(Refusals):
    def test_an_export_of_the_audit_log_ends_well(self):
        call(DIRECTORS + "CreateDirector", v1(
            "CreateDirectorRequest", director=v1("Director", name="Exported")))
        path, _, response = method("datastream.v1.AuditService.ExportAuditLogs")
        stub = channel.unary_stream(path, request_serializer=lambda m: m.SerializeToString(),
                                    response_deserializer=response.FromString)
        stream = stub(v1("ExportAuditLogsRequest"), timeout=60,
                      metadata=(("authorization", "Bearer " + server.token),))
        lines = list(stream)
        self.assertEqual(stream.code(), grpc.StatusCode.OK)
        self.assertEqual([line.number for line in lines], list(range(1, len(lines) + 1)))
        self.assertEqual(lines[-1].action, "CreatedDirector")
        self.assertEqual({len(line.mac) for line in lines}, {32})
        rest = list(stub(v1("ExportAuditLogsRequest", after=lines[-1].number), timeout=60,
                         metadata=(("authorization", "Bearer " + server.token),)))
        self.assertEqual([line.action for line in rest], ["ExportedAuditLogs"])

    def test_filters_choose_the_lines_of_an_export(self):
        path, _, response = method("datastream.v1.AuditService.ExportAuditLogs")
        stub = channel.unary_stream(path, request_serializer=lambda m: m.SerializeToString(),
                                    response_deserializer=response.FromString)

        def lines(**filters):
            return list(stub(v1("ExportAuditLogsRequest", **filters), timeout=60,
                             metadata=(("authorization", "Bearer " + server.token),)))

        made = [call(DIRECTORS + "CreateDirector", v1("CreateDirectorRequest", director=v1(
            "Director", name=f"Chosen {i}")))[0] for i in range(3)]
        call(DIRECTORS + "DeleteDirector", v1("DeleteDirectorRequest", id=made[1].id))
        with self.assertRaises(grpc.RpcError):
            call(DIRECTORS + "GetDirector", v1("GetDirectorRequest", id=made[0].id), token="dsa_wrong")
        log = lines()
        mine = next(line for line in log if line.object_id == made[1].id)
        middle = log[len(log) // 2].create_time
        for filters, fits in (
                ({"actor": mine.actor}, lambda line: line.actor == mine.actor),
                ({"actor": "system"}, lambda line: line.actor == "system"),
                ({"kind": "directors"}, lambda line: line.kind == "directors"),
                ({"kind": "directors", "object": made[1].id}, lambda line: line.object_id == made[1].id),
                ({"action": "DeletedDirector"}, lambda line: line.action == "DeletedDirector"),
                ({"outcome": "OK"}, lambda line: line.outcome == "OK"),
                ({"from": middle}, lambda line: line.create_time.ToNanoseconds() >= middle.ToNanoseconds()),
                ({"to": middle}, lambda line: line.create_time.ToNanoseconds() < middle.ToNanoseconds()),
                ({"action": "CreatedDirector", "actor": mine.actor, "after": mine.number},
                 lambda line: line.action == "CreatedDirector" and line.number > mine.number)):
            told = [line.number for line in lines(**filters) if line.number <= log[-1].number]
            self.assertEqual(told, [line.number for line in log if fits(line)], filters)
        self.assertEqual([line.action for line in lines(kind="directors", object=made[1].id)],
                         ["CreatedDirector", "DeletedDirector"])
        # What is no filter ends the stream before its first line.
        for filters in ({"kind": "nothing"}, {"actor": "nobody"}, {"outcome": "GOOD"}, {"object": made[1].id}):
            with self.assertRaises(grpc.RpcError) as caught:
                lines(**filters)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT, filters)

    def test_a_repeated_create_is_answered_again(self):
        request = v1("CreateDirectorRequest", director=v1(
            "Director", name="Once", labels={"site": "Bern", "rack": "1", "row": "2"}))
        key = (("idempotency-key", "once-1"),)
        made, _ = call(DIRECTORS + "CreateDirector", request, metadata=key)
        again, second = call(DIRECTORS + "CreateDirector", request, metadata=key)
        self.assertEqual(again, made)  # with the key that is shown once
        self.assertIn(("idempotency-replayed", "true"),
                      [(k, v) for k, v in second.initial_metadata()])
        request.director.name = "Twice"
        error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, DIRECTORS + "CreateDirector",
                             request, metadata=key)
        self.assertEqual(details_of(error)[1]["ErrorInfo"].reason, "IDEMPOTENCY_KEY_REUSED")
        call(DIRECTORS + "DeleteDirector", v1("DeleteDirectorRequest", id=made.id))
        request.director.name = "Once"
        error = self.refused(grpc.StatusCode.ABORTED, DIRECTORS + "CreateDirector", request,
                             metadata=key)
        self.assertEqual(details_of(error)[1]["ErrorInfo"].reason, "IDEMPOTENT_RESULT_GONE")

    def test_resource_is_created_read_changed_and_deleted(self):
        made, _ = call(DIRECTORS + "CreateDirector", v1(
            "CreateDirectorRequest", director=v1("Director", name="Round trip",
                                                 labels={"site": "Zürich", "rack": "7"})))
        self.assertRegex(made.id, r"^[0-9a-f-]{36}$")
        read, _ = call(DIRECTORS + "GetDirector", v1("GetDirectorRequest", id=made.id))
        self.assertRegex(made.api_key, r"^dsd_[0-9A-Za-z]{49}$")  # shown once
        self.assertEqual(read.masked_api_key, "dsd_........" + made.api_key[-4:])
        made.ClearField("api_key")
        self.assertEqual(read, made)
        self.assertEqual(dict(read.labels), {"site": "Zürich", "rack": "7"})
        request = v1("UpdateDirectorRequest",
                     director=v1("Director", id=made.id, description="changed"))
        request.update_mask.paths.append("description")
        changed, _ = call(DIRECTORS + "UpdateDirector", request)
        self.assertEqual((changed.name, changed.description), ("Round trip", "changed"))
        self.assertNotEqual(changed.etag, made.etag)
        call(DIRECTORS + "DeleteDirector", v1("DeleteDirectorRequest", id=made.id))
        self.refused(grpc.StatusCode.NOT_FOUND, DIRECTORS + "GetDirector",
                     v1("GetDirectorRequest", id=made.id))

    def test_lists_are_filtered_ordered_and_masked(self):
        for name in ("Filter b", "filter a", "another"):
            call(DIRECTORS + "CreateDirector", v1("CreateDirectorRequest", director=v1("Director", name=name)))
        request = v1("ListDirectorsRequest", filter='name:"FILTER*" AND status = ENABLED', order_by="name desc")
        request.read_mask.paths.append("name")
        page, _ = call(DIRECTORS + "ListDirectors", request)
        self.assertEqual(list(page.directors), [v1("Director", name="Filter b"), v1("Director", name="filter a")])
        self.assertFalse(page.HasField("total_size"))
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, DIRECTORS + "ListDirectors",
                     v1("ListDirectorsRequest", filter="nope = 1"))

    def test_request_id_is_given_back(self):
        _, done = call(DIRECTORS + "ListDirectors", v1("ListDirectorsRequest"),
                       metadata=[("x-request-id", "interop-1")])
        self.assertIn(("x-request-id", "interop-1"), list(done.initial_metadata()))

    def test_request_id_is_made(self):
        _, done = call(DIRECTORS + "ListDirectors", v1("ListDirectorsRequest"))
        self.assertRegex(dict(done.initial_metadata())["x-request-id"], r"^[0-9a-f-]{36}$")

    def test_binary_metadata_is_taken(self):
        call(DIRECTORS + "ListDirectors", v1("ListDirectorsRequest"),
             metadata=[("trace-bin", b"\0\1\2\xff"), ("trace-bin", b"more")])

    def test_compressed_requests_and_answers(self):
        for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            name = f"Compressed {int(compression)}"
            made, _ = call(DIRECTORS + "CreateDirector", v1(
                "CreateDirectorRequest",
                director=v1("Director", name=name, description="z" * 500,
                            labels={f"label{i}": "x" * 200 for i in range(20)})),
                compression=compression)
            read, _ = call(DIRECTORS + "GetDirector", v1("GetDirectorRequest", id=made.id),
                           compression=compression)
            self.assertEqual(read.description, "z" * 500)
            self.assertEqual(len(read.labels), 20)

    def test_many_calls_at_once_on_one_channel(self):
        made, _ = call(DIRECTORS + "CreateDirector", v1(
            "CreateDirectorRequest", director=v1("Director", name="Crowded")))

        def once(_):
            read, _ = call(DIRECTORS + "GetDirector", v1("GetDirectorRequest", id=made.id))
            return read.name

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertEqual(set(pool.map(once, range(400))), {"Crowded"})

    def test_health_needs_no_token(self):
        path, request, response = method("grpc.health.v1.Health.Check")
        check = channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                                    response_deserializer=response.FromString)
        self.assertEqual(check(request(), timeout=20).status, 1)
        self.assertEqual(check(request(service="datastream.v1.RoleService"), timeout=20).status, 1)
        with self.assertRaises(grpc.RpcError) as caught:
            check(request(service="nobody"), timeout=20)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)


class Errors(Refusals):
    def test_without_a_valid_token(self):
        request = v1("ListDirectorsRequest")
        wrong = self.refused(grpc.StatusCode.UNAUTHENTICATED, DIRECTORS + "ListDirectors", request,
                             token="dsa_wrong")
        path, _, response = method(DIRECTORS + "ListDirectors")
        stub = channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                                   response_deserializer=response.FromString)
        with self.assertRaises(grpc.RpcError) as caught:
            stub(request, timeout=20)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
        self.assertEqual(caught.exception.details(), wrong.details())

    def test_permission_that_is_missing_is_named(self):
        role, _ = call(ROLES + "CreateRole", v1("CreateRoleRequest", role=v1(
            "Role", name="Readers of devices", permissions=["devices.read"])))
        token, _ = call(TOKENS + "CreateApiToken", v1("CreateApiTokenRequest", api_token=v1(
            "ApiToken", name="Reader", role_id=role.id)))
        error = self.refused(
            grpc.StatusCode.PERMISSION_DENIED, DIRECTORS + "CreateDirector",
            v1("CreateDirectorRequest", director=v1("Director", name="Never")), token=token.token)
        status, unpacked = details_of(error)
        self.assertEqual(status.code, 7)
        self.assertEqual(status.message, error.details())
        self.assertEqual(unpacked["ErrorInfo"].domain, "datastream")
        self.assertIn("directors.create", list(unpacked["ErrorInfo"].metadata.values()))

    def test_all_violations_are_listed(self):
        error = self.refused(grpc.StatusCode.INVALID_ARGUMENT, DIRECTORS + "CreateDirector", v1(
            "CreateDirectorRequest",
            director=v1("Director", name="x", description="d" * 501, port=70000)))
        status, unpacked = details_of(error)
        self.assertEqual(status.code, 3)
        fields = [v.field for v in unpacked["BadRequest"].field_violations]
        self.assertEqual(sorted(fields), ["description", "name", "port"])

    def test_unknown_id_is_not_found(self):
        error = self.refused(grpc.StatusCode.NOT_FOUND, DIRECTORS + "GetDirector", v1(
            "GetDirectorRequest", id="01900000-0000-7000-8000-000000000000"))
        _, unpacked = details_of(error)
        self.assertEqual(unpacked["ResourceInfo"].resource_name,
                         "01900000-0000-7000-8000-000000000000")

    def test_nul_in_a_string_names_the_field(self):
        for field, device in (("name", v1("Device", name="a\0b")),
                              ("labels", v1("Device", labels={"a\0b": "c"})),
                              ("syslog.address", v1("Device", syslog={"address": "a\0b"}))):
            error = self.refused(grpc.StatusCode.INVALID_ARGUMENT,
                                 "datastream.v1.DeviceService.CreateDevice",
                                 v1("CreateDeviceRequest", device=device))
            _, unpacked = details_of(error)
            self.assertEqual([(v.field, v.description)
                              for v in unpacked["BadRequest"].field_violations],
                             [(field, "must not contain U+0000")])

    def test_message_beyond_ascii_arrives(self):
        error = self.refused(grpc.StatusCode.NOT_FOUND, DIRECTORS + "GetDirector",
                             v1("GetDirectorRequest", id="Köln 100 %"))
        self.assertIn("Köln 100 %", error.details())

    def test_too_large_message_is_refused(self):
        request = v1("CreateDirectorRequest",
                     director=v1("Director", name="Large", description="x" * (5 << 20)))
        for compression in (None, grpc.Compression.Gzip):
            self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, DIRECTORS + "CreateDirector", request,
                         compression=compression)

    def test_too_much_metadata_is_refused(self):
        self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, DIRECTORS + "ListDirectors",
                     v1("ListDirectorsRequest"), metadata=[("filler", "x" * 9000)])
        call(DIRECTORS + "ListDirectors", v1("ListDirectorsRequest"))

    def test_unknown_method_is_unimplemented(self):
        for path in ("/datastream.v1.DirectorService/Nothing", "/nobody.Service/Get"):
            with self.assertRaises(grpc.RpcError) as caught:
                channel.unary_unary(path)(b"", timeout=20)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_request_that_does_not_parse(self):
        path = method(DIRECTORS + "GetDirector")[0]
        credentials = (("authorization", "Bearer " + server.token),)
        for body in (b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\x0b\x0a"):
            with self.assertRaises(grpc.RpcError) as caught:
                channel.unary_unary(path)(body, metadata=credentials, timeout=20)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INTERNAL, body)

    def test_passed_deadline_ends_a_call_whose_request_never_comes(self):
        released = threading.Event()

        def requests():
            released.wait(20)
            yield b""

        path = method(DIRECTORS + "ListDirectors")[0]
        credentials = (("authorization", "Bearer " + server.token),)
        with self.assertRaises(grpc.RpcError) as caught:
            channel.stream_unary(path)(requests(), metadata=credentials, timeout=0.3)
        released.set()
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        call(DIRECTORS + "ListDirectors", v1("ListDirectorsRequest"))

    def test_two_messages_for_a_unary_method(self):
        path = method(DIRECTORS + "ListDirectors")[0]
        credentials = (("authorization", "Bearer " + server.token),)
        with self.assertRaises(grpc.RpcError) as caught:
            channel.stream_unary(path)(iter([b"", b""]), metadata=credentials, timeout=20)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_stale_etag_is_aborted(self):
        made, _ = call(DIRECTORS + "CreateDirector", v1(
            "CreateDirectorRequest", director=v1("Director", name="Etag")))
        request = v1("UpdateDirectorRequest",
                     director=v1("Director", id=made.id, description="once"))
        request.update_mask.paths.append("description")
        call(DIRECTORS + "UpdateDirector", request, metadata=[("if-match", f'"{made.etag}"')])
        error = self.refused(grpc.StatusCode.ABORTED, DIRECTORS + "UpdateDirector", request,
                             metadata=[("if-match", f'"{made.etag}"')])
        _, unpacked = details_of(error)
        self.assertEqual(unpacked["PreconditionFailure"].violations[0].type, "ETAG")


if __name__ == "__main__":
    unittest.main(verbosity=2)
