/*
 * The standard shapes of requests and responses (AIP-131 to AIP-135): which field is the resource,
 * the id, the mask, the page.
 */
#include "proto/contract/contract_shape.h"

#include <assert.h>

#include "proto/contract/contract_build.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/contract_internal.h"

static const struct field *singular_of_type(const struct message_type *message,
                                            const struct message_type *type)
{
    for (size_t i = 0; i < message->field_count; i++)
        if (message->fields[i].message == type && !message->fields[i].repeated)
            return &message->fields[i];
    return NULL;
}

static const struct field *repeated_of_type(const struct message_type *message,
                                            const struct message_type *type)
{
    for (size_t i = 0; i < message->field_count; i++)
        if (message->fields[i].message == type && message->fields[i].repeated)
            return &message->fields[i];
    return NULL;
}

/* A singular field of that name and type. */
static const struct field *named(const struct message_type *message, struct slice name,
                                 ProtobufCType type)
{
    const struct field *field = message_field_by_proto_name(message, name);

    return field != NULL && !field->repeated && field->pb->type == type ? field : NULL;
}

static const struct field *mask_of(const struct message_type *message, struct slice name)
{
    const struct field *field = named(message, name, PROTOBUF_C_TYPE_MESSAGE);

    return field != NULL && field->message->well_known == WELL_KNOWN_FIELD_MASK ? field : NULL;
}

/* One thing that an operation needs. */
struct need {
    bool there;
    const char *what;
};

static struct status check_needs(const struct build *build, const struct method *method,
                                 const char *operation, const struct need *needs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!needs[i].there)
            return contract__error(build, "%.*s is a %s operation, but %s.",
                                   SLICE_ARG(method->full_name), operation, needs[i].what);
    return status_ok();
}

static const char *const operation_names[OPERATIONS] = {
    [OPERATION_CUSTOM] = "CUSTOM",
    [OPERATION_CREATE] = "CREATE",
    [OPERATION_GET] = "GET",
    [OPERATION_LIST] = "LIST",
    [OPERATION_UPDATE] = "UPDATE",
    [OPERATION_DELETE] = "DELETE",
    [OPERATION_SET] = "SET",
    [OPERATION_CLONE] = "CLONE",
    [OPERATION_REGENERATE] = "REGENERATE",
    [OPERATION_BATCH_GET] = "BATCH_GET",
    [OPERATION_BATCH_DELETE] = "BATCH_DELETE",
    [OPERATION_LIST_ACTIVITY] = "LIST_ACTIVITY",
    [OPERATION_USAGE] = "USAGE",
};

/* What an operation needs, beside a kind with an id. */
enum need_bit {
    NEED_RESOURCE = 1 << 0,
    NEED_MASK = 1 << 1,
    NEED_ID = 1 << 2,
    NEED_NAME = 1 << 3,
    NEED_IDS = 1 << 4,
    NEED_PAGE = 1 << 5,
    NEED_ITEMS = 1 << 6,
    NEED_LINES = 1 << 7,
    NEED_NEXT = 1 << 8,
    ANSWERS_RESOURCE = 1 << 9,
    ANSWERS_USAGE = 1 << 10,
};

static const unsigned operation_needs[OPERATIONS] = {
    [OPERATION_CREATE] = NEED_RESOURCE | ANSWERS_RESOURCE,
    [OPERATION_GET] = NEED_ID | ANSWERS_RESOURCE,
    [OPERATION_LIST] = NEED_PAGE | NEED_ITEMS | NEED_NEXT,
    [OPERATION_UPDATE] = NEED_RESOURCE | NEED_MASK | ANSWERS_RESOURCE,
    [OPERATION_DELETE] = NEED_ID,
    [OPERATION_SET] = NEED_ID | ANSWERS_RESOURCE,
    [OPERATION_CLONE] = NEED_ID | NEED_NAME | ANSWERS_RESOURCE,
    [OPERATION_REGENERATE] = NEED_ID | ANSWERS_RESOURCE,
    [OPERATION_BATCH_GET] = NEED_IDS | NEED_ITEMS,
    [OPERATION_BATCH_DELETE] = NEED_IDS,
    [OPERATION_LIST_ACTIVITY] = NEED_ID | NEED_PAGE | NEED_LINES | NEED_NEXT,
    [OPERATION_USAGE] = NEED_ID | NEED_PAGE | NEED_NEXT | ANSWERS_USAGE,
};

static bool is_named(const struct message_type *type, const char *name)
{
    return slice_equal(type->full_name, slice_from_cstr(name));
}

