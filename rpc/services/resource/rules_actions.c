/* Fields that actions set (OPERATION_SET with a value) are kept by updates. */
#include "rpc/services/resource/rules_actions.h"

#include "proto/message/message_equal.h"
#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/rules.h"

static bool write_the_same(const struct written_field *a, const struct written_field *b)
{
    return a->length == b->length && memcmp(a->path, b->path, a->length * sizeof(a->path[0])) == 0;
}

/* ":disable", as HTTP names it; the method's name where it has no path with a verb. */
static struct slice action_name(const struct method *method)
{
    struct slice template = method->rule_count == 0 ? SLICE_EMPTY : method->rules[0].template;

    for (size_t i = template.len; i > 0 && template.data[i - 1] != '/'; i--)
        if (template.data[i - 1] == ':')
            return slice_from(template, i - 1);
    return method->name;
}

/* The message that holds the field; NULL where one on the way to it is not set. */
static ProtobufCMessage *holder_of(const struct written_field *written, ProtobufCMessage *message)
{
    for (size_t i = 0; i + 1 < written->length && message != NULL; i++)
        message = field_get_message(message, written->path[i]);
    return message;
}

/* The action that gives the field the wanted value; all of them where none does. */
static struct slice actions_for(struct call *call, const struct method *first,
                                const ProtobufCMessage *wanted)
{
    const struct kind *kind = first->kind;
    struct slice names = SLICE_EMPTY;

    for (size_t i = 0; i < kind->action_count; i++) {
        const struct method *method = kind->actions[i];

        if (!write_the_same(method->written, first->written))
            continue;
        if (field_has_value(wanted, written_field_last(method->written), method->written->value))
            return action_name(method);
        names = arena_printf(call->arena, "%.*s%s%.*s", SLICE_ARG(names),
                             names.len > 0 ? " or " : "", SLICE_ARG(action_name(method)));
    }
    return names;
}

static struct slice path_of(struct arena *arena, const struct written_field *written)
{
    struct slice path = SLICE_EMPTY;

    for (size_t i = 0; i < written->length; i++)
        path = fields__path(arena, path, written->path[i]);
    return path;
}

/* Whether the field reads as it is wanted, though it is stored otherwise. */
static struct status compare_shown(struct call *call, const struct method *method,
                                   const ProtobufCMessage *before, const ProtobufCMessage *wanted,
                                   bool *ret_same)
{
    const struct field *field = written_field_last(method->written);
    ProtobufCMessage *shown;
    struct status status;

    *ret_same = false;
    if (!field->computed || method->written->length != 1)
        return status_ok();
    shown = message_copy(call->arena, before);
    if (shown == NULL)
        return status_out_of_memory();
    status = computed_fill(call, method->kind, &shown, 1);
    if (status_is_ok(status))
        *ret_same = field_equal(call->arena, shown, wanted, field);
    return status;
}

void rules_refuse_state(struct arena *arena, struct slice path, struct slice actions,
                        struct violations *violations)
{
    violations_add(violations, arena, path, "cannot be changed by an update: use the action %.*s",
                   SLICE_ARG(actions));
}

static struct status keep_field(struct call *call, const struct method *method,
                                ProtobufCMessage *before, ProtobufCMessage *after,
                                struct violations *violations)
{
    const struct field *field = written_field_last(method->written);
    ProtobufCMessage *was = holder_of(method->written, before);
    ProtobufCMessage *is = holder_of(method->written, after);
    struct status status;
    bool same;

    if (was == NULL || is == NULL || field_equal(call->arena, was, is, field))
        return status_ok();
    status = compare_shown(call, method, before, is, &same);
    if (status_is_ok(status) && field_is_set(is, field) && !same)
        rules_refuse_state(call->arena, path_of(call->arena, method->written),
                           actions_for(call, method, is), violations);
    field_copy(is, was, field);
    return status;
}

struct status rules__keep_action_fields(struct call *call, const struct kind *kind,
                                        ProtobufCMessage *before, ProtobufCMessage *after,
                                        struct violations *violations)
{
    struct status status = status_ok();

    for (size_t i = 0; i < kind->action_count && status_is_ok(status); i++)
        status = keep_field(call, kind->actions[i], before, after, violations);
    return status;
}
