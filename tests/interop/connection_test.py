"""Lives of connections as Python's grpcio sees them: draining, pings, age."""
import signal
import threading
import time
import unittest

import grpc

from messages import method, v1
from server import Server

LIST = "datastream.v1.DirectorService.ListDirectors"
PINGING = (("grpc.keepalive_time_ms", 200), ("grpc.keepalive_permit_without_calls", 1),
           ("grpc.http2.max_pings_without_data", 0),
           ("grpc.http2.min_time_between_pings_ms", 200),
           ("grpc.http2.min_sent_ping_interval_without_data_ms", 200))


def late_call(channel, server, released):
    """A call whose request is sent once `released` is set."""
    def requests():
        released.wait(30)
        yield v1("ListDirectorsRequest")

    path, _, response = method(LIST)
    return channel.stream_unary(path, request_serializer=lambda m: m.SerializeToString(),
                                response_deserializer=response.FromString).future(
        requests(), timeout=30, metadata=(("authorization", "Bearer " + server.token),))


def list_directors(channel, server):
    path, _, response = method(LIST)
    return channel.unary_unary(path, request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=response.FromString)(
        v1("ListDirectorsRequest"), timeout=20,
        metadata=(("authorization", "Bearer " + server.token),))


def watch(channel):
    path, request, response = method("grpc.health.v1.Health.Watch")
    return channel.unary_stream(path, request_serializer=lambda m: m.SerializeToString(),
                                response_deserializer=response.FromString)(request(), timeout=30)


class Connections(unittest.TestCase):
    def serve(self, *flags):
        server = Server(*flags)
        self.addCleanup(server.stop)
        return server

    def test_call_under_way_is_served_while_the_server_drains(self):
        server, released = self.serve(), threading.Event()
        with grpc.insecure_channel(server.address) as channel:
            list_directors(channel, server)
            running = late_call(channel, server, released)
            watched = watch(channel)
            next(watched)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(next(watched).status, 2)  # the draining has begun
            time.sleep(0.2)
            self.assertFalse(running.done())
            released.set()
            running.result()
            self.assertEqual(running.code(), grpc.StatusCode.OK)
        self.assertEqual(server.process.wait(60), 0)

    def test_call_that_outlasts_the_draining_is_unavailable(self):
        server, released = self.serve("--drain-timeout-ms", "300"), threading.Event()
        with grpc.insecure_channel(server.address) as channel:
            list_directors(channel, server)
            running = late_call(channel, server, released)
            with self.assertRaises(grpc.FutureTimeoutError):
                running.result(0.2)
            server.process.send_signal(signal.SIGTERM)
            with self.assertRaises(grpc.RpcError):
                running.result(30)
            self.assertEqual(running.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertIn("shutting down before the answer", running.details())  # said, not guessed from a lost socket
            released.set()
        self.assertEqual(server.process.wait(60), 0)

    def test_client_that_pings_too_often_is_sent_away(self):
        server = self.serve()
        with grpc.insecure_channel(server.address, options=PINGING) as channel:
            watched = watch(channel)
            next(watched)
            with self.assertRaises(grpc.RpcError) as caught:
                next(watched)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)

    def test_client_that_pings_as_it_may_stays(self):
        server = self.serve("--min-ping-interval-ms", "50")
        with grpc.insecure_channel(server.address, options=PINGING) as channel:
            watched = watch(channel)
            next(watched)
            with self.assertRaises(grpc.RpcError) as caught:
                ended = threading.Timer(2, watched.cancel)
                ended.start()
                next(watched)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.CANCELLED)

    def test_calls_go_on_over_connections_that_grow_old(self):
        server = self.serve("--max-connection-age-ms", "200",
                            "--max-connection-age-grace-ms", "20000")
        with grpc.insecure_channel(server.address) as channel:
            until = time.monotonic() + 2
            count = 0
            while time.monotonic() < until or count < 50:
                list_directors(channel, server)
                count += 1

    def test_too_large_answer_is_refused(self):
        server = self.serve("--max-message-bytes", "1024")
        with grpc.insecure_channel(server.address) as channel:
            path, request, response = method(
                "grpc.reflection.v1.ServerReflection.ServerReflectionInfo")
            with self.assertRaises(grpc.RpcError) as caught:
                list(channel.stream_stream(
                    path, request_serializer=lambda m: m.SerializeToString(),
                    response_deserializer=response.FromString)(
                        iter([request(file_containing_symbol="datastream.v1.Director")]),
                        timeout=20, metadata=(("authorization", "Bearer " + server.token),)))
            self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
