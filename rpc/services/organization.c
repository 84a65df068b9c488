/*
 * Making an organization, for the operator's tools: its record, its Owner, its first API token, and
 * the first rows of its audit chain, in one commit.
 */
#include <sys/random.h>

#include "base/text.h"
#include "datastream/storage/v1/records.pb-c.h"
#include "proto/message/message.h"
#include "rpc/call/time_floor.h"
#include "rpc/services/resource/rows.h"
#include "rpc/services/services.h"
#include "storage/keys.h"

#define NAME_LENGTH_MOST 128
#define EMAIL_LEN_MOST 254
#define OWNER_NAME_MOST 128

/* What the organization is made of, on its way into one commit. */
struct bootstrap {
    const struct kind *tokens;
    const struct kind *users;
    const struct identity_registry *identities;
    struct arena *arena;
    struct commit *commit;
    int64_t now_ms;
    struct uuid organization;
    struct uuid token;
    struct uuid owner;
    struct slice name;
    struct slice owner_email;
    uint8_t random[10 + 10 + 10 + 32];
};

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

/* -- checking --------------------------------------------------------------------------------- */

struct status organization_check(struct arena *arena, struct slice *name, struct slice owner_email)
{
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;
    struct violations violations = {0};
    size_t at = slice_find(owner_email, '@');
    const char *wrong;

    if (!utf8_is_valid(*name))
        return status_invalid_field(arena, SLICE("name"), "must be valid UTF-8");
    wrong = key_fold_name(arena, *name, &trimmed, &folded);
    if (wrong != NULL)
        violations_add(&violations, arena, SLICE("name"), "%s", wrong);
    else if (trimmed.len == 0 || utf8_length(trimmed) > NAME_LENGTH_MOST)
        violations_add(&violations, arena, SLICE("name"), "must have 1 to %d characters",
                       NAME_LENGTH_MOST);
    if (at == 0 || at + 1 >= owner_email.len || owner_email.len > EMAIL_LEN_MOST ||
        !utf8_is_valid(owner_email) || slice_find(owner_email, '\0') < owner_email.len)
        violations_add(&violations, arena, SLICE("ownerEmail"), "must be an e-mail address");
    *name = trimmed;
    return violations_status(&violations, arena);
}

