"""Every method of the contract, called by every kind of caller over REST and gRPC: who may, and who may not.

The methods, their paths and what they require are read from the contract. A request names objects that do not
exist and has no body: who may call the method is answered something else than a refusal, and nothing changes.
AUTHORIZATION_SEED repeats the random roles of a run.
"""
import collections
import datetime
import http.client
import json
import os
import random
import re
import time
import unittest
import uuid

import grpc
import every_method_test as every
from messages import extension, message, services
from server import Server

PACKAGE = "datastream.v1"
RANDOM_ROLES = 20
# What callers are told who may call the method.
LET_IN = {200, 201, 204, 400, 404, 409, 412, 422}
LET_IN_GRPC = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
               grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION}
UNAUTHENTICATED = "unauthenticated"
ALLOWED = "allowed"
PASSWORD = "a good password"
FORM = "application/x-www-form-urlencoded"
# Ends the session by which it is called: called last.
SIGN_OUT = "SignOut"
WATCH = "Watch"

Method = collections.namedtuple("Method", "service name access permissions kind rules form streams before_change "
                                "input")
Rule = collections.namedtuple("Rule", "verb path")


def contract():
    """Every method of the package, with its policy and its HTTP rules."""
    options_class = message("google.protobuf.MethodOptions")
    policy_of, http_of = extension(f"{PACKAGE}.method"), extension("google.api.http")
    access_names = message(f"{PACKAGE}.Access").DESCRIPTOR.enum_types_by_name["Value"].values_by_number
    found = []
    for service_name, service in services(PACKAGE):
        for rpc in service.method:
            options = options_class.FromString(rpc.options.SerializeToString())
            policy, http_rule = options.Extensions[policy_of], options.Extensions[http_of]
            found.append(Method(
                service_name, rpc.name, access_names[policy.access].name,
                [name for name in (policy.permission, *policy.additional_permissions) if name], policy.kind,
                [rule_of(rule) for rule in (http_rule, *http_rule.additional_bindings)], policy.takes_form,
                rpc.server_streaming, policy.before_password_change, rpc.input_type.lstrip(".")))
    return found


def rule_of(http_rule):
    verb = http_rule.WhichOneof("pattern")
    path = re.sub(r"\{[^}]*\}", lambda _: str(uuid.uuid4()), getattr(http_rule, verb))
    return Rule(verb.upper(), path)


class Caller:
    """Who calls: a credential, what its role permits, and what is expected of it."""

    def __init__(self, name, permissions=(), bearer=None, cookie=None, csrf=None, is_known=True, is_director=False,
                 must_change=False):
        self.name, self.permissions, self.bearer, self.cookie, self.csrf = name, set(permissions), bearer, cookie, csrf
        self.is_known, self.is_director, self.must_change = is_known, is_director, must_change

    def headers(self):
        headers = {}
        if self.bearer:
            headers["Authorization"] = "Bearer " + self.bearer
        if self.cookie:
            headers["Cookie"] = self.cookie
        if self.csrf:
            headers.update({"Origin": "http://" + server.address, "X-CSRF-Token": self.csrf})
        return headers

    def expects(self, method, verb):
        """ALLOWED, UNAUTHENTICATED, or what a refusal must name: a reason or a permission."""
        if method.access == "PUBLIC":
            return ALLOWED
        if not self.is_known:
            return UNAUTHENTICATED
        if self.is_director:
            if method.access == "OWN_CREDENTIAL":
                return "OWN_CREDENTIAL"  # of another director
            return method.permissions[0] if method.permissions else "DIRECTOR_KEY"
        if self.cookie and not self.csrf and verb != "GET":
            return "CSRF"
        if self.must_change and not method.before_change:
            return "PASSWORD_CHANGE_REQUIRED"
        if method.access == "SESSION" and not self.cookie:
            return "SESSION_REQUIRED"
        if method.access == "OWN_CREDENTIAL":
            return "OWN_CREDENTIAL"
        if method.name == WATCH and not any(f"{kind}.read" in self.permissions for kind in kinds):
            return "PERMISSION_DENIED"  # of no permission of its own: one kind that may be read is enough
        return next((name for name in method.permissions if name not in self.permissions), ALLOWED)


def rest(verb, path, headers, body=None, kind="application/json"):
    """Status and body of a request on the module's connection; of an endless stream nothing is read."""
    global connection
    if body is not None:
        headers = {**headers, "Content-Type": kind}
    connection.request(verb, path, body, headers)
    response = connection.getresponse()
    if response.status == 200 and path == every_change:
        connection.close()
        return 200, b""
    return response.status, response.read()


