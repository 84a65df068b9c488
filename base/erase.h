/*
 * Overwriting memory that may have held secrets, for what is done several times a request: memset
 * in pieces that the C library stores by vectors (beyond 2 KiB it takes a string instruction, which
 * starts slowly). What is erased once in a while takes crypto_wipe. Pure.
 */
#ifndef DATASTREAM_BASE_ERASE_H
#define DATASTREAM_BASE_ERASE_H

#include <stddef.h>
#include <string.h>

#define ERASE_PIECE 1024

/* Overwrites the bytes with zeroes; the compiler cannot leave it out. */
static inline void erase(void *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += ERASE_PIECE) {
        size_t piece = len - at < ERASE_PIECE ? len - at : ERASE_PIECE;

        /* A compiler that knew the bound would put the string instruction here itself. */
        __asm__("" : "+r"(piece));
        memset((char *)bytes + at, 0, piece);
    }
    __asm__ volatile("" : : "r"(bytes) : "memory"); /* somebody may look */
}

#endif
