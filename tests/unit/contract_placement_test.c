/* Each option of a field where it may not stand, or beside what it may not be. */
#include "tests/support/spoiled.h"

/* Options as a row writes them; what is left out is not given. */
struct given {
    bool secret, indexed, computed, once, exclusive, quotes;
    int format;
    const char *reference, *default_, *default_from, *unique_by;
    bool listed_twice;      /* the member of `derived` */
    const char *same[2];    /* theirs, ours */
    const char *when[2];    /* field, value */
    const char *reverse[2]; /* kind, field */
    const char *derived[4]; /* oneof, member, value, field */
    const char *key[2];     /* prefix, masked */
    unsigned bounds[3];
    const char *behavior; /* what the field is instead: bytes of field_behavior */
};

struct placed {
    const char *in, *name;
    struct given given;
    const char *sentence;
};

#define OUTPUT_ONLY "\x03"
#define REQUIRED "\x02"
#define IMMUTABLE "\x05"
#define NONE ""

static char *text(const char *from)
{
    return from == NULL ? (char *)"" : arena_cstr(&spoiled_arena, slice_from_cstr(from));
}

/* Everything of a policy that is a message of its own. */
static void give_messages(const struct given *given, Datastream__V1__FieldPolicy *policy)
{
    static Datastream__V1__Same same, *same_list[] = {&same};
    static Datastream__V1__Condition when, *when_list[] = {&when};
    static Datastream__V1__ReverseReference reverse;
    static Datastream__V1__DerivedFrom derived;
    static Datastream__V1__MemberValue member, *members[] = {&member, &member};
    static Datastream__V1__Credential key;
    static Datastream__V1__StructBounds bounds;

    same = (Datastream__V1__Same)DATASTREAM__V1__SAME__INIT;
    same.theirs = text(given->same[0]);
    same.ours = text(given->same[1]);
    policy->same = same_list;
    policy->n_same = given->same[0] != NULL;
    when = (Datastream__V1__Condition)DATASTREAM__V1__CONDITION__INIT;
    when.field = text(given->when[0]);
    when.value = text(given->when[1]);
    policy->required_when = when_list;
    policy->n_required_when = given->when[0] != NULL;
    reverse = (Datastream__V1__ReverseReference)DATASTREAM__V1__REVERSE_REFERENCE__INIT;
    reverse.kind = text(given->reverse[0]);
    reverse.field = text(given->reverse[1]);
    policy->reverse = given->reverse[0] == NULL ? NULL : &reverse;
    derived = (Datastream__V1__DerivedFrom)DATASTREAM__V1__DERIVED_FROM__INIT;
    member = (Datastream__V1__MemberValue)DATASTREAM__V1__MEMBER_VALUE__INIT;
    derived.oneof = text(given->derived[0]);
    member.member = text(given->derived[1]);
    member.value = text(given->derived[2]);
    member.field = text(given->derived[3]);
    derived.values = members;
    derived.n_values = given->derived[1] != NULL ? (given->listed_twice ? 2 : 1) : 0;
    policy->derived_from = given->derived[0] == NULL ? NULL : &derived;
    key = (Datastream__V1__Credential)DATASTREAM__V1__CREDENTIAL__INIT;
    key.prefix = text(given->key[0]);
    key.masked = text(given->key[1]);
    policy->credential = given->key[0] == NULL ? NULL : &key;
    bounds = (Datastream__V1__StructBounds)DATASTREAM__V1__STRUCT_BOUNDS__INIT;
    bounds.max_bytes = given->bounds[0];
    bounds.max_depth = given->bounds[1];
    bounds.max_values = given->bounds[2];
    policy->struct_bounds = given->bounds[0] == 0 ? NULL : &bounds;
}

static void give(const char *in, const char *name, const struct given *given)
{
    Datastream__V1__FieldPolicy policy = DATASTREAM__V1__FIELD_POLICY__INIT;
    Google__Protobuf__FieldDescriptorProto *to = spoiled_field(in, name);

    if (to->options == NULL) {
        to->options = arena_alloc(&spoiled_arena, sizeof(*to->options));
        google__protobuf__field_options__init(to->options);
    }
    policy.secret = given->secret;
    policy.indexed = given->indexed;
    policy.computed = given->computed;
    policy.once = given->once;
    policy.exclusive = given->exclusive;
    policy.quotes = given->quotes;
    policy.format = (Datastream__V1__Format__Value)given->format;
    policy.reference = text(given->reference);
    policy.default_ = text(given->default_);
    policy.default_from = text(given->default_from);
    policy.unique_by = text(given->unique_by);
    give_messages(given, &policy);
    set_option(&to->options->base, OPTION_FIELD_POLICY, &policy.base);
    if (given->behavior == NULL)
        return;
    drop_option(&to->options->base, OPTION_FIELD_BEHAVIOR);
    add_option_bytes(&to->options->base, OPTION_FIELD_BEHAVIOR, slice_from_cstr(given->behavior));
}

