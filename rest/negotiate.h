/* Reading of header values: media types, Accept, entity tags (RFC 9110). Pure. */
#ifndef DATASTREAM_REST_NEGOTIATE_H
#define DATASTREAM_REST_NEGOTIATE_H

#include "base/arena.h"
#include "rpc/net/exchange.h"

/* "application/json" or "application/...+json", any case, any parameters. */
bool media_type__is_json(struct slice content_type);
/* "application/x-www-form-urlencoded", any case, any parameters. */
bool media_type__is_form(struct slice content_type);

/*
 * Whether the Accept headers let a JSON answer through: no Accept, or application/json or
 * application/problem+json, or a range around them, with a weight above 0; the most specific
 * counts.
 */
bool accept__allows_json(const struct header *headers, size_t count);

/*
 * The weight of an element of Accept or a header like it, in thousandths (RFC 9110 section 12.4.2);
 * 1000 without one, and for one that is no number.
 */
unsigned accept__weight(struct slice range);

/* How a stream is answered. */
enum stream_type {
    STREAM_TYPE_NONE,   /* Accept excludes all of these */
    STREAM_TYPE_NDJSON, /* application/x-ndjson; without Accept */
    STREAM_TYPE_JSON,   /* the same, for those who say application/json */
    STREAM_TYPE_SSE,    /* text/event-stream */
};

/* By the greatest weight, then the most specific range, then the order above. */
enum stream_type accept__stream_type(const struct header *headers, size_t count);

/* Whether If-None-Match names the entity tag (with its quotes), by weak comparison, or is "*". */
bool etag__is_listed(struct slice if_none_match, struct slice etag);

/* Whether If-Match names the entity tag (with its quotes), by strong comparison, or is "*". */
bool etag__matches(struct slice if_match, struct slice etag);

/*
 * Entity tags are the stored revision, and a hash of the computed fields where the type has any:
 * "7-1f00". If-Match compares the revision alone: each tag of the list without what follows its
 * '-'. The list itself where there is none, else in the arena.
 */
struct slice etag__strip_computed(struct arena *arena, struct slice if_match);

#endif
