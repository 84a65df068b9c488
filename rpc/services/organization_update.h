/*
 * The organization as its members read and change it. It is no resource kind: each caller has
 * exactly one, and its record has a family of its own. /
 */
#ifndef DATASTREAM_RPC_SERVICES_ORGANIZATION_UPDATE_H
#define DATASTREAM_RPC_SERVICES_ORGANIZATION_UPDATE_H

#include "rpc/services/organization.h"

/* The public message, defaults filled in, without an etag. NULL when the arena failed. */
Datastream__V1__Organization *organization__view(struct arena *arena,
                                                 const struct organization *organization);

/*
 * Fills the commit with the record, on condition that it is as it was read. The answer, an
 * Organization, gets the etag of the commit.
 */
void organization__commit(struct call *call, const struct organization *organization);

/* The handlers. */
call_handler organization__get, organization__update;

#endif