static void assert_placed_are_refused(const struct placed *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct contract *contract = NULL;
        struct status status;

        arena_reset(&spoiled_arena);
        spoiled_set = embedded_set(&spoiled_arena);
        give(rows[i].in, rows[i].name, &rows[i].given);
        status = spoiled_load(&contract);
        if (status.code != STATUS_FAILED_PRECONDITION ||
            !spoiled_contains(status.message, slice_from_cstr(rows[i].sentence)))
            fail_msg("%s.%s: wanted \"%s\", got %d, \"%.*s\"", rows[i].in, rows[i].name,
                     rows[i].sentence, status.code, SLICE_ARG(status.message));
    }
}

#define ASSERT_REFUSED(rows) assert_placed_are_refused(rows, sizeof(rows) / sizeof((rows)[0]))

static void values_stand_where_they_are_kept(void **state)
{
    static const struct placed rows[] = {
        {"AccessSource",
         "address",
         {.secret = true},
         "AccessSource.address has the option secret, but is below a list or a map."},
        {"Director",
         "port",
         {.secret = true},
         "datastream.v1.Director.port has the option secret, but is neither a string nor a map "
         "from string to string."},
        {"Device", "tags", {.secret = true}, "Device.tags has the option secret, but is neither"},
        {"Device",
         "created_by",
         {.secret = true},
         "Device.created_by has the option secret, but is output-only."},
        {"Device",
         "description",
         {.secret = true, .indexed = true},
         "Device.description has the option secret, but is indexed, computed, a reference,"},
        {"Device",
         "description",
         {.secret = true, .default_ = "x"},
         "Device.description has the option secret, but is indexed, computed, a reference,"},
        {"Device",
         "description",
         {.secret = true, .reference = "directors"},
         "Device.description has the option secret, but is indexed, computed, a reference,"},
        {"SyslogDevice",
         "port",
         {.indexed = true},
         "SyslogDevice.port has the option indexed, but is not directly in the resource."},
        {"Device",
         "tags",
         {.indexed = true},
         "Device.tags has the option indexed, but is not a single number,"},
        {"Device",
         "syslog",
         {.indexed = true},
         "Device.syslog has the option indexed, but is not a single number,"},
        {"Device",
         "category",
         {.indexed = true, .computed = true},
         "Device.category has the option indexed, but is secret, computed,"},
        {"SyslogDevice",
         "port",
         {.computed = true},
         "SyslogDevice.port has the option computed, but is not directly in the resource."},
        {"Device",
         "description",
         {.computed = true},
         "Device.description has the option computed, but is neither output-only nor written by a "
         "SET method."},
        {"CreateDeviceRequest",
         "validate_only",
         {.once = true},
         "CreateDeviceRequest.validate_only has the option once, but is not in a resource."},
        {"ListDevicesRequest",
         "page_token",
         {.when = {"page_size"}},
         "ListDevicesRequest.page_token has the option that relates it to others, but is not in a "
         "resource."},
    };

    (void)state;
    ASSERT_REFUSED(rows);
}

