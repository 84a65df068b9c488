/* Messages over arenas and fields by descriptor, on a message of every shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/shapes.h"

#include "google/protobuf/timestamp.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/message/message_equal.h"

#define LIMIT ((size_t)64 << 20)

struct fixture {
    struct arena contract_arena;
    struct arena arena;
    const struct message_type *shape;
};

static struct fixture fixture;

static int setup(void **state)
{
    (void)state;
    arena_init(&fixture.contract_arena, NULL, LIMIT);
    fixture.shape = find_shape(load_shapes(&fixture.contract_arena));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&fixture.contract_arena);
    return 0;
}

static int start(void **state)
{
    (void)state;
    arena_init(&fixture.arena, NULL, LIMIT);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    arena_done(&fixture.arena);
    return 0;
}

static const struct field *field_at(uint32_t number)
{
    return shape_field(fixture.shape, number);
}

static ProtobufCMessage *new_shape(void)
{
    ProtobufCMessage *message = message_new(&fixture.arena, fixture.shape);

    assert_non_null(message);
    return message;
}

/* A value that differs from the default, by the field's type; `salt` tells values apart. */
static void set_value(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                      int salt)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        field_set_string(arena, message, field, arena_printf(arena, "text %d", salt));
        break;
    case PROTOBUF_C_TYPE_MESSAGE: {
        ProtobufCMessage *inner = message_new(arena, field->message);

        if (inner != NULL)
            field_set_int(inner, message_field_by_number(field->message, PLAIN + SHAPE_INT32),
                          salt);
        field_set_message(message, field, inner);
        break;
    }
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)field_address(message, field, 0) = salt + 0.5;
        field_mark_set(message, field);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        *(float *)field_address(message, field, 0) = (float)salt + 0.5f;
        field_mark_set(message, field);
        break;
    default:
        field_set_int(message, field, field->pb->type == PROTOBUF_C_TYPE_BOOL ? 1 : salt);
        break;
    }
}

static void append_value(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                         size_t *capacity, int salt)
{
    void *element = field_append(arena, message, field, capacity);

    if (element == NULL)
        return;
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)element = arena_cstr(arena, arena_printf(arena, "text %d", salt));
        break;
    case PROTOBUF_C_TYPE_BYTES: {
        struct slice text = arena_printf(arena, "%c%d", '\0', salt);

        *(ProtobufCBinaryData *)element = (ProtobufCBinaryData){text.len, (uint8_t *)text.data};
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)element = message_new(arena, field->message);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)element = salt;
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        *(int64_t *)element = salt;
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        *(float *)element = (float)salt;
        break;
    default:
        *(int32_t *)element = field->pb->type == PROTOBUF_C_TYPE_BOOL ? 1 : salt;
        break;
    }
}

/* Packs, the same bytes as protobuf-c. */
static struct slice pack(const ProtobufCMessage *message)
{
    struct slice bytes = message_pack(&fixture.arena, message);
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *wanted = arena_alloc(&fixture.arena, size + 1);

    assert_non_null(wanted);
    assert_int_equal(protobuf_c_message_pack(message, wanted), size);
    assert_int_equal(bytes.len, size);
    assert_memory_equal(bytes.data, wanted, size);
    return bytes;
}

/* Packs and unpacks. */
static ProtobufCMessage *round_trip(const ProtobufCMessage *message)
{
    struct slice bytes = pack(message);
    ProtobufCMessage *back = message_unpack(&fixture.arena, fixture.shape, bytes);
    struct slice again;

    assert_non_null(back);
    assert_int_equal(back->n_unknown_fields, 0);
    again = pack(back);
    assert_true(slice_equal(bytes, again));
    return back;
}

static void a_new_message_has_nothing_set(void **state)
{
    ProtobufCMessage *message = new_shape();

    (void)state;
    for (size_t i = 0; i < fixture.shape->field_count; i++)
        if (field_is_set(message, &fixture.shape->fields[i]))
            fail_msg("%.*s is set", SLICE_ARG(fixture.shape->fields[i].name));
    assert_int_equal(message_pack(&fixture.arena, message).len, 0);
    assert_string_equal(field_get_string(message, field_at(PLAIN + SHAPE_STRING)).data, "");
    assert_int_equal(field_get_string(message, field_at(OPTIONAL + SHAPE_STRING)).len, 0);
    assert_int_equal(field_get_string(message, field_at(CHOICE + SHAPE_STRING)).len, 0);
    assert_null(field_get_message(message, field_at(PLAIN + SHAPE_MESSAGE)));
}

