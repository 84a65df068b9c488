/* ChangeService.Watch: the change feed as a stream, for the kinds that the caller may read. */
#ifndef DATASTREAM_RPC_SERVICES_WATCH_H
#define DATASTREAM_RPC_SERVICES_WATCH_H

#include "rpc/call/call_stream.h"

extern const struct stream_handler watch_changes;

/* Reasons of OUT_OF_RANGE, in ErrorInfo. */
#define WATCH_REVISION_NOT_KEPT "REVISION_NOT_KEPT"   /* metadata: oldestRevision */
#define WATCH_REVISION_NOT_GIVEN "REVISION_NOT_GIVEN" /* metadata: newestRevision */

#endif
