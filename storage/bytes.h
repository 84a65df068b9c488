/* Big-endian numbers in keys and bodies. They need no alignment; bounds are the caller's. */
#ifndef DATASTREAM_STORAGE_BYTES_H
#define DATASTREAM_STORAGE_BYTES_H

#include <stdint.h>

/* Each writes the number and returns the place after it. */
static inline char *bytes_put_u16(char *at, uint16_t value)
{
    at[0] = (char)(value >> 8);
    at[1] = (char)value;
    return at + 2;
}

static inline char *bytes_put_u32(char *at, uint32_t value)
{
    return bytes_put_u16(bytes_put_u16(at, (uint16_t)(value >> 16)), (uint16_t)value);
}

static inline char *bytes_put_u64(char *at, uint64_t value)
{
    return bytes_put_u32(bytes_put_u32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static inline uint16_t bytes_u16(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t bytes_u32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t bytes_u64(const char *at)
{
    return (uint64_t)bytes_u32(at) << 32 | bytes_u32(at + 4);
}

#endif
