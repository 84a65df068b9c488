"""Every test that docs/grpc.md names in its tables exists. Usage: rules.py SOURCE_FOLDER."""
import os
import re
import sys


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
            pattern = patterns.get(os.path.splitext(name)[1])
            if pattern is not None:
                with open(os.path.join(path, name), encoding="utf-8") as file:
                    found.update(re.findall(pattern, file.read(), re.M))
    return found


def main(source):
    with open(os.path.join(source, "docs", "grpc.md"), encoding="utf-8") as file:
        named = set(names_of(file.read()))
    missing = sorted(named - tests_below(os.path.join(source, "tests")))
    for name in missing:
        print(f"docs/grpc.md names a test that there is not: {name}")
    print(f"{len(named)} tests are named")
    return 0 if named and not missing else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
