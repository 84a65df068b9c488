/* Compiling HTTP rules: names to fields once, at start, so that a request looks nothing up. */
#include "rest/binding.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "rest/transcode.h"

static struct status refuse(struct arena *arena, const struct method *method,
                            const struct http_rule *rule, struct slice subject, const char *what)
{
    return status_make(arena, STATUS_FAILED_PRECONDITION, "%.*s: %.*s %.*s: \"%.*s\" %s.",
                       SLICE_ARG(method->full_name), SLICE_ARG(rule->verb),
                       SLICE_ARG(rule->template), SLICE_ARG(subject), what);
}

/* Steps through `name`; with `json` either name counts, else the proto name alone. */
static bool resolve(struct arena *arena, const struct message_type *type, struct slice name,
                    bool json, struct field_path *ret_path)
{
    const struct field *steps[FIELD_PATH_MOST];
    size_t count = 0;

    for (;;) {
        struct slice step = slice_make(name.data, slice_find(name, '.'));
        const struct field *field = json ? message_field_by_name(type, step)
                                         : message_field_by_proto_name(type, step);

        if (field == NULL || count == FIELD_PATH_MOST)
            return false;
        steps[count++] = field;
        if (step.len == name.len)
            break;
        if (field->message == NULL || field->repeated ||
            field->message->well_known != WELL_KNOWN_NONE)
            return false;
        type = field->message;
        name = slice_from(name, step.len + 1);
    }
    ret_path->steps = arena_array(arena, count, sizeof(steps[0]));
    if (ret_path->steps == NULL)
        return false;
    memcpy(ret_path->steps, steps, count * sizeof(steps[0]));
    ret_path->count = count;
    return true;
}

bool field_path__resolve(struct arena *arena, const struct message_type *type, struct slice name,
                         struct field_path *ret_path)
{
    return resolve(arena, type, name, true, ret_path);
}

struct slice field_path_json(struct arena *arena, const struct field_path *path)
{
    struct slice text = path->steps[0]->json_name;

    assert(path->count > 0);
    for (size_t i = 1; i < path->count; i++)
        text = arena_printf(arena, "%.*s.%.*s", SLICE_ARG(text),
                            SLICE_ARG(path->steps[i]->json_name));
    return text;
}

static struct status compile_variables(struct arena *arena, const struct method *method,
                                       const struct http_rule *rule, struct binding *binding)
{
    for (size_t i = 0; i < binding->template.variable_count; i++) {
        struct slice name = binding->template.variables[i].path;
        struct field_path *path = &binding->variables[i];
        const struct field *leaf;

        if (!resolve(arena, method->input, name, false, path))
            return arena_failed(arena)
                       ? status_out_of_memory()
                       : refuse(arena, method, rule, name, "is not a field of the request");
        assert(path->count > 0 && path->count <= FIELD_PATH_MOST);
        leaf = path->steps[path->count - 1];
        if (leaf->repeated || leaf->message != NULL)
            return refuse(arena, method, rule, name, "is not a singular scalar field");
        if (path->count == 1 && leaf == binding->body)
            return refuse(arena, method, rule, name, "is bound by both path and body");
    }
    return status_ok();
}

struct status binding__compile(struct arena *arena, const struct contract *contract,
                               const struct method *method, const struct http_rule *rule,
                               struct binding *ret_binding)
{
    struct binding binding = {
        .contract = contract,
        .input = method->input,
        .output = method->output,
        .http_method = rule->verb,
        .update_mask = method->update_mask,
        .takes_form = method->takes_form,
        .format = method->server_streaming
                      ? message_field_by_proto_name(method->input, SLICE("format"))
                      : NULL,
    };
    struct status status = template__parse(arena, rule->template, &binding.template);

    assert(method->input != NULL && method->output != NULL);
    if (status.code == STATUS_INVALID_ARGUMENT)
        return status_make(arena, STATUS_FAILED_PRECONDITION, "%.*s: %.*s",
                           SLICE_ARG(method->full_name), SLICE_ARG(status.message));
    if (!status_is_ok(status))
        return status;
    if (rule->verb.len == 0)
        return refuse(arena, method, rule, rule->verb, "is not an HTTP method");
    if (slice_equal(rule->body, SLICE("*")))
        binding.body_all = true;
    else if (rule->body.len > 0) {
        binding.body = message_field_by_proto_name(method->input, rule->body);
        if (binding.body == NULL)
            return refuse(arena, method, rule, rule->body, "is not a field of the request");
    }
    if (rule->response_body.len > 0) {
        binding.response = message_field_by_proto_name(method->output, rule->response_body);
        if (binding.response == NULL)
            return refuse(arena, method, rule, rule->response_body,
                          "is not a field of the response");
    }
    status = compile_variables(arena, method, rule, &binding);
    if (!status_is_ok(status))
        return status;
    *ret_binding = binding;
    return status_ok();
}
