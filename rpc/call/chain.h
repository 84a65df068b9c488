/* The chain's parts, as its files see them. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_CALL_CHAIN_H
#define DATASTREAM_RPC_CALL_CHAIN_H

#include "rpc/call/call.h"
#include "rpc/call/denials.h"
#include "rpc/call/page_token.h"
#include "rpc/call/usage.h"

struct chain {
    const struct contract *contract;
    struct store *store;
    struct identity_registry *identities;
    const struct settings *settings;
    call_handler **handlers; /* by method index; NULL for methods of other packages */
    uint32_t token_kind;     /* number of the kind "api-tokens", 0 when there is none */
    uint8_t page_key[32];
};

struct chain_loop {
    struct chain *chain;
    struct identity_cache *cache;
    struct denials *denials;
    struct usage *usage;
    struct page_mac *page_mac;
};

/* The value after "Bearer", which may be in any case and followed by any blanks; else empty. */
struct slice authorize__bearer(struct slice authorization);

/* The one status of every cause. */
struct status authorize__unauthenticated(void);

/*
 * Resolves the bearer value and judges whether the method may be called: *ret_status. False when
 * the view must be fetched first.
 */
bool authorize__judge(struct call *call, struct status *ret_status);

/* The same where something that matters may have changed since; else OK. */
bool authorize__judge_again(struct call *call, struct status *ret_status);

/* Forgets what the view fetched, and notes the identity epoch. */
void call__reset_view(struct call *call);

/* Adds the audit row of call->audit to the commit. */
void audit_row__add(struct call *call);

/* Notes that the caller was refused, for the token's activity log. */
void audit_row__note_denial(struct call *call, const struct status *status);

#endif
