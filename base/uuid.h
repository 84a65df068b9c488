/*
 * UUIDs (RFC 9562), as 16 bytes in keys and as 36 lower-case characters outside. Ours are version
 * 7: they sort by the time when they were made.
 */
#ifndef DATASTREAM_BASE_UUID_H
#define DATASTREAM_BASE_UUID_H

#include "base/slice.h"

struct uuid {
    uint8_t bytes[16];
};

#define UUID_TEXT_LEN 36

/* A version 7 UUID from milliseconds since 1970 and 10 random bytes. */
struct uuid uuid_make(int64_t unix_ms, const uint8_t random[10]);

/* Writes 36 characters and no NUL. */
void uuid_format(const struct uuid *id, char text[UUID_TEXT_LEN]);

/* Reads 8-4-4-4-12 hexadecimal digits of either case, any version. False leaves *ret_id as it was.
 */
bool uuid_parse(struct slice text, struct uuid *ret_id);

static inline bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static inline bool uuid_is_zero(const struct uuid *id)
{
    static const struct uuid zero;

    return uuid_equal(id, &zero);
}

#endif
