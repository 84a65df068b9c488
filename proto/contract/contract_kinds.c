/* Resource kinds, and the permissions that follow from them or stand alone. */
#include "proto/contract/contract_kinds.h"

#include <assert.h>
#include <stdlib.h>

#include "datastream/v1/options.pb-c.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/contract_internal.h"
#include "proto/contract/contract_options.h"

static bool is_area(int number)
{
    return number > AREA_UNSPECIFIED && number <= AREA_OWNER;
}

static int kind_compare(const void *a, const void *b)
{
    uint32_t left = (*(struct kind *const *)a)->number;
    uint32_t right = (*(struct kind *const *)b)->number;

    return (left > right) - (left < right);
}

/* The fields that resources share: by name, and then of this type. */
enum envelope_type { ENVELOPE_TEXT, ENVELOPE_TIME, ENVELOPE_LABELS };

static const struct {
    struct slice name;
    size_t member; /* of struct kind */
    enum envelope_type type;
} envelope[] = {
    {SLICE_INIT("id"), offsetof(struct kind, id), ENVELOPE_TEXT},
    {SLICE_INIT("name"), offsetof(struct kind, name), ENVELOPE_TEXT},
    {SLICE_INIT("description"), offsetof(struct kind, description), ENVELOPE_TEXT},
    {SLICE_INIT("labels"), offsetof(struct kind, labels), ENVELOPE_LABELS},
    {SLICE_INIT("create_time"), offsetof(struct kind, create_time), ENVELOPE_TIME},
    {SLICE_INIT("update_time"), offsetof(struct kind, update_time), ENVELOPE_TIME},
    {SLICE_INIT("created_by"), offsetof(struct kind, created_by), ENVELOPE_TEXT},
    {SLICE_INIT("etag"), offsetof(struct kind, etag), ENVELOPE_TEXT},
};

static bool is_text(const struct field *field)
{
    return !field->repeated && field->pb->type == PROTOBUF_C_TYPE_STRING;
}

static bool has_type(const struct field *field, enum envelope_type type)
{
    switch (type) {
    case ENVELOPE_TEXT:
        return is_text(field);
    case ENVELOPE_TIME:
        return !field->repeated && field->message != NULL &&
               field->message->well_known == WELL_KNOWN_TIMESTAMP;
    case ENVELOPE_LABELS:
        return field->map && is_text(message_field_by_number(field->message, 1)) &&
               is_text(message_field_by_number(field->message, 2));
    }
    return false;
}

static struct status take_envelope(const struct build *build, struct kind *kind)
{
    static const char *const type_names[] = {
        [ENVELOPE_TEXT] = "string",
        [ENVELOPE_TIME] = "google.protobuf.Timestamp",
        [ENVELOPE_LABELS] = "map<string, string>",
    };

    for (size_t i = 0; i < sizeof(envelope) / sizeof(envelope[0]); i++) {
        const struct field *field = message_field_by_proto_name(kind->message, envelope[i].name);

        if (field != NULL && !has_type(field, envelope[i].type))
            return contract__error(build, "%.*s.%.*s must be a %s, as in every resource.",
                                   SLICE_ARG(kind->message->full_name), SLICE_ARG(field->name),
                                   type_names[envelope[i].type]);
        *(const struct field **)((char *)kind + envelope[i].member) = field;
    }
    return status_ok();
}

/* Optional, and only where it has this type. */
static void take_secrets_set(struct kind *kind)
{
    const struct field *field = message_field_by_proto_name(kind->message, SLICE("secrets_set"));

    if (field != NULL && field->map && is_text(message_field_by_number(field->message, 1)) &&
        has_type(message_field_by_number(field->message, 2), ENVELOPE_TIME))
        kind->secrets_set = field;
}

static struct kind *make_kind(struct arena *arena, const struct message_type *type,
                              const Datastream__V1__ResourceKind *option)
{
    struct kind *kind = arena_zalloc(arena, sizeof(*kind));

    if (kind == NULL)
        return NULL;
    kind->number = option->number;
    kind->collection = slice_from_cstr(option->collection);
    kind->singular = slice_from_cstr(option->singular);
    kind->area = (enum area)option->area;
    kind->quotes = option->quotes;
    kind->names_may_repeat = option->names_may_repeat;
    kind->example = slice_from_cstr(option->example);
    kind->message = type;
    return kind;
}

