/* Creations: of what a request says, and of what a clone drew up. */
#include "rpc/services/resource/resource_create.h"

#include <assert.h>

#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/credential.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/seal.h"
#include "rpc/services/resource/stored.h"

/* The answer's record, complete now that its etag is known. */
static void committed(struct call *call, uint64_t revision)
{
    struct call_records *records = call->handler_state;
    struct slice *body = call->response == NULL ? NULL : arena_alloc(call->arena, sizeof(*body));

    assert(records != NULL && records->count == 1);
    object__committed(call, revision);
    if (body == NULL || call->limited ||
        !stored__complete_new(call, call->method->kind, records->bodies[0], call->response, body))
        return;
    records->bodies = body;
    call->records = records;
}

/* The answer is the record that is stored, where it may be one and shows nothing else. */
static void answer_by_record(struct call *call, const struct kind *kind, struct slice body)
{
    struct call_records *records;
    struct slice *bodies;

    if (call->handler_state != NULL || call->response->descriptor != call->method->output->pb ||
        !stored__is_possible(call, kind))
        return;
    records = arena_zalloc(call->arena, sizeof(*records));
    bodies = arena_alloc(call->arena, sizeof(*bodies));
    if (records == NULL || bodies == NULL)
        return;
    *bodies = body;
    records->bodies = bodies;
    records->count = 1;
    call->handler_state = records;
    call->committed = committed;
}

struct status engine__store_new(struct call *call, struct draft *draft)
{
    struct credentials credentials = {.count = 0};
    struct status status;
    struct slice body;

    draft_stamp(call, draft);
    status = seal__draft(call, draft);
    if (!status_is_ok(status))
        return status;
    call->response = draft->message;
    if (object_validate_only(call))
        return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
    status = credentials__make(call, draft, &credentials);
    if (!status_is_ok(status))
        return status;
    body = message_pack(call->arena, draft->message);
    draft_commit_create(call, draft, body);
    credentials__show(call, &credentials, call->response);
    if (credentials.count == 0)
        answer_by_record(call, draft->kind, body);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/*
 * Whether a name is looked up before the commit. The commit claims it and conflicts where another
 * object has it, so that the first run leaves the look to the committer and the second one tells.
 */
static bool looks_name_up(const struct call *call)
{
    return call->runs > 1 || object_validate_only(call);
}

struct status engine__create(struct call *call)
{
    struct draft draft;
    struct status status = draft_create(call, &draft);

    if (status_is_ok(status))
        status = draft_status(call, &draft);
    if (status_is_ok(status) && looks_name_up(call))
        status = draft_check_name(call, &draft);
    if (!status_is_ok(status))
        return status;
    fields__clear_input(draft.message, draft.kind->message);
    status = engine__store_new(call, &draft);
    return status_is_ok(status) ? computed_fill(call, draft.kind, &call->response, 1) : status;
}
