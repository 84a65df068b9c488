/* Each path is walked from the top; messages on its way are created where the object has them. */
#include "rpc/services/resource/read_mask.h"

#include "google/protobuf/field_mask.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/filter/filter.h"
#include "proto/filter/filter_field.h"

/* Longest path that a refusal repeats, in bytes. */
#define PATH_NAMED_MOST 128

/* The first name of a path, passed with its dot; *ret_last when nothing follows. */
static struct slice next_name(struct slice *path, bool *ret_last)
{
    size_t dot = slice_find(*path, '.');
    struct slice name = slice_make(path->data, dot);

    *ret_last = dot == path->len;
    *path = slice_from(*path, *ret_last ? dot : dot + 1);
    return name;
}

static bool can_enter(const struct field *field)
{
    return field->message != NULL && !field->repeated &&
           field->message->well_known == WELL_KNOWN_NONE;
}

static bool names_field(const struct message_type *type, struct slice path)
{
    for (;;) {
        bool last;
        const struct field *field = message_field_by_name(type, next_name(&path, &last));

        if (field == NULL || !filter_may_name(field))
            return false;
        if (last)
            return true;
        if (!can_enter(field))
            return false;
        type = field->message;
    }
}

struct status read_mask__check(struct arena *arena, const struct message_type *type,
                               const ProtobufCMessage *mask, const ProtobufCMessage **ret_mask)
{
    const Google__Protobuf__FieldMask *paths = (const void *)mask;
    bool all = paths == NULL || paths->n_paths == 0;

    for (size_t i = 0; paths != NULL && i < paths->n_paths; i++) {
        struct slice path = slice_from_cstr(paths->paths[i]);

        if (slice_equal(path, SLICE("*")))
            all = true;
        else if (path.len > PATH_NAMED_MOST)
            return status_invalid_field(arena, SLICE("readMask"),
                                        "must name fields of the resource; a path has %zu bytes",
                                        path.len);
        else if (!names_field(type, path))
            return status_invalid_field(arena, SLICE("readMask"),
                                        "must name fields of the resource; \"%.*s\" is none",
                                        SLICE_ARG(path));
    }
    *ret_mask = all ? NULL : mask;
    return status_ok();
}

static void keep_path(struct arena *arena, const struct message_type *type, struct slice path,
                      const ProtobufCMessage *from, ProtobufCMessage *to)
{
    while (from != NULL && to != NULL) {
        bool last;
        const struct field *field = message_field_by_name(type, next_name(&path, &last));
        ProtobufCMessage *inner;

        if (!field_is_set(from, field))
            return;
        if (last) {
            field_copy(to, from, field);
            return;
        }
        inner = field_get_message(to, field);
        if (inner == NULL) {
            inner = message_new(arena, field->message);
            field_set_message(to, field, inner);
        } else if (inner == field_get_message(from, field)) {
            return; /* a shorter path has named all of it */
        }
        from = field_get_message(from, field);
        to = inner;
        type = field->message;
    }
}

ProtobufCMessage *read_mask__keep(struct arena *arena, const struct message_type *type,
                                  const ProtobufCMessage *mask, const ProtobufCMessage *message)
{
    const Google__Protobuf__FieldMask *paths = (const void *)mask;
    ProtobufCMessage *kept = message_new(arena, type);

    for (size_t i = 0; kept != NULL && i < paths->n_paths; i++)
        keep_path(arena, type, slice_from_cstr(paths->paths[i]), message, kept);
    return kept;
}
