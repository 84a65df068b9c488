/* Values of credentials, and the handler that replaces one. */
#include "rpc/services/resource/credential.h"

#include <assert.h>

#include "rpc/call/chain_facts.h"
#include "rpc/call/idempotency.h"
#include "rpc/identity/token_value.h"
#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/resource_request.h"
#include "rpc/services/resource/seal.h"
#include "rpc/services/resource/secrets.h"

#define HASH_LEN 32

/* The place of the random bytes of each credential of one object. */
static const enum call_random random_places[KIND_CREDENTIALS_MOST] = {RANDOM_TOKEN,
                                                                      RANDOM_SECOND_TOKEN};
_Static_assert(RANDOM_TOKEN + 32 <= RANDOM_SECOND_ID && RANDOM_SECOND_TOKEN + 32 <= RANDOM_SALT,
               "no two values share bytes");

/* The value that this request makes, or made when it was done first; in an arena that is wiped. */
static struct slice value_of_call(struct call *call, const struct uuid *id,
                                  const struct field *field, size_t number)
{
    char value[TOKEN_VALUE_LEN];
    uint8_t bytes[32];
    struct slice text;

    assert(number < KIND_CREDENTIALS_MOST && field->credential != NULL);
    arena_wipe_on_done(call->arena);
    if (!call_secret_bytes(call, random_places[number], id, bytes))
        arena_fail(call->arena);
    credential_value_make(field->credential->prefix, bytes, value);
    text = arena_copy(call->arena, slice_make(value, sizeof(value)));
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(value, sizeof(value));
    return text;
}

static struct status make(struct call *call, struct draft *draft, const struct field *field,
                          struct credentials *credentials)
{
    struct arena *arena = call->arena;
    Datastream__Storage__V1__SecretsRecord *record;
    struct slice text, masked;
    uint8_t hash[HASH_LEN];

    record = secrets_unpack(arena, draft->secrets);
    if (record == NULL)
        return arena_failed(arena) ? status_out_of_memory() : object_data_loss();
    text = value_of_call(call, &draft->id, field, credentials->count);
    if (arena_failed(arena))
        return status_out_of_memory();
    token_value_hash(text, hash);
    masked = token_value_mask(arena, text);
    secrets__set_credential(arena, record, field, hash, masked, call->now_ms);
    if (field->credential->masked != NULL)
        field_set_string(arena, draft->message, field->credential->masked, masked);
    draft->secrets = secrets_pack(arena, record);
    assert(credentials->count < KIND_CREDENTIALS_MOST);
    credentials->made[credentials->count].field = field;
    credentials->made[credentials->count].value = text;
    credentials->count++;
    return arena_failed(arena) ? status_out_of_memory() : status_ok();
}

struct status credentials__make(struct call *call, struct draft *draft,
                                struct credentials *ret_credentials)
{
    const struct message_type *type = draft->kind->message;
    struct credentials credentials = {.count = 0};
    struct status status = status_ok();

    for (size_t i = 0; i < type->field_count && status_is_ok(status); i++)
        if (type->fields[i].credential != NULL)
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

void credentials__show(struct call *call, const struct credentials *credentials,
                       ProtobufCMessage *message)
{
    for (size_t i = 0; i < credentials->count; i++)
        field_set_string(call->arena, message, credentials->made[i].field,
                         credentials->made[i].value);
}

/* What the program's guard says; without one nothing is refused. */
static struct status guard(struct call *call, const struct field *field)
{
    const struct hooks *hooks = call_services(call);

    return hooks == NULL || hooks->guard == NULL ? status_ok() : hooks->guard(call, field);
}

/* Puts the value into the answer where it is still the one that the object has. */
static void show_again(struct call *call, const struct object *object,
                       const Datastream__Storage__V1__SecretsRecord *record,
                       const struct field *field, size_t number)
{
    const Datastream__Storage__V1__CredentialRecord *credential = secrets_credential(record, field);
    struct slice value = value_of_call(call, &object->id, field, number);
    uint8_t hash[HASH_LEN];

    if (arena_failed(call->arena) || credential == NULL)
        return;
    token_value_hash(value, hash);
    if (slice_equal(slice_make(credential->hash.data, credential->hash.len),
                    slice_make(hash, sizeof(hash))))
        field_set_string(call->arena, call->response, field, value);
}

void credentials_show_again(struct call *call)
{
    const struct kind *kind = call->method->kind;
    bool all = call->method->operation != OPERATION_REGENERATE;
    const Datastream__Storage__V1__SecretsRecord *record;
    struct object object;
    size_t number = 0;

    if (!secrets__has_row(kind, call->response) ||
        !status_is_ok(object_read(call, kind, field_get_string(call->response, kind->id), &object)))
        return;
    record = secrets_unpack(call->arena, object.secrets);
    for (size_t i = 0; record != NULL && i < kind->message->field_count; i++) {
        const struct field *field = &kind->message->fields[i];

        if (field->credential == NULL ||
            (!all && field != written_field_last(call->method->written)))
            continue;
        if (status_is_ok(guard(call, field)))
            show_again(call, &object, record, field, number);
        number++;
    }
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

struct status engine__regenerate(struct call *call)
{
    const struct field *field = written_field_last(call->method->written);
    struct credentials credentials;
    struct edit edit;
    struct status status = edit__open(call, engine__request_id(call), &edit);

    if (status_is_ok(status))
        status = guard(call, field);
    if (status_is_ok(status))
        status = edit__check(call, &edit);
    if (status_is_ok(status))
        status = draft_status(call, &edit.after);
    if (status_is_ok(status))
        status = seal__draft(call, &edit.after);
    if (status_is_ok(status))
        status = credential_replace(call, &edit.after, field, &credentials);
    if (!status_is_ok(status))
        return status;
    edit_stamp(call, &edit);
    call->response = edit.after.message;
    edit_commit(call, &edit, message_pack(call->arena, edit.after.message));
    describe(call, &edit, field);
    credentials__show(call, &credentials, call->response);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return computed_fill(call, edit.after.kind, &call->response, 1);
}
