/* Every permission that the contract has, for people who choose those of a role. */
#include "rpc/services/permission_list.h"

#include <assert.h>
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
    const struct permission **permissions; /* in the order of the answer */
    size_t count;
    Datastream__V1__PermissionGroup **groups;
    size_t group_count;
};

/* Of each kind in the order of verbs, and then those of no kind. */
static void gather(struct listing *listing, const struct contract *contract)
{
    size_t most = contract->kind_count * VERB_OTHER + contract->permission_count;

    listing->permissions = arena_array(listing->arena, most, sizeof(*listing->permissions));
    listing->groups = arena_array(listing->arena, most, sizeof(*listing->groups));
    if (listing->permissions == NULL || listing->groups == NULL)
        return;
    for (size_t i = 0; i < contract->kind_count; i++)
        for (enum verb verb = VERB_READ; verb < VERB_OTHER; verb++)
            if (contract->kinds[i]->permissions[verb] != NULL)
                listing->permissions[listing->count++] = contract->kinds[i]->permissions[verb];
    for (size_t i = 0; i < contract->permission_count; i++)
        if (contract->permissions[i].kind == NULL)
            listing->permissions[listing->count++] = &contract->permissions[i];
    assert(listing->count <= most);
}

static Datastream__V1__Permission *item_of(struct arena *arena, const struct permission *permission)
{
    Datastream__V1__Permission *item = arena_alloc(arena, sizeof(*item));

    if (item == NULL)
        return NULL;
    datastream__v1__permission__init(item);
    item->name = arena_cstr(arena, permission->name);
    item->title = arena_cstr(arena, title_of(permission->description));
    item->description = arena_cstr(arena, permission->description);
    return item;
}

/* How many from one on belong to its group. */
static size_t group_length(const struct listing *listing, size_t from)
{
    size_t to = from + 1;

    while (to < listing->count &&
           slice_equal(group_of(listing->permissions[to]), group_of(listing->permissions[from])))
        to++;
    return to - from;
}

static void add_group(struct listing *listing, const struct permission *const *permissions,
                      size_t count)
{
    struct arena *arena = listing->arena;
    Datastream__V1__PermissionGroup *group = arena_alloc(arena, sizeof(*group));

    if (group == NULL)
        return;
    datastream__v1__permission_group__init(group);
    group->kind = arena_cstr(arena, group_of(permissions[0]));
    group->title = group_title(arena, permissions[0]);
    group->permissions = arena_array(arena, count, sizeof(*group->permissions));
    if (group->permissions == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        group->permissions[i] = item_of(arena, permissions[i]);
    group->n_permissions = count;
    listing->groups[listing->group_count++] = group;
}

struct status permission__list(struct call *call)
{
    Datastream__V1__ListPermissionsResponse *response = arena_alloc(call->arena, sizeof(*response));
    struct listing listing = {.arena = call->arena};
    size_t length;

    gather(&listing, call_contract(call));
    for (size_t i = 0; i < listing.count && !arena_failed(call->arena); i += length) {
        length = group_length(&listing, i);
        add_group(&listing, listing.permissions + i, length);
    }
    if (arena_failed(call->arena))
        return status_out_of_memory();
    datastream__v1__list_permissions_response__init(response);
    response->groups = listing.groups;
    response->n_groups = listing.group_count;
    call->response = &response->base;
    return status_ok();
}
