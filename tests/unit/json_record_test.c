/* JSON by compiled plans: byte for byte what is written of the unpacked message. */
#include "tests/json/fixture.h"

#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "proto/json/json_plan.h"
#include "proto/json/json_record.h"
#include "proto/json/json_write.h"
#include "proto/message/message_walk.h"
#include "tests/json/random_message.h"

static const struct contract *api;

static int setup_both(void **state)
{
    json_setup(state);
    assert_true(status_is_ok(contract_load(embedded_contract(), &json_contract_arena, &api)));
    return 0;
}

/*
 * What the writer of messages has of the bytes; false where they hold what only outside bytes do.
 */
static bool write_unpacked(const struct contract *of, const struct message_type *type,
                           struct slice *bytes, struct status *ret_status, struct slice *ret_text)
{
    const struct walk_options walk = {.keep_unknown = true};
    const struct json_write_options options = {
        .contract = of, .always_emit = true, .hide_input_only = true};
    const ProtobufCMessage *message;
    const struct field *field;

    if (message_walk(&json_arena, type, *bytes, walk, bytes, &field) != WALK_OK)
        return false;
    message = message_unpack(&json_arena, type, *bytes);
    *ret_status = status_const(STATUS_INTERNAL, SLICE("A stored record cannot be read."));
    if (message != NULL)
        *ret_status = json_write_message(&json_arena, type, message, &options, ret_text);
    return true;
}

static void compare(struct json_plans *plans, const struct message_type *type, struct slice bytes)
{
    struct status wanted, got;
    struct slice wanted_text = SLICE_EMPTY, got_text = SLICE_EMPTY;

    if (!write_unpacked(plans->contract, type, &bytes, &wanted, &wanted_text))
        return;
    got = json_write_record(&json_arena, json_plan_of(plans, type), bytes, &got_text);
    assert_int_equal(got.code, wanted.code);
    if (!slice_equal(got.message, wanted.message))
        fail_msg("wanted %.*s\ngot %.*s", SLICE_ARG(wanted.message), SLICE_ARG(got.message));
    if (!slice_equal(got_text, wanted_text))
        fail_msg("%.*s\nwanted %.*s\ngot    %.*s", SLICE_ARG(type->full_name),
                 SLICE_ARG(wanted_text), SLICE_ARG(got_text));
}

/* Of one type: random messages, and then each with one byte changed. */
static void compare_random(struct json_plans *plans, const struct message_type *type,
                           unsigned count)
{
    struct random_bytes random = {.state = type->field_count + 1};

    for (unsigned i = 0; i < count; i++) {
        arena_init(&json_arena, NULL, LIMIT);
        random.len = 0;
        random_put_message(&random, type, 0);
        compare(plans, type, slice_make(random.bytes, random.len));
        if (random.len > 0) {
            random.bytes[random_below(&random, (unsigned)random.len)] = (unsigned char)random_below(
                &random, 256);
            compare(plans, type, slice_make(random.bytes, random.len));
        }
        arena_done(&json_arena);
    }
    free(random.bytes);
}

static void random_objects_of_every_kind_are_written_the_same(void **state)
{
    struct json_plans plans = {.arena = &json_contract_arena, .contract = api};

    (void)state;
    for (size_t i = 0; i < api->kind_count; i++)
        compare_random(&plans, api->kinds[i]->message, 400);
}

/* Puts a timestamp of one byte of seconds, and of nanos where they are not 0. */
static size_t put_time(char *to, const struct message_type *type, const char *name, char seconds,
                       char nanos)
{
    const struct field *field = message_field_by_proto_name(type, slice_from_cstr(name));
    const char bytes[] = {
        (char)(field->number << 3 | WIRE_LENGTH), nanos == 0 ? 2 : 4, 0x08, seconds, 0x10, nanos};
    size_t len = nanos == 0 ? 4 : 6;

    assert_true(field->number < 16);
    memcpy(to, bytes, len);
    return len;
}

static void timestamps_that_are_alike_are_written_the_same(void **state)
{
    static const char parts[][2] = {{1, 0}, {1, 1}, {2, 0}, {2, 1}};
    struct json_plans plans = {.arena = &json_contract_arena, .contract = api};
    const struct message_type *type = api->kinds[0]->message;
    char bytes[16];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t n = 0; n < 4; n++) {
            size_t len = put_time(bytes, type, "create_time", parts[i][0], parts[i][1]);

            len += put_time(bytes + len, type, "update_time", parts[n][0], parts[n][1]);
            arena_init(&json_arena, NULL, LIMIT);
            compare(&plans, type, slice_make(bytes, len));
            arena_done(&json_arena);
        }
}

static void every_type_of_field_is_written_the_same(void **state)
{
    static const char *const names[] = {"Scalars", "Node", "WellKnown"};
    struct json_plans plans = {.arena = &json_contract_arena, .contract = json_contract};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct message_type *type;

        arena_init(&json_arena, NULL, LIMIT); /* for the name that is looked up */
        type = type_of(names[i]);
        arena_done(&json_arena);
        compare_random(&plans, type, 3000);
    }
}

/* The bytes that a plan leaves to the writer of messages. */
static void bytes_that_no_plan_covers_are_written_the_same(void **state)
{
    static const struct slice rows[] = {
        SLICE_INIT(""),
        SLICE_INIT("\x08\x01\x08\x02"),                             /* a scalar twice */
        SLICE_INIT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), /* -1 */
        SLICE_INIT("\x0a\x01x"),                                    /* another wire type */
        SLICE_INIT("\x68\x80\x00"),                                 /* false in two bytes */
        SLICE_INIT("\x08"),                                         /* cut */
        SLICE_INIT("\xf2\x01\x03\x61\x22\x62"),                     /* an escape */
    };
    struct json_plans plans = {.arena = &json_contract_arena, .contract = json_contract};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        arena_init(&json_arena, NULL, LIMIT);
        compare(&plans, type_of("Scalars"), rows[i]);
        arena_done(&json_arena);
    }
}

static void bytes_that_do_not_parse_are_refused(void **state)
{
    struct json_plans plans = {.arena = &json_contract_arena, .contract = json_contract};
    struct slice text = SLICE_EMPTY;
    struct status status;

    (void)state;
    arena_init(&json_arena, NULL, LIMIT);
    status = json_write_record(&json_arena, json_plan_of(&plans, type_of("Scalars")), SLICE("\x08"),
                               &text);
    assert_int_equal(status.code, STATUS_INTERNAL);
    assert_int_equal(text.len, 0);
    arena_done(&json_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_objects_of_every_kind_are_written_the_same),
        cmocka_unit_test(timestamps_that_are_alike_are_written_the_same),
        cmocka_unit_test(every_type_of_field_is_written_the_same),
        cmocka_unit_test(bytes_that_no_plan_covers_are_written_the_same),
        cmocka_unit_test(bytes_that_do_not_parse_are_refused),
    };

    return cmocka_run_group_tests(tests, setup_both, json_teardown);
}
