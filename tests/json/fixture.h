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

static struct arena contract_arena;
static struct arena arena;
static const struct contract *contract;

static inline int setup(void **state)
{
    (void)state;
    arena_init(&contract_arena, NULL, LIMIT);
    contract = json_messages_load(&contract_arena);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    arena_done(&contract_arena);
    return 0;
}

static inline int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, LIMIT);
    return 0;
}

static inline int finish(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static inline const struct message_type *type_of(const char *name)
{
    const struct message_type *type = contract_message(contract,
                                                       arena_printf(&arena, "json.test.%s", name));

    if (type == NULL)
        type = contract_message(contract, arena_printf(&arena, "google.protobuf.%s", name));
    assert_non_null(type);
    return type;
}

static inline struct status read_text(const char *type, const char *text, bool ignore_unknown,
                                      ProtobufCMessage **ret_message)
{
    struct json_read_options options = {.contract = contract, .ignore_unknown = ignore_unknown};

    return json_read_message(&arena, type_of(type), slice_from_cstr(text), &options, ret_message);
}

static inline struct slice write_text(const char *type, const ProtobufCMessage *message)
{
    struct json_write_options options = {.contract = contract};
    struct slice text = SLICE_EMPTY;
    struct status status = json_write_message(&arena, type_of(type), message, &options, &text);

    if (!status_is_ok(status))
        fail_msg("not written: %.*s", SLICE_ARG(status.message));
    return text;
}

struct accepted {
    const char *type;
    const char *in;
    const char *out;
};

static inline void check_accepted(const struct accepted *cases, size_t count, bool ignore_unknown)
{
    for (size_t i = 0; i < count; i++) {
        ProtobufCMessage *message = NULL;
        struct status status = read_text(cases[i].type, cases[i].in, ignore_unknown, &message);
        struct slice out;

        if (!status_is_ok(status))
            fail_msg("%s: %.*s", cases[i].in, SLICE_ARG(status.message));
        out = write_text(cases[i].type, message);
        if (!slice_equal(out, slice_from_cstr(cases[i].out)))
            fail_msg("%s: wanted %s, got %.*s", cases[i].in, cases[i].out, SLICE_ARG(out));
    }
}

struct refused {
    const char *type;
    const char *in;
    const char *path;     /* NULL where the refusal names no field */
    const char *sentence; /* a part of the message */
};

static inline void check_refused(const struct refused *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ProtobufCMessage *message = NULL;
        struct status status = read_text(cases[i].type, cases[i].in, false, &message);
        struct slice path = status.details == NULL ? SLICE("") : status.details->subject;

        if (status.code != STATUS_INVALID_ARGUMENT)
            fail_msg("%s: code %d, %.*s", cases[i].in, (int)status.code, SLICE_ARG(status.message));
        assert_null(message);
        if (!slice_equal(path, slice_from_cstr(cases[i].path)))
            fail_msg("%s: wanted path %s, got %.*s", cases[i].in,
                     cases[i].path == NULL ? "-" : cases[i].path, SLICE_ARG(path));
        if (memmem(status.message.data, status.message.len, cases[i].sentence,
                   strlen(cases[i].sentence)) == NULL)
            fail_msg("%s: wanted \"%s\", got \"%.*s\"", cases[i].in, cases[i].sentence,
                     SLICE_ARG(status.message));
    }
}

static inline void assert_text(struct slice got, const char *wanted)
{
    if (!slice_equal(got, slice_from_cstr(wanted)))
        fail_msg("wanted %s, got %.*s", wanted, SLICE_ARG(got));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, finish)

#endif
