/* What an answer shows to a caller who may change an object and not read it. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_DISCLOSURE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_DISCLOSURE_H

#include "rpc/call/call.h"

/*
 * For chain_options.limit_answer. Where a change of an object (an update, an action, also validate
 * only) answers with the object and the caller lacks the kind's read permission, the answer keeps
 * id, etag, the fields that the call itself named, and credentials that are shown this once.
 * Answers to creations, which hold what their caller gave, and those about the caller's own token
 * stay as they are. Sets call->limited.
 */
void disclosure_limit(struct call *call);

#endif
