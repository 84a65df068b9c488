/* Creations: of what a request says, and of what a clone drew up. */
#include "rpc/services/resource/resource_create.h"

#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/credential.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/seal.h"

struct status engine__store_new(struct call *call, struct draft *draft)
{
    struct credentials credentials = {.count = 0};
    struct status status;

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
    draft_commit_create(call, draft, message_pack(call->arena, draft->message));
    credentials__show(call, &credentials, call->response);
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