static struct status check_kind(const struct build *build, const struct kind *kind)
{
    struct slice name = kind->message->full_name;

    if (kind->number == 0)
        return contract__error(build, "%.*s is a resource without a number.", SLICE_ARG(name));
    if (kind->collection.len == 0)
        return contract__error(build, "%.*s is a resource without a collection.", SLICE_ARG(name));
    if (kind->singular.len == 0)
        return contract__error(build, "%.*s is a resource without a singular.", SLICE_ARG(name));
    if (!is_area((int)kind->area))
        return contract__error(build, "%.*s is a resource without an area.", SLICE_ARG(name));
    for (size_t i = 0; i < build->contract->kind_count; i++) {
        const struct kind *other = build->contract->kinds[i];

        if (other->number == kind->number)
            return contract__error(build, "%.*s has the resource number %u of %.*s.",
                                   SLICE_ARG(name), (unsigned)kind->number,
                                   SLICE_ARG(other->message->full_name));
        if (slice_equal(other->collection, kind->collection))
            return contract__error(build, "%.*s has the collection \"%.*s\" of %.*s.",
                                   SLICE_ARG(name), SLICE_ARG(kind->collection),
                                   SLICE_ARG(other->message->full_name));
    }
    return status_ok();
}

struct status contract__build_kinds(struct build *build)
{
    struct contract *contract = build->contract;

    contract->kinds = arena_array(build->arena, build->message_count, sizeof(struct kind *));
    if (contract->kinds == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < build->message_count; i++) {
        struct build_message *message = &build->messages[i];
        const Google__Protobuf__MessageOptions *options = message->proto->options;
        const ProtobufCMessage *option = NULL;
        struct kind *kind;
        struct status status;

        if (options == NULL)
            continue;
        if (!contract__option(build, &options->base, OPTION_RESOURCE,
                              &datastream__v1__resource_kind__descriptor, &option))
            return contract__error(
                build, "%.*s has an option (datastream.v1.resource) that cannot be read.",
                SLICE_ARG(message->type.full_name));
        if (option == NULL)
            continue;
        kind = make_kind(build->arena, &message->type, (const void *)option);
        if (kind == NULL)
            return status_out_of_memory();
        status = check_kind(build, kind);
        if (status_is_ok(status))
            status = take_envelope(build, kind);
        take_secrets_set(kind);
        if (!status_is_ok(status))
            return status;
        message->type.kind = kind;
        contract->kinds[contract->kind_count++] = kind;
    }
    if (contract->kind_count > 0)
        qsort(contract->kinds, contract->kind_count, sizeof(struct kind *), kind_compare);
    for (size_t i = 0; i < contract->kind_count; i++)
        contract->kinds[i]->index = i;
    return status_ok();
}

static const struct {
    struct slice suffix;
    struct slice sentence;
} verbs[] = {
    [VERB_READ] = {SLICE_INIT("read"), SLICE_INIT("Read")},
    [VERB_CREATE] = {SLICE_INIT("create"), SLICE_INIT("Create")},
    [VERB_EDIT] = {SLICE_INIT("edit"), SLICE_INIT("Change")},
    [VERB_DELETE] = {SLICE_INIT("delete"), SLICE_INIT("Delete")},
};
_Static_assert(sizeof(verbs) / sizeof(verbs[0]) == VERB_OTHER, "each verb of a kind has a row");

static enum verb verb_of(struct slice name)
{
    for (enum verb verb = VERB_READ; verb < VERB_OTHER; verb++) {
        struct slice suffix = verbs[verb].suffix;

        if (slice_ends_with(name, suffix) && name.len > suffix.len &&
            name.data[name.len - suffix.len - 1] == '.')
            return verb;
    }
    return VERB_OTHER;
}

/* "API token" to "API tokens", "policy" to "policies". */
static struct slice plural_of(struct arena *arena, struct slice singular)
{
    if (slice_ends_with(singular, SLICE("y")) && !slice_ends_with(singular, SLICE("ay")) &&
        !slice_ends_with(singular, SLICE("ey")) && !slice_ends_with(singular, SLICE("oy")))
        return arena_printf(arena, "%.*sies", (int)singular.len - 1, singular.data);
    if (slice_ends_with(singular, SLICE("s")) || slice_ends_with(singular, SLICE("x")) ||
        slice_ends_with(singular, SLICE("ch")))
        return arena_printf(arena, "%.*ses", SLICE_ARG(singular));
    return arena_printf(arena, "%.*ss", SLICE_ARG(singular));
}

