/*
 * Lists of entity tags, as If-Match and If-None-Match carry them (RFC 9110 sections 8.8.3 and
 * 13.1). Pure.
 */
#ifndef DATASTREAM_RPC_CALL_ETAG_LIST_H
#define DATASTREAM_RPC_CALL_ETAG_LIST_H

#include <stdbool.h>

#include "base/slice.h"

struct etag {
    struct slice text; /* without W/ and quotes */
    bool is_weak;      /* W/ stood before it */
    bool is_quoted;    /* "*" without quotes is any entity tag; gRPC metadata may have bare tags */
};

/*
 * Takes the next tag off the list. Commas and blanks between tags are skipped; a comma within
 * quotes is part of the tag, and a tag without its second quote, which no entity tag equals, is the
 * rest of the list. False at the end.
 */
bool etag_list_next(struct slice *list, struct etag *ret_tag);

#endif
