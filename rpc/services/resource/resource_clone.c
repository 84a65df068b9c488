/*
 * A copy of an object under another name. What only the server sets and credentials stay with the
 * source; secrets are encrypted anew. The copy is judged as if it were created.
 */
#include "rpc/services/resource/resource_clone.h"

#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/resource_create.h"
#include "rpc/services/resource/resource_request.h"
#include "rpc/services/resource/seal.h"

/* The copy that is to be judged; NULL when the arena failed. */
static ProtobufCMessage *copy_of(struct call *call, const struct object *source)
{
    const struct kind *kind = source->kind;
    ProtobufCMessage *copy = message_copy(call->arena, source->message);

    if (copy == NULL)
        return NULL;
    fields__clear_output(copy, kind->message);
    fields__clear_input(copy, kind->message);
    field_set_string(call->arena, copy, kind->name,
                     field_get_string(call->request, call->method->new_name));
    return copy;
}

static void describe(struct call *call, const struct draft *draft, const struct object *source)
{
    const struct kind *kind = draft->kind;

    engine__audit_as(call, "Created",
                     arena_printf(call->arena, "Created the %.*s \"%.*s\" as a copy of \"%.*s\".",
                                  SLICE_ARG(kind->singular),
                                  SLICE_ARG(object_name(kind, draft->message)),
                                  SLICE_ARG(object_name(kind, source->message))));
}

struct status engine__clone(struct call *call)
{
    ProtobufCMessage *copy;
    struct object source;
    struct draft draft;
    struct status status = object_read(call, call->method->kind, engine__request_id(call), &source);

    if (!status_is_ok(status))
        return status;
    copy = copy_of(call, &source);
    status = copy == NULL ? status_out_of_memory() : seal__reveal(call, &source, copy);
    if (status_is_ok(status))
        status = draft_begin(call, copy, &draft);
    if (status_is_ok(status))
        status = draft_status(call, &draft);
    if (status_is_ok(status))
        status = draft_check_name(call, &draft);
    if (!status_is_ok(status))
        return status;
    status = engine__store_new(call, &draft);
    if (!status_is_ok(status))
        return status;
    describe(call, &draft, &source);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return computed_fill(call, draft.kind, &call->response, 1);
}
