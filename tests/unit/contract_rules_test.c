/* Rules of fields: those that fit are unfolded, those that do not are errors. */
#include <regex.h>

#include "buf/validate/validate.pb-c.h"
#include "tests/support/spoiled.h"

static void set_rules(const char *in, const char *name, Buf__Validate__FieldRules rules)
{
    Google__Protobuf__FieldDescriptorProto *of = spoiled_field(in, name);

    if (of->options == NULL) {
        of->options = arena_alloc(&spoiled_arena, sizeof(*of->options));
        google__protobuf__field_options__init(of->options);
    }
    set_option(&of->options->base, OPTION_FIELD_RULES, &rules.base);
}

/* -- rules of fields */

static Buf__Validate__FieldRules rules_with(Buf__Validate__FieldRules__TypeCase type, void *rules)
{
    Buf__Validate__FieldRules with = BUF__VALIDATE__FIELD_RULES__INIT;

    with.type_case = type;
    with.string = rules;
    return with;
}

static void int_rule_on_a_string(void)
{
    Buf__Validate__Int32Rules rules = BUF__VALIDATE__INT32_RULES__INIT;

    set_rules("Device", "name", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_INT32, &rules));
}

static void int64_rule_on_an_int32(void)
{
    Buf__Validate__Int64Rules rules = BUF__VALIDATE__INT64_RULES__INIT;

    set_rules("SyslogDevice", "port", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_INT64, &rules));
}

static void uint32_rule_on_an_int32(void)
{
    Buf__Validate__UInt32Rules rules = BUF__VALIDATE__UINT32_RULES__INIT;

    set_rules("SyslogDevice", "port", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_UINT32, &rules));
}

static void string_rule_on_a_list(void)
{
    Buf__Validate__StringRules rules = BUF__VALIDATE__STRING_RULES__INIT;

    set_rules("Device", "tags", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_STRING, &rules));
}

static void bytes_rule_on_a_string(void)
{
    Buf__Validate__BytesRules rules = BUF__VALIDATE__BYTES_RULES__INIT;

    set_rules("Device", "name", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_BYTES, &rules));
}

static void enum_rule_on_a_string(void)
{
    Buf__Validate__EnumRules rules = BUF__VALIDATE__ENUM_RULES__INIT;

    set_rules("Device", "name", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_ENUM, &rules));
}

static void list_rule_on_a_string(void)
{
    Buf__Validate__RepeatedRules rules = BUF__VALIDATE__REPEATED_RULES__INIT;

    set_rules("Device", "name", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_REPEATED, &rules));
}

static void list_rule_on_a_map(void)
{
    Buf__Validate__RepeatedRules rules = BUF__VALIDATE__REPEATED_RULES__INIT;

    set_rules("Device", "labels", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_REPEATED, &rules));
}

static void map_rule_on_a_list(void)
{
    Buf__Validate__MapRules rules = BUF__VALIDATE__MAP_RULES__INIT;

    set_rules("Device", "tags", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_MAP, &rules));
}

static void item_rule_of_another_type(void)
{
    Buf__Validate__Int32Rules number = BUF__VALIDATE__INT32_RULES__INIT;
    Buf__Validate__FieldRules items = rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_INT32, &number);
    Buf__Validate__RepeatedRules rules = BUF__VALIDATE__REPEATED_RULES__INIT;

    rules.items = &items;
    set_rules("Device", "tags", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_REPEATED, &rules));
}

static void map_value_rule_of_another_type(void)
{
    Buf__Validate__Int32Rules number = BUF__VALIDATE__INT32_RULES__INIT;
    Buf__Validate__FieldRules values = rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_INT32, &number);
    Buf__Validate__MapRules rules = BUF__VALIDATE__MAP_RULES__INIT;

    rules.values = &values;
    set_rules("Device", "labels", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_MAP, &rules));
}

static void unique_messages(void)
{
    Buf__Validate__RepeatedRules rules = BUF__VALIDATE__REPEATED_RULES__INIT;

    rules.has_unique = rules.unique = 1;
    set_rules("ListDevicesResponse", "devices",
              rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_REPEATED, &rules));
}

static void set_pattern(const char *pattern)
{
    Buf__Validate__StringRules rules = BUF__VALIDATE__STRING_RULES__INIT;

    rules.pattern = arena_cstr(&spoiled_arena, slice_from_cstr(pattern));
    rules.has_max_len = 1;
    rules.max_len = 100;
    set_rules("Device", "name", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_STRING, &rules));
}