def api(verb, path, wanted, body=None, **headers):
    status, text = rest(verb, "/api/v1" + path, {"Authorization": "Bearer " + server.token, **headers},
                        None if body is None else json.dumps(body))
    assert status == wanted, (verb, path, status, text)
    return json.loads(text)


def await_refusal(token):
    """Until a token that expires is refused."""
    until = time.monotonic() + 20
    while rest("GET", "/api/v1/devices", {"Authorization": "Bearer " + token})[0] != 401:
        assert time.monotonic() < until, "the token does not expire"
        time.sleep(0.02)


def make_token(name, role, **more):
    return api("POST", "/api-tokens", 201, {"name": name, "roleId": role["id"], **more})


def make_session(name, role, csrf=True, must_change=False):
    """A user of the role, and a caller by that user's session."""
    email = f"{uuid.uuid4().hex}@matrix.example"
    body = {"name": name, "email": email, "roleId": role["id"]}
    user = api("POST", "/users", 201, body if must_change else {**body, "password": PASSWORD})
    return session_of(name, role, email, user.get("oneTimePassword", PASSWORD), csrf, must_change)


def session_of(name, role, email, password, csrf=True, must_change=False):
    connection.request("POST", "/api/v1/session", json.dumps({"email": email, "password": password}),
                       {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    assert response.status == 200, answer
    cookie = response.headers["set-cookie"].partition(";")[0]
    return Caller(name, role.get("permissions", []), cookie=cookie, csrf=csrf and answer["csrfToken"],
                  must_change=must_change)


def random_roles(permissions):
    seed = int(os.environ.get("AUTHORIZATION_SEED", random.randrange(1 << 32)))
    print("seed", seed, flush=True)
    chooser = random.Random(seed)
    for number in range(RANDOM_ROLES):
        some = chooser.sample(permissions, chooser.randint(0, len(permissions)))
        yield api("POST", "/roles", 201, {"name": f"random {number}", "permissions": sorted(some)})


def make_callers():
    roles = {role["name"]: role for role in api("GET", "/roles?pageSize=1000", 200)["roles"]}
    everything = roles["API Administrator"]
    by_name = {}
    ended_soon = make_token("expired", everything, expireTime=(
        datetime.datetime.utcnow() + datetime.timedelta(seconds=2)).isoformat() + "Z")
    for role in list(roles.values()) + list(random_roles(everything["permissions"])):
        assignable = role["assignableTo"]
        if assignable != "USERS":
            by_name["token of " + role["name"]] = Caller(
                "token of " + role["name"], role.get("permissions", []),
                bearer=make_token("of " + role["name"], role)["token"])
        if assignable != "TOKENS":
            by_name["session of " + role["name"]] = (
                session_of("session of Owner", role, "owner@interop.example", server.owner_password)
                if role["name"] == "Owner" else make_session("session of " + role["name"], role))
    disabled = make_token("disabled", everything)
    api("POST", f"/api-tokens/{disabled['id']}:disable", 200, {})
    outside = make_token("elsewhere", everything, allowedCidrs=["192.0.2.0/24"])
    director = api("POST", "/directors", 201, {"name": "key bearer"})
    admin = make_session("session without CSRF", roles["Admin"], csrf=False)
    callers = [*by_name.values(), admin,
               make_session("session before a password change", roles["Admin"], must_change=True),
               Caller("no credential", is_known=False),
               Caller("unknown token", bearer="dsa_" + "0" * 49, is_known=False),
               Caller("expired token", bearer=ended_soon["token"], is_known=False),
               Caller("disabled token", bearer=disabled["token"], is_known=False),
               Caller("token outside its networks", bearer=outside["token"], is_known=False),
               Caller("session as a bearer", bearer=admin.cookie.partition("=")[2], is_known=False),
               Caller("unknown session", cookie="datastream=dss_" + "0" * 49, is_known=False),
               Caller("key of a director", bearer=director["apiKey"], is_director=True)]
    await_refusal(ended_soon["token"])
    return callers


def setUpModule():
    global server, channel, connection, methods, kinds, callers, every_change
    server = Server(second=True)
    channel = grpc.insecure_channel(server.address)
    connection = http.client.HTTPConnection(server.address)
    methods = contract()
    kinds = {method.kind for method in methods if method.kind}
    every_change = next(rule.path for method in methods for rule in method.rules if method.name == WATCH)
    callers = make_callers()
    every.server, every.channel = server, channel


def tearDownModule():
    connection.close()
    channel.close()
    server.stop()


def named(request):
    """The request, naming an object that does not exist if it names one."""
    if "id" in request.DESCRIPTOR.fields_by_name:
        request.id = str(uuid.uuid4())
    return request


class Matrix(unittest.TestCase):
    def setUp(self):
        self.unexpected = []
        self.asked = 0

    def judge(self, caller, face, method, expected, got):
        """`got` is ALLOWED, UNAUTHENTICATED, the bytes of a refusal, or a text that says what else."""
        self.asked += 1
        if isinstance(got, bytes) and expected not in (ALLOWED, UNAUTHENTICATED):
            # A reason or a permission, whole.
            if re.search(rb"(?<![\w.-])" + re.escape(expected.encode()) + rb"(?![\w.-])", got):
                return
        if got != expected:
            self.unexpected.append(f"{caller.name}, {face} {method.name}: {got!r} instead of {expected}")

    def finish(self):
        print(self.asked, "questions", flush=True)
        self.assertGreater(self.asked, 1000)
        self.assertEqual(self.unexpected, [], f"{len(self.unexpected)} unexpected")

    def ask_rest(self, caller, method, rule):
        body, kind = None, "application/json"
        if rule.verb != "GET" and rule.verb != "DELETE":
            body, kind = ("", FORM) if method.form else ("{}", kind)
        status, text = rest(rule.verb, rule.path, caller.headers(), body, kind)
        if status == 401:
            return UNAUTHENTICATED
        return ALLOWED if status in LET_IN else text if status == 403 else f"{status} {text[:200]}"

    def test_over_rest(self):
        ordered = sorted(methods, key=lambda method: method.name == SIGN_OUT)
        for caller in callers:
            for method in ordered:
                for rule in method.rules:
                    self.judge(caller, f"{rule.verb} {rule.path}", method, caller.expects(method, rule.verb),
                               self.ask_rest(caller, method, rule))
        self.finish()

    def ask_grpc(self, caller, method):
        metadata = [(name.lower(), value) for name, value in caller.headers().items()]
        path, request_type, _ = every.method(f"{method.service}.{method.name}")
        request = named(request_type())
        make = channel.unary_stream if method.streams else channel.unary_unary
        stub = make(path, request_serializer=lambda m: m.SerializeToString(), response_deserializer=lambda b: b)
        try:
            answer = stub(request, metadata=metadata, timeout=60)
            if method.streams:
                next(iter(answer))
                answer.cancel()
            return ALLOWED
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                return UNAUTHENTICATED
            details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
            if error.code() == grpc.StatusCode.PERMISSION_DENIED:
                return details
            return ALLOWED if error.code() in LET_IN_GRPC else f"{error.code()} {error.details()}"

    def test_over_grpc(self):
        for caller in callers:
            # Native gRPC knows bearer tokens alone.
            is_known = caller.is_known and not caller.cookie
            as_bearer = Caller(caller.name, caller.permissions, caller.bearer, is_known=is_known,
                               is_director=caller.is_director)
            as_bearer.headers = caller.headers
            for method in methods:
                self.judge(caller, "gRPC", method, as_bearer.expects(method, "POST"), self.ask_grpc(caller, method))
        self.finish()

    def test_objects_of_another_organization_are_unknown(self):
        for method in methods:
            kind = re.sub("Service$", "", method.service.rpartition(".")[2])
            fields = message(method.input).DESCRIPTOR.fields_by_name
            names_object = "id" in fields or "ids" in fields or method.name.startswith("Update")
            if (not names_object or method.name in every.OWN_CREDENTIALS or method.name in every.BY_SESSION
                    or method.name == "UpdateOrganization"):
                continue
            full_name = f"{method.service}.{method.name}"
            request = every.request_of(kind, method.name, message(method.input))
            self.asked += 1
            try:
                every.call(full_name, request, server.second)
                self.unexpected.append(f"{method.name}: answered")
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.NOT_FOUND:
                    self.unexpected.append(f"{method.name}: {error.code()} {error.details()}")
        print(self.asked, "methods with an id", flush=True)
        self.assertGreater(self.asked, 80)
        self.assertEqual(self.unexpected, [])


if __name__ == "__main__":
    unittest.main()