static struct status add_permission(const struct build *build, struct permission permission)
{
    struct contract *contract = build->contract;

    if (contract->permission_count == PERMISSIONS_MOST)
        return contract__error(build, "%.*s exceeds the limit of %d permissions.",
                               SLICE_ARG(permission.name), PERMISSIONS_MOST);
    contract->permissions[contract->permission_count++] = permission;
    return status_ok();
}

static struct status add_kind_permissions(const struct build *build, const struct kind *kind)
{
    struct slice plural = plural_of(build->arena, kind->singular);

    for (enum verb verb = VERB_READ; verb < VERB_OTHER; verb++) {
        struct permission permission = {.area = kind->area, .verb = verb, .kind = kind};
        struct status status;

        permission.name = arena_printf(build->arena, "%.*s.%.*s", SLICE_ARG(kind->collection),
                                       SLICE_ARG(verbs[verb].suffix));
        permission.description = arena_printf(build->arena, "%.*s %.*s.",
                                              SLICE_ARG(verbs[verb].sentence), SLICE_ARG(plural));
        status = add_permission(build, permission);
        if (!status_is_ok(status))
            return status;
    }
    return status_ok();
}

static struct status add_extra_permissions(const struct build *build,
                                           const Google__Protobuf__FileDescriptorProto *file)
{
    unsigned at = 0;
    struct slice body;

    if (file->options == NULL)
        return status_ok();
    while (contract__next_option(&file->options->base, OPTION_EXTRA_PERMISSION, &at, &body)) {
        const Datastream__V1__ExtraPermission *extra = contract__unpack(
            build->arena, &datastream__v1__extra_permission__descriptor, body);
        struct permission permission = {0};
        struct status status;

        if (extra == NULL || extra->name[0] == '\0' || !is_area((int)extra->area))
            return contract__error(build, "%s has an extra permission without name and area.",
                                   file->name);
        permission.name = slice_from_cstr(extra->name);
        permission.area = (enum area)extra->area;
        permission.verb = verb_of(permission.name);
        permission.description = slice_from_cstr(extra->description);
        status = add_permission(build, permission);
        if (!status_is_ok(status))
            return status;
    }
    return status_ok();
}

static int permission_compare(const void *a, const void *b)
{
    return slice_compare(((const struct permission *)a)->name,
                         ((const struct permission *)b)->name);
}

/* Bits by the order of names; kinds learn their permissions. */
static struct status intern_permissions(const struct build *build)
{
    struct contract *contract = build->contract;

    qsort(contract->permissions, contract->permission_count, sizeof(struct permission),
          permission_compare);
    for (size_t i = 0; i < contract->permission_count; i++) {
        struct permission *permission = &contract->permissions[i];

        if (i > 0 && slice_equal(permission->name, permission[-1].name))
            return contract__error(build, "The permission \"%.*s\" is declared twice.",
                                   SLICE_ARG(permission->name));
        permission->bit = (unsigned)i;
        contract->permission_places[contract__permission_place(contract, permission->name)] =
            (uint8_t)(i + 1);
    }
    for (size_t i = 0; i < contract->kind_count; i++)
        for (size_t j = 0; j < contract->permission_count; j++) {
            const struct permission *permission = &contract->permissions[j];

            if (permission->kind != contract->kinds[i])
                continue;
            assert(permission->verb < VERB_OTHER); /* those of other verbs are of no kind */
            contract->kinds[i]->permissions[permission->verb] = permission;
        }
    return status_ok();
}

struct status contract__build_permissions(struct build *build)
{
    struct contract *contract = build->contract;
    struct status status;

    contract->permissions = arena_array(build->arena, PERMISSIONS_MOST,
                                        sizeof(*contract->permissions));
    if (contract->permissions == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < contract->kind_count; i++) {
        status = add_kind_permissions(build, contract->kinds[i]);
        if (!status_is_ok(status))
            return status;
    }
    for (size_t i = 0; i < build->file_count; i++) {
        status = add_extra_permissions(build, build->files[i].proto);
        if (!status_is_ok(status))
            return status;
    }
    return arena_failed(build->arena) ? status_out_of_memory() : intern_permissions(build);
}
