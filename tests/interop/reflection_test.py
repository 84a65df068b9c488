"""Server reflection and the health watch by Python's grpcio, with messages of the contract."""
import queue
import signal
import threading
import time
import unittest

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from messages import message, method, v1
from server import Server

VERSIONS = ("v1", "v1alpha")
READER = "00000000-0000-7000-8000-000000000007"


def setUpModule():
    global server, channel
    server = Server()
    channel = grpc.insecure_channel(server.address)


def tearDownModule():
    channel.close()
    server.stop()


def call(name, request):
    path, _, response = method("datastream.v1." + name)
    stub = channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=response.FromString)
    return stub(request, timeout=20, metadata=(("authorization", "Bearer " + server.token),))


class Talk:
    """One stream of requests, each answered before the next is sent."""

    def __init__(self, version="v1", token=None, compression=None):
        path, self.request, response = method(
            f"grpc.reflection.{version}.ServerReflection.ServerReflectionInfo")
        self.requests = queue.Queue()
        self.answers = channel.stream_stream(
            path, request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=response.FromString)(
                iter(self.requests.get, None), timeout=30, compression=compression,
                metadata=(("authorization", "Bearer " + (token or server.token)),))

    def ask(self, **fields):
        self.requests.put(self.request(**fields))
        return next(self.answers)

    def end(self):
        self.requests.put(None)
        rest = list(self.answers)
        return rest, self.answers.code()


def files_of(answer):
    return [descriptor_pb2.FileDescriptorProto.FromString(file)
            for file in answer.file_descriptor_response.file_descriptor_proto]


def pool_of(files):
    """A pool that these files alone fill, each after what it imports."""
    pool = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in files}

    def add(name):
        file = waiting.pop(name, None)
        if file is not None:
            for imported in file.dependency:
                add(imported)
            pool.Add(file)

    while waiting:
        add(next(iter(waiting)))
    return pool


