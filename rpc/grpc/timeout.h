/* The grpc-timeout header. Pure. */
#ifndef DATASTREAM_RPC_GRPC_TIMEOUT_H
#define DATASTREAM_RPC_GRPC_TIMEOUT_H

#include "base/slice.h"

/*
 * Reads 1 to 8 digits and a unit (H M S m u n) as milliseconds, rounded up: so 0 stands for a
 * deadline that has passed already and nothing else. The longest, 99999999H, is far below 64 bits.
 * False for any other text; *ret_ms is then untouched.
 */
bool grpc__timeout_parse(struct slice text, uint64_t *ret_ms);

#endif
