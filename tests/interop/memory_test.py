#!/usr/bin/env python3
"""Out of memory over gRPC, in builds with faults: every unary method is called again and again with the n-th
allocation of its arenas failing (then the n-th and all later ones), n = 1, 2, 3 ... until it succeeds. Each
failure must be a clean status, and a success in spite of a failed allocation is a failure of this test."""
import itertools
import re
import unittest

import grpc

from messages import message, method, unary_methods, v1
from server import Server

USER = "00000000-0000-7000-8000-000000000004"  # the role User
READER = "00000000-0000-7000-8000-000000000007"  # the role API Reader
ALLOCATIONS_MOST = 3000
SUCCESSES = 3  # so many in a row: there is no further allocation to fail
STORED = "The change was stored, but "  # memory ended after the commit
CLEAN = {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}

number = itertools.count()
known_user = v1("User", id="none yet")


def setUpModule():
    global server, channel
    server = Server("--workers", "1")
    channel = grpc.insecure_channel(server.address)


def tearDownModule():
    channel.close()
    server.stop()


def call(full_name, request, fault=None):
    path, _, response = method(full_name)
    stub = channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=response.FromString)
    metadata = [("authorization", "Bearer " + server.token)]
    if fault:
        metadata.append(("x-datastream-fault", fault))
    return stub(request, metadata=metadata, timeout=20)


def name():
    return f"Memory {next(number)}"


def made(kind, **fields):
    """A new object of the kind."""
    service = f"datastream.v1.{kind}Service.Create{kind}"
    return call(service, request_of(service, **fields))


def token(**fields):
    return made("ApiToken", role_id=READER, **fields)


def role():
    return made("Role", permissions=["devices.read"])


def request_of(service, **fields):
    """The request of a create: {"device": {"name": ..., ...}}."""
    kind = service.rpartition(".Create")[2]
    request = v1(f"Create{kind}Request")
    field = request.DESCRIPTOR.fields[0]
    getattr(request, field.name).CopyFrom(message(field.message_type.full_name)(name=name(), **fields))
    return request


def user():
    return made("User", email=f"memory-{next(number)}@interop.example", role_id=role().id)


def update_of(kind, target):
    request = v1(f"Update{kind}Request")
    field = getattr(request, request.DESCRIPTOR.fields[0].name)
    field.id = target.id
    # What has no description has a name that can be changed.
    setattr(field, "description" if "description" in field.DESCRIPTOR.fields_by_name else "name", name())
    return request


def user(**flags):
    """A user; each costs the hash of a password, so one serves until it is gone."""
    global known_user
    try:
        call(USERS + ("DisableUser" if flags.get("disabled") else "EnableUser"),
             v1(("Disable" if flags.get("disabled") else "Enable") + "UserRequest", id=known_user.id))
    except grpc.RpcError:
        known_user = made("User", role_id=USER, email=f"memory-{next(number)}@interop.example")
    return known_user


def organization_of():
    request = v1("UpdateOrganizationRequest")
    request.organization.name = name()
    return request


def checks():
    request = v1("CheckPermissionsRequest")
    for value in ("", token().token, "unknown"):
        request.checks.add(permission="devices.read", token=value)
    return request


def disabled_token():
    target = token()
    call(TOKENS + "DisableApiToken", v1("DisableApiTokenRequest", id=target.id))
    return target


