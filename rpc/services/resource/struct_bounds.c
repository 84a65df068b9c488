/* Sizes of free-form settings. The depth of outside messages is bounded before (message_walk). */
#include "rpc/services/resource/struct_bounds.h"

#include "google/protobuf/struct.pb-c.h"

struct tally {
    size_t values;
    size_t depth; /* of the deepest object or list */
};

static void count_object(const Google__Protobuf__Struct *object, size_t depth, struct tally *tally);

static void count_value(const Google__Protobuf__Value *value, size_t depth, struct tally *tally)
{
    tally->values++;
    if (value == NULL)
        return;
    if (value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE) {
        count_object(value->struct_value, depth + 1, tally);
    } else if (value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE) {
        if (depth + 1 > tally->depth)
            tally->depth = depth + 1;
        for (size_t i = 0; i < value->list_value->n_values; i++)
            count_value(value->list_value->values[i], depth + 1, tally);
    }
}

static void count_object(const Google__Protobuf__Struct *object, size_t depth, struct tally *tally)
{
    if (depth > tally->depth)
        tally->depth = depth;
    for (size_t i = 0; i < object->n_fields; i++)
        count_value(object->fields[i]->value, depth, tally);
}

bool struct_bounds__hold(struct arena *arena, const struct struct_bounds *bounds,
                         const ProtobufCMessage *message, struct slice *ret_description)
{
    struct tally tally = {0};

    if (protobuf_c_message_get_packed_size(message) > bounds->max_bytes) {
        *ret_description = arena_printf(arena, "must have at most %u bytes", bounds->max_bytes);
        return false;
    }
    count_object((const Google__Protobuf__Struct *)message, 1, &tally);
    if (tally.depth > bounds->max_depth)
        *ret_description = arena_printf(arena, "must have at most %u levels", bounds->max_depth);
    else if (tally.values > bounds->max_values)
        *ret_description = arena_printf(arena, "must have at most %u values", bounds->max_values);
    else
        return true;
    return false;
}
