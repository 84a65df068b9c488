"""Many clients on many event loops, over gRPC and REST, against a plain model: each reads its own writes and those
of others as soon as they were answered, by credentials that are changed all the while, and watchers hear all writes.

Every object has a history of states. A call may see the last state that was answered when it began, and what was
asked for until it ended; nothing older. LOOPS_STEPS makes a run longer.
"""
import collections
import http.client
import json
import os
import random
import threading
import unittest

import grpc

from messages import method, v1
from server import Server

STEPS = int(os.environ.get("LOOPS_STEPS", 60))
CLIENTS = 6
WATCHERS = 3
PERMISSIONS = ("devices.read", "devices.edit")
STATUS = {grpc.StatusCode.OK: 200, grpc.StatusCode.UNAUTHENTICATED: 401, grpc.StatusCode.PERMISSION_DENIED: 403,
          grpc.StatusCode.NOT_FOUND: 404}
HEARTBEAT = 4

TokenState = collections.namedtuple("TokenState", "value enabled role")


class History:
    """States of one object. Writers take turns by the lock; readers take none."""

    def __init__(self, id, state):
        self.id, self.states, self.answered, self.lock = id, [state], 0, threading.Lock()

    def write(self, state, send):
        """`send` asks for the state and tells whether it was refused."""
        with self.lock:
            self.states.append(state)
            if not send():
                self.states[-1] = self.states[-2]
            self.answered += 1

    def since(self, answered):
        return self.states[answered:]


def open_channel():
    return grpc.insecure_channel(server.address, options=(("grpc.use_local_subchannel_pool", 1),))