AUTHORIZATION = "datastream.v1.AuthorizationService."
DEVICES, DIRECTORS = "datastream.v1.DeviceService.", "datastream.v1.DirectorService."
ROLES, TOKENS = "datastream.v1.RoleService.", "datastream.v1.ApiTokenService."
USERS, ORGANIZATION = "datastream.v1.UserService.", "datastream.v1.OrganizationService."
QUESTIONS = "datastream.v1.AuthorizationService."
# A method to what makes its next request, whose objects are made without faults.
REQUESTS = {
    DEVICES + "CreateDevice": lambda: request_of(DEVICES + "CreateDevice", director_ids=[made("Director").id]),
    DEVICES + "GetDevice": lambda: v1("GetDeviceRequest", id=made("Device").id),
    DEVICES + "ListDevices": lambda: v1("ListDevicesRequest", page_size=10),
    DEVICES + "UpdateDevice": lambda: update_of("Device", made("Device")),
    DEVICES + "DeleteDevice": lambda: v1("DeleteDeviceRequest", id=made("Device").id),
    DIRECTORS + "CreateDirector": lambda: request_of(DIRECTORS + "CreateDirector"),
    DIRECTORS + "GetDirector": lambda: v1("GetDirectorRequest", id=made("Director").id),
    DIRECTORS + "ListDirectors": lambda: v1("ListDirectorsRequest", page_size=10),
    DIRECTORS + "UpdateDirector": lambda: update_of("Director", made("Director")),
    DIRECTORS + "DeleteDirector": lambda: v1("DeleteDirectorRequest", id=made("Director").id),
    ROLES + "CreateRole": lambda: request_of(ROLES + "CreateRole", permissions=["devices.read"]),
    ROLES + "GetRole": lambda: v1("GetRoleRequest", id=READER),
    ROLES + "ListRoles": lambda: v1("ListRolesRequest", page_size=10),
    ROLES + "UpdateRole": lambda: update_of("Role", role()),
    ROLES + "DeleteRole": lambda: v1("DeleteRoleRequest", id=role().id),
    TOKENS + "CreateApiToken": lambda: request_of(TOKENS + "CreateApiToken", role_id=READER),
    TOKENS + "GetApiToken": lambda: v1("GetApiTokenRequest", id=token().id),
    TOKENS + "ListApiTokens": lambda: v1("ListApiTokensRequest", page_size=10),
    TOKENS + "UpdateApiToken": lambda: update_of("ApiToken", token()),
    TOKENS + "DeleteApiToken": lambda: v1("DeleteApiTokenRequest", id=token().id),
    TOKENS + "RegenerateApiToken": lambda: v1("RegenerateApiTokenRequest", id=token().id),
    TOKENS + "DisableApiToken": lambda: v1("DisableApiTokenRequest", id=token().id),
    TOKENS + "EnableApiToken": lambda: v1("EnableApiTokenRequest", id=disabled_token().id),
    ROLES + "CloneRole": lambda: v1("CloneRoleRequest", id=READER, name=name()),
    ROLES + "GetRoleUsage": lambda: v1("GetRoleUsageRequest", id=READER),
    USERS + "CreateUser": lambda: request_of(USERS + "CreateUser", role_id=USER,
                                             email=f"memory-{next(number)}@interop.example"),
    USERS + "GetUser": lambda: v1("GetUserRequest", id=user().id),
    USERS + "ListUsers": lambda: v1("ListUsersRequest", page_size=10),
    USERS + "UpdateUser": lambda: update_of("User", user()),
    USERS + "DeleteUser": lambda: v1("DeleteUserRequest", id=user().id),
    USERS + "DisableUser": lambda: v1("DisableUserRequest", id=user().id),
    USERS + "EnableUser": lambda: v1("EnableUserRequest", id=user(disabled=True).id),
    USERS + "EndUserSessions": lambda: v1("EndUserSessionsRequest", id=user().id),
    ORGANIZATION + "GetOrganization": lambda: v1("GetOrganizationRequest"),
    ORGANIZATION + "UpdateOrganization": organization_of,
    QUESTIONS + "WhoAmI": lambda: v1("WhoAmIRequest"),
    QUESTIONS + "VerifyToken": lambda: v1("VerifyTokenRequest", token=token().token),
    QUESTIONS + "CheckPermissions": checks,
    "datastream.v1.IntrospectionService.IntrospectToken": lambda: v1("IntrospectTokenRequest", token=token().token),
    "datastream.v1.AuditService.ListAuditLogs": lambda: v1("ListAuditLogsRequest", page_size=10),
    TOKENS + "ListApiTokenActivityLogs": lambda: v1("ListApiTokenActivityLogsRequest", id=token().id),
    DEVICES + "EnableDevice": lambda: v1("EnableDeviceRequest", id=made("Device", status=2).id),
    DEVICES + "DisableDevice": lambda: v1("DisableDeviceRequest", id=made("Device").id),
    DEVICES + "CloneDevice": lambda: v1("CloneDeviceRequest", id=made("Device").id, name=name()),
    DEVICES + "BatchGetDevices": lambda: v1("BatchGetDevicesRequest", ids=[made("Device").id]),
    DEVICES + "BatchDeleteDevices": lambda: v1("BatchDeleteDevicesRequest", ids=[made("Device").id]),
    DEVICES + "GetDeviceUsage": lambda: v1("GetDeviceUsageRequest", id=made("Device").id),
    DIRECTORS + "RegenerateDirectorKey": lambda: v1("RegenerateDirectorKeyRequest", id=made("Director").id),
    AUTHORIZATION + "CheckPermissions": lambda: v1("CheckPermissionsRequest",
                                                   checks=[v1("PermissionCheck", permission="devices.read")]),
    AUTHORIZATION + "VerifyToken": lambda: v1("VerifyTokenRequest", token=token().token),
    "datastream.v1.ApiPreviewService.PreviewApiCall": lambda: v1("PreviewApiCallRequest", kind="devices"),
    AUTHORIZATION + "WhoAmI": lambda: v1("WhoAmIRequest"),
    "datastream.v1.AuditService.ListAuditLogs": lambda: v1("ListAuditLogsRequest", page_size=10),
    "datastream.v1.IntrospectionService.IntrospectToken": lambda: v1("IntrospectTokenRequest", token=token().token),
    "datastream.v1.OrganizationService.GetOrganization": lambda: v1("GetOrganizationRequest"),
    "datastream.v1.OrganizationService.UpdateOrganization": lambda: v1(
        "UpdateOrganizationRequest", organization=v1("Organization", name=name())),
    ROLES + "ListPermissions": lambda: v1("ListPermissionsRequest"),
    "datastream.v1.UserService.EndUserSessions": lambda: v1("EndUserSessionsRequest", id=user().id),
    "datastream.v1.UserService.ResetUserPassword": lambda: v1("ResetUserPasswordRequest", id=user().id),
    "datastream.v1.VaultSecretService.SetVaultSecretValue": lambda: v1(
        "SetVaultSecretValueRequest", id=made("VaultSecret").id, value="$env{SECRET}"),
}
# Verbs that the methods of a kind have in common: one engine serves them by the contract alone, so a kind more has
# no allocation that the methods above do not fail.
KINDS = ("AdvancedRoute|AgentEnrollmentTemplate|Cluster|Dataset|Device|Director|Pipeline|Profile|Role|Target|User|"
         "VaultProvider|VaultSecret")
