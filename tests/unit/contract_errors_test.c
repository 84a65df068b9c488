/* Every contract error but those of rules, by the embedded contract with one thing spoiled. */
#include "google/api/http.pb-c.h"
#include "tests/support/spoiled.h"

/* -- ways to spoil it: methods */

static void no_permission(void)
{
    set_policy("CreateDevice", policy_of("", "devices", DATASTREAM__V1__OPERATION__VALUE__CREATE));
}

static void no_policy(void)
{
    drop_option(&spoiled_method("GetDevice")->options->base, OPTION_METHOD_POLICY);
}

static void no_options(void)
{
    spoiled_method("GetDevice")->options = NULL;
}

static void before_password_change_without_session(void)
{
    Datastream__V1__MethodPolicy policy = policy_of("devices.read", "devices",
                                                    DATASTREAM__V1__OPERATION__VALUE__GET);

    policy.before_password_change = true;
    set_policy("GetDevice", policy);
}

static void both_permission_and_access(void)
{
    Datastream__V1__MethodPolicy policy = policy_of("devices.read", "devices",
                                                    DATASTREAM__V1__OPERATION__VALUE__GET);

    policy.access = DATASTREAM__V1__ACCESS__VALUE__PUBLIC;
    set_policy("GetDevice", policy);
}

static void missing_permission(void)
{
    set_policy("GetDevice",
               policy_of("devices.see", "devices", DATASTREAM__V1__OPERATION__VALUE__GET));
}

static void missing_kind(void)
{
    set_policy("GetDevice",
               policy_of("devices.read", "gadgets", DATASTREAM__V1__OPERATION__VALUE__GET));
}

static void unknown_operation(void)
{
    set_policy("GetDevice",
               policy_of("devices.read", "devices", (Datastream__V1__Operation__Value)77));
}

static void unreadable_policy(void)
{
    add_option_bytes(&spoiled_method("GetDevice")->options->base, OPTION_METHOD_POLICY,
                     SLICE("\x0a\x7f"));
}

/* GetDevice has no body. */
static void form_without_a_body(void)
{
    Datastream__V1__MethodPolicy policy = policy_of("devices.read", "devices",
                                                    DATASTREAM__V1__OPERATION__VALUE__GET);

    policy.takes_form = 1;
    set_policy("GetDevice", policy);
}

/* CreateDevice has a message in its request. */
static void form_of_more_than_strings(void)
{
    Datastream__V1__MethodPolicy policy = policy_of("devices.create", "devices",
                                                    DATASTREAM__V1__OPERATION__VALUE__CREATE);

    policy.takes_form = 1;
    set_policy("CreateDevice", policy);
}

/* GetDevice is a GET. */
static void question_by_get(void)
{
    Datastream__V1__MethodPolicy policy = policy_of("devices.read", "devices",
                                                    DATASTREAM__V1__OPERATION__VALUE__GET);

    policy.changes_nothing = 1;
    set_policy("GetDevice", policy);
}

static void stream_of_requests(void)
{
    spoiled_method("GetDevice")->has_client_streaming = 1;
    spoiled_method("GetDevice")->client_streaming = 1;
}

static void method_twice(void)
{
    Google__Protobuf__ServiceDescriptorProto *service = device_file()->service[0];

    service->method[1] = service->method[0];
}

static void operation_without_kind(void)
{
    set_policy("GetDevice", policy_of("devices.read", "", DATASTREAM__V1__OPERATION__VALUE__GET));
}

static void missing_input(void)
{
    spoiled_method("GetDevice")->input_type = arena_cstr(&spoiled_arena,
                                                         SLICE(".datastream.v1.Nothing"));
}

/* -- operations and their shapes */

static void create_without_resource(void)
{
    spoiled_method("CreateDevice")->input_type = spoiled_method("GetDevice")->input_type;
}

static void create_that_answers_nothing(void)
{
    spoiled_method("CreateDevice")->output_type = spoiled_method("DeleteDevice")->output_type;
}

static void update_without_resource(void)
{
    spoiled_method("UpdateDevice")->input_type = spoiled_method("GetDevice")->input_type;
}

static void update_without_mask(void)
{
    spoiled_method("UpdateDevice")->input_type = spoiled_method("CreateDevice")->input_type;
}

