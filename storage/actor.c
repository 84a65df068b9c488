/* Actors as texts, by a table of their types. */
#include "storage/actor.h"

#include "base/text.h"

/* In front of the id. */
static const struct {
    enum actor_type type;
    struct slice prefix;
} prefixes[] = {
    {ACTOR_TOKEN, SLICE_INIT("token:")},
    {ACTOR_USER, SLICE_INIT("user:")},
    {ACTOR_DIRECTOR, SLICE_INIT("director:")},
    {ACTOR_ENROLLMENT, SLICE_INIT("enrollment:")},
};
#define PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

struct slice actor_text(struct arena *arena, const struct actor *actor)
{
    char id[UUID_TEXT_LEN];

    if (actor->type == ACTOR_SYSTEM)
        return SLICE("system");
    uuid_format(&actor->id, id);
    for (size_t i = 0; i < PREFIXES; i++)
        if (prefixes[i].type == actor->type)
            return text_join(
                arena, (const struct slice[]){prefixes[i].prefix, slice_make(id, sizeof(id))}, 2);
    return SLICE("anonymous");
}

struct actor actor_parse(struct slice text)
{
    struct actor actor = {.type = ACTOR_NONE};

    if (slice_equal(text, SLICE("system")))
        return (struct actor){.type = ACTOR_SYSTEM};
    for (size_t i = 0; i < PREFIXES; i++) {
        if (!slice_starts_with(text, prefixes[i].prefix))
            continue;
        if (uuid_parse(slice_from(text, prefixes[i].prefix.len), &actor.id))
            actor.type = prefixes[i].type;
        return actor;
    }
    return actor;
}
