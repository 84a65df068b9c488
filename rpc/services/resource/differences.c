/* Lists that stay sorted: who walks comes to fields in the order of their declaration. */
#include "rpc/services/resource/differences.h"

#include <assert.h>

bool differences__has_parts(const struct field *field)
{
    return field->message != NULL && !field->repeated && !field->output_only &&
           !field->input_only && field->message->well_known == WELL_KNOWN_NONE;
}

static void insert(struct differences *differences, struct arena *arena, struct difference wanted)
{
    struct difference **at = &differences->first;
    struct difference *difference;

    assert(wanted.field->parent->pb == differences->before->descriptor);
    while (*at != NULL && (*at)->field->index < wanted.field->index)
        at = &(*at)->next;
    if (*at != NULL && (*at)->field == wanted.field)
        return;
    difference = arena_alloc(arena, sizeof(*difference));
    if (difference == NULL)
        return;
    *difference = wanted;
    difference->next = *at;
    *at = difference;
}

void differences__add(struct differences *differences, struct arena *arena,
                      const struct field *field)
{
    insert(differences, arena, (struct difference){.field = field});
}

void differences__add_part(struct differences *differences, struct arena *arena,
                           const struct field *field, struct differences inner)
{
    assert(differences__has_parts(field));
    insert(differences, arena,
           (struct difference){.field = field, .is_part = true, .inner = inner});
}
