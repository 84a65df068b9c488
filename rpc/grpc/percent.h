/* The grpc-message trailer: percent-encoded UTF-8. Pure. */
#ifndef DATASTREAM_RPC_GRPC_PERCENT_H
#define DATASTREAM_RPC_GRPC_PERCENT_H

#include "base/arena.h"
#include "base/slice.h"

/*
 * The text itself where it is UTF-8, else a copy in the arena with question marks for all that is
 * not ASCII: clients would refuse, or garble, the whole. Empty when the arena failed.
 */
struct slice grpc__message_text(struct arena *arena, struct slice text);

/* The longest start of the text that has at most `most` bytes and ends with a whole character. */
struct slice grpc__message_cut(struct slice text, size_t most);

/*
 * Encodes all but printable ASCII, '%', and blanks at either end (which HTTP/2 forbids: RFC 9113
 * section 8.2.1), with upper-case digits. The text itself where nothing needs it, else in the
 * arena; empty when that failed.
 */
struct slice grpc__message_encode(struct arena *arena, struct slice text);

#endif
