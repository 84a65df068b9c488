/* The table of the typed kinds, and what it says of each kind. */
#include "rpc/services/resource/object_kinds.h"

#include <assert.h>

#include "proto/message/message.h"

/* Written at the start, before there are threads; read by all. */
static const struct typed_kind *const *typed_kinds;

void object_register_kinds(const struct typed_kind *const *kinds)
{
    assert(typed_kinds == NULL || typed_kinds == kinds);
    assert(kinds != NULL);
    if (typed_kinds == NULL)
        typed_kinds = kinds;
}

static const struct typed_kind *typed_kind_of(const struct kind *kind)
{
    assert(typed_kinds != NULL);
    for (size_t i = 0; typed_kinds[i] != NULL; i++)
        if (typed_kinds[i]->message == kind->message->pb)
            return typed_kinds[i];
    return NULL;
}

enum store_family object_family(const struct kind *kind)
{
    const struct typed_kind *typed = typed_kind_of(kind);

    return typed == NULL ? FAMILY_RESOURCES : typed->family;
}

bool object__is_typed(const struct kind *kind)
{
    return typed_kind_of(kind) != NULL;
}

bool object__has_secrets(const struct kind *kind)
{
    const struct typed_kind *typed = typed_kind_of(kind);

    return typed != NULL && typed->has_secrets;
}

bool object__is_builtin(const struct identity_registry *identities, const struct kind *kind,
                        const struct uuid *id)
{
    const struct typed_kind *typed = typed_kind_of(kind);

    return typed != NULL && typed->is_builtin != NULL && typed->is_builtin(identities, id);
}

void object__add_indexes(struct arena *arena, const struct kind *kind,
                         const struct uuid *organization, struct slice body,
                         struct check_index **first)
{
    const struct typed_kind *typed = typed_kind_of(kind);

    if (typed != NULL && typed->add_indexes != NULL)
        typed->add_indexes(arena, kind, organization, body, first);
}

ProtobufCMessage *object_unpack_body(struct arena *arena, const struct kind *kind,
                                     struct slice body)
{
    const struct typed_kind *typed = typed_kind_of(kind);

    return typed == NULL ? message_unpack(arena, kind->message, body) : typed->unpack(arena, body);
}
