/* What the files of the organization share. */
#ifndef DATASTREAM_RPC_SERVICES_ORGANIZATION_H
#define DATASTREAM_RPC_SERVICES_ORGANIZATION_H

#include "datastream/storage/v1/records.pb-c.h"
#include "datastream/v1/organization.pb-c.h"
#include "rpc/call/call.h"
#include "rpc/services/bootstrap.h"
#include "rpc/services/services.h"

/* An organization as it was read. */
struct organization {
    struct uuid id;
    struct slice key;
    uint64_t revision;
    Datastream__Storage__V1__OrganizationRecord *record; /* made for this run: may be changed */
};

/*
 * The record in a stored value, and its revision (which may be NULL); NULL when it cannot be read,
 * or the arena failed.
 */
Datastream__Storage__V1__OrganizationRecord *
organization__unpack(struct arena *arena, struct slice value, uint64_t *ret_revision);

/*
 * What is wrong with the name of an organization, or with its Owner's address: a predicate, or
 * NULL. Trims *name, in the arena.
 */
const char *organization__check_name(struct arena *arena, struct slice *name);
const char *organization__check_email(struct arena *arena, struct slice email);

/*
 * INVALID_ARGUMENT for a name or e-mail address that no organization can have: asked before a store
 * is made for it. Trims *name, in the arena.
 */
struct status organization_check(struct arena *arena, struct slice *name, struct slice owner_email);

/*
 * Creates an organization with its Owner, whose password has the PHC string `owner_phc`, and one
 * API token of the role API Administrator, in one commit that waits for the disk: in `commit`, with
 * what it holds already, or in one of its own where that is NULL. Without the string (NULL) there
 * is no Owner, as in stores that are older than users. It gets a data key, wrapped by `wrapping`;
 * none where that is NULL. As organization_check; ALREADY_EXISTS when `first` and the store has an
 * organization.
 */
struct status organization_create(struct store *store, const struct identity_registry *identities,
                                  const struct contract *contract,
                                  const struct wrapping_key *wrapping, struct arena *arena,
                                  struct commit *commit, struct slice name,
                                  struct slice owner_email, const char *owner_phc, bool first,
                                  struct organization_created *ret_created);

#endif
