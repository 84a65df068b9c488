/* check and verify-audit: reading a store that no server has open, and proving what it promises. */
#include <stdio.h>

#include "base/text.h"
#include "rpc/program/program.h"
#include "rpc/services/services.h"
#include "storage/audit.h"
#include "storage/keys.h"

static void print_sentence(void *context, struct slice sentence)
{
    (void)context;
    printf("%.*s\n", SLICE_ARG(sentence));
}

int command_check(const struct options *options, struct arena *arena)
{
    struct program program;
    struct services_check check;
    struct check_rules rules;
    struct status status = program_open(options, STORE_OFFLINE, arena, &program);

    if (!status_is_ok(status))
        return program_fail(status);
    check = (struct services_check){program.contract, program.identities, NULL, program.store,
                                    &program.secret_keys};
    rules = services_check_rules(&check);
    status = services_bind(program.contract, arena, &check.hooks);
    if (status_is_ok(status))
        status = store_check(program.store, &rules, arena, print_sentence, NULL);
    if (status_is_ok(status))
        printf("The store is consistent at revision %llu.\n",
               (unsigned long long)store_revision(program.store));
    program_close(&program);
    return status_is_ok(status) ? 0 : program_fail(status);
}

/* Prints the verdict of one organization's chain; false when it is broken. */
static bool verify_one(struct store *store, const struct uuid *organization, struct arena *arena)
{
    struct audit_verdict verdict;
    char id[UUID_TEXT_LEN];
    struct slice head;

    uuid_format(organization, id);
    if (!audit_verify(store, organization, &verdict)) {
        printf("%.*s: the chain cannot be read\n", UUID_TEXT_LEN, id);
        return false;
    }
    head = hex_encode(arena, slice_make(verdict.head, sizeof(verdict.head)));
    if (verdict.broken != 0)
        printf("%.*s: broken at row %llu\n", UUID_TEXT_LEN, id, (unsigned long long)verdict.broken);
    else
        printf("%.*s: %llu rows, head %.*s\n", UUID_TEXT_LEN, id, (unsigned long long)verdict.rows,
               SLICE_ARG(head));
    return verdict.broken == 0;
}

static struct status verify_all(struct store *store, struct arena *arena)
{
    static const uint8_t last[17] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct store_view *view = store_view_open(store, arena);
    struct store_rows rows = {.more = true};
    struct slice from = SLICE_EMPTY;
    bool whole = true;

    while (view != NULL && rows.more && !arena_failed(arena)) {
        if (store_scan(view, FAMILY_ORGANIZATIONS, from, slice_make(last, sizeof(last)), false, 100,
                       &rows) != STORE_FOUND)
            return status_const(STATUS_UNAVAILABLE, SLICE("The store cannot be read."));
        for (size_t i = 0; i < rows.count; i++) {
            struct uuid organization;

            if (rows.rows[i].key.len != sizeof(organization.bytes))
                continue; /* `check` reports it */
            memcpy(organization.bytes, rows.rows[i].key.data, sizeof(organization.bytes));
            whole = verify_one(store, &organization, arena) && whole;
        }
        if (rows.count > 0) {
            struct slice key = rows.rows[rows.count - 1].key;

            from = arena_copy(arena, slice_make(key.data, key.len));
            from.len++; /* the NUL that arena_copy puts behind: the key's successor */
        }
    }
    if (view == NULL || arena_failed(arena))
        return status_out_of_memory();
    return whole ? status_ok() : status_const(STATUS_DATA_LOSS, SLICE("A chain is broken."));
}

/* Of an organization that there is not, no rows would be a chain that holds. */
static struct status verify_named(struct store *store, const struct uuid *organization,
                                  struct arena *arena)
{
    struct store_view *view = store_view_open(store, arena);
    struct slice value;

    if (view == NULL)
        return status_out_of_memory();
    switch (store_get(view, FAMILY_ORGANIZATIONS, key_organization(arena, organization), &value)) {
    case STORE_FOUND:
        break;
    case STORE_ABSENT:
        return status_const(STATUS_NOT_FOUND, SLICE("There is no such organization."));
    default:
        return status_const(STATUS_UNAVAILABLE, SLICE("The store cannot be read."));
    }
    return verify_one(store, organization, arena)
               ? status_ok()
               : status_const(STATUS_DATA_LOSS, SLICE("The chain is broken."));
}

int command_verify_audit(const struct options *options, struct arena *arena)
{
    struct program program;
    struct uuid organization;
    struct status status;

    if (options->organization_id != NULL &&
        !uuid_parse(slice_from_cstr(options->organization_id), &organization))
        return program_fail(status_const(STATUS_INVALID_ARGUMENT,
                                         SLICE("The flag --organization-id must be a UUID.")));
    status = program_open(options, STORE_OFFLINE, arena, &program);
    if (!status_is_ok(status))
        return program_fail(status);
    status = options->organization_id == NULL ? verify_all(program.store, arena)
                                              : verify_named(program.store, &organization, arena);
    program_close(&program);
    return status_is_ok(status) ? 0 : program_fail(status);
}
