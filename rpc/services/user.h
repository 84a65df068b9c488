/* What the files of the users share. */
#ifndef DATASTREAM_RPC_SERVICES_USER_H
#define DATASTREAM_RPC_SERVICES_USER_H

#include "datastream/storage/v1/records.pb-c.h"
#include "rpc/services/guard.h"
#include "rpc/services/resource/draft.h"

/*
 * A user has a record of storage.v1, a row of secrets and a row under the address. See
 * object_kinds.h.
 */
extern const struct typed_kind user_kind;

/* A user as it was read. */
struct user {
    struct object object;
    Datastream__Storage__V1__UserRecord *record; /* made for this run: may be changed */
    struct guard_role role;                      /* permits nothing when the role is gone */
};

/* The record in a stored body; NULL when it does not parse or the arena failed. */
Datastream__Storage__V1__UserRecord *user__unpack(struct arena *arena, struct slice body);
struct slice user__pack(struct arena *arena, const Datastream__Storage__V1__UserRecord *record);

/* Reads the user and the role. NOT_FOUND, DATA_LOSS, UNAVAILABLE. */
struct status user__read(struct call *call, struct slice id, struct user *ret_user);

/* The public message of a record: role name and status set, no password. Shares the record's parts.
 * NULL when the arena failed. */
Datastream__V1__User *user__view(struct arena *arena,
                                 const Datastream__Storage__V1__UserRecord *record,
                                 struct slice role_name);

/* The address as it is compared, and the key of its row; empty when the arena failed. */
struct slice user__email_key(struct arena *arena, const char *email);

/*
 * The name of a user of whom only the address is known: what stands before the "@", as much as a
 * name may have. A part of `email`.
 */
struct slice user__name_of_email(struct slice email);

/* Whether the role is that of the Owner. */
bool user__is_owner(const struct call *call, const struct guard_role *role);

/* The handlers. */
call_handler user__get, user__list;

#endif
