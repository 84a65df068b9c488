/* A list of marks: as many as the messages of one object have fields, at most. */
#include "rpc/services/resource/touched.h"

struct touch {
    struct touch *next;
    const ProtobufCMessage *message;
    const struct field *field;
};

static bool is_marked(const struct touched *touched, const ProtobufCMessage *message,
                      const struct field *field)
{
    for (const struct touch *at = touched->first; at != NULL; at = at->next)
        if (at->message == message && at->field == field)
            return true;
    return false;
}

void touched__add(struct touched *touched, struct arena *arena, const ProtobufCMessage *message,
                  const struct field *field)
{
    struct touch *touch;

    if (touched->whole || is_marked(touched, message, field))
        return;
    touch = arena_alloc(arena, sizeof(*touch));
    if (touch == NULL)
        return;
    *touch = (struct touch){touched->first, message, field};
    touched->first = touch;
}

bool touched_has(const struct touched *touched, const ProtobufCMessage *message,
                 const struct field *field)
{
    if (touched == NULL || touched->whole)
        return true;
    for (const struct touch *at = touched->first; at != NULL; at = at->next)
        if (at->message == message &&
            (at->field == field ||
             (field->oneof_member && at->field->oneof_member && at->field->oneof == field->oneof)))
            return true;
    return false;
}

bool touched__is_in(const struct touched *touched, const ProtobufCMessage *message)
{
    if (touched->whole)
        return true;
    for (const struct touch *at = touched->first; at != NULL; at = at->next)
        if (at->message == message)
            return true;
    return false;
}
