/*
 * The mint guard: nobody makes, or changes into, a role or token that holds a permission that they
 * lack, nor learns the value of, re-activates or edits one. All of it is judged in the handler, on
 * what it read, and what it read becomes a condition of the commit.
 */
#ifndef DATASTREAM_RPC_SERVICES_GUARD_H
#define DATASTREAM_RPC_SERVICES_GUARD_H

#include "rpc/call/call.h"

/* A role as it was read through the call's view. */
struct guard_role {
    struct uuid id;
    struct permission_set permissions;
    enum assignable assignable;
    struct slice name;
    uint64_t revision; /* 0 for a predefined role */
};

/* Predefined or stored; STORE_ABSENT when the organization has no such role. */
enum store_found guard_read_role(struct call *call, const struct uuid *id,
                                 struct guard_role *ret_role);

/* Makes it a condition of the commit that the role is as it was read. Nothing for a predefined one.
 */
void guard_require_role(struct call *call, const struct guard_role *role);

/* The first permission of `held`, in the order of names, that `holder` lacks; NULL when there is
 * none. */
const struct permission *guard_lacking(const struct contract *contract,
                                       const struct permission_set *held,
                                       const struct permission_set *holder);

/*
 * OK when the caller holds all of the permissions, else PERMISSION_DENIED (reason MINT_GUARD) that
 * names one that is lacking. `what` is the object in the sentence: "the role".
 */
struct status guard_check(struct call *call, const struct permission_set *permissions,
                          const char *what);

/* PERMISSION_DENIED (reason MINT_GUARD) that names the field. The sentence is borrowed. */
struct status guard_refuse(struct call *call, struct slice sentence, struct slice field);

/*
 * What lets anybody in where they were not lets them in no longer than the caller: OK, or
 * PERMISSION_DENIED (reason MINT_GUARD) when the caller has an end and the token, whose own is
 * `expire_ms` (0 for none), outlives it.
 */
struct status guard_check_end(struct call *call, int64_t expire_ms);

/* Whether one of the permissions is the owner's alone. */
bool guard_has_owner_only(const struct contract *contract,
                          const struct permission_set *permissions);

/* Whether the caller is the API token of that id. */
bool guard_is_self(const struct call *call, const struct uuid *id);

/*
 * For methods with allow_self: OK when the caller holds the method's permission or the id is its
 * own, else PERMISSION_DENIED that names the permission.
 */
struct status guard_check_self(struct call *call, struct slice id);

#endif
