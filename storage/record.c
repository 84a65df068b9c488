/* The header of stored values: 12 bytes that are understood without protobuf. */
#include "storage/record.h"

static uint64_t load_u64_le(const uint8_t *bytes)
{
    uint64_t value = 0;

    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

bool record_parse(struct slice value, struct record *ret_record)
{
    const uint8_t *bytes = (const uint8_t *)value.data;

    if (value.len < RECORD_HEADER_LEN)
        return false;
    if (bytes[0] != RECORD_FORMAT || bytes[1] != 0 || bytes[2] != 0 || bytes[3] != 0)
        return false;
    ret_record->revision = load_u64_le(bytes + 4);
    ret_record->body = slice_from(value, RECORD_HEADER_LEN);
    return true;
}

void record_write_header(uint8_t header[RECORD_HEADER_LEN], uint64_t revision)
{
    memset(header, 0, RECORD_HEADER_LEN);
    header[0] = RECORD_FORMAT;
    for (int i = 0; i < 8; i++)
        header[4 + i] = (uint8_t)(revision >> (8 * i));
}