static void get_without_id(void)
{
    spoiled_method("GetDevice")->input_type = spoiled_method("ListDevices")->input_type;
}

static void delete_without_id(void)
{
    spoiled_method("DeleteDevice")->input_type = spoiled_method("ListDevices")->input_type;
}

static void list_without_page_size(void)
{
    spoiled_field("ListDevicesRequest", "page_size")->name = arena_cstr(&spoiled_arena,
                                                                        SLICE("size"));
}

static void list_without_page_token(void)
{
    spoiled_field("ListDevicesRequest", "page_token")->name = arena_cstr(&spoiled_arena,
                                                                         SLICE("token"));
}

static void list_without_items(void)
{
    spoiled_field("ListDevicesResponse", "devices")->type_name = arena_cstr(
        &spoiled_arena, SLICE(".datastream.v1.Director"));
}

static void list_without_next_page_token(void)
{
    spoiled_field("ListDevicesResponse", "next_page_token")->name = arena_cstr(&spoiled_arena,
                                                                               SLICE("next"));
}

static void operation_that_streams(void)
{
    spoiled_method("ListDevices")->has_server_streaming = 1;
    spoiled_method("ListDevices")->server_streaming = 1;
}

static void envelope_of_another_type(const char *name,
                                     Google__Protobuf__FieldDescriptorProto__Type type)
{
    spoiled_field("Device", name)->type = type;
    spoiled_field("Device", name)->type_name = NULL;
}

static void id_that_is_a_number(void)
{
    envelope_of_another_type("id", GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT64);
}

static void etag_that_is_repeated(void)
{
    spoiled_field("Device", "etag")->label =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
}

static void time_that_is_a_text(void)
{
    envelope_of_another_type("create_time",
                             GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING);
}

static void time_of_another_message(void)
{
    spoiled_field("Device", "update_time")->type_name = arena_cstr(
        &spoiled_arena, SLICE(".google.protobuf.Duration"));
}

static void labels_that_are_no_map(void)
{
    envelope_of_another_type("labels", GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING);
}

/* As protoc never writes it: three fields. */
static void entry_of_three_fields(void)
{
    Google__Protobuf__DescriptorProto *message = spoiled_message("Permission");

    message->options = arena_alloc(&spoiled_arena, sizeof(*message->options));
    google__protobuf__message_options__init(message->options);
    message->options->has_map_entry = message->options->map_entry = 1;
}

static void labels_of_numbers(void)
{
    spoiled_message("Device")->nested_type[0]->field[1]->type =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32;
}

static void resource_without_id(void)
{
    spoiled_field("Device", "id")->name = arena_cstr(&spoiled_arena, SLICE("identity"));
}

/* -- HTTP rules */

static void set_http(Google__Api__HttpRule rule)
{
    set_option(&spoiled_method("GetDevice")->options->base, OPTION_HTTP, &rule.base);
}

static void rule_without_path(void)
{
    Google__Api__HttpRule rule = GOOGLE__API__HTTP_RULE__INIT;

    set_http(rule);
}

static Google__Api__HttpRule get_rule(void)
{
    Google__Api__HttpRule rule = GOOGLE__API__HTTP_RULE__INIT;

    rule.pattern_case = GOOGLE__API__HTTP_RULE__PATTERN_GET;
    rule.get = arena_cstr(&spoiled_arena, SLICE("/api/v1/devices/{id}"));
    return rule;
}

static void body_that_names_no_field(void)
{
    Google__Api__HttpRule rule = get_rule();

    rule.body = arena_cstr(&spoiled_arena, SLICE("gadget"));
    set_http(rule);
}

static void response_body_that_names_no_field(void)
{
    Google__Api__HttpRule rule = get_rule();

    rule.response_body = arena_cstr(&spoiled_arena, SLICE("gadget"));
    set_http(rule);
}

static void additional_binding_without_path(void)
{
    Google__Api__HttpRule empty = GOOGLE__API__HTTP_RULE__INIT;
    Google__Api__HttpRule *bindings[] = {&empty};
    Google__Api__HttpRule rule = get_rule();

    rule.n_additional_bindings = 1;
    rule.additional_bindings = bindings;
    set_http(rule);
}

