"""Random operations on roles, users, tokens and sessions against a plain model, with restarts and kills between.

After each operation some credential calls some method, and the model says what is answered; after each restart
all of them do. PEOPLE_SEED repeats a run, and PEOPLE_STEPS makes it longer.
"""
import http.client
import json
import os
import random
import unittest
import uuid

from server import Server

STEPS = int(os.environ.get("PEOPLE_STEPS", 200))
KINDS = ("devices", "directors", "pipelines", "api-tokens", "users", "roles")
# Every permission of the model is one that some GET shows, or one that an operation below needs.
PERMISSIONS = [f"{kind}.read" for kind in KINDS] + ["api-tokens.create", "users.edit", "devices.create"]
NO_LIMITS = ("--max-failed-sign-ins", "0", "--max-source-failed-sign-ins", "0")


class Role:
    def __init__(self, id, permissions):
        self.id, self.permissions = id, set(permissions)


class Person:
    def __init__(self, id, email, password, role):
        self.id, self.email, self.password, self.role = id, email, password, role
        self.disabled, self.must_change = False, False
        self.sessions = []


class Session:
    """`dead` sessions stay in the model: they never come back."""

    def __init__(self, person, cookie, csrf):
        self.person, self.cookie, self.csrf, self.dead = person, cookie, csrf, False

    def works(self):
        return not self.dead

    def permissions(self):
        return self.person.role.permissions

    def headers(self):
        return {"Cookie": self.cookie, "Origin": "http://" + server.address, "X-CSRF-Token": self.csrf}

    def must_change(self):
        return self.person.must_change


class Token:
    def __init__(self, id, value, role):
        self.id, self.value, self.role, self.disabled, self.dead = id, value, role, False, False

    def works(self):
        return not self.dead and not self.disabled

    def permissions(self):
        return self.role.permissions

    def headers(self):
        return {"Authorization": "Bearer " + self.value}

    def must_change(self):
        return False


class OldValue(Token):
    """A value that was replaced: it never works again."""

    def works(self):
        return False


