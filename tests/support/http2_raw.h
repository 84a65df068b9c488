/* Frames of HTTP/2 by hand, for what nghttp2's client would not send or not survive. */
#ifndef DATASTREAM_TESTS_SUPPORT_HTTP2_RAW_H
#define DATASTREAM_TESTS_SUPPORT_HTTP2_RAW_H

#include <nghttp2/nghttp2.h>

#include "tests/support/net.h"

void raw_repeat(char *bytes, const char *frame, size_t frame_len, size_t count);

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define EMPTY_SETTINGS "\0\0\0\4\0\0\0\0\0"
#define SETTINGS_ACK "\0\0\0\4\1\0\0\0\0"

struct raw_answer {
    unsigned goaways;
    unsigned goaway_error;
    unsigned resets;
    unsigned reset_error;
    unsigned headers;
    bool closed;
};

/*
 * Sends `first`, and once the server answered and is silent for 50 ms `second` (may be empty); then
 * walks the frames that come until the server closes or is silent for `ms`.
 */
struct raw_answer raw_converse_twice(const struct fixture *fixture, struct slice first,
                                     struct slice second, int ms);

struct raw_answer raw_converse(const struct fixture *fixture, struct slice bytes, int ms);

/* Appends a frame; returns the length with it. */
size_t raw_frame(char *bytes, size_t len, int type, int flags, unsigned id, struct slice payload);

#endif
