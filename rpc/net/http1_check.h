/*
 * The HTTP/1.1 grammar as we take it (RFC 9112), apart from sockets: heads, checked and parsed, and
 * chunked bodies. Stricter than llhttp, which reads the heads that passed: no obs-fold, no bare CR
 * or LF, no blank before a colon, one Host, one framing. Pure; internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_HTTP1_CHECK_H
#define DATASTREAM_RPC_NET_HTTP1_CHECK_H

#include "rpc/net/exchange.h"

/* The bounds that heads and chunks are held against. */
struct http1_limits {
    size_t line_bytes;
    size_t header_bytes; /* name + value + 32 each */
    size_t header_count;
    size_t chunk_extension_bytes;
};

/* Why a request is refused: an HTTP status and a constant sentence. Zero status: it is not. */
struct http1_fault {
    int status;
    const char *detail;
};

enum http1_result { HTTP1_MORE, HTTP1_DONE, HTTP1_FAULT };

/* How far the search for a head's end has come; zero-initialized for each head. */
struct http1_scan {
    size_t at;    /* bytes looked at */
    size_t line;  /* where the current line begins */
    size_t start; /* where the request line begins, behind empty lines */
    size_t lines; /* header fields so far, and the request line */
};

/*
 * Looks for the end of the head that begins at bytes.data, checking each line as it comes. Call it
 * again with more behind the same bytes while it says HTTP1_MORE. HTTP1_DONE: the head is the bytes
 * from scan->start to scan->at, empty line included.
 */
enum http1_result http1__scan_head(struct http1_scan *scan, struct slice bytes,
                                   const struct http1_limits *limits,
                                   struct http1_fault *ret_fault);

/* What a head says about its request and its connection. */
struct http1_head {
    struct request_head request; /* of which only scheme may be constant, not in the head's bytes */
    bool chunked;
    bool close; /* no further request follows */
    bool expect_continue;
};

/*
 * Parses a head that http1__scan_head found whole. Slices point into `bytes`, whose names are made
 * lower-case in place; the array of headers comes from the arena. False with a fault: refuse the
 * request and close. An arena that failed is a 429.
 */
bool http1__parse_head(struct arena *arena, char *bytes, size_t len,
                       const struct http1_limits *limits, struct http1_head *ret_head,
                       struct http1_fault *ret_fault);

/*
 * Whether HTTP's standards name the method (RFC 9110 section 9, RFC 5789); case counts. Requests
 * with another one are refused with 501 and the same sentence in both protocol versions.
 */
bool http1__method_is_known(struct slice method);
#define HTTP1_METHOD_UNKNOWN "The method is unknown."

/* The method of a head's request line; empty when there is none. For answers to bad heads. */
struct slice http1__method_of(struct slice head);

/* Whether `text` is uri-host [ ":" port ] without user information (RFC 9110 section 7.2). */
bool http1__host_is_valid(struct slice text);

/* Whether every character may stand in a path (RFC 3986 section 3.3), or in a query. */
bool http1__path_is_valid(struct slice path);
bool http1__query_is_valid(struct slice query);

/* Whether `text` is a token (RFC 9110 section 5.6.2), and whether a field's value is. */
bool http1__token_is_valid(struct slice text);
bool http1__value_is_valid(struct slice text);

/* Splits a target at the first '?' and sets path and query of `head`. */
void http1__split_target(struct slice target, struct request_head *head);

/* Where a chunked body is. Zero-initialized for each body. */
struct http1_chunks {
    enum http1_chunk_state {
        CHUNK_SIZE_START,
        CHUNK_SIZE,
        CHUNK_EXTENSION,
        CHUNK_SIZE_LF,
        CHUNK_DATA,
        CHUNK_DATA_CR,
        CHUNK_DATA_LF,
        CHUNK_TRAILER_START,
        CHUNK_TRAILER_NAME,
        CHUNK_TRAILER_VALUE,
        CHUNK_TRAILER_LF,
        CHUNK_LAST_LF,
        CHUNK_END,
    } state;
    uint64_t left;         /* data bytes of the current chunk still to come */
    uint64_t excess;       /* bytes of size lines beyond what plain chunks need */
    size_t line;           /* bytes of the current size line */
    unsigned digits;       /* hexadecimal digits of the current size */
    size_t trailer_bytes;  /* name + value + 32 each */
    size_t trailer_fields; /* how many */
};

#endif
