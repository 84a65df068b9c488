/*
 * Validation: each rule with its sentence, the paths, and what is not looked at. Rules are set on
 * the fields of a message of every shape; the real contract's rules have a test of their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <regex.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/call.h"
#include "rpc/call/validate.h"
#include "tests/support/shapes.h"

#define LIMIT ((size_t)64 << 20)
#define NOW_MS 1700000000000LL

static struct arena contract_arena;
static struct arena arena;
static const struct contract *contract;
static const struct message_type *shape;

static int load(void **state)
{
    (void)state;
    arena_init(&contract_arena, NULL, LIMIT);
    contract = load_shapes(&contract_arena);
    shape = find_shape(contract);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    arena_done(&contract_arena);
    return 0;
}

/* A field that a test may give rules to; they are taken away again at the end. */
static struct field *writable(uint32_t number)
{
    return (struct field *)shape_field(shape, number);
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, LIMIT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < shape->field_count; i++) {
        shape->fields[i].rules = NULL;
        shape->fields[i].required = false;
        shape->fields[i].output_only = false;
    }
    arena_done(&arena);
    return 0;
}

/* "path: sentence" of each violation, one a line; sorted as they were found. */
static const char *violations_of(const struct message_type *type, const ProtobufCMessage *message,
                                 const char *prefix, const struct field *skip)
{
    struct violations violations = {0};
    struct slice text = SLICE("");

    validate_message(&arena, type, message, slice_from_cstr(prefix), skip, NOW_MS, &violations);
    for (const struct status_detail *d = violations.first; d != NULL; d = d->next)
        text = arena_printf(&arena, "%.*s%s%.*s: %.*s", SLICE_ARG(text), text.len > 0 ? "\n" : "",
                            SLICE_ARG(d->subject), SLICE_ARG(d->description));
    assert_false(arena_failed(&arena));
    return arena_cstr(&arena, text);
}

static const char *violations_in(const ProtobufCMessage *message)
{
    return violations_of(shape, message, "", NULL);
}

static ProtobufCMessage *new_shape(void)
{
    return message_new(&arena, shape);
}

static void append_text(ProtobufCMessage *message, const struct field *field, const char *text)
{
    size_t capacity = field_count(message, field);

    *(char **)field_append(&arena, message, field, &capacity) = arena_cstr(&arena,
                                                                           slice_from_cstr(text));
}

static void append_int(ProtobufCMessage *message, const struct field *field, int32_t number)
{
    size_t capacity = field_count(message, field);

    *(int32_t *)field_append(&arena, message, field, &capacity) = number;
}

/* An entry of a map; its value is set where there is a text for it. */
static ProtobufCMessage *append_entry(ProtobufCMessage *message, const struct field *map,
                                      const char *key, const char *value)
{
    const struct field *key_field = message_field_by_number(map->message, 1);
    ProtobufCMessage *entry = message_new(&arena, map->message);
    size_t capacity = field_count(message, map);

    *(ProtobufCMessage **)field_append(&arena, message, map, &capacity) = entry;
    if (key_field->pb->type == PROTOBUF_C_TYPE_STRING)
        field_set_string(&arena, entry, key_field, slice_from_cstr(key));
    else
        field_set_int(entry, key_field, strtoll(key, NULL, 10));
    if (value != NULL)
        field_set_string(&arena, entry, message_field_by_number(map->message, 2),
                         slice_from_cstr(value));
    return entry;
}

/* -- texts --------------------------------------------------------------------------------- */

struct text_row {
    const char *text;
    bool good;
};

/* The text in the field under the rules: good, or exactly this sentence. */
static void check_text(uint32_t number, const char *name, const struct rules *rules,
                       struct text_row row, const char *sentence)
{
    ProtobufCMessage *message = new_shape();
    const char *wanted = row.good ? "" : arena_printf(&arena, "%s: %s", name, sentence).data;
    const char *got;

    writable(number)->rules = rules;
    field_set_string(&arena, message, shape_field(shape, number), slice_from_cstr(row.text));
    got = violations_in(message);
    if (strcmp(got, wanted) != 0)
        fail_msg("\"%s\": got \"%s\"", row.text, got);
    writable(number)->rules = NULL;
}

