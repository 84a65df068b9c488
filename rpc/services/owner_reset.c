/*
 * Making an Owner without a server: for an operator who lost the password, and for stores that are
 * older than users.
 */
#include "rpc/services/owner_reset.h"

#include <assert.h>
#include <sys/random.h>

#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "rpc/call/time_floor.h"
#include "rpc/services/organization.h"
#include "rpc/services/owner.h"
#include "rpc/services/password_work.h"
#include "rpc/services/resource/rows.h"
#include "rpc/services/resource/secrets.h"
#include "rpc/services/user.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/store_walk.h"

/* Owners that one commit can replace: a sound store has one. */
#define OWNERS_MOST 100

/* A reset on its way into one commit. */
struct repair {
    const struct owner_reset *reset;
    struct arena *arena;
    struct store_view *view;
    const struct kind *users;
    const struct predefined_role *owner, *admin;
    int64_t now_ms;
    struct commit commit;
};

/* A user as it is stored. */
struct stored_user {
    struct object_state state;
    Datastream__Storage__V1__UserRecord *record;
};

static char *id_cstr(struct arena *arena, const struct uuid *id)
{
    return arena_cstr(arena, object_id_text(arena, id));
}

static struct status unreadable(void)
{
    return status_const(STATUS_INTERNAL, SLICE("The store cannot be read."));
}

/* -- audit ------------------------------------------------------------------------------------ */

static void put_audit(struct repair *w, const char *action, const char *kind, uint32_t number,
                      const struct uuid *id, struct slice name, struct slice description)
{
    Datastream__Storage__V1__AuditRecord record = DATASTREAM__STORAGE__V1__AUDIT_RECORD__INIT;

    record.time_ms = w->now_ms;
    record.actor = (char *)"system";
    record.action = (char *)action;
    record.kind = (char *)kind;
    record.object_id = id_cstr(w->arena, id);
    record.object_name = arena_cstr(w->arena, name);
    record.description = arena_cstr(w->arena, description);
    if (!arena_failed(w->arena))
        commit_audit(&w->commit, &w->reset->organization, record.time_ms,
                     &(struct actor){.type = ACTOR_SYSTEM}, number, id,
                     message_pack(w->arena, &record.base));
}

static void audit_user(struct repair *w, const char *action, const struct stored_user *user,
                       const char *did)
{
    struct slice name = slice_from_cstr(user->record->user->name);

    put_audit(w, action, "users", w->users->number, &user->state.id, name,
              arena_printf(w->arena, "%s the user \"%.*s\".", did, SLICE_ARG(name)));
}

/* -- users ------------------------------------------------------------------------------------ */

static void fill_state(struct repair *w, Datastream__Storage__V1__UserRecord *record,
                       struct object_state *state)
{
    struct references_reader reader = {.arena = w->arena,
                                       .identities = w->reset->identities,
                                       .organization = w->reset->organization};

    state->kind = w->users;
    state->organization = w->reset->organization;
    rows_fill(&reader, &record->user->base, state);
}

/* A user from a stored value. DATA_LOSS, UNAVAILABLE by the store, or out of memory. */
static struct status load(struct repair *w, const struct uuid *id, struct slice value,
                          struct stored_user *ret_user)
{
    struct stored_user user = {.state = {.id = *id}};
    struct slice key = key_object(w->arena, &w->reset->organization, w->users->number, id);
    struct record record;
    enum store_found found;

    if (!record_parse(value, &record))
        return object_data_loss();
    user.record = user__unpack(w->arena, record.body);
    if (user.record == NULL)
        return arena_failed(w->arena) ? status_out_of_memory() : object_data_loss();
    user.state.revision = record.revision;
    user.state.body = record.body;
    found = secrets_read(w->view, key, &user.state.secrets);
    if (found != STORE_FOUND && found != STORE_ABSENT)
        return unreadable();
    fill_state(w, user.record, &user.state);
    *ret_user = user;
    return arena_failed(w->arena) ? status_out_of_memory() : status_ok();
}

/* Fills the commit with the user's record as it is now. */
static void put_user(struct repair *w, struct stored_user *user, struct slice secrets)
{
    struct object_state after = {.id = user->state.id};

    user->record->generation++;
    field_set_timestamp(w->arena, &user->record->user->base, w->users->update_time, w->now_ms);
    fill_state(w, user->record, &after);
    after.body = user__pack(w->arena, user->record);
    after.secrets = secrets;
    if (!arena_failed(w->arena))
        rows_commit(&w->commit, user->state.revision == 0 ? NULL : &user->state, &after);
}

