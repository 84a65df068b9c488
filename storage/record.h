/*
 * The header that every stored value begins with, so that a revision is checked without parsing
 * protobuf:
 *
 *   byte 0   format, RECORD_FORMAT; another one is reported and never guessed at
 *   byte 1   flags, 0
 *   2..3     0
 *   4..11    revision of the commit that wrote it, little-endian
 *   12..     body
 */
#ifndef DATASTREAM_STORAGE_RECORD_H
#define DATASTREAM_STORAGE_RECORD_H

#include "base/slice.h"

#define RECORD_FORMAT 1
#define RECORD_HEADER_LEN 12

struct record {
    uint64_t revision;
    struct slice body; /* borrowed from the value */
};

/* False when the value is too short or of another format or unknown flags. */
bool record_parse(struct slice value, struct record *ret_record);

/* Writes a header. */
void record_write_header(uint8_t header[RECORD_HEADER_LEN], uint64_t revision);

#endif
