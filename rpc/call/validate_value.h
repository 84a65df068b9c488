/* The rules of single values, each with the sentence that says what is wanted. */
#ifndef DATASTREAM_RPC_CALL_VALIDATE_VALUE_H
#define DATASTREAM_RPC_CALL_VALIDATE_VALUE_H

#include "rpc/call/validate.h"

/*
 * Checks one value (of a singular field, an item, a map's key or value) that lies at `address` as
 * the message holds it. `subject` begins the sentences: "" or "the key ".
 */
void validate__value(struct validation *validation, const struct place *place,
                     const struct field *field, const struct rules *rules, const void *address,
                     const char *subject);

/*
 * Whether the bytes alone tell that a text has enough characters, of 1 to 4 bytes, and not too
 * many.
 */
static inline bool validate__length_is_clear(const struct rules *rules, struct slice text)
{
    return text.len <= rules->max_length && (text.len + 3) / 4 >= rules->min_length;
}

#endif