/* Everybody else who has the role becomes Admin. */
static struct status demote(struct repair *w, const struct uuid *id, struct slice value)
{
    struct stored_user user;
    struct status status = load(w, id, value, &user);

    if (!status_is_ok(status))
        return status;
    user.record->user->role_id = id_cstr(w->arena, &w->admin->id);
    put_user(w, &user, user.state.secrets);
    audit_user(w, "UpdatedUser", &user, "Made Admin instead of Owner");
    return status_ok();
}

/* All users but the target. */
static struct status demote_others(struct repair *w, const struct uuid *target)
{
    struct slice prefix = key_organization(w->arena, &w->reset->organization);
    struct slice end = key_prefix_end(w->arena, prefix);
    struct status status = status_ok();
    struct store_row row;
    size_t owners = 0;
    struct arena page;
    struct walk walk;

    if (arena_failed(w->arena))
        return status_out_of_memory();
    arena_init_like(&page, w->arena);
    walk_init(&walk, w->reset->store, FAMILY_USERS, prefix, end);
    while (status_is_ok(status) && walk_next(&walk, &row)) {
        struct uuid organization, id;
        uint32_t number;

        arena_reset(&page);
        if (!key_object_parse(row.key, &organization, &number, &id) || uuid_equal(&id, target) ||
            !owner_has_role(&page, w->reset->identities, row.value))
            continue;
        status = ++owners > OWNERS_MOST
                     ? status_const(STATUS_FAILED_PRECONDITION,
                                    SLICE("The organization has too many Owners."))
                     : demote(w, &id, arena_copy(w->arena, row.value));
    }
    if (!walk_done(&walk) && status_is_ok(status))
        status = unreadable();
    arena_done(&page);
    return status;
}

/* A user whom nobody knows yet: the name is what the address says, until the Owner says another. */
static struct status make_user(struct repair *w, struct stored_user *ret_user)
{
    Datastream__Storage__V1__UserRecord *record = arena_alloc(w->arena, sizeof(*record));
    Datastream__V1__User *user = arena_alloc(w->arena, sizeof(*user));
    struct slice email = w->reset->email;
    uint8_t random[10];

    if (record == NULL || user == NULL)
        return status_out_of_memory();
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    datastream__storage__v1__user_record__init(record);
    datastream__v1__user__init(user);
    *ret_user = (struct stored_user){.state = {.id = uuid_make(w->now_ms, random)},
                                     .record = record};
    record->user = user;
    user->id = id_cstr(w->arena, &ret_user->state.id);
    user->name = arena_cstr(w->arena, user__name_of_email(email));
    user->email = arena_cstr(w->arena, email);
    user->timezone = arena_cstr(w->arena, SLICE("UTC"));
    user->language = arena_cstr(w->arena, SLICE("en"));
    user->created_by = arena_cstr(w->arena, SLICE("system"));
    field_set_timestamp(w->arena, &user->base, w->users->create_time, w->now_ms);
    return arena_failed(w->arena) ? status_out_of_memory() : status_ok();
}

/* The user of the address, or a new one. */
static struct status find_user(struct repair *w, struct stored_user *ret_user)
{
    const struct uuid *organization = &w->reset->organization;
    char *email = arena_cstr(w->arena, w->reset->email);
    struct slice key = email == NULL ? SLICE_EMPTY : user__email_key(w->arena, email);
    struct record record;
    struct uuid owner, id;
    enum store_found found;
    struct slice value;
    uint32_t number;

    if (arena_failed(w->arena))
        return status_out_of_memory();
    found = store_get(w->view, FAMILY_EMAILS, key, &value);
    if (found == STORE_ABSENT)
        return make_user(w, ret_user);
    if (found != STORE_FOUND)
        return unreadable();
    if (!record_parse(value, &record) || !key_object_parse(record.body, &owner, &number, &id))
        return object_data_loss();
    if (!uuid_equal(&owner, organization))
        return status_const(STATUS_ALREADY_EXISTS,
                            SLICE("The e-mail address is that of a user of another organization."));
    found = store_get(w->view, FAMILY_USERS, record.body, &value);
    if (found == STORE_FOUND)
        return load(w, &id, value, ret_user);
    return found == STORE_ABSENT ? object_data_loss() : unreadable();
}

