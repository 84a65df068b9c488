/*
 * The rows of a new organization: its record, its Owner, its first API token, and the first rows of
 * its audit chain.
 */
#include "rpc/services/bootstrap.h"

#include <assert.h>

#include "base/text.h"
#include "datastream/storage/v1/records.pb-c.h"
#include "proto/message/message.h"
#include "rpc/call/audit_text.h"
#include "rpc/identity/token_value.h"
#include "rpc/services/resource/rows.h"
#include "storage/keys.h"

static ProtobufCBinaryData binary(struct arena *arena, const void *bytes, size_t len)
{
    struct slice copy = arena_copy(arena, slice_make(bytes, len));

    return (ProtobufCBinaryData){copy.len, (uint8_t *)copy.data};
}

static char *uuid_cstr(struct arena *arena, const struct uuid *id)
{
    char text[UUID_TEXT_LEN];

    uuid_format(id, text);
    return arena_cstr(arena, slice_make(text, sizeof(text)));
}

/* -- rows ------------------------------------------------------------------------------------- */

static void put_audit(struct bootstrap *bootstrap, const char *action, const char *kind,
                      uint32_t kind_number, const struct uuid *id, struct slice object_name)
{
    Datastream__Storage__V1__AuditRecord record = DATASTREAM__STORAGE__V1__AUDIT_RECORD__INIT;
    const struct call *call = bootstrap->call;
    struct arena *arena = bootstrap->arena;

    record.time_ms = bootstrap->now_ms;
    record.actor = (char *)"system";
    record.action = (char *)action;
    record.kind = (char *)kind;
    record.object_id = uuid_cstr(arena, id);
    record.object_name = arena_cstr(arena, object_name);
    if (call != NULL) {
        record.source_ip = audit_text(arena, call->peer);
        record.user_agent = audit_text(arena, call->user_agent);
        record.request_id = audit_text(arena, call->request_id);
        record.method = arena_cstr(arena, slice_from(call->method->path, 1));
    }
    if (!arena_failed(arena))
        commit_audit(bootstrap->commit, &bootstrap->organization, record.time_ms,
                     &(struct actor){.type = ACTOR_SYSTEM}, kind_number, id,
                     message_pack(arena, &record.base));
}

void bootstrap__put_organization(struct bootstrap *bootstrap, bool has_owner)
{
    Datastream__Storage__V1__OrganizationRecord record =
        DATASTREAM__STORAGE__V1__ORGANIZATION_RECORD__INIT;
    struct slice key = key_organization(bootstrap->arena, &bootstrap->organization);

    assert(bootstrap->commit->arena == bootstrap->arena); /* the rows live as long as the commit */
    record.name = arena_cstr(bootstrap->arena, bootstrap->name);
    record.owner_email = arena_cstr(bootstrap->arena, bootstrap->owner_email);
    if (has_owner)
        record.owner_id = binary(bootstrap->arena, bootstrap->owner.bytes, sizeof(struct uuid));
    record.create_time_ms = bootstrap->now_ms;
    if (arena_failed(bootstrap->arena))
        return;
    commit_require_absent(bootstrap->commit, FAMILY_ORGANIZATIONS, key);
    commit_put(bootstrap->commit, FAMILY_ORGANIZATIONS, key,
               message_pack(bootstrap->arena, &record.base));
    put_audit(bootstrap, "CreatedOrganization", "organization", 0, &bootstrap->organization,
              bootstrap->name);
}

/* The token's message, without its value. */
static void fill_token(struct bootstrap *bootstrap, const struct predefined_role *role,
                       struct slice value, Datastream__V1__ApiToken *token)
{
    const struct kind *kind = bootstrap->tokens;
    struct arena *arena = bootstrap->arena;

    token->id = uuid_cstr(arena, &bootstrap->token);
    token->name = arena_cstr(arena, slice_from_cstr(role->name));
    token->description = arena_cstr(arena, SLICE("Created with the organization."));
    token->role_id = uuid_cstr(arena, &role->id);
    token->masked_token = arena_cstr(arena, token_value_mask(arena, value));
    token->created_by = arena_cstr(arena, SLICE("system"));
    field_set_timestamp(arena, &token->base, kind->create_time, bootstrap->now_ms);
    field_set_timestamp(arena, &token->base, kind->update_time, bootstrap->now_ms);
}

