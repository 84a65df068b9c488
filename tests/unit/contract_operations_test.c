/* What methods say of SET, REGENERATE and the other operations, and each way to say it wrongly. */
#include "tests/support/spoiled.h"

static Datastream__V1__MethodPolicy writing(Datastream__V1__Operation__Value operation,
                                            const char *path, const char *value)
{
    Datastream__V1__MethodPolicy policy = policy_of("devices.read", "devices", operation);

    policy.field = arena_cstr(&spoiled_arena, slice_from_cstr(path));
    policy.value = arena_cstr(&spoiled_arena, slice_from_cstr(value));
    return policy;
}

static void set_get(Datastream__V1__Operation__Value operation, const char *path, const char *value)
{
    set_policy("GetDevice", writing(operation, path, value));
}

#define SET DATASTREAM__V1__OPERATION__VALUE__SET
#define REGENERATE DATASTREAM__V1__OPERATION__VALUE__REGENERATE

static void set_without_field(void)
{
    set_get(SET, "", "ENABLED");
}

static void set_of_no_field(void)
{
    set_get(SET, "state", "ENABLED");
}

static void set_below_a_scalar(void)
{
    set_get(SET, "status.value", "ENABLED");
}

static void set_through_a_list(void)
{
    set_get(SET, "tags", "a");
}

static void set_of_output(void)
{
    set_get(SET, "created_by", "me");
}

static void make_bytes(const char *in, const char *name)
{
    spoiled_field(in, name)->type = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;
}

static void set_of_bytes(void)
{
    drop_option(&spoiled_field("Device", "cluster_id")->options->base, OPTION_FIELD_POLICY);
    make_bytes("Device", "cluster_id");
    set_get(SET, "cluster_id", "text");
}

static void set_of_bytes_from_the_request(void)
{
    set_of_bytes();
    spoiled_field("GetDeviceRequest", "id")->name = arena_cstr(&spoiled_arena, SLICE("cluster_id"));
    make_bytes("GetDeviceRequest", "cluster_id");
    set_get(SET, "cluster_id", "");
}

static void set_to_no_value(void)
{
    set_get(SET, "status", "ASLEEP");
}

static void set_from_nothing(void)
{
    set_get(SET, "status", "");
}

static void set_from_another_type(void)
{
    spoiled_field("GetDeviceRequest", "id")->name = arena_cstr(&spoiled_arena, SLICE("status"));
    set_get(SET, "status", "");
}

static void set_without_id(void)
{
    spoiled_method("GetDevice")->input_type = spoiled_method("ListDevices")->input_type;
    set_get(SET, "status", "ENABLED");
}

static void regenerate_of_no_credential(void)
{
    set_get(REGENERATE, "description", "");
}

static void field_of_another_operation(void)
{
    set_get(DATASTREAM__V1__OPERATION__VALUE__GET, "status", "");
}

static void operation_of_get(Datastream__V1__Operation__Value operation)
{
    set_policy("GetDevice", policy_of("devices.read", "devices", operation));
}

static void clone_without_name(void)
{
    operation_of_get(DATASTREAM__V1__OPERATION__VALUE__CLONE);
}

static void batch_without_ids(void)
{
    operation_of_get(DATASTREAM__V1__OPERATION__VALUE__BATCH_DELETE);
}

static void batch_without_items(void)
{
    spoiled_field("GetDeviceRequest", "id")->label =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    spoiled_field("GetDeviceRequest", "id")->name = arena_cstr(&spoiled_arena, SLICE("ids"));
    spoiled_method("GetDevice")->output_type = spoiled_method("DeleteDevice")->output_type;
    operation_of_get(DATASTREAM__V1__OPERATION__VALUE__BATCH_GET);
}

static void activity_without_page(void)
{
    operation_of_get(DATASTREAM__V1__OPERATION__VALUE__LIST_ACTIVITY);
}

static void usage_without_page(void)
{
    operation_of_get(DATASTREAM__V1__OPERATION__VALUE__USAGE);
}

static void purpose_twice(void)
{
    operation_of_get(DATASTREAM__V1__OPERATION__VALUE__DELETE);
}

static void add_permissions_to_get(const char *base, const char *more)
{
    Datastream__V1__MethodPolicy policy = policy_of(base, "devices",
                                                    DATASTREAM__V1__OPERATION__VALUE__GET);
    char *names[] = {arena_cstr(&spoiled_arena, slice_from_cstr(more))};

    if (base[0] == '\0')
        policy.access = DATASTREAM__V1__ACCESS__VALUE__AUTHENTICATED;
    policy.n_additional_permissions = 1;
    policy.additional_permissions = names;
    set_policy("GetDevice", policy);
}

