/*
 * What one event loop packed last to say who a token is, for those who ask about the same tokens
 * again and again. All of it follows from the facts of the credential, its token and its role, and
 * each change of one of them is published: so bytes are known under the epoch of identities that
 * they were made under, beside the hash of the credential, and whether it works is judged before.
 */
#ifndef DATASTREAM_RPC_CALL_PACKED_CALLERS_H
#define DATASTREAM_RPC_CALL_PACKED_CALLERS_H

#include "rpc/call/call.h"

#define PACKED_CALLERS 16
/* Larger ones are packed each time. */
#define PACKED_CALLER_BYTES 4096

struct packed_callers {
    struct packed_caller {
        uint8_t hash[32];
        uint64_t epoch;
        size_t len; /* 0: nothing is here */
        char bytes[PACKED_CALLER_BYTES];
    } places[PACKED_CALLERS];
};

/* What was kept of the identity; the loop's, until the next one is kept. */
bool packed_callers_find(const struct call *call, const struct identity *identity,
                         struct slice *ret_bytes);

/*
 * Keeps the bytes, which were made of the identity and of what the call's view read. Without memory
 * for it they are made again next time. Only of tokens: not every change of another caller is
 * published.
 */
void packed_callers_keep(const struct call *call, const struct identity *identity,
                         struct slice bytes);

#endif
