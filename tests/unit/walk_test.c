/* The walk over outside bytes: what it refuses, what it drops, and that protobuf-c takes the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/contract/contract_find.h"
#include "proto/message/message_walk.h"
#include "tests/support/shapes.h"

#define LIMIT ((size_t)64 << 20)

static struct arena contract_arena;
static struct arena arena;
static const struct message_type *shape;

static int setup(void **state)
{
    (void)state;
    arena_init(&contract_arena, NULL, LIMIT);
    shape = find_shape(load_shapes(&contract_arena));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&contract_arena);
    return 0;
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, LIMIT);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static const struct walk_options drop_unknown;
static const struct walk_options keep_unknown = {.keep_unknown = true};

/* -- writing wire bytes */

struct bytes {
    uint8_t data[4096];
    size_t len;
};

static void put(struct bytes *bytes, uint8_t byte)
{
    assert_true(bytes->len < sizeof(bytes->data));
    bytes->data[bytes->len++] = byte;
}

static void put_varint(struct bytes *bytes, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put(bytes, (uint8_t)(value | 0x80));
    put(bytes, (uint8_t)value);
}

static void put_tag(struct bytes *bytes, uint32_t number, unsigned wire)
{
    put_varint(bytes, (uint64_t)number << 3 | wire);
}

static void put_text(struct bytes *bytes, uint32_t number, struct slice text)
{
    put_tag(bytes, number, 2);
    put_varint(bytes, text.len);
    for (size_t i = 0; i < text.len; i++)
        put(bytes, (uint8_t)text.data[i]);
}

static void put_int(struct bytes *bytes, uint32_t number, uint64_t value)
{
    put_tag(bytes, number, 0);
    put_varint(bytes, value);
}

static struct slice slice_of(const struct bytes *bytes)
{
    return slice_make(bytes->data, bytes->len);
}

/* A message field; `wide` pads its length to 3 bytes. */
static void put_message(struct bytes *bytes, uint32_t number, const struct bytes *body, bool wide)
{
    put_tag(bytes, number, 2);
    if (wide) {
        put(bytes, (uint8_t)(body->len | 0x80));
        put(bytes, (uint8_t)(body->len >> 7 | 0x80));
        put(bytes, 0);
    } else {
        put_varint(bytes, body->len);
    }
    for (size_t i = 0; i < body->len; i++)
        put(bytes, body->data[i]);
}

/* -- walking */

static enum walk_result walk(struct slice input, struct walk_options options,
                             struct slice *ret_bytes, const struct field **ret_field)
{
    /* A copy of its own, so that reading past the end is seen. */
    char *copy = malloc(input.len == 0 ? 1 : input.len);
    enum walk_result result;

    assert_non_null(copy);
    if (input.len > 0)
        memcpy(copy, input.data, input.len);
    result = message_walk(&arena, shape, slice_make(copy, input.len), options, ret_bytes,
                          ret_field);
    if (result == WALK_OK)
        *ret_bytes = arena_copy(&arena, *ret_bytes);
    free(copy);
    return result;
}

static void assert_walks(struct slice input, enum walk_result wanted, const char *what)
{
    const struct field *field = NULL;
    struct slice kept = SLICE_EMPTY;
    enum walk_result got = walk(input, drop_unknown, &kept, &field);

    if (got != wanted)
        fail_msg("%s: wanted %d, got %d", what, wanted, got);
    if (got == WALK_OK && message_unpack(&arena, shape, kept) == NULL)
        fail_msg("%s: passed the walk, but does not unpack", what);
}

static void clean_bytes_are_not_copied(void **state)
{
    const struct field *field = NULL;
    struct bytes bytes = {.len = 0};
    struct bytes inner = {.len = 0};
    struct slice kept = SLICE_EMPTY;

    (void)state;
    put_int(&inner, PLAIN + SHAPE_INT32, 5);
    put_text(&inner, REPEATED + SHAPE_STRING, SLICE("\xc3\xa9"));
    put_message(&bytes, PLAIN + SHAPE_MESSAGE, &inner, false);
    put_message(&bytes, REPEATED + SHAPE_MESSAGE, &inner, false);
    put_message(&bytes, REPEATED + SHAPE_MESSAGE, &inner, false);
    assert_int_equal(message_walk(&arena, shape, slice_of(&bytes), drop_unknown, &kept, &field),
                     WALK_OK);
    assert_ptr_equal(kept.data, bytes.data);
    assert_int_equal(kept.len, bytes.len);
    assert_int_equal(arena.reserved, 0);
    assert_int_equal(message_walk(&arena, shape, SLICE_EMPTY, drop_unknown, &kept, &field),
                     WALK_OK);
    assert_int_equal(kept.len, 0);
}