class Client:
    """A connection of each kind: two loops, most often."""

    def __init__(self):
        self.rest = http.client.HTTPConnection(server.address, timeout=60)
        self.channel = open_channel()

    def close(self):
        self.rest.close()
        self.channel.close()

    def by_rest(self, token, verb, path, body=None):
        self.rest.request(verb, "/api/v1" + path, None if body is None else json.dumps(body),
                          {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        response = self.rest.getresponse()
        answer = response.read()
        return (200 if response.status == 201 else response.status), json.loads(answer) if answer else {}

    def by_grpc(self, token, name, request):
        path, _, response = method("datastream.v1." + name)
        stub = self.channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                                        response_deserializer=response.FromString)
        try:
            return 200, stub(request, metadata=(("authorization", "Bearer " + token),), timeout=60)
        except grpc.RpcError as error:
            if error.code() not in STATUS:
                raise
            return STATUS[error.code()], None

    # Each of these is one call, over either.

    def create_device(self, token, name, grpc_):
        if grpc_:
            status, answer = self.by_grpc(token, "DeviceService.CreateDevice", v1(
                "CreateDeviceRequest", device=v1("Device", name=name)))
            return status, answer and (answer.id, int(answer.etag))
        status, answer = self.by_rest(token, "POST", "/devices", {"name": name})
        return status, status == 200 and (answer["id"], int(answer["etag"]))

    def rename_device(self, token, id, name, grpc_):
        if grpc_:
            status, answer = self.by_grpc(token, "DeviceService.UpdateDevice", v1(
                "UpdateDeviceRequest", device=v1("Device", id=id, name=name), update_mask={"paths": ["name"]}))
            return status, answer and int(answer.etag)
        status, answer = self.by_rest(token, "PATCH", "/devices/" + id, {"name": name})
        return status, status == 200 and int(answer["etag"])

    def delete_device(self, token, id, grpc_):
        if grpc_:
            return self.by_grpc(token, "DeviceService.DeleteDevice", v1("DeleteDeviceRequest", id=id))[0]
        return self.by_rest(token, "DELETE", "/devices/" + id)[0]

    def get_device(self, token, id, grpc_):
        """Status, and the name."""
        if grpc_:
            status, answer = self.by_grpc(token, "DeviceService.GetDevice", v1("GetDeviceRequest", id=id))
            return status, answer and answer.name
        status, answer = self.by_rest(token, "GET", "/devices/" + id)
        return status, answer["name"] if status == 200 else None

    def list_devices(self, token, grpc_):
        """Names by id."""
        if grpc_:
            _, answer = self.by_grpc(token, "DeviceService.ListDevices", v1("ListDevicesRequest", page_size=1000))
            return {device.id: device.name for device in answer.devices}
        _, answer = self.by_rest(token, "GET", "/devices?pageSize=1000")
        return {device["id"]: device["name"] for device in answer.get("devices", [])}


class Worker(threading.Thread):
    def __init__(self, model, number, seed):
        super().__init__()
        self.model, self.number, self.random = model, number, random.Random(seed + number)
        self.client, self.names, self.failed = Client(), 0, None

    def run(self):
        try:
            for _ in range(STEPS):
                self.step()
        except BaseException as error:  # told by the test
            self.failed = error
        finally:
            self.client.close()

    def over_grpc(self):
        return self.random.random() < 0.5

    def new_name(self):
        self.names += 1
        return f"device {self.names} of {self.number}"

    def check(self, good, *told):
        if not good:
            raise AssertionError(" ".join(map(str, told)))

    def allowed(self, device, marks, value, token, permission):
        """What a call about the device may be answered with: statuses, and names where it is 200."""
        answers = set()
        for state in token.since(marks[0]) if token else (None,):
            if state and not (state.enabled and state.value == value):
                answers.add((401, None))
                continue
            for permissions in state.role.since(marks[1][state.role]) if state else (PERMISSIONS,):
                if permission not in permissions:
                    answers.add((403, None))
                else:
                    answers.update((404, None) if name is None else (200, name)
                                   for name in device.since(marks[2]))
        return answers

    def marks(self, token, device):
        return (token and token.answered, {role: role.answered for role in self.model.roles}, device.answered)

    def credential(self):
        """A token of the model with a value, one that was replaced now and then; or the administrator's."""
        if self.random.random() < 0.4:
            return None, server.token
        token = self.random.choice(self.model.tokens)
        states = token.states
        return token, (self.random.choice(states) if self.random.random() < 0.2 else states[token.answered]).value

    def step(self):
        action, = self.random.choices(
            (self.read, self.read_list, self.rename, self.create, self.delete, self.change_token, self.change_role),
            (10, 2, 8, 2, 1, 4, 2))
        action()

    def read(self, device=None):
        device = device or self.random.choice(self.model.devices)
        token, value = self.credential()
        marks = self.marks(token, device)
        seen = self.client.get_device(value, device.id, self.over_grpc())
        allowed = self.allowed(device, marks, value, token, "devices.read")
        self.check(seen in allowed, "read", seen, "and not one of", allowed)

    def read_list(self):
        devices = list(self.model.devices)
        answered = [device.answered for device in devices]
        listed = self.client.list_devices(server.token, self.over_grpc())
        for device, mark in zip(devices, answered):
            states = device.since(mark)
            self.check(listed.get(device.id) in states, "listed", listed.get(device.id), "and not one of", states)

    def rename(self):
        device, name = self.random.choice(self.model.devices), self.new_name()

        def send():
            token, value = self.credential()
            marks = self.marks(token, device)
            status, revision = self.client.rename_device(value, device.id, name, self.over_grpc())
            allowed = {status for status, _ in self.allowed(device, marks, value, token, "devices.edit")}
            if device.states[-2] is None:  # nobody else writes meanwhile
                allowed.discard(200)
            else:
                allowed.discard(404)
            self.check(status in allowed, "renaming was answered with", status, "and not one of", allowed)
            if status == 200:
                self.model.written.append((revision, device.id))
            return status == 200

        device.write(name, send)
        self.read(device)

    def create(self):
        name = self.new_name()
        status, made = self.client.create_device(server.token, name, self.over_grpc())
        self.check(status == 200, "creating was answered with", status)
        device = History(made[0], name)
        self.model.written.append((made[1], made[0]))
        self.model.devices.append(device)
        self.read(device)

    def delete(self):
        device = self.random.choice(self.model.devices[2:] or self.model.devices)

        def send():
            status = self.client.delete_device(server.token, device.id, self.over_grpc())
            self.check(status == (404 if device.states[-2] is None else 200), "deleting was answered with", status)
            if status == 200:
                self.model.deleted.append(device.id)
            return True

        device.write(None, send)
        self.read(device)

    def change_token(self):
        token = self.random.choice(self.model.tokens)
        with token.lock:
            was = token.states[-1]
            what = self.random.choice(("disable", "enable", "role", "regenerate"))
            # The new value is the answer's: until then a call may see the old one or none that is known.
            state = {"disable": was._replace(enabled=False), "enable": was._replace(enabled=True),
                     "role": was._replace(role=self.random.choice(self.model.roles)),
                     "regenerate": was._replace(value="?")}[what]
            token.states.append(state)
            if what == "role":
                status, answer = self.client.by_rest(server.token, "PATCH", "/api-tokens/" + token.id,
                                                     {"roleId": state.role.id})
            elif self.over_grpc():
                verb = what.capitalize() + "ApiToken"
                status, answer = self.client.by_grpc(server.token, "ApiTokenService." + verb,
                                                     v1(verb + "Request", id=token.id))
                answer = {"token": answer and answer.token}
            else:
                status, answer = self.client.by_rest(server.token, "POST", f"/api-tokens/{token.id}:{what}", {})
            self.check(status == 200, what, "was answered with", status)
            if what == "regenerate":
                token.states[-1] = state._replace(value=answer["token"])
            token.answered += 1

    def change_role(self):
        role = self.random.choice(self.model.roles)
        permissions = [p for p in PERMISSIONS if self.random.random() < 0.7]

        def send():
            if self.over_grpc():
                status, _ = self.client.by_grpc(server.token, "RoleService.UpdateRole", v1(
                    "UpdateRoleRequest", role=v1("Role", id=role.id, permissions=permissions),
                    update_mask={"paths": ["permissions"]}))
            else:
                status, _ = self.client.by_rest(server.token, "PATCH", "/roles/" + role.id,
                                                {"permissions": permissions})
            self.check(status == 200, "the change of a role was answered with", status)
            return True

        role.write(permissions, send)


class Watcher(threading.Thread):
    """Hears of devices, over a channel of its own, until the one that ends the test is deleted."""

    def __init__(self, last):
        super().__init__()
        self.last, self.heard, self.channel = last, [], open_channel()
        path, _, response = method("datastream.v1.ChangeService.Watch")
        stub = self.channel.unary_stream(path, request_serializer=lambda m: m.SerializeToString(),
                                         response_deserializer=response.FromString)
        self.stream = stub(v1("WatchRequest", kinds=["devices"]), timeout=120,
                           metadata=(("authorization", "Bearer " + server.token),))
        next(self.stream)  # it is open

    def run(self):
        for change in self.stream:
            if change.type != HEARTBEAT:
                self.heard.append((change.revision, change.id, change.type))
            if change.id == self.last and change.type == 3:
                break
        self.channel.close()


class Model(unittest.TestCase):
    def setUp(self):
        self.client = Client()
        self.addCleanup(self.client.close)
        self.roles, self.tokens, self.devices, self.written, self.deleted = [], [], [], [], []

    def made(self, path, **body):
        status, answer = self.client.by_rest(server.token, "POST", path, body)
        self.assertEqual(status, 200, answer)
        return answer

    def test_clients_of_many_loops_read_what_was_answered(self):
        seed = random.randrange(1 << 32)
        last = self.made("/devices", name="last")["id"]
        watchers = [Watcher(last) for _ in range(WATCHERS)]
        for watcher in watchers:
            watcher.start()
        for i in range(3):
            made = self.made("/roles", name=f"role {i}", permissions=PERMISSIONS)
            self.roles.append(History(made["id"], list(PERMISSIONS)))
        for i in range(4):
            made = self.made("/api-tokens", name=f"token {i}", roleId=self.roles[i % 3].id)
            self.tokens.append(History(made["id"], TokenState(made["token"], True, self.roles[i % 3])))
        for i in range(8):
            made = self.made("/devices", name=f"device {i}")
            self.devices.append(History(made["id"], f"device {i}"))
            self.written.append((int(made["etag"]), made["id"]))
        workers = [Worker(self, number, seed) for number in range(CLIENTS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(self.client.delete_device(server.token, last, False), 200)
        for watcher in watchers:
            watcher.join()
        failed = [str(worker.failed) for worker in workers if worker.failed]
        self.assertEqual(failed, [], f"seed {seed}")
        for watcher in watchers:
            self.assertEqual([change[:2] for change in watcher.heard if change[2] != 3], sorted(self.written))
            self.assertEqual(sorted(change[1] for change in watcher.heard if change[2] == 3),
                             sorted([*self.deleted, last]))
            self.assertEqual(watcher.heard, sorted(watcher.heard))


def setUpModule():
    global server
    server = Server("--workers", "4")


def tearDownModule():
    server.end()
    server.command("check")
    server.remove()


if __name__ == "__main__":
    unittest.main()