/* Each text with presence, and without it where it can be seen: an empty one is none there. */
static void check_texts(const struct rules *rules, const struct text_row *rows, size_t count,
                        const char *sentence)
{
    for (size_t i = 0; i < count; i++) {
        check_text(OPTIONAL + SHAPE_STRING, "optionalString", rules, rows[i], sentence);
        if (rows[i].text[0] != '\0')
            check_text(PLAIN + SHAPE_STRING, "plainString", rules, rows[i], sentence);
    }
}

#define CHECK_TEXTS(rules, sentence, ...)                                                 \
    check_texts(&(rules), (const struct text_row[]){__VA_ARGS__},                         \
                sizeof((const struct text_row[]){__VA_ARGS__}) / sizeof(struct text_row), \
                (sentence))

static void check_lengths(bool length_alone)
{
    const struct rules both = {
        .has_length = true, .length_alone = length_alone, .min_length = 3, .max_length = 5};
    const struct rules least = {.has_length = true,
                                .length_alone = length_alone,
                                .min_length = 2,
                                .max_length = UINT64_MAX};
    const struct rules most = {.has_length = true, .length_alone = length_alone, .max_length = 1};
    const struct rules exact = {
        .has_length = true, .length_alone = length_alone, .min_length = 4, .max_length = 4};

    CHECK_TEXTS(both, "must have 3 to 5 characters", {"abc", true}, {"abcde", true}, {"ab", false},
                {"abcdef", false}, {"", false}, {"\xc3\xa4\xc3\xb6\xc3\xbc", true},
                {"\xf0\x9f\x90\x9f\xf0\x9f\x90\x9f", false},
                {"\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", true});
    CHECK_TEXTS(least, "must have at least 2 characters", {"ab", true}, {"a", false},
                {"\xc3\xa4", false}, {"\xf0\x9f\x90\x9f", false});
    CHECK_TEXTS(most, "must have at most 1 character", {"", true}, {"a", true}, {"ab", false});
    CHECK_TEXTS(exact, "must have exactly 4 characters", {"abcd", true}, {"abc", false},
                {"abcde", false});
}

/* Also where nothing but the length is a rule, and its bytes alone may tell that it is kept. */
static void lengths_are_counted_in_characters(void **state)
{
    (void)state;
    check_lengths(false);
    check_lengths(true);
}

static void patterns_prefixes_and_lists_are_held(void **state)
{
    struct slice choices[] = {SLICE("red"), SLICE("green")};
    regex_t regex;
    const struct rules pattern = {
        .pattern = SLICE("[a-z]+"), .compiled = &regex, .max_length = UINT64_MAX};
    const struct rules prefix = {.prefix = SLICE("/")};
    const struct rules in = {.in = choices, .in_count = 2};

    (void)state;
    assert_int_equal(regcomp(&regex, "^([a-z]+)$", REG_EXTENDED | REG_NOSUB), 0);
    CHECK_TEXTS(pattern, "must match the pattern \"[a-z]+\"", {"abc", true}, {"aBc", false},
                {"", false}, {"abc\n", false});
    CHECK_TEXTS(prefix, "must begin with \"/\"", {"/", true}, {"/a", true}, {"a/", false},
                {"", false});
    CHECK_TEXTS(in, "must be one of \"red\", \"green\"", {"red", true}, {"green", true},
                {"blue", false}, {"", false});
    regfree(&regex);
}

