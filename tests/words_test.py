#!/usr/bin/python3
"""What tests/words.py finds in planted faults, and that it collects the messages of this tree. Usage: words_test.py ROOT"""
import pathlib
import sys
import tempfile
import unittest

import words

ROOT = pathlib.Path(sys.argv.pop())


def found(path, text):
    """The problems of a tree that holds this one file."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return list(words.problems(pathlib.Path(folder)))


class Words(unittest.TestCase):
    def test_wrong_literals_are_found(self):
        for line, says in (
                ('status_const(CODE, SLICE("The store can\'t be read."))', "contractions"),
                ('printf("The file can not be read.\\n")', "cannot"),
                ('status_make(arena, CODE, "the store is closed.")', "capital"),
                ('status_make(arena, CODE, "The store is closed")', "full stop"),
                ('status_make(arena, CODE, "The store "\n   "is  closed.")', "double blank"),
                ('violations_add(&all, arena, SLICE("name"), "is too long for us")', "predicate"),
                ('status_invalid_field(arena, path, "unknown field here")', "predicate"),
                ('log_event(LOG_INFO, "x", LOG_CSTR("y", "nothing but for this"))', "except"),
                ('refuse("The line is longer than is taken here.")', "accepted"),
                ('printf("see /%s/file for more")' % "root", "machine"),
                ('printf("The store is closed. It is gone.")', "subject"),
        ):
            problems = found("rest/x.c", f"void f(void) {{ {line}; }}\n")
            self.assertEqual(len(problems), 1, (line, problems))
            self.assertIn(says, problems[0])
            self.assertTrue(problems[0].startswith("rest/x.c:1: "), problems)

    def test_right_literals_and_comments_of_c_are_left_alone(self):
        self.assertEqual(found("rest/x.c", """/* It can't be but for this. */
#include "a/b c d.h"
void f(void) {
    status_make(arena, CODE, "The store in %s is in use.", path);
    status_make(arena, CODE, "The store in %s cannot be opened: %s", path, error);
    violations_add(&all, arena, SLICE("a field"), "must have %" PRIu64 " items", n);
    violations_add(&all, arena, path, ok ? "must be one" : "of the others, not %s", x);
    printf("%s: two words", "behind a proxy");
}
"""), [])

    def test_comments_of_the_contract_are_held(self):
        problems = found("proto/datastream/v1/x.proto", "message X {\n  // The name. It\n  // is unique.\n"
                         "  string name = 1; // it's not read\n}\n")
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith("proto/datastream/v1/x.proto:2: "), problems)

    def test_pages_are_held_without_their_code(self):
        problems = found("docs/x.md", "# X\n\n`can't` [a](b/can't)\n```\ncan't \n```\nOne can't. \n")
        self.assertEqual([problem.split(": ")[0] for problem in problems], ["docs/x.md:7", "docs/x.md:7"])

    def test_the_tree_s_messages_are_collected(self):
        counts = {"sentence": 0, "predicate": 0, "prose": 0}
        for folder in words.FOLDERS:
            for file in (ROOT / folder).rglob("*.[ch]"):
                for _, literal, calls, is_first in words.literals(file.read_text()):
                    counts["prose"] += words.is_prose(literal)
                    names = set(calls[-2:]) if is_first else set()
                    counts["sentence"] += bool(names & words.SENTENCE_CALLS) and words.is_prose(literal)
                    counts["predicate"] += bool(names & words.PREDICATE_CALLS) and words.is_prose(literal)
        self.assertGreater(counts["prose"], 700, counts)
        self.assertGreater(counts["sentence"], 150, counts)
        self.assertGreater(counts["predicate"], 100, counts)


if __name__ == "__main__":
    unittest.main(verbosity=2)