static void pattern_that_does_not_compile(void)
{
    set_pattern("[a-");
}

static void lengths_that_exclude_all(void)
{
    Buf__Validate__StringRules rules = BUF__VALIDATE__STRING_RULES__INIT;

    rules.has_min_len = rules.has_max_len = 1;
    rules.min_len = 5;
    rules.max_len = 4;
    set_rules("Device", "name", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_STRING, &rules));
}

static void counts_that_exclude_all(void)
{
    Buf__Validate__RepeatedRules rules = BUF__VALIDATE__REPEATED_RULES__INIT;

    rules.has_min_items = rules.has_max_items = 1;
    rules.min_items = 2;
    rules.max_items = 1;
    set_rules("Device", "tags", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_REPEATED, &rules));
}

static void range_that_excludes_all(void)
{
    Buf__Validate__Int32Rules rules = BUF__VALIDATE__INT32_RULES__INIT;

    rules.has_gt = rules.has_lt = 1;
    rules.gt = 4;
    rules.lt = 5;
    set_rules("SyslogDevice", "port", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_INT32, &rules));
}

static void above_the_highest(void)
{
    Buf__Validate__Int32Rules rules = BUF__VALIDATE__INT32_RULES__INIT;

    rules.has_gt = 1;
    rules.gt = INT32_MAX;
    set_rules("SyslogDevice", "port", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_INT32, &rules));
}

static void exact_length_and_range(void)
{
    Buf__Validate__StringRules rules = BUF__VALIDATE__STRING_RULES__INIT;

    rules.has_len = rules.has_max_len = 1;
    rules.len = rules.max_len = 4;
    set_rules("Device", "name", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_STRING, &rules));
}

static void bool_rule_on_a_string(void)
{
    Buf__Validate__BoolRules rules = BUF__VALIDATE__BOOL_RULES__INIT;

    set_rules("Device", "name", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_BOOL, &rules));
}

/* cel (23), and string.tuuid (33), of the ecosystem's definition. */
static void rule_that_nobody_knows(void)
{
    drop_option(&spoiled_field("Device", "name")->options->base, OPTION_FIELD_RULES);
    add_option_bytes(&spoiled_field("Device", "name")->options->base, OPTION_FIELD_RULES,
                     SLICE("\xba\x01\x00"));
}

static void string_rule_that_nobody_knows(void)
{
    drop_option(&spoiled_field("Device", "name")->options->base, OPTION_FIELD_RULES);
    add_option_bytes(&spoiled_field("Device", "name")->options->base, OPTION_FIELD_RULES,
                     SLICE("\x72\x03\x88\x02\x01"));
}

static void unreadable_rules(void)
{
    add_option_bytes(&spoiled_field("Device", "name")->options->base, OPTION_FIELD_RULES,
                     SLICE("\x72\x7f"));
}

static const struct spoiled cases[] = {
    {int_rule_on_a_string, "datastream.v1.Device.name has a rule (buf.validate.field) that does "
                           "not fit its type."},
    {int64_rule_on_an_int32, "datastream.v1.SyslogDevice.port has a rule (buf.validate.field) "
                             "that does not fit its type."},
    {uint32_rule_on_an_int32, "datastream.v1.SyslogDevice.port has a rule (buf.validate.field) "
                              "that does not fit its type."},
    {string_rule_on_a_list, "datastream.v1.Device.tags has a rule (buf.validate.field) that does "
                            "not fit its type."},
    {bytes_rule_on_a_string, "Device.name has a rule (buf.validate.field) that does not fit"},
    {enum_rule_on_a_string, "Device.name has a rule (buf.validate.field) that does not fit"},
    {list_rule_on_a_string, "Device.name has a rule (buf.validate.field) that does not fit"},
    {list_rule_on_a_map, "Device.labels has a rule (buf.validate.field) that does not fit"},
    {map_rule_on_a_list, "Device.tags has a rule (buf.validate.field) that does not fit"},
    {item_rule_of_another_type, "Device.tags has a rule (buf.validate.field) that does not fit"},
    {map_value_rule_of_another_type,
     "datastream.v1.Device.LabelsEntry.value has a rule (buf.validate.field) that does not fit"},
    {unique_messages, "Response.devices has a rule (buf.validate.field) that does not fit"},
    {pattern_that_does_not_compile,
     "datastream.v1.Device.name has a pattern that does not compile: \"[a-\"."},
    {lengths_that_exclude_all,
     "Device.name has a rule (buf.validate.field) that no value can meet"},
    {counts_that_exclude_all, "Device.tags has a rule (buf.validate.field) that no value can meet"},
    {range_that_excludes_all, "port has a rule (buf.validate.field) that no value can meet"},
    {above_the_highest, "port has a rule (buf.validate.field) that no value can meet"},
    {exact_length_and_range, "Device.name has a rule (buf.validate.field) with both an exact"},
    {bool_rule_on_a_string, "Device.name has a rule (buf.validate.field) that does not fit"},
    {rule_that_nobody_knows,
     "datastream.v1.Device.name has a rule (buf.validate.field) that this server does not know."},
    {string_rule_that_nobody_knows,
     "datastream.v1.Device.name has a rule (buf.validate.field) that this server does not know."},
    {unreadable_rules, "Device.name has a rule (buf.validate.field) that cannot be read"},
};

