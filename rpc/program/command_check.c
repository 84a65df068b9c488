/* check and verify-audit: reading a store that no server has open, and proving what it promises. */
#include "rpc/program/command_check.h"

#include <assert.h>
#include <stdio.h>

#include "base/text.h"
#include "rpc/program/program.h"
#include "rpc/program/verify_file.h"
#include "rpc/services/check_rules.h"
#include "rpc/services/services.h"
#include "storage/audit.h"
#include "storage/keys.h"

static void print_sentence(void *context, struct slice sentence)
{
    (void)context;
    printf("%.*s\n", SLICE_ARG(sentence));
}

int command__check(const struct options *options, struct arena *arena)
{
    struct program program;
    struct services_check check;
    struct check_rules rules;
    struct status status = program__open(options, STORE_OFFLINE, arena, &program);

    if (!status_is_ok(status))
        return program__fail(status);
    check = (struct services_check){program.contract, program.identities, NULL, program.store,
                                    &program.secret_keys};
    rules = services_check_rules(&check);
    status = services_bind(program.contract, arena, &check.hooks);
    if (status_is_ok(status))
        status = store_check(program.store, &rules, arena, print_sentence, NULL);
    if (status_is_ok(status))
        printf("The store is consistent at revision %llu.\n",
               (unsigned long long)store_revision(program.store));
    program__close(&program);
    return status_is_ok(status) ? 0 : program__fail(status);
}

/* What is wrong with a chain; empty when it is whole. */
static struct slice find_breach(const struct audit_verdict *verdict,
                                const struct audit_trace *trace, struct arena *arena)
{
    uint64_t last = verdict->written > trace->number ? verdict->written : trace->number;
    unsigned long long rows = verdict->rows;

    if (verdict->broken != 0)
        return arena_printf(arena, "broken at row %llu", (unsigned long long)verdict->broken);
    if (verdict->is_head_bad)
        return arena_printf(arena, "%llu rows, but the record of the chain's end was altered",
                            rows);
    if (last > verdict->rows)
        return arena_printf(arena, "%s is missing: %llu rows, but row %llu was written",
                            rows == 0 ? "the chain" : "the end of the chain", rows,
                            (unsigned long long)last);
    if (trace->revision > verdict->revision)
        return arena_printf(
            arena,
            "%s is missing: %llu rows up to revision %llu, but something was changed "
            "at revision %llu",
            rows == 0 ? "the chain" : "the end of the chain", rows,
            (unsigned long long)verdict->revision, (unsigned long long)trace->revision);
    if (verdict->written < verdict->rows)
        return arena_printf(arena, "%llu rows, but the record of the chain's end is missing or old",
                            rows);
    return SLICE_EMPTY;
}

/* Prints the verdict of one organization's chain; false when it is not whole. */
static bool verify_one(struct store *store, const struct uuid *organization, struct arena *arena)
{
    struct audit_verdict verdict;
    struct audit_trace trace;
    char id[UUID_TEXT_LEN];
    struct slice breach;

    uuid_format(organization, id);
    if (!audit_verify(store, organization, &verdict) ||
        !audit_find_trace(store, organization, &trace)) {
        printf("%.*s: the chain cannot be read\n", UUID_TEXT_LEN, id);
        return false;
    }
    breach = find_breach(&verdict, &trace, arena);
    if (breach.len > 0)
        printf("%.*s: %.*s\n", UUID_TEXT_LEN, id, SLICE_ARG(breach));
    else
        printf("%.*s: %llu rows, head %.*s\n", UUID_TEXT_LEN, id, (unsigned long long)verdict.rows,
               SLICE_ARG(hex_encode(arena, slice_make(verdict.head, sizeof(verdict.head)))));
    return breach.len == 0;
}

/* Families whose keys begin with the organization, and where each chain leaves rows. */
static const enum store_family chain_families[] = {FAMILY_ORGANIZATIONS,  FAMILY_COUNTS,
                                                   FAMILY_AUDIT,          FAMILY_AUDIT_BY_OBJECT,
                                                   FAMILY_AUDIT_BY_ACTOR, FAMILY_AUDIT_BY_TIME};

/*
 * Moves on to the first organization from that on which has a record or rows of a chain; *ret_found
 * is false beyond the last.
 */
