/*
 * The cookie by which a browser shows that a user has signed in with it before, so that the
 * failures of strangers do not slow that user there (sign_in_limits.h). The cookie lets nobody in.
 * Its value is a time and a MAC over the user's id and that time; it counts for 90 days from then.
 * Pure.
 */
#ifndef DATASTREAM_RPC_CALL_DEVICE_COOKIE_H
#define DATASTREAM_RPC_CALL_DEVICE_COOKIE_H

#include "base/arena.h"
#include "base/uuid.h"

#define DEVICE_COOKIE_MS (INT64_C(90) * 24 * 3600 * 1000)

/* The cookie's name for clients of the origin, as session_cookie_name. */
struct slice device_cookie_name(struct slice own_origin);

/*
 * The value of Set-Cookie that gives a client of the origin a new cookie for the user; `key` is the
 * one of browsers (call_csrf_key). In the arena; empty when that failed, or OpenSSL did.
 */
struct slice device_cookie_make(struct arena *arena, struct slice own_origin, const uint8_t key[32],
                                const struct uuid *user, int64_t now_ms);

/* Whether a cookie's value is one that device_cookie_make gave for the user, and counts still. */
bool device_cookie_counts(struct slice value, const uint8_t key[32], const struct uuid *user,
                          int64_t now_ms);

#endif