ENGINE = re.compile(
    r"(Create|Get|List|Update|Delete|Enable|Disable|Activate|Deactivate|Clone|BatchGet|BatchDelete)"
    rf"({KINDS})s?|Get({KINDS})Usage|List({KINDS})ActivityLogs|RegenerateAgentEnrollmentTemplateToken")
# Methods that are not called here, and why.
OF_A_SESSION = "needs a session, which native gRPC does not have; tests/api/memory_test.c calls over REST"
NOT_CALLED = {
    "datastream.v1.SessionService.ChangePassword": OF_A_SESSION,
    "datastream.v1.SessionService.EndSession": OF_A_SESSION,
    "datastream.v1.SessionService.GetSession": OF_A_SESSION,
    "datastream.v1.SessionService.ListSessions": OF_A_SESSION,
    "datastream.v1.SessionService.SignIn": OF_A_SESSION,
    "datastream.v1.SessionService.SignOut": OF_A_SESSION,
    "datastream.v1.OrganizationService.TransferOwnership": OF_A_SESSION,
    "datastream.v1.SetupService.CreateFirstOrganization": "succeeds once in the life of a server",
    TOKENS + "RevokeMatchingApiTokens": "walks all tokens that others left, so its allocations grow with each try",
    "datastream.v1.DirectorService.CheckInDirector": "is called with the director's own key, not with a token",
}


class FailingAllocations(unittest.TestCase):
    def survives(self, full_name, make_request, onward):
        """How many failing allocations there were."""
        failures, successes, longer = 0, 0, 0
        for n in range(1, ALLOCATIONS_MOST):
            fault = f"{n}+" if onward else str(n)
            try:
                call(full_name, make_request(), fault)
                successes += 1
                if successes == SUCCESSES:
                    return failures
            except grpc.RpcError as error:
                says_stored = error.code() is grpc.StatusCode.INTERNAL and error.details().startswith(STORED)
                self.assertTrue(says_stored or error.code() in CLEAN, f"{full_name} with allocation {fault} failing: {error}")
                # A call takes a few allocations more where its commit meets another, or its token was forgotten.
                longer += successes
                self.assertLess(longer, SUCCESSES, f"{full_name} went well in spite of failed allocations before {n}")
                successes = 0
                failures += 1
        self.fail(f"{full_name} never succeeds")

    def test_every_unary_method_survives_each(self):
        methods = set(unary_methods("datastream.v1."))
        by_engine = {full_name for full_name in methods if ENGINE.fullmatch(full_name.rpartition(".")[2])}
        self.assertEqual(methods, by_engine | REQUESTS.keys() | NOT_CALLED.keys())
        self.assertEqual(REQUESTS.keys() & NOT_CALLED.keys(), set())
        for full_name, make_request in REQUESTS.items():
            for onward in False, True:
                with self.subTest(method=full_name, onward=onward):
                    self.assertGreater(self.survives(full_name, make_request, onward), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
