/*
 * The standard shapes of requests and responses (AIP-131 to AIP-135): which field is the resource,
 * the id, the mask, the page.
 */
#include "proto/contract/contract_private.h"

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

static const struct field *mask_of(const struct message_type *message)
{
    const struct field *field = named(message, SLICE("update_mask"), PROTOBUF_C_TYPE_MESSAGE);

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

static const char *const operation_names[] = {
    [OPERATION_CUSTOM] = "CUSTOM", [OPERATION_CREATE] = "CREATE", [OPERATION_GET] = "GET",
    [OPERATION_LIST] = "LIST",     [OPERATION_UPDATE] = "UPDATE", [OPERATION_DELETE] = "DELETE",
};

static struct status check_operation(const struct build *build, const struct method *method)
{
    bool is_create = method->operation == OPERATION_CREATE;
    bool is_update = method->operation == OPERATION_UPDATE;
    bool is_list = method->operation == OPERATION_LIST;
    bool is_get = method->operation == OPERATION_GET;
    bool is_delete = method->operation == OPERATION_DELETE;
    const struct message_type *resource = method->kind == NULL ? NULL : method->kind->message;
    const struct need needs[] = {
        {method->kind != NULL, "names no kind"},
        {resource == NULL || method->kind->id != NULL, "its resource has no field \"id\""},
        {!method->client_streaming && !method->server_streaming, "it streams"},
        {!(is_create || is_update) || method->resource != NULL,
         "its request has no field of the resource's type"},
        {!is_update || method->update_mask != NULL,
         "its request has no google.protobuf.FieldMask \"update_mask\""},
        {!(is_get || is_delete) || method->id != NULL, "its request has no string \"id\""},
        {!is_list || method->page_size != NULL, "its request has no int32 \"page_size\""},
        {!is_list || method->page_token != NULL, "its request has no string \"page_token\""},
        {!is_list || method->items != NULL,
         "its response has no repeated field of the resource's type"},
        {!is_list || method->next_page_token != NULL,
         "its response has no string \"next_page_token\""},
        {!(is_create || is_update || is_get) || method->output == resource,
         "its response is not the resource"},
    };

    return check_needs(build, method, operation_names[method->operation], needs,
                       sizeof(needs) / sizeof(needs[0]));
}

struct status contract__build_shape(const struct build *build, struct method *method)
{
    const struct message_type *input = method->input;
    const struct message_type *output = method->output;

    if (method->kind != NULL) {
        method->resource = singular_of_type(input, method->kind->message);
        method->items = repeated_of_type(output, method->kind->message);
    }
    method->id = named(input, SLICE("id"), PROTOBUF_C_TYPE_STRING);
    method->update_mask = mask_of(input);
    method->validate_only = named(input, SLICE("validate_only"), PROTOBUF_C_TYPE_BOOL);
    method->page_size = named(input, SLICE("page_size"), PROTOBUF_C_TYPE_INT32);
    method->page_token = named(input, SLICE("page_token"), PROTOBUF_C_TYPE_STRING);
    method->next_page_token = named(output, SLICE("next_page_token"), PROTOBUF_C_TYPE_STRING);
    method->total_size = named(output, SLICE("total_size"), PROTOBUF_C_TYPE_INT32);
    if (method->operation == OPERATION_CUSTOM)
        return status_ok();
    return check_operation(build, method);
}