static void every_singular_type_survives_a_round_trip(void **state)
{
    static const uint32_t groups[] = {PLAIN, OPTIONAL, CHOICE};

    (void)state;
    for (size_t group = 0; group < 3; group++) {
        for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
            const struct field *field = field_at(groups[group] + i);
            ProtobufCMessage *message = new_shape();
            ProtobufCMessage *back;

            set_value(&fixture.arena, message, field, 7);
            back = round_trip(message);
            for (size_t j = 0; j < fixture.shape->field_count; j++) {
                const struct field *other = &fixture.shape->fields[j];

                if (field_is_set(back, other) != (other == field) ||
                    !field_equal(&fixture.arena, message, back, other))
                    fail_msg("%.*s after setting %.*s", SLICE_ARG(other->name),
                             SLICE_ARG(field->name));
            }
        }
    }
}

/* Sets the default explicitly: a value only where there is presence. */
static void set_default(ProtobufCMessage *message, const struct field *field)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        field_set_string(&fixture.arena, message, field, SLICE(""));
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        field_set_message(message, field, new_shape());
        break;
    default:
        field_set_int(message, field, 0);
        break;
    }
}

static void defaults_are_kept_where_there_is_presence(void **state)
{
    static const uint32_t groups[] = {PLAIN, OPTIONAL, CHOICE};

    (void)state;
    for (size_t group = 0; group < 3; group++) {
        for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
            const struct field *field = field_at(groups[group] + i);
            ProtobufCMessage *message = new_shape();

            assert_int_equal(field->has_presence, groups[group] != PLAIN || i == SHAPE_MESSAGE);
            set_default(message, field);
            if (field_is_set(message, field) != field->has_presence ||
                field_is_set(round_trip(message), field) != field->has_presence)
                fail_msg("%.*s", SLICE_ARG(field->name));
            field_clear(message, field);
            assert_false(field_is_set(message, field));
            assert_int_equal(message_pack(&fixture.arena, message).len, 0);
        }
    }
}

static void repeated_fields_grow_and_survive(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
        const struct field *field = field_at(REPEATED + i);
        ProtobufCMessage *message = new_shape();
        ProtobufCMessage *back;
        size_t capacity = 0;

        for (int j = 0; j < 100; j++)
            append_value(&fixture.arena, message, field, &capacity, j);
        assert_true(capacity >= 100);
        back = round_trip(message);
        assert_int_equal(field_count(back, field), 100);
        assert_true(field_equal(&fixture.arena, message, back, field));
        if (i == SHAPE_STRING)
            assert_string_equal(field_get_string_at(back, field, 99).data, "text 99");
        /* On from what unpacking left. */
        capacity = 0;
        append_value(&fixture.arena, back, field, &capacity, 1);
        assert_int_equal(field_count(back, field), 101);
        assert_false(field_equal(&fixture.arena, message, back, field));
        field_clear(back, field);
        assert_false(field_is_set(back, field));
    }
}

static void the_members_of_a_oneof_exclude_each_other(void **state)
{
    ProtobufCMessage *message = new_shape();

    (void)state;
    for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
        for (uint32_t j = 0; j < SHAPE_TYPES; j++) {
            set_value(&fixture.arena, message, field_at(CHOICE + i), 1);
            set_value(&fixture.arena, message, field_at(CHOICE + j), 2);
            for (uint32_t k = 0; k < SHAPE_TYPES; k++)
                assert_int_equal(field_is_set(message, field_at(CHOICE + k)), k == j);
            /* Clearing one that is not set leaves the one that is. */
            if (i != j) {
                field_clear(message, field_at(CHOICE + i));
                assert_true(field_is_set(message, field_at(CHOICE + j)));
            }
            round_trip(message);
        }
    }
}

