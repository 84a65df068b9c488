/*
 * The predefined roles as a table: what each may do in each area of the contract. Ids are fixed for
 * ever: 00000000-0000-7000-8000-00000000000N, N counting from 1 in the order of the table. New
 * roles go to its end.
 */
#include "rpc/identity/predefined_roles.h"

#include <assert.h>

#define AREAS (AREA_OWNER + 1)

#define READ (1U << VERB_READ)
#define CREATE (1U << VERB_CREATE)
#define EDIT (1U << VERB_EDIT)
#define DELETE (1U << VERB_DELETE)
#define OTHER (1U << VERB_OTHER)
#define ALL (READ | CREATE | EDIT | DELETE | OTHER)

struct role_row {
    const char *name;
    const char *description;
    enum assignable assignable;
    unsigned verbs[AREAS];  /* by enum area; nothing where an area is not named */
    const char *without[2]; /* permissions that the areas would give, and the role has not */
};

static const struct role_row rows[PREDEFINED_ROLES] = {
    {
        .name = PREDEFINED_OWNER,
        .description = "Everything, handing over the organization included.",
        .assignable = ASSIGNABLE_USERS,
        .verbs = {[AREA_FLEET] = ALL,
                  [AREA_VAULT] = ALL,
                  [AREA_USERS] = ALL,
                  [AREA_GOVERNANCE] = ALL,
                  [AREA_AUDIT] = ALL,
                  [AREA_AUTHORIZATION] = ALL,
                  [AREA_OWNER] = ALL},
    },
    {
        .name = PREDEFINED_ADMIN,
        .description = "Everything but what is the Owner's alone.",
        .assignable = ASSIGNABLE_USERS,
        .verbs = {[AREA_FLEET] = ALL,
                  [AREA_VAULT] = ALL,
                  [AREA_USERS] = ALL,
                  [AREA_GOVERNANCE] = ALL,
                  [AREA_AUDIT] = ALL,
                  [AREA_AUTHORIZATION] = ALL},
    },
    {
        .name = "Contributor",
        .description = "Reads, creates and edits resources, but deletes none; reads the rest.",
        .assignable = ASSIGNABLE_USERS,
        .verbs = {[AREA_FLEET] = READ | CREATE | EDIT,
                  [AREA_VAULT] = READ,
                  [AREA_USERS] = READ | EDIT,
                  [AREA_GOVERNANCE] = READ,
                  [AREA_AUDIT] = READ},
    },
    {
        .name = "User",
        .description = "Reads resources.",
        .assignable = ASSIGNABLE_USERS,
        .verbs = {[AREA_FLEET] = READ},
    },
    {
        .name = PREDEFINED_API_ADMINISTRATOR,
        .description = "Everything but what is the Owner's alone.",
        .assignable = ASSIGNABLE_TOKENS,
        .verbs = {[AREA_FLEET] = ALL,
                  [AREA_VAULT] = ALL,
                  [AREA_USERS] = ALL,
                  [AREA_GOVERNANCE] = ALL,
                  [AREA_AUDIT] = ALL,
                  [AREA_AUTHORIZATION] = ALL},
    },
    {
        .name = "API Contributor",
        .description = "Reads, creates and edits resources, but deletes none; reads the vault.",
        .assignable = ASSIGNABLE_TOKENS,
        .verbs = {[AREA_FLEET] = READ | CREATE | EDIT, [AREA_VAULT] = READ},
    },
    {
        .name = "API Reader",
        .description = "Reads everything but API tokens, users and the audit log.",
        .assignable = ASSIGNABLE_TOKENS,
        .verbs = {[AREA_FLEET] = READ,
                  [AREA_VAULT] = READ,
                  [AREA_GOVERNANCE] = READ,
                  [AREA_AUDIT] = READ},
        .without = {"api-tokens.read", "audit.read"},
    },
    {
        .name = "API Verifier",
        .description = "Asks whether tokens are valid and what they may do; nothing else.",
        .assignable = ASSIGNABLE_TOKENS,
        .verbs = {[AREA_AUTHORIZATION] = OTHER},
    },
};

static bool row_has(const struct role_row *row, const struct permission *permission)
{
    if ((unsigned)permission->area >= AREAS ||
        (row->verbs[permission->area] >> permission->verb & 1) == 0)
        return false;
    for (size_t i = 0; i < sizeof(row->without) / sizeof(row->without[0]); i++)
        if (slice_equal(permission->name, slice_from_cstr(row->without[i])))
            return false;
    return true;
}

void predefined_roles__make(const struct contract *contract,
                            struct predefined_role ret_roles[PREDEFINED_ROLES])
{
    for (size_t i = 0; i < PREDEFINED_ROLES; i++) {
        const struct role_row *row = &rows[i];
        struct predefined_role *role = &ret_roles[i];

        assert(row->name != NULL); /* each has its row */
        *role = (struct predefined_role){
            .name = row->name, .description = row->description, .assignable = row->assignable};
        role->id.bytes[6] = 0x70;
        role->id.bytes[8] = 0x80;
        role->id.bytes[15] = (uint8_t)(i + 1);
        for (size_t k = 0; k < contract->permission_count; k++)
            if (row_has(row, &contract->permissions[k]))
                permission_set_add(&role->permissions, contract->permissions[k].bit);
    }
}
