/* Binding is done once, at start, so that hooks reach their fields without looking for names. */
#include "rpc/services/resource/hooks.h"

#include <assert.h>

#include "proto/contract/contract_find.h"

/* The field at the end of a path of proto names; NULL when there is none. */
static const struct field *find_field(const struct message_type *type, struct slice path)
{
    const struct field *field = NULL;

    for (;;) {
        size_t dot = slice_find(path, '.');

        if (type == NULL)
            return NULL;
        field = message_field_by_proto_name(type, slice_make(path.data, dot));
        if (field == NULL || dot == path.len)
            return field;
        type = field->message;
        path = slice_from(path, dot + 1);
    }
}

static struct status bind_fields(const struct contract *contract, struct arena *arena,
                                 struct hook *hook)
{
    const char *const *names = hook->functions->fields;
    const struct field **fields;
    size_t count = 0;

    while (names != NULL && names[count] != NULL)
        count++;
    fields = arena_array(arena, count, sizeof(const struct field *));
    if (fields == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < count; i++) {
        struct slice path = slice_from_cstr(names[i]);
        size_t slash = slice_find(path, '/');
        const struct kind *kind = hook->kind;

        if (slash < path.len) {
            kind = contract_kind(contract, slice_make(path.data, slash));
            path = slice_from(path, slash + 1);
        }
        fields[i] = kind == NULL ? NULL : find_field(kind->message, path);
        if (fields[i] == NULL)
            return status_make(arena, STATUS_FAILED_PRECONDITION,
                               "The hooks of %s need the field \"%s\", which the contract lacks.",
                               hook->functions->collection, names[i]);
    }
    hook->fields = fields;
    return status_ok();
}

struct status hooks_bind(const struct contract *contract, const struct kind_hooks *const *table,
                         struct slice secrets, struct slice providers, struct arena *arena,
                         struct hooks **ret_hooks)
{
    struct hooks *bound = arena_zalloc(arena, sizeof(*bound));
    size_t count = 0;
    struct hook *hooks;

    while (table[count] != NULL)
        count++;
    hooks = arena_array(arena, count + 1, sizeof(*hooks));
    if (bound == NULL || hooks == NULL)
        return status_out_of_memory();
    assert(secrets.len > 0 && providers.len > 0);
    bound->hooks = hooks;
    bound->secrets = contract_kind(contract, secrets);
    bound->providers = contract_kind(contract, providers);
    for (size_t i = 0; i < count; i++) {
        struct hook hook = {table[i], NULL, NULL};
        struct status status;

        assert(table[i]->collection != NULL &&
               (table[i]->computed_from == NULL || table[i]->compute != NULL));
        hook.kind = contract_kind(contract, slice_from_cstr(table[i]->collection));
        if (hook.kind == NULL)
            continue;
        status = bind_fields(contract, arena, &hook);
        if (!status_is_ok(status))
            return status;
        hooks[bound->count++] = hook;
    }
    *ret_hooks = bound;
    return status_ok();
}

const struct hook *hooks__of(const struct hooks *hooks, const struct kind *kind)
{
    for (size_t i = 0; hooks != NULL && i < hooks->count; i++)
        if (hooks->hooks[i].kind == kind)
            return &hooks->hooks[i];
    return NULL;
}
