/* Comparison and scanning of slices. */
#include "base/slice.h"

int slice_compare(struct slice a, struct slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + ('a' - 'A'));
    return c;
}

bool slice_equal_ignore_case(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    if (a.len == 0 || memcmp(a.data, b.data, a.len) == 0)
        return true;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

size_t slice_find(struct slice s, char byte)
{
    const char *at = s.len == 0 ? NULL : memchr(s.data, byte, s.len);

    return at == NULL ? s.len : (size_t)(at - s.data);
}

#define EACH(byte) (UINT64_MAX / 255 * (byte))

size_t slice_plain_run(struct slice s)
{
    size_t run = 0;
    uint64_t word;

    for (; s.len - run >= sizeof(word); run += sizeof(word)) {
        memcpy(&word, s.data + run, sizeof(word));
        /* Of ASCII, a byte below 0x20 borrows from its high bit, and 0x7f carries into it. */
        if (((word | (word - EACH(0x20)) | (word + EACH(0x01))) & EACH(0x80)) != 0)
            break;
    }
    return run;
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
        s = slice_from(s, 1);
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool slice_to_u64(struct slice s, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (s.len == 0 || s.len > 20)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.data[i] - (unsigned)'0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}