def send(verb, path, headers, body=None):
    """Status, answer and head of a request."""
    text = None if body is None else json.dumps(body)
    for again in (False, True):
        try:
            connection = send.connection or http.client.HTTPConnection(server.address, timeout=60)
            send.connection = connection
            connection.request(verb, "/api/v1" + path, text, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            answer = response.read()
            return response.status, json.loads(answer) if answer else {}, response.headers
        except (ConnectionError, http.client.HTTPException):
            send.connection = None  # of the server before the restart
            if again:
                raise


send.connection = None


class Model(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("PEOPLE_SEED", random.randrange(1 << 32)))
        print("seed", self.seed, flush=True)
        self.random = random.Random(self.seed)
        self.roles, self.people, self.tokens, self.gone = [], [], [], []
        self.names = 0
        self.done = {}

    def name(self, what):
        self.names += 1
        return f"{what} {self.names}"

    def ask(self, wanted, verb, path, body=None, by=None):
        headers = by.headers() if by else {"Authorization": "Bearer " + server.token}
        status, answer, head = send(verb, path, headers, body)
        self.assertEqual(status, wanted, f"{verb} {path} {body}: {answer}; seed {self.seed}, {self.done}")
        return answer, head

    def end_sessions(self, person, spared=None):
        for session in person.sessions:
            if session is not spared:
                session.dead = True

    def callers(self):
        return self.tokens + self.gone + [session for person in self.people for session in person.sessions]

    # -- roles

    def create_role(self):
        permissions = self.random.sample(PERMISSIONS, self.random.randint(0, len(PERMISSIONS)))
        answer, _ = self.ask(201, "POST", "/roles", {"name": self.name("role"), "permissions": permissions})
        self.roles.append(Role(answer["id"], permissions))

    def edit_role(self):
        role = self.random.choice(self.roles)
        permissions = self.random.sample(PERMISSIONS, self.random.randint(0, len(PERMISSIONS)))
        self.ask(200, "PATCH", "/roles/" + role.id, {"permissions": permissions})
        role.permissions = set(permissions)

    def delete_role(self):
        role = self.random.choice(self.roles)
        held = any(holder.role is role for holder in self.people + self.tokens)
        self.ask(409 if held else 200, "DELETE", "/roles/" + role.id)
        if not held:
            self.roles.remove(role)

    # -- people

    def create_person(self):
        role = self.random.choice(self.roles)
        email, password = f"{uuid.uuid4().hex}@model.example", uuid.uuid4().hex
        answer, _ = self.ask(201, "POST", "/users", {"name": self.name("person"), "email": email,
                                                     "roleId": role.id, "password": password})
        self.people.append(Person(answer["id"], email, password, role))

    def sign_in(self):
        person = self.random.choice(self.people)
        wrong = self.random.random() < 0.2
        body = {"email": person.email, "password": "a wrong password" if wrong else person.password}
        answer, head = self.ask(401 if wrong or person.disabled else 200, "POST", "/session", body, by=Nobody)
        if not wrong and not person.disabled:
            person.sessions.append(Session(person, head["set-cookie"].partition(";")[0], answer["csrfToken"]))

    def sign_out(self):
        session = self.random.choice([session for person in self.people for session in person.sessions] or [None])
        if session:
            self.ask(200 if session.works() else 401, "DELETE", "/session", by=session)
            session.dead = True

    def change_password(self):
        session = self.random.choice([session for person in self.people for session in person.sessions] or [None])
        if not session:
            return
        password = uuid.uuid4().hex
        body = {"currentPassword": session.person.password, "newPassword": password}
        answer, head = self.ask(200 if session.works() else 401, "POST", "/session:changePassword", body, by=session)
        if session.works():
            person = session.person
            person.password, person.must_change = password, False
            self.end_sessions(person)
            person.sessions.append(Session(person, head["set-cookie"].partition(";")[0], answer["csrfToken"]))

    def change_role_of_person(self):
        person, role = self.random.choice(self.people), self.random.choice(self.roles)
        self.ask(200, "PATCH", "/users/" + person.id, {"roleId": role.id})
        if role is not person.role:
            self.end_sessions(person)
            person.role = role

    def disable_person(self):
        person = self.random.choice(self.people)
        self.ask(200, "POST", f"/users/{person.id}:disable", {})
        person.disabled = True
        self.end_sessions(person)

    def enable_person(self):
        person = self.random.choice(self.people)
        self.ask(200, "POST", f"/users/{person.id}:enable", {})
        person.disabled = False

    def end_sessions_of_person(self):
        person = self.random.choice(self.people)
        self.ask(200, "POST", f"/users/{person.id}:endSessions", {})
        self.end_sessions(person)

    def reset_password(self):
        person = self.random.choice(self.people)
        answer, _ = self.ask(200, "POST", f"/users/{person.id}:resetPassword", {})
        person.password, person.must_change = answer["oneTimePassword"], True
        self.end_sessions(person)

    def delete_person(self):
        person = self.random.choice(self.people)
        self.ask(200, "DELETE", "/users/" + person.id)
        self.end_sessions(person)
        self.gone.extend(person.sessions)
        self.people.remove(person)

    # -- tokens

    def create_token(self, by=None, wanted=201):
        role = self.random.choice(self.roles)
        if by:
            wanted = self.expected(by, "api-tokens.create") or (
                201 if role.permissions <= by.permissions() else 403)
        answer, _ = self.ask(wanted, "POST", "/api-tokens", {"name": self.name("token"), "roleId": role.id}, by)
        if wanted == 201:
            self.tokens.append(Token(answer["id"], answer["token"], role))

    def create_token_by_somebody(self):
        self.create_token(self.random.choice(self.callers()))

    def change_token(self):
        token, verb = self.random.choice(self.tokens), self.random.choice(("disable", "enable", "regenerate"))
        answer, _ = self.ask(200, "POST", f"/api-tokens/{token.id}:{verb}", {})
        if verb == "regenerate":
            self.gone.append(OldValue(token.id, token.value, token.role))
            token.value = answer["token"]
        else:
            token.disabled = verb == "disable"

    def change_role_of_token(self):
        token, role = self.random.choice(self.tokens), self.random.choice(self.roles)
        self.ask(200, "PATCH", "/api-tokens/" + token.id, {"roleId": role.id})
        token.role = role

    def delete_token(self):
        token = self.random.choice(self.tokens)
        self.ask(200, "DELETE", "/api-tokens/" + token.id)
        token.dead = True
        self.tokens.remove(token)
        self.gone.append(token)

    def disable_person_by_somebody(self):
        """Only who may do at least as much may disable a person."""
        person, by = self.random.choice(self.people), self.random.choice(self.callers())
        wanted = self.expected(by, "users.edit") or (200 if person.role.permissions <= by.permissions() else 403)
        self.ask(wanted, "POST", f"/users/{person.id}:disable", {}, by)
        if wanted == 200:
            person.disabled = True
            self.end_sessions(person)

    # -- what is so

    def expected(self, caller, permission):
        """The status by which the caller is refused what needs the permission; None where it is not."""
        if not caller.works():
            return 401
        return 403 if caller.must_change() or permission not in caller.permissions() else None

    def probe(self, caller):
        kind = self.random.choice(KINDS)
        self.ask(self.expected(caller, kind + ".read") or 200, "GET", f"/{kind}?pageSize=1", by=caller)

    def compare_lists(self):
        """What is listed is what the model has; other objects are there from the start."""
        for collection, member, model in (("roles", "roles", self.roles), ("users", "users", self.people),
                                          ("api-tokens", "apiTokens", self.tokens)):
            answer, _ = self.ask(200, "GET", f"/{collection}?pageSize=1000")
            listed = {found["id"]: found for found in answer[member]}
            self.assertLessEqual({known.id for known in model}, listed.keys())
            extra = len(listed) - len(model)
            self.assertEqual(extra, self.at_start[collection], f"{collection}; seed {self.seed}")
            for known in model:
                found = listed[known.id]
                if collection == "roles":
                    self.assertEqual(set(found.get("permissions", [])), known.permissions)
                else:
                    self.assertEqual((found["roleId"], found["status"]),
                                     (known.role.id, "DISABLED" if known.disabled else "ACTIVE"))

    def restart(self):
        server.restart(kill=self.random.random() < 0.5)
        self.compare_lists()
        for caller in self.callers():
            self.probe(caller)

    def test_the_server_is_as_the_model(self):
        self.at_start = {collection: self.ask(200, "GET", f"/{collection}?pageSize=1")[0]["totalSize"]
                         for collection in ("roles", "users", "api-tokens")}
        operations = {self.create_role: 3, self.edit_role: 8, self.delete_role: 3, self.create_person: 3,
                      self.sign_in: 12, self.sign_out: 3, self.change_password: 2, self.change_role_of_person: 3,
                      self.disable_person: 2, self.enable_person: 4, self.end_sessions_of_person: 2,
                      self.reset_password: 1, self.delete_person: 1, self.create_token: 5,
                      self.create_token_by_somebody: 8, self.change_token: 8, self.change_role_of_token: 5,
                      self.delete_token: 3, self.disable_person_by_somebody: 5}
        for begin in (self.create_role, self.create_role, self.create_person, self.create_token):
            begin()
        for step in range(STEPS):
            operation, = self.random.choices(list(operations), list(operations.values()))
            # Nothing ever runs out.
            if len(self.roles) < 3:
                operation = self.create_role
            elif len(self.people) < 2:
                operation = self.create_person
            elif len(self.tokens) < 2:
                operation = self.create_token
            operation()
            self.done[operation.__name__] = self.done.get(operation.__name__, 0) + 1
            for caller in self.random.sample(self.callers(), min(4, len(self.callers()))):
                self.probe(caller)
            if step % (STEPS // 5) == STEPS // 5 - 1:
                self.restart()
        print(len(self.callers()), "credentials after", self.done, flush=True)


class Nobody:
    """Signs in: a page of the server's own origin, without a session."""

    @staticmethod
    def headers():
        return {"Origin": "http://" + server.address}


def setUpModule():
    global server
    server = Server(*NO_LIMITS)


def tearDownModule():
    server.end()
    server.command("check")
    server.command("verify-audit")
    server.remove()


if __name__ == "__main__":
    unittest.main()