/* The rows of the token are those of any other: the resource engine lists them. */
void bootstrap__put_token(struct bootstrap *bootstrap, const struct predefined_role *role,
                          struct slice value)
{
    Datastream__Storage__V1__TokenRecord record = DATASTREAM__STORAGE__V1__TOKEN_RECORD__INIT;
    Datastream__V1__ApiToken token = DATASTREAM__V1__API_TOKEN__INIT;
    const struct kind *kind = bootstrap->tokens;
    struct arena *arena = bootstrap->arena;
    struct object_state state = {
        .kind = kind, .organization = bootstrap->organization, .id = bootstrap->token};
    struct references_reader reader = {.arena = arena,
                                       .identities = bootstrap->identities,
                                       .organization = bootstrap->organization};
    uint8_t hash[32];

    token_value_hash(value, hash);
    fill_token(bootstrap, role, value, &token);
    record.token = &token;
    record.hash = binary(arena, hash, sizeof(hash));
    if (arena_failed(arena))
        return;
    state.body = message_pack(arena, &record.base);
    rows_fill(&reader, &token.base, &state);
    if (arena_failed(arena))
        return;
    rows_commit(bootstrap->commit, NULL, &state);
    put_audit(bootstrap, "CreatedApiToken", "api-tokens", kind->number, &bootstrap->token,
              slice_from_cstr(role->name));
}

/* The Owner's message. */
static void fill_owner(struct bootstrap *bootstrap, Datastream__V1__User *user)
{
    const struct predefined_role *role = identity_predefined_role_named(bootstrap->identities,
                                                                        PREDEFINED_OWNER);
    const struct kind *kind = bootstrap->users;
    struct arena *arena = bootstrap->arena;

    user->id = uuid_cstr(arena, &bootstrap->owner);
    user->name = arena_cstr(arena, bootstrap->owner_name);
    user->email = arena_cstr(arena, bootstrap->owner_email);
    user->role_id = uuid_cstr(arena, &role->id);
    user->timezone = arena_cstr(arena, SLICE("UTC"));
    user->language = arena_cstr(arena, SLICE("en"));
    user->created_by = arena_cstr(arena, SLICE("system"));
    field_set_timestamp(arena, &user->base, kind->create_time, bootstrap->now_ms);
    field_set_timestamp(arena, &user->base, kind->update_time, bootstrap->now_ms);
}

/* The rows of the Owner are those of any other user. */
void bootstrap__put_owner(struct bootstrap *bootstrap, const char *phc)
{
    Datastream__Storage__V1__PasswordRecord password =
        DATASTREAM__STORAGE__V1__PASSWORD_RECORD__INIT;
    Datastream__Storage__V1__SecretsRecord secrets = DATASTREAM__STORAGE__V1__SECRETS_RECORD__INIT;
    Datastream__Storage__V1__UserRecord record = DATASTREAM__STORAGE__V1__USER_RECORD__INIT;
    Datastream__V1__User user = DATASTREAM__V1__USER__INIT;
    const struct kind *kind = bootstrap->users;
    struct arena *arena = bootstrap->arena;
    struct object_state state = {
        .kind = kind, .organization = bootstrap->organization, .id = bootstrap->owner};
    struct references_reader reader = {.arena = arena,
                                       .identities = bootstrap->identities,
                                       .organization = bootstrap->organization};

    fill_owner(bootstrap, &user);
    password.hash = arena_cstr(arena, slice_from_cstr(phc));
    password.set_time_ms = bootstrap->now_ms;
    secrets.password = &password;
    record.user = &user;
    if (arena_failed(arena))
        return;
    state.secrets = message_pack(arena, &secrets.base);
    state.body = message_pack(arena, &record.base);
    rows_fill(&reader, &user.base, &state);
    if (arena_failed(arena))
        return;
    rows_commit(bootstrap->commit, NULL, &state);
    put_audit(bootstrap, "CreatedUser", "users", kind->number, &bootstrap->owner,
              slice_from_cstr(user.name));
}

/* -- the first -------------------------------------------------------------------------------- */

/* A key beyond every organization's. */
static struct slice organizations_end(struct arena *arena)
{
    char *key = arena_alloc(arena, sizeof(struct uuid) + 1);

    if (key == NULL)
        return SLICE_EMPTY;
    memset(key, 0xff, sizeof(struct uuid) + 1);
    return slice_make(key, sizeof(struct uuid) + 1);
}

void bootstrap__require_first(struct bootstrap *bootstrap)
{
    commit_require_empty(bootstrap->commit, FAMILY_ORGANIZATIONS, SLICE("\0"),
                         organizations_end(bootstrap->arena));
}

enum store_found bootstrap__has_any(struct store_view *view, struct arena *arena, bool *ret_any)
{
    struct store_rows rows = {0};
    enum store_found found = store_scan(view, FAMILY_ORGANIZATIONS, SLICE_EMPTY,
                                        organizations_end(arena), false, 1, &rows);

    if (found == STORE_FOUND)
        *ret_any = rows.count > 0;
    return found;
}
