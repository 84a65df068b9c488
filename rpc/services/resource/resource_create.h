/* Creations: of what a request says, and of what a clone drew up. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_CREATE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_CREATE_H

#include "rpc/services/resource/resource.h"

/*
 * The end of a creation, after the draft was judged: stamps it, makes its credentials, fills the
 * commit unless the call only validates, and answers with it, the credentials shown.
 */
struct status engine__store_new(struct call *call, struct draft *draft);

/* The handlers of single operations. */
call_handler engine__create;

#endif
