/* 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01: parts of fixed width. */
#include "rpc/frontend/traceparent.h"

#include "base/text.h"

#define LEN 55

static bool is_hex(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (hex_value_lower(text.data[i]) < 0)
            return false;
    return true;
}

static bool is_zero(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '0')
            return false;
    return true;
}

bool traceparent_is_valid(struct slice text)
{
    static const size_t widths[] = {2, 32, 16, 2};
    struct slice parts[4];
    size_t at = 0;

    if (text.len < LEN || (text.len > LEN && text.data[LEN] != '-'))
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (i > 0 && text.data[at++] != '-')
            return false;
        parts[i] = slice_make(text.data + at, widths[i]);
        at += widths[i];
        if (!is_hex(parts[i]))
            return false;
    }
    if (slice_equal(parts[0], SLICE("ff")) || is_zero(parts[1]) || is_zero(parts[2]))
        return false;
    return text.len == LEN || !is_zero(parts[0]);
}

bool traceparent__of(const struct request_head *head, struct slice *ret_traceparent)
{
    struct slice text = SLICE_EMPTY;
    size_t count = 0;

    if (!head_may_name(head, SLICE("traceparent")))
        return false;
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_equal(head->headers[i].name, SLICE("traceparent"))) {
            text = head->headers[i].value;
            count++;
        }
    if (count != 1 || !traceparent_is_valid(text))
        return false;
    *ret_traceparent = text;
    return true;
}