static void shapes_of_texts_are_known(void **state)
{
    const struct rules email = {.email = true};
    const struct rules hostname = {.hostname = true};
    const struct rules ip = {.ip = true};
    const struct rules address = {.address = true};
    const struct rules cidr = {.cidr = true};
    const struct rules uuid = {.uuid = true};

    (void)state;
    CHECK_TEXTS(email, "must be an e-mail address", {"a@b.example", true},
                {"first.last+tag@mail.example.com", true}, {"a@b", true}, {"a", false},
                {"@b.example", false}, {"a@", false}, {".a@b.example", false},
                {"a.@b.example", false}, {"a..b@c.example", false}, {"a b@c.example", false},
                {"a@b@c.example", false}, {"a@-b.example", false}, {"a@b..example", false});
    CHECK_TEXTS(hostname, "must be a host name", {"a", true}, {"a-b.example", true},
                {"3com.example", true}, {"", false}, {"a.", false}, {".a", false}, {"-a", false},
                {"a-", false}, {"a_b", false}, {"10.0.0.1", false},
                {"a23456789012345678901234567890123456789012345678901234567890123", true},
                {"a234567890123456789012345678901234567890123456789012345678901234", false});
    CHECK_TEXTS(ip, "must be an IPv4 or IPv6 address", {"10.0.0.1", true}, {"::1", true},
                {"2001:db8::ffff:10.0.0.1", true}, {"10.0.0", false}, {"10.0.0.256", false},
                {"10.0.0.01", false}, {"10.0.0.1/8", false}, {"::1%lo", false}, {"", false},
                {"1:2:3:4:5:6:7:8:9", false}, {" 10.0.0.1", false});
    CHECK_TEXTS(address, "must be a host name or an IP address", {"edge.example", true},
                {"10.0.0.1", true}, {"2001:db8::1", true}, {"10.0.0.256", false}, {"", false},
                {"not a host", false}, {"edge.example:8080", false}, {"[::1]", false});
    CHECK_TEXTS(cidr, "must be an address or a network such as \"10.0.0.0/8\"",
                {"10.0.0.0/8", true}, {"10.0.0.1", true}, {"::/0", true}, {"2001:db8::/128", true},
                {"10.0.0.0/33", false}, {"::/129", false}, {"10.0.0.0/", false},
                {"10.0.0.0/08", false}, {"10.0.0.0/-1", false}, {"/8", false},
                {"10.0.0.0/8/8", false});
    CHECK_TEXTS(uuid, "must be a UUID", {"0192f0c1-2345-7000-8000-000000000001", true},
                {"0192f0c1", false}, {"", false});
}

static void all_broken_rules_of_a_value_are_told(void **state)
{
    const struct rules rules = {
        .has_length = true, .min_length = 4, .max_length = 9, .prefix = SLICE("/"), .ip = true};
    ProtobufCMessage *message = new_shape();

    (void)state;
    writable(PLAIN + SHAPE_STRING)->rules = &rules;
    field_set_string(&arena, message, shape_field(shape, PLAIN + SHAPE_STRING), SLICE("x"));
    assert_string_equal(violations_in(message), "plainString: must have 4 to 9 characters\n"
                                                "plainString: must begin with \"/\"\n"
                                                "plainString: must be an IPv4 or IPv6 address");
}

/* -- numbers, bytes, enums ----------------------------------------------------------------- */

static void ranges_are_held_in_every_width(void **state)
{
    static const struct {
        const char *name;
        int64_t least, most, good, bad;
        const char *sentence;
    } rows[] = {
        {"plain_int32", 1, 65535, 65535, 65536, "must be from 1 to 65535"},
        {"plain_int32", -5, 5, -5, -6, "must be from -5 to 5"},
        {"plain_sint32", 1, INT32_MAX, 1, -1, "must be at least 1"},
        {"plain_sfixed32", INT32_MIN, 9, INT32_MIN, 10, "must be at most 9"},
        {"plain_uint32", 7, UINT32_MAX, UINT32_MAX, 6, "must be at least 7"},
        {"plain_fixed32", 0, 7, 7, 8, "must be at most 7"},
        {"plain_int64", 1, 1LL << 40, 1LL << 40, (1LL << 40) + 1,
         "must be from 1 to 1099511627776"},
        {"plain_sint64", INT64_MIN, -1, INT64_MIN, 1, "must be at most -1"},
        {"plain_sfixed64", 2, INT64_MAX, 2, 1, "must be at least 2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct rules rules = {
            .has_range = true, .least = rows[i].least, .most = rows[i].most};
        const struct field *field = message_field_by_proto_name(shape,
                                                                slice_from_cstr(rows[i].name));
        ProtobufCMessage *message = new_shape();

        ((struct field *)field)->rules = &rules;
        field_set_int(message, field, rows[i].good);
        assert_string_equal(violations_in(message), "");
        field_set_int(message, field, rows[i].bad);
        assert_string_equal(
            violations_in(message),
            arena_printf(&arena, "%.*s: %s", SLICE_ARG(field->json_name), rows[i].sentence).data);
        ((struct field *)field)->rules = NULL;
    }
}

