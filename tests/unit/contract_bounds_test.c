/* What a kind needs as a whole: its standard methods, and a bound for all that a caller may set. */
#include "buf/validate/validate.pb-c.h"
#include "tests/support/spoiled.h"

static void drop_rules(const char *in, const char *name)
{
    drop_option(&spoiled_field(in, name)->options->base, OPTION_FIELD_RULES);
}

static void text_without_bound(void)
{
    drop_rules("Device", "description");
}

static void text_with_a_pattern_alone(void)
{
    Buf__Validate__StringRules text = BUF__VALIDATE__STRING_RULES__INIT;
    Buf__Validate__FieldRules rules = BUF__VALIDATE__FIELD_RULES__INIT;

    text.pattern = arena_cstr(&spoiled_arena, SLICE("[a-z]+"));
    rules.type_case = BUF__VALIDATE__FIELD_RULES__TYPE_STRING;
    rules.string = &text;
    set_option(&spoiled_field("Device", "description")->options->base, OPTION_FIELD_RULES,
               &rules.base);
}

static void bytes_without_bound(void)
{
    text_without_bound();
    spoiled_field("Device", "description")->type =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;
    spoiled_field("Device", "description")->name = arena_cstr(&spoiled_arena, SLICE("picture"));
}

static void list_without_bound(void)
{
    drop_rules("Device", "director_ids");
}

/* Items of at most 64, or lists without a rule for their items. */
static void set_list(const char *in, const char *name, uint64_t most)
{
    Buf__Validate__RepeatedRules list = BUF__VALIDATE__REPEATED_RULES__INIT;
    Buf__Validate__FieldRules rules = BUF__VALIDATE__FIELD_RULES__INIT;

    list.has_max_items = 1;
    list.max_items = most;
    rules.type_case = BUF__VALIDATE__FIELD_RULES__TYPE_REPEATED;
    rules.repeated = &list;
    set_option(&spoiled_field(in, name)->options->base, OPTION_FIELD_RULES, &rules.base);
}

static void list_of_texts_without_bound(void)
{
    set_list("Device", "tags", 32);
}

static void map_without_bound(void)
{
    drop_rules("Device", "labels");
}

static void map_of_texts_without_bound(void)
{
    Buf__Validate__MapRules map = BUF__VALIDATE__MAP_RULES__INIT;
    Buf__Validate__FieldRules rules = BUF__VALIDATE__FIELD_RULES__INIT;

    map.has_max_pairs = 1;
    map.max_pairs = 8;
    rules.type_case = BUF__VALIDATE__FIELD_RULES__TYPE_MAP;
    rules.map = &map;
    set_option(&spoiled_field("Device", "labels")->options->base, OPTION_FIELD_RULES, &rules.base);
}

static void struct_without_bound(void)
{
    drop_option(&spoiled_field("GenericDevice", "settings")->options->base, OPTION_FIELD_POLICY);
}

static void text_below_without_bound(void)
{
    drop_rules("AccessSource", "address");
}

static void enum_of_foreign_values(void)
{
    drop_rules("Device", "status");
}

static void any_in_a_resource(void)
{
    spoiled_field("Device", "syslog")->type_name = arena_cstr(&spoiled_arena,
                                                              SLICE(".google.protobuf.Any"));
}

static void wrapper_in_a_resource(void)
{
    spoiled_field("Device", "syslog")->type_name = arena_cstr(
        &spoiled_arena, SLICE(".google.protobuf.StringValue"));
}

static void message_in_itself(void)
{
    spoiled_field("SyslogDevice", "tls")->type_name = arena_cstr(
        &spoiled_arena, SLICE(".datastream.v1.SyslogDevice"));
}

static void more_references_than_a_write_holds(void)
{
    set_list("RouteRule", "target_ids", 64);
}

/* Of the labels, of which there may be 64, beside the 64 of generic settings. */
static void more_secrets_than_an_object_holds(void)
{
    Datastream__V1__FieldPolicy policy = DATASTREAM__V1__FIELD_POLICY__INIT;

    policy.secret = true;
    set_option(&spoiled_field("Device", "labels")->options->base, OPTION_FIELD_POLICY,
               &policy.base);
}

static void secrets_without_their_times(void)
{
    spoiled_field("Device", "secrets_set")->name = arena_cstr(&spoiled_arena,
                                                              SLICE("secret_times"));
}

static void no_delete(void)
{
    set_policy("DeleteDevice",
               policy_of("devices.delete", "", DATASTREAM__V1__OPERATION__VALUE__CUSTOM));
}

static void no_list(void)
{
    set_policy("ListDevices",
               policy_of("devices.read", "directors", DATASTREAM__V1__OPERATION__VALUE__CUSTOM));
}

static void what_has_no_end_stops_the_start(void **state)
{
    static const struct spoiled cases[] = {
        {text_without_bound,
         "datastream.v1.Device.description holds strings without a bound: set max_len."},
        {text_with_a_pattern_alone,
         "datastream.v1.Device.description holds strings without a bound"},
        {bytes_without_bound,
         "datastream.v1.Device.picture holds bytes without a bound: set max_len."},
        {list_without_bound,
         "datastream.v1.Device.director_ids is a list without a bound: set max_items."},
        {list_of_texts_without_bound, "datastream.v1.Device.tags holds strings without a bound"},
        {map_without_bound, "datastream.v1.Device.labels is a map without a bound: set max_pairs."},
        {map_of_texts_without_bound, "datastream.v1.Device.labels holds strings without a bound"},
        {struct_without_bound, "datastream.v1.GenericDevice.settings holds free-form values "
                               "without a bound: set struct_bounds."},
        {text_below_without_bound,
         "datastream.v1.AccessSource.address holds strings without a bound"},
        {enum_of_foreign_values, "datastream.v1.Device.status accepts numbers that its enum does "
                                 "not have: set enum.defined_only."},
        {any_in_a_resource, "datastream.v1.Device.syslog has a type that cannot be bounded."},
        {wrapper_in_a_resource,
         "datastream.v1.Device.syslog has a wrapper, which cannot be bounded: use `optional`."},
        {message_in_itself, "datastream.v1.Device is a resource with messages nested deeper than "
                            "16, or in themselves."},
        {more_references_than_a_write_holds,
         "datastream.v1.AdvancedRoute may hold 1338 references, but a write holds 640: lower the "
         "bounds of its lists."},
        {more_secrets_than_an_object_holds, "datastream.v1.Device may hold 128 secrets, but an "
                                            "object holds 64: lower the bounds of its "
                                            "maps."},
        {secrets_without_their_times,
         "datastream.v1.Device has secrets, but no output-only field \"secrets_set\" that is a "
         "map<string, google.protobuf.Timestamp>."},
    };

    (void)state;
    assert_each_is_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_kind_has_the_standard_methods(void **state)
{
    static const struct spoiled cases[] = {
        {no_delete, "datastream.v1.Device is a resource without the standard method DeleteDevice."},
        {no_list, "datastream.v1.Device is a resource without the standard method ListDevices."},
    };

    (void)state;
    assert_each_is_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Nobody sets them, so nobody can make them large. */
static void output_needs_no_bound(void **state)
{
    const struct contract *contract = NULL;

    (void)state;
    drop_rules("Device", "secrets_set");
    assert_true(status_is_ok(spoiled_load(&contract)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_has_no_end_stops_the_start),
        TEST(a_kind_has_the_standard_methods),
        TEST(output_needs_no_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