static void additional_binding_with_bindings(void)
{
    Google__Api__HttpRule innermost = get_rule();
    Google__Api__HttpRule inner = get_rule();
    Google__Api__HttpRule *of_inner[] = {&innermost};
    Google__Api__HttpRule *bindings[] = {&inner};
    Google__Api__HttpRule rule = get_rule();

    inner.n_additional_bindings = 1;
    inner.additional_bindings = of_inner;
    rule.n_additional_bindings = 1;
    rule.additional_bindings = bindings;
    set_http(rule);
}

static void custom_rule_without_a_kind(void)
{
    Google__Api__CustomHttpPattern pattern = GOOGLE__API__CUSTOM_HTTP_PATTERN__INIT;
    Google__Api__HttpRule rule = GOOGLE__API__HTTP_RULE__INIT;

    pattern.path = arena_cstr(&spoiled_arena, SLICE("/any/{id}"));
    rule.pattern_case = GOOGLE__API__HTTP_RULE__PATTERN_CUSTOM;
    rule.custom = &pattern;
    set_http(rule);
}

/* -- kinds and permissions */

static void number_twice(void)
{
    set_resource(10, "devices", "device", DATASTREAM__V1__AREA__VALUE__FLEET);
}

static void collection_twice(void)
{
    set_resource(11, "directors", "device", DATASTREAM__V1__AREA__VALUE__FLEET);
}

static void no_number(void)
{
    set_resource(0, "devices", "device", DATASTREAM__V1__AREA__VALUE__FLEET);
}

static void no_collection(void)
{
    set_resource(11, "", "device", DATASTREAM__V1__AREA__VALUE__FLEET);
}

static void no_singular(void)
{
    set_resource(11, "devices", "", DATASTREAM__V1__AREA__VALUE__FLEET);
}

static void no_area(void)
{
    set_resource(11, "devices", "device", DATASTREAM__V1__AREA__VALUE__UNSPECIFIED);
}

static void unknown_area(void)
{
    set_resource(11, "devices", "device", (Datastream__V1__Area__Value)99);
}

static void unreadable_resource(void)
{
    add_option_bytes(&spoiled_message("Device")->options->base, OPTION_RESOURCE, SLICE("\x12\x7f"));
}

static void add_permissions(int count, const char *format, Datastream__V1__Area__Value area)
{
    Google__Protobuf__FileOptions *options = arena_alloc(&spoiled_arena, sizeof(*options));

    google__protobuf__file_options__init(options);
    device_file()->options = options;
    for (int i = 0; i < count; i++) {
        Datastream__V1__ExtraPermission extra = DATASTREAM__V1__EXTRA_PERMISSION__INIT;

        extra.name = arena_cstr(&spoiled_arena, slice_from_cstr(format));
        if (count > 1)
            extra.name = arena_cstr(&spoiled_arena,
                                    arena_printf(&spoiled_arena, "more.things-%d", i));
        extra.area = area;
        add_option_bytes(&options->base, OPTION_EXTRA_PERMISSION,
                         message_pack(&spoiled_arena, &extra.base));
    }
}

static void permission_twice(void)
{
    add_permissions(1, "devices.read", DATASTREAM__V1__AREA__VALUE__FLEET);
}

static void permission_without_name(void)
{
    add_permissions(1, "", DATASTREAM__V1__AREA__VALUE__FLEET);
}

static void permission_without_area(void)
{
    add_permissions(1, "devices.see", DATASTREAM__V1__AREA__VALUE__UNSPECIFIED);
}

static void too_many_permissions(void)
{
    add_permissions(PERMISSIONS_MOST, "", DATASTREAM__V1__AREA__VALUE__FLEET);
}

static void set_reference(const char *name, const char *to)
{
    Datastream__V1__FieldPolicy policy = DATASTREAM__V1__FIELD_POLICY__INIT;

    policy.reference = arena_cstr(&spoiled_arena, slice_from_cstr(to));
    set_option(&spoiled_field("Device", name)->options->base, OPTION_FIELD_POLICY, &policy.base);
}

static void reference_to_nothing(void)
{
    set_reference("director_ids", "gadgets");
}

static void reference_that_is_no_string(void)
{
    set_reference("status", "directors");
}

static void unreadable_field_policy(void)
{
    add_option_bytes(&spoiled_field("Device", "name")->options->base, OPTION_FIELD_POLICY,
                     SLICE("\x0a\x7f"));
}