static void bytes_are_counted_as_bytes(void **state)
{
    const struct rules rules = {.has_length = true, .min_length = 2, .max_length = 2};
    const struct field *field = shape_field(shape, PLAIN + SHAPE_BYTES);
    ProtobufCMessage *message = new_shape();
    ProtobufCBinaryData *bytes = field_address(message, field, 0);

    (void)state;
    writable(PLAIN + SHAPE_BYTES)->rules = &rules;
    *bytes = (ProtobufCBinaryData){2, (uint8_t *)(uintptr_t) "\xc3\xa4"};
    assert_string_equal(violations_in(message), "");
    bytes->len = 1;
    assert_string_equal(violations_in(message), "plainBytes: must have exactly 2 bytes");
}

static void enums_hold_their_values(void **state)
{
    const struct rules rules = {.defined_only = true};
    const struct rules items = {.items = &rules};
    const struct field *list = shape_field(shape, REPEATED + SHAPE_ENUM);
    ProtobufCMessage *message = new_shape();

    (void)state;
    writable(PLAIN + SHAPE_ENUM)->rules = &rules;
    writable(REPEATED + SHAPE_ENUM)->rules = &items;
    field_set_int(message, shape_field(shape, PLAIN + SHAPE_ENUM), 5);
    append_int(message, list, -1);
    append_int(message, list, 0);
    assert_string_equal(violations_in(message), "");
    field_set_int(message, shape_field(shape, PLAIN + SHAPE_ENUM), 7);
    append_int(message, list, 4);
    assert_string_equal(violations_in(message),
                        "repeatedEnum[2]: must be one of GREEN, BLUE, VERDE, AZURE\n"
                        "plainEnum: must be one of GREEN, BLUE, VERDE, AZURE");
}

/* -- presence ------------------------------------------------------------------------------ */

static void what_is_required_must_be_set(void **state)
{
    const struct rules rules = {.required = true};
    ProtobufCMessage *message = new_shape();

    (void)state;
    writable(PLAIN + SHAPE_STRING)->required = true;
    writable(PLAIN + SHAPE_MESSAGE)->required = true;
    writable(OPTIONAL + SHAPE_INT32)->rules = &rules;
    writable(REPEATED + SHAPE_STRING)->rules = &rules;
    assert_string_equal(violations_in(message), "repeatedString: is required\n"
                                                "optionalInt32: is required\n"
                                                "plainString: is required\n"
                                                "plainMessage: is required");
    field_set_string(&arena, message, shape_field(shape, PLAIN + SHAPE_STRING), SLICE("x"));
    field_set_int(message, shape_field(shape, OPTIONAL + SHAPE_INT32), 0); /* set, if to nothing */
    append_text(message, shape_field(shape, REPEATED + SHAPE_STRING), "");
    assert_string_equal(violations_in(message), "plainMessage: is required");
}

static void rules_hold_for_values_that_are_set(void **state)
{
    const struct rules rules = {.has_length = true, .min_length = 3, .max_length = 9};
    const struct rules range = {.has_range = true, .least = 1, .most = 9};
    const struct rules items = {.has_item_count = true, .min_items = 2, .max_items = 3};
    ProtobufCMessage *message = new_shape();

    (void)state;
    writable(PLAIN + SHAPE_STRING)->rules = &rules;
    writable(OPTIONAL + SHAPE_STRING)->rules = &rules;
    writable(CHOICE + SHAPE_STRING)->rules = &rules;
    writable(PLAIN + SHAPE_INT32)->rules = &range;
    writable(REPEATED + SHAPE_STRING)->rules = &items;
    assert_string_equal(violations_in(message), "");
    field_set_string(&arena, message, shape_field(shape, PLAIN + SHAPE_STRING), SLICE(""));
    assert_string_equal(violations_in(message), "");
    field_set_string(&arena, message, shape_field(shape, CHOICE + SHAPE_STRING), SLICE(""));
    assert_string_equal(violations_in(message), "choiceString: must have 3 to 9 characters");
    field_set_int(message, shape_field(shape, CHOICE + SHAPE_INT32), 0); /* the other member */
    assert_string_equal(violations_in(message), "");
}

