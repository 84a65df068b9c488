"""Prints slices, statuses and protobuf-c messages in gdb: `source scripts/gdb.py`."""
import gdb

CODES = ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
         "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
         "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED")


def text_of(value):
    length = int(value["len"])
    data = value["data"]
    if int(data) == 0 or length == 0:
        return ""
    return data.lazy_string(length=min(length, 500)).value().string(errors="replace")


class Slice:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return f'"{text_of(self.value)}" ({int(self.value["len"])})'


class Status:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        code = int(self.value["code"])
        name = CODES[code] if code < len(CODES) else str(code)
        return f"{name}: {text_of(self.value['message'])}"


class Message:
    """A ProtobufCMessage: its type's name and how many fields it has."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        descriptor = self.value["descriptor"]
        if int(descriptor) == 0:
            return "message without a type"
        return f'{descriptor["name"].string()} with {int(descriptor["n_fields"])} fields'


def find(value):
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_STRUCT:
        return {"slice": Slice, "status": Status, "ProtobufCMessage": Message,
                "_ProtobufCMessage": Message}.get(kind.tag or str(kind), lambda _: None)(value)
    return None


gdb.pretty_printers.append(find)
