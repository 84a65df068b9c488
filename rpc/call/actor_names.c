/* A place for each last byte of an id; the newest name has it. */
#include "rpc/call/actor_names.h"

#include "base/cache_size.h"

static size_t place_of(const struct identity *identity)
{
    size_t places = cache_size(ACTOR_NAMES);

    return places == 0 ? 0 : identity->id.bytes[15] % places;
}

bool actor_names__find(const struct actor_names *names, const struct identity *identity,
                       struct slice *ret_name)
{
    const struct actor_name *known = &names->names[place_of(identity)];

    if (known->type == IDENTITY_ANONYMOUS || known->type != identity->type ||
        known->epoch != identity->epoch || !uuid_equal(&known->id, &identity->id) ||
        !uuid_equal(&known->organization, &identity->organization))
        return false;
    *ret_name = slice_make(known->name, known->len);
    return true;
}

void actor_names__keep(struct actor_names *names, const struct identity *identity, uint64_t epoch,
                       struct slice name)
{
    struct actor_name *known = &names->names[place_of(identity)];

    if ((identity->type != IDENTITY_TOKEN && identity->type != IDENTITY_USER) || name.len == 0 ||
        name.len > ACTOR_NAME_BYTES || cache_size(ACTOR_NAMES) == 0)
        return;
    known->type = identity->type;
    known->organization = identity->organization;
    known->id = identity->id;
    known->epoch = epoch;
    known->len = name.len;
    memcpy(known->name, name.data, name.len);
}