static void what_clients_cannot_set_is_not_looked_at(void **state)
{
    const struct rules rules = {.has_length = true, .min_length = 3, .max_length = 9};
    ProtobufCMessage *message = new_shape();

    (void)state;
    writable(PLAIN + SHAPE_STRING)->rules = &rules;
    writable(PLAIN + SHAPE_STRING)->output_only = true;
    writable(PLAIN + SHAPE_MESSAGE)->output_only = true;
    writable(PLAIN + SHAPE_MESSAGE)->required = true;
    field_set_string(&arena, message, shape_field(shape, PLAIN + SHAPE_STRING), SLICE("x"));
    assert_string_equal(violations_in(message), "");
}

static void a_skipped_field_must_only_be_there(void **state)
{
    const struct rules rules = {.has_length = true, .min_length = 3, .max_length = 9};
    const struct field *skip = shape_field(shape, PLAIN + SHAPE_MESSAGE);
    ProtobufCMessage *message = new_shape();
    ProtobufCMessage *inner = new_shape();

    (void)state;
    writable(PLAIN + SHAPE_STRING)->rules = &rules;
    field_set_string(&arena, inner, shape_field(shape, PLAIN + SHAPE_STRING), SLICE("x"));
    field_set_message(message, skip, inner);
    assert_string_equal(violations_of(shape, message, "", skip), "");
    assert_string_equal(violations_in(message),
                        "plainMessage.plainString: must have 3 to 9 characters");
    writable(PLAIN + SHAPE_MESSAGE)->required = true;
    assert_string_equal(violations_of(shape, new_shape(), "", skip), "plainMessage: is required");
}

/* -- lists and maps ------------------------------------------------------------------------ */

static void lists_are_counted_and_their_items_checked(void **state)
{
    const struct rules item = {.has_length = true, .min_length = 1, .max_length = 2};
    const struct rules rules = {
        .has_item_count = true, .min_items = 2, .max_items = 3, .items = &item};
    const struct field *list = shape_field(shape, REPEATED + SHAPE_STRING);
    ProtobufCMessage *message = new_shape();

    (void)state;
    writable(REPEATED + SHAPE_STRING)->rules = &rules;
    append_text(message, list, "a");
    assert_string_equal(violations_in(message), "repeatedString: must have at least 2 items");
    append_text(message, list, "");
    append_text(message, list, "ccc");
    assert_string_equal(violations_in(message), "repeatedString[1]: must have 1 to 2 characters\n"
                                                "repeatedString[2]: must have 1 to 2 characters");
    append_text(message, list, "d");
    /* what is too many is not looked at one by one */
    assert_string_equal(violations_in(message), "repeatedString: must have at most 3 items");
}

static void items_are_unique_where_they_must_be(void **state)
{
    const struct rules rules = {.unique = true};
    const struct field *texts = shape_field(shape, REPEATED + SHAPE_STRING);
    const struct field *numbers = shape_field(shape, REPEATED + SHAPE_INT32);
    const struct field *flags = shape_field(shape, REPEATED + SHAPE_BOOL);
    ProtobufCMessage *message = new_shape();
    size_t capacity = 0;

    (void)state;
    writable(REPEATED + SHAPE_STRING)->rules = &rules;
    writable(REPEATED + SHAPE_INT32)->rules = &rules;
    writable(REPEATED + SHAPE_BOOL)->rules = &rules;
    for (int i = 0; i < 5; i++) {
        append_text(message, texts, (const char *[]){"b", "a", "b", "A", "b"}[i]);
        append_int(message, numbers, (const int32_t[]){1, 256, 3, 256, 0}[i]);
    }
    for (int i = 0; i < 2; i++)
        *(protobuf_c_boolean *)field_append(&arena, message, flags, &capacity) = i;
    assert_string_equal(violations_in(message), "repeatedInt32[3]: must not be repeated\n"
                                                "repeatedString[2]: must not be repeated\n"
                                                "repeatedString[4]: must not be repeated");
}

#define SIXTY_THREE "123456789 123456789 123456789 123456789 123456789 123456789 123"

