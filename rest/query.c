/* Splitting and decoding of query strings. */
#include "rest/query.h"

#include <assert.h>

#include "base/text.h"

/* The byte of the escape at `i`, or -1. */
static int escape_at(struct slice text, size_t i)
{
    int high, low;

    if (text.len - i < 3)
        return -1;
    high = hex_value(text.data[i + 1]);
    low = hex_value(text.data[i + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_encoded(struct slice text, enum percent_mode mode)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '%' || (text.data[i] == '+' && mode == PERCENT_QUERY))
            return true;
    return false;
}

static const char *decode(struct slice text, enum percent_mode mode, char *to, size_t *ret_len)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int byte = (unsigned char)text.data[i];

        if (byte == '+' && mode == PERCENT_QUERY) {
            byte = ' ';
        } else if (byte == '%') {
            byte = escape_at(text, i);
            if (byte < 0)
                return "an escape is not % and two hexadecimal digits";
            if (byte == '/' && mode == PERCENT_SEGMENTS) {
                memcpy(to + len, text.data + i, 2);
                len += 2;
                byte = (unsigned char)text.data[i + 2];
            }
            i += 2;
        }
        to[len++] = (char)byte;
    }
    *ret_len = len;
    return NULL;
}

const char *query__percent_decode(struct arena *arena, struct slice text, enum percent_mode mode,
                                  struct slice *ret_text)
{
    struct slice decoded = text;

    if (is_encoded(text, mode)) {
        char *to = arena_alloc(arena, text.len);
        const char *why;

        if (to == NULL) {
            *ret_text = SLICE_EMPTY;
            return NULL;
        }
        why = decode(text, mode, to, &decoded.len);
        if (why != NULL)
            return why;
        assert(decoded.len <= text.len);
        decoded.data = to;
    }
    if (slice_find(decoded, '\0') != decoded.len)
        return "the text contains U+0000";
    if (!utf8_is_valid(decoded))
        return "the text is not UTF-8";
    *ret_text = decoded;
    return NULL;
}

bool query__next_pair(struct slice *rest, struct slice *ret_pair)
{
    while (rest->len > 0) {
        struct slice pair = slice_make(rest->data, slice_find(*rest, '&'));

        *rest = slice_from(*rest, pair.len < rest->len ? pair.len + 1 : pair.len);
        if (pair.len == 0)
            continue;
        *ret_pair = pair;
        return true;
    }
    return false;
}

struct status query__parse_pair(struct arena *arena, struct slice pair, const char *what,
                                size_t name_most, struct query_parameter *ret_parameter)
{
    size_t equals = slice_find(pair, '=');
    struct slice value = equals < pair.len ? slice_from(pair, equals + 1) : SLICE_EMPTY;
    struct query_parameter parameter = {.name = SLICE_EMPTY};
    const char *why = query__percent_decode(arena, slice_make(pair.data, equals), PERCENT_QUERY,
                                            &parameter.name);

    if (why != NULL)
        return status_make(arena, STATUS_INVALID_ARGUMENT, "The name of %s cannot be decoded: %s.",
                           what, why);
    if (parameter.name.len > name_most)
        return status_make(arena, STATUS_INVALID_ARGUMENT, "The name of %s exceeds %zu bytes.",
                           what, name_most);
    why = query__percent_decode(arena, value, PERCENT_QUERY, &parameter.value);
    if (why != NULL)
        return status_invalid_field(arena, parameter.name, "cannot be decoded (%s)", why);
    *ret_parameter = parameter;
    return status_ok();
}

struct status query__parse(struct arena *arena, struct slice query,
                           struct query_parameter **ret_parameters, size_t *ret_count)
{
    struct query_parameter *parameters;
    struct slice pair = SLICE_EMPTY;
    size_t most = 1;
    size_t count = 0;

    for (size_t i = 0; i < query.len; i++)
        most += query.data[i] == '&';
    if (query.len == 0)
        most = 0;
    if (most > QUERY_PARAMETERS_MOST)
        return status_make(arena, STATUS_INVALID_ARGUMENT, "The query has more than %d parameters.",
                           QUERY_PARAMETERS_MOST);
    parameters = most == 0 ? NULL : arena_array(arena, most, sizeof(parameters[0]));
    if (most > 0 && parameters == NULL)
        return status_out_of_memory();
    while (query__next_pair(&query, &pair)) {
        struct status status = query__parse_pair(arena, pair, "a query parameter", SIZE_MAX,
                                                 &parameters[count++]);

        if (!status_is_ok(status))
            return status;
    }
    if (arena_failed(arena))
        return status_out_of_memory();
    assert(count <= most); /* no more than what the separators promised */
    *ret_parameters = parameters;
    *ret_count = count;
    return status_ok();
}