static void integers_keep_their_ends(void **state)
{
    static const struct {
        const char *type;
        int64_t value;
    } cases[] = {
        {"int32", INT32_MIN},
        {"int32", INT32_MAX},
        {"sint32", INT32_MIN},
        {"sfixed32", INT32_MIN},
        {"uint32", UINT32_MAX},
        {"fixed32", UINT32_MAX},
        {"int64", INT64_MIN},
        {"int64", INT64_MAX},
        {"sint64", INT64_MIN},
        {"sfixed64", INT64_MIN},
        {"uint64", -1},
        {"fixed64", -1},
        {"bool", 1},
        {"enum", -1},
        {"enum", 12345},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice name = arena_printf(&fixture.arena, "optional_%s", cases[i].type);
        const struct field *field = message_field_by_proto_name(fixture.shape, name);
        ProtobufCMessage *message = new_shape();

        field_set_int(message, field, cases[i].value);
        assert_int_equal(field_get_int(message, field), cases[i].value);
        assert_int_equal(field_get_int(round_trip(message), field), cases[i].value);
    }
}

static void recursion_survives(void **state)
{
    const struct field *inner = field_at(PLAIN + SHAPE_MESSAGE);
    ProtobufCMessage *message = new_shape();
    ProtobufCMessage *copy;
    unsigned depth = 0;

    (void)state;
    for (int i = 0; i < 99; i++) {
        ProtobufCMessage *outer = new_shape();

        field_set_message(outer, inner, message);
        message = outer;
    }
    copy = message_copy(&fixture.arena, message);
    assert_true(field_equal(&fixture.arena, message, copy, inner));
    for (; copy != NULL; copy = field_get_message(copy, inner))
        depth++;
    assert_int_equal(depth, 100);
}

/* An entry whose key is a number as text, and whose value is a message. */
static void add_entry(ProtobufCMessage *message, size_t *capacity, const char *key, int value)
{
    const struct field *map = field_at(TEXT_TO_SHAPE);
    ProtobufCMessage *entry = message_new(&fixture.arena, map->message);
    ProtobufCMessage **element = field_append(&fixture.arena, message, map, capacity);

    field_set_string(&fixture.arena, entry, message_field_by_number(map->message, 1),
                     slice_from_cstr(key));
    set_value(&fixture.arena, entry, message_field_by_number(map->message, 2), value);
    *element = entry;
}

static void maps_are_equal_in_any_order(void **state)
{
    const struct field *map = field_at(TEXT_TO_SHAPE);
    ProtobufCMessage *a = new_shape();
    ProtobufCMessage *b = new_shape();
    size_t a_room = 0;
    size_t b_room = 0;

    (void)state;
    assert_true(map->map);
    add_entry(a, &a_room, "one", 1);
    add_entry(a, &a_room, "two", 2);
    add_entry(b, &b_room, "two", 2);
    assert_false(field_equal(&fixture.arena, a, b, map));
    add_entry(b, &b_room, "one", 1);
    assert_true(field_equal(&fixture.arena, a, b, map));
    assert_true(field_equal(&fixture.arena, round_trip(a), b, map));
    add_entry(a, &a_room, "three", 3);
    add_entry(b, &b_room, "three", 4);
    assert_false(field_equal(&fixture.arena, a, b, map));
}

static void fields_are_copied_whole(void **state)
{
    ProtobufCMessage *from = new_shape();
    ProtobufCMessage *to = new_shape();

    (void)state;
    for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
        size_t capacity = 0;

        set_value(&fixture.arena, from, field_at(PLAIN + i), 3);
        set_value(&fixture.arena, from, field_at(OPTIONAL + i), 4);
        append_value(&fixture.arena, from, field_at(REPEATED + i), &capacity, 5);
    }
    set_value(&fixture.arena, from, field_at(CHOICE + SHAPE_STRING), 6);
    for (size_t i = 0; i < fixture.shape->field_count; i++)
        field_copy(to, from, &fixture.shape->fields[i]);
    assert_true(slice_equal(message_pack(&fixture.arena, from), message_pack(&fixture.arena, to)));
    /* And what is unset is unset in the copy. */
    for (size_t i = 0; i < fixture.shape->field_count; i++)
        field_copy(to, new_shape(), &fixture.shape->fields[i]);
    assert_int_equal(message_pack(&fixture.arena, to).len, 0);
}

static void a_list_of_messages_is_borrowed(void **state)
{
    const struct field *list = field_at(REPEATED + SHAPE_MESSAGE);
    ProtobufCMessage *values[] = {new_shape(), new_shape()};
    ProtobufCMessage *message = new_shape();

    (void)state;
    field_set_messages(message, list, values, 2);
    assert_int_equal(field_count(message, list), 2);
    assert_ptr_equal(*(ProtobufCMessage **)field_address(message, list, 1), values[1]);
}

