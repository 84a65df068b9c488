/*
 * The resource engine: create, get, list and delete of every plain kind, entirely from the
 * contract. No kind is named here; what a kind is, its message and its options say.
 */
#include "rpc/services/resource/resource.h"

#include "base/text.h"
#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/credential.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/list.h"
#include "rpc/services/resource/seal.h"
#include "storage/keys.h"

void engine__audit_as(struct call *call, const char *verb, struct slice sentence)
{
    const struct slice action[] = {slice_from_cstr(verb), object_type_name(call->method->kind)};

    if (call->audit_last == NULL)
        return;
    call->audit_last->action = text_join(call->arena, action, 2).data;
    call->audit_last->description = sentence;
}

struct status engine__store_new(struct call *call, struct draft *draft)
{
    struct credentials credentials = {.count = 0};
    struct status status;

    draft_stamp(call, draft);
    status = seal_draft(call, draft);
    if (!status_is_ok(status))
        return status;
    call->response = draft->message;
    if (object_validate_only(call))
        return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
    status = credentials_make(call, draft, &credentials);
    if (!status_is_ok(status))
        return status;
    draft_commit_create(call, draft, message_pack(call->arena, draft->message));
    credentials_show(call, &credentials, call->response);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

static struct status engine_create(struct call *call)
{
    struct draft draft;
    struct status status = draft_create(call, &draft);

    if (status_is_ok(status))
        status = draft_status(call, &draft);
    if (status_is_ok(status))
        status = draft_check_name(call, &draft);
    if (!status_is_ok(status))
        return status;
    fields_clear_input(draft.message, draft.kind->message);
    status = engine__store_new(call, &draft);
    return status_is_ok(status) ? computed_fill(call, draft.kind, &call->response, 1) : status;
}

struct slice engine__request_id(const struct call *call)
{
    return field_get_string(call->request, call->method->id);
}

static struct status engine_get(struct call *call)
{
    struct object object;
    struct status status = object_read(call, call->method->kind, engine__request_id(call), &object);

    if (!status_is_ok(status))
        return status;
    object_set_etag(call, object.kind, object.message, object.revision);
    call->response = object.message;
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return computed_fill(call, object.kind, &call->response, 1);
}

static struct status complete_items(struct call *call, const struct slice *values,
                                    ProtobufCMessage **items, size_t count)
{
    (void)values;
    return computed_fill(call, call->method->kind, items, count);
}

static struct status engine_list(struct call *call)
{
    static const struct list_functions functions = {.complete = complete_items};

    return list_objects(call, &functions, NULL, 0);
}

struct status engine__check_removal(struct call *call, const struct object *object)
{
    const struct hook *hook = hooks_of(call_services(call), object->kind);

    if (hook == NULL || hook->functions->remove == NULL)
        return status_ok();
    return hook->functions->remove(hook, call, object);
}

static struct status engine_delete(struct call *call)
{
    struct object object;
    struct status status = object_read(call, call->method->kind, engine__request_id(call), &object);

    if (status_is_ok(status))
        status = call_check_etag(call, object.revision);
    if (status_is_ok(status))
        status = references_check_none(call, &object);
    if (status_is_ok(status))
        status = engine__check_removal(call, &object);
    if (!status_is_ok(status))
        return status;
    call->response = object_empty_response(call);
    if (!object_validate_only(call))
        draft_commit_delete(call, &object);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

call_handler *const *resource_operations(void)
{
    static call_handler *const operations[OPERATIONS] = {
        [OPERATION_CREATE] = engine_create,
        [OPERATION_GET] = engine_get,
        [OPERATION_LIST] = engine_list,
        [OPERATION_UPDATE] = engine__update,
        [OPERATION_DELETE] = engine_delete,
        [OPERATION_SET] = engine__set,
        [OPERATION_CLONE] = engine__clone,
        [OPERATION_REGENERATE] = engine__regenerate,
        [OPERATION_BATCH_GET] = engine__batch_get,
        [OPERATION_BATCH_DELETE] = engine__batch_delete,
        [OPERATION_LIST_ACTIVITY] = resource_list_activity,
        [OPERATION_USAGE] = resource_usage,
    };

    return operations;
}
