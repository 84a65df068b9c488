/* The id and secret of an Authorization header of the scheme Basic (RFC 7617 section 2). Pure. */
#ifndef DATASTREAM_RPC_CALL_BASIC_H
#define DATASTREAM_RPC_CALL_BASIC_H

#include "base/arena.h"

enum basic_result {
    BASIC_ABSENT,    /* no header, or of another scheme */
    BASIC_MALFORMED, /* no base64, or no colon in it */
    BASIC_FOUND,
};

/*
 * What stands before and after the first colon; in the arena, and the id then has data even where
 * it is empty. BASIC_MALFORMED also when the arena failed.
 */
enum basic_result basic_parse(struct arena *arena, struct slice authorization, struct slice *ret_id,
                              struct slice *ret_secret);

#endif