class Reflection(unittest.TestCase):
    def test_services_are_listed_in_both_versions(self):
        for version in VERSIONS:
            talk = Talk(version)
            answer = talk.ask(host="here", list_services="*")
            names = [service.name for service in answer.list_services_response.service]
            self.assertEqual(answer.valid_host, "here")
            self.assertEqual(answer.original_request.list_services, "*")
            self.assertEqual(names, sorted(names))
            for name in ("datastream.v1.DirectorService", "datastream.v1.RoleService",
                         "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                         "grpc.reflection.v1alpha.ServerReflection"):
                self.assertIn(name, names)
            self.assertEqual(talk.end(), ([], grpc.StatusCode.OK))

    def test_service_is_described_and_called_by_reflection_alone(self):
        talk = Talk()
        answer = talk.ask(file_containing_symbol="datastream.v1.DirectorService")
        files = files_of(answer)
        self.assertEqual(files[0].name, "datastream/v1/director.proto")
        pool = pool_of(files)
        found = pool.FindServiceByName("datastream.v1.DirectorService")
        create = found.FindMethodByName("CreateDirector")
        factory = message_factory.MessageFactory(pool)
        request = factory.GetPrototype(create.input_type)()
        request.director.name = "By reflection"
        made = channel.unary_unary(
            f"/{found.full_name}/{create.name}",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=factory.GetPrototype(create.output_type).FromString)(
                request, metadata=(("authorization", "Bearer " + server.token),), timeout=20)
        self.assertEqual(made.name, "By reflection")
        talk.end()

    def test_every_listed_service_is_described_with_all_imports(self):
        talk = Talk()
        for service in talk.ask(list_services="").list_services_response.service:
            files = files_of(talk.ask(file_containing_symbol=service.name))
            self.assertEqual(len({file.name for file in files}), len(files))
            self.assertIsNotNone(pool_of(files).FindServiceByName(service.name))
            for file in files:
                self.assertFalse(file.HasField("source_code_info"))
        talk.end()

    def test_symbols_of_every_sort_are_found(self):
        cases = {
            "datastream.v1.DirectorService.GetDirector": "datastream/v1/director.proto",
            "datastream.v1.Director": "datastream/v1/director.proto",
            "datastream.v1.Director.name": "datastream/v1/director.proto",
            "datastream.v1.Director.LabelsEntry": "datastream/v1/director.proto",
            "google.protobuf.NullValue": "google/protobuf/struct.proto",
            "google.protobuf.NULL_VALUE": "google/protobuf/struct.proto",
            "google.protobuf.Value.kind": "google/protobuf/struct.proto",
            "google.api.http": "google/api/annotations.proto",
            "google.rpc.BadRequest.FieldViolation": "google/rpc/error_details.proto",
        }
        talk = Talk()
        for symbol, name in cases.items():
            answer = talk.ask(file_containing_symbol=symbol)
            self.assertEqual(files_of(answer)[0].name, name, symbol)
        talk.end()

    def test_files_and_extensions_are_found(self):
        talk = Talk()
        answer = talk.ask(file_by_filename="google/protobuf/timestamp.proto")
        self.assertEqual([file.name for file in files_of(answer)],
                         ["google/protobuf/timestamp.proto"])
        extension = {"containing_type": "google.protobuf.MethodOptions",
                     "extension_number": 72295728}
        files = files_of(talk.ask(file_containing_extension=extension))
        self.assertEqual(files[0].name, "google/api/annotations.proto")
        self.assertIn("google/protobuf/descriptor.proto", [file.name for file in files])
        numbers = talk.ask(all_extension_numbers_of_type="google.protobuf.MethodOptions")
        numbers = numbers.all_extension_numbers_response
        self.assertEqual(numbers.base_type_name, "google.protobuf.MethodOptions")
        self.assertIn(72295728, numbers.extension_number)
        none = talk.ask(all_extension_numbers_of_type="datastream.v1.Director")
        self.assertEqual(list(none.all_extension_numbers_response.extension_number), [])
        self.assertEqual(none.WhichOneof("message_response"), "all_extension_numbers_response")
        talk.end()

    def test_errors_do_not_end_the_stream(self):
        for version in VERSIONS:
            talk = Talk(version)
            unknown = {"containing_type": "google.protobuf.MethodOptions", "extension_number": 7}
            for fields, code in (
                    ({"file_by_filename": "nobody.proto"}, 5),
                    ({"file_by_filename": "datastream/storage/v1/records.proto"}, 5),
                    ({"file_containing_symbol": "no.body"}, 5),
                    ({"file_containing_symbol": ""}, 5),
                    ({"file_containing_extension": unknown}, 5),
                    ({"all_extension_numbers_of_type": "datastream.v1.DirectorService"}, 5),
                    ({}, 12)):
                answer = talk.ask(**fields)
                self.assertEqual(answer.error_response.error_code, code, fields)
                self.assertTrue(answer.error_response.error_message)
                self.assertEqual(answer.original_request, talk.request(**fields))
            self.assertTrue(talk.ask(list_services="").list_services_response.service)
            self.assertEqual(talk.end(), ([], grpc.StatusCode.OK))

    def test_each_compressed_request_stands_for_itself(self):
        for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            talk = Talk(compression=compression)
            for name in ("no" + "o" * 2000, "datastream.v1.Director", "no" + "o" * 2000):
                answer = talk.ask(file_containing_symbol=name)
                self.assertEqual(answer.original_request.file_containing_symbol, name)
            self.assertEqual(talk.end(), ([], grpc.StatusCode.OK))

    def test_without_a_valid_token_nothing_is_told(self):
        talk = Talk(token="dsa_wrong")
        with self.assertRaises(grpc.RpcError) as caught:
            talk.ask(list_services="")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)

    def test_revoked_token_ends_its_conversations(self):
        for silent in (True, False):
            role = call("RoleService.CreateRole", v1("CreateRoleRequest", role=v1(
                "Role", name=f"Revoked {silent}", permissions=["devices.read"])))
            token = call("ApiTokenService.CreateApiToken", v1("CreateApiTokenRequest", api_token=v1(
                "ApiToken", name=f"Revoked {silent}", role_id=role.id)))
            talks = [Talk(token=token.token) for _ in range(3)]
            for talk in talks:
                self.assertTrue(talk.ask(list_services="").list_services_response.service)
            call("ApiTokenService.DisableApiToken", v1("DisableApiTokenRequest", id=token.id))
            for talk in talks:
                with self.assertRaises(grpc.RpcError) as caught:
                    next(talk.answers) if silent else talk.ask(list_services="")
                self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)

    def test_expired_token_ends_its_conversation(self):
        end = message("google.protobuf.Timestamp")()
        for seconds in (2, 20):  # should the machine stand still before the stream is open
            end.FromSeconds(int(time.time()) + seconds)
            try:
                token = call("ApiTokenService.CreateApiToken", v1("CreateApiTokenRequest", api_token=v1(
                    "ApiToken", name=f"Expires in {seconds}", role_id=READER, expire_time=end)))
            except grpc.RpcError:  # its end has passed already
                continue
            talk = Talk(token=token.token)
            told = 0
            with self.assertRaises(grpc.RpcError) as caught:
                told = len(talk.ask(list_services="").list_services_response.service)
                next(talk.answers)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
            self.assertGreaterEqual(time.time(), end.seconds)
            if told:
                return
        self.fail("no stream was opened in 20 s")

    def test_many_requests_at_once_are_answered_in_order(self):
        path, request, response = method(
            "grpc.reflection.v1.ServerReflection.ServerReflectionInfo")
        names = ["datastream.v1.Director", "no.body", "google.protobuf.Any"] * 700
        answers = channel.stream_stream(
            path, request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=response.FromString)(
                (request(file_containing_symbol=name) for name in names), timeout=60,
                metadata=(("authorization", "Bearer " + server.token),))
        got = [answer.original_request.file_containing_symbol for answer in answers]
        self.assertEqual(got, names)
        self.assertEqual(answers.code(), grpc.StatusCode.OK)

    def test_too_large_request_ends_the_stream(self):
        talk = Talk()
        with self.assertRaises(grpc.RpcError) as caught:
            talk.ask(file_containing_symbol="x" * 20000)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)


