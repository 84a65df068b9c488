/* What one event loop remembers of identities. Internal to rpc/identity/. */
#ifndef DATASTREAM_RPC_IDENTITY_IDENTITY_CACHE_H
#define DATASTREAM_RPC_IDENTITY_IDENTITY_CACHE_H

#include <protobuf-c/protobuf-c.h>

#include "rpc/identity/identity_registry.h"
#include "rpc/identity/session_facts.h"
#include "rpc/identity/table.h"

struct role_facts {
    struct table_entry entry; /* key: organization and role */
    uint64_t revision;
    struct permission_set permissions;
};

struct session_entry {
    struct table_entry entry; /* key: SHA-256 of the value */
    uint64_t revision;
    struct session_facts facts;
    bool is_used; /* a commit that says so is under way */
};

/* What decides of a user's sessions. */
struct user_facts {
    struct table_entry entry; /* key: organization and user */
    uint64_t revision;
    struct uuid role;
    uint32_t generation;
    bool disabled;
    bool must_change_password;
};

/*
 * Values that were resolved last: pairs of places by the last character, of which that goes which
 * was used longer ago. So who calls all the time, and asks about many others, stays known.
 */
#define MEMO_PLACES 16
#define MEMO_PAIR 2

/*
 * A token's value beside what it was resolved to, so that the next call with it needs neither its
 * checksum nor its hash. All are forgotten at each publication; the expiry is judged at each use.
 * Only of tokens without networks.
 */
struct memo {
    char value[TOKEN_VALUE_LEN];
    uint64_t used; /* number of its last use; 0: nothing is here */
    struct identity identity;
};

struct identity_cache {
    struct identity_registry *registry;
    uint64_t applied; /* epoch up to which publications were applied */
    bool forgets;     /* it remembers nothing from one resolution to the next */
    size_t memo_count;
    uint64_t memo_uses;
    struct table *facts;
    struct table *roles;
    struct table *sessions;
    struct table *users;
    struct arena scratch; /* of one resolution */
    struct memo memos[MEMO_PLACES];
};

#endif