static void malformed_bytes_are_refused(void **state)
{
    static const struct {
        const char *what;
        struct slice bytes;
    } cases[] = {
        {"a tag without a value", SLICE_INIT("\x28")},
        {"a tag that does not end", SLICE_INIT("\x80")},
        {"a tag of 6 bytes", SLICE_INIT("\xa8\x80\x80\x80\x80\x00\x01")},
        {"a tag past 32 bits", SLICE_INIT("\xa8\x80\x80\x80\x10\x01")},
        {"field number 0", SLICE_INIT("\x00\x01")},
        {"field number 0, with a length", SLICE_INIT("\x02\x00")},
        {"wire type 6", SLICE_INIT("\x2e\x01")},
        {"wire type 7", SLICE_INIT("\x2f\x01")},
        {"a varint of 11 bytes", SLICE_INIT("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
        {"a varint that does not end", SLICE_INIT("\x28\xff\xff")},
        {"7 of 8 bytes", SLICE_INIT("\x09"
                                    "1234567")},
        {"3 of 4 bytes", SLICE_INIT("\x15"
                                    "123")},
        {"a length past the end", SLICE_INIT("\x4a\x03"
                                             "ab")},
        {"a length that does not end", SLICE_INIT("\x4a\xff")},
        {"a length of 6 bytes", SLICE_INIT("\x4a\x81\x80\x80\x80\x80\x00"
                                           "a")},
        {"a length past 32 bits", SLICE_INIT("\x4a\xff\xff\xff\xff\x7f")},
        {"an end without a group", SLICE_INIT("\x2c")},
        {"a group that does not end", SLICE_INIT("\x2b")},
        {"a group with another's end", SLICE_INIT("\x2b\x34")},
        {"a malformed group", SLICE_INIT("\x2b\x28\x2c")},
        {"a group with wire type 7", SLICE_INIT("\x2b\x2f\x2c")},
        {"a length past the end in a group", SLICE_INIT("\x2b\x4a\x05\x2c")},
        {"an inner message cut short", SLICE_INIT("\x52\x01\x28")},
        {"packed varints cut short", SLICE_INIT("\xea\x02\x02\x01\x80")},
        {"packed fixed64 of 9 bytes", SLICE_INIT("\xca\x02\x09"
                                                 "123456789")},
        {"packed fixed32 of 3 bytes", SLICE_INIT("\xd2\x02\x03"
                                                 "123")},
        {"packed bools cut short", SLICE_INIT("\xe2\x02\x02\x01\x80")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_walks(cases[i].bytes, WALK_MALFORMED, cases[i].what);
}

static void a_varint_may_have_ten_bytes(void **state)
{
    (void)state;
    assert_walks(SLICE("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), WALK_OK, "minus one");
    assert_walks(SLICE("\x28\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00"), WALK_OK, "padded");
}

static void every_string_is_checked(void **state)
{
    static const struct {
        const char *what;
        struct slice text;
        enum walk_result result;
    } cases[] = {
        {"text", SLICE_INIT("text"), WALK_OK},
        {"nothing", SLICE_INIT(""), WALK_OK},
        {"a cut sequence", SLICE_INIT("a\xc3"), WALK_BAD_UTF8},
        {"a surrogate", SLICE_INIT("\xed\xa0\x80"), WALK_BAD_UTF8},
        {"NUL", SLICE_INIT("a\0b"), WALK_NUL},
        {"a last NUL", SLICE_INIT("a\0"), WALK_NUL},
    };
    static const uint32_t numbers[] = {PLAIN + SHAPE_STRING, OPTIONAL + SHAPE_STRING,
                                       REPEATED + SHAPE_STRING, CHOICE + SHAPE_STRING};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes entry = {.len = 0};
        struct bytes key = {.len = 0};
        struct bytes value = {.len = 0};

        for (size_t j = 0; j < 4; j++) {
            struct bytes bytes = {.len = 0};
            struct bytes outer = {.len = 0};

            put_text(&bytes, numbers[j], cases[i].text);
            assert_walks(slice_of(&bytes), cases[i].result, cases[i].what);
            put_message(&outer, REPEATED + SHAPE_MESSAGE, &bytes, false);
            assert_walks(slice_of(&outer), cases[i].result, cases[i].what);
        }
        put_text(&entry, 1, cases[i].text);
        put_message(&key, TEXT_TO_SHAPE, &entry, false);
        assert_walks(slice_of(&key), cases[i].result, cases[i].what);
        entry.len = 0;
        put_text(&entry, 2, cases[i].text);
        put_message(&value, INT_TO_TEXT, &entry, false);
        assert_walks(slice_of(&value), cases[i].result, cases[i].what);
        /* Bytes may hold anything. */
        value.len = 0;
        put_text(&value, PLAIN + SHAPE_BYTES, cases[i].text);
        assert_walks(slice_of(&value), WALK_OK, cases[i].what);
    }
}

static void a_failure_names_its_field(void **state)
{
    const struct field *field = NULL;
    struct bytes bytes = {.len = 0};
    struct slice kept = SLICE("untouched");

    (void)state;
    put_text(&bytes, PLAIN + SHAPE_STRING, SLICE("\xff"));
    assert_int_equal(walk(slice_of(&bytes), drop_unknown, &kept, &field), WALK_BAD_UTF8);
    assert_ptr_equal(field, shape_field(shape, PLAIN + SHAPE_STRING));
    assert_true(slice_equal(kept, SLICE("untouched")));
}

static void a_failure_tells_the_path_to_its_field(void **state)
{
    static const struct {
        uint32_t through[3]; /* from the innermost outward, ended by 0 */
        uint32_t text;
        const char *wanted;
    } cases[] = {
        {{0}, PLAIN + SHAPE_STRING, "plainString"},
        {{PLAIN + SHAPE_MESSAGE}, OPTIONAL + SHAPE_STRING, "plainMessage.optionalString"},
        {{REPEATED + SHAPE_MESSAGE, CHOICE + SHAPE_MESSAGE},
         REPEATED + SHAPE_STRING,
         "choiceMessage.repeatedMessage.repeatedString"},
        {{INT_TO_TEXT}, 2, "intToText"},
        {{TEXT_TO_SHAPE, PLAIN + SHAPE_MESSAGE}, 1, "plainMessage.textToShape"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice path = SLICE_EMPTY;
        const struct walk_options options = {.ret_path = &path};
        const struct field *field = NULL;
        struct slice kept = SLICE_EMPTY;
        struct bytes bytes = {.len = 0};

        put_text(&bytes, cases[i].text, SLICE("a\0b"));
        for (size_t j = 0; j < 3 && cases[i].through[j] != 0; j++) {
            struct bytes inner = bytes;

            bytes.len = 0;
            put_message(&bytes, cases[i].through[j], &inner, false);
        }
        assert_int_equal(walk(slice_of(&bytes), options, &kept, &field), WALK_NUL);
        if (!slice_equal(path, slice_from_cstr(cases[i].wanted)))
            fail_msg("wanted %s, got %.*s", cases[i].wanted, SLICE_ARG(path));
    }
}

static void nul_may_be_allowed(void **state)
{
    const struct walk_options options = {.allow_nul = true};
    const struct field *field = NULL;
    struct bytes bytes = {.len = 0};
    struct slice kept = SLICE_EMPTY;

    (void)state;
    put_text(&bytes, PLAIN + SHAPE_STRING, SLICE("a\0b"));
    assert_int_equal(walk(slice_of(&bytes), options, &kept, &field), WALK_OK);
    put_text(&bytes, PLAIN + SHAPE_STRING, SLICE("\xff"));
    assert_int_equal(walk(slice_of(&bytes), options, &kept, &field), WALK_BAD_UTF8);
}

static void depth_ends_at_a_hundred(void **state)
{
    static const uint32_t through[] = {PLAIN + SHAPE_MESSAGE, REPEATED + SHAPE_MESSAGE,
                                       CHOICE + SHAPE_MESSAGE};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bytes bytes = {.len = 0};

        for (int level = 2; level <= MESSAGE_DEPTH_MOST + 1; level++) {
            struct bytes outer = {.len = 0};

            put_message(&outer, through[i], &bytes, false);
            bytes = outer;
            if (level >= MESSAGE_DEPTH_MOST)
                assert_walks(slice_of(&bytes),
                             level == MESSAGE_DEPTH_MOST ? WALK_OK : WALK_TOO_DEEP, "levels");
        }
    }
}

static void unknown_groups_count_as_levels(void **state)
{
    (void)state;
    for (int groups = 98; groups <= 101; groups++) {
        struct bytes bytes = {.len = 0};

        for (int i = 0; i < groups; i++)
            put_tag(&bytes, 100, 3);
        for (int i = 0; i < groups; i++)
            put_tag(&bytes, 100, 4);
        assert_walks(slice_of(&bytes), groups < MESSAGE_DEPTH_MOST ? WALK_OK : WALK_TOO_DEEP,
                     "groups");
    }
}

/* A field among two known ones, at the top and within two messages; what is left is known alone. */
static void assert_dropped(const struct bytes *unwanted, struct walk_options options, unsigned kept,
                           const char *what)
{
    for (int wide = 0; wide < 2; wide++) {
        struct bytes inner = {.len = 0};
        struct bytes middle = {.len = 0};
        struct bytes bytes = {.len = 0};
        const struct field *field = NULL;
        struct slice walked = SLICE_EMPTY;
        struct slice again = SLICE_EMPTY;
        ProtobufCMessage *message;

        put_int(&inner, PLAIN + SHAPE_INT32, 7);
        memcpy(inner.data + inner.len, unwanted->data, unwanted->len);
        inner.len += unwanted->len;
        put_text(&inner, PLAIN + SHAPE_STRING, SLICE("after"));
        put_message(&middle, REPEATED + SHAPE_MESSAGE, &inner, wide != 0);
        put_message(&middle, REPEATED + SHAPE_MESSAGE, &inner, wide != 0);
        put_message(&bytes, PLAIN + SHAPE_MESSAGE, &middle, wide != 0);
        memcpy(bytes.data + bytes.len, unwanted->data, unwanted->len);
        bytes.len += unwanted->len;
        put_int(&bytes, PLAIN + SHAPE_INT32, 8);
        if (walk(slice_of(&bytes), options, &walked, &field) != WALK_OK)
            fail_msg("%s: refused", what);
        assert_int_equal(walked.len, kept > 0 ? bytes.len : bytes.len - 3 * unwanted->len);
        message = message_unpack(&arena, shape, walked);
        if (message == NULL)
            fail_msg("%s: does not unpack", what);
        assert_int_equal(message->n_unknown_fields, kept);
        assert_int_equal(field_get_int(message, shape_field(shape, PLAIN + SHAPE_INT32)), 8);
        message = field_get_message(message, shape_field(shape, PLAIN + SHAPE_MESSAGE));
        assert_int_equal(field_count(message, shape_field(shape, REPEATED + SHAPE_MESSAGE)), 2);
        message = *(ProtobufCMessage **)field_address(
            message, shape_field(shape, REPEATED + SHAPE_MESSAGE), 1);
        assert_int_equal(field_get_int(message, shape_field(shape, PLAIN + SHAPE_INT32)), 7);
        assert_string_equal(
            field_get_string(message, shape_field(shape, PLAIN + SHAPE_STRING)).data, "after");
        /* What came out goes through unchanged. */
        assert_int_equal(message_walk(&arena, shape, walked, options, &again, &field), WALK_OK);
        assert_ptr_equal(again.data, walked.data);
    }
}

static void what_protobuf_c_would_keep_or_choke_on_is_dropped(void **state)
{
    static const struct {
        const char *what;
        struct slice bytes;
        unsigned unknown; /* so many are kept where unknown fields are */
    } cases[] = {
        {"an unknown varint", SLICE_INIT("\xc0\x3e\x96\x01"), 1},
        {"an unknown fixed64",
         SLICE_INIT("\xc1\x3e"
                    "12345678"),
         true},
        {"an unknown fixed32",
         SLICE_INIT("\xc5\x3e"
                    "1234"),
         true},
        {"unknown bytes",
         SLICE_INIT("\xc2\x3e\x03"
                    "abc"),
         true},
        {"the highest number", SLICE_INIT("\xf8\xff\xff\xff\x0f\x01"), 1},
        {"an unknown group", SLICE_INIT("\xc3\x3e\x08\x01\xc4\x3e"), 0},
        {"nested groups",
         SLICE_INIT("\xc3\x3e\x0b\x12\x01"
                    "a\x0c\x15"
                    "1234\xc4\x3e"),
         false},
        {"an empty group", SLICE_INIT("\xc3\x3e\xc4\x3e"), 0},
        {"a known number as a group", SLICE_INIT("\x2b\x28\x01\x2c"), 0},
        {"an int32 as a fixed64",
         SLICE_INIT("\x29"
                    "12345678"),
         false},
        {"an int32 as bytes", SLICE_INIT("\x2a\x01\x05"), 0},
        {"an int32 as a fixed32",
         SLICE_INIT("\x2d"
                    "1234"),
         false},
        {"a string as a varint", SLICE_INIT("\x48\x05"), 0},
        {"a message as a varint", SLICE_INIT("\x50\x05"), 0},
        {"a double as a varint", SLICE_INIT("\x08\x05"), 0},
        {"a bool as bytes", SLICE_INIT("\x42\x01\x01"), 0},
        {"a repeated string as a varint", SLICE_INIT("\x88\x03\x01"), 0},
        {"a repeated int32 as a fixed32",
         SLICE_INIT("\xed\x02"
                    "1234"),
         false},
        {"two unknown fields", SLICE_INIT("\xc2\x3e\x00\xc2\x3e\x00"), 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes unwanted = {.len = cases[i].bytes.len};

        memcpy(unwanted.data, cases[i].bytes.data, cases[i].bytes.len);
        assert_dropped(&unwanted, drop_unknown, 0, cases[i].what);
        assert_dropped(&unwanted, keep_unknown, cases[i].unknown, cases[i].what);
    }
}

static void unknown_fields_of_map_entries_are_dropped(void **state)
{
    const struct field *field = NULL;
    struct bytes value = {.len = 0};
    struct bytes entry = {.len = 0};
    struct bytes bytes = {.len = 0};
    struct slice kept = SLICE_EMPTY;

    (void)state;
    put_int(&value, 1000, 1);
    put_text(&entry, 1, SLICE("key"));
    put_message(&entry, 2, &value, false);
    put_int(&entry, 3, 1);
    put_message(&bytes, TEXT_TO_SHAPE, &entry, false);
    assert_int_equal(walk(slice_of(&bytes), drop_unknown, &kept, &field), WALK_OK);
    assert_int_equal(kept.len, bytes.len - 5);
    assert_non_null(message_unpack(&arena, shape, kept));
}

static void repeated_scalars_come_packed_or_not(void **state)
{
    static const struct slice forms[] = {
        SLICE_INIT("\xea\x02\x03\x01\x02\x03"),
        SLICE_INIT("\xe8\x02\x01\xe8\x02\x02\xe8\x02\x03"),
        SLICE_INIT("\xe8\x02\x01\xea\x02\x02\x02\x03\xea\x02\x00"),
    };
    const struct field *list = shape_field(shape, REPEATED + SHAPE_INT32);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct field *field = NULL;
        struct slice kept = SLICE_EMPTY;
        ProtobufCMessage *message;

        assert_int_equal(walk(forms[i], drop_unknown, &kept, &field), WALK_OK);
        assert_int_equal(kept.len, forms[i].len);
        message = message_unpack(&arena, shape, kept);
        assert_non_null(message);
        assert_int_equal(field_count(message, list), 3);
        for (int32_t j = 0; j < 3; j++)
            assert_int_equal(*(int32_t *)field_address(message, list, (size_t)j), j + 1);
    }
}

/* protobuf-c takes packed bools as bytes of 0 and 1 only. */
static void packed_bools_may_be_any_varint(void **state)
{
    const struct field *list = shape_field(shape, REPEATED + SHAPE_BOOL);
    const struct field *field = NULL;
    struct slice kept = SLICE_EMPTY;
    ProtobufCMessage *message;
    struct bytes inner = {.len = 0};
    struct bytes bytes = {.len = 0};

    (void)state;
    put_text(&inner, REPEATED + SHAPE_BOOL, SLICE("\x01\x00\x02\x80\x80\x01\x80\x00\x01"));
    put_message(&bytes, PLAIN + SHAPE_MESSAGE, &inner, false);
    put_int(&bytes, PLAIN + SHAPE_INT32, 9);
    assert_int_equal(walk(slice_of(&bytes), drop_unknown, &kept, &field), WALK_OK);
    assert_int_equal(kept.len, bytes.len - 3);
    message = message_unpack(&arena, shape, kept);
    assert_non_null(message);
    assert_int_equal(field_get_int(message, shape_field(shape, PLAIN + SHAPE_INT32)), 9);
    message = field_get_message(message, shape_field(shape, PLAIN + SHAPE_MESSAGE));
    assert_int_equal(field_count(message, list), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(*(protobuf_c_boolean *)field_address(message, list, i), "\1\0\1\1\0\1"[i]);
}

static void unknown_enum_numbers_pass(void **state)
{
    const struct field *field = NULL;
    struct bytes bytes = {.len = 0};
    struct slice kept = SLICE_EMPTY;
    ProtobufCMessage *message;

    (void)state;
    put_int(&bytes, PLAIN + SHAPE_ENUM, 777);
    assert_int_equal(walk(slice_of(&bytes), drop_unknown, &kept, &field), WALK_OK);
    message = message_unpack(&arena, shape, kept);
    assert_int_equal(field_get_int(message, shape_field(shape, PLAIN + SHAPE_ENUM)), 777);
}

/* Walks and unpacks; the message in the field. */
static ProtobufCMessage *unpack_parts(const struct bytes *bytes, uint32_t number)
{
    const struct field *field = NULL;
    struct slice kept = SLICE_EMPTY;
    ProtobufCMessage *message;

    assert_int_equal(walk(slice_of(bytes), drop_unknown, &kept, &field), WALK_OK);
    assert_true(kept.len <= bytes->len);
    message = message_unpack(&arena, shape, kept);
    assert_non_null(message);
    return field_get_message(message, shape_field(shape, number));
}

static void messages_in_parts_are_joined(void **state)
{
    static const uint32_t numbers[] = {PLAIN + SHAPE_MESSAGE, OPTIONAL + SHAPE_MESSAGE,
                                       CHOICE + SHAPE_MESSAGE};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bytes first = {.len = 0};
        struct bytes second = {.len = 0};
        struct bytes inner = {.len = 0};
        struct bytes bytes = {.len = 0};
        ProtobufCMessage *joined;

        put_int(&first, PLAIN + SHAPE_INT32, 1);
        put_int(&first, REPEATED + SHAPE_INT32, 1);
        put_text(&inner, PLAIN + SHAPE_STRING, SLICE("deep"));
        put_message(&first, PLAIN + SHAPE_MESSAGE, &inner, false);
        put_int(&second, REPEATED + SHAPE_INT32, 2);
        inner.len = 0;
        put_int(&inner, PLAIN + SHAPE_INT32, 3);
        put_message(&second, PLAIN + SHAPE_MESSAGE, &inner, false);
        put_message(&bytes, numbers[i], &first, false);
        put_int(&bytes, PLAIN + SHAPE_BOOL, 1);
        put_message(&bytes, numbers[i], &second, true);
        joined = unpack_parts(&bytes, numbers[i]);
        assert_non_null(joined);
        assert_int_equal(field_get_int(joined, shape_field(shape, PLAIN + SHAPE_INT32)), 1);
        assert_int_equal(field_count(joined, shape_field(shape, REPEATED + SHAPE_INT32)), 2);
        joined = field_get_message(joined, shape_field(shape, PLAIN + SHAPE_MESSAGE));
        assert_string_equal(field_get_string(joined, shape_field(shape, PLAIN + SHAPE_STRING)).data,
                            "deep");
        assert_int_equal(field_get_int(joined, shape_field(shape, PLAIN + SHAPE_INT32)), 3);
    }
}

/* Where neither part sets the oneof, protobuf-c's own merge reads out of bounds. */
static void empty_parts_are_joined(void **state)
{
    struct bytes empty = {.len = 0};
    struct bytes bytes = {.len = 0};

    (void)state;
    put_message(&bytes, PLAIN + SHAPE_MESSAGE, &empty, false);
    put_message(&bytes, PLAIN + SHAPE_MESSAGE, &empty, false);
    assert_non_null(unpack_parts(&bytes, PLAIN + SHAPE_MESSAGE));
}

static void a_later_member_of_a_oneof_undoes_the_parts_before(void **state)
{
    struct bytes first = {.len = 0};
    struct bytes second = {.len = 0};
    struct bytes bytes = {.len = 0};
    ProtobufCMessage *message;

    (void)state;
    put_int(&first, PLAIN + SHAPE_INT32, 1);
    put_int(&second, PLAIN + SHAPE_BOOL, 1);
    put_message(&bytes, CHOICE + SHAPE_MESSAGE, &first, false);
    put_int(&bytes, CHOICE + SHAPE_INT32, 5);
    put_message(&bytes, CHOICE + SHAPE_MESSAGE, &second, false);
    message = unpack_parts(&bytes, CHOICE + SHAPE_MESSAGE);
    assert_non_null(message);
    assert_int_equal(field_get_int(message, shape_field(shape, PLAIN + SHAPE_INT32)), 0);
    assert_int_equal(field_get_int(message, shape_field(shape, PLAIN + SHAPE_BOOL)), 1);
    put_int(&bytes, CHOICE + SHAPE_INT32, 6);
    assert_null(unpack_parts(&bytes, CHOICE + SHAPE_MESSAGE));
}

static void parts_within_lists_and_maps_are_joined(void **state)
{
    struct bytes value = {.len = 0};
    struct bytes entry = {.len = 0};
    struct bytes bytes = {.len = 0};
    const struct field *map = shape_field(shape, TEXT_TO_SHAPE);
    const struct field *field = NULL;
    struct slice kept = SLICE_EMPTY;
    ProtobufCMessage *message;

    (void)state;
    put_int(&value, PLAIN + SHAPE_INT32, 1);
    put_message(&entry, 2, &value, false);
    value.len = 0;
    put_int(&value, PLAIN + SHAPE_BOOL, 1);
    put_message(&entry, 2, &value, false);
    put_text(&entry, 1, SLICE("key"));
    put_message(&bytes, TEXT_TO_SHAPE, &entry, false);
    put_message(&bytes, TEXT_TO_SHAPE, &entry, false);
    assert_int_equal(walk(slice_of(&bytes), drop_unknown, &kept, &field), WALK_OK);
    message = message_unpack(&arena, shape, kept);
    assert_int_equal(field_count(message, map), 1); /* one key: the last entry is kept */
    message = *(ProtobufCMessage **)field_address(message, map, 0);
    message = field_get_message(message, message_field_by_number(map->message, 2));
    assert_int_equal(field_get_int(message, shape_field(shape, PLAIN + SHAPE_INT32)), 1);
    assert_int_equal(field_get_int(message, shape_field(shape, PLAIN + SHAPE_BOOL)), 1);
}

#ifdef DATASTREAM_FAULTS
static void every_allocation_may_fail(void **state)
{
    struct bytes value = {.len = 0};
    struct bytes bytes = {.len = 0};
    enum walk_result result = WALK_NO_MEMORY;

    (void)state;
    put_int(&value, PLAIN + SHAPE_INT32, 1);
    put_int(&value, 1000, 1);
    put_text(&value, REPEATED + SHAPE_BOOL, SLICE("\x02"));
    put_message(&bytes, PLAIN + SHAPE_MESSAGE, &value, false);
    put_message(&bytes, PLAIN + SHAPE_MESSAGE, &value, false);
    for (unsigned long number = 1; result != WALK_OK; number++) {
        const struct field *field = NULL;
        struct slice kept = SLICE_EMPTY;
        unsigned long made;

        arena_reset(&arena);
        arena_fault_set(number, false);
        result = message_walk(&arena, shape, slice_of(&bytes), drop_unknown, &kept, &field);
        made = arena_fault_count();
        arena_fault_set(0, false);
        assert_int_equal(result, made < number ? WALK_OK : WALK_NO_MEMORY);
    }
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(clean_bytes_are_not_copied),
        TEST(malformed_bytes_are_refused),
        TEST(a_varint_may_have_ten_bytes),
        TEST(every_string_is_checked),
        TEST(a_failure_names_its_field),
        TEST(a_failure_tells_the_path_to_its_field),
        TEST(nul_may_be_allowed),
        TEST(depth_ends_at_a_hundred),
        TEST(unknown_groups_count_as_levels),
        TEST(what_protobuf_c_would_keep_or_choke_on_is_dropped),
        TEST(unknown_fields_of_map_entries_are_dropped),
        TEST(repeated_scalars_come_packed_or_not),
        TEST(packed_bools_may_be_any_varint),
        TEST(unknown_enum_numbers_pass),
        TEST(messages_in_parts_are_joined),
        TEST(empty_parts_are_joined),
        TEST(a_later_member_of_a_oneof_undoes_the_parts_before),
        TEST(parts_within_lists_and_maps_are_joined),
#ifdef DATASTREAM_FAULTS
        TEST(every_allocation_may_fail),
#endif
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