static void defaults_stand_where_they_can_be_filled_in(void **state)
{
    static const struct placed rows[] = {
        {"Device",
         "tags",
         {.default_ = "x"},
         "Device.tags has the option default, but is not a single bool, number, string or enum."},
        {"Device",
         "name",
         {.default_ = "x"},
         "Device.name has the option default, but is required, output-only or secret too."},
        {"Device",
         "created_by",
         {.default_ = "x"},
         "Device.created_by has the option default, but is required, output-only or secret too."},
        {"AccessSource",
         "address",
         {.default_ = "::1"},
         "AccessSource.address has the option default, but is in a oneof."},
        {"AccessRestriction",
         "enabled",
         {.default_ = "true"},
         "AccessRestriction.enabled has the option default, but is not `optional`, and its zero is "
         "a value of its own."},
        {"AccessRestriction",
         "enabled",
         {.default_ = "yes"},
         "AccessRestriction.enabled has the option default \"yes\", which does not fit its type."},
        {"SyslogDevice",
         "port",
         {.default_ = "4294967296"},
         "SyslogDevice.port has the option default \"4294967296\", which does not fit its type."},
        {"SyslogDevice",
         "port",
         {.default_ = " 514"},
         "SyslogDevice.port has the option default \" 514\", which does not fit its type."},
        {"SyslogDevice",
         "port",
         {.default_ = "+514"},
         "SyslogDevice.port has the option default \"+514\", which does not fit its type."},
        {"SyslogDevice",
         "port",
         {.default_ = "0514"},
         "SyslogDevice.port has the option default \"0514\", which does not fit its type."},
        {"SyslogDevice",
         "port",
         {.default_ = "0x202"},
         "SyslogDevice.port has the option default \"0x202\", which does not fit its type."},
        {"Device",
         "tags",
         {.default_from = "name"},
         "Device.tags has the option default_from, but is not a single string like the field that "
         "it "
         "names."},
        {"Device",
         "description",
         {.default_from = "tags"},
         "Device.description has the option default_from, but is not a single string like"},
        {"Device",
         "description",
         {.default_from = "description"},
         "Device.description has the option default_from, but names itself."},
        {"Device",
         "description",
         {.default_from = "name", .default_ = "x"},
         "Device.description has the option default_from, but has a default too."},
        {"Device",
         "created_by",
         {.default_from = "name"},
         "Device.created_by has the option default_from, but is required, output-only,"},
    };

    (void)state;
    ASSERT_REFUSED(rows);
}

static void once_is_for_single_fields_that_may_be_set(void **state)
{
    static const struct placed rows[] = {
        {"Device",
         "tags",
         {.once = true},
         "Device.tags has the option once, but is a list or a map."},
        {"Device",
         "created_by",
         {.once = true},
         "Device.created_by has the option once, but is output-only or immutable too."},
        {"Device",
         "description",
         {.once = true, .behavior = IMMUTABLE},
         "Device.description has the option once, but is output-only or immutable too."},
        {"ClusterMember",
         "ip_address",
         {.once = true},
         "ClusterMember.ip_address has the option once, but is below a list or a map."},
    };

    (void)state;
    ASSERT_REFUSED(rows);
}

static void texts_have_formats_and_quotes(void **state)
{
    static const struct placed rows[] = {
        {"SyslogDevice",
         "port",
         {.format = 1},
         "SyslogDevice.port has the option format, but is neither a string nor a list of strings."},
        {"Device",
         "description",
         {.format = 99},
         "Device.description has the option format, but the format is unknown."},
        {"Device",
         "director_ids",
         {.quotes = true, .reference = "directors"},
         "Device.director_ids has the option quotes, but is a reference."},
        {"SyslogDevice",
         "port",
         {.quotes = true},
         "SyslogDevice.port has the option quotes, but holds no string."},
        {"Device",
         "create_time",
         {.quotes = true},
         "Device.create_time has the option quotes, but holds no string."},
        {"Device",
         "description",
         {.bounds = {1, 1, 1}},
         "Device.description has the option struct_bounds, but is not a google.protobuf.Struct, "
         "ListValue or Value."},
        {"GenericDevice",
         "settings",
         {.bounds = {65536, 0, 0}},
         "GenericDevice.settings has the option struct_bounds, but one of its three bounds is "
         "missing."},
        {"GenericDevice",
         "settings",
         {.quotes = true},
         "GenericDevice.settings holds free-form values without a bound: set struct_bounds."},
    };

    (void)state;
    ASSERT_REFUSED(rows);
}

