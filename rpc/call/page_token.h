/* Page tokens: base64url of */
#ifndef DATASTREAM_RPC_CALL_PAGE_TOKEN_H
#define DATASTREAM_RPC_CALL_PAGE_TOKEN_H

#include "rpc/call/call.h"

/*
 * Page tokens are opaque: they carry the key to go on from, and a MAC over it, the method and the
 * organization, so that an altered one, or one of another list, is refused.
 */
struct slice call_page_token(struct call *call, struct slice next_key);

/* Empty *ret_key for an empty token; INVALID_ARGUMENT naming pageToken. */
struct status call_read_page_token(struct call *call, struct slice token, struct slice *ret_key);

#endif
