/* From the names of a comparison to the fields that they lead to. */
#include "proto/filter/filter_field.h"

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/filter/filter_private.h"
#include "proto/filter/filter_refuse.h"

bool filter_may_name(const struct field *field)
{
    return !field->secret && !field->input_only && field->credential == NULL &&
           !(field->oneof_member && field->output_only);
}

const struct field *filter_term_field(const struct filter_term *term)
{
    const struct filter_step *last = &term->steps[term->step_count - 1];

    return last->field->map && last->has_key ? message_field_by_number(last->field->message, 2)
                                             : last->field;
}

/* Names that a refusal lists. */
#define LISTED_MOST 24

/* "id, name, ... ": what may be named of the type, in the order of declaration. */
static struct slice list_fields(struct arena *arena, const struct message_type *type)
{
    struct slice parts[2 * LISTED_MOST + 1];
    size_t count = 0;

    for (size_t i = 0; i < type->field_count; i++) {
        if (!filter_may_name(type->declared[i]))
            continue;
        if (count == 2 * LISTED_MOST) {
            parts[count++] = SLICE(", ...");
            break;
        }
        if (count > 0)
            parts[count++] = SLICE(", ");
        else
            parts[count++] = SLICE("");
        parts[count++] = type->declared[i]->json_name;
    }
    return text_join(arena, parts, count);
}

/* A message that a name may lead into: not one whose JSON is no object of its fields. */
static const struct message_type *inner_type(const struct field *field)
{
    const struct message_type *type = field->message;

    return type != NULL && type->well_known == WELL_KNOWN_NONE ? type : NULL;
}

static const struct field *find_field(struct filter_parser *parser, const struct message_type *type,
                                      const struct filter_name *name)
{
    const struct field *field = name->quoted ? NULL : message_field_by_name(type, name->text);

    if (field != NULL && filter_may_name(field)) {
        parser->names_computed |= field->computed || field->reverse != NULL;
        return field;
    }
    if (field != NULL) {
        filter__refuse(parser, name->at, "must not name \"%.*s\", which answers never show",
                       SLICE_ARG(name->text));
        return NULL;
    }
    if (name->quoted)
        filter__refuse(parser, name->at,
                       "must begin a comparison with a field, such as name:\"%.*s\"",
                       SLICE_ARG(name->text));
    else
        filter__refuse(parser, name->at, "must name a field; \"%.*s\" is none of %.*s",
                       SLICE_ARG(name->text), SLICE_ARG(list_fields(parser->arena, type)));
    return NULL;
}

bool filter__resolve(struct filter_parser *parser, const struct filter_name *names, size_t count,
                     struct filter_term *term)
{
    const struct message_type *type = parser->type;
    struct filter_step *steps = arena_array(parser->arena, count, sizeof(*steps));

    if (steps == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct field *field;

        if (type == NULL) {
            filter__refuse(parser, names[i].at, "must not name anything below \"%.*s\"",
                           SLICE_ARG(names[i - 1].text));
            return false;
        }
        field = find_field(parser, type, &names[i]);
        if (field == NULL)
            return false;
        steps[term->step_count].field = field;
        if (field->map &&
            message_field_by_number(field->message, 1)->pb->type != PROTOBUF_C_TYPE_STRING) {
            filter__refuse(parser, names[i].at, "must not name \"%.*s\", whose keys are no strings",
                           SLICE_ARG(names[i].text));
            return false;
        }
        if (field->map && i + 1 < count) {
            steps[term->step_count].has_key = true;
            steps[term->step_count].key = names[++i].text;
            field = message_field_by_number(field->message, 2);
        }
        term->step_count++;
        type = field->map ? NULL : inner_type(field);
    }
    term->steps = steps;
    return true;
}