static void credentials_are_shown_once(void **state)
{
    static const struct placed rows[] = {
        {"Director",
         "platform",
         {.key = {"dsx_", "version"}},
         "Director.platform has the option credential, but is not an output-only string with "
         "presence "
         "directly in a resource."},
        {"Director",
         "api_key",
         {.key = {"dsd_", "masked_api_key"}, .indexed = true},
         "Director.api_key has the option credential, but has another option too."},
        {"Director",
         "api_key",
         {.key = {"key_", "masked_api_key"}, .behavior = NONE},
         "Director.api_key has the option credential, but is not an output-only string"},
        {"Director",
         "api_key",
         {.key = {"dsdir_", "masked_api_key"}},
         "Director.api_key has the option credential, but its prefix is not three lower-case "
         "letters and \"_\"."},
        {"Director",
         "api_key",
         {.key = {"dse_", "masked_api_key"}},
         "Director.api_key has the option credential, but its prefix belongs to another "
         "credential."},
        {"Director",
         "api_key",
         {.key = {"dsd_", "description"}},
         "Director.api_key has the option credential, but its `masked` is not an output-only "
         "string."},
        {"Director",
         "api_key",
         {.key = {"dsd_", "masked"}},
         "Director.api_key has the option credential \"masked\", which is not a field of the same "
         "message."},
    };

    (void)state;
    ASSERT_REFUSED(rows);
}

static void a_third_credential_stops_the_start(void **state)
{
    static const char *const names[] = {"platform", "version"};
    static const struct given extra[] = {
        {.key = {"dsx_", "masked_api_key"}, .behavior = OUTPUT_ONLY},
        {.key = {"dsy_", "masked_api_key"}, .behavior = OUTPUT_ONLY},
    };
    const struct contract *contract = NULL;
    struct status status = status_ok();

    (void)state;
    spoiled_set = embedded_set(&spoiled_arena);
    for (size_t i = 0; i < 2; i++) { /* and api_key, which is declared after them */
        Google__Protobuf__FieldDescriptorProto *field = spoiled_field("Director", names[i]);

        field->has_proto3_optional = field->proto3_optional = 1;
        give("Director", names[i], &extra[i]);
    }
    status = spoiled_load(&contract);
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    if (!spoiled_contains(status.message,
                          SLICE("Director.api_key has the option credential, but its message has "
                                "two credentials before it, and an object has no more.")))
        fail_msg("%.*s", SLICE_ARG(status.message));
}

static void references_lead_to_one_another(void **state)
{
    static const struct placed rows[] = {
        {"Device",
         "labels",
         {.reference = "directors"},
         "Device.labels is a reference, but not a string."},
        {"Device",
         "description",
         {.exclusive = true},
         "Device.description has the option exclusive, but is not a reference."},
        {"RouteRule",
         "device_ids",
         {.reference = "devices", .exclusive = true},
         "RouteRule.device_ids has the option exclusive, but another field below the same field of "
         "the resource refers to the same kind."},
        {"Device",
         "description",
         {.reverse = {"clusters", "members.director_id"}},
         "Device.description has the option reverse, but is not an output-only string or list of "
         "strings directly in the resource."},
        {"Device",
         "created_by",
         {.reverse = {"clusters", "members.director_id"}},
         "Device.created_by has the option reverse, but the field that it names does not refer to "
         "this kind."},
        {"Director",
         "cluster_id",
         {.reverse = {"devices", "director_ids"}},
         "Director.cluster_id has the option reverse, but is a single string, and the field that "
         "it names is not exclusive."},
        {"Device",
         "created_by",
         {.reverse = {"clusters", "members.director"}},
         "Device.created_by has the option reverse \"members.director\", which is not a field of "
         "that "
         "kind."},
        {"Device",
         "dataset_ids",
         {.reference = "datasets", .same = {"type", "kind"}},
         "Device.dataset_ids has the option same, but `ours` is not a single scalar directly in "
         "the "
         "resource."},
        {"Device",
         "dataset_ids",
         {.reference = "datasets", .same = {"labels", "type"}},
         "Device.dataset_ids has the option same, but `theirs` is not a single scalar."},
        {"Device",
         "dataset_ids",
         {.reference = "datasets", .same = {"status", "type"}},
         "Device.dataset_ids has the option same, but `theirs` may change after it was set."},
        {"Device",
         "dataset_ids",
         {.reference = "clusters", .same = {"port", "type"}},
         "Device.dataset_ids has the option same, but `theirs` and `ours` cannot be compared."},
        {"Device",
         "description",
         {.same = {"type", "type"}},
         "Device.description has the option same \"type\", which is not a field of what it refers "
         "to."},
    };

    (void)state;
    ASSERT_REFUSED(rows);
}

