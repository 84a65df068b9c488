"""The change feed by Python's grpcio: server streaming, deadlines, flow control, resumption."""
import random
import signal
import threading
import time
import unittest

import grpc

from messages import message, method, v1
from server import Server

WATCH = "datastream.v1.ChangeService.Watch"
DIRECTORS = "datastream.v1.DirectorService."
ROLES = "datastream.v1.RoleService."
TOKENS = "datastream.v1.ApiTokenService."
HEARTBEAT = 4


def setUpModule():
    global server, channel
    server = Server("--stream-heartbeat-ms", "500")
    channel = grpc.insecure_channel(server.address)


def tearDownModule():
    channel.close()
    server.stop()


def credentials(token=None, of=None):
    return (("authorization", "Bearer " + (token or (of or server).token)),)


def call(full_name, request, on=None, of=None):
    path, _, response = method(full_name)
    stub = (on or channel).unary_unary(
        path, request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=response.FromString)
    return stub(request, metadata=credentials(of=of), timeout=20)


def watch(kinds=(), from_revision=0, token=None, timeout=30, on=None, of=None):
    path, _, response = method(WATCH)
    stub = (on or channel).unary_stream(
        path, request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=response.FromString)
    return stub(v1("WatchRequest", kinds=kinds, from_revision=from_revision),
                metadata=credentials(token, of), timeout=timeout)


def make_director(name, **on):
    return call(DIRECTORS + "CreateDirector",
                v1("CreateDirectorRequest", director=v1("Director", name=name)), **on)


def next_change(stream):
    return next(change for change in stream if change.type != HEARTBEAT)


def reader(name, *permissions):
    role = call(ROLES + "CreateRole", v1("CreateRoleRequest", role=v1(
        "Role", name=name, permissions=permissions)))
    token = call(TOKENS + "CreateApiToken", v1("CreateApiTokenRequest", api_token=v1(
        "ApiToken", name=name, role_id=role.id)))
    return role, token


def error_info(error):
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            for any_ in message("google.rpc.Status").FromString(value).details:
                if any_.type_url.endswith("ErrorInfo"):
                    return message("google.rpc.ErrorInfo").FromString(any_.value)
    return None


