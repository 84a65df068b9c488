/* Values of credentials, and the handler that replaces one. */
#include "rpc/services/resource/credential.h"

#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/seal.h"
#include "rpc/services/resource/secrets.h"

#define HASH_LEN 32

/* The place of the random bytes of each credential of one object. */
static const enum call_random random_places[CREDENTIALS_MOST] = {RANDOM_TOKEN, RANDOM_SECOND_TOKEN};

static struct status make(struct call *call, struct draft *draft, const struct field *field,
                          struct credentials *credentials)
{
    struct arena *arena = call->arena;
    const uint8_t *random = call->random + random_places[credentials->count];
    Datastream__Storage__V1__SecretsRecord *record;
    char value[TOKEN_VALUE_LEN];
    uint8_t hash[HASH_LEN];
    struct slice text, masked;

    record = secrets_unpack(arena, draft->secrets);
    if (record == NULL)
        return arena_failed(arena) ? status_out_of_memory() : object_data_loss();
    arena_wipe_on_done(arena);
    credential_value_make(field->credential->prefix, random, value);
    text = arena_copy(arena, slice_make(value, sizeof(value)));
    token_value_hash(slice_make(value, sizeof(value)), hash);
    masked = token_value_mask(arena, slice_make(value, sizeof(value)));
    explicit_bzero(value, sizeof(value));
    secrets_set_credential(arena, record, field, hash, masked, call->now_ms);
    if (field->credential->masked != NULL)
        field_set_string(arena, draft->message, field->credential->masked, masked);
    draft->secrets = secrets_pack(arena, record);
    credentials->made[credentials->count].field = field;
    credentials->made[credentials->count].value = text;
    credentials->count++;
    return arena_failed(arena) ? status_out_of_memory() : status_ok();
}

struct status credentials_make(struct call *call, struct draft *draft,
                               struct credentials *ret_credentials)
{
    const struct message_type *type = draft->kind->message;
    struct credentials credentials = {.count = 0};
    struct status status = status_ok();

    for (size_t i = 0; i < type->field_count && status_is_ok(status); i++)
        if (type->fields[i].credential != NULL && credentials.count < CREDENTIALS_MOST)
            status = make(call, draft, &type->fields[i], &credentials);
    *ret_credentials = credentials;
    return status;
}

struct status credential_replace(struct call *call, struct draft *draft, const struct field *field,
                                 struct credentials *ret_credentials)
{
    struct credentials credentials = {.count = 0};
    struct status status = make(call, draft, field, &credentials);

    *ret_credentials = credentials;
    return status;
}

void credentials_show(struct call *call, const struct credentials *credentials,
                      ProtobufCMessage *message)
{
    for (size_t i = 0; i < credentials->count; i++)
        field_set_string(call->arena, message, credentials->made[i].field,
                         credentials->made[i].value);
}

/* "Regenerated the "apiKey" of the director "x"." Values are in no audit row. */
static void describe(struct call *call, const struct edit *edit, const struct field *field)
{
    const struct kind *kind = edit->after.kind;

    engine__audit_as(call, "Regenerated",
                     arena_printf(call->arena, "Regenerated \"%.*s\" of the %.*s \"%.*s\".",
                                  SLICE_ARG(field->json_name), SLICE_ARG(kind->singular),
                                  SLICE_ARG(object_name(kind, edit->after.message))));
}

/* What the program's guard says; without one nothing is refused. */
static struct status guard(struct call *call, const struct field *field)
{
    const struct hooks *hooks = call_services(call);

    return hooks == NULL || hooks->guard == NULL ? status_ok() : hooks->guard(call, field);
}

struct status engine__regenerate(struct call *call)
{
    const struct field *field = written_field_last(call->method->written);
    struct credentials credentials;
    struct edit edit;
    struct status status = edit_open(call, engine__request_id(call), &edit);

    if (status_is_ok(status))
        status = guard(call, field);
    if (status_is_ok(status))
        status = edit_check(call, &edit);
    if (status_is_ok(status))
        status = draft_status(call, &edit.after);
    if (status_is_ok(status))
        status = seal_draft(call, &edit.after);
    if (status_is_ok(status))
        status = credential_replace(call, &edit.after, field, &credentials);
    if (!status_is_ok(status))
        return status;
    edit_stamp(call, &edit);
    call->response = edit.after.message;
    edit_commit(call, &edit, message_pack(call->arena, edit.after.message));
    describe(call, &edit, field);
    credentials_show(call, &credentials, call->response);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return computed_fill(call, edit.after.kind, &call->response, 1);
}
