/* One pass over the list; nothing is copied. */
#include "rpc/call/etag_list.h"

static bool is_separator(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

bool etag_list_next(struct slice *list, struct etag *ret_tag)
{
    struct etag tag = {0};
    size_t end;

    while (list->len > 0 && is_separator(list->data[0]))
        *list = slice_from(*list, 1);
    if (list->len == 0)
        return false;
    tag.is_weak = slice_starts_with(*list, SLICE("W/"));
    if (tag.is_weak)
        *list = slice_from(*list, 2);
    if (list->len == 0 || list->data[0] != '"') {
        end = slice_find(*list, ',');
        tag.text = slice_trim(slice_make(list->data, end));
        *list = slice_from(*list, end);
    } else {
        end = 1 + slice_find(slice_from(*list, 1), '"');
        tag.is_quoted = end < list->len;
        tag.text = tag.is_quoted ? slice_make(list->data + 1, end - 1) : *list;
        *list = slice_from(*list, tag.is_quoted ? end + 1 : list->len);
    }
    *ret_tag = tag;
    return true;
}