class Watching(unittest.TestCase):
    def ends(self, stream, code):
        with self.assertRaises(grpc.RpcError) as caught:
            for _ in stream:
                pass
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception

    def test_changes_come_as_they_are_made(self):
        stream = watch()
        begun = next(stream)
        self.assertEqual((begun.type, begun.id), (HEARTBEAT, ""))
        self.assertGreater(begun.revision, 0)
        made = make_director("Told")
        change = next_change(stream)
        self.assertEqual((change.type, change.kind, change.id), (1, "directors", made.id))
        self.assertEqual(str(change.revision), made.etag)
        self.assertLess(abs(change.time.seconds - time.time()), 60)
        call(DIRECTORS + "DeleteDirector", v1("DeleteDirectorRequest", id=made.id))
        change = next_change(stream)
        self.assertEqual((change.type, change.id), (3, made.id))
        stream.cancel()

    def test_silence_is_broken_by_heartbeats(self):
        stream = watch(kinds=["devices"])
        begun = next(stream)
        make_director("Not a device")
        later = [next(stream) for _ in range(3)]
        self.assertEqual({change.type for change in later}, {HEARTBEAT})
        self.assertGreater(later[-1].revision, begun.revision)
        stream.cancel()

    def test_deadline_ends_the_stream(self):
        started = time.monotonic()
        self.ends(watch(timeout=1.2), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertLess(time.monotonic() - started, 30)

    def test_refusals(self):
        _, token = reader("Role reader", "roles.read")
        self.ends(watch(token="dsa_wrong"), grpc.StatusCode.UNAUTHENTICATED)
        self.ends(watch(kinds=["dwarfs"]), grpc.StatusCode.INVALID_ARGUMENT)
        denied = self.ends(watch(kinds=["directors"], token=token.token),
                           grpc.StatusCode.PERMISSION_DENIED)
        self.assertEqual(error_info(denied).metadata["permission"], "directors.read")
        ahead = self.ends(watch(from_revision=1 << 63), grpc.StatusCode.OUT_OF_RANGE)
        self.assertEqual(error_info(ahead).reason, "REVISION_NOT_GIVEN")

    def test_two_requests_are_refused(self):
        path = method(WATCH)[0]
        stream = channel.stream_stream(path)(iter([b"", b""]), metadata=credentials(), timeout=20)
        self.ends(stream, grpc.StatusCode.UNIMPLEMENTED)

    def test_revoked_token_ends_its_streams(self):
        _, token = reader("Revoked", "directors.read")
        streams = [watch(token=token.token) for _ in range(5)]
        for stream in streams:
            next(stream)
        call(TOKENS + "DisableApiToken", v1("DisableApiTokenRequest", id=token.id))
        for stream in streams:
            self.ends(stream, grpc.StatusCode.UNAUTHENTICATED)

    def test_narrowed_role_ends_streams_of_what_it_lost(self):
        role, token = reader("Narrowed", "directors.read", "roles.read")
        stream = watch(kinds=["directors"], token=token.token)
        next(stream)
        request = v1("UpdateRoleRequest", role=v1("Role", id=role.id, permissions=["roles.read"]))
        request.update_mask.paths.append("permissions")
        call(ROLES + "UpdateRole", request)
        denied = self.ends(stream, grpc.StatusCode.PERMISSION_DENIED)
        self.assertEqual(error_info(denied).metadata["permission"], "directors.read")

    def test_no_gap_and_no_repeat_across_reconnects(self):
        begun = next(watch()).revision
        made = [set() for _ in range(4)]

        def write(own, number):
            own.update(make_director(f"Writer {number} {i}").id for i in range(60))

        writers = [threading.Thread(target=write, args=(own, number))
                   for number, own in enumerate(made)]
        for writer in writers:
            writer.start()
        heard, last, streams = [], begun, 0
        luck = random.Random(7)
        while len(heard) < 240:
            stream = watch(kinds=["directors"], from_revision=last)
            streams += 1
            for _ in range(luck.randrange(1, 25)):
                change = next(stream)
                self.assertGreaterEqual(change.revision, last)
                if change.type != HEARTBEAT:
                    self.assertGreater(change.revision, last)
                    heard.append(change.id)
                last = change.revision
                if len(heard) == 240:
                    break
            stream.cancel()
        for writer in writers:
            writer.join()
        self.assertGreater(streams, 5)
        self.assertEqual(sorted(heard), sorted(set().union(*made)))

    def test_slow_reader_is_waited_for(self):
        made = make_director("Changing")
        stream = watch(kinds=["directors"], timeout=60)
        begun = next(stream).revision
        request = v1("UpdateDirectorRequest", director=v1("Director", id=made.id))
        request.update_mask.paths.append("description")
        for i in range(3000):  # far beyond the windows of a client that does not read
            request.director.description = f"number {i}"
            call(DIRECTORS + "UpdateDirector", request)
        revisions = [next_change(stream).revision for _ in range(3000)]
        self.assertEqual(revisions, sorted(set(revisions)))
        self.assertGreater(revisions[0], begun)
        stream.cancel()

    def test_many_watches_share_a_channel(self):
        streams = [watch() for _ in range(50)]
        for stream in streams:
            next(stream)
        made = make_director("Heard by all")
        self.assertEqual({next_change(stream).id for stream in streams}, {made.id})
        for stream in streams:
            stream.cancel()
        make_director("Heard by none")


class Ending(unittest.TestCase):
    def test_draining_server_ends_streams_so_that_they_resume(self):
        own = Server()
        with grpc.insecure_channel(own.address) as on:
            stream = watch(on=on, of=own)
            next(stream)
            own.process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            with self.assertRaises(grpc.RpcError) as caught:
                for _ in stream:
                    pass
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertLess(time.monotonic() - started, 20)
        own.process.wait(60)
        own.stop()

    def test_trimmed_revision_is_refused(self):
        own = Server("--feed-keep-rows", "3", "--maintenance-interval-ms", "20")
        with grpc.insecure_channel(own.address) as on:
            for i in range(10):
                last = make_director(f"Trimmed {i}", on=on, of=own)
            error = None
            for _ in range(600):
                time.sleep(0.05)
                try:
                    next(watch(from_revision=2, on=on, of=own))
                except grpc.RpcError as caught:
                    error = caught
                    if error_info(error).metadata["oldestRevision"] == str(int(last.etag) - 3):
                        break
            self.assertEqual(error.code(), grpc.StatusCode.OUT_OF_RANGE)
            self.assertEqual(error_info(error).reason, "REVISION_NOT_KEPT")
            oldest = int(error_info(error).metadata["oldestRevision"])
            stream = watch(from_revision=oldest, on=on, of=own)
            self.assertEqual([next_change(stream).revision for _ in range(3)][-1], int(last.etag))
            stream.cancel()
        own.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
