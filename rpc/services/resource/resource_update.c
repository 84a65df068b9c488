/* The resource engine's update: the fields that the mask names, and nothing else. */
#include "rpc/services/resource/resource_update.h"

#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/seal.h"

struct status engine__store_edit(struct call *call, struct edit *edit,
                                 void (*describe)(struct call *call, const struct edit *edit))
{
    const struct kind *kind = edit->after.kind;
    bool changed = edit_changed(call, edit);
    struct status status = seal__draft(call, &edit->after);

    if (!status_is_ok(status))
        return status;
    call->response = edit->after.message;
    if (!changed) {
        object_set_etag(call, kind, call->response, edit->object.revision);
        return computed_fill(call, kind, &call->response, 1);
    }
    edit_stamp(call, edit);
    if (!object_validate_only(call)) {
        edit_commit(call, edit, message_pack(call->arena, edit->after.message));
        if (describe != NULL)
            describe(call, edit);
    }
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return computed_fill(call, kind, &call->response, 1);
}

struct status engine__update(struct call *call)
{
    struct edit edit;
    struct status status = edit_begin(call, true, &edit);

    if (status_is_ok(status))
        status = draft_status(call, &edit.after);
    if (status_is_ok(status))
        status = draft_check_name(call, &edit.after);
    if (!status_is_ok(status))
        return status;
    return engine__store_edit(call, &edit, NULL);
}
