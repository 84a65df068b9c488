/* See fixture.h. */
#include "tests/json/fixture.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json_read.h"
#include "proto/json/json_write.h"

struct arena json_contract_arena;
struct arena json_arena;
const struct contract *json_contract;

int json_setup(void **state)
{
    (void)state;
    arena_init(&json_contract_arena, NULL, LIMIT);
    json_contract = json_messages_load(&json_contract_arena);
    return 0;
}

int json_teardown(void **state)
{
    (void)state;
    arena_done(&json_contract_arena);
    return 0;
}

int json_start(void **state)
{
    (void)state;
    arena_init(&json_arena, NULL, LIMIT);
    return 0;
}

int json_finish(void **state)
{
    (void)state;
    arena_done(&json_arena);
    return 0;
}

const struct message_type *type_of(const char *name)
{
    const struct message_type *type = contract_message(
        json_contract, arena_printf(&json_arena, "json.test.%s", name));

    if (type == NULL)
        type = contract_message(json_contract,
                                arena_printf(&json_arena, "google.protobuf.%s", name));
    assert_non_null(type);
    return type;
}

struct status read_text(const char *type, const char *text, bool ignore_unknown,
                        ProtobufCMessage **ret_message)
{
    struct json_read_options options = {.contract = json_contract,
                                        .ignore_unknown = ignore_unknown};

    return json_read_message(&json_arena, type_of(type), slice_from_cstr(text), &options,
                             ret_message);
}

struct slice write_text(const char *type, const ProtobufCMessage *message)
{
    struct json_write_options options = {.contract = json_contract};
    struct slice text = SLICE_EMPTY;
    struct status status = json_write_message(&json_arena, type_of(type), message, &options, &text);

    if (!status_is_ok(status))
        fail_msg("not written: %.*s", SLICE_ARG(status.message));
    return text;
}

void check_accepted(const struct accepted *cases, size_t count, bool ignore_unknown)
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

void check_refused(const struct refused *cases, size_t count)
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

void assert_text(struct slice got, const char *wanted)
{
    if (!slice_equal(got, slice_from_cstr(wanted)))
        fail_msg("wanted %s, got %.*s", wanted, SLICE_ARG(got));
}
