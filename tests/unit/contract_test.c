/* The contract as it is embedded, and descriptors against those of protoc-c. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/contract/contract_find.h"
#include "tests/support/shapes.h"

#define LIMIT ((size_t)64 << 20)

static struct arena arena;
static const struct contract *contract;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, NULL, LIMIT);
    contract = load_shapes(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void assert_slice(struct slice got, const char *wanted)
{
    if (!slice_equal(got, slice_from_cstr(wanted)))
        fail_msg("wanted \"%s\", got \"%.*s\"", wanted, SLICE_ARG(got));
}

static const struct message_type *message(const char *name)
{
    const struct message_type *type = contract_message(contract, slice_from_cstr(name));

    if (type == NULL)
        fail_msg("no message %s", name);
    return type;
}

static const struct field *field_of(const char *type, const char *name)
{
    const struct field *field = message_field_by_proto_name(message(type), slice_from_cstr(name));

    if (field == NULL)
        fail_msg("no field %s.%s", type, name);
    return field;
}

static const struct method *method(const char *path)
{
    const struct method *found = contract_method(contract, slice_from_cstr(path));

    if (found == NULL)
        fail_msg("no method %s", path);
    return found;
}

/* -- the whole of it */

static void the_embedded_contract_has_no_error(void **state)
{
    const struct contract *loaded = NULL;
    struct arena own;
    struct status status;

    (void)state;
    arena_init(&own, NULL, LIMIT);
    status = contract_load(embedded_contract(), &own, &loaded);
    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
    assert_non_null(loaded);
    arena_done(&own);
}

static void the_set_for_reflection_is_the_same_without_comments(void **state)
{
    const struct contract *bare = NULL;
    struct arena own;

    (void)state;
    arena_init(&own, NULL, LIMIT);
    assert_true(embedded_reflection().len < embedded_contract().len);
    assert_true(status_is_ok(contract_load(embedded_reflection(), &own, &bare)));
    assert_int_equal(bare->method_count, contract->method_count);
    for (size_t i = 0; i < bare->method_count; i++) {
        assert_true(slice_equal(bare->methods[i]->path, contract->methods[i]->path));
        assert_int_equal(bare->methods[i]->comment.len, 0);
    }
    arena_done(&own);
}

static void messages_are_sorted_and_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < contract->message_count; i++) {
        const struct message_type *type = contract->messages[i];

        if (i > 0)
            assert_true(slice_compare(contract->messages[i - 1]->full_name, type->full_name) < 0);
        assert_ptr_equal(contract_message(contract, type->full_name), type);
        assert_int_equal(type->field_count, type->pb->n_fields);
        for (size_t j = 0; j < type->field_count; j++) {
            const struct field *field = &type->fields[j];

            assert_ptr_equal(field->pb, &type->pb->fields[j]);
            assert_int_equal(field->index, j);
            assert_int_equal(field->number, field->pb->id);
            assert_string_equal(field->name.data, field->pb->name);
            assert_ptr_equal(field->parent, type);
            assert_ptr_equal(message_field_by_number(type, field->number), field);
            assert_ptr_equal(message_field_by_name(type, field->name), field);
            assert_ptr_equal(message_field_by_name(type, field->json_name), field);
            assert_ptr_equal(message_field_by_proto_name(type, field->name), field);
            assert_int_equal(field->message != NULL, field->pb->type == PROTOBUF_C_TYPE_MESSAGE);
            assert_int_equal(field->enumeration != NULL, field->pb->type == PROTOBUF_C_TYPE_ENUM);
            if (field->message != NULL)
                assert_ptr_equal(field->message->pb, field->pb->descriptor);
        }
    }
}

