/* Reading who owns an organization. */
#include "rpc/services/owner.h"

#include "proto/contract/contract_find.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/organization.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/user.h"
#include "storage/keys.h"
#include "storage/record.h"

bool owner_key(struct arena *arena, const struct contract *contract,
               const struct uuid *organization, struct slice value, struct slice *ret_key)
{
    const Datastream__Storage__V1__OrganizationRecord *record = organization__unpack(arena, value,
                                                                                     NULL);
    const struct kind *users = contract_kind(contract, SLICE("users"));
    struct uuid id;

    if (record == NULL || users == NULL)
        return false;
    *ret_key = SLICE_EMPTY;
    if (record->owner_id.len != sizeof(id.bytes))
        return record->owner_id.len == 0;
    memcpy(id.bytes, record->owner_id.data, sizeof(id.bytes));
    *ret_key = key_object(arena, organization, users->number, &id);
    return !arena_failed(arena);
}

bool owner_has_role(struct arena *arena, const struct identity_registry *identities,
                    struct slice value)
{
    const Datastream__Storage__V1__UserRecord *user;
    const struct predefined_role *role;
    struct record record;
    struct uuid id;

    if (!record_parse(value, &record))
        return false;
    user = user__unpack(arena, record.body);
    if (user == NULL || !uuid_parse(slice_from_cstr(user->user->role_id), &id))
        return false;
    role = identity_predefined_role(identities, &id);
    return role != NULL && strcmp(role->name, PREDEFINED_OWNER) == 0;
}

/* -- organizations ---------------------------------------------------------------------------- */

static struct status no_organization(struct arena *arena, struct slice id)
{
    return id.len == 0 ? status_const(STATUS_FAILED_PRECONDITION,
                                      SLICE("The store has no organization: create one with "
                                            "\"datastreamd init\"."))
                       : status_make(arena, STATUS_NOT_FOUND,
                                     "The store has no organization \"%.*s\".", SLICE_ARG(id));
}

/* Reads the record of the id, or the first two of all where `id` is empty. */
static struct status read_records(struct store *store, struct arena *arena, struct slice id,
                                  struct store_rows *ret_rows)
{
    struct store_view *view = store_view_open(store, arena);
    struct slice from = SLICE("\0");
    struct slice to = arena_copy(arena, SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                              "\xff\xff\xff\xff\xff"));
    struct uuid organization;

    if (id.len > 0) {
        if (!uuid_parse(id, &organization))
            return status_make(arena, STATUS_INVALID_ARGUMENT,
                               "The flag --organization-id must be an id, not \"%.*s\".",
                               SLICE_ARG(id));
        from = key_organization(arena, &organization);
        to = key_prefix_end(arena, from);
    }
    if (view == NULL || arena_failed(arena))
        return status_out_of_memory();
    if (store_scan(view, FAMILY_ORGANIZATIONS, from, to, false, 2, ret_rows) != STORE_FOUND)
        return status_const(STATUS_INTERNAL, SLICE("The store cannot be read."));
    return status_ok();
}

struct status owner_find_organization(struct store *store, struct arena *arena, struct slice id,
                                      struct uuid *ret_organization, struct slice *ret_name,
                                      unsigned *ret_password_length)
{
    Datastream__Storage__V1__OrganizationRecord *record;
    struct store_rows rows = {0};
    struct status status = read_records(store, arena, id, &rows);

    if (!status_is_ok(status))
        return status;
    if (rows.count == 0)
        return no_organization(arena, id);
    if (rows.count > 1)
        return status_const(
            STATUS_INVALID_ARGUMENT,
            SLICE("The store has several organizations: name one with "
                  "--organization-id ID. \"datastreamd verify-audit\" lists them."));
    record = organization__unpack(arena, rows.rows[0].value, NULL);
    if (record == NULL || rows.rows[0].key.len != sizeof(ret_organization->bytes))
        return status_const(STATUS_DATA_LOSS,
                            SLICE("The record of the organization cannot be read."));
    memcpy(ret_organization->bytes, rows.rows[0].key.data, sizeof(ret_organization->bytes));
    *ret_name = slice_from_cstr(record->name);
    *ret_password_length = organization__password_length(record);
    return status_ok();
}
