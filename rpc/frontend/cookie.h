/* Cookies of requests (RFC 6265 section 4.2). Pure. */
#ifndef DATASTREAM_RPC_FRONTEND_COOKIE_H
#define DATASTREAM_RPC_FRONTEND_COOKIE_H

#include "rpc/net/exchange.h"

/* Bytes of all Cookie lines of a request together; a browser keeps 4 KiB a cookie. */
#define COOKIE_BYTES_MOST 8192

enum cookie_result {
    COOKIE_NONE,
    COOKIE_FOUND,
    /*
     * Several of the name, control characters, or too many bytes: nobody can tell what was meant.
     */
    COOKIE_MALFORMED,
};

/*
 * The value of the cookie with the name, which is compared by case. *ret_value points into the
 * head. Several Cookie lines are one list, as HTTP/2 sends them (RFC 9113 section 8.2.3).
 */
enum cookie_result cookie__find(const struct request_head *head, struct slice name,
                                struct slice *ret_value);

#endif