static void rules_that_do_not_fit_are_errors(void **state)
{
    (void)state;
    assert_each_is_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void exclusive_limits_become_inclusive(void **state)
{
    Buf__Validate__Int32Rules rules = BUF__VALIDATE__INT32_RULES__INIT;
    const struct contract *contract = NULL;
    const struct rules *loaded;

    (void)state;
    rules.has_gt = rules.has_lt = rules.has_gte = 1;
    rules.gt = 0;
    rules.gte = -5;
    rules.lt = 65536;
    set_rules("SyslogDevice", "port", rules_with(BUF__VALIDATE__FIELD_RULES__TYPE_INT32, &rules));
    assert_true(status_is_ok(spoiled_load(&contract)));
    loaded = loaded_field(contract, "datastream.v1.SyslogDevice", "port")->rules;
    assert_int_equal(loaded->least, 1);
    assert_int_equal(loaded->most, 65535);
}

static void patterns_hold_for_the_whole_value(void **state)
{
    const struct contract *contract = NULL;
    const struct rules *rules;
    const void *compiled;

    (void)state;
    set_pattern("a|b+");
    assert_true(status_is_ok(spoiled_load(&contract)));
    rules = loaded_field(contract, "datastream.v1.Device", "name")->rules;
    assert_string_equal(rules->pattern.data, "a|b+");
    assert_int_equal(regexec(rules->compiled, "bbb", 0, NULL, 0), 0);
    assert_int_equal(regexec(rules->compiled, "a", 0, NULL, 0), 0);
    assert_int_not_equal(regexec(rules->compiled, "ab", 0, NULL, 0), 0);
    assert_int_not_equal(regexec(rules->compiled, "xa", 0, NULL, 0), 0);
    /* Compiled once for the process. */
    compiled = rules->compiled;
    assert_true(status_is_ok(spoiled_load(&contract)));
    assert_ptr_equal(loaded_field(contract, "datastream.v1.Device", "name")->rules->compiled,
                     compiled);
}

static void options_in_parts_are_joined(void **state)
{
    ProtobufCMessage *options = &spoiled_field("Device", "name")->options->base;
    const struct contract *contract = NULL;
    const struct rules *rules;

    (void)state;
    drop_option(options, OPTION_FIELD_RULES);
    add_option_bytes(options, OPTION_FIELD_RULES, SLICE("\x72\x02\x10\x03")); /* min_len: 3 */
    add_option_bytes(options, OPTION_FIELD_RULES, SLICE("\x72\x02\x18\x09")); /* max_len: 9 */
    add_option_bytes(options, OPTION_FIELD_RULES, SLICE("\xc8\x01\x01"));     /* required */
    assert_true(status_is_ok(spoiled_load(&contract)));
    rules = loaded_field(contract, "datastream.v1.Device", "name")->rules;
    assert_int_equal(rules->min_length, 3);
    assert_int_equal(rules->max_length, 9);
    assert_true(rules->required);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules_that_do_not_fit_are_errors),
        TEST(exclusive_limits_become_inclusive),
        TEST(patterns_hold_for_the_whole_value),
        TEST(options_in_parts_are_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
