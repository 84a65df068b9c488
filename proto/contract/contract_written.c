/* The field that a SET or REGENERATE method writes, and what SET writes there. */
#include "proto/contract/contract_written.h"

#include <assert.h>

#include "datastream/v1/options.pb-c.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/contract_internal.h"
#include "proto/contract/contract_policy.h"

static bool has_field(const struct method *method)
{
    return method->operation == OPERATION_SET || method->operation == OPERATION_REGENERATE;
}

/* The fields that the path names, from the resource on. */
static struct status resolve(const struct build *build, const struct method *method,
                             struct slice path, struct written_field *written)
{
    const struct message_type *type = method->kind->message;
    struct slice rest = path;

    written->path = arena_array(build->arena, path.len, sizeof(*written->path));
    while (written->path != NULL) {
        size_t dot = slice_find(rest, '.');
        const struct field *field =
            type == NULL ? NULL : message_field_by_proto_name(type, slice_make(rest.data, dot));

        if (field == NULL)
            return contract__error(build,
                                   "%.*s writes \"%.*s\", which is not a field of the resource.",
                                   SLICE_ARG(method->full_name), SLICE_ARG(path));
        if (field->repeated)
            return contract__error(
                build, "%.*s writes \"%.*s\", whose path leads through a list or a map.",
                SLICE_ARG(method->full_name), SLICE_ARG(path));
        written->path[written->length++] = field;
        if (dot == rest.len)
            return status_ok();
        rest = slice_from(rest, dot + 1);
        type = field->message;
    }
    return status_out_of_memory();
}

/* The value that SET writes: one of the contract's, or the request's. */
static struct status take_value(const struct build *build, const struct method *method,
                                struct slice text, struct written_field *written)
{
    const struct field *field = written_field_last(written);
    struct field_value *value = arena_zalloc(build->arena, sizeof(*value));

    if (value == NULL)
        return status_out_of_memory();
    if (field->output_only)
        return contract__error(build, "%.*s sets \"%.*s\", which is output-only.",
                               SLICE_ARG(method->full_name), SLICE_ARG(field->name));
    if (field->pb->type == PROTOBUF_C_TYPE_BYTES)
        return contract__error(build,
                               "%.*s sets \"%.*s\", which is bytes: no operation writes them.",
                               SLICE_ARG(method->full_name), SLICE_ARG(field->name));
    if (text.len == 0) {
        written->source = message_field_by_proto_name(method->input, field->name);
        if (written->source == NULL || written->source->pb->type != field->pb->type ||
            written->source->repeated || written->source->message != field->message ||
            written->source->enumeration != field->enumeration)
            return contract__error(
                build, "%.*s sets \"%.*s\" without a value, but its request has no such field.",
                SLICE_ARG(method->full_name), SLICE_ARG(field->name));
        return status_ok();
    }
    if (!contract__read_value(field, text, value))
        return contract__error(
            build, "%.*s sets \"%.*s\" to \"%.*s\", which does not fit its type.",
            SLICE_ARG(method->full_name), SLICE_ARG(field->name), SLICE_ARG(text));
    written->value = value;
    return status_ok();
}

struct status contract__build_written(const struct build *build, struct method *method,
                                      const void *policy)
{
    const Datastream__V1__MethodPolicy *option = policy;
    struct slice path = slice_from_cstr(option->field);
    struct written_field *written;
    struct status status;

    if (!has_field(method))
        return path.len == 0 && option->value[0] == '\0'
                   ? status_ok()
                   : contract__error(
                         build, "%.*s has a field or a value, which only SET and REGENERATE have.",
                         SLICE_ARG(method->full_name));
    if (method->kind == NULL)
        return status_ok(); /* the check of the shape says so */
    if (path.len == 0)
        return contract__error(build, "%.*s names no field to write.",
                               SLICE_ARG(method->full_name));
    written = arena_zalloc(build->arena, sizeof(*written));
    if (written == NULL)
        return status_out_of_memory();
    status = resolve(build, method, path, written);
    if (!status_is_ok(status))
        return status;
    assert(written->length > 0); /* or it had no last field */
    if (method->operation == OPERATION_SET)
        status = take_value(build, method, slice_from_cstr(option->value), written);
    else if (written_field_last(written)->credential == NULL)
        status = contract__error(build, "%.*s regenerates \"%.*s\", which is not a credential.",
                                 SLICE_ARG(method->full_name), SLICE_ARG(path));
    method->written = written;
    return status;
}
