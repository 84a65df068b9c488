/* Edit distance with swaps (optimal string alignment), three rows at a time. */
#include "rpc/program/nearest.h"

#include <assert.h>
#include <stdint.h>

#define NAME_MOST 63 /* longer names are near to nothing */

static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + ('a' - 'A'));
    return c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t edits_between(struct slice a, struct slice b)
{
    size_t rows[3][NAME_MOST + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];

    assert(a.len <= NAME_MOST && b.len <= NAME_MOST);
    for (size_t j = 0; j <= b.len; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *free_row = before;

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = fold(a.data[i - 1]) == fold(b.data[j - 1]);

            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && fold(a.data[i - 1]) == fold(b.data[j - 2]) &&
                fold(a.data[i - 2]) == fold(b.data[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = free_row;
    }
    return above[b.len];
}

/* A third of the name may be wrong, and of a short one a single character. */
struct nearest nearest__begin(struct slice given)
{
    return (struct nearest){.given = given, .name = SLICE_EMPTY, .edits = given.len / 3 + 1};
}

void nearest__offer(struct nearest *nearest, struct slice name)
{
    size_t edits;

    if (nearest->given.len > NAME_MOST || name.len > NAME_MOST || nearest->given.len == 0)
        return;
    edits = edits_between(nearest->given, name);
    if (edits < nearest->edits || (edits == nearest->edits && nearest->name.len == 0)) {
        nearest->name = name;
        nearest->edits = edits;
    }
}
