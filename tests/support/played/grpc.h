/*
 * The gRPC frontend between an exchange (played_exchange.h) and a chain that this file plays:
 * requests come in as headers and pieces of body, and what is answered is kept.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_PLAYED_GRPC_H
#define DATASTREAM_TESTS_SUPPORT_PLAYED_GRPC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "proto/contract/embedded.h"
#include "proto/message/message.h"
#include "rpc/grpc/compress.h"
#include "rpc/grpc/frame.h"
#include "rpc/grpc/grpc.h"
#include "tests/support/played/played_exchange.h"
#include "tests/support/played/stream.h"

struct chain_played {
    struct status open_status;
    struct status run_status;
    bool waits; /* `finish` comes later */
    unsigned opens, runs;
    struct call_credentials credentials;
    struct call_metadata *metadata; /* of the answer */
    bool keep_plain, is_stored;
    size_t response_len;
    const struct call_records *records; /* beside the response; NULL for none */
    struct call *call;
};

extern struct chain_played chain_played;

/* Answers with the request's id, and a description of the length that the test wants. */
void played_finish(struct call *call);
extern struct settings played_settings;
extern struct frontends played_frontends;
extern struct grpc *played_grpc;

int played_group_setup(void **state);

int played_group_teardown(void **state);

int played_setup(void **state);

int played_teardown(void **state);

#define GET "/datastream.v1.ApiTokenService/GetApiToken"

void played_begin(struct slice path);

/* Sends a body in pieces of `size` bytes, as long as the frontend wants it. */
void played_send_pieces(struct slice body, size_t size);

void played_send_body(struct slice body);

/* Time passes: it is slept only where the clock cannot be stepped. */
void pass_ms(unsigned ms);

/* One trailers-only block with this code. */
void assert_refused(const char *code);

void assert_answered(void);

#endif
