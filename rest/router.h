/*
 * From a method and a raw path to a route. Templates stand in a trie of segments; matching is on
 * the path as sent, before any decoding, so that "%2F" makes no segment and "%3A" no verb.
 *
 * At each segment a literal goes before `*`, and `*` before `**`, with back-tracking; each node of
 * the trie is visited at most once, so a match costs no more than the trie is large, whatever the
 * path. Templates of other HTTP methods are passed over; of one template, the route for the
 * request's method is preferred to the one for any ("*").
 *
 * The verb is after the last colon of the last segment, if any template has that verb; otherwise
 * the colon is part of the value. A path that ends in a verb matches templates with that verb
 * alone, so that one spelling does not mean a verb here and a name there; a name that ends in one
 * is sent with its colon escaped. Ours: an empty segment and a trailing slash match nothing.
 *
 * Pure: no contract, no socket. Read-only once built, so that all threads may match; nothing is
 * allocated by a match.
 */
#ifndef DATASTREAM_REST_ROUTER_H
#define DATASTREAM_REST_ROUTER_H

#include "rest/template.h"

struct router;

struct route {
    struct slice http_method; /* "GET"; "*" for any */
    struct template template;
    struct slice place; /* names the route in sentences: the method's full name */
    const void *target; /* the caller's */
};

/* NULL when the arena failed. The router lives in the arena. */
struct router *router__new(struct arena *arena);

/*
 * Adds a route, which is copied; its slices and target are borrowed. FAILED_PRECONDITION when a
 * route with the same HTTP method has the same template except for names, or out of memory.
 */
struct status router__add(struct router *router, const struct route *route);

enum route_result {
    ROUTE_FOUND,
    ROUTE_UNKNOWN,      /* no template matches the path */
    ROUTE_OTHER_METHOD, /* one does, for other HTTP methods: router__allow names them */
};

/* Where each segment of the template lies in the path. */
struct route_match {
    const struct route *route;
    struct slice path; /* borrowed, without the verb */
    struct {
        uint32_t from, to;
    } segments[TEMPLATE_SEGMENTS_MOST];
};

/* *ret_match is set for ROUTE_FOUND, and for ROUTE_OTHER_METHOD to some route of the path. */
enum route_result router__match(const struct router *router, struct slice http_method,
                                struct slice path, struct route_match *ret_match);

/* The raw text that variable `i` of the matched template covers; of the path's bytes. */
struct slice route__capture(const struct route_match *match, size_t i);

/* HTTP methods that one path can be known for. */
#define ROUTER_METHODS_MOST 16

/* The HTTP methods that the path is known for, each once, in the order of adding; how many. */
size_t router__allow(const struct router *router, struct slice path,
                     struct slice methods[ROUTER_METHODS_MOST]);

#endif