/* -- types */

static void field_of_no_type(void)
{
    spoiled_field("Device", "syslog")->type_name = arena_cstr(&spoiled_arena,
                                                              SLICE(".datastream.v1.Nothing"));
}

static void field_of_no_enum(void)
{
    spoiled_field("Device", "status")->type_name = arena_cstr(&spoiled_arena,
                                                              SLICE(".datastream.v1.Nothing"));
}

static void a_group(void)
{
    spoiled_field("Device", "syslog")->type =
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP;
}

static void number_of_two_fields(void)
{
    spoiled_field("Device", "description")->number = 2;
}

static void oneof_that_is_not_there(void)
{
    spoiled_field("Device", "syslog")->oneof_index = 7;
}

static void enum_without_values(void)
{
    spoiled_message("DeviceStatus")->enum_type[0]->n_value = 0;
}

static void compiled_message_with_less(void)
{
    spoiled_file("datastream/v1/options.proto")->message_type[0]->n_field--;
}

static void compiled_message_with_another_number(void)
{
    spoiled_file("datastream/v1/options.proto")->message_type[0]->field[0]->number = 77;
}

static const struct spoiled cases[] = {
    {no_permission, "datastream.v1.DeviceService.CreateDevice declares no permission: set "
                    "(datastream.v1.method).permission, or access."},
    {no_policy, "datastream.v1.DeviceService.GetDevice declares no permission: set "
                "(datastream.v1.method).permission, or access."},
    {no_options, "datastream.v1.DeviceService.GetDevice declares no permission: set "
                 "(datastream.v1.method).permission, or access."},
    {before_password_change_without_session,
     "datastream.v1.DeviceService.GetDevice declares before_password_change, but its access is not "
     "SESSION."},
    {both_permission_and_access,
     "datastream.v1.DeviceService.GetDevice declares both a permission and access: set one."},
    {missing_permission, "datastream.v1.DeviceService.GetDevice declares the permission "
                         "\"devices.see\", which does not exist."},
    {missing_kind, "datastream.v1.DeviceService.GetDevice works on the kind \"gadgets\", which "
                   "does not exist."},
    {unknown_operation, "datastream.v1.DeviceService.GetDevice has an unknown operation."},
    {unreadable_policy, "datastream.v1.DeviceService.GetDevice has an option "
                        "(datastream.v1.method) that cannot be read."},
    {form_without_a_body, "datastream.v1.DeviceService.GetDevice accepts a form, but its body is "
                          "not \"*\" or its request has a field that is no single string."},
    {form_of_more_than_strings, "datastream.v1.DeviceService.CreateDevice accepts a form, but its "
                                "body is not \"*\" or its request has a field that is no single "
                                "string."},
    {question_by_get, "datastream.v1.DeviceService.GetDevice declares changes_nothing, but its "
                      "HTTP rules are not all POST."},
    {stream_of_requests, "datastream.v1.DeviceService.GetDevice accepts a stream of requests: the "
                         "methods of the API must accept one request."},
    {method_twice, "datastream.v1.DeviceService.CreateDevice is declared twice."},
    {missing_input,
     "datastream.v1.DeviceService.GetDevice has a type that the set does not define."},
    {operation_without_kind,
     "datastream.v1.DeviceService.GetDevice is a GET operation, but names no kind."},
    {create_without_resource, "CreateDevice is a CREATE operation, but its request has no field "
                              "of the resource's type."},
    {create_that_answers_nothing,
     "CreateDevice is a CREATE operation, but its response is not the resource."},
    {update_without_resource, "UpdateDevice is a UPDATE operation, but its request has no field "
                              "of the resource's type."},
    {update_without_mask, "UpdateDevice is a UPDATE operation, but its request has no "
                          "google.protobuf.FieldMask \"update_mask\"."},
    {get_without_id, "GetDevice is a GET operation, but its request has no string \"id\"."},
    {delete_without_id,
     "DeleteDevice is a DELETE operation, but its request has no string \"id\"."},
    {list_without_page_size,
     "ListDevices is a LIST operation, but its request has no int32 \"page_size\"."},
    {list_without_page_token,
     "ListDevices is a LIST operation, but its request has no string \"page_token\"."},
    {list_without_items, "ListDevices is a LIST operation, but its response has no repeated field "
                         "of the resource's type."},
    {list_without_next_page_token,
     "ListDevices is a LIST operation, but its response has no string \"next_page_token\"."},
    {operation_that_streams, "ListDevices is a LIST operation, but it streams."},
    {resource_without_id, "operation, but its resource has no field \"id\"."},
    {id_that_is_a_number, "datastream.v1.Device.id must be a string, as in every resource."},
    {etag_that_is_repeated, "datastream.v1.Device.etag must be a string, as in every resource."},
    {time_that_is_a_text, "datastream.v1.Device.create_time must be a "
                          "google.protobuf.Timestamp, as in every resource."},
    {time_of_another_message, "datastream.v1.Device.update_time must be a "
                              "google.protobuf.Timestamp, as in every resource."},
    {labels_that_are_no_map,
     "datastream.v1.Device.labels must be a map<string, string>, as in every resource."},
    {entry_of_three_fields,
     "datastream.v1.Permission is the entry of a map, but has other fields than one key of the "
     "number 1 and one value of the number 2."},
    {labels_of_numbers,
     "datastream.v1.Device.labels must be a map<string, string>, as in every resource."},
    {rule_without_path, "datastream.v1.DeviceService.GetDevice has an HTTP rule without a path."},
    {additional_binding_without_path,
     "datastream.v1.DeviceService.GetDevice has an HTTP rule without a path."},
    {additional_binding_with_bindings,
     "GetDevice has an additional binding with additional bindings of its own."},
    {custom_rule_without_a_kind,
     "datastream.v1.DeviceService.GetDevice has a custom HTTP rule without a kind."},
    {body_that_names_no_field, "GetDevice has an HTTP rule whose body names no field: \"gadget\"."},
    {response_body_that_names_no_field,
     "GetDevice has an HTTP rule whose response_body names no field: \"gadget\"."},
    {number_twice, "has the resource number 10 of datastream.v1.D"},
    {collection_twice, "has the collection \"directors\" of datastream.v1.D"},
    {no_number, "datastream.v1.Device is a resource without a number."},
    {no_collection, "datastream.v1.Device is a resource without a collection."},
    {no_singular, "datastream.v1.Device is a resource without a singular."},
    {no_area, "datastream.v1.Device is a resource without an area."},
    {unknown_area, "datastream.v1.Device is a resource without an area."},
    {unreadable_resource,
     "datastream.v1.Device has an option (datastream.v1.resource) that cannot be read."},
    {permission_twice, "The permission \"devices.read\" is declared twice."},
    {permission_without_name,
     "datastream/v1/device.proto has an extra permission without name and area."},
    {permission_without_area,
     "datastream/v1/device.proto has an extra permission without name and area."},
    {too_many_permissions, "exceeds the limit of 128 permissions."},
    {reference_to_nothing,
     "datastream.v1.Device.director_ids refers to \"gadgets\", which is not a resource kind."},
    {reference_that_is_no_string, "datastream.v1.Device.status is a reference, but not a string."},
    {unreadable_field_policy,
     "datastream.v1.Device.name has an option (datastream.v1.policy) that cannot be read."},
    {field_of_no_type, "datastream.v1.Device.syslog has a type that the set does not define: "
                       ".datastream.v1.Nothing."},
    {field_of_no_enum, "datastream.v1.Device.status has a type that the set does not define: "
                       ".datastream.v1.Nothing."},
    {a_group, "datastream.v1.Device.syslog is a group: use a message."},
    {number_of_two_fields, "datastream.v1.Device has two fields of number 2."},
    {oneof_that_is_not_there,
     "datastream.v1.Device.syslog refers to what the set does not define."},
    {enum_without_values, "datastream.v1.DeviceStatus.Value has no values."},
    {compiled_message_with_less,
     "datastream.v1.MethodPolicy is not the message that was compiled."},
    {compiled_message_with_another_number,
     "datastream.v1.MethodPolicy.permission is not in the message that was compiled."},
};