static const struct predefined_role *role_named(const struct identity_registry *identities,
                                                const char *name)
{
    size_t count;
    const struct predefined_role *roles = identity_predefined_roles(identities, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    return NULL;
}

/* -- rows ------------------------------------------------------------------------------------- */

static void put_audit(struct bootstrap *bootstrap, const char *action, const char *kind,
                      uint32_t kind_number, const struct uuid *id, struct slice object_name)
{
    Datastream__Storage__V1__AuditRecord record = DATASTREAM__STORAGE__V1__AUDIT_RECORD__INIT;
    struct arena *arena = bootstrap->arena;

    record.time_ms = bootstrap->now_ms;
    record.actor = (char *)"system";
    record.action = (char *)action;
    record.kind = (char *)kind;
    record.object_id = uuid_cstr(arena, id);
    record.object_name = arena_cstr(arena, object_name);
    if (!arena_failed(arena))
        commit_audit(bootstrap->commit, &bootstrap->organization, record.time_ms,
                     &(struct actor){.type = ACTOR_SYSTEM}, kind_number, id,
                     message_pack(arena, &record.base));
}

static void put_organization(struct bootstrap *bootstrap, bool has_owner)
{
    Datastream__Storage__V1__OrganizationRecord record =
        DATASTREAM__STORAGE__V1__ORGANIZATION_RECORD__INIT;
    struct slice key = key_organization(bootstrap->arena, &bootstrap->organization);

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
static void put_token(struct bootstrap *bootstrap, const struct predefined_role *role,
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

/* The Owner's message. The name is what the address says, until the Owner says another. */
static void fill_owner(struct bootstrap *bootstrap, Datastream__V1__User *user)
{
    const struct predefined_role *role = role_named(bootstrap->identities, PREDEFINED_OWNER);
    const struct kind *kind = bootstrap->users;
    struct slice email = bootstrap->owner_email;
    struct arena *arena = bootstrap->arena;
    size_t at = slice_find(email, '@');

    user->id = uuid_cstr(arena, &bootstrap->owner);
    user->name = arena_cstr(arena,
                            slice_make(email.data, at < OWNER_NAME_MOST ? at : OWNER_NAME_MOST));
    user->email = arena_cstr(arena, email);
    user->role_id = uuid_cstr(arena, &role->id);
    user->timezone = arena_cstr(arena, SLICE("UTC"));
    user->language = arena_cstr(arena, SLICE("en"));
    user->created_by = arena_cstr(arena, SLICE("system"));
    field_set_timestamp(arena, &user->base, kind->create_time, bootstrap->now_ms);
    field_set_timestamp(arena, &user->base, kind->update_time, bootstrap->now_ms);
}

/* The rows of the Owner are those of any other user. */
static void put_owner(struct bootstrap *bootstrap, const char *phc)
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

/* -- the whole -------------------------------------------------------------------------------- */

/* A key beyond every organization's. */
static struct slice organizations_end(struct arena *arena)
{
    char *key = arena_alloc(arena, sizeof(struct uuid) + 1);

    if (key == NULL)
        return SLICE_EMPTY;
    memset(key, 0xff, sizeof(struct uuid) + 1);
    return slice_make(key, sizeof(struct uuid) + 1);
}

static struct status write_commit(struct store *store, struct bootstrap *bootstrap)
{
    if (arena_failed(bootstrap->arena))
        return status_out_of_memory();
    switch (store_commit_wait(store, bootstrap->commit)) {
    case COMMIT_DONE:
        return status_ok();
    case COMMIT_CONFLICT:
        if (bootstrap->commit->conflict != NULL &&
            bootstrap->commit->conflict->type == CONDITION_RANGE_EMPTY)
            return status_const(STATUS_ALREADY_EXISTS,
                                SLICE("The store already has an organization. Add another with "
                                      "\"datastreamd organization-add\"."));
        if (bootstrap->commit->conflict != NULL &&
            bootstrap->commit->conflict->family == FAMILY_EMAILS)
            return status_const(
                STATUS_ALREADY_EXISTS,
                SLICE("The e-mail address of the owner is used by another user already."));
        return status_const(STATUS_ABORTED, SLICE("Another change came first. Try again."));
    default:
        return status_const(STATUS_UNAVAILABLE,
                            SLICE("The store could not write the organization."));
    }
}

struct status organization_create(struct store *store, const struct identity_registry *identities,
                                  const struct contract *contract,
                                  const struct wrapping_key *wrapping, struct arena *arena,
                                  struct commit *commit, struct slice name,
                                  struct slice owner_email, const char *owner_phc, bool first,
                                  struct organization_made *ret_made)
{
    struct commit own_commit;
    const struct predefined_role *role = role_named(identities, PREDEFINED_API_ADMINISTRATOR);
    struct bootstrap bootstrap = {
        .tokens = contract_kind(contract, SLICE("api-tokens")),
        .users = contract_kind(contract, SLICE("users")),
        .owner_email = owner_email,
        .identities = identities,
        .arena = arena,
        .commit = commit == NULL ? &own_commit : commit,
        .now_ms = time_floor_now_ms(),
    };
    char value[TOKEN_VALUE_LEN];
    struct slice text;
    struct status status = organization_check(arena, &name, owner_email);

    if (!status_is_ok(status))
        return status;
    if (role == NULL || bootstrap.tokens == NULL || bootstrap.users == NULL)
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("The contract lacks API tokens, users or their roles."));
    if (getrandom(bootstrap.random, sizeof(bootstrap.random), 0) != sizeof(bootstrap.random))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    arena_wipe_on_done(arena);
    bootstrap.name = name;
    bootstrap.organization = uuid_make(bootstrap.now_ms, bootstrap.random);
    bootstrap.token = uuid_make(bootstrap.now_ms, bootstrap.random + 10);
    bootstrap.owner = uuid_make(bootstrap.now_ms, bootstrap.random + 20);
    token_value_make(bootstrap.random + 30, value);
    text = arena_copy(arena, slice_make(value, sizeof(value)));
    explicit_bzero(value, sizeof(value));
    if (commit == NULL)
        commit_init(&own_commit, arena);
    if (first)
        commit_require_empty(bootstrap.commit, FAMILY_ORGANIZATIONS, SLICE("\0"),
                             organizations_end(arena));
    put_organization(&bootstrap, owner_phc != NULL);
    if (owner_phc != NULL)
        put_owner(&bootstrap, owner_phc);
    put_token(&bootstrap, role, text);
    explicit_bzero(bootstrap.random, sizeof(bootstrap.random));
    if (wrapping != NULL)
        status = key_ring_add_data_key(bootstrap.commit, wrapping, &bootstrap.organization, 1);
    if (status_is_ok(status))
        status = write_commit(store, &bootstrap);
    if (status_is_ok(status))
        *ret_made = (struct organization_made){bootstrap.organization, text};
    return status;
}
