/* UUID version 7 and its text form. */
#include "base/uuid.h"

#include <assert.h>

#include "base/text.h"

struct uuid uuid_make(int64_t unix_ms, const uint8_t random[10])
{
    uint64_t ms = (uint64_t)unix_ms;
    struct uuid id;

    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(id.bytes + 6, random, 10);
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

static bool dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void uuid_format(const struct uuid *id, char text[UUID_TEXT_LEN])
{
    size_t at = 0;

    for (size_t i = 0; i < sizeof(id->bytes); i++) {
        if (dash_before(i))
            text[at++] = '-';
        hex_put(text + at, id->bytes[i]);
        at += 2;
    }
    assert(at == UUID_TEXT_LEN);
}

bool uuid_parse(struct slice text, struct uuid *ret_id)
{
    struct uuid id;
    size_t at = 0;

    if (text.len != UUID_TEXT_LEN)
        return false;
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        int high;
        int low;

        if (dash_before(i) && text.data[at++] != '-')
            return false;
        high = hex_value(text.data[at]);
        low = hex_value(text.data[at + 1]);
        if (high < 0 || low < 0)
            return false;
        id.bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    *ret_id = id;
    return true;
}
