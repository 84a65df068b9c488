/*
 * Indexes: rows that lead from a value of a field to the objects that have it, for the fields that
 * the contract calls indexed. Every object has one row for each of them, also where the field is
 * unset.
 *
 * A value is a byte that says whether the field is set (1 for one without presence), then
 *
 *   enum, int, bool   8 bytes big-endian, the sign flipped; unsigned numbers as they are
 *   float, double     the bits of the double, ordered: negative ones inverted, else the sign
 *                     flipped
 *   timestamp         seconds as an int, nanoseconds in 4 bytes
 *   string            folded as names are, at most INDEX_TEXT_MOST bytes of it, and a NUL
 *
 * Nothing follows the byte of an unset one. Pure, except for the keys that it allocates.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_INDEX_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_INDEX_H

#include "proto/filter/filter.h"
#include "rpc/services/resource/object.h"

/* A change of the encoding above raises it: rows of another version are another index. */
#define INDEX_VERSION 1
#define INDEX_TEXT_MOST 128

/* The number of a field's index in keys. */
static inline uint32_t index_number(const struct field *field)
{
    return field->number << 8 | INDEX_VERSION;
}

/* Adds the rows of all indexes of the kind to the front of a list. */
void index_add_rows(struct arena *arena, const struct kind *kind, const struct uuid *organization,
                    const struct uuid *id, const ProtobufCMessage *message,
                    struct check_index **first);

/* The value of the message's field; empty when the arena failed. */
struct slice index__value(struct arena *arena, const struct field *field,
                          const ProtobufCMessage *message);

/*
 * The values that a comparison of an indexed field may leave: *ret_least <= value < *ret_end, each
 * with what follows it in keys. False where it narrows nothing.
 */
bool index__range(struct arena *arena, const struct field *field, const struct filter_term *term,
                  struct slice *ret_least, struct slice *ret_end);

#endif