static void timestamps_are_milliseconds(void **state)
{
    static const struct {
        int64_t ms;
        int64_t seconds;
        int32_t nanos;
    } cases[] = {
        {0, 0, 0},           {1, 0, 1000000}, {1700000000123, 1700000000, 123000000},
        {-1, -1, 999000000}, {-1000, -1, 0},
    };
    const struct message_type *device = fixture.shape == NULL
                                            ? NULL
                                            : contract_message(load_shapes(&fixture.arena),
                                                               SLICE("datastream.v1.Device"));
    const struct field *field = message_field_by_proto_name(device, SLICE("create_time"));
    ProtobufCMessage *message = message_new(&fixture.arena, device);
    Google__Protobuf__Timestamp *time;

    (void)state;
    assert_int_equal(field_get_timestamp(message, field), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        field_set_timestamp(&fixture.arena, message, field, cases[i].ms);
        time = (void *)field_get_message(message, field);
        assert_int_equal(time->seconds, cases[i].seconds);
        assert_int_equal(time->nanos, cases[i].nanos);
        assert_int_equal(field_get_timestamp(message, field), cases[i].ms);
    }
    time = (void *)field_get_message(message, field);
    time->seconds = INT64_MAX;
    assert_int_equal(field_get_timestamp(message, field), INT64_MAX);
    time->seconds = INT64_MIN;
    assert_int_equal(field_get_timestamp(message, field), INT64_MIN);
}

/* Fills one of everything, the oneof's member of that type included, and an unknown field. */
static ProtobufCMessage *fill_shape(struct arena *arena, uint32_t choice)
{
    static const uint8_t unknown[] = {2, 'o', 'k'};
    ProtobufCMessage *message = message_new(arena, fixture.shape);

    for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
        size_t capacity = 0;

        set_value(arena, message, field_at(PLAIN + i), 3);
        set_value(arena, message, field_at(OPTIONAL + i), 4);
        for (int j = 0; j < 3; j++)
            append_value(arena, message, field_at(REPEATED + i), &capacity, j);
    }
    set_value(arena, message, field_at(CHOICE + choice), 5);
    message->n_unknown_fields = 1;
    message->unknown_fields = arena_zalloc(arena, sizeof(*message->unknown_fields));
    message->unknown_fields[0] = (ProtobufCMessageUnknownField){
        .tag = 9999,
        .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
        .len = sizeof(unknown),
        .data = (uint8_t *)(uintptr_t)arena_copy(arena, slice_make(unknown, sizeof(unknown))).data};
    return message;
}

static void a_copy_outlives_what_it_was_copied_from(void **state)
{
    (void)state;
    for (uint32_t choice = 0; choice < SHAPE_TYPES; choice++) {
        struct arena arena;
        ProtobufCMessage *message, *copy;
        struct slice bytes;

        arena_init(&arena, NULL, LIMIT);
        message = fill_shape(&arena, choice);
        bytes = message_pack(&fixture.arena, message);
        copy = message_copy(&fixture.arena, message);
        arena_done(&arena);
        assert_non_null(copy);
        assert_true(slice_equal(bytes, message_pack(&fixture.arena, copy)));
    }
}

/* Around the size at which the packer asks for the whole, and far beyond it. */
static void messages_of_every_size_are_packed(void **state)
{
    char text[5000];

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len += len < 600 ? 1 : 1099) {
        ProtobufCMessage *message = new_shape();
        ProtobufCMessage *inner = new_shape();

        field_set_string(&fixture.arena, inner, field_at(PLAIN + SHAPE_STRING),
                         slice_make(text, len));
        field_set_message(message, field_at(PLAIN + SHAPE_MESSAGE), inner);
        set_value(&fixture.arena, message, field_at(PLAIN + SHAPE_INT32), -1);
        set_value(&fixture.arena, message, field_at(OPTIONAL + SHAPE_BOOL), 1);
        assert_int_equal(field_get_string(field_get_message(round_trip(message),
                                                            field_at(PLAIN + SHAPE_MESSAGE)),
                                          field_at(PLAIN + SHAPE_STRING))
                             .len,
                         len);
        arena_reset(&fixture.arena);
    }
}

/* Small and large beside the packer's first room. */
static const size_t befores[] = {0, 1, 5, 400, 511, 512, 513, 9000};

#define BEFORES (sizeof(befores) / sizeof(befores[0]))

