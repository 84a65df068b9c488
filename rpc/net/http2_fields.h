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

/* A field as nghttp2 hands it over. */
struct http2_field {
    nghttp2_rcbuf *name;
    nghttp2_rcbuf *value;
    struct slice name_bytes; /* theirs */
    struct slice bytes;
    enum http2_name which; /* set by http2_fields__add */
};

/* What a stream's fields were until now. Zero-initialize. */
struct http2_fields {
    unsigned seen;     /* of enum http2_name, by bit, and what http2_fields.c adds */
    unsigned accepted; /* of enum http2_name, by bit: the last request had it and was accepted */
    int64_t length;
};

/*
 * The last request's fields of a connection, except content-length; made at its second request, as
 * what asks once has no use for it. Zero-initialize.
 */
struct http2_known {
    struct {
        nghttp2_rcbuf *name; /* held, as is the value; NULL: none is known */
        nghttp2_rcbuf *value;
        unsigned forbids; /* what may not be seen before it */
        unsigned adds;    /* what is seen after it */
    } fields[HTTP2_KNOWN_MOST];
    uint8_t which[HTTP2_KNOWN_MOST]; /* enum http2_name */
    unsigned accepted;               /* places, by bit, whose field was accepted */
    unsigned current;                /* the same of those in the newest block */
};

static inline struct http2_field http2_field_of(nghttp2_rcbuf *name, nghttp2_rcbuf *value)
{
    nghttp2_vec name_bytes = nghttp2_rcbuf_get_buf(name);
    nghttp2_vec bytes = nghttp2_rcbuf_get_buf(value);

    return (struct http2_field){name, value, slice_make(name_bytes.base, name_bytes.len),
                                slice_make(bytes.base, bytes.len), HTTP2_NAME_OTHER};
}

/*
 * Judges the field at `place` of a request's block, counted from 0, and says which it is. Where
 * `known` is NULL nothing is known, nor remembered.
 */
enum http2_verdict http2_fields__add(struct http2_fields *fields, struct http2_known *known,
                                     size_t place, struct http2_field *field);

/*
 * The newest block made a request whose method, scheme, target and authority may be served. NULL is
 * allowed.
 */
void http2_fields__accept(struct http2_known *known);

/* Whether the request has a field of this name that was accepted with the request before it. */
static inline bool http2_fields__is_accepted(const struct http2_fields *fields,
                                             enum http2_name which)
{
    return (fields->accepted & (1U << which)) != 0;
}

/* Judges a field of trailers. */
enum http2_verdict http2_fields__add_trailer(struct http2_fields *fields, struct slice name,
                                             struct slice value);

/* Whether the fields of a whole block make a request; CONNECT says no length from then on. */
bool http2_fields__are_request(struct http2_fields *fields);

/* Whether a body of so many bytes, or the part of one that came, agrees with content-length. */
bool http2_fields__allow_length(const struct http2_fields *fields, uint64_t received,
                                bool is_whole);

/* Lets go of what is known: before the memory of the session ends. NULL is allowed. */
void http2_fields__forget(struct http2_known *known);

#endif
