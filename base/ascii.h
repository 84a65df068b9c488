/* What a byte is in ASCII, whatever the locale says. Pure. */
#ifndef DATASTREAM_BASE_ASCII_H
#define DATASTREAM_BASE_ASCII_H

#include <stdbool.h>

/* 0 to 9. */
static inline bool ascii_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* A to Z and a to z. */
static inline bool ascii_is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One of the two. */
static inline bool ascii_is_letter_or_digit(int c)
{
    return ascii_is_letter(c) || ascii_is_digit(c);
}

#endif
