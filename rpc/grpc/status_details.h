/* A status with its details as google.rpc.Status, for grpc-status-details-bin. Pure. */
#ifndef DATASTREAM_RPC_GRPC_STATUS_DETAILS_H
#define DATASTREAM_RPC_GRPC_STATUS_DETAILS_H

#include "base/status.h"

/*
 * The bounds of what an error says: stock clients refuse an answer whose metadata passes 8 KiB. The
 * message in grpc-message at its worst (every byte escaped), the details in base64 and all other
 * fields of the answer stay below that together.
 */
#define STATUS_MESSAGE_MOST 512
#define STATUS_DETAILS_MOST 4300

/*
 * google.rpc.Status packed, in base64 without padding, in the arena; empty when that failed. Field
 * and precondition violations are gathered in one BadRequest and one PreconditionFailure, in front.
 * What would pass STATUS_DETAILS_MOST packed bytes is left out from the end. Text that is not UTF-8
 * gets question marks, since clients would refuse the whole.
 */
struct slice status_details__encode(struct arena *arena, const struct status *status);

#endif