/* A text of `len` bytes, and an unknown field, which comes last. */
static ProtobufCMessage *text_of(struct arena *arena, size_t len)
{
    char *text = arena_alloc(arena, len + 1);
    ProtobufCMessage *message = fill_shape(arena, SHAPE_STRING);

    assert_non_null(text);
    memset(text, 'x', len);
    field_set_string(arena, message, field_at(PLAIN + SHAPE_STRING), slice_make(text, len));
    return message;
}

/* Sizes on both sides of the first room, each after each number of bytes. */
static void a_message_is_packed_after_what_comes_before_it(void **state)
{
    (void)state;
    for (size_t len = 0; len < 3000; len += len < 600 ? 1 : 499)
        for (size_t i = 0; i < BEFORES; i++) {
            ProtobufCMessage *message = text_of(&fixture.arena, len);
            struct slice wanted = pack(message);
            size_t packed = 0;
            char *bytes = message_pack_after(&fixture.arena, befores[i], message, wanted.len,
                                             &packed);

            assert_non_null(bytes);
            memset(bytes, 'b', befores[i]); /* is the caller's to write */
            assert_true(slice_equal(slice_make(bytes + befores[i], packed), wanted));
            arena_reset(&fixture.arena);
        }
}

static void a_message_that_is_too_large_takes_no_room(void **state)
{
    (void)state;
    for (size_t len = 0; len < 5000; len += 999)
        for (size_t i = 0; i < BEFORES; i++) {
            ProtobufCMessage *message = text_of(&fixture.arena, len);
            size_t size = pack(message).len;
            size_t packed = 0;
            struct arena arena;

            arena_init(&arena, NULL, ARENA_FIRST_BLOCK); /* 9,000 bytes would not fit */
            assert_null(message_pack_after(&arena, befores[i], message, size - 1, &packed));
            assert_int_equal(packed, size);
            packed = 0;
            assert_null(message_pack_after(&arena, befores[i], message, 0, &packed));
            assert_int_equal(packed, size);
            assert_false(arena_failed(&arena));
            arena_done(&arena);
            arena_reset(&fixture.arena);
        }
}

/* Were the size asked for at each element that finds no room, this would take hours. */
static void a_long_list_that_is_too_large_is_measured_once(void **state)
{
    const struct field *list = field_at(REPEATED + SHAPE_STRING);
    ProtobufCMessage *message = new_shape();
    size_t capacity = 0;
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 300000; i++)
        *(const char **)field_append(&fixture.arena, message, list, &capacity) = "x";
    assert_null(message_pack_after(&fixture.arena, 5, message, 1000, &len));
    assert_int_equal(len, protobuf_c_message_get_packed_size(message));
}

static void an_empty_message_may_have_no_bytes(void **state)
{
    ProtobufCMessage *message = new_shape();

    (void)state;
    for (size_t i = 0; i < BEFORES; i++) {
        size_t packed = 1;

        assert_non_null(message_pack_after(&fixture.arena, befores[i], message, 0, &packed));
        assert_int_equal(packed, 0);
    }
}

static void an_empty_message_has_no_bytes(void **state)
{
    (void)state;
    assert_int_equal(pack(new_shape()).len, 0);
    assert_false(arena_failed(&fixture.arena));
}

/* The text of presence alone, the zero of a choice, and zeros that are left out. */
static void zeros_are_packed_where_they_say_something(void **state)
{
    ProtobufCMessage *message = new_shape();

    (void)state;
    for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
        const struct field *field = field_at(PLAIN + i);

        if (field->pb->type == PROTOBUF_C_TYPE_DOUBLE)
            *(double *)field_address(message, field, 0) = -0.0;
        if (field->pb->type == PROTOBUF_C_TYPE_FLOAT)
            *(float *)field_address(message, field, 0) = -0.0f;
        if (field->pb->type == PROTOBUF_C_TYPE_STRING)
            *(char **)field_address(message, field, 0) = NULL;
    }
    assert_int_equal(pack(message).len, 0);
    for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
        message = new_shape();
        set_default(message, field_at(OPTIONAL + i));
        pack(message);
        message = new_shape();
        set_default(message, field_at(CHOICE + i));
        pack(message);
    }
}

static void unknown_fields_follow_in_their_order(void **state)
{
    uint8_t first[] = {0x85, 0x01};
    uint8_t second[] = {2, 'h', 'i'};
    ProtobufCMessageUnknownField unknown[] = {
        {.tag = 5000, .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT, .len = 2, .data = first},
        {.tag = 90, .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, .len = 3, .data = second},
    };
    ProtobufCMessage *message = new_shape();

    (void)state;
    set_value(&fixture.arena, message, field_at(PLAIN + SHAPE_STRING), 7);
    message->unknown_fields = unknown;
    message->n_unknown_fields = 2;
    assert_true(slice_ends_with(pack(message), slice_make(second, sizeof(second))));
}

