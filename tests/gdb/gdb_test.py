"""scripts/gdb.py under gdb: gdb_test.py PROGRAM, which is built from shown.c."""
import pathlib
import subprocess
import sys
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts/gdb.py"
PROGRAM = sys.argv.pop()


class Printers(unittest.TestCase):
    def test_slices_statuses_and_messages_are_shown_in_words(self):
        commands = ["set auto-load off", "set debuginfod enabled off", f"source {SCRIPT}", "break look", "run",
                    "print text", "print none", "print status", "print *message"]
        run = subprocess.run(["gdb", "-nx", "-q", "-batch", *(word for c in commands for word in ("-ex", c)), PROGRAM],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        for wanted in ('$1 = "cellar-01" (9)', '$2 = "" (0)', "$3 = NOT_FOUND: No such device.",
                       "$4 = google.protobuf.Duration with 2 fields"):
            self.assertIn(wanted, run.stdout)


if __name__ == "__main__":
    unittest.main()
