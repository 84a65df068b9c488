/*
 * The resource engine: get, list and delete of every plain kind, entirely from the contract, and
 * the table of all its operations. No kind is named here; what a kind is, its message and its
 * options say.
 */
#include "rpc/services/resource/resource.h"

#include "rpc/call/answers.h"
#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/credential.h"
#include "rpc/services/resource/list.h"
#include "rpc/services/resource/resource_activity.h"
#include "rpc/services/resource/resource_batch.h"
#include "rpc/services/resource/resource_clone.h"
#include "rpc/services/resource/resource_create.h"
#include "rpc/services/resource/resource_request.h"
#include "rpc/services/resource/resource_set.h"
#include "rpc/services/resource/resource_update.h"
#include "rpc/services/resource/resource_usage.h"
#include "rpc/services/resource/stored.h"

/* The answer as the record has it, with what is computed. */
static struct status get_record(struct call *call, const struct kind *kind)
{
    struct call_records *records = arena_alloc(call->arena, sizeof(*records));
    struct slice *body = arena_alloc(call->arena, sizeof(*body));
    struct slice value;
    struct status status = object__read_value(call, kind, engine__request_id(call), &value);

    if (arena_failed(call->arena))
        return status_out_of_memory();
    if (status_is_ok(status))
        status = stored__complete(call, kind, &value, 1, body, &call->response);
    *records = (struct call_records){.bodies = body, .count = 1};
    call->records = records;
    return status;
}

static struct status engine_get(struct call *call)
{
    struct object object;
    struct status status;

    if (stored__is_possible(call, call->method->kind))
        return get_record(call, call->method->kind);
    status = object_read(call, call->method->kind, engine__request_id(call), &object);

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
    static const struct list_functions functions = {.complete = complete_items,
                                                    .may_be_records = true};

    return list_objects(call, &functions, NULL, 0);
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
        [OPERATION_CREATE] = engine__create,
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
