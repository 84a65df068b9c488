#!/usr/bin/env python3
"""Clients that other generators make of the documents, with their default options: generated, compiled as strictly as
their languages do, and taken on a round trip against a live server. A tool that the machine lacks is said and skipped.

Usage: soak.py [java|python|go|oapi-codegen|ogen ...], all of them when none is named."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDER = ROOT / "build/soak"
sys.path.insert(0, str(ROOT / "tests/interop"))
from server import Server  # noqa: E402

OPENAPI_GENERATOR = "7.25.0"
OAPI_CODEGEN = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"
OGEN = "github.com/ogen-go/ogen/cmd/ogen@v1.24.0"
JAR = FOLDER / f"tools/openapi-generator-cli-{OPENAPI_GENERATOR}.jar"
VENV = FOLDER / "tools/venv"
GO = {**os.environ, "GOFLAGS": "-mod=mod", "GOBIN": str(FOLDER / "tools")}


class Failed(Exception):
    pass


def run(*command, cwd=FOLDER, env=None):
    """What it printed."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failed(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def round_trip(*command, cwd=FOLDER):
    server = Server()
    try:
        env = {**os.environ, "BASE": f"http://{server.address}", "TOKEN": server.token}
        printed = run(*command, cwd=cwd, env=env)
        if not printed.endswith("done\n"):
            raise Failed(printed)
    finally:
        server.stop()


def fresh(name):
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def openapi_generator(language):
    if not JAR.exists():
        run("mvn", "-q", "-B", "dependency:copy", f"-DoutputDirectory={JAR.parent}", "-Dartifact="
            f"org.openapitools:openapi-generator-cli:{OPENAPI_GENERATOR}")
    folder = fresh(language)
    run("java", "-jar", JAR, "generate", "-g", language, "-i", "openapi.json", "-o", folder)
    return folder


def java():
    folder = openapi_generator("java")
    run("mvn", "-q", "-B", "compile", "dependency:copy-dependencies", "-DincludeScope=runtime", cwd=folder)
    path = f"{folder}/target/classes:{folder}/target/dependency/*"
    run("javac", "-Xlint:all", "-Werror", "-proc:none", "-cp", path, "-d", folder / "out", HERE / "RoundTrip.java")
    round_trip("java", "-cp", f"{folder}/out:{path}", "RoundTrip")


def python():
    folder = openapi_generator("python")
    if not VENV.exists():
        run(sys.executable, "-m", "venv", VENV)
    pip, interpreter = VENV / "bin/pip", VENV / "bin/python3"
    run(pip, "install", "-q", "-r", folder / "requirements.txt", "mypy", "types-python-dateutil")
    shutil.copy(HERE / "round_trip.py", folder)
    run(interpreter, "-m", "compileall", "-q", folder / "openapi_client")
    run(VENV / "bin/mypy", "--strict", "--follow-imports=silent", "round_trip.py", cwd=folder)
    round_trip(interpreter, "-W", "error", "round_trip.py", cwd=folder)


def go_program(folder, source):
    """In a module of its own beside the client."""
    shutil.copy(HERE / "go" / source, folder / "main.go")
    run("go", "mod", "tidy", cwd=folder, env=GO)
    run("go", "vet", "./...", cwd=folder, env=GO)
    run("go", "build", "-o", "round-trip", ".", cwd=folder, env=GO)
    round_trip(folder / "round-trip", cwd=folder)


def go():
    client = openapi_generator("go")
    shutil.rmtree(client / "test")  # generated examples of tests, which need a server of their own
    run("go", "mod", "tidy", cwd=client, env=GO)
    run("go", "vet", "./...", cwd=client, env=GO)
    folder = fresh("go-program")
    module = "github.com/GIT_USER_ID/GIT_REPO_ID"
    (folder / "go.mod").write_text(f"module roundtrip\n\ngo 1.26\n\nreplace {module} => {client}\n")
    go_program(folder, "openapi_generator.go")


def go_tool(package):
    name = package.rpartition("/")[2].partition("@")[0]
    if not (FOLDER / "tools" / name).exists():
        run("go", "install", package, env=GO)
    return FOLDER / "tools" / name


def go_module(name):
    folder = fresh(name)
    (folder / "api").mkdir()
    (folder / "go.mod").write_text("module roundtrip\n\ngo 1.26\n")
    return folder


def oapi_codegen():
    tool, folder = go_tool(OAPI_CODEGEN), go_module("oapi-codegen")
    run(tool, "-generate", "types,client", "-package", "api", "-o", folder / "api/api.gen.go", "openapi.json")
    go_program(folder, "oapi_codegen.go")


def ogen():
    tool, folder = go_tool(OGEN), go_module("ogen")
    run(tool, "-package", "api", "-target", folder / "api", "openapi.json")
    go_program(folder, "ogen.go")


# What each client needs from the machine.
CLIENTS = {"java": (java, ("java", "javac", "mvn")), "python": (python, ("java", "mvn")),
           "go": (go, ("java", "mvn", "go")), "oapi-codegen": (oapi_codegen, ("go",)), "ogen": (ogen, ("go",))}


def main(names):
    (FOLDER / "tools").mkdir(parents=True, exist_ok=True)
    (FOLDER / "openapi.json").write_bytes(
        subprocess.run([os.environ["DATASTREAMD"], "openapi", "--version", "3.1"], check=True,
                       stdout=subprocess.PIPE).stdout)
    passed, failed, skipped = 0, 0, 0
    for name in names or CLIENTS:
        client, tools = CLIENTS[name]
        missing = [tool for tool in tools if shutil.which(tool) is None]
        if missing:
            print(f"{name}: skipped, {', '.join(missing)} is not installed", flush=True)
            skipped += 1
            continue
        started = time.monotonic()
        try:
            client()
            print(f"{name}: passed in {time.monotonic() - started:.0f} s", flush=True)
            passed += 1
        except Failed as failure:
            print(f"{name}: {failure}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