static void additional_permission_alone(void)
{
    add_permissions_to_get("", "devices.read");
}

static void additional_permission_of_nothing(void)
{
    add_permissions_to_get("devices.read", "devices.see");
}

static void additional_permission_twice(void)
{
    add_permissions_to_get("devices.read", "devices.read");
}

static void own_credential_of_none(void)
{
    Datastream__V1__MethodPolicy policy = policy_of("", "devices",
                                                    DATASTREAM__V1__OPERATION__VALUE__CUSTOM);

    policy.access = DATASTREAM__V1__ACCESS__VALUE__OWN_CREDENTIAL;
    set_policy("GetDevice", policy);
}

static const struct spoiled cases[] = {
    {set_without_field, "datastream.v1.DeviceService.GetDevice names no field to write."},
    {set_of_no_field, "GetDevice writes \"state\", which is not a field of the resource."},
    {set_below_a_scalar,
     "GetDevice writes \"status.value\", which is not a field of the resource."},
    {set_through_a_list, "GetDevice writes \"tags\", whose path leads through a list or a map."},
    {set_of_output, "GetDevice sets \"created_by\", which is output-only."},
    {set_of_bytes, "GetDevice sets \"cluster_id\", which is bytes: no operation writes them."},
    {set_of_bytes_from_the_request,
     "GetDevice sets \"cluster_id\", which is bytes: no operation writes them."},
    {set_to_no_value, "GetDevice sets \"status\" to \"ASLEEP\", which does not fit its type."},
    {set_from_nothing, "GetDevice sets \"status\" without a value, but its request has no such "
                       "field."},
    {set_from_another_type, "GetDevice sets \"status\" without a value, but its request has no "
                            "such field."},
    {set_without_id, "GetDevice is a SET operation, but its request has no string \"id\"."},
    {regenerate_of_no_credential,
     "GetDevice regenerates \"description\", which is not a credential."},
    {field_of_another_operation,
     "GetDevice has a field or a value, which only SET and REGENERATE have."},
    {clone_without_name, "GetDevice is a CLONE operation, but its request has no string \"name\"."},
    {batch_without_ids, "GetDevice is a BATCH_DELETE operation, but its request has no repeated "
                        "string \"ids\"."},
    {batch_without_items, "GetDevice is a BATCH_GET operation, but its response has no repeated "
                          "field of the resource's type."},
    {activity_without_page,
     "GetDevice is a LIST_ACTIVITY operation, but its request has no int32 \"page_size\"."},
    {usage_without_page, "GetDevice is a USAGE operation, but its request has no "
                         "int32 \"page_size\"."},
    {purpose_twice,
     "datastream.v1.DeviceService.DeleteDevice has the same operation on the same fields as "
     "datastream.v1.DeviceService.GetDevice."},
    {additional_permission_alone, "GetDevice has additional permissions, but no permission."},
    {additional_permission_of_nothing,
     "GetDevice declares the permission \"devices.see\", which does not exist."},
    {additional_permission_twice, "GetDevice declares the permission \"devices.read\" twice."},
    {own_credential_of_none,
     "GetDevice is called with the resource's own credential, but its kind has none."},
};

static void each_wrong_operation_stops_the_start(void **state)
{
    (void)state;
    assert_each_is_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void set_knows_its_field_and_value(void **state)
{
    const struct contract *contract = NULL;
    const struct method *disable;

    (void)state;
    set_policy("DisableDevice", writing(SET, "syslog.port", "514"));
    assert_true(status_is_ok(spoiled_load(&contract)));
    disable = contract_method(contract, SLICE("/datastream.v1.DeviceService/DisableDevice"));
    assert_int_equal(disable->operation, OPERATION_SET);
    assert_int_equal(disable->written->length, 2);
    assert_string_equal(disable->written->path[0]->name.data, "syslog");
    assert_string_equal(written_field_last(disable->written)->name.data, "port");
    assert_int_equal(disable->written->value->number, 514);
    assert_null(disable->written->source);
}

static void more_permissions_may_be_required(void **state)
{
    const struct contract *contract = NULL;
    const struct method *get;

    (void)state;
    add_permissions_to_get("devices.read", "directors.read");
    assert_true(status_is_ok(spoiled_load(&contract)));
    get = contract_method(contract, SLICE("/datastream.v1.DeviceService/GetDevice"));
    assert_int_equal(get->additional_count, 1);
    assert_string_equal(get->additional[0]->name.data, "directors.read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_wrong_operation_stops_the_start),
        TEST(set_knows_its_field_and_value),
        TEST(more_permissions_may_be_required),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
