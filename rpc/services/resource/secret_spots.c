/* Spots are copied: those of a walk live while it is there. */
#include "rpc/services/resource/secret_spots.h"

#include <assert.h>

#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/walk.h"

static const struct spot *copy(struct arena *arena, const struct spot *spot)
{
    struct spot *kept;

    if (spot == NULL)
        return NULL;
    assert(!spot->has_index); /* the contract has no secret below a list */
    kept = arena_alloc(arena, sizeof(*kept));
    if (kept == NULL)
        return NULL;
    *kept = *spot;
    kept->parent = copy(arena, spot->parent);
    return kept;
}

void secret_spots__note(struct secret_spots *spots, struct arena *arena, const struct spot *spot,
                        const ProtobufCMessage *message)
{
    struct secret_spot *noted;

    if (!fields__holds_secret(message, spot->field))
        return;
    noted = arena_alloc(arena, sizeof(*noted));
    if (noted == NULL)
        return;
    *noted = (struct secret_spot){.spot = copy(arena, spot)};
    if (spots->last == NULL)
        spots->first = noted;
    else
        spots->last->next = noted;
    spots->last = noted;
}

ProtobufCMessage *secret_spots__message(const struct spot *spot, ProtobufCMessage *object)
{
    ProtobufCMessage *holder;

    if (spot->parent == NULL)
        return object;
    holder = secret_spots__message(spot->parent, object);
    return holder == NULL ? NULL : field_get_message(holder, spot->parent->field);
}
