/* API Preview: the commands that create a resource. */
#ifndef DATASTREAM_RPC_SERVICES_PREVIEW_H
#define DATASTREAM_RPC_SERVICES_PREVIEW_H

#include "rpc/call/call.h"

/* ApiPreviewService.PreviewApiCall: reads nothing from the store and changes nothing. */
struct status preview__call(struct call *call);

#endif
