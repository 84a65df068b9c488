/* A page of what refers to an object, while it is filled. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_USAGE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_USAGE_H

#include "datastream/v1/activity.pb-c.h"
#include "rpc/services/resource/object.h"
#include "rpc/services/resource/resource.h"

/* A page of usage ends after the object whose record exceeds this: bytes of stored records. */
#define USAGE_BYTES_MOST ((size_t)256 << 10)

struct usage_page {
    Datastream__V1__Usage *usage; /* the answer */
    size_t bytes;                 /* of the records that were read for it */
};

/* A page with room for `most` objects. Out of memory. */
struct status usage_page_start(struct call *call, size_t most, struct usage_page *ret_page);

/* Adds an object: by name where the caller may read its kind, else as one more that is hidden. */
void usage_page_add(struct call *call, struct usage_page *page, const struct kind *kind,
                    const struct uuid *id, const ProtobufCMessage *message);

/* Makes it the call's response; `last_key` is where the next page goes on, empty for none. */
struct status usage_page_finish(struct call *call, struct usage_page *page, struct slice last_key);

/* What refers to the object that the request's `id` names: of every kind, typed ones too. */
call_handler resource_usage;

#endif