/* The row of secrets with the new password in it; empty when the arena failed. */
static struct slice with_password(struct repair *w, struct slice secrets)
{
    Datastream__Storage__V1__SecretsRecord *record = secrets_unpack(w->arena, secrets);
    char *phc = arena_cstr(w->arena, slice_from_cstr(w->reset->phc));

    if (record == NULL || phc == NULL) {
        arena_fail(w->arena);
        return SLICE_EMPTY;
    }
    if (record->password == NULL) {
        record->password = arena_alloc(w->arena, sizeof(*record->password));
        if (record->password == NULL)
            return SLICE_EMPTY;
        datastream__storage__v1__password_record__init(record->password);
    }
    password__set(w->arena, record->password, phc, w->now_ms);
    return arena_failed(w->arena) ? SLICE_EMPTY : secrets_pack(w->arena, record);
}

static struct status promote(struct repair *w, struct stored_user *user)
{
    bool is_new = user->state.revision == 0;

    user->record->user->role_id = id_cstr(w->arena, &w->owner->id);
    user->record->disabled = false;
    user->record->must_change_password = false;
    put_user(w, user, with_password(w, user->state.secrets));
    if (is_new)
        audit_user(w, "CreatedUser", user, "Created");
    audit_user(w, "ResetOwner", user, "Made Owner, with a new password,");
    return arena_failed(w->arena) ? status_out_of_memory() : status_ok();
}

/* -- the organization ------------------------------------------------------------------------- */

static struct status put_organization(struct repair *w, const struct uuid *owner)
{
    struct slice key = key_organization(w->arena, &w->reset->organization);
    Datastream__Storage__V1__OrganizationRecord *record;
    struct slice value = SLICE_EMPTY;
    struct slice copy = arena_copy(w->arena, slice_make(owner->bytes, sizeof(owner->bytes)));
    uint64_t revision;

    if (arena_failed(w->arena))
        return status_out_of_memory();
    if (store_get(w->view, FAMILY_ORGANIZATIONS, key, &value) != STORE_FOUND)
        return unreadable();
    record = organization__unpack(w->arena, value, &revision);
    if (record == NULL)
        return object_data_loss();
    record->owner_id = (ProtobufCBinaryData){copy.len, (uint8_t *)copy.data};
    record->owner_email = arena_cstr(w->arena, w->reset->email);
    record->update_time_ms = w->now_ms;
    if (arena_failed(w->arena))
        return status_out_of_memory();
    commit_require_revision(&w->commit, FAMILY_ORGANIZATIONS, key, revision);
    commit_put(&w->commit, FAMILY_ORGANIZATIONS, key, message_pack(w->arena, &record->base));
    return status_ok();
}

static struct status write_commit(struct repair *w)
{
    if (arena_failed(w->arena))
        return status_out_of_memory();
    assert(!commit_is_empty(&w->commit));
    switch (store_commit_wait(w->reset->store, &w->commit)) {
    case COMMIT_DONE:
        return status_ok();
    case COMMIT_CONFLICT:
        return status_const(STATUS_ABORTED, SLICE("Another change came first. Try again."));
    default:
        return status_const(STATUS_INTERNAL, SLICE("The store could not write the Owner."));
    }
}

struct status owner_reset(const struct owner_reset *reset, struct arena *arena)
{
    struct repair w = {
        .reset = reset,
        .arena = arena,
        .view = store_view_open(reset->store, arena),
        .users = contract_kind(reset->contract, SLICE("users")),
        .owner = identity_predefined_role_named(reset->identities, PREDEFINED_OWNER),
        .admin = identity_predefined_role_named(reset->identities, PREDEFINED_ADMIN),
        .now_ms = time_floor_now_ms(),
    };
    struct stored_user user;
    struct status status;

    if (w.view == NULL)
        return status_out_of_memory();
    if (w.users == NULL || w.owner == NULL || w.admin == NULL)
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("The contract lacks users or their roles."));
    commit_init(&w.commit, arena);
    status = find_user(&w, &user);
    if (status_is_ok(status))
        status = demote_others(&w, &user.state.id);
    if (status_is_ok(status))
        status = promote(&w, &user);
    if (status_is_ok(status))
        status = put_organization(&w, &user.state.id);
    return status_is_ok(status) ? write_commit(&w) : status;
}
