/* Making an organization, for the operator's tools, in one commit. */
#include "rpc/services/organization.h"

#include <sys/random.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/time_floor.h"
#include "rpc/identity/token_value.h"
#include "rpc/services/bootstrap.h"
#include "rpc/services/services.h"
#include "rpc/services/user.h"
#include "storage/keys.h"

#define NAME_LENGTH_MOST 128 /* as its violation says */
#define EMAIL_LEN_MOST 254

/* -- checking --------------------------------------------------------------------------------- */

const char *organization__check_name(struct arena *arena, struct slice *name)
{
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;
    const char *wrong;

    if (!utf8_is_valid(*name))
        return "must be valid UTF-8";
    wrong = key_fold_name(arena, *name, &trimmed, &folded);
    if (wrong == NULL && (trimmed.len == 0 || utf8_length(trimmed) > NAME_LENGTH_MOST))
        wrong = "must have 1 to 128 characters";
    *name = trimmed;
    return wrong;
}

const char *organization__check_email(struct arena *arena, struct slice email)
{
    size_t at = slice_find(email, '@');
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;

    if (at == 0 || at + 1 >= email.len || email.len > EMAIL_LEN_MOST || !utf8_is_valid(email) ||
        slice_find(email, '\0') < email.len)
        return "must be an e-mail address";
    return key_fold_name(arena, email, &trimmed, &folded);
}

struct status organization_check(struct arena *arena, struct slice *name, struct slice owner_email)
{
    struct violations violations = {0};
    const char *wrong = organization__check_name(arena, name);

    if (wrong != NULL)
        violations_add(&violations, arena, SLICE("name"), "%s", wrong);
    wrong = organization__check_email(arena, owner_email);
    if (wrong != NULL)
        violations_add(&violations, arena, SLICE("ownerEmail"), "%s", wrong);
    return violations_status(&violations, arena);
}

/* -- the whole -------------------------------------------------------------------------------- */

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
                                  struct organization_created *ret_created)
{
    struct commit own_commit;
    const struct predefined_role *role = identity_predefined_role_named(
        identities, PREDEFINED_API_ADMINISTRATOR);
    struct bootstrap bootstrap = {
        .tokens = contract_kind(contract, SLICE("api-tokens")),
        .users = contract_kind(contract, SLICE("users")),
        .owner_email = owner_email,
        .identities = identities,
        .arena = arena,
        .commit = commit == NULL ? &own_commit : commit,
        .now_ms = time_floor_now_ms(),
    };
    uint8_t random[10 + 10 + 10 + 32];
    char value[TOKEN_VALUE_LEN];
    struct slice text;
    struct status status = organization_check(arena, &name, owner_email);

    if (!status_is_ok(status))
        return status;
    if (role == NULL || bootstrap.tokens == NULL || bootstrap.users == NULL)
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("The contract lacks API tokens, users or their roles."));
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    arena_wipe_on_done(arena);
    bootstrap.name = name;
    bootstrap.owner_name = user__name_of_email(owner_email);
    bootstrap.organization = uuid_make(bootstrap.now_ms, random);
    bootstrap.token = uuid_make(bootstrap.now_ms, random + 10);
    bootstrap.owner = uuid_make(bootstrap.now_ms, random + 20);
    token_value_make(random + 30, value);
    text = arena_copy(arena, slice_make(value, sizeof(value)));
    explicit_bzero(value, sizeof(value));
    if (commit == NULL)
        commit_init(&own_commit, arena);
    if (first)
        bootstrap__require_first(&bootstrap);
    bootstrap__put_organization(&bootstrap, owner_phc != NULL);
    if (owner_phc != NULL)
        bootstrap__put_owner(&bootstrap, owner_phc);
    bootstrap__put_token(&bootstrap, role, text);
    explicit_bzero(random, sizeof(random));
    if (wrapping != NULL)
        status = key_ring_add_data_key(bootstrap.commit, wrapping, &bootstrap.organization, 1);
    if (status_is_ok(status))
        status = write_commit(store, &bootstrap);
    if (status_is_ok(status))
        *ret_created = (struct organization_created){bootstrap.organization, text};
    return status;
}
