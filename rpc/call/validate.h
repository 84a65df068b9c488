/* Validation's parts. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_CALL_VALIDATE_H
#define DATASTREAM_RPC_CALL_VALIDATE_H

#include "proto/contract/contract.h"

/* Where in a message we are: from the innermost outward. Written out only for a violation. */
struct place {
    const struct place *parent; /* NULL at the top */
    const struct field *field;
    bool has_index; /* an item of a list, or an entry of a map */
    size_t index;
    struct slice map_key; /* the entry's key as text; data NULL for lists */
};

struct validation {
    struct arena *arena;
    struct slice prefix;
    struct violations *violations;
    bool quotes; /* every text may be a quote */
};

/* Adds a violation at the place. */
void validate__report(struct validation *validation, const struct place *place, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

/*
 * Checks one value (of a singular field, an item, a map's key or value) that lies at `address` as
 * the message holds it. `subject` begins the sentences: "" or "the key ".
 */
void validate__value(struct validation *validation, const struct place *place,
                     const struct field *field, const struct rules *rules, const void *address,
                     const char *subject);

#endif
