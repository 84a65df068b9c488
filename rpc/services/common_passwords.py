#!/usr/bin/python3
"""Writes the commonest passwords that are long enough to be chosen as C: common_passwords.py OUT.

The list is the one of Debian's package python3-zxcvbn (MIT): the 30,000 commonest of several leaks, in lower case.
Those with less than 10 characters are left out: they are refused by their length.
"""
import sys

from zxcvbn.frequency_lists import FREQUENCY_LISTS

PASSWORD_CHARACTERS_LEAST = 10

listed = FREQUENCY_LISTS["passwords"]
if len(listed) < 10000:
    sys.exit("python3-zxcvbn has only %d passwords" % len(listed))
words = sorted({word.lower() for word in listed
                if len(word) >= PASSWORD_CHARACTERS_LEAST and word.isascii() and word.isprintable()})
with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write('#include "rpc/services/common_passwords.h"\n\nconst char *const common_passwords[] = {\n')
    for word in words:
        out.write('    "%s",\n' % word.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?"))
    out.write("};\n\nconst size_t common_passwords_count = %d;\n" % len(words))
