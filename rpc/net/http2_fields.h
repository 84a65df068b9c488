/*
 * What RFC 9113 (sections 8.1.1, 8.2, 8.3) demands of the fields of a request and of its length,
 * in place of nghttp2's own check, which looks at each byte of each field of each request. Here a
 * field that stands where the connection's last request had the same one is known to be valid. As
 * strict as nghttp2, whose checks of bytes these are: a test compares the two. Internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_HTTP2_FIELDS_H
#define DATASTREAM_RPC_NET_HTTP2_FIELDS_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* So many fields of a request are remembered, and each only up to so long a value. */
#define HTTP2_KNOWN_MOST 12
#define HTTP2_KNOWN_BYTES 256

enum http2_name {
    HTTP2_NAME_OTHER,
    HTTP2_NAME_METHOD,
    HTTP2_NAME_PATH,
    HTTP2_NAME_SCHEME,
    HTTP2_NAME_AUTHORITY,
    HTTP2_NAME_HOST,
    HTTP2_NAME_LENGTH,
    HTTP2_NAME_TE,
    HTTP2_NAME_FORBIDDEN, /* of HTTP/1.1's connections alone */
    HTTP2_NAME_INVALID,   /* with a character that no name has */
    HTTP2_NAME_MALFORMED, /* with a capital letter, or a pseudo-header that no request has */
};

enum http2_verdict {
    HTTP2_FIELD_GOOD,
    HTTP2_FIELD_INVALID,   /* of a regular field: the request may be answered */
    HTTP2_FIELD_MALFORMED, /* the stream is an error */
};

/* What a stream's fields were until now. Zero-initialize. */
struct http2_fields {
    unsigned seen; /* of enum http2_name, by bit, and what http2_fields.c adds */
    int64_t length;
};

/* The last request's fields of a connection. Zero-initialize. */
struct http2_known {
    struct {
        nghttp2_rcbuf *name; /* held; NULL: none is known */
        nghttp2_rcbuf *value;
        enum http2_name which;
    } fields[HTTP2_KNOWN_MOST];
};

/* Judges the field at `place` of a request's block, counted from 0. */
enum http2_verdict http2_fields__add(struct http2_fields *fields, struct http2_known *known,
                                     size_t place, nghttp2_rcbuf *name, nghttp2_rcbuf *value);

/* Judges a field of trailers. */
enum http2_verdict http2_fields__add_trailer(struct http2_fields *fields, struct slice name,
                                             struct slice value);

/* Whether the fields of a whole block make a request; CONNECT says no length from then on. */
bool http2_fields__are_request(struct http2_fields *fields);

/* Whether a body of so many bytes, or the part of one that came, agrees with content-length. */
bool http2_fields__allow_length(const struct http2_fields *fields, uint64_t received,
                                bool is_whole);

/* Lets go of what is known: before the memory of the session ends. */
void http2_fields__forget(struct http2_known *known);

#endif
