/* UUID version 7 and its text form. */
#include "base/uuid.h"

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

/* Where each byte's two digits stand in the text. */
static const uint8_t places[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

void uuid_format(const struct uuid *id, char text[UUID_TEXT_LEN])
{
    text[8] = text[13] = text[18] = text[23] = '-';
    for (size_t i = 0; i < sizeof(id->bytes); i++)
        hex_put(text + places[i], id->bytes[i]);
}

#define IS_DIGIT 0x10

/* Of a hexadecimal digit its value and IS_DIGIT; of all else 0. */
static const uint8_t digits[256] = {
    ['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
    ['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
    ['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f, ['A'] = 0x1a, ['B'] = 0x1b,
    ['C'] = 0x1c, ['D'] = 0x1d, ['E'] = 0x1e, ['F'] = 0x1f,
};

bool uuid_parse(struct slice text, struct uuid *ret_id)
{
    unsigned all = IS_DIGIT;
    struct uuid id;

    if (text.len != UUID_TEXT_LEN || text.data[8] != '-' || text.data[13] != '-' ||
        text.data[18] != '-' || text.data[23] != '-')
        return false;
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        unsigned high = digits[(unsigned char)text.data[places[i]]];
        unsigned low = digits[(unsigned char)text.data[places[i] + 1]];

        all &= high & low;
        id.bytes[i] = (uint8_t)(high << 4 | (low & 0x0f));
    }
    if (all == 0)
        return false;
    *ret_id = id;
    return true;
}
