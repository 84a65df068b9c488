#!/usr/bin/env python3
"""The proto files that the program gives out: stock protoc compiles them, and a client made of them works."""
import importlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request
import zipfile

import grpc

from server import Server


class ProtoFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.folder = tempfile.TemporaryDirectory(prefix="datastream-proto-")
        cls.out = pathlib.Path(cls.folder.name, "proto")
        subprocess.run([os.environ["DATASTREAMD"], "proto", "--out", str(cls.out)], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        cls.server.stop()

    def files(self):
        return {str(path.relative_to(self.out)): path.read_bytes() for path in self.out.rglob("*.proto")}

    def test_the_archive_holds_the_same_files(self):
        with urllib.request.urlopen(f"http://{self.server.address}/api/v1/proto.zip") as answer:
            self.assertEqual(answer.headers["Content-Type"], "application/zip")
            self.assertIn("datastream-proto.zip", answer.headers["Content-Disposition"])
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
        self.assertIsNone(archive.testzip())
        self.assertEqual({name: archive.read(name) for name in archive.namelist()}, self.files())

    def test_they_say_nothing_of_the_store(self):
        self.assertFalse([name for name in self.files() if "storage" in name])
        self.assertIn("datastream/v1/device.proto", self.files())

    def test_protoc_compiles_them_without_more_and_a_client_calls_a_method(self):
        python = pathlib.Path(self.folder.name, "python")
        python.mkdir()
        # google.rpc and the like would hide Debian's google.protobuf: only our own package is made.
        subprocess.run(["protoc", f"-I{self.out}", "--descriptor_set_out=/dev/null", *self.files()], check=True)
        subprocess.run(["protoc", f"-I{self.out}", f"--python_out={python}",
                        *(name for name in self.files() if name.startswith(("datastream/", "buf/")))], check=True)
        google = pathlib.Path(self.folder.name, "google")
        google.mkdir()
        subprocess.run(["protoc", f"-I{self.out}", f"--python_out={google}",
                        *(name for name in self.files() if name.startswith("google/"))], check=True)
        sys.path.insert(0, str(python))
        google_package = importlib.import_module("google")
        google_package.__path__.append(str(google / "google"))
        device = importlib.import_module("datastream.v1.device_pb2")
        with grpc.insecure_channel(self.server.address) as channel:
            create = channel.unary_unary(
                "/datastream.v1.DeviceService/CreateDevice",
                request_serializer=device.CreateDeviceRequest.SerializeToString,
                response_deserializer=device.Device.FromString)
            made = create(device.CreateDeviceRequest(device=device.Device(name="from-the-files")),
                          metadata=[("authorization", f"Bearer {self.server.token}")], timeout=30)
        self.assertEqual(made.name, "from-the-files")
        self.assertTrue(made.id)

    def test_an_output_directory_is_needed_and_named_when_it_cannot_be_written(self):
        program = os.environ["DATASTREAMD"]
        run = subprocess.run([program, "proto"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("--out", run.stderr)
        taken = pathlib.Path(self.folder.name, "file")
        taken.write_text("")
        run = subprocess.run([program, "proto", "--out", str(taken)], capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("cannot be written", run.stderr)


if __name__ == "__main__":
    unittest.main()
