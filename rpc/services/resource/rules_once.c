/* What may be left out at creation and is then set once. */
#include "rpc/services/resource/rules_once.h"

#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/rules.h"

static const struct field *member_of(const struct oneof *oneof, const ProtobufCMessage *message)
{
    for (size_t i = 0; i < oneof->field_count; i++)
        if (field_is_set(message, oneof->fields[i]))
            return oneof->fields[i];
    return NULL;
}

static void check_oneof(const struct change *change, const struct oneof *oneof,
                        const ProtobufCMessage *before, const ProtobufCMessage *after,
                        struct slice path)
{
    struct arena *arena = change->call->arena;
    const struct field *was = member_of(oneof, before);
    const struct field *is = member_of(oneof, after);

    if (!oneof->once || was == NULL || was == is)
        return;
    /* Whoever names a secret and gives nothing clears it, as everywhere. */
    if (is == NULL && was->secret)
        return;
    if (is == NULL)
        violations_add(change->violations, arena, fields__path(arena, path, was),
                       "cannot be removed: \"%.*s\" is set once", SLICE_ARG(oneof->name));
    else
        violations_add(change->violations, arena, fields__path(arena, path, is),
                       "cannot replace \"%.*s\": \"%.*s\" is set once", SLICE_ARG(was->json_name),
                       SLICE_ARG(oneof->name));
}

static void check_field(const struct change *change, const struct field *field,
                        const struct differences *differences, struct slice path)
{
    if (!field->once || !field_is_set(differences->before, field))
        return;
    violations_add(change->violations, change->call->arena,
                   fields__path(change->call->arena, path, field),
                   "cannot be changed: it is set once");
}

/* Where the message itself is gone, only a oneof that is set once can say so: it does. */
static void check(const struct change *change, const struct message_type *type,
                  const struct differences *differences, struct slice path)
{
    for (size_t i = 0; i < type->oneof_count; i++)
        check_oneof(change, &type->oneofs[i], differences->before, differences->after, path);
    for (const struct difference *at = differences->first; at != NULL; at = at->next) {
        const struct field *field = at->field;

        check_field(change, field, differences, path);
        if (at->is_part && (field->message->traits & TRAIT_ONCE) != 0 &&
            field_is_set(differences->before, field) && field_is_set(differences->after, field))
            check(change, field->message, &at->inner,
                  fields__path(change->call->arena, path, field));
    }
}

void rules__check_once(const struct change *change, const struct differences *differences)
{
    if (change->before != NULL && (change->kind->message->traits & TRAIT_ONCE) != 0)
        check(change, change->kind->message, differences, SLICE_EMPTY);
}
