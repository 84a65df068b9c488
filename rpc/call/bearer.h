/* The bearer value of an Authorization header (RFC 6750 section 2.1). Pure. */
#ifndef DATASTREAM_RPC_CALL_BEARER_H
#define DATASTREAM_RPC_CALL_BEARER_H

#include "base/slice.h"

/*
 * The value after "Bearer", which may be in any case and followed by any blanks: empty where
 * nothing follows, its data NULL where the header is missing or of another scheme.
 */
struct slice bearer_parse(struct slice authorization);

#endif
