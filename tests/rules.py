"""Every test that the pages of rules name in their tables exists, and so does every file that a page names, and what
docs/where.md says to look for in one. Usage: rules.py SOURCE_FOLDER."""
import os
import pathlib
import re
import sys


PAGES = ["docs/grpc.md", "docs/rest.md"]
# Pages of which every file and folder that they name must be there.
FILE_PAGES = ["README.md", "CONTRIBUTING.md", "docs/*.md", "tests/README.md", "rpc/**/README.md", "storage/README.md"]
WHERE = "docs/where.md"
# Of the tree, not of a machine that runs it; a name in capitals stands for any.
PATH = re.compile(r"(?:base|proto|storage|rpc|rest|tests|scripts|docs)/[\w./-]*")
FILE = re.compile(r"[\w-]+\.(?:c|h|proto|py|md)")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


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


def files_named(page, text):
    """What a page names: (as it is written, the places where it may be, below the source folder)."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for name in re.findall(r"`([^`\n]+)`", text):
        if re.search(r"[A-Z]{4}", os.path.basename(name)) and not name.endswith("README.md"):
            continue
        if PATH.fullmatch(name):
            yield name, [name]
        elif FILE.fullmatch(name) and page.name == "README.md" and page.parent.name:
            yield name, [page.parent / name]  # the folder's own
    for link in LINK.findall(text):
        yield link, [page.parent / link]


def check_files(root):
    passed, count = True, 0
    for pattern in FILE_PAGES:
        for path in sorted(root.glob(pattern)):
            page = path.relative_to(root)
            for name, places in files_named(page, path.read_text(encoding="utf-8")):
                count += 1
                if not any((root / place).exists() for place in places):
                    print(f"{page} names a file that there is not: {name}")
                    passed = False
    print(f"the pages name {count} files")
    return passed and count > 0


def check_where(root):
    passed, count = True, 0
    for line in (root / WHERE).read_text(encoding="utf-8").splitlines():
        cells = line.strip("|").split(" | ")
        if not line.startswith("| ") or len(cells) != 3 or "`" not in cells[1]:
            continue
        text = (root / cells[1].strip(" `")).read_text(encoding="utf-8")
        for name in re.findall(r"`([^`]+)`", cells[2]):
            count += 1
            if name not in text and not PATH.fullmatch(name):
                print(f"{WHERE}: {cells[1].strip()} does not have {name}")
                passed = False
    print(f"{WHERE} says where {count} names are")
    return passed and count > 0


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
    root = pathlib.Path(source)
    passed = check_files(root) and passed
    passed = check_where(root) and passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
