/* Why a text does not have its format, and where. Pure; any thread. */
#ifndef DATASTREAM_RPC_CALL_FORMAT_VIOLATION_H
#define DATASTREAM_RPC_CALL_FORMAT_VIOLATION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

/* Where something stands in a text, counted from 1 in characters; {0, 0}: nowhere in particular. */
struct text_place {
    size_t line;
    size_t column;
};

/*
 * Why a text does not have its format. Plain. The description is a predicate that follows the
 * field's name, names the place where there is one, and lives in the arena.
 */
struct format_violation {
    struct slice description;
    struct text_place place;
};

/*
 * The place of the byte at `offset` (at most text.len) in UTF-8. A line ends with LF, CR or both,
 * and with U+0085, U+2028 and U+2029, as YAML 1.1 counts.
 */
struct text_place text__place_of(struct slice text, size_t offset);

/*
 * Fills *ret_violation and returns false. The place, unless {0, 0}, is added to the sentence: as
 * "(column 3)" when `one_line`, else as "(line 1, column 3)". Internal to rpc/call/.
 */
bool format__refuse(struct arena *arena, struct format_violation *ret_violation,
                    struct text_place place, bool one_line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The bytes of the line break that `text` begins with; 0: it begins with none. Internal. */
size_t format__line_break(struct slice text);

#endif
