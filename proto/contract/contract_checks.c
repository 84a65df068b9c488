/* Walks every resource kind to its leaves, and holds each field and oneof against the checks. */
#include "proto/contract/contract_checks.h"

#include <assert.h>

#include "proto/contract/contract_build.h"
#include "proto/contract/contract_check_bounds.h"
#include "proto/contract/contract_check_options.h"
#include "proto/contract/contract_check_relations.h"

/* Messages within each other in a resource; a message that holds itself would have no end. */
#define KIND_DEPTH_MOST 16

static bool is_walked(const struct field *field)
{
    return field->message != NULL && field->message->well_known == WELL_KNOWN_NONE;
}

static struct build_message *message_of(const struct build *build, const struct message_type *type)
{
    ptrdiff_t at = (const struct build_message *)(const void *)type - build->messages;

    assert(at >= 0 && (size_t)at < build->message_count);
    return &build->messages[at];
}

static struct status check_field(const struct contract_spot *spot)
{
    struct status status = contract__check_options(spot);

    if (status_is_ok(status))
        status = contract__check_relations(spot);
    if (status_is_ok(status))
        status = contract__check_bounds(spot);
    return status;
}

static struct status walk(const struct contract_spot *above, const struct message_type *type,
                          unsigned depth)
{
    struct status status = status_ok();

    if (depth > KIND_DEPTH_MOST)
        return contract__error(above->build,
                               "%.*s is a resource with messages nested deeper than %d, or in "
                               "themselves.",
                               SLICE_ARG(above->kind->message->full_name), KIND_DEPTH_MOST);
    message_of(above->build, type)->is_of_resource = true;
    for (size_t i = 0; i < type->oneof_count && status_is_ok(status); i++)
        status = contract__check_choice(above, &type->oneofs[i]);
    for (size_t i = 0; i < type->field_count && status_is_ok(status); i++) {
        const struct field *field = type->declared[i];
        struct contract_spot spot = *above;

        spot.field = field;
        if (depth == 0)
            spot.top = field;
        spot.output = above->output || field->output_only;
        if (!type->map_entry)
            status = check_field(&spot);
        spot.below_list = above->below_list || field->repeated;
        if (status_is_ok(status) && is_walked(field))
            status = walk(&spot, field->message, depth + 1);
    }
    return status;
}

/* -- methods ---------------------------------------------------------------------------------- */

static const struct {
    enum operation_type operation;
    const char *prefix;
    const char *suffix;
} standard_methods[] = {
    {OPERATION_CREATE, "Create", ""}, {OPERATION_GET, "Get", ""},
    {OPERATION_LIST, "List", "s"},    {OPERATION_UPDATE, "Update", ""},
    {OPERATION_DELETE, "Delete", ""},
};

/* "Device" of "datastream.v1.Device". */
static struct slice short_name(struct slice full_name)
{
    for (size_t i = full_name.len; i > 0; i--)
        if (full_name.data[i - 1] == '.')
            return slice_from(full_name, i);
    return full_name;
}

/* By its operation; one with a handler of its own by its name ("CreateRole"). */
static bool has_standard_method(const struct contract *contract, const struct kind *kind,
                                size_t wanted)
{
    struct slice prefix = slice_from_cstr(standard_methods[wanted].prefix);
    struct slice name = short_name(kind->message->full_name);

    for (size_t i = 0; i < contract->method_count; i++) {
        const struct method *method = contract->methods[i];

        if (method->kind != kind)
            continue;
        if (method->operation == standard_methods[wanted].operation)
            return true;
        if (method->operation == OPERATION_CUSTOM && slice_starts_with(method->name, prefix) &&
            slice_starts_with(slice_from(method->name, prefix.len), name) &&
            method->name.len <= prefix.len + name.len + strlen(standard_methods[wanted].suffix))
            return true;
    }
    return false;
}

static struct status check_methods(const struct build *build, const struct kind *kind)
{
    struct slice name = kind->message->full_name;

    for (size_t i = 0; i < sizeof(standard_methods) / sizeof(standard_methods[0]); i++)
        if (!has_standard_method(build->contract, kind, i))
            return contract__error(build,
                                   "%.*s is a resource without the standard method %s%.*s%s.",
                                   SLICE_ARG(name), standard_methods[i].prefix,
                                   SLICE_ARG(short_name(name)), standard_methods[i].suffix);
    return status_ok();
}

static struct status check_kind(const struct build *build, const struct kind *kind)
{
    const struct contract_spot resource = {.build = build, .kind = kind};
    struct status status = check_methods(build, kind);

    if (status_is_ok(status))
        status = walk(&resource, kind->message, 0);
    if (status_is_ok(status))
        status = contract__check_reference_count(build, kind);
    if (status_is_ok(status))
        status = contract__check_secret_count(build, kind);
    return status;
}

struct status contract__check(struct build *build)
{
    struct status status = status_ok();

    for (size_t i = 0; i < build->contract->kind_count && status_is_ok(status); i++)
        status = check_kind(build, build->contract->kinds[i]);
    for (size_t i = 0; i < build->message_count; i++) {
        const struct message_type *type = &build->messages[i].type;

        if (build->messages[i].is_of_resource)
            continue;
        for (size_t k = 0; k < type->field_count && status_is_ok(status); k++)
            status = contract__check_elsewhere(build, type->declared[k]);
    }
    return status;
}
