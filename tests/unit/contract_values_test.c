/* Values that the contract gives, each wrong in its way; and that the contract's own are right. */
#include "rpc/services/contract_values.h"
#include "tests/support/spoiled.h"

static Datastream__V1__FieldPolicy policy(void)
{
    return (Datastream__V1__FieldPolicy)DATASTREAM__V1__FIELD_POLICY__INIT;
}

static void give(const char *in, const char *name, Datastream__V1__FieldPolicy value)
{
    Google__Protobuf__FieldDescriptorProto *to = spoiled_field(in, name);

    if (to->options == NULL) {
        to->options = arena_alloc(&spoiled_arena, sizeof(*to->options));
        google__protobuf__field_options__init(to->options);
    }
    set_option(&to->options->base, OPTION_FIELD_POLICY, &value.base);
}

static void give_default(const char *in, const char *name, const char *text)
{
    Datastream__V1__FieldPolicy value = policy();

    value.default_ = arena_cstr(&spoiled_arena, slice_from_cstr(text));
    give(in, name, value);
}

static void give_example(const char *in, const char *name, const char *text, int format)
{
    Datastream__V1__FieldPolicy value = policy();

    value.example = arena_cstr(&spoiled_arena, slice_from_cstr(text));
    value.format = (Datastream__V1__Format__Value)format;
    give(in, name, value);
}

static void default_out_of_range(void)
{
    give_default("SyslogDevice", "port", "70000");
}

static void default_that_is_no_address(void)
{
    give_default("SyslogDevice", "address", "everywhere");
}

static void example_of_another_type(void)
{
    give_example("SyslogDevice", "port", "syslog", 0);
}

static void example_out_of_range(void)
{
    give_example("SyslogDevice", "port", "0", 0);
}

static void element_that_is_too_long(void)
{
    give_example("Device", "tags",
                 "a tag of more than the sixty-four characters that a tag may have at most", 0);
}

static void example_without_its_format(void)
{
    give_example("RouteRule", "filter", "((", FIELD_FORMAT_ROUTE_FILTER);
}

static void example_of_a_map(void)
{
    give_example("Device", "labels", "a=b", 0);
}

static void set_kind_example(const char *text)
{
    Datastream__V1__ResourceKind kind = DATASTREAM__V1__RESOURCE_KIND__INIT;

    kind.number = 11;
    kind.collection = arena_cstr(&spoiled_arena, SLICE("devices"));
    kind.singular = arena_cstr(&spoiled_arena, SLICE("device"));
    kind.area = DATASTREAM__V1__AREA__VALUE__FLEET;
    kind.example = arena_cstr(&spoiled_arena, slice_from_cstr(text));
    set_option(&spoiled_message("Device")->options->base, OPTION_RESOURCE, &kind.base);
}

static void kind_example_that_is_no_json(void)
{
    set_kind_example("{name: x}");
}

static void kind_example_with_another_field(void)
{
    set_kind_example("{\"name\": \"fw-syslog\", \"colour\": \"red\"}");
}

static void kind_example_without_a_name(void)
{
    set_kind_example("{}");
}

static void set_to_what_is_refused(void)
{
    Datastream__V1__MethodPolicy value = policy_of("devices.edit", "devices",
                                                   DATASTREAM__V1__OPERATION__VALUE__SET);

    value.field = arena_cstr(&spoiled_arena, SLICE("syslog.port"));
    value.value = arena_cstr(&spoiled_arena, SLICE("70000"));
    set_policy("DisableDevice", value);
}

static void a_value_that_breaks_the_rules_stops_the_start(void **state)
{
    static const struct spoiled cases[] = {
        {default_out_of_range, "datastream.v1.SyslogDevice.port has the option default \"70000\", "
                               "which does not fit: port: must be from 1 to 65535"},
        {default_that_is_no_address, "datastream.v1.SyslogDevice.address has the option default "
                                     "\"everywhere\", which does not fit: address: "},
        {example_of_another_type, "datastream.v1.SyslogDevice.port has the option example "
                                  "\"syslog\", which does not fit: port: "},
        {example_out_of_range, "datastream.v1.SyslogDevice.port has the option example \"0\", "
                               "which does not fit: port: must be from 1"},
        {element_that_is_too_long, "datastream.v1.Device.tags has the option example \"a tag of"},
        {example_without_its_format, "datastream.v1.RouteRule.filter has the option example "
                                     "\"((\", which does not fit: filter: "},
        {example_of_a_map,
         "datastream.v1.Device.labels has the option example \"a=b\", which does not fit: "},
        {kind_example_that_is_no_json,
         "datastream.v1.Device has an example that is no create request: "},
        {kind_example_with_another_field,
         "datastream.v1.Device has an example that is no create request: colour: "},
        {kind_example_without_a_name,
         "datastream.v1.Device has an example that is no create request: name: is required"},
        {set_to_what_is_refused, "datastream.v1.DeviceService.DisableDevice sets \"port\" to "
                                 "\"70000\", which breaks the field's own rules."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct contract *contract = NULL;
        struct status status;

        arena_reset(&spoiled_arena);
        spoiled_set = embedded_set(&spoiled_arena);
        cases[i].spoil();
        assert_int_equal(spoiled_load(&contract).code, STATUS_OK);
        status = contract_values__check(contract, &spoiled_arena);
        if (status.code != STATUS_FAILED_PRECONDITION ||
            !spoiled_contains(status.message, slice_from_cstr(cases[i].sentence)))
            fail_msg("wanted \"%s\", got %d, \"%.*s\"", cases[i].sentence, status.code,
                     SLICE_ARG(status.message));
    }
}

static void the_values_of_the_contract_keep_its_rules(void **state)
{
    const struct contract *contract = NULL;
    struct status status;

    (void)state;
    assert_int_equal(spoiled_load(&contract).code, STATUS_OK);
    status = contract_values__check(contract, &spoiled_arena);
    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_value_that_breaks_the_rules_stops_the_start),
        TEST(the_values_of_the_contract_keep_its_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
