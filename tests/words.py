#!/usr/bin/python3
"""Holds the words that strangers read to simple rules: the message literals of the C sources, the comments of
proto/datastream (the API reference), and the Markdown pages. Usage: words.py ROOT

Everywhere: no contraction, no phrase of the deny list, no double blank, no path of somebody's machine.
Predicates (violations of fields) follow a field's name and begin as PREDICATE says. Sentences (statuses, refusals
of requests) begin with a capital, a quotation or a value, and end with a full stop."""
import pathlib
import re
import sys

FOLDERS = ["base", "proto", "storage", "rpc", "rest"]
PAGES = ["*.md", "docs/*.md", "tests/README.md", "rpc/**/README.md", "storage/README.md"]
DENIED = [
    (re.compile(r"\b\w+n't\b|\b(?:it|that|there|what|who)'s\b|\b\w+'(?:re|ve|ll)\b", re.I), "write contractions out"),
    (re.compile(r"\bcan not\b", re.I), "write \"cannot\""),
    (re.compile(r"\bbut for\b", re.I), "write \"except\""),
    (re.compile(r"\b(?:is|are) taken here\b", re.I), "write \"accepted\" or \"allowed\""),
    (re.compile(r"\bgo(?:es)? before\b", re.I), "write \"overrides\" or \"takes precedence over\""),
    (re.compile(r"\bbehind\b(?! (?:a|the|one) (?:\w+ )?(?:proxy|balancer))", re.I), "write \"after\""),
    (re.compile(r"\bha(?:s|ve) to be\b", re.I), "write \"must be\""),
    (re.compile(r"\b(?:can|could|cannot) be made\b|\b[Mm]ade by the server\b"), "write \"created\" or \"assigned\""),
    (re.compile(r"\bWho has not\b"), "begin with the subject"),
    (re.compile(r"(?:^|[.:;] )It (?:is|has|works|may|must|cannot|can|serves|stays)\b"), "name the subject instead of \"It\""),
    (re.compile(r"(?<![\w.])/(?:home|root|work|Users)/"), "name no path of a machine"),
]
# A standard's or a library's own words, which stay as they are.
QUOTED = {"Client Closed Request": "a status phrase", "No Content": "RFC 9110"}

PREDICATE_CALLS = {"violations_add", "status_invalid_field", "format__refuse", "validate__report",
                   "json__read_refuse", "REFUSE", "want"}
PREDICATE = re.compile(r"(?:%s|%\.\*s|the key )*(?:must |cannot |is required|is not a |is nested too deeply|$| ?\()")
SENTENCE_CALLS = {"status_make", "status_const", "contract__error", "http_stream__refuse", "refuse_head",
                  "json__write_refuse", "out_of_range"}
SENTENCE_FILES = {"rpc/net/http1_check.c": {"refuse"}, "rpc/net/http1_chunks.c": {"fault"}}
TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*|\"((?:\\.|[^\"\\\n])*)\"|'(?:\\.|[^'\\])+'|[A-Za-z_]\w*|\S", re.S)


def literals(text):
    """(line, literal, names of the calls around it, whether it is the first of its call) of each; neighbours are
    joined."""
    text = re.sub(r"^\s*#\s*include.*$", lambda m: " " * len(m.group()), text, flags=re.M)
    calls, firsts, before, open_literal = [], [], "", None
    for match in TOKEN.finditer(text):
        token = match.group()
        if token.startswith(("/*", "//")):
            continue
        if token[0] == '"':
            if open_literal is None:
                open_literal = [text.count("\n", 0, match.start()) + 1, "", list(calls), not firsts or firsts[-1]]
                if firsts:
                    firsts[-1] = False
            open_literal[1] += match.group(1)
        elif token == "\\":
            continue
        elif open_literal is not None and re.fullmatch(r"[A-Z][A-Z0-9_]+\w*", token):
            open_literal[1] += "%s"  # a macro that is a literal too, such as PRIu64
        else:
            if open_literal is not None:
                yield tuple(open_literal)
                open_literal = None
            if token in "({":
                calls.append(before if token == "(" else "{")
                firsts.append(True)
            elif token in ")}" and calls:
                calls.pop()
                firsts.pop()
        before = token
    if open_literal is not None:
        yield tuple(open_literal)


def is_prose(literal):
    return re.search(r"[A-Za-z]{2,}[,;:]? [A-Za-z%\\(]", literal) is not None


def denied(text):
    """The rules that hold for all words."""
    if text in QUOTED:
        return
    for pattern, advice in DENIED:
        found = pattern.search(text)
        if found:
            yield f"\"{found.group().strip()}\": {advice}"
    if re.search(r"\S  +\S", text.replace("\\n", "\n")):
        yield "a double blank"


def message_problems(path, literal, calls):
    """What is wrong with a message literal."""
    near = [call for call in calls[-2:] if call not in ("SLICE", "{")]
    near += [calls[-2]] if len(calls) > 1 and calls[-1] == "SLICE" else []
    if is_prose(literal):
        yield from denied(literal)
    if near and near[-1] in PREDICATE_CALLS and is_prose(literal) and not PREDICATE.match(literal):
        yield "a predicate begins with \"must\" or \"cannot\""
    if near and (near[-1] in SENTENCE_CALLS or near[-1] in SENTENCE_FILES.get(path, ())) and is_prose(literal):
        if not re.match(r"[A-Z%]|\\\"|gRPC ", literal):
            yield "a sentence begins with a capital"
        if not re.search(r"[.?](?:\\\")?$|%s$|%\.\*s$", literal):
            yield "a sentence ends with a full stop"


def proto_comments(text):
    """(line, paragraph) of each block of comments."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        first, words = number, []
        while number < len(lines) and lines[number].lstrip().startswith("//"):
            words.append(lines[number].lstrip()[2:].strip())
            number += 1
        if words:
            yield first + 1, " ".join(words)
        number += 1


def page_lines(text):
    """(line, words) of a Markdown page without code."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code:
            yield number, re.sub(r"`[^`]*`|\]\([^)]*\)", "`", line), line


def problems(root):
    for file in sorted(file for folder in FOLDERS for file in (root / folder).rglob("*.[ch]")):
        path = str(file.relative_to(root))
        for line, literal, calls, is_first in literals(file.read_text()):
            for problem in message_problems(path, literal, calls if is_first else []):
                yield f"{path}:{line}: {problem}: {literal}"
    for file in sorted((root / "proto/datastream").rglob("*.proto")):
        path = str(file.relative_to(root))
        for line, words in proto_comments(file.read_text()):
            for problem in denied(words):
                yield f"{path}:{line}: {problem}"
    for file in sorted({file for pattern in PAGES for file in root.glob(pattern)}):
        path = str(file.relative_to(root))
        for line, words, whole in page_lines(file.read_text()):
            for problem in denied(words.strip(" |-")):
                yield f"{path}:{line}: {problem}"
            if whole != whole.rstrip():
                yield f"{path}:{line}: a trailing blank"


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
