/* Takes out of answers what their caller may not read; from the contract alone, for every kind. */
#include "rpc/services/resource/disclosure.h"

#include "google/protobuf/field_mask.pb-c.h"
#include "proto/contract/contract_find.h"
#include "rpc/services/resource/mask.h"
#include "rpc/services/resource/object.h"

/* The caller itself, which WhoAmI tells as much. */
static bool is_own(const struct call *call)
{
    enum identity_type type = call->identity.type;
    struct uuid id;

    return (type == IDENTITY_TOKEN || type == IDENTITY_USER) && call->method->kind->id != NULL &&
           uuid_parse(field_get_string(call->response, call->method->kind->id), &id) &&
           uuid_equal(&call->identity.id, &id);
}

static bool is_limited(const struct call *call)
{
    const struct method *method = call->method;

    return method->kind != NULL && method->permission != NULL &&
           (method->permission->verb == VERB_EDIT || method->permission->verb == VERB_DELETE) &&
           call->response->descriptor == method->kind->message->pb &&
           !object_may_be_read(call, method->kind) && !is_own(call);
}

/* A credential, in the answers that show it: alone in a oneof that only the server sets. */
static bool is_shown_once(const struct field *field)
{
    return field->credential != NULL || (field->oneof_member && field->output_only);
}

/* The fields that an update names, with the values that they have in the answer. */
static void keep_updated(struct call *call, ProtobufCMessage *limited)
{
    const struct method *method = call->method;
    const struct kind *kind = method->kind;
    const ProtobufCMessage *resource = field_get_message(call->request, method->resource);
    const ProtobufCMessage *paths = method->update_mask == NULL
                                        ? NULL
                                        : field_get_message(call->request, method->update_mask);
    struct violations ignored = {0};
    struct touched touched = {0};

    if (paths != NULL && ((const Google__Protobuf__FieldMask *)paths)->n_paths > 0)
        mask_merge(call->arena, kind->message, kind->id, paths, call->response, limited, &touched,
                   &ignored);
    else if (resource != NULL)
        mask_keep_set(call->arena, kind->message, kind->id, resource, call->response, limited);
}

/* The object's fields that an action names in its request. */
static void keep_requested(struct call *call, ProtobufCMessage *limited)
{
    const struct message_type *input = call->method->input;

    for (size_t i = 0; i < input->field_count; i++) {
        const struct field *asked = &input->fields[i];
        const struct field *field = message_field_by_name(call->method->kind->message, asked->name);

        if (field != NULL && !field->output_only && !field->secret &&
            field_is_set(call->request, asked))
            field_copy(limited, call->response, field);
    }
}

void disclosure_limit(struct call *call)
{
    const struct kind *kind = call->method->kind;
    ProtobufCMessage *limited;

    if (!is_limited(call))
        return;
    limited = message_new(call->arena, kind->message);
    if (limited == NULL)
        return;
    if (call->method->resource != NULL)
        keep_updated(call, limited);
    else
        keep_requested(call, limited);
    for (size_t i = 0; i < kind->message->field_count; i++) {
        const struct field *field = &kind->message->fields[i];

        if ((field == kind->id || field == kind->etag || is_shown_once(field)) &&
            field_is_set(call->response, field))
            field_copy(limited, call->response, field);
    }
    call->response = limited;
    call->limited = true;
}
