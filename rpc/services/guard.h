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
enum store_found guard__read_role(struct call *call, const struct uuid *id,
                                  struct guard_role *ret_role);

/*
 * Reads the role that a token or a user (`to`) is to have. One that they may not have is a
 * violation of roleId. One that does not exist leaves *ret_role without permissions: the references
 * say so. UNAVAILABLE by the store.
 */
struct status guard__read_assignable(struct call *call, const char *role_id, enum assignable to,
                                     struct violations *violations, struct guard_role *ret_role);

/* Makes it a condition of the commit that the role is as it was read. Nothing for a predefined one.
 */
void guard__require_role(struct call *call, const struct guard_role *role);

/* The first permission of `held`, in the order of names, that `holder` lacks; NULL when there is
 * none. */
const struct permission *guard__lacking(const struct contract *contract,
                                        const struct permission_set *held,
                                        const struct permission_set *holder);

/*
 * OK when the caller holds all of the permissions, else PERMISSION_DENIED (reason MINT_GUARD) that
 * names one that is lacking, to those who may read roles. `what` is the object in the sentence:
 * "the role".
 */
struct status guard__check(struct call *call, const struct permission_set *permissions,
                           const char *what);

/* PERMISSION_DENIED (reason MINT_GUARD) that names the field. The sentence is borrowed. */
struct status guard__refuse(struct call *call, struct slice sentence, struct slice field);

/*
 * A token that is bounded, by a time limit or by allowed networks, lets nobody in for longer or
 * from elsewhere than itself: OK, or PERMISSION_DENIED (reason MINT_GUARD, naming the field) when
 * the token that is to work has the end `expire_ms` (milliseconds since 1970; 0 for none) after the
 * caller's, or networks that do not all lie within the caller's. Tokens alone are bounded: the end
 * of a session bounds nothing. Reads the caller's facts through the view. UNAVAILABLE by the store.
 */
struct status guard__check_bounds(struct call *call, int64_t expire_ms, char *const *networks,
                                  size_t network_count);

/*
 * Whether the caller is a token with a time limit or with allowed networks: such a one does nothing
 * that no bound can hold, as widening a role that others have. Reads the caller's facts through the
 * view. UNAVAILABLE by the store.
 */
struct status guard__read_bounded(struct call *call, bool *ret_bounded);

/*
 * A credential of an object lets its holder in without end and from anywhere: PERMISSION_DENIED
 * (reason MINT_GUARD, naming the credential's field) for a caller that is bounded, when a new value
 * is asked for. UNAVAILABLE by the store.
 */
struct status guard__check_credential(struct call *call, const struct field *credential);

/*
 * Whether every address of the first list is one of the second list: each network lies within one
 * of the others. An empty list stands for any address. A text that is no network lies within none.
 * Pure.
 */
bool guard__networks_within(char *const *networks, size_t network_count, char *const *outer,
                            size_t outer_count);

/* Whether one of the permissions is the owner's alone. */
bool guard__has_owner_only(const struct contract *contract,
                           const struct permission_set *permissions);

/* Whether the caller is the API token, or the user, of that id. */
bool guard__is_self(const struct call *call, const struct uuid *id);

/*
 * For methods with allow_self: OK when the caller holds the method's permission or the id is its
 * own, else PERMISSION_DENIED that names the permission.
 */
struct status guard__check_self(struct call *call, struct slice id);

#endif