def watch(on, service, timeout=30):
    path, request, response = method("grpc.health.v1.Health.Watch")
    return on.unary_stream(path, request_serializer=lambda m: m.SerializeToString(),
                           response_deserializer=response.FromString)(
                               request(service=service), timeout=timeout)


class Watch(unittest.TestCase):
    SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3

    def test_status_is_told_at_once_and_the_stream_stays_open(self):
        for service, wanted in (("", self.SERVING), ("datastream.v1.RoleService", self.SERVING),
                                ("nobody", self.SERVICE_UNKNOWN)):
            answers = watch(channel, service)
            self.assertEqual(next(answers).status, wanted)
            with self.assertRaises(grpc.RpcError) as caught:
                threading.Timer(0.5, answers.cancel).start()
                next(answers)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.CANCELLED)

    def test_cancelled_watch_is_forgotten(self):
        answers = watch(channel, "")
        next(answers)
        answers.cancel()
        self.assertEqual(next(watch(channel, "")).status, self.SERVING)

    def test_draining_is_told_and_ends_every_stream(self):
        own = Server()
        with grpc.insecure_channel(own.address) as on:
            known, unknown = watch(on, ""), watch(on, "nobody")
            path, request, response = method(
                "grpc.reflection.v1.ServerReflection.ServerReflectionInfo")
            released = threading.Event()

            def requests():
                yield request(list_services="")
                released.wait(30)

            talk = on.stream_stream(path, request_serializer=lambda m: m.SerializeToString(),
                                    response_deserializer=response.FromString)(
                requests(), timeout=30, metadata=(("authorization", "Bearer " + own.token),))
            self.assertEqual(next(known).status, self.SERVING)
            self.assertEqual(next(unknown).status, self.SERVICE_UNKNOWN)
            self.assertTrue(next(talk).list_services_response.service)
            own.process.send_signal(signal.SIGTERM)
            self.assertEqual(next(known).status, self.NOT_SERVING)
            for answers in (known, unknown, talk):
                with self.assertRaises(grpc.RpcError) as caught:
                    next(answers)
                self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
                self.assertTrue(caught.exception.details())
            released.set()
        self.assertEqual(own.process.wait(60), 0)
        own.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