static struct status check_operation(const struct build *build, const struct method *method)
{
    unsigned need = operation_needs[method->operation];
    const struct message_type *resource = method->kind == NULL ? NULL : method->kind->message;
    const struct need needs[] = {
        {method->kind != NULL, "names no kind"},
        {resource == NULL || method->kind->id != NULL, "its resource has no field \"id\""},
        {!method->client_streaming && !method->server_streaming, "it streams"},
        {(need & NEED_RESOURCE) == 0 || method->resource != NULL,
         "its request has no field of the resource's type"},
        {(need & NEED_MASK) == 0 || method->update_mask != NULL,
         "its request has no google.protobuf.FieldMask \"update_mask\""},
        {(need & NEED_ID) == 0 || method->id != NULL, "its request has no string \"id\""},
        {(need & NEED_NAME) == 0 || method->new_name != NULL, "its request has no string \"name\""},
        {(need & NEED_NAME) == 0 || resource == NULL || method->kind->name != NULL,
         "its resource has no field \"name\""},
        {(need & NEED_IDS) == 0 || method->ids != NULL,
         "its request has no repeated string \"ids\""},
        {(need & NEED_PAGE) == 0 || method->page_size != NULL,
         "its request has no int32 \"page_size\""},
        {(need & NEED_PAGE) == 0 || method->page_token != NULL,
         "its request has no string \"page_token\""},
        {(need & NEED_ITEMS) == 0 || method->items != NULL,
         "its response has no repeated field of the resource's type"},
        {(need & NEED_LINES) == 0 || method->items != NULL,
         "its response has no repeated datastream.v1.ActivityLog"},
        {(need & NEED_NEXT) == 0 || method->next_page_token != NULL,
         "its response has no string \"next_page_token\""},
        {(need & ANSWERS_RESOURCE) == 0 || method->output == resource,
         "its response is not the resource"},
        {(need & ANSWERS_USAGE) == 0 || is_named(method->output, "datastream.v1.Usage"),
         "its response is not datastream.v1.Usage"},
    };

    assert(method->operation < OPERATIONS && operation_names[method->operation] != NULL);
    return check_needs(build, method, operation_names[method->operation], needs,
                       sizeof(needs) / sizeof(needs[0]));
}

/* The items of a page: resources, or lines of an activity log. */
static const struct field *items_of(const struct method *method)
{
    const struct message_type *output = method->output;

    if (method->operation != OPERATION_LIST_ACTIVITY)
        return repeated_of_type(output, method->kind->message);
    for (size_t i = 0; i < output->field_count; i++)
        if (output->fields[i].repeated && output->fields[i].message != NULL &&
            is_named(output->fields[i].message, "datastream.v1.ActivityLog"))
            return &output->fields[i];
    return NULL;
}

static const struct field *ids_of(const struct message_type *input)
{
    const struct field *field = message_field_by_proto_name(input, SLICE("ids"));

    return field != NULL && field->repeated && field->pb->type == PROTOBUF_C_TYPE_STRING ? field
                                                                                         : NULL;
}

struct status contract__build_shape(const struct build *build, struct method *method)
{
    const struct message_type *input = method->input;
    const struct message_type *output = method->output;

    if (method->kind != NULL) {
        method->resource = singular_of_type(input, method->kind->message);
        method->items = items_of(method);
    } else if (mask_of(input, SLICE("update_mask")) != NULL) {
        method->resource = singular_of_type(input, output);
    }
    method->id = named(input, SLICE("id"), PROTOBUF_C_TYPE_STRING);
    method->new_name = named(input, SLICE("name"), PROTOBUF_C_TYPE_STRING);
    method->ids = ids_of(input);
    method->update_mask = mask_of(input, SLICE("update_mask"));
    method->validate_only = named(input, SLICE("validate_only"), PROTOBUF_C_TYPE_BOOL);
    method->page_size = named(input, SLICE("page_size"), PROTOBUF_C_TYPE_INT32);
    method->page_token = named(input, SLICE("page_token"), PROTOBUF_C_TYPE_STRING);
    method->filter = named(input, SLICE("filter"), PROTOBUF_C_TYPE_STRING);
    method->order_by = named(input, SLICE("order_by"), PROTOBUF_C_TYPE_STRING);
    method->read_mask = mask_of(input, SLICE("read_mask"));
    method->next_page_token = named(output, SLICE("next_page_token"), PROTOBUF_C_TYPE_STRING);
    method->total_size = named(output, SLICE("total_size"), PROTOBUF_C_TYPE_INT32);
    method->revision = named(output, SLICE("revision"), PROTOBUF_C_TYPE_UINT64);
    if (method->operation == OPERATION_CUSTOM)
        return status_ok();
    return check_operation(build, method);
}
