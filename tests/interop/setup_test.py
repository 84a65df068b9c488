"""The setup of a new server over gRPC: nothing else is answered before it, and it is done once."""
import unittest

import grpc

from messages import method, v1
from server import Server

SETUP = "datastream.v1.SetupService.CreateFirstOrganization"
GOOD = {"organization": "Acme", "email": "owner@acme.example", "name": "Ada Ray", "password": "violet-otter-lamp"}


def call(full_name, request):
    path, _, response = method(full_name)
    stub = channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=response.FromString)
    return stub.with_call(request, timeout=60)


def setUpModule():
    global server, channel
    server = Server(organization=False)
    channel = grpc.insecure_channel(server.address)


def tearDownModule():
    channel.close()
    server.end()
    server.command("check")
    server.command("verify-audit")
    server.remove()


class Setup(unittest.TestCase):
    def refused(self, code, says, full_name, request):
        with self.assertRaises(grpc.RpcError) as raised:
            call(full_name, request)
        self.assertEqual(raised.exception.code(), code, raised.exception.details())
        details = dict(raised.exception.trailing_metadata()).get("grpc-status-details-bin", b"")
        self.assertIn(says.encode(), details + raised.exception.details().encode())

    def request(self, token, **changes):
        return v1("CreateFirstOrganizationRequest", setup_token=token, **{**GOOD, **changes})

    def test_a_server_is_set_up_once(self):
        token = server.setup_token()
        self.refused(grpc.StatusCode.UNAVAILABLE, "SETUP_REQUIRED", "datastream.v1.AuthorizationService.WhoAmI",
                     v1("WhoAmIRequest"))
        self.refused(grpc.StatusCode.UNAVAILABLE, "SETUP_REQUIRED", "datastream.v1.SessionService.SignIn",
                     v1("SignInRequest", email=GOOD["email"], password=GOOD["password"]))
        wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
        self.refused(grpc.StatusCode.PERMISSION_DENIED, "setup token", SETUP, self.request(wrong))
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, "password", SETUP, self.request(token, password="short"))
        self.refused(grpc.StatusCode.INVALID_ARGUMENT, "email", SETUP, self.request(token, email="nobody"))
        answer, ended = call(SETUP, self.request(token))
        self.assertEqual([len(answer.organization_id), len(answer.owner_id)], [36, 36])
        # A session is kept in a cookie, which gRPC does not have.
        self.assertNotIn("set-cookie", [name for name, _ in (*ended.initial_metadata(), *ended.trailing_metadata())])
        self.refused(grpc.StatusCode.ALREADY_EXISTS, "", SETUP, self.request(token))
        self.refused(grpc.StatusCode.UNAUTHENTICATED, "", "datastream.v1.AuthorizationService.WhoAmI",
                     v1("WhoAmIRequest"))
        with self.assertRaises(FileNotFoundError):
            server.setup_token()


if __name__ == "__main__":
    unittest.main()
