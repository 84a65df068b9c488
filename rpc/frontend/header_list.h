/* Headers that are lists (RFC 9110 section 5.3): several lines of one name are one list. Pure. */
#ifndef DATASTREAM_RPC_FRONTEND_HEADER_LIST_H
#define DATASTREAM_RPC_FRONTEND_HEADER_LIST_H

#include "rpc/net/exchange.h"

/*
 * The values of all lines with the lower-case name, in their order, joined by ", ": the value
 * itself where there is one line, else in the arena. False when there is none. *ret_list is empty
 * when the arena failed.
 */
bool header_list(struct arena *arena, const struct request_head *head, struct slice name,
                 struct slice *ret_list);

#endif