static void derived_fields_follow_a_oneof(void **state)
{
    static const struct placed rows[] = {
        {"GenericDevice",
         "type",
         {.behavior = NONE},
         "Device.type has the option derived_from, but a field of a member that it names is not "
         "required."},
        {"AccessSource",
         "type",
         {.derived = {"source", "address", NULL, "start"}},
         "AccessSource.type has the option derived_from \"start\", which is not an enum of the "
         "member."},
        {"AccessSource",
         "type",
         {.derived = {"source", "address", "SINGLE"}, .behavior = NONE},
         "AccessSource.type has the option derived_from, but is not a single output-only enum."},
        {"AccessSource",
         "type",
         {.derived = {"source", "net", "SINGLE"}},
         "AccessSource.type has the option derived_from \"net\", which is not a member of the "
         "oneof."},
        {"AccessSource",
         "type",
         {.derived = {"source", "address", "SINGLE"}, .listed_twice = true},
         "AccessSource.type has the option derived_from \"address\", a member that is listed "
         "twice."},
        {"AccessSource",
         "type",
         {.derived = {"source", "address", "SINGLE", "type"}},
         "AccessSource.type has the option derived_from \"address\", a member that needs either a "
         "value or a field."},
        {"AccessSource",
         "type",
         {.derived = {"source", "address"}},
         "AccessSource.type has the option derived_from \"address\", a member that needs either a "
         "value or a field."},
        {"AccessSource",
         "type",
         {.derived = {"source"}},
         "AccessSource.type has the option derived_from \"source\", with a member that leads to no "
         "value of the enum."},
    };

    (void)state;
    ASSERT_REFUSED(rows);
}

static void rules_span_fields_that_can_be_set(void **state)
{
    static const struct placed rows[] = {
        {"Device",
         "tags",
         {.unique_by = "name"},
         "Device.tags has the option unique_by \"name\", which is not a field of its elements."},
        {"Device",
         "syslog",
         {.unique_by = "port"},
         "Device.syslog has the option unique_by, but is not a list of messages."},
        {"AccessRestriction",
         "sources",
         {.unique_by = "range"},
         "AccessRestriction.sources has the option unique_by, but its elements have no such single "
         "field."},
        {"Device",
         "name",
         {.when = {"status"}},
         "Device.name has the option required_when, but is required anyway."},
        {"Device",
         "created_by",
         {.when = {"status"}},
         "Device.created_by has the option required_when, but is output-only."},
        {"Device",
         "description",
         {.when = {"description"}},
         "Device.description has the option required_when, but its condition is the field itself."},
        {"Device",
         "description",
         {.when = {"tags", "a"}},
         "Device.description has the option required_when, but its condition asks for the value of "
         "a list or a map."},
        {"Device",
         "description",
         {.when = {"status", "ASLEEP"}},
         "Device.description has the option required_when \"ASLEEP\", which does not fit the "
         "field."},
    };

    (void)state;
    ASSERT_REFUSED(rows);
}

/* -- oneofs ----------------------------------------------------------------------------------- */

static void set_once(const char *in)
{
    Datastream__V1__OneofPolicy policy = DATASTREAM__V1__ONEOF_POLICY__INIT;
    Google__Protobuf__OneofDescriptorProto *oneof = spoiled_message(in)->oneof_decl[0];

    if (oneof->options == NULL) {
        oneof->options = arena_alloc(&spoiled_arena, sizeof(*oneof->options));
        google__protobuf__oneof_options__init(oneof->options);
    }
    policy.once = 1;
    set_option(&oneof->options->base, OPTION_ONEOF_POLICY, &policy.base);
}

static void once_below_a_list(void)
{
    set_once("AccessSource");
}

static void once_of_output(void)
{
    set_once("ApiToken");
}

static void a_oneof_is_set_once_where_it_is_one(void **state)
{
    static const struct spoiled cases[] = {
        {once_below_a_list,
         "datastream.v1.AccessSource.source has the option once, but is below a list or a map."},
        {once_of_output,
         "datastream.v1.ApiToken.shown_once has the option once, but a member is output-only."},
    };

    (void)state;
    assert_each_is_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_stand_where_they_are_kept),
        TEST(defaults_stand_where_they_can_be_filled_in),
        TEST(once_is_for_single_fields_that_may_be_set),
        TEST(texts_have_formats_and_quotes),
        TEST(credentials_are_shown_once),
        TEST(a_third_credential_stops_the_start),
        TEST(references_lead_to_one_another),
        TEST(derived_fields_follow_a_oneof),
        TEST(rules_span_fields_that_can_be_set),
        TEST(a_oneof_is_set_once_where_it_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
