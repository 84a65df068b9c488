/* What the files of the roles share. */
#ifndef DATASTREAM_RPC_SERVICES_ROLE_H
#define DATASTREAM_RPC_SERVICES_ROLE_H

#include "datastream/v1/role.pb-c.h"
#include "rpc/services/guard.h"
#include "rpc/services/resource/draft.h"

/* A role has its public message, in a family of its own. See object_kinds.h. */
extern const struct typed_kind role_kind;

/* FAILED_PRECONDITION (reason PREDEFINED_ROLE) when the text is the id of a predefined role. */
struct status role__check_custom(struct call *call, struct slice id);

/*
 * The set of the role's permissions. Violations: a name that is no permission; an `assignable_to`
 * that lets tokens have what is the owner's alone.
 */
struct permission_set role__check(struct call *call, const Datastream__V1__Role *role,
                                  struct violations *violations);

/* Where it is not said: USERS where a permission is the owner's alone, else both. */
void role__default_assignable(struct call *call, Datastream__V1__Role *role);

/* ALREADY_EXISTS when a predefined role has the name. */
struct status role__check_predefined_name(struct call *call, const struct draft *draft);

/* Writes the names of the permissions into the role, in the order of names. */
void role__set_permissions(struct call *call, const struct permission_set *permissions,
                           Datastream__V1__Role *role);

/*
 * The rest of creating a role from its draft, the mint guard included. `source` is the role that
 * its permissions were copied from, which must stay as it was read; its revision is 0 for none.
 */
struct status role__finish_create(struct call *call, struct draft *draft,
                                  const struct guard_role *source);

/* Handlers of methods; services.c names the method of each. */
call_handler role__create, role__get, role__list, role__delete;

#endif
