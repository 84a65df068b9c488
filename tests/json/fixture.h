/*
 * What the tests of the JSON codec share: a contract, an arena for each test, and tables of texts
 * that are accepted or refused. What was read is judged by what is written of it.
 */
#ifndef DATASTREAM_TESTS_JSON_FIXTURE_H
#define DATASTREAM_TESTS_JSON_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/json/json.h"
#include "proto/message/message.h"
#include "tests/json/messages.h"

#define LIMIT ((size_t)256 << 20)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

extern struct arena json_contract_arena;
extern struct arena json_arena;
extern const struct contract *json_contract;

int json_setup(void **state);

int json_teardown(void **state);

int json_start(void **state);

int json_finish(void **state);

const struct message_type *type_of(const char *name);

struct status read_text(const char *type, const char *text, bool ignore_unknown,
                        ProtobufCMessage **ret_message);

struct slice write_text(const char *type, const ProtobufCMessage *message);

struct accepted {
    const char *type;
    const char *in;
    const char *out;
};

void check_accepted(const struct accepted *cases, size_t count, bool ignore_unknown);

struct refused {
    const char *type;
    const char *in;
    const char *path;     /* NULL where the refusal names no field */
    const char *sentence; /* a part of the message */
};

void check_refused(const struct refused *cases, size_t count);

void assert_text(struct slice got, const char *wanted);

#define TEST(function) cmocka_unit_test_setup_teardown(function, json_start, json_finish)

#endif