static void maps_check_keys_and_values(void **state)
{
    const struct rules key = {.has_length = true, .min_length = 1, .max_length = 3};
    const struct rules int_key = {.has_range = true, .least = 1, .most = 9};
    const struct rules value = {.has_length = true, .max_length = 2};
    const struct rules shapes = {.keys = &key};
    const struct rules texts = {
        .keys = &int_key, .items = &value, .has_item_count = true, .max_items = 4};
    const struct rules inner = {.has_length = true, .min_length = 3, .max_length = 9};
    const struct field *to_shape = shape_field(shape, TEXT_TO_SHAPE);
    const struct field *to_text = shape_field(shape, INT_TO_TEXT);
    ProtobufCMessage *message = new_shape();
    ProtobufCMessage *held = new_shape();

    (void)state;
    writable(TEXT_TO_SHAPE)->rules = &shapes;
    writable(INT_TO_TEXT)->rules = &texts;
    writable(PLAIN + SHAPE_STRING)->rules = &inner;
    field_set_string(&arena, held, shape_field(shape, PLAIN + SHAPE_STRING), SLICE("x"));
    append_entry(message, to_shape, "a.b", NULL);
    append_entry(message, to_shape, "", NULL);
    append_entry(message, to_shape, "q\"uote\n", NULL);
    append_entry(message, to_shape, SIXTY_THREE "\xc3\xa9 and on", NULL);
    field_set_message(append_entry(message, to_shape, "c", NULL),
                      message_field_by_number(to_shape->message, 2), held);
    append_entry(message, to_text, "7", "ok");
    append_entry(message, to_text, "10", "long");
    assert_string_equal(violations_in(message),
                        "textToShape[\"\"]: the key must have 1 to 3 characters\n"
                        "textToShape[\"q\\\"uote\\u000a\"]: the key must have 1 to 3 characters\n"
                        "textToShape[\"" SIXTY_THREE "...\"]: the key must have 1 to 3 characters\n"
                        "textToShape[\"c\"].plainString: must have 3 to 9 characters\n"
                        "intToText[\"10\"]: the key must be from 1 to 9\n"
                        "intToText[\"10\"]: must have at most 2 characters");
    for (int i = 0; i < 3; i++)
        append_entry(message, to_text, "1", "");
    assert_non_null(strstr(violations_in(message), "intToText: must have at most 4 entries"));
}

/* -- depth and paths ----------------------------------------------------------------------- */

static ProtobufCMessage *nest(ProtobufCMessage *innermost, int levels)
{
    for (int i = 0; i < levels; i++) {
        ProtobufCMessage *outer = new_shape();

        field_set_message(outer, shape_field(shape, PLAIN + SHAPE_MESSAGE), innermost);
        innermost = outer;
    }
    return innermost;
}

static void paths_lead_through_every_level(void **state)
{
    const struct rules rules = {.has_length = true, .min_length = 3, .max_length = 9};
    const struct field *list = shape_field(shape, REPEATED + SHAPE_MESSAGE);
    ProtobufCMessage *message = new_shape();
    ProtobufCMessage *held = new_shape();
    size_t capacity = 0;

    (void)state;
    writable(PLAIN + SHAPE_STRING)->rules = &rules;
    field_set_string(&arena, held, shape_field(shape, PLAIN + SHAPE_STRING), SLICE("x"));
    for (int i = 0; i < 2; i++)
        *(ProtobufCMessage **)field_append(&arena, message, list,
                                           &capacity) = i == 0 ? new_shape() : nest(held, 1);
    assert_string_equal(violations_of(shape, message, "", NULL),
                        "repeatedMessage[1].plainMessage.plainString: must have 3 to 9 characters");
    assert_string_equal(
        violations_of(shape, message, "device", NULL),
        "device.repeatedMessage[1].plainMessage.plainString: must have 3 to 9 characters");
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_string_equal(violations_in(nest(new_shape(), MESSAGE_DEPTH_MOST - 1)), "");
    assert_non_null(strstr(violations_in(nest(new_shape(), MESSAGE_DEPTH_MOST + 50)),
                           "plainMessage: is nested too deeply"));
}

