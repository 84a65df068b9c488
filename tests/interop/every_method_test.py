"""Every method of the contract, called by grpcio with a valid request: each must answer OK.

A kind is created from what it needs and goes through all methods of its service, found by their names.
A method that nothing here knows is called with an empty request, and must be given one of its own in
REQUESTS when that is not enough.
"""
import itertools
import os
import re
import unittest

import grpc
from google.protobuf import descriptor_pb2

from messages import message, method, v1
from server import Server

PACKAGE = "datastream.v1"
numbers = itertools.count(1)


def fresh_name():
    return f"every-{next(numbers)}"


def struct_of(name, text):
    body = message("google.protobuf.Struct")()
    body.fields[name].string_value = text
    return body


# What a resource needs beside its name.
NEEDS = {
    "AgentEnrollmentTemplate": lambda: {"platform": 2, "director_id": create("Director").id},
    "ApiToken": lambda: {"role_id": create("Role").id},
    "Cluster": lambda: {"type": 1},
    "Dataset": lambda: {"type": 1},
    "Pipeline": lambda: {"content": "processors: []"},
    "Profile": lambda: {"type": 1, "dataset_ids": [create("Dataset").id]},
    "Role": lambda: {"permissions": ["devices.read"]},
    "User": lambda: {"email": f"{fresh_name()}@interop.example", "role_id": create("Role").id},
}
# Requests that a method's name does not tell.
REQUESTS = {
    "RevokeMatchingApiTokens": lambda: dict(filter=f'name:"{create("ApiToken").name}"'),
    "CheckPermissions": lambda: {"checks": [v1("PermissionCheck", permission="devices.read")]},
    "SetVaultSecretValue": lambda: {"id": create("VaultSecret").id, "value": "$env{SECRET}"},
    "UpdateOrganization": lambda: {"organization": v1("Organization", name="Acme Works")},
    "IntrospectToken": lambda: {"token": create("ApiToken").token},
    "VerifyToken": lambda: {"token": create("ApiToken").token},
    "PreviewApiCall": lambda: {"kind": "devices", "body": struct_of("name", "previewed")},
}
# What a session would be needed for, which native gRPC does not have: the reason of the refusal.
BY_SESSION = {
    "ChangePassword": "SESSION_REQUIRED",
    "EndSession": "SESSION_REQUIRED",
    "GetSession": "SESSION_REQUIRED",
    "ListSessions": "SESSION_REQUIRED",
    "SignIn": "COOKIES_REQUIRED",
    "SignOut": "SESSION_REQUIRED",
    "TransferOwnership": "owner.transfer",
}
# A server that has an organization is set up already.
ONCE = {"CreateFirstOrganization": {"setup_token": "dsu_1", "organization": "Acme", "email": "a@interop.example",
                                    "name": "Ada Ray", "password": "a good password"}}
# Methods that an object calls by its own credential, and the field that has it when it is created.
OWN_CREDENTIALS = {"CheckInDirector": ("Director", "api_key")}


def setUpModule():
    global server, channel
    server = Server()
    channel = grpc.insecure_channel(server.address)


def tearDownModule():
    channel.close()
    server.stop()


def contract_methods():
    """(full name, whether it streams) of each method of the package."""
    files = descriptor_pb2.FileDescriptorSet()
    with open(os.environ["REFLECTION_PB"], "rb") as file:
        files.ParseFromString(file.read())
    return [(f"{PACKAGE}.{service.name}.{rpc.name}", rpc.server_streaming)
            for file in files.file if file.package == PACKAGE
            for service in file.service for rpc in service.method]


def call(full_name, request, token=None):
    path, _, response = method(full_name)
    stub = channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=response.FromString)
    return stub(request, metadata=[("authorization", "Bearer " + (token or server.token))], timeout=60)


def resource_field(request_type, kind):
    """The field of a request that holds the resource; None when there is none."""
    return next((field.name for field in request_type.DESCRIPTOR.fields
                 if field.message_type and field.message_type.full_name == f"{PACKAGE}.{kind}"), None)


def create(kind):
    full_name = f"{PACKAGE}.{kind}Service.Create{kind}"
    _, request_type, _ = method(full_name)
    resource = v1(kind, name=fresh_name(), **NEEDS.get(kind, dict)())
    return call(full_name, request_type(**{resource_field(request_type, kind): resource}))


def request_of(kind, name, request_type):
    """A valid request of the method, its objects created for it."""
    fields = request_type.DESCRIPTOR.fields_by_name
    if name in REQUESTS:
        return request_type(**REQUESTS[name]())
    if name.startswith("Update"):
        # What has no description has a name that can be changed.
        changed = "description" if "description" in v1(kind).DESCRIPTOR.fields_by_name else "name"
        resource = v1(kind, id=create(kind).id, **{changed: fresh_name()})
        request = request_type(**{resource_field(request_type, kind): resource})
        request.update_mask.paths.append(changed)
        return request
    request = request_type()
    if "ids" in fields:
        request.ids.extend(create(kind).id for _ in range(2))
    if "id" in fields:
        request.id = create(kind).id
    if name.startswith("Clone"):
        request.name = fresh_name()
    return request


def call_once(full_name):
    """Calls the method with a valid request."""
    service, _, name = full_name.rpartition(".")
    kind = re.sub("Service$", "", service.rpartition(".")[2])
    _, request_type, _ = method(full_name)
    if name == f"Create{kind}":
        return create(kind)
    if name in OWN_CREDENTIALS:
        own, field = OWN_CREDENTIALS[name]
        made = create(own)
        return call(full_name, request_type(id=made.id), getattr(made, field))
    if name in ONCE:
        return refused_once_done(full_name, request_type(**ONCE[name]))
    if name in BY_SESSION:
        return refused_without_session(full_name, request_type)
    return call(full_name, request_of(kind, name, request_type))


def refused_once_done(full_name, request):
    try:
        call(full_name, request)
    except grpc.RpcError as error:
        return error.code() == grpc.StatusCode.ALREADY_EXISTS or None
    return None


def refused_without_session(full_name, request_type):
    request = request_type()
    for field in request.DESCRIPTOR.fields:
        setattr(request, field.name, "any text")
    try:
        call(full_name, request)
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        return BY_SESSION[full_name.rpartition(".")[2]].encode() in details or None
    return None


def first_of_stream(full_name):
    path, request_type, response = method(full_name)
    stub = channel.unary_stream(path, request_serializer=lambda m: m.SerializeToString(),
                                response_deserializer=response.FromString)
    stream = stub(request_type(), metadata=[("authorization", "Bearer " + server.token)], timeout=60)
    first = next(iter(stream))
    stream.cancel()
    return first


class EveryMethod(unittest.TestCase):
    def test_each_answers_a_valid_request(self):
        methods = contract_methods()
        self.assertGreater(len(methods), 100)
        for full_name, streams in methods:
            with self.subTest(full_name):
                answer = first_of_stream(full_name) if streams else call_once(full_name)
                self.assertIsNotNone(answer)

    def test_what_has_requests_here_is_in_the_contract(self):
        names = {full_name.rpartition(".")[2] for full_name, _ in contract_methods()}
        self.assertEqual((REQUESTS.keys() | OWN_CREDENTIALS.keys() | BY_SESSION.keys() | ONCE.keys()) - names, set())


if __name__ == "__main__":
    unittest.main()
