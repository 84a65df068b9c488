/* Every permission that the contract has, for people who choose those of a role. */
#include "rpc/services/permission_list.h"

#include <ctype.h>

#include "rpc/call/chain_facts.h"
#include "rpc/services/role.h"

/* The part of a permission's name before the dot: what it is grouped by. */
static struct slice group_of(const struct permission *permission)
{
    return slice_make(permission->name.data, slice_find(permission->name, '.'));
}

/* "Read the audit log" of "Read the audit log."; of several clauses the first. */
static struct slice title_of(struct slice sentence)
{
    size_t colon = slice_find(sentence, ':');
    size_t stop = slice_find(sentence, '.');

    return slice_make(sentence.data, colon < stop ? colon : stop);
}

/* With a capital letter, and blanks for hyphens; in the arena. */
static char *heading(struct arena *arena, struct slice text)
{
    char *copy = arena_cstr(arena, text);

    for (size_t i = 0; copy != NULL && i < text.len; i++)
        if (copy[i] == '-')
            copy[i] = ' ';
    if (copy != NULL)
        copy[0] = (char)toupper((unsigned char)copy[0]);
    return copy;
}

/* "Devices": a kind's permissions are described as "Read devices."; others by their own names. */
static char *group_title(struct arena *arena, const struct permission *first)
{
    struct slice title = title_of(first->description);
    size_t blank = slice_find(title, ' ');

    return first->kind != NULL && blank < title.len ? heading(arena, slice_from(title, blank + 1))
                                                    : heading(arena, group_of(first));
}

struct listing {
    struct arena *arena;
    Datastream__V1__PermissionGroup **groups;
    size_t count;
};

/* Adds a permission to the last group when it belongs there, else to one of its own. */
static void add(struct listing *listing, const struct permission *permission, size_t most)
{
    struct arena *arena = listing->arena;
    struct slice name = group_of(permission);
    Datastream__V1__PermissionGroup *group = listing->count == 0
                                                 ? NULL
                                                 : listing->groups[listing->count - 1];
    Datastream__V1__Permission *item = arena_alloc(arena, sizeof(*item));

    if (group == NULL || !slice_equal(slice_from_cstr(group->kind), name)) {
        group = arena_alloc(arena, sizeof(*group));
        if (group == NULL)
            return;
        datastream__v1__permission_group__init(group);
        group->kind = arena_cstr(arena, name);
        group->title = group_title(arena, permission);
        group->permissions = arena_array(arena, most, sizeof(*group->permissions));
        listing->groups[listing->count++] = group;
    }
    if (item == NULL || group->permissions == NULL)
        return;
    datastream__v1__permission__init(item);
    item->name = arena_cstr(arena, permission->name);
    item->title = arena_cstr(arena, title_of(permission->description));
    item->description = arena_cstr(arena, permission->description);
    group->permissions[group->n_permissions++] = item;
}

struct status permission__list(struct call *call)
{
    const struct contract *contract = call_contract(call);
    Datastream__V1__ListPermissionsResponse *response = arena_alloc(call->arena, sizeof(*response));
    size_t most = contract->permission_count;
    struct listing listing = {call->arena, arena_array(call->arena, most, sizeof(*listing.groups)),
                              0};

    for (size_t i = 0; i < contract->kind_count && !arena_failed(call->arena); i++)
        for (enum verb verb = VERB_READ; verb < VERB_OTHER; verb++)
            if (contract->kinds[i]->permissions[verb] != NULL)
                add(&listing, contract->kinds[i]->permissions[verb], VERB_OTHER);
    for (size_t i = 0; i < most && !arena_failed(call->arena); i++)
        if (contract->permissions[i].kind == NULL)
            add(&listing, &contract->permissions[i], most);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    datastream__v1__list_permissions_response__init(response);
    response->groups = listing.groups;
    response->n_groups = listing.count;
    call->response = &response->base;
    return status_ok();
}
