/*
 * Streaming methods over REST, by Accept: NDJSON, one JSON object a line, or Server-Sent Events
 * (HTML Living Standard, section 9.2), whose ids are revisions. A stream whose request has a
 * `format` is a file instead, NDJSON or CSV as that says.
 */
#ifndef DATASTREAM_REST_REST_STREAM_H
#define DATASTREAM_REST_REST_STREAM_H

#include "rest/endpoint.h"

/* Whether Accept takes an answer of the method; not for those that answer once. */
bool rest__stream_is_acceptable(const struct rest_call *call);

/*
 * Goes on with a call whose request is read: takes the exchange over. Last-Event-ID sets the
 * request's fromRevision; INVALID_ARGUMENT where it is none. Nothing was done unless OK.
 */
struct status rest__stream_dispatch(struct frontends *frontends, struct rest_call *call);

#endif
