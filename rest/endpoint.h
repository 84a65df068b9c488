/* What the files of the REST frontend share: endpoints, the state of one request, and its answers.
 */
#ifndef DATASTREAM_REST_ENDPOINT_H
#define DATASTREAM_REST_ENDPOINT_H

#include "proto/json/json_record.h"
#include "rest/rest.h"
#include "rest/transcode.h"

struct file;
struct unfolding;

/* One HTTP rule of one method, with what its answers need looked up once. */
struct endpoint {
    struct binding binding;
    const struct method *method;
    bool creates;                      /* 201 with Location */
    const struct field *validate_only; /* of the request; NULL where it has none */
    const struct field *id;            /* of the answer; NULL where it has none */
    const struct field *etag;          /* likewise */
    const struct field **computed;     /* fields of the answer that change without its etag */
    size_t computed_count;
    const struct json_plan
        *plan; /* of the objects that it gets or lists; NULL: it writes messages */
};

#define REST_HEADERS_MOST (10 + CALL_METADATA_MOST)

/* Retry-After of a 429 that names no time: memory comes back as soon as other calls end. */
#define REST_RETRY_SOON NO_MEMORY_RETRY_SECONDS

/* One request; in the exchange's arena. */
struct rest_call {
    struct frontend_call base; /* first; its logged_status is the HTTP status of the answer */
    struct rest *rest;
    struct exchange *exchange;
    const struct endpoint *endpoint;
    struct route_match match;
    bool other_method;       /* the path is known, for other HTTP methods */
    struct slice request_id; /* empty until an answer needs it */
    struct header headers[REST_HEADERS_MOST];
    size_t header_count;
    struct slice cache_control;
    struct json_steps *steps;    /* of an answer whose writing gave way */
    const struct file *file;     /* that is waited for, or unfolded; else NULL */
    struct unfolding *unfolding; /* likewise, once it is unfolded */
};

/* Whether there is a call: else nothing but the path was looked at. */
static inline bool rest__has_call(const struct rest_call *call)
{
    return call->base.call.method != NULL;
}

#endif
