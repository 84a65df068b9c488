"""Holds what the API tests saw against the OpenAPI document.

Usage: check_exchanges.py PROGRAM REFLECTION_PB FOLDER. Each file of the folder is a log of exchanges
(rpc/frontend/exchange_log.h) of one test. Fails where an answer is not declared, where a body breaks its
schema, and for methods of datastream.v1 that no test called.
"""
import collections
import json
import os
import re
import subprocess
import sys
import urllib.parse

from google.protobuf import descriptor_pb2

from json_schema import Validator

SHOWN = 40
# What the description of an operation says whose answer has less for those who may not read.
LIMITED = "who may not read the object"
# What a known path answers to methods that it does not take, before and after authentication.
OTHER_METHOD = {401: "Unauthorized", 405: "Problem", 429: "TooManyRequests"}
# An event's data is a message, as a line of this type is.
EVENTS, MESSAGES = "text/event-stream", "application/x-ndjson"
# The client was gone before the answer.
CLIENT_CLOSED = 499


def path_pattern(template):
    """A variable is a segment, or the front of one where a verb follows."""
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/]+?".join(re.escape(part) for part in parts))


class Checker:
    def __init__(self, document):
        self.document = document
        self.validator = Validator(document)
        self.paths = [(path_pattern(path), item) for path, item in document["paths"].items()]
        self.problems = collections.Counter()  # sentence -> how often
        self.called = set()
        self.streamed = set()  # types of streams of which a message was checked
        self.checked = 0

    def problem(self, line, text):
        self.problems[f"{line['method']} {line['http_method']} {line['status']}: {text}"] += 1

    def operations(self, line):
        """Every operation of every template that takes the path, by HTTP method."""
        verb = "get" if line["http_method"] == "HEAD" else line["http_method"].lower()
        items = [item for pattern, item in self.paths if pattern.fullmatch(line["path"])]
        if not items:
            self.problem(line, f"no path of the document is {line['path']}")
        return verb, items

    def check_rest(self, line):
        verb, items = self.operations(line)
        name = line["method"].rpartition(".")[2]
        wanted = name[0].lower() + name[1:]
        status = line["status"]
        is_known = any(verb in item for item in items)
        if status in OTHER_METHOD and items and (not is_known or status == 405):
            if is_known:
                self.problem(line, "405 for a method that the document has")
            name = OTHER_METHOD[status]
            self.check_answer(line, self.document["components"]["responses"][name])
            return
        found = [item[verb] for item in items if verb in item
                 and re.fullmatch(re.escape(wanted) + r"\d*", item[verb]["operationId"])]
        if items and not found:
            self.problem(line, f"no operation of {line['path']} is {wanted}")
        for operation in found:
            response = operation["responses"].get(str(status))
            if response is None:
                self.problem(line, "the status is not declared")
            else:
                self.check_limits(line, operation)
                self.check_answer(line, response)

    def check_limits(self, line, operation):
        """Only an operation that says so answers with less than the whole object."""
        masked = any(parameter.get("name") == "readMask" for parameter in operation.get("parameters", []))
        if line.get("limited") and not masked and LIMITED not in operation.get("description", ""):
            self.problem(line, "the answer is limited, which the document does not say")

    def limited_errors(self, line, value, errors):
        """Those that count of an answer which holds only what was asked for, or what the caller named."""
        mask = read_mask(line)
        for at, item in limited_items(value, mask is not None):
            for name in () if mask is not None else ("id", "etag"):
                if name not in item:
                    yield f"{at}: {name} is missing, which every limited answer has"
            for name in item if mask is not None else ():
                if name not in mask:
                    yield f"{at}: {name} was not asked for"
            errors = [error for error in errors
                      if not (error.startswith((at + ":", at + ".")) and error.endswith(" is required and missing"))]
        yield from errors

    def check_answer(self, line, response):
        if "$ref" in response:
            response = self.validator.resolve(response["$ref"])
        content = response.get("content", {})
        body = line.get("body", "")
        if not content:
            if body:
                self.problem(line, "a body was answered where none is declared")
            return
        if "*/*" in content:
            return
        if line["type"] not in content:
            self.problem(line, f"the content type {line['type']} is not declared")
            return
        if "body" not in line:
            return  # too long to be logged, or a stream without a message
        try:
            value = json.loads(body)
        except ValueError as error:
            self.problem(line, f"the body is not JSON: {error}")
            return
        media = content[MESSAGES if line["type"] == EVENTS else line["type"]]
        errors = list(self.validator.errors(value, media["schema"]))
        is_limited = line.get("limited") and line["status"] < 400
        for error in self.limited_errors(line, value, errors) if is_limited else errors:
            self.problem(line, error)
        self.checked += 1

    def check(self, line):
        self.called.add(line["method"])
        if line["frontend"] == "grpc":
            if not 0 <= line["status"] <= 16:
                self.problem(line, "not a code of gRPC")
        elif line["status"] != CLIENT_CLOSED:
            self.check_rest(line)
            if line["type"] in (EVENTS, MESSAGES) and "body" in line:
                self.streamed.add(line["type"])


def read_mask(line):
    """The properties that a read mask asks for; None without one."""
    masks = urllib.parse.parse_qs(line.get("query", "")).get("readMask")
    return masks and {path.partition(".")[0] for path in masks[-1].split(",")}


def limited_items(value, is_list):
    """(where, object) of each object that holds less: the elements of a page, or the answer itself."""
    if not is_list:
        return [("$", value)]
    return [(f"$.{name}[{i}]", item) for name, items in value.items() if isinstance(items, list)
            for i, item in enumerate(items)]


def methods_of(reflection_pb):
    with open(reflection_pb, "rb") as file:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
    return {f"{file.package}.{service.name}.{method.name}"
            for file in files if file.package == "datastream.v1"
            for service in file.service for method in service.method}


def main(program, reflection_pb, folder):
    document = json.loads(subprocess.run([program, "openapi"], check=True,
                                         stdout=subprocess.PIPE).stdout)
    checker = Checker(document)
    lines = 0
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            for text in file:
                checker.check(json.loads(text))
                lines += 1
    for method in sorted(methods_of(reflection_pb) - checker.called):
        checker.problems[f"{method}: no API test called it"] = 1
    for media in {EVENTS, MESSAGES} - checker.streamed:
        checker.problems[f"{media}: no message of a stream was seen"] = 1
    for text, count in sorted(checker.problems.items())[:SHOWN]:
        print(f"{text} ({count} times)" if count > 1 else text)
    if len(checker.problems) > SHOWN:
        print(f"and {len(checker.problems) - SHOWN} more")
    print(f"{lines} exchanges, {checker.checked} bodies checked, {len(checker.called)} methods "
          f"called, {len(checker.problems)} problems")
    return 0 if lines and not checker.problems else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
