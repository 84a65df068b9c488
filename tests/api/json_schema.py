"""JSON Schema 2020-12 as far as the OpenAPI document uses it; any other keyword is an error.

Held more strictly than the standard where the document means it so: an object with `properties` has
no others unless `additionalProperties` allows them, formats are checked, and answers hold nothing
that is `writeOnly`.
"""
import datetime
import re

ANNOTATIONS = {"description", "example", "title", "default"}

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d{3}|\d{6}|\d{9}))?Z")

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: not isinstance(v, bool) and (isinstance(v, int) or
                                                      isinstance(v, float) and v.is_integer()),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
}


def is_time(text):
    if not TIME.fullmatch(text):
        return False
    try:
        datetime.datetime.fromisoformat(text[:19])
        return True
    except ValueError:
        return False


# What a format says of a string, and of a number; those that say nothing here accept all.
STRING_FORMATS = {
    "uuid": lambda s: UUID.fullmatch(s) is not None,
    "date-time": is_time,
    "int64": lambda s: -2**63 <= int(s) < 2**63,
    "password": lambda s: True,
    "byte": lambda s: True,
    "email": lambda s: "@" in s,
    "hostname": lambda s: re.fullmatch(r"[0-9A-Za-z.-]+", s) is not None,
    "ip": lambda s: re.fullmatch(r"[0-9a-fA-F.:]+", s) is not None,
    "cidr": lambda s: re.fullmatch(r"[0-9a-fA-F.:]+(/\d+)?", s) is not None,
}
NUMBER_FORMATS = {
    "int32": lambda n: -2**31 <= n < 2**31,
    "int64": lambda n: 0 <= n < 2**32,
    "float": lambda n: True,
    "double": lambda n: True,
}


class Validator:
    def __init__(self, document):
        self.document = document

    def errors(self, value, schema, at="$"):
        """Sentences that say where the value breaks the schema; none when it does not."""
        if schema is True:
            return
        if schema is False:
            yield f"{at}: nothing is allowed here"
            return
        for keyword, argument in schema.items():
            if keyword in ANNOTATIONS or keyword.startswith("x-"):
                continue
            check = getattr(self, "kind_" + keyword.lstrip("$"), None)
            if check is None:
                yield f"{at}: the keyword {keyword} is not known to the checker"
            else:
                yield from check(value, argument, schema, at)

    def resolve(self, pointer):
        if not pointer.startswith("#/"):
            raise ValueError(f"the reference {pointer} leaves the document")
        found = self.document
        for step in pointer[2:].split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return found

    def is_valid(self, value, schema, at):
        return next(self.errors(value, schema, at), None) is None

    # -- keywords: (value, the keyword's argument, the whole schema, where) ----------------------

    def kind_ref(self, value, pointer, schema, at):
        yield from self.errors(value, self.resolve(pointer), at)

    def kind_type(self, value, wanted, schema, at):
        wanted = wanted if isinstance(wanted, list) else [wanted]
        if not any(TYPES[name](value) for name in wanted):
            yield f"{at}: wanted {' or '.join(wanted)}, got {value!r}"

    def kind_enum(self, value, allowed, schema, at):
        if value not in allowed:
            yield f"{at}: {value!r} is none of {allowed}"

    def kind_const(self, value, wanted, schema, at):
        if value != wanted:
            yield f"{at}: {value!r} is not {wanted!r}"

    def kind_properties(self, value, properties, schema, at):
        if not isinstance(value, dict):
            return
        for name, member in value.items():
            if name in properties:
                yield from self.errors(member, properties[name], f"{at}.{name}")
            elif "additionalProperties" not in schema:
                yield f"{at}.{name}: the schema does not declare it"

    def kind_additionalProperties(self, value, inner, schema, at):
        if isinstance(value, dict):
            for name in value.keys() - schema.get("properties", {}).keys():
                yield from self.errors(value[name], inner, f"{at}.{name}")

    def kind_required(self, value, names, schema, at):
        if not isinstance(value, dict):
            return
        properties = schema.get("properties", {})
        for name in names:
            if name not in value and not properties.get(name, {}).get("writeOnly"):
                yield f"{at}: {name} is required and missing"

    def kind_writeOnly(self, value, argument, schema, at):
        if argument:
            yield f"{at}: is writeOnly and was answered"

    def kind_propertyNames(self, value, inner, schema, at):
        if isinstance(value, dict):
            for name in value:
                yield from self.errors(name, inner, f"{at} (name {name!r})")

    def kind_items(self, value, inner, schema, at):
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self.errors(item, inner, f"{at}[{i}]")

    def kind_minItems(self, value, least, schema, at):
        if isinstance(value, list) and len(value) < least:
            yield f"{at}: {len(value)} items, at least {least} are wanted"

    def kind_maxItems(self, value, most, schema, at):
        if isinstance(value, list) and len(value) > most:
            yield f"{at}: {len(value)} items, at most {most} are allowed"

    def kind_uniqueItems(self, value, wanted, schema, at):
        if wanted and isinstance(value, list):
            if any(item in value[:i] for i, item in enumerate(value)):
                yield f"{at}: an item is there twice"

    def kind_minProperties(self, value, least, schema, at):
        if isinstance(value, dict) and len(value) < least:
            yield f"{at}: {len(value)} members, at least {least} are wanted"

    def kind_maxProperties(self, value, most, schema, at):
        if isinstance(value, dict) and len(value) > most:
            yield f"{at}: {len(value)} members, at most {most} are allowed"

    def kind_minLength(self, value, least, schema, at):
        if isinstance(value, str) and len(value) < least:
            yield f"{at}: {value!r} is shorter than {least}"

    def kind_maxLength(self, value, most, schema, at):
        if isinstance(value, str) and len(value) > most:
            yield f"{at}: {len(value)} characters, at most {most} are allowed"

    def kind_pattern(self, value, pattern, schema, at):
        if isinstance(value, str) and re.search(pattern, value) is None:
            yield f"{at}: {value!r} does not match {pattern}"

    def kind_minimum(self, value, least, schema, at):
        if TYPES["number"](value) and value < least:
            yield f"{at}: {value} is less than {least}"

    def kind_exclusiveMinimum(self, value, least, schema, at):
        if TYPES["number"](value) and value <= least:
            yield f"{at}: {value} is not more than {least}"

    def kind_exclusiveMaximum(self, value, most, schema, at):
        if TYPES["number"](value) and value >= most:
            yield f"{at}: {value} is not less than {most}"

    def kind_maximum(self, value, most, schema, at):
        if TYPES["number"](value) and value > most:
            yield f"{at}: {value} is more than {most}"

    def kind_format(self, value, name, schema, at):
        formats = STRING_FORMATS if isinstance(value, str) else NUMBER_FORMATS
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            return
        if name not in STRING_FORMATS and name not in NUMBER_FORMATS:
            yield f"{at}: the format {name} is not known to the checker"
        elif name in formats and not formats[name](value):
            yield f"{at}: {value!r} is no {name}"

    def kind_allOf(self, value, schemas, schema, at):
        for inner in schemas:
            yield from self.errors(value, inner, at)

    def kind_anyOf(self, value, schemas, schema, at):
        if not any(self.is_valid(value, inner, at) for inner in schemas):
            yield f"{at}: none of anyOf holds"

    def kind_oneOf(self, value, schemas, schema, at):
        count = sum(self.is_valid(value, inner, at) for inner in schemas)
        if count != 1:
            yield f"{at}: {count} of oneOf hold, one is wanted"

    def kind_not(self, value, inner, schema, at):
        if self.is_valid(value, inner, at):
            yield f"{at}: what must not hold does"
