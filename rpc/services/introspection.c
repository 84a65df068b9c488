/*
 * RFC 7662 for those who know nothing else: what VerifyToken answers, by the names of OAuth.
 */
#include "rpc/services/introspection.h"

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/authorization.h"
#include "rpc/services/guard.h"
#include "rpc/services/resource/object.h"

static const struct field *field_of(const struct call *call, const char *name)
{
    return message_field_by_proto_name(call->method->output, slice_from_cstr(name));
}

static void set_text(struct call *call, const char *name, struct slice text)
{
    field_set_string(call->arena, call->response, field_of(call, name), text);
}

/* Seconds since 1970; whole ones, as JSON numbers without a point. */
static void set_time(struct call *call, const char *name, int64_t unix_ms)
{
    const struct field *field = field_of(call, name);

    *(double *)field_address(call->response, field, 0) = (double)(unix_ms / 1000);
    field_mark_set(call->response, field);
}

/* The names of the permissions, with blanks between. */
static struct slice scope_of(struct call *call, const struct permission_set *permissions)
{
    const struct contract *contract = call_contract(call);
    size_t len = 0;
    char *text;

    for (size_t i = 0; i < contract->permission_count; i++)
        len += contract->permissions[i].name.len + 1;
    text = arena_alloc(call->arena, len + 1);
    len = 0;
    for (size_t i = 0; text != NULL && i < contract->permission_count; i++) {
        struct slice name = contract->permissions[i].name;

        if (!permission_set_has(permissions, contract->permissions[i].bit))
            continue;
        if (len > 0)
            text[len++] = ' ';
        memcpy(text + len, name.data, name.len);
        len += name.len;
    }
    return slice_make(text, len);
}

/* What the token's own record tells; nothing where it was deleted in between. */
static struct status set_object(struct call *call, const struct identity *identity)
{
    const struct kind *kind = contract_kind(call_contract(call), SLICE("api-tokens"));
    struct object object;
    struct status status = object_read(call, kind, object_id_text(call->arena, &identity->id),
                                       &object);

    if (status.code == STATUS_NOT_FOUND)
        return status_ok();
    if (!status_is_ok(status))
        return status;
    set_text(call, "username", object_name(kind, object.message));
    set_time(call, "iat", field_get_timestamp(object.message, kind->create_time));
    return status_ok();
}

static struct status set_active(struct call *call, const struct identity *identity)
{
    struct slice id = object_id_text(call->arena, &identity->id);
    struct guard_role role = {.revision = 0};
    enum store_found found = guard__read_role(call, &identity->role, &role);
    struct status status;

    if (found != STORE_FOUND && found != STORE_ABSENT)
        return call_store_status(found);
    status = set_object(call, identity);
    if (!status_is_ok(status))
        return status;
    field_set_int(call->response, field_of(call, "active"), 1);
    set_text(call, "scope", scope_of(call, &identity->permissions));
    set_text(call, "client_id", id);
    set_text(call, "sub", id);
    set_text(call, "jti", id);
    set_text(call, "token_type", SLICE("Bearer"));
    if (identity->expire_ms != 0)
        set_time(call, "exp", identity->expire_ms);
    if (call->credentials.own_origin.len > 0)
        set_text(call, "iss", call->credentials.own_origin);
    set_text(call, "ds_role", role.name);
    set_text(call, "ds_organization", object_id_text(call->arena, &identity->organization));
    return status_ok();
}

struct status introspection__introspect(struct call *call)
{
    const struct message_type *input = call->method->input;
    struct slice token = field_get_string(call->request,
                                          message_field_by_proto_name(input, SLICE("token")));
    struct slice source_ip = field_get_string(
        call->request, message_field_by_proto_name(input, SLICE("source_ip")));
    struct identity identity = {.type = IDENTITY_ANONYMOUS};
    bool source_required = false;
    struct status status;
    bool active;

    call->response = message_new(call->arena, call->method->output);
    if (call->response == NULL)
        return status_out_of_memory();
    active = authorization__judge(call, token.data, source_ip.data, &identity, &source_required,
                                  &status);
    if (status_is_ok(status) && active)
        status = set_active(call, &identity);
    if (!status_is_ok(status))
        return status;
    if (active)
        call_note_use(call, &identity, source_ip);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
