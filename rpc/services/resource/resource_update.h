/* The resource engine's update: the fields that the mask names, and nothing else. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_UPDATE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_UPDATE_H

#include "rpc/services/resource/resource.h"

/*
 * The end of an update or an action, after the edit was judged: seals secrets, fills the commit
 * where anything differs and the call does not only validate, and answers with the object.
 * `describe` (may be NULL) words the audit row.
 */
struct status engine__store_edit(struct call *call, struct edit *edit,
                                 void (*describe)(struct call *call, const struct edit *edit));

/* The handlers of single operations. */
call_handler engine__update;

#endif
