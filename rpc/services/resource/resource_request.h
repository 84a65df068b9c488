/*
 * What the operations of the engine share: which object is meant, what the audit log says, and
 * hooks.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_REQUEST_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_REQUEST_H

#include "rpc/services/resource/resource.h"

/* What the hook of the kind says of a deletion. */
struct status engine__check_removal(struct call *call, const struct object *object);

/* The id that the request names. */
struct slice engine__request_id(const struct call *call);

/*
 * Words the audit row that was added last: `verb` and the kind ("EnabledDevice"), and a sentence,
 * which is borrowed.
 */
void engine__audit_as(struct call *call, const char *verb, struct slice sentence);

#endif