static struct status next_organization(struct store *store, struct arena *arena,
                                       struct uuid *organization, bool *ret_found)
{
    static const uint8_t last[17] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct slice from = arena_copy(arena,
                                   slice_make(organization->bytes, sizeof(organization->bytes)));
    struct store_view *view = store_view_open(store, arena);

    *ret_found = false;
    if (view == NULL || arena_failed(arena))
        return status_out_of_memory();
    for (size_t i = 0; i < sizeof(chain_families) / sizeof(chain_families[0]); i++) {
        struct store_rows rows;
        struct slice key;

        if (store_scan(view, chain_families[i], from, slice_make(last, sizeof(last)), false, 1,
                       &rows) != STORE_FOUND)
            return status_const(STATUS_UNAVAILABLE, SLICE("The store cannot be read."));
        key = rows.count == 0 ? SLICE_EMPTY : rows.rows[0].key;
        if (key.len < sizeof(organization->bytes)) /* none, or one that `check` reports */
            continue;
        if (!*ret_found || memcmp(key.data, organization->bytes, sizeof(organization->bytes)) < 0)
            memcpy(organization->bytes, key.data, sizeof(organization->bytes));
        *ret_found = true;
        assert(memcmp(organization->bytes, from.data, from.len) >= 0); /* so that it ends */
    }
    return status_ok();
}

/* To the id after this one; false when there is none. */
static bool uuid_increment(struct uuid *id)
{
    for (size_t i = sizeof(id->bytes); i > 0; i--)
        if (++id->bytes[i - 1] != 0)
            return true;
    return false;
}

/* Whether the organization has its record, without which a chain is of nobody. */
static struct status find_organization(struct store *store, const struct uuid *organization,
                                       struct arena *arena, bool *ret_found)
{
    struct store_view *view = store_view_open(store, arena);
    struct slice value;
    enum store_found found;

    if (view == NULL)
        return status_out_of_memory();
    found = store_get(view, FAMILY_ORGANIZATIONS, key_organization(arena, organization), &value);
    if (found != STORE_FOUND && found != STORE_ABSENT)
        return status_const(STATUS_UNAVAILABLE, SLICE("The store cannot be read."));
    *ret_found = found == STORE_FOUND;
    return status_ok();
}

static struct status verify_all(struct store *store, struct arena *arena)
{
    struct uuid organization = {{0}};
    struct status status;
    bool whole = true;
    bool found;

    do {
        char id[UUID_TEXT_LEN];
        bool has_record;

        status = next_organization(store, arena, &organization, &found);
        if (!status_is_ok(status) || !found)
            break;
        status = find_organization(store, &organization, arena, &has_record);
        if (!status_is_ok(status))
            break;
        if (!has_record) {
            uuid_format(&organization, id);
            printf("%.*s: the organization's record is missing\n", UUID_TEXT_LEN, id);
        }
        whole = verify_one(store, &organization, arena) && has_record && whole;
    } while (uuid_increment(&organization));
    if (!status_is_ok(status))
        return status;
    return whole ? status_ok() : status_const(STATUS_DATA_LOSS, SLICE("A chain is not whole."));
}

/* Of an organization that there is not, no rows would be a chain that holds. */
static struct status verify_named(struct store *store, const struct uuid *organization,
                                  struct arena *arena)
{
    bool has_record = false;
    struct status status = find_organization(store, organization, arena, &has_record);

    if (!status_is_ok(status))
        return status;
    if (!has_record)
        return status_const(STATUS_NOT_FOUND, SLICE("There is no such organization."));
    return verify_one(store, organization, arena)
               ? status_ok()
               : status_const(STATUS_DATA_LOSS, SLICE("The chain is not whole."));
}

int command__verify_audit(const struct options *options, struct arena *arena)
{
    struct program program;
    struct uuid organization;
    struct status status;

    if (options->organization_id != NULL &&
        !uuid_parse(slice_from_cstr(options->organization_id), &organization))
        return program__fail(status_const(STATUS_INVALID_ARGUMENT,
                                          SLICE("The flag --organization-id must be a UUID.")));
    status = program__open(options, STORE_OFFLINE, arena, &program);
    if (!status_is_ok(status))
        return program__fail(status);
    if (options->file != NULL)
        status = verify_file__check(options, &program, arena);
    else
        status = options->organization_id == NULL
                     ? verify_all(program.store, arena)
                     : verify_named(program.store, &organization, arena);
    program__close(&program);
    return status_is_ok(status) ? 0 : program__fail(status);
}
