/*
 * The rows of an object: one function lists those that lead to it, and all that writes objects or
 * proves the store works from that list. So a kind's new row is added in one place, and create,
 * update, delete, the tools and `check` all know of it.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_ROWS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_ROWS_H

#include "rpc/services/resource/reference.h"

/* What an object is, or will be. Plain; parts are borrowed. */
struct object_state {
    const struct kind *kind;
    struct uuid organization;
    struct uuid id;
    bool id_is_fresh;  /* of random bits of this call: no other object can have it */
    uint64_t revision; /* of the record, when it is stored */
    struct slice body; /* of the record */
    /* The public message in the body, where it is at hand; NULL: it is read from the body. */
    const ProtobufCMessage *message;
    struct slice secrets; /* body of its row of secrets; empty: none, or not looked at */
    struct slice folded;  /* the name as it is compared; empty for a kind without names */
    struct references references;
};

/*
 * Fills name and references from the public message, which it may change. Violations of what is
 * stored mean nothing, and of what is written are found by others.
 */
void rows_fill(struct references_reader *reader, ProtobufCMessage *message,
               struct object_state *state);

/*
 * Lists the rows that lead to the object: its name, its references, its indexes, the hashes of its
 * credentials, and those of its kind.
 */
void rows_list(struct arena *arena, const struct object_state *state,
               struct check_index **ret_first);

/*
 * Fills the commit with all that turns `before` into `after`, either of which may be NULL: record,
 * secrets, the rows that lead to it, its kind's counter and the feed; under the conditions that it
 * is as it was read, that what it claims is free, that what it newly refers to is there, and that
 * nobody refers to what goes.
 */
void rows_commit(struct commit *commit, const struct object_state *before,
                 const struct object_state *after);

#endif
