/* Names, and which uses of a message share a schema. */
#include "rest/openapi/openapi_names.h"

#include "proto/contract/contract_find.h"
#include "rest/openapi/openapi_quotes.h"

/* Messages within each other whose schemas are compared; deeper ones count as different. */
#define COMPARED_MOST 16

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len && slice_equal(slice_from(text, text.len - end.len), end);
}

static struct slice without_end(struct slice text, size_t len)
{
    return slice_make(text.data, text.len - len);
}

/* Parts of a dotted name, each beginning with a capital. */
static struct slice join_parts(struct arena *arena, struct slice name)
{
    char *text = arena_cstr(arena, name);
    size_t len = 0;
    bool first = true;

    for (size_t i = 0; text != NULL && i < name.len; i++) {
        if (name.data[i] == '.' || name.data[i] == '_') {
            first = true;
            continue;
        }
        text[len++] = first ? upper(name.data[i]) : name.data[i];
        first = false;
    }
    return slice_make(text, len);
}

static struct slice short_name(struct arena *arena, struct slice full_name)
{
    static const struct slice known[] = {SLICE_INIT("datastream.v1."),
                                         SLICE_INIT("google.protobuf.")};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (slice_starts_with(full_name, known[i]))
            return join_parts(arena, slice_from(full_name, known[i].len));
    return join_parts(arena, full_name);
}

/* "Devices" is "Device", "Directories" is "Directory". */
static struct slice singular(struct arena *arena, struct slice name)
{
    if (ends_with(name, SLICE("ies")))
        return arena_printf(arena, "%.*sy", SLICE_ARG(without_end(name, 3)));
    return ends_with(name, SLICE("s")) ? without_end(name, 1) : name;
}

static struct slice answer_name(struct arena *arena, const struct message_type *type)
{
    struct slice name = short_name(arena, type->full_name);
    struct slice list = SLICE("List"), batch = SLICE("BatchGet");

    if (!ends_with(name, SLICE("Response")))
        return name;
    name = without_end(name, SLICE("Response").len);
    if (slice_starts_with(name, list))
        return arena_printf(arena, "%.*sPage",
                            SLICE_ARG(singular(arena, slice_from(name, list.len))));
    if (slice_starts_with(name, batch))
        return arena_printf(arena, "%.*sBatch",
                            SLICE_ARG(singular(arena, slice_from(name, batch.len))));
    return arena_printf(arena, "%.*sResult", SLICE_ARG(name));
}

/*
 * The times of an object, which each has whatever their presence could say, except objects that are
 * part of the program: nobody created them.
 */
static bool is_time_of_object(const struct field *field)
{
    return field->parent->kind != NULL && field->output_only &&
           message_field_by_proto_name(field->parent, SLICE("predefined")) == NULL &&
           (slice_equal(field->name, SLICE("create_time")) ||
            slice_equal(field->name, SLICE("update_time")));
}

bool openapi__is_always_there(const struct field *field)
{
    if (is_time_of_object(field))
        return true;
    if (field->repeated)
        return !field->secret;
    /* A value that stands for nothing is left out, unless something is always stored. */
    if (field->enumeration != NULL)
        return !field->has_presence &&
               (field->default_value != NULL || slice_equal(field->name, SLICE("status")));
    return !field->has_presence && field->reference == NULL && !field->secret;
}

bool openapi__leaves_out(enum schema_use use, const struct field *field)
{
    if (use == USE_ANSWER)
        return field->input_only; /* a secret that is a quote reads as it was written */
    return field->output_only;
}

/* Whether an answer allows a quote where a request has rules. */
static bool loosens(const struct openapi *api, const struct field *field, enum schema_use a,
                    enum schema_use b)
{
    return a == USE_ANSWER && b != USE_ANSWER && (field->required || field->rules != NULL) &&
           openapi__may_quote(api, field);
}

/* Whether the message's schema is the same for both uses, those of messages in it included. */
static bool is_same(const struct openapi *api, const struct message_type *type, enum schema_use a,
                    enum schema_use b, unsigned depth)
{
    if (depth > COMPARED_MOST || (type->kind != NULL && a != b))
        return false;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        bool required_a = a == USE_ANSWER ? openapi__is_always_there(field) : field->required;
        bool required_b = b == USE_ANSWER   ? openapi__is_always_there(field)
                          : b == USE_CREATE ? field->required
                                            : false;
        /* Elements are replaced whole, so they are created also by a patch. */
        enum schema_use inner_b = field->repeated && b == USE_PATCH ? USE_CREATE : b;

