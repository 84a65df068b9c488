/* What the files of the organization share. */
#ifndef DATASTREAM_RPC_SERVICES_ORGANIZATION_H
#define DATASTREAM_RPC_SERVICES_ORGANIZATION_H

#include "datastream/storage/v1/records.pb-c.h"
#include "datastream/v1/organization.pb-c.h"
#include "rpc/call/call.h"

/* An organization as it was read. */
struct organization {
    struct uuid id;
    struct slice key;
    uint64_t revision;
    Datastream__Storage__V1__OrganizationRecord *record; /* made for this run: may be changed */
};

/* The record in a stored value, and its revision (which may be NULL); NULL when it cannot be read, or
 * the arena failed. */
Datastream__Storage__V1__OrganizationRecord *
organization__unpack(struct arena *arena, struct slice value, uint64_t *ret_revision);

/* Reads an organization. DATA_LOSS, UNAVAILABLE by the store, or out of memory. */
struct status organization__read(struct call *call, const struct uuid *id,
                                 struct organization *ret_organization);

/* The public message, defaults filled in, without an etag. NULL when the arena failed. */
Datastream__V1__Organization *organization__view(struct arena *arena,
                                                 const struct organization *organization);

/* The least characters of a password. */
unsigned organization__password_length(const Datastream__Storage__V1__OrganizationRecord *record);

/*
 * Fills the commit with the record, on condition that it is as it was read. The answer, an Organization,
 * gets the etag of the commit.
 */
void organization__commit(struct call *call, const struct organization *organization);

/* The handlers. */
call_handler organization__get, organization__update, organization__transfer;

#endif
