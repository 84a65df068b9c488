"""extract.py DOCUMENT TO: writes the one block of proto in a Markdown document to a file."""
import pathlib
import re
import sys

blocks = re.findall(r"^```proto\n(.*?)^```$", pathlib.Path(sys.argv[1]).read_text(), re.S | re.M)
if len(blocks) != 1:
    sys.exit(f"{sys.argv[1]} has {len(blocks)} blocks of proto, not one.")
pathlib.Path(sys.argv[2]).write_text(blocks[0])
