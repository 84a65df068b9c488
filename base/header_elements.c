/* One search for the separator, and a second look only where a quote stands before it. */
#include "base/header_elements.h"

#include <assert.h>

/* After the quoted string that begins at `at`: a backslash there takes what follows as it is. */
static size_t quoted_string_end(struct slice text, size_t at)
{
    assert(text.data[at] == '"');
    for (at++; at < text.len; at++) {
        if (text.data[at] == '"')
            return at + 1;
        if (text.data[at] == '\\')
            at++;
    }
    return text.len;
}

/* Where the separator first stands outside quoted strings, or text.len. */
static size_t find_outside_quotes(struct slice text, char separator)
{
    size_t end = slice_find(text, separator);
    size_t quote = slice_find(slice_make(text.data, end), '"');

    while (quote < end) {
        size_t from = quoted_string_end(text, quote);
        struct slice rest = slice_from(text, from);

        end = from + slice_find(rest, separator);
        quote = from + slice_find(slice_make(rest.data, end - from), '"');
    }
    return end;
}

static bool take(struct slice *rest, char separator, struct slice *ret_taken)
{
    size_t end;

    if (rest->data == NULL)
        return false;
    end = find_outside_quotes(*rest, separator);
    assert(end <= rest->len);
    *ret_taken = slice_trim(slice_make(rest->data, end));
    *rest = end == rest->len ? SLICE_EMPTY : slice_from(*rest, end + 1);
    return true;
}

bool header_next_element(struct slice *list, struct slice *ret_element)
{
    return take(list, ',', ret_element);
}

bool header_next_part(struct slice *element, struct slice *ret_part)
{
    return take(element, ';', ret_part);
}