static void what_does_not_exist_is_not_found(void **state)
{
    const struct message_type *device = message("datastream.v1.Device");

    (void)state;
    assert_null(contract_message(contract, SLICE("datastream.v1.Nothing")));
    assert_null(contract_message(contract, SLICE(".datastream.v1.Device")));
    assert_null(contract_method(contract, SLICE("/datastream.v1.DeviceService/Nothing")));
    assert_null(contract_method(contract, SLICE_EMPTY));
    assert_null(contract_kind(contract, SLICE("nothings")));
    assert_null(contract_kind_by_number(contract, 0));
    assert_null(contract_permission(contract, SLICE("devices")));
    assert_null(message_field_by_number(device, 0));
    assert_null(message_field_by_number(device, 19000));
    assert_null(message_field_by_number(device, UINT32_MAX));
    assert_null(message_field_by_name(device, SLICE("nothing")));
    assert_null(message_field_by_proto_name(device, SLICE("createTime")));
}

static void every_method_is_found_by_its_path(void **state)
{
    (void)state;
    assert_true(contract->method_count > 20);
    for (size_t i = 0; i < contract->method_count; i++) {
        assert_ptr_equal(contract_method(contract, contract->methods[i]->path),
                         contract->methods[i]);
        assert_int_equal(contract->methods[i]->index, i);
    }
}

/* -- descriptors */

static void what_protoc_c_compiled_is_used(void **state)
{
    size_t used = 0;

    (void)state;
    for (size_t i = 0; contract__compiled[i] != NULL; i++) {
        const struct message_type *type = contract_message(
            contract, slice_from_cstr(contract__compiled[i]->name));

        if (type == NULL)
            fail_msg("%s is compiled, but not in the set", contract__compiled[i]->name);
        assert_ptr_equal(type->pb, contract__compiled[i]);
        used++;
    }
    assert_true(used > 80);
    assert_ptr_equal(message("google.protobuf.FileDescriptorSet")->pb,
                     &google__protobuf__file_descriptor_set__descriptor);
    assert_null(message("datastream.v1.Device")->pb->message_init);
}