static void bytes_that_do_not_parse_give_nothing(void **state)
{
    (void)state;
    assert_null(message_unpack(&fixture.arena, fixture.shape, SLICE("\x0a")));
    assert_false(arena_failed(&fixture.arena));
}

#ifdef DATASTREAM_FAULTS
/* Packs small and large, with little and much before: what is said of it is as the arena says. */
static bool is_packed_after(struct arena *arena, const ProtobufCMessage *large)
{
    ProtobufCMessage *const small = message_new(arena, fixture.shape);

    for (size_t i = 0; small != NULL && i < BEFORES; i++) {
        size_t len = SIZE_MAX;
        const char *bytes = message_pack_after(arena, befores[i], i % 2 == 0 ? small : large,
                                               SIZE_MAX, &len);

        assert_int_equal(bytes == NULL, arena_failed(arena));
        assert_int_equal(len == SIZE_MAX, bytes == NULL);
    }
    return !arena_failed(arena);
}

/* Fills one of everything, packs, unpacks, copies; whether all of it was there. */
static bool exercise(struct arena *arena)
{
    ProtobufCMessage *message = message_new(arena, fixture.shape);
    ProtobufCMessage *copy;
    struct slice bytes;

    if (message == NULL)
        return false;
    for (uint32_t i = 0; i < SHAPE_TYPES; i++) {
        size_t capacity = 0;

        set_value(arena, message, field_at(PLAIN + i), 3);
        set_value(arena, message, field_at(OPTIONAL + i), 4);
        set_value(arena, message, field_at(CHOICE + i), 4);
        for (int j = 0; j < 20; j++)
            append_value(arena, message, field_at(REPEATED + i), &capacity, j);
    }
    if (arena_failed(arena))
        return false;
    if (!is_packed_after(arena, message))
        return false;
    bytes = message_pack(arena, message); /* larger than the packer's first room */
    copy = arena_failed(arena) ? NULL : message_unpack(arena, fixture.shape, bytes);
    if (copy == NULL)
        return false;
    copy = message_copy(arena, copy);
    for (size_t i = 0; copy != NULL && i < fixture.shape->field_count; i++)
        if (!field_equal(arena, message, copy, &fixture.shape->fields[i]))
            return false;
    return copy != NULL && !arena_failed(arena);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int onward = 0; onward < 2; onward++) {
        bool done = false;

        for (unsigned long number = 1; !done; number++) {
            struct arena arena;
            unsigned long made;

            arena_init(&arena, NULL, LIMIT);
            arena_fault_set(number, onward != 0);
            done = exercise(&arena);
            made = arena_fault_count();
            arena_fault_set(0, false);
            if (done != (made < number))
                fail_msg("allocation %lu of %lu failed, and all was said to be there: %d", number,
                         made, done);
            arena_done(&arena);
        }
    }
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_message_has_nothing_set),
        TEST(every_singular_type_survives_a_round_trip),
        TEST(defaults_are_kept_where_there_is_presence),
        TEST(repeated_fields_grow_and_survive),
        TEST(the_members_of_a_oneof_exclude_each_other),
        TEST(integers_keep_their_ends),
        TEST(recursion_survives),
        TEST(maps_are_equal_in_any_order),
        TEST(fields_are_copied_whole),
        TEST(a_list_of_messages_is_borrowed),
        TEST(timestamps_are_milliseconds),
        TEST(a_copy_outlives_what_it_was_copied_from),
        TEST(messages_of_every_size_are_packed),
        TEST(a_message_is_packed_after_what_comes_before_it),
        TEST(a_message_that_is_too_large_takes_no_room),
        TEST(a_long_list_that_is_too_large_is_measured_once),
        TEST(an_empty_message_may_have_no_bytes),
        TEST(an_empty_message_has_no_bytes),
        TEST(zeros_are_packed_where_they_say_something),
        TEST(unknown_fields_follow_in_their_order),
        TEST(bytes_that_do_not_parse_give_nothing),
#ifdef DATASTREAM_FAULTS
        TEST(every_allocation_may_fail),
#endif
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
