"""Every test that the pages of rules name in their tables exists. Usage: rules.py SOURCE_FOLDER."""
import os
import re
import sys


PAGES = ["docs/grpc.md", "docs/rest.md"]


def names_of(page):
    for line in page.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield from re.findall(r"`([^`]+)`", line.rstrip(" |").rpartition(" | ")[2])


def tests_below(folder):
    found = set()
    patterns = {".c": r"^static void (\w+)\(void \*\*state\)", ".py": r"^    def (test_\w+)\(",
                ".js": r"\btest\('([^']+)'"}
    for path, _, files in os.walk(folder):
        for name in files:
            if name.endswith(".jsonl"):  # cases of a test, a line each
                found.add(name)
            pattern = patterns.get(os.path.splitext(name)[1])
            if pattern is not None:
                with open(os.path.join(path, name), encoding="utf-8") as file:
                    found.update(re.findall(pattern, file.read(), re.M))
    return found


def main(source):
    tests = tests_below(os.path.join(source, "tests"))
    passed = True
    for page in PAGES:
        with open(os.path.join(source, page), encoding="utf-8") as file:
            named = set(names_of(file.read()))
        for name in sorted(named - tests):
            print(f"{page} names a test that there is not: {name}")
        print(f"{page} names {len(named)} tests")
        passed = passed and bool(named) and named <= tests
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
