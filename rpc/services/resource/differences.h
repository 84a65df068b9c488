/*
 * Where a merged object differs from what is stored, as the walk over both has noted it: a tree of
 * fields. Plain; lives in the arena of the call.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_DIFFERENCES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_DIFFERENCES_H

#include "proto/message/message.h"

/* Those of two messages of one type. Zero-initialize, with both messages. */
struct differences {
    const ProtobufCMessage *before, *after; /* an empty one for one that is missing */
    struct difference *first;               /* by the fields' numbers, as in a message_type */
};

struct difference {
    struct difference *next;
    const struct field *field;
    bool is_part;             /* a sub-message that was compared field by field */
    struct differences inner; /* of a part; may be none */
};

/* Whether the field is a sub-message whose fields are compared, and told, each on its own. */
bool differences__has_parts(const struct field *field);

/* Notes a field whose values differ, unless it is noted already. */
void differences__add(struct differences *differences, struct arena *arena,
                      const struct field *field);

/* The same of a sub-message, whose own fields were compared. */
void differences__add_part(struct differences *differences, struct arena *arena,
                           const struct field *field, struct differences inner);

#endif
