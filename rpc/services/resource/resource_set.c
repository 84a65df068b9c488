/* Actions that set one field to one value, such as enable and disable. */
#include "rpc/services/resource/resource_set.h"

#include <assert.h>

#include "base/text.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/resource_request.h"
#include "rpc/services/resource/resource_update.h"

/* -- what the audit row says ------------------------------------------------------------------ */

/* The verb of the method's name: "Enable" of EnableDevice, "Set" of SetVaultSecretValue. */
static struct slice verb_of(const struct method *method)
{
    struct slice kind = object__type_name(method->kind);

    for (size_t i = 0; i + kind.len <= method->name.len; i++)
        if (memcmp(method->name.data + i, kind.data, kind.len) == 0)
            return slice_make(method->name.data, i);
    return method->name;
}

/* "Enabled", "Set"; in the arena, a C string. */
static const char *past_of(struct arena *arena, struct slice verb)
{
    const char *ending = "ed";

    if (slice_ends_with(verb, SLICE("e")))
        ending = "d";
    else if (slice_ends_with(verb, SLICE("t")))
        ending = "";
    return arena_printf(arena, "%.*s%s", SLICE_ARG(verb), ending).data;
}

static void describe(struct call *call, const struct edit *edit)
{
    const struct kind *kind = edit->after.kind;
    const struct written_field *written = call->method->written;
    struct slice verb = verb_of(call->method);
    struct slice name = object_name(kind, edit->after.message);
    const char *past = past_of(call->arena, verb);
    struct slice what = SLICE("the ");

    if (written->value == NULL)
        what = arena_printf(call->arena, "\"%.*s\" of the ",
                            SLICE_ARG(written_field_last(written)->json_name));
    engine__audit_as(call, past,
                     arena_printf(call->arena, "%s %.*s%.*s \"%.*s\".", past, SLICE_ARG(what),
                                  SLICE_ARG(kind->singular), SLICE_ARG(name)));
}

/* -- the field -------------------------------------------------------------------------------- */

/* The message that holds the field; those on the way to it are made where they are missing. */
static ProtobufCMessage *holder_of(struct arena *arena, const struct written_field *written,
                                   ProtobufCMessage *message)
{
    for (size_t i = 0; i + 1 < written->length && message != NULL; i++) {
        ProtobufCMessage *next = field_get_message(message, written->path[i]);

        if (next == NULL) {
            next = message_new(arena, written->path[i]->message);
            if (next != NULL)
                field_set_message(message, written->path[i], next);
        }
        message = next;
    }
    return message;
}

static void write_value(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                        const struct field_value *value)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        field_set_string(arena, message, field, value->text);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        field_mark_set(message, field);
        *(float *)field_address(message, field, 0) = (float)value->real;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        field_mark_set(message, field);
        *(double *)field_address(message, field, 0) = value->real;
        break;
    default: /* the loader let no bytes and no messages through */
        assert(field->message == NULL && field->pb->type != PROTOBUF_C_TYPE_BYTES);
        field_set_int(message, field, value->number);
        break;
    }
}

/* The request's own value; the loader has made sure that it has the field's type. */
static void copy_value(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                       const ProtobufCMessage *request, const struct field *source)
{
    if (!field_is_set(request, source))
        field_clear(message, field);
    else if (field->message != NULL)
        field_set_message(message, field, field_get_message(request, source));
    else if (field->pb->type == PROTOBUF_C_TYPE_STRING)
        field_set_string(arena, message, field, field_get_string(request, source));
    else if (field->pb->type == PROTOBUF_C_TYPE_FLOAT || field->pb->type == PROTOBUF_C_TYPE_DOUBLE)
        write_value(
            arena, message, field,
            &(struct field_value){.real = field->pb->type == PROTOBUF_C_TYPE_FLOAT
                                              ? (double)*(float *)field_address(request, source, 0)
                                              : *(double *)field_address(request, source, 0)});
    else
        field_set_int(message, field, field_get_int(request, source));
}

static void write_field(struct call *call, ProtobufCMessage *resource)
{
    const struct written_field *written = call->method->written;
    ProtobufCMessage *holder = holder_of(call->arena, written, resource);
    const struct field *field = written_field_last(written);

    if (holder == NULL)
        return;
    if (written->value != NULL)
        write_value(call->arena, holder, field, written->value);
    else
        copy_value(call->arena, holder, field, call->request, written->source);
}

struct status engine__set(struct call *call)
{
    struct edit edit;
    struct status status = edit__open(call, engine__request_id(call), &edit);

    if (!status_is_ok(status))
        return status;
    write_field(call, edit.after.message);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    status = edit__check(call, &edit);
    if (status_is_ok(status))
        status = draft_status(call, &edit.after);
    return status_is_ok(status) ? engine__store_edit(call, &edit, describe) : status;
}
