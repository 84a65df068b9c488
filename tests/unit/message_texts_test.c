/* Messages of texts are read as the walk and protobuf-c read them one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "proto/message/message_equal.h"
#include "proto/message/message_texts.h"
#include "proto/message/message_walk.h"

static struct arena contract_arena;
static struct arena arena;
static const struct message_type *checks; /* a list of three texts each */
static const struct message_type *verify; /* two texts */

static int setup(void **state)
{
    const struct contract *contract;

    (void)state;
    arena_init(&contract_arena, NULL, (size_t)64 << 20);
    arena_init(&arena, NULL, (size_t)64 << 20);
    assert_true(status_is_ok(contract_load(embedded_contract(), &contract_arena, &contract)));
    checks = contract_message(contract, SLICE("datastream.v1.CheckPermissionsRequest"));
    verify = contract_message(contract, SLICE("datastream.v1.VerifyTokenRequest"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    arena_done(&contract_arena);
    return 0;
}

/* The walk's and protobuf-c's message; NULL where they refuse it. */
static ProtobufCMessage *read_slowly(const struct message_type *type, struct slice bytes)
{
    const struct field *failed;

    if (message_walk(&arena, type, bytes, (struct walk_options){0}, &bytes, &failed) != WALK_OK)
        return NULL;
    return message_unpack(&arena, type, bytes);
}

/* Whether it is read at once; what is read at once is what is read slowly. */
static bool is_read(const struct message_type *type, struct slice bytes)
{
    const ProtobufCMessage *slowly = read_slowly(type, bytes);
    const ProtobufCMessage *at_once = message_read_texts(&arena, type, bytes);

    if (at_once == NULL)
        return false;
    assert_non_null(slowly);
    for (size_t i = 0; i < type->field_count; i++)
        assert_true(field_equal(&arena, at_once, slowly, &type->fields[i]));
    return true;
}

static void requests_of_texts_alone_have_levels(void **state)
{
    (void)state;
    assert_int_equal(verify->text_levels, 1);
    assert_int_equal(checks->text_levels, 2);
    assert_int_equal(message_field_by_number(checks, 1)->message->text_levels, 1);
}

static void texts_are_read_at_once(void **state)
{
    static const struct slice read[] = {
        SLICE_INIT(""),
        SLICE_INIT("\x0a\x00"),
        SLICE_INIT("\x0a\x03one\x12\x00"),
        SLICE_INIT("\x0a\x03one\x0a\x03two"), /* the last one counts */
        SLICE_INIT("\x12\x0d"
                   "twelve and on\x0a\x07\xc3\xa4ngstr"),
        SLICE_INIT("\x8a\x00\x01z"), /* a tag in more bytes than needed */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
        assert_true(is_read(verify, read[i]));
}

static void lists_of_texts_are_read_at_once(void **state)
{
    static const struct slice read[] = {
        SLICE_INIT("\x0a\x00"),
        SLICE_INIT("\x0a\x00\x0a\x00"),
        SLICE_INIT("\x0a\x05\x0a\x03one\x0a\x00\x0a\x0a\x12\x08"
                   "eightbyt"),
        SLICE_INIT("\x0a\x0f\x0a\x03one\x12\x03two\x1a\x03six\x0a\x05\x0a\x03one"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
        assert_true(is_read(checks, read[i]));
}

static void what_is_not_plain_is_left_to_the_walk(void **state)
{
    static const struct slice left[] = {
        SLICE_INIT("\x0a"),         /* cut */
        SLICE_INIT("\x0a\x04one"),  /* cut */
        SLICE_INIT("\x0a\x01\x00"), /* NUL */
        SLICE_INIT("\x0a\x09"
                   "eightbyt\x00"), /* NUL after eight */
        SLICE_INIT("\x0a\x01\xff"), /* not UTF-8 */
        SLICE_INIT("\x0a\x09"
                   "eightbyt\xff"), /* not UTF-8 after eight */
        SLICE_INIT("\x1a\x03two"),  /* unknown */
        SLICE_INIT("\x08\x01"),     /* of another wire type */
        SLICE_INIT("\x02\x00"),     /* field 0 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
        assert_false(is_read(verify, left[i]));
    assert_false(
        is_read(checks, SLICE("\x0a\x02\x0a\x01"))); /* the text is longer than its check */
    assert_false(is_read(checks, SLICE("\x0a\x02\x20\x01"))); /* unknown, in a check */
    assert_false(is_read(checks, SLICE("\x0a\x00\x12\x00"))); /* unknown, after one */
}

/* Each byte of a request set to each value: the two ways never differ. */
static void spoiled_requests_are_read_alike_or_left(void **state)
{
    static const char whole[] = "\x0a\x0f\x0a\x03one\x12\x03two\x1a\x03six\x0a\x0a\x12\x08"
                                "eightbyt";
    char bytes[sizeof(whole) - 1];
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        for (int byte = 0; byte < 256; byte++) {
            memcpy(bytes, whole, sizeof(bytes));
            bytes[i] = (char)byte;
            count += is_read(checks, slice_make(bytes, sizeof(bytes)));
            arena_reset(&arena);
        }
    assert_true(count > sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_texts_alone_have_levels),
        cmocka_unit_test(texts_are_read_at_once),
        cmocka_unit_test(lists_of_texts_are_read_at_once),
        cmocka_unit_test(what_is_not_plain_is_left_to_the_walk),
        cmocka_unit_test(spoiled_requests_are_read_alike_or_left),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