static void parts_of_texts_are_known(void **state)
{
    struct slice bad[] = {SLICE_INIT("root"), SLICE_INIT("admin")};
    const struct rules bytes = {.has_byte_length = true, .min_bytes = 2, .max_bytes = 3};
    const struct rules suffix = {.suffix = SLICE_INIT(".log")};
    const struct rules part = {.contains = SLICE_INIT("=>")};
    const struct rules without = {.not_contains = SLICE_INIT("..")};
    const struct rules not_in = {.not_in = bad, .not_in_count = 2};
    const struct rules ipv4 = {.ipv4 = true};
    const struct rules ipv6 = {.ipv6 = true};
    const struct rules prefix = {.ip_prefix = true};
    const struct rules uri = {.uri = true};

    (void)state;
    CHECK_TEXTS(bytes, "must have 2 to 3 bytes", {"ab", true}, {"\xc3\xa9", true}, {"abc", true},
                {"a", false}, {"\xc3\xa9\xc3\xa9", false});
    CHECK_TEXTS(suffix, "must end with \".log\"", {"a.log", true}, {".log", true},
                {"a.logs", false}, {"log", false});
    CHECK_TEXTS(part, "must contain \"=>\"", {"a=>b", true}, {"=>", true}, {"a=b", false});
    CHECK_TEXTS(without, "must not contain \"..\"", {"a.b", true}, {"a..b", false});
    CHECK_TEXTS(not_in, "must not be \"root\"", {"rooted", true}, {"root", false});
    CHECK_TEXTS(ipv4, "must be an IPv4 address", {"10.0.0.1", true}, {"::1", false});
    CHECK_TEXTS(ipv6, "must be an IPv6 address", {"::1", true}, {"10.0.0.1", false});
    CHECK_TEXTS(prefix, "must be a network such as \"10.0.0.0/8\"", {"10.0.0.0/8", true},
                {"2001:db8::/32", true}, {"10.0.0.0", false}, {"10.0.0.1/8", false},
                {"10.0.0.0/33", false});
    CHECK_TEXTS(uri, "must be a URI", {"https://a.example/b?c=%20#d", true}, {"urn:x:y", true},
                {"a.example/b", false}, {":a", false}, {"1a:b", false}, {"a:b c", false},
                {"a:%2", false}, {"a:<b>", false});
}

static void violations_beyond_the_most_are_counted(void **state)
{
    const struct rules item = {.has_length = true, .min_length = 2, .max_length = 2};
    const struct rules rules = {.items = &item};
    const struct field *list = shape_field(shape, REPEATED + SHAPE_STRING);
    ProtobufCMessage *message = new_shape();
    struct violations violations = {0};
    size_t kept = 0;

    (void)state;
    writable(REPEATED + SHAPE_STRING)->rules = &rules;
    for (int i = 0; i < 500; i++)
        append_text(message, list, "x");
    validate_message(&arena, shape, message, SLICE_EMPTY, NULL, NOW_MS, &violations);
    for (const struct status_detail *d = violations.first; d != NULL; d = d->next)
        kept++;
    assert_int_equal(kept, VIOLATIONS_EACH_MOST + 1);
    assert_int_equal(violations.count, 500);
}

/* -- the real contract --------------------------------------------------------------------- */

static ProtobufCMessage *set_time(ProtobufCMessage *message, const struct field *field,
                                  int64_t seconds, int64_t nanos)
{
    ProtobufCMessage *time = message_new(&arena, field->message);

    field_set_int(time, message_field_by_number(field->message, 1), seconds);
    field_set_int(time, message_field_by_number(field->message, 2), nanos);
    field_set_message(message, field, time);
    return message;
}

static void times_are_those_that_json_can_say(void **state)
{
    static const struct {
        int64_t seconds, nanos;
        bool good;
    } rows[] = {
        {0, 0, true},
        {253402300799, 999999999, true},
        {253402300800, 0, false},
        {-62135596800, 0, true},
        {-62135596801, 0, false},
        {0, -1, false},
        {0, 1000000000, false},
    };
    const struct message_type *type = contract_message(
        contract, SLICE("datastream.v1.RegenerateApiTokenRequest"));
    const struct field *field = message_field_by_name(type, SLICE("expireTime"));

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ProtobufCMessage *message = message_new(&arena, type);

        field_set_string(&arena, message, message_field_by_name(type, SLICE("id")), SLICE("x"));
        set_time(message, field, rows[i].seconds, rows[i].nanos);
        assert_string_equal(violations_of(type, message, "", NULL),
                            rows[i].good ? ""
                                         : "expireTime: must be a time of the years 0001 to 9999");
    }
}

