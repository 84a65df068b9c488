/*
 * The REST frontend between an exchange (played_exchange.h) and a chain that is played here.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_PLAYED_REST_H
#define DATASTREAM_TESTS_SUPPORT_PLAYED_REST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "proto/json/json.h"
#include "proto/message/message.h"
#include "rest/rest.h"
#include "rpc/call/validate.h"
#include "tests/support/played/played_exchange.h"
#include "tests/support/played/stream.h"

#define UNUSED __attribute__((unused))

struct chain_played {
    struct status open_status;
    struct status run_status;
    bool open_waits, run_waits; /* the answer comes later */
    bool sent_credentials;
    struct call_credentials credentials;
    struct call_metadata *metadata; /* of the answer */
    struct slice response;          /* the response's JSON */
    unsigned opens, runs;
    bool is_stored;
    enum access access; /* of the call that was opened */
    struct slice if_match, if_none_match;
    struct call *call;
};

extern struct chain_played chain_played;

extern struct frontends played_frontends;

void played_finish(struct call *call);

extern struct arena played_contract_arena;
extern struct settings played_settings;
extern struct rest *played_rest;

/* Starts the frontend over a contract that lives in contract_arena. */
int start_rest(const struct contract *contract);

int played_group_teardown(void **state);

int played_setup(void **state);

int played_teardown(void **state);

/* "POST /path?query"; a body is announced by its length unless `length` is -1. */
void played_begin(struct slice request, bool has_body, int64_t length);

void played_send_pieces(struct slice body, size_t size);

void played_request(struct slice line, struct slice body);

void assert_sent(struct slice name, struct slice value);

bool body_holds(const char *text);

void assert_problem(int status);

#define TEST(name) cmocka_unit_test_setup_teardown(name, played_setup, played_teardown)

#endif
