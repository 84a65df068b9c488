/* Pipelines: one level of parents, and references to other pipelines by name, in their content. */
#include "rpc/call/answers.h"
#include "rpc/call/pipeline_yaml.h"
#include "rpc/services/kinds/kinds.h"
#include "rpc/services/kinds/members.h"
#include "storage/keys.h"

enum { CONTENT, PARENT_ID };

static const char *const fields[] = {[CONTENT] = "content", [PARENT_ID] = "parent_id", NULL};

/* -- parents ---------------------------------------------------------------------------------- */

/* The parent must stay what it is until this is written: a record at its revision. */
static struct status check_parent(const struct hook *hook, const struct change *change,
                                  struct slice id)
{
    struct call *call = change->call;
    struct object parent = {.kind = hook->kind};
    struct status status;

    if (!uuid_parse(id, &parent.id))
        return status_ok();
    status = object_read(call, hook->kind, id, &parent);
    if (status.code == STATUS_NOT_FOUND)
        return status_ok(); /* a violation already */
    if (!status_is_ok(status))
        return status;
    if (field_is_set(parent.message, hook->fields[PARENT_ID]))
        violations_add(change->violations, call->arena, SLICE("parentId"),
                       "must be the id of a pipeline that has no parent itself");
    else if (!object_validate_only(call))
        commit_require_revision(&call->commit, object_family(hook->kind), parent.key,
                                parent.revision);
    return status_ok();
}

static struct status check_children(const struct hook *hook, const struct change *change)
{
    struct call *call = change->call;
    struct reference_range range = range__by(call, hook->kind, change->id, hook->kind,
                                             hook->fields[PARENT_ID]);
    bool holds = false;
    enum store_found found = range__holds(call, &range, &holds);

    if (found != STORE_FOUND)
        return call_store_status(found);
    if (holds)
        violations_add(change->violations, call->arena, SLICE("parentId"),
                       "must not be set: the pipeline has children itself");
    else
        range__require_empty(call, &range);
    return status_ok();
}

static struct status check(const struct hook *hook, const struct change *change)
{
    struct slice parent = field_get_string(change->after, hook->fields[PARENT_ID]);
    struct status status;

    if (parent.len == 0 || !members__is_changed(change, hook->fields[PARENT_ID]))
        return status_ok();
    status = check_parent(hook, change, parent);
    if (status_is_ok(status) && change->before != NULL)
        status = check_children(hook, change);
    return status;
}

/* -- references by name ----------------------------------------------------------------------- */

struct content {
    const struct hook *hook;
    struct references_reader *reader;
    bool judged;
};

static void refer_to(void *context, struct slice name, struct text_place place)
{
    const struct content *content = context;
    struct references_reader *reader = content->reader;
    const struct field *field = content->hook->fields[CONTENT];
    struct reference wanted = {
        .kind = content->hook->kind, .field = field->number, .path = field->json_name};
    enum store_found found = references_find(reader, wanted.kind, name, &wanted.id);

    if (found == STORE_FOUND)
        references_add(reader, wanted);
    else if (found == STORE_ABSENT && content->judged)
        violations_add(
            reader->violations, reader->arena, field->json_name,
            "must name existing pipelines: \"%.*s\" does not exist (line %zu, column %zu)",
            SLICE_ARG(name), place.line, place.column);
}

static void refer(const struct hook *hook, struct references_reader *reader,
                  ProtobufCMessage *message)
{
    struct content content = {hook, reader,
                              touched_has(reader->touched, message, hook->fields[CONTENT])};
    const struct pipeline_visitor visitor = {&content, NULL, refer_to};
    struct format_violation ignored;

    if (field_is_set(message, hook->fields[CONTENT]))
        pipeline_yaml_read(reader->arena, field_get_string(message, hook->fields[CONTENT]),
                           &visitor, &ignored);
}

const struct kind_hooks pipeline_hooks = {
    .collection = "pipelines", .fields = fields, .check = check, .refer = refer};