static void assert_same_field(const char *type, const ProtobufCFieldDescriptor *made,
                              const ProtobufCFieldDescriptor *theirs, bool proto3)
{
    bool in_union = (theirs->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;

    if (strcmp(made->name, theirs->name) != 0 || made->id != theirs->id ||
        made->label != theirs->label || made->type != theirs->type ||
        made->quantifier_offset != theirs->quantifier_offset || made->offset != theirs->offset ||
        made->flags != theirs->flags)
        fail_msg("%s.%s: label %d %d, quantifier %u %u, offset %u %u, flags %u %u", type,
                 theirs->name, made->label, theirs->label, made->quantifier_offset,
                 theirs->quantifier_offset, made->offset, theirs->offset, made->flags,
                 theirs->flags);
    assert_int_equal(made->descriptor == NULL, theirs->descriptor == NULL);
    /* Defaults in unions are left out on purpose, and those of proto2 are not read. */
    if (proto3 && !in_union && theirs->label != PROTOBUF_C_LABEL_REPEATED)
        assert_ptr_equal(made->default_value, theirs->default_value);
}

static void made_descriptors_are_those_of_protoc_c(void **state)
{
    const struct contract *dynamic = NULL;
    struct arena own;
    size_t unions = 0;

    (void)state;
    arena_init(&own, NULL, LIMIT);
    assert_true(status_is_ok(contract__load(embedded_contract(), &own, false, &dynamic)));
    for (size_t i = 0; contract__compiled[i] != NULL; i++) {
        const ProtobufCMessageDescriptor *theirs = contract__compiled[i];
        const ProtobufCMessageDescriptor *made =
            contract_message(dynamic, slice_from_cstr(theirs->name))->pb;
        bool proto3 = strncmp(theirs->name, "buf.", 4) != 0 &&
                      strcmp(theirs->package_name, "google.protobuf") != 0;

        assert_ptr_not_equal(made, theirs);
        assert_int_equal(made->magic, theirs->magic);
        assert_string_equal(made->name, theirs->name);
        assert_string_equal(made->package_name, theirs->package_name);
        assert_int_equal(made->sizeof_message, theirs->sizeof_message);
        assert_int_equal(made->n_fields, theirs->n_fields);
        assert_int_equal(made->n_field_ranges, theirs->n_field_ranges);
        for (unsigned j = 0; j < theirs->n_fields; j++) {
            assert_same_field(theirs->name, &made->fields[j], &theirs->fields[j], proto3);
            assert_int_equal(made->fields_sorted_by_name[j], theirs->fields_sorted_by_name[j]);
            unions += (theirs->fields[j].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        }
        for (unsigned j = 0; theirs->n_fields > 0 && j <= theirs->n_field_ranges; j++) {
            assert_int_equal(made->field_ranges[j].start_value,
                             theirs->field_ranges[j].start_value);
            assert_int_equal(made->field_ranges[j].orig_index, theirs->field_ranges[j].orig_index);
        }
    }
    assert_true(unions > 10);
    arena_done(&own);
}

static void assert_same_enum(const ProtobufCEnumDescriptor *made,
                             const ProtobufCEnumDescriptor *theirs)
{
    assert_string_equal(made->name, theirs->name);
    assert_int_equal(made->n_values, theirs->n_values);
    assert_int_equal(made->n_value_names, theirs->n_value_names);
    assert_int_equal(made->n_value_ranges, theirs->n_value_ranges);
    for (unsigned i = 0; i < theirs->n_values; i++) {
        assert_string_equal(made->values[i].name, theirs->values[i].name);
        assert_int_equal(made->values[i].value, theirs->values[i].value);
    }
    for (unsigned i = 0; i < theirs->n_value_names; i++) {
        assert_string_equal(made->values_by_name[i].name, theirs->values_by_name[i].name);
        assert_int_equal(made->values_by_name[i].index, theirs->values_by_name[i].index);
    }
}

static void made_enums_are_those_of_protoc_c(void **state)
{
    const struct contract *dynamic = NULL;
    struct arena own;
    size_t compared = 0;

    (void)state;
    arena_init(&own, NULL, LIMIT);
    assert_true(status_is_ok(contract__load(embedded_contract(), &own, false, &dynamic)));
    for (size_t i = 0; contract__compiled[i] != NULL; i++) {
        const ProtobufCMessageDescriptor *theirs = contract__compiled[i];
        const struct message_type *made = contract_message(dynamic, slice_from_cstr(theirs->name));

        for (unsigned j = 0; j < theirs->n_fields; j++) {
            if (theirs->fields[j].type != PROTOBUF_C_TYPE_ENUM)
                continue;
            assert_same_enum(made->fields[j].pb->descriptor, theirs->fields[j].descriptor);
            compared++;
        }
    }
    assert_true(compared > 5);
    arena_done(&own);
}

static void enums_with_aliases_are_searched_by_protobuf_c(void **state)
{
    const struct field *color = field_of("shapes.Shape", "plain_enum");
    const ProtobufCEnumDescriptor *made = color->pb->descriptor;
    const struct enum_type *type = color->enumeration;

    (void)state;
    assert_int_equal(made->n_values, 4);
    assert_int_equal(made->n_value_names, 5);
    assert_int_equal(protobuf_c_enum_descriptor_get_value_by_name(made, "VERDE")->value, 5);
    assert_int_equal(protobuf_c_enum_descriptor_get_value_by_name(made, "BLUE")->value, -1);
    assert_null(protobuf_c_enum_descriptor_get_value_by_name(made, "PINK"));
    assert_string_equal(protobuf_c_enum_descriptor_get_value(made, 5)->name, "GREEN");
    assert_string_equal(protobuf_c_enum_descriptor_get_value(made, 6)->name, "AZURE");
    assert_null(protobuf_c_enum_descriptor_get_value(made, 4));
    assert_slice(enum_value_by_number(type, 5)->name, "GREEN");
    assert_int_equal(enum_value_by_name(type, SLICE("VERDE"))->number, 5);
    assert_null(enum_value_by_name(type, SLICE("VERD")));
    assert_null(enum_value_by_number(type, 7));
    assert_int_equal(type->value_count, 5);
}

static void fields_are_searched_by_protobuf_c(void **state)
{
    const struct message_type *shape = find_shape(contract);

    (void)state;
    for (size_t i = 0; i < shape->field_count; i++) {
        assert_ptr_equal(
            protobuf_c_message_descriptor_get_field_by_name(shape->pb, shape->pb->fields[i].name),
            &shape->pb->fields[i]);
        assert_ptr_equal(
            protobuf_c_message_descriptor_get_field(shape->pb, shape->pb->fields[i].id),
            &shape->pb->fields[i]);
    }
    assert_null(protobuf_c_message_descriptor_get_field(shape->pb, 40));
}

/* -- types */

static void names_that_json_needs_are_there(void **state)
{
    const struct message_type *device = message("datastream.v1.Device");
    const struct message_type *shape = find_shape(contract);

    (void)state;
    assert_slice(field_of("datastream.v1.Device", "create_time")->json_name, "createTime");
    assert_slice(device->declared[0]->name, "id");
    assert_slice(shape->declared[0]->name, "choice_double");
    /* A set without json_name. */
    assert_slice(field_of("shapes.Shape", "text_to_shape")->json_name, "textToShape");
    for (size_t i = 1; i < device->by_name_count; i++) {
        struct slice before = device->by_name[i - 1].name;
        struct slice name = device->by_name[i].name;

        assert_true(before.len < name.len ||
                    (before.len == name.len && slice_compare(before, name) < 0));
    }
}

static void presence_is_that_of_the_language(void **state)
{
    static const struct {
        const char *type;
        const char *name;
        bool presence, keyword, member, repeated, map;
    } cases[] = {
        {"datastream.v1.Device", "name", false, false, false, false, false},
        {"datastream.v1.Device", "create_time", true, false, false, false, false},
        {"datastream.v1.Device", "syslog", true, false, true, false, false},
        {"datastream.v1.Device", "labels", false, false, false, true, true},
        {"datastream.v1.Device", "tags", false, false, false, true, false},
        {"datastream.v1.SyslogDevice", "port", true, true, false, false, false},
        {"datastream.v1.SyslogDevice", "address", true, true, false, false, false},
        {"shapes.Shape", "optional_message", true, true, false, false, false},
        {"shapes.Shape", "choice_int32", true, false, true, false, false},
        {"google.protobuf.FieldOptions", "packed", true, false, false, false, false},
    };
    const struct message_type *shape = find_shape(contract);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct field *field = field_of(cases[i].type, cases[i].name);

        if (field->has_presence != cases[i].presence ||
            field->optional_keyword != cases[i].keyword || field->oneof_member != cases[i].member ||
            field->repeated != cases[i].repeated || field->map != cases[i].map)
            fail_msg("%s.%s", cases[i].type, cases[i].name);
    }
    /* `optional` is no oneof. */
    assert_int_equal(shape->oneof_count, 1);
    assert_slice(shape->oneofs[0].name, "choice");
    assert_int_equal(shape->oneofs[0].field_count, SHAPE_TYPES);
    assert_int_equal(shape->oneofs[0].case_offset,
                     shape_field(shape, CHOICE)->pb->quantifier_offset);
    assert_true(field_of("datastream.v1.Device", "labels")->message->map_entry);
}

static void well_known_types_are_known(void **state)
{
    (void)state;
    assert_int_equal(message("google.protobuf.Timestamp")->well_known, WELL_KNOWN_TIMESTAMP);
    assert_int_equal(message("google.protobuf.Struct")->well_known, WELL_KNOWN_STRUCT);
    assert_int_equal(message("google.protobuf.BytesValue")->well_known, WELL_KNOWN_WRAPPER);
    assert_int_equal(message("google.api.HttpBody")->well_known, WELL_KNOWN_HTTP_BODY);
    assert_int_equal(message("datastream.v1.Device")->well_known, WELL_KNOWN_NONE);
    assert_true(field_of("google.protobuf.Value", "null_value")->enumeration->is_null_value);
    assert_false(field_of("datastream.v1.Device", "status")->enumeration->is_null_value);
}

static void comments_are_those_of_the_files(void **state)
{
    const struct message_type *token = message("datastream.v1.ApiToken");
    const struct enum_type *status = field_of("datastream.v1.ApiToken", "status")->enumeration;
    const struct method *create = method("/datastream.v1.ApiTokenService/CreateApiToken");

    (void)state;
    assert_slice(token->comment, "A bearer credential that carries the permissions of one role.");
    assert_slice(field_of("datastream.v1.ApiToken", "role_name")->comment, "The role's name.");
    assert_slice(field_of("datastream.storage.v1.AuditRecord", "time_ms")->comment, "");
    assert_slice(enum_value_by_name(status, SLICE("EXPIRED"))->comment,
                 "The expireTime has passed; EXPIRED takes precedence over DISABLED.");
    assert_true(slice_starts_with(message("datastream.v1.Device")->oneofs[0].comment,
                                  SLICE("How the data arrives. ")));
    assert_true(slice_starts_with(create->comment, SLICE("Creates an API token. ")));
    assert_true(slice_find(create->comment, '\n') < create->comment.len);
    assert_true(
        slice_starts_with(create->service->comment, SLICE("Creates and governs API tokens.")));
    /* No line keeps the blank behind its slashes. */
    for (size_t i = 0; i + 1 < create->comment.len; i++)
        assert_false(create->comment.data[i] == '\n' && create->comment.data[i + 1] == ' ');
}

/* -- kinds, permissions, methods */

static void kinds_know_their_envelope(void **state)
{
    const struct kind *devices = contract_kind(contract, SLICE("devices"));

    (void)state;
    assert_non_null(devices);
    assert_int_equal(devices->number, 11);
    assert_slice(devices->singular, "device");
    assert_int_equal(devices->area, AREA_FLEET);
    assert_ptr_equal(devices->message, message("datastream.v1.Device"));
    assert_ptr_equal(devices->message->kind, devices);
    assert_ptr_equal(devices->id, field_of("datastream.v1.Device", "id"));
    assert_ptr_equal(devices->etag, field_of("datastream.v1.Device", "etag"));
    assert_ptr_equal(devices->labels, field_of("datastream.v1.Device", "labels"));
    assert_null(contract_kind(contract, SLICE("roles"))->labels);
    assert_ptr_equal(contract_kind_by_number(contract, 11), devices);
    assert_slice(devices->permissions[VERB_EDIT]->name, "devices.edit");
    for (size_t i = 1; i < contract->kind_count; i++)
        assert_true(contract->kinds[i - 1]->number < contract->kinds[i]->number);
}

static void kinds_know_their_actions(void **state)
{
    const struct kind *devices = contract_kind(contract, SLICE("devices"));

    (void)state;
    assert_int_equal(devices->action_count, 2);
    for (size_t i = 0; i < devices->action_count; i++)
        assert_non_null(devices->actions[i]->written->value);
    assert_int_equal(contract_kind(contract, SLICE("api-tokens"))->action_count, 0);
}

static void permissions_are_interned_by_name(void **state)
{
    const struct permission *audit = contract_permission(contract, SLICE("audit.read"));
    const struct permission *check = contract_permission(contract, SLICE("authorization.check"));
    const struct permission *tokens = contract_permission(contract, SLICE("api-tokens.create"));
    struct permission_set set = {{0}};
    struct permission_set all = {{0}};

    (void)state;
    for (size_t i = 0; i < contract->permission_count; i++) {
        const struct permission *permission = &contract->permissions[i];

        assert_int_equal(permission->bit, i);
        assert_true(permission->description.len > 0);
        assert_ptr_equal(contract_permission(contract, permission->name), permission);
        if (i > 0)
            assert_true(slice_compare(permission[-1].name, permission->name) < 0);
        permission_set_add(&all, permission->bit);
    }
    assert_int_equal(audit->verb, VERB_READ);
    assert_int_equal(audit->area, AREA_AUDIT);
    assert_null(audit->kind);
    assert_int_equal(check->verb, VERB_OTHER);
    assert_slice(tokens->description, "Create API tokens.");
    assert_ptr_equal(tokens->kind, contract_kind(contract, SLICE("api-tokens")));
    permission_set_add(&set, tokens->bit);
    assert_true(permission_set_has(&set, tokens->bit));
    assert_false(permission_set_has(&set, audit->bit));
    assert_true(permission_set_within(&set, &all));
    assert_false(permission_set_within(&all, &set));
}

static void methods_know_their_policy_and_shape(void **state)
{
    const struct method *create = method("/datastream.v1.DeviceService/CreateDevice");
    const struct method *list = method("/datastream.v1.DeviceService/ListDevices");
    const struct method *update = method("/datastream.v1.DeviceService/UpdateDevice");
    const struct method *disable = method("/datastream.v1.ApiTokenService/DisableApiToken");
    const struct method *logs = method("/datastream.v1.ApiTokenService/ListApiTokenActivityLogs");

    (void)state;
    assert_slice(create->full_name, "datastream.v1.DeviceService.CreateDevice");
    assert_slice(create->name, "CreateDevice");
    assert_slice(create->service->full_name, "datastream.v1.DeviceService");
    assert_int_equal(create->access, ACCESS_PERMISSION);
    assert_slice(create->permission->name, "devices.create");
    assert_int_equal(create->operation, OPERATION_CREATE);
    assert_slice(create->resource->name, "device");
    assert_slice(create->validate_only->name, "validate_only");
    assert_null(create->update_mask);
    assert_ptr_equal(create->output, create->kind->message);
    assert_slice(list->items->name, "devices");
    assert_slice(list->page_size->name, "page_size");
    assert_slice(list->page_token->name, "page_token");
    assert_slice(list->next_page_token->name, "next_page_token");
    assert_slice(list->total_size->name, "total_size");
    assert_slice(update->update_mask->name, "update_mask");
    assert_slice(method("/datastream.v1.DeviceService/DeleteDevice")->id->name, "id");
    assert_true(disable->allow_self);
    assert_int_equal(disable->operation, OPERATION_CUSTOM);
    assert_null(logs->items);
    assert_non_null(logs->page_size);
}

static void http_rules_are_read(void **state)
{
    const struct method *create = method("/datastream.v1.DeviceService/CreateDevice");
    const struct method *update = method("/datastream.v1.DeviceService/UpdateDevice");

    (void)state;
    assert_int_equal(create->rule_count, 1);
    assert_slice(create->rules[0].verb, "POST");
    assert_slice(create->rules[0].template, "/api/v1/devices");
    assert_slice(create->rules[0].body, "device");
    assert_slice(update->rules[0].verb, "PATCH");
    assert_slice(update->rules[0].template, "/api/v1/devices/{device.id}");
    assert_int_equal(update->rules[0].response_body.len, 0);
}

static void fields_know_their_behavior_and_policy(void **state)
{
    (void)state;
    assert_true(field_of("datastream.v1.Device", "id")->output_only);
    assert_true(field_of("datastream.v1.Device", "name")->required);
    assert_true(field_of("datastream.v1.ApiToken", "expire_time")->immutable);
    assert_true(field_of("datastream.v1.ApiToken", "expiration")->input_only);
    assert_true(field_of("datastream.v1.ApiToken", "status")->computed);
    assert_false(field_of("datastream.v1.ApiToken", "name")->computed);
    assert_ptr_equal(field_of("datastream.v1.Device", "director_ids")->reference,
                     contract_kind(contract, SLICE("directors")));
    assert_null(field_of("datastream.v1.Device", "name")->reference);
}

static void messages_have_the_traits_of_what_is_in_them(void **state)
{
    static const struct {
        const char *message;
        unsigned has;
        unsigned lacks;
    } cases[] = {
        {"datastream.v1.Device", TRAIT_OUTPUT_ONLY | TRAIT_REFERENCE | TRAIT_TEXT | TRAIT_FILLED,
         TRAIT_INPUT_ONLY},
        {"datastream.v1.Target", TRAIT_SECRET | TRAIT_TOGETHER, TRAIT_INPUT_ONLY},
        {"datastream.v1.User", TRAIT_INPUT_ONLY, TRAIT_SECRET},
        {"google.protobuf.Struct", TRAIT_TEXT, ~(unsigned)TRAIT_TEXT}, /* holds itself */
        {"google.protobuf.Timestamp", 0, ~0U},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned traits = message(cases[i].message)->traits;

        if ((traits & cases[i].has) != cases[i].has || (traits & cases[i].lacks) != 0)
            fail_msg("%s: has 0x%x, wanted 0x%x and none of 0x%x", cases[i].message, traits,
                     cases[i].has, cases[i].lacks);
    }
    assert_int_equal(field_of("datastream.v1.Device", "id")->traits, TRAIT_OUTPUT_ONLY);
}

static void rules_are_unfolded(void **state)
{
    const struct rules *name = field_of("datastream.v1.Device", "name")->rules;
    const struct rules *labels = field_of("datastream.v1.Device", "labels")->rules;
    const struct rules *tags = field_of("datastream.v1.Device", "tags")->rules;
    const struct rules *port = field_of("datastream.v1.SyslogDevice", "port")->rules;

    (void)state;
    assert_true(name->has_length);
    assert_int_equal(name->min_length, 3);
    assert_int_equal(name->max_length, 128);
    assert_false(name->has_range);
    /* Written in parts: (buf.validate.field).string.max_len = 500. */
    assert_int_equal(field_of("datastream.v1.Device", "description")->rules->max_length, 500);
    assert_true(labels->has_item_count);
    assert_int_equal(labels->max_items, 64);
    assert_int_equal(labels->keys->min_length, 1);
    assert_int_equal(labels->items->max_length, 255);
    assert_true(tags->unique);
    assert_int_equal(tags->items->max_length, 64);
    assert_true(port->has_range);
    assert_int_equal(port->least, 1);
    assert_int_equal(port->most, 65535);
    assert_true(field_of("datastream.v1.SyslogDevice", "address")->rules->ip);
    assert_slice(field_of("datastream.v1.HttpDevice", "url")->rules->prefix, "/");
    assert_true(field_of("datastream.v1.Device", "status")->rules->defined_only);
    assert_true(field_of("datastream.v1.ApiToken", "allowed_cidrs")->rules->items->cidr);
    assert_null(field_of("datastream.v1.Device", "etag")->rules);
}

#ifdef DATASTREAM_FAULTS
static void every_allocation_may_fail(void **state)
{
    unsigned long made = ULONG_MAX;

    (void)state;
    /* Each of the first, then a sample: a load is thousands of allocations. */
    for (unsigned long number = 1; number <= made; number += number < 100 ? 1 : 61) {
        const struct contract *loaded = NULL;
        struct status status;
        struct arena own;

        arena_init(&own, NULL, LIMIT);
        arena_fault_set(number, number % 2 == 0);
        status = contract_load(embedded_contract(), &own, &loaded);
        if (made == ULONG_MAX && arena_fault_count() < number)
            made = number;
        arena_fault_set(0, false);
        if (number < made && (status.code != STATUS_RESOURCE_EXHAUSTED || loaded != NULL))
            fail_msg("allocation %lu failed: status %d", number, status.code);
        arena_done(&own);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_embedded_contract_has_no_error),
        cmocka_unit_test(the_set_for_reflection_is_the_same_without_comments),
        cmocka_unit_test(messages_are_sorted_and_found),
        cmocka_unit_test(what_does_not_exist_is_not_found),
        cmocka_unit_test(every_method_is_found_by_its_path),
        cmocka_unit_test(what_protoc_c_compiled_is_used),
        cmocka_unit_test(made_descriptors_are_those_of_protoc_c),
        cmocka_unit_test(made_enums_are_those_of_protoc_c),
        cmocka_unit_test(enums_with_aliases_are_searched_by_protobuf_c),
        cmocka_unit_test(fields_are_searched_by_protobuf_c),
        cmocka_unit_test(names_that_json_needs_are_there),
        cmocka_unit_test(presence_is_that_of_the_language),
        cmocka_unit_test(well_known_types_are_known),
        cmocka_unit_test(comments_are_those_of_the_files),
        cmocka_unit_test(kinds_know_their_envelope),
        cmocka_unit_test(kinds_know_their_actions),
        cmocka_unit_test(permissions_are_interned_by_name),
        cmocka_unit_test(methods_know_their_policy_and_shape),
        cmocka_unit_test(http_rules_are_read),
        cmocka_unit_test(fields_know_their_behavior_and_policy),
        cmocka_unit_test(messages_have_the_traits_of_what_is_in_them),
        cmocka_unit_test(rules_are_unfolded),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
