/* Counts first, so that one line, which is the rule, costs no memory. */
#include "rpc/frontend/header_list.h"

#include "base/text.h"

bool header_list(struct arena *arena, const struct request_head *head, struct slice name,
                 struct slice *ret_list)
{
    struct slice first = SLICE_EMPTY;
    struct slice *parts;
    size_t lines = 0;
    size_t count = 0;

    if (!head_may_name(head, name))
        return false;
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_equal(head->headers[i].name, name) && lines++ == 0)
            first = head->headers[i].value;
    if (lines == 0)
        return false;
    if (lines == 1) {
        *ret_list = first;
        return true;
    }
    *ret_list = SLICE_EMPTY;
    parts = arena_array(arena, lines * 2, sizeof(parts[0]));
    if (parts == NULL)
        return true;
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_equal(head->headers[i].name, name)) {
            parts[count++] = head->headers[i].value;
            parts[count++] = SLICE(", ");
        }
    *ret_list = text_join(arena, parts, count - 1);
    return true;
}