static void a_device_is_checked_by_the_contract(void **state)
{
    const struct message_type *type = contract_message(contract, SLICE("datastream.v1.Device"));
    const struct field *syslog = message_field_by_name(type, SLICE("syslog"));
    const struct field *tags = message_field_by_name(type, SLICE("tags"));
    ProtobufCMessage *device = message_new(&arena, type);
    ProtobufCMessage *settings = message_new(&arena, syslog->message);

    (void)state;
    assert_string_equal(violations_of(type, device, "", NULL), "name: is required");
    field_set_string(&arena, device, message_field_by_name(type, SLICE("name")), SLICE("ab"));
    field_set_int(settings, message_field_by_name(syslog->message, SLICE("port")), 70000);
    field_set_string(&arena, settings, message_field_by_name(syslog->message, SLICE("address")),
                     SLICE("nowhere"));
    field_set_message(device, syslog, settings);
    for (int i = 0; i < 4; i++)
        append_text(device, tags, (const char *[]){"a", "b", "c", "a"}[i]);
    append_entry(device, message_field_by_name(type, SLICE("labels")), "", "v");
    assert_string_equal(violations_of(type, device, "", NULL),
                        "name: must have 3 to 128 characters\n"
                        "labels[\"\"]: the key must have 1 to 63 characters\n"
                        "tags[3]: must not be repeated\n"
                        "syslog.address: must be an IPv4 or IPv6 address\n"
                        "syslog.port: must be from 1 to 65535");
}

#ifdef DATASTREAM_FAULTS
static void without_memory_the_violations_say_so(void **state)
{
    const struct message_type *type = contract_message(contract, SLICE("datastream.v1.Device"));
    const struct field *tags = message_field_by_name(type, SLICE("tags"));
    ProtobufCMessage *device = message_new(&arena, type);
    bool failed = true;

    (void)state;
    for (int i = 0; i < 4; i++)
        append_text(device, tags, (const char *[]){"a", "b", "c", "a"}[i]);
    for (unsigned long number = 1; failed; number++) {
        struct violations violations = {0};
        struct arena small;
        struct status status;

        arena_init(&small, NULL, LIMIT);
        arena_fault_set(number, false);
        validate_message(&small, type, device, SLICE("device"), NULL, NOW_MS, &violations);
        failed = arena_fault_count() >= number;
        arena_fault_set(0, false);
        status = arena_failed(&small) ? status_out_of_memory()
                                      : violations_status(&violations, &small);
        assert_int_equal(status.code, failed ? STATUS_RESOURCE_EXHAUSTED : STATUS_INVALID_ARGUMENT);
        arena_done(&small);
    }
}
#endif

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lengths_are_counted_in_characters),
        CASE(patterns_prefixes_and_lists_are_held),
        CASE(shapes_of_texts_are_known),
        CASE(all_broken_rules_of_a_value_are_told),
        CASE(ranges_are_held_in_every_width),
        CASE(bytes_are_counted_as_bytes),
        CASE(enums_hold_their_values),
        CASE(what_is_required_must_be_set),
        CASE(rules_hold_for_values_that_are_set),
        CASE(what_clients_cannot_set_is_not_looked_at),
        CASE(a_skipped_field_must_only_be_there),
        CASE(lists_are_counted_and_their_items_checked),
        CASE(items_are_unique_where_they_must_be),
        CASE(maps_check_keys_and_values),
        CASE(paths_lead_through_every_level),
        CASE(depth_is_bounded),
        CASE(parts_of_texts_are_known),
        CASE(violations_beyond_the_most_are_counted),
        CASE(times_are_those_that_json_can_say),
        CASE(a_device_is_checked_by_the_contract),
#ifdef DATASTREAM_FAULTS
        CASE(without_memory_the_violations_say_so),
#endif
    };

    return cmocka_run_group_tests(tests, load, unload);
}
