/* Of map entries that bytes give one key the last is kept, at any depth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/contract/contract_find.h"
#include "tests/support/shapes.h"

static struct arena contract_arena;
static struct arena arena;
static const struct message_type *shape;

static int setup(void **state)
{
    (void)state;
    arena_init(&contract_arena, NULL, (size_t)64 << 20);
    arena_init(&arena, NULL, (size_t)64 << 20);
    shape = find_shape(load_shapes(&contract_arena));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    arena_done(&contract_arena);
    return 0;
}

static void add_entry(ProtobufCMessage *message, size_t *capacity, int64_t key, const char *text)
{
    const struct field *map = shape_field(shape, INT_TO_TEXT);
    ProtobufCMessage *entry = message_new(&arena, map->message);
    ProtobufCMessage **element = field_append(&arena, message, map, capacity);

    field_set_int(entry, message_field_by_number(map->message, 1), key);
    field_set_string(&arena, entry, message_field_by_number(map->message, 2),
                     slice_from_cstr(text));
    *element = entry;
}

/* "key=text" of each entry, with blanks between. */
static struct slice entries_of(const ProtobufCMessage *message)
{
    const struct field *map = shape_field(shape, INT_TO_TEXT);
    struct slice all = SLICE("");

    for (size_t i = 0; i < field_count(message, map); i++) {
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, map, i);
        const struct field *value = message_field_by_number(map->message, 2);

        all = arena_printf(
            &arena, "%.*s%s%lld=%s", SLICE_ARG(all), i > 0 ? " " : "",
            (long long)field_get_int(entry, message_field_by_number(map->message, 1)),
            field_get_string(entry, value).data);
    }
    return all;
}

static ProtobufCMessage *unpacked(const ProtobufCMessage *message)
{
    ProtobufCMessage *back = message_unpack(&arena, shape, message_pack(&arena, message));

    assert_non_null(back);
    return back;
}

static void the_last_entry_of_a_key_is_kept(void **state)
{
    ProtobufCMessage *message = message_new(&arena, shape);
    size_t capacity = 0;

    (void)state;
    add_entry(message, &capacity, 1, "a");
    add_entry(message, &capacity, 2, "b");
    add_entry(message, &capacity, 1, "c");
    add_entry(message, &capacity, 0, "d");
    add_entry(message, &capacity, 1, "e");
    assert_string_equal(entries_of(unpacked(message)).data, "2=b 0=d 1=e");
}

static void distinct_keys_keep_their_order(void **state)
{
    ProtobufCMessage *message = message_new(&arena, shape);
    size_t capacity = 0;

    (void)state;
    add_entry(message, &capacity, 3, "a");
    add_entry(message, &capacity, -1, "b");
    add_entry(message, &capacity, 2, "a");
    assert_string_equal(entries_of(unpacked(message)).data, "3=a -1=b 2=a");
}

/* Past the number that is compared each with each. */
static void many_entries_are_told_apart_too(void **state)
{
    ProtobufCMessage *message = message_new(&arena, shape);
    ProtobufCMessage *back;
    size_t capacity = 0;

    (void)state;
    for (int i = 0; i < 3000; i++)
        add_entry(message, &capacity, i % 1000, i < 2000 ? "old" : "new");
    back = unpacked(message);
    assert_int_equal(field_count(back, shape_field(shape, INT_TO_TEXT)), 1000);
    for (size_t i = 0; i < 1000; i++) {
        const struct field *map = shape_field(shape, INT_TO_TEXT);
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(back, map, i);

        assert_int_equal(field_get_int(entry, message_field_by_number(map->message, 1)), i);
        assert_string_equal(field_get_string(entry, message_field_by_number(map->message, 2)).data,
                            "new");
    }
}

static void maps_of_inner_messages_are_seen(void **state)
{
    const struct field *map = shape_field(shape, TEXT_TO_SHAPE);
    const struct field *list = shape_field(shape, REPEATED + SHAPE_MESSAGE);
    const struct field *choice = shape_field(shape, CHOICE + SHAPE_MESSAGE);
    ProtobufCMessage *inner = message_new(&arena, shape);
    ProtobufCMessage *message = message_new(&arena, shape);
    ProtobufCMessage *entry = message_new(&arena, map->message);
    size_t capacities[3] = {0, 0, 0};
    ProtobufCMessage *back;

    (void)state;
    add_entry(inner, &capacities[0], 7, "old");
    add_entry(inner, &capacities[0], 7, "new");
    field_set_message(entry, message_field_by_number(map->message, 2), inner);
    *(ProtobufCMessage **)field_append(&arena, message, map, &capacities[1]) = entry;
    *(ProtobufCMessage **)field_append(&arena, message, list, &capacities[2]) = inner;
    field_set_message(message, choice, inner);
    back = unpacked(message);
    entry = *(ProtobufCMessage **)field_address(back, map, 0);
    assert_string_equal(
        entries_of(field_get_message(entry, message_field_by_number(map->message, 2))).data,
        "7=new");
    assert_string_equal(entries_of(*(ProtobufCMessage **)field_address(back, list, 0)).data,
                        "7=new");
    assert_string_equal(entries_of(field_get_message(back, choice)).data, "7=new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_entry_of_a_key_is_kept),
        cmocka_unit_test(distinct_keys_keep_their_order),
        cmocka_unit_test(many_entries_are_told_apart_too),
        cmocka_unit_test(maps_of_inner_messages_are_seen),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
