/*
 * Names of callers that one event loop read last, so that each audit row needs no read of its
 * actor's record. A name is known under the epoch of identities before its read, and is the name of
 * an identity that was resolved at just that epoch: a publication in between, which each change of
 * a token or a user makes, leaves the name unknown. Internal to rpc/call/.
 */
#ifndef DATASTREAM_RPC_CALL_ACTOR_NAMES_H
#define DATASTREAM_RPC_CALL_ACTOR_NAMES_H

#include "rpc/identity/identity.h"

#define ACTOR_NAMES 16
/* Longer names are read each time. */
#define ACTOR_NAME_BYTES 128

/* Zero-initialize. One loop's. */
struct actor_names {
    struct actor_name {
        enum identity_type type; /* IDENTITY_ANONYMOUS: no name */
        struct uuid organization;
        struct uuid id;
        uint64_t epoch;
        size_t len;
        char name[ACTOR_NAME_BYTES];
    } names[ACTOR_NAMES];
};

/* The name of the identity; it is the table's, until the next one is kept. */
bool actor_names__find(const struct actor_names *names, const struct identity *identity,
                       struct slice *ret_name);

/*
 * Keeps a name that was read after the epoch was `epoch`. Only of tokens and users: no change of
 * another caller is published.
 */
void actor_names__keep(struct actor_names *names, const struct identity *identity, uint64_t epoch,
                       struct slice name);

#endif
