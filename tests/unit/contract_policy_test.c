/* What the options of fields come to in the model, and names in them that lead nowhere. */
#include "tests/support/spoiled.h"

static Datastream__V1__FieldPolicy policy(void)
{
    return (Datastream__V1__FieldPolicy)DATASTREAM__V1__FIELD_POLICY__INIT;
}

static void give(const char *name, Datastream__V1__FieldPolicy value)
{
    Google__Protobuf__FieldDescriptorProto *to = spoiled_field("Device", name);

    if (to->options == NULL) {
        to->options = arena_alloc(&spoiled_arena, sizeof(*to->options));
        google__protobuf__field_options__init(to->options);
    }
    set_option(&to->options->base, OPTION_FIELD_POLICY, &value.base);
}

/* -- what is refused -------------------------------------------------------------------------- */

static void default_that_is_no_value(void)
{
    Datastream__V1__FieldPolicy value = policy();

    value.default_ = arena_cstr(&spoiled_arena, SLICE("SLEEPING"));
    give("status", value);
}

static void default_from_nothing(void)
{
    Datastream__V1__FieldPolicy value = policy();

    value.default_from = arena_cstr(&spoiled_arena, SLICE("titel"));
    give("description", value);
}

static void same_as_nothing(void)
{
    static Datastream__V1__Same same, *list[] = {&same};
    Datastream__V1__FieldPolicy value = policy();

    same = (Datastream__V1__Same)DATASTREAM__V1__SAME__INIT;
    same.theirs = arena_cstr(&spoiled_arena, SLICE("colour"));
    value.reference = arena_cstr(&spoiled_arena, SLICE("directors"));
    value.n_same = 1;
    value.same = list;
    give("director_ids", value);
}

static void required_when_nothing(void)
{
    static Datastream__V1__Condition condition, *list[] = {&condition};
    Datastream__V1__FieldPolicy value = policy();

    condition = (Datastream__V1__Condition)DATASTREAM__V1__CONDITION__INIT;
    condition.field = arena_cstr(&spoiled_arena, SLICE("colour"));
    value.n_required_when = 1;
    value.required_when = list;
    give("description", value);
}

static void reverse_of_no_kind(void)
{
    static Datastream__V1__ReverseReference reverse;
    Datastream__V1__FieldPolicy value = policy();

    reverse = (Datastream__V1__ReverseReference)DATASTREAM__V1__REVERSE_REFERENCE__INIT;
    reverse.kind = arena_cstr(&spoiled_arena, SLICE("gadgets"));
    value.reverse = &reverse;
    give("created_by", value);
}

static void reverse_below_a_scalar(void)
{
    static Datastream__V1__ReverseReference reverse;
    Datastream__V1__FieldPolicy value = policy();

    reverse = (Datastream__V1__ReverseReference)DATASTREAM__V1__REVERSE_REFERENCE__INIT;
    reverse.kind = arena_cstr(&spoiled_arena, SLICE("clusters"));
    reverse.field = arena_cstr(&spoiled_arena, SLICE("members.director_id.text"));
    value.reverse = &reverse;
    give("created_by", value);
}

static void derived_from_nothing(void)
{
    static Datastream__V1__DerivedFrom derived;
    Datastream__V1__FieldPolicy value = policy();

    derived = (Datastream__V1__DerivedFrom)DATASTREAM__V1__DERIVED_FROM__INIT;
    derived.oneof = arena_cstr(&spoiled_arena, SLICE("shape"));
    value.derived_from = &derived;
    give("status", value);
}

static void names_that_lead_nowhere_are_refused(void **state)
{
    static const struct spoiled cases[] = {
        {default_that_is_no_value, "Device.status has the option default \"SLEEPING\""},
        {default_from_nothing, "Device.description has the option default_from \"titel\""},
        {same_as_nothing, "Device.director_ids has the option same \"colour\""},
        {required_when_nothing, "Device.description has the option required_when \"colour\""},
        {reverse_of_no_kind, "Device.created_by has the option reverse \"gadgets\""},
        {reverse_below_a_scalar,
         "Device.created_by has the option reverse \"members.director_id.text\""},
        {derived_from_nothing, "Device.status has the option derived_from \"shape\""},
    };

    (void)state;
    assert_each_is_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

/* -- what is read ----------------------------------------------------------------------------- */

static void options_are_resolved(void **state)
{
    static Datastream__V1__Condition condition, *list[] = {&condition};
    Datastream__V1__FieldPolicy value = policy();
    const struct contract *contract = NULL;
    const struct field *status_field, *description;

    (void)state;
    value.default_ = arena_cstr(&spoiled_arena, SLICE("DISABLED"));
    value.once = true;
    give("status", value);
    condition = (Datastream__V1__Condition)DATASTREAM__V1__CONDITION__INIT;
    condition.field = arena_cstr(&spoiled_arena, SLICE("status"));
    condition.value = arena_cstr(&spoiled_arena, SLICE("DISABLED"));
    value = policy();
    value.default_from = arena_cstr(&spoiled_arena, SLICE("name"));
    value.quotes = true;
    value.n_required_when = 1;
    value.required_when = list;
    give("description", value);
    assert_int_equal(spoiled_load(&contract).code, STATUS_OK);
    status_field = loaded_field(contract, "datastream.v1.Device", "status");
    description = loaded_field(contract, "datastream.v1.Device", "description");
    assert_true(status_field->once && status_field->default_value->number == 2);
    assert_true(description->quotes && description->format == FIELD_FORMAT_NONE);
    assert_ptr_equal(description->default_from,
                     loaded_field(contract, "datastream.v1.Device", "name"));
    assert_int_equal(description->required_when_count, 1);
    assert_ptr_equal(description->required_when[0].field, status_field);
    assert_int_equal(description->required_when[0].value->number, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_that_lead_nowhere_are_refused),
        TEST(options_are_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