static void each_error_is_a_sentence_that_names_the_place(void **state)
{
    (void)state;
    assert_each_is_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void what_is_no_set_is_refused(void **state)
{
    const struct contract *contract = NULL;
    struct status status = contract_load(SLICE("\x0a\xff"), &spoiled_arena, &contract);

    (void)state;
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    assert_null(contract);
}

/* -- what is no error */

static void behaviors_come_packed_or_not(void **state)
{
    ProtobufCMessage *options = &spoiled_field("Device", "name")->options->base;
    static uint8_t immutable[] = {5};
    const struct contract *contract = NULL;
    const struct field *name;

    (void)state;
    drop_option(options, OPTION_FIELD_BEHAVIOR);
    add_option_bytes(options, OPTION_FIELD_BEHAVIOR, SLICE("\x02\x04")); /* REQUIRED, INPUT_ONLY */
    add_option_bytes(options, OPTION_FIELD_BEHAVIOR, SLICE(""));
    options->unknown_fields[options->n_unknown_fields - 1] = (ProtobufCMessageUnknownField){
        OPTION_FIELD_BEHAVIOR, PROTOBUF_C_WIRE_TYPE_VARINT, 1, immutable};
    assert_true(status_is_ok(spoiled_load(&contract)));
    name = loaded_field(contract, "datastream.v1.Device", "name");
    assert_true(name->required && name->input_only && name->immutable);
    assert_false(name->output_only);
}

/* The device service again, in a package of others and without policies. */
static void add_foreign_service(const char *package, const char *name)
{
    Google__Protobuf__FileDescriptorProto *foreign = arena_alloc(&spoiled_arena, sizeof(*foreign));
    Google__Protobuf__ServiceDescriptorProto *service = arena_alloc(&spoiled_arena,
                                                                    sizeof(*service));
    Google__Protobuf__MethodDescriptorProto *check = arena_alloc(&spoiled_arena, sizeof(*check));

    google__protobuf__file_descriptor_proto__init(foreign);
    google__protobuf__service_descriptor_proto__init(service);
    google__protobuf__method_descriptor_proto__init(check);
    foreign->name = arena_cstr(&spoiled_arena, arena_printf(&spoiled_arena, "%s.proto", name));
    foreign->package = arena_cstr(&spoiled_arena, slice_from_cstr(package));
    foreign->syntax = arena_cstr(&spoiled_arena, SLICE("proto3"));
    service->name = arena_cstr(&spoiled_arena, slice_from_cstr(name));
    check->name = arena_cstr(&spoiled_arena, SLICE("Do"));
    check->input_type = check->output_type = spoiled_method("DeleteDevice")->output_type;
    check->has_server_streaming = check->server_streaming = 1;
    service->method = arena_array(&spoiled_arena, 1, sizeof(*service->method));
    service->method[service->n_method++] = check;
    foreign->service = arena_array(&spoiled_arena, 1, sizeof(*foreign->service));
    foreign->service[foreign->n_service++] = service;
    spoiled_set->file[spoiled_set->n_file++] = foreign;
}

static void services_of_others_need_no_policy(void **state)
{
    const struct contract *contract = NULL;
    const struct method *other;
    const struct method *health;

    (void)state;
    add_foreign_service("someone.else", "Service");
    add_foreign_service("grpc.health.v9", "Probe");
    assert_true(status_is_ok(spoiled_load(&contract)));
    other = contract_method(contract, SLICE("/someone.else.Service/Do"));
    health = contract_method(contract, SLICE("/grpc.health.v9.Probe/Do"));
    assert_int_equal(other->access, ACCESS_AUTHENTICATED);
    assert_int_equal(health->access, ACCESS_PUBLIC);
    assert_true(other->server_streaming);
    assert_false(other->client_streaming);
    assert_int_equal(other->rule_count, 0);
}

static void access_may_stand_for_a_permission(void **state)
{
    Datastream__V1__MethodPolicy policy = policy_of("", "devices",
                                                    DATASTREAM__V1__OPERATION__VALUE__GET);
    const struct contract *contract = NULL;
    const struct method *get;

    (void)state;
    policy.access = DATASTREAM__V1__ACCESS__VALUE__AUTHENTICATED;
    set_policy("GetDevice", policy);
    assert_true(status_is_ok(spoiled_load(&contract)));
    get = contract_method(contract, SLICE("/datastream.v1.DeviceService/GetDevice"));
    assert_int_equal(get->access, ACCESS_AUTHENTICATED);
    assert_null(get->permission);
}

static void additional_bindings_are_rules(void **state)
{
    Google__Api__CustomHttpPattern pattern = GOOGLE__API__CUSTOM_HTTP_PATTERN__INIT;
    Google__Api__HttpRule more = GOOGLE__API__HTTP_RULE__INIT;
    Google__Api__HttpRule *bindings[] = {&more};
    Google__Api__HttpRule rule = get_rule();
    const struct contract *contract = NULL;
    const struct method *get;

    (void)state;
    pattern.kind = arena_cstr(&spoiled_arena, SLICE("*"));
    pattern.path = arena_cstr(&spoiled_arena, SLICE("/any/{id}"));
    more.pattern_case = GOOGLE__API__HTTP_RULE__PATTERN_CUSTOM;
    more.custom = &pattern;
    rule.n_additional_bindings = 1;
    rule.additional_bindings = bindings;
    rule.response_body = arena_cstr(&spoiled_arena, SLICE("tags"));
    set_http(rule);
    assert_true(status_is_ok(spoiled_load(&contract)));
    get = contract_method(contract, SLICE("/datastream.v1.DeviceService/GetDevice"));
    assert_int_equal(get->rule_count, 2);
    assert_string_equal(get->rules[0].response_body.data, "tags");
    assert_string_equal(get->rules[1].verb.data, "*");
    assert_string_equal(get->rules[1].template.data, "/any/{id}");
}

/* As protoc writes "option (x).a = 1; option (x).b = 2;". */
static void options_of_every_sort_may_come_in_parts(void **state)
{
    Datastream__V1__MethodPolicy policy[] = {
        policy_of("devices.read", "", DATASTREAM__V1__OPERATION__VALUE__CUSTOM),
        policy_of("", "devices", DATASTREAM__V1__OPERATION__VALUE__GET)};
    Datastream__V1__ResourceKind kind[] = {DATASTREAM__V1__RESOURCE_KIND__INIT,
                                           DATASTREAM__V1__RESOURCE_KIND__INIT};
    Google__Api__HttpRule more = get_rule();
    Google__Api__HttpRule *bindings[] = {&more};
    Google__Api__HttpRule http[] = {get_rule(), GOOGLE__API__HTTP_RULE__INIT};
    ProtobufCMessage *options = &spoiled_method("GetDevice")->options->base;
    const struct contract *contract = NULL;
    const struct method *get;

    (void)state;
    set_option(options, OPTION_METHOD_POLICY, &policy[0].base);
    add_option_bytes(options, OPTION_METHOD_POLICY, message_pack(&spoiled_arena, &policy[1].base));
    http[1].n_additional_bindings = 1;
    http[1].additional_bindings = bindings;
    set_option(options, OPTION_HTTP, &http[0].base);
    add_option_bytes(options, OPTION_HTTP, message_pack(&spoiled_arena, &http[1].base));
    kind[0].number = 11;
    kind[0].area = DATASTREAM__V1__AREA__VALUE__FLEET;
    kind[1].collection = arena_cstr(&spoiled_arena, SLICE("devices"));
    kind[1].singular = arena_cstr(&spoiled_arena, SLICE("device"));
    options = &spoiled_message("Device")->options->base;
    set_option(options, OPTION_RESOURCE, &kind[0].base);
    add_option_bytes(options, OPTION_RESOURCE, message_pack(&spoiled_arena, &kind[1].base));
    assert_true(status_is_ok(spoiled_load(&contract)));
    get = contract_method(contract, SLICE("/datastream.v1.DeviceService/GetDevice"));
    assert_string_equal(get->permission->name.data, "devices.read");
    assert_int_equal(get->operation, OPERATION_GET);
    assert_int_equal(get->kind->number, 11);
    assert_string_equal(get->kind->singular.data, "device");
    assert_int_equal(get->rule_count, 2);
    assert_string_equal(get->rules[0].verb.data, "GET");
    assert_string_equal(get->rules[1].verb.data, "GET");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_error_is_a_sentence_that_names_the_place),
        TEST(what_is_no_set_is_refused),
        TEST(behaviors_come_packed_or_not),
        TEST(services_of_others_need_no_policy),
        TEST(access_may_stand_for_a_permission),
        TEST(additional_bindings_are_rules),
        TEST(options_of_every_sort_may_come_in_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
