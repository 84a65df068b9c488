/* Who hears of commits, and in which order. */
#ifndef DATASTREAM_RPC_CALL_OBSERVERS_H
#define DATASTREAM_RPC_CALL_OBSERVERS_H

#include "rpc/call/news.h"
#include "rpc/identity/identity.h"

/* Plain; borrowed, and there for as long as the store is open. */
struct observers {
    struct identity_registry *identities;
    struct news *news;
};

/*
 * A store_observer (context: the observers). Identities first: who wakes by the news finds them
 * published. Committer's thread only.
 */
void observers_observe(void *observers, const struct commit *commit);

#endif