        if (required_a != required_b || field->secret || loosens(api, field, a, b) ||
            openapi__leaves_out(a, field) != openapi__leaves_out(b, field))
            return false;
        if (field->message != NULL && !field->map &&
            field->message->well_known == WELL_KNOWN_NONE && a != inner_b &&
            !is_same(api, field->message, a, inner_b, depth + 1))
            return false;
    }
    return true;
}

static struct schema_name make_schema_name(const struct openapi *api,
                                           const struct message_type *type, enum schema_use use)
{
    struct arena *arena = api->text.arena;
    struct slice name = answer_name(arena, type);

    if (use == USE_PATCH && is_same(api, type, USE_CREATE, USE_PATCH, 0))
        use = USE_CREATE;
    if (use == USE_CREATE && is_same(api, type, USE_ANSWER, USE_CREATE, 0))
        use = USE_ANSWER;
    if (use == USE_CREATE)
        name = arena_printf(arena, "%.*sCreate", SLICE_ARG(name));
    else if (use == USE_PATCH)
        name = arena_printf(arena, "%.*sPatch", SLICE_ARG(name));
    return (struct schema_name){name, use};
}

struct slice openapi__schema_name(const struct openapi *api, const struct message_type *type,
                                  enum schema_use *use)
{
    struct schema_name *known = NULL;
    struct schema_name made;

    for (size_t i = 0; i < api->contract->message_count && known == NULL; i++)
        if (api->contract->messages[i] == type)
            known = &api->names[*use][i];
    made = known != NULL && known->text.len > 0 ? *known : make_schema_name(api, type, *use);
    if (known != NULL)
        *known = made;
    *use = made.use;
    return made.text;
}

struct slice openapi__enum_name(struct arena *arena, const struct enum_type *type)
{
    struct slice name = type->full_name;
    struct slice value = SLICE(".Value");

    return short_name(arena, ends_with(name, value) ? without_end(name, value.len) : name);
}

struct slice openapi__enum_constant(struct arena *arena, const struct enum_type *type,
                                    const struct enum_value *value)
{
    struct slice name = openapi__enum_name(arena, type);
    char *word = arena_cstr(arena, value->name);
    size_t len = 0;

    for (size_t i = 0; word != NULL && i < value->name.len; i++)
        if (word[i] != '_') {
            bool first = i == 0 || value->name.data[i - 1] == '_';

            word[len++] = first ? upper(word[i]) : lower(word[i]);
        }
    return arena_printf(arena, "%.*s%.*s", SLICE_ARG(name), (int)len, word == NULL ? "" : word);
}

struct slice openapi__operation_id(struct arena *arena, const struct method *method,
                                   size_t rule_number)
{
    struct slice rest = slice_from(method->name, 1);

    if (rule_number == 1)
        return arena_printf(arena, "%c%.*s", lower(method->name.data[0]), SLICE_ARG(rest));
    return arena_printf(arena, "%c%.*s%zu", lower(method->name.data[0]), SLICE_ARG(rest),
                        rule_number);
}

struct slice openapi__input_name(struct arena *arena, const struct method *method)
{
    return arena_printf(arena, "%.*sInput", SLICE_ARG(method->name));
}

struct slice openapi__tag(struct arena *arena, const struct openapi_operation *operation)
{
    const struct template *template = &operation->binding->template;
    struct slice tag = SLICE("api");

    if (operation->method->kind != NULL)
        return arena_copy(arena, operation->method->kind->collection);
    for (size_t i = 0; i < template->segment_count; i++)
        if (template->segments[i].type == TEMPLATE_LITERAL &&
            !slice_equal(template->segments[i].literal, SLICE("api")) &&
            !slice_equal(template->segments[i].literal, SLICE("v1")))
            return template->segments[i].literal;
    return tag;
}

bool openapi__is_in_path(const struct binding *binding, const struct field *field)
{
    for (size_t i = 0; binding != NULL && i < binding->template.variable_count; i++)
        if (binding->variables[i].count == 1 && binding->variables[i].steps[0] == field)
            return true;
    return false;
}
