/*
 * The gRPC frontend between an exchange and a chain that this file plays: requests come in as
 * headers and pieces of body, and what is answered is kept. One file includes it, since it defines
 * what the frontend calls.
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
#include "tests/support/played/stream.h"

#define HEADERS_MOST 20
#define PIECES_MOST 4096

/* A piece of an answer that the client has not taken: what is borrowed, and what it was. */
struct piece_sent {
    struct slice borrowed;
    char *copy;
};

struct played {
    struct exchange exchange;
    struct arena arena;
    struct header headers[HEADERS_MOST];
    bool accepted, is_closed, was_reset, ended;
    unsigned answers;
    int holds;
    size_t consumed;
    uint64_t timeout_ms;
    int status;
    struct slice body; /* the last piece */
    bool streams;      /* an answer may have many */
    size_t room;       /* exchange_send_body is false beyond so many waiting bytes */
    struct piece_sent pieces[PIECES_MOST];
    size_t piece_count, taken;
    size_t waiting;
    struct loop_task *posted;
    struct header sent[HEADERS_MOST];
    size_t sent_count;
    struct header trailers[HEADERS_MOST];
    size_t trailer_count;
};

extern struct played played;

/* The client takes the next piece, which must be what was sent; NULL when there is none. */
const struct piece_sent *take_piece(void);

struct chain_played {
    struct status open_status;
    struct status run_status;
    bool waits; /* `finish` comes later */
    unsigned opens, runs;
    struct call_credentials credentials;
    struct call_metadata *metadata; /* of the answer */
    bool keep_plain, is_stored;
    size_t response_len;
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

void played_add_header(struct slice name, struct slice value);

void played_begin(struct slice path);

/* Sends a body in pieces of `size` bytes, as long as the frontend wants it. */
void played_send_pieces(struct slice body, size_t size);

void played_send_body(struct slice body);

/* Time passes: it is slept only where the clock cannot be stepped. */
void pass_ms(unsigned ms);

void played_close_exchange(void);

struct slice header_value(const struct header *headers, size_t count, struct slice name);

struct slice played_sent(struct slice name);

/* One trailers-only block with this code. */
void assert_refused(const char *code);

void assert_answered(void);

#endif
