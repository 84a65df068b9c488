/* What texts refer to: quotes of secrets and of their stores, wherever a kind allows them. */
#include "rpc/services/resource/quote_references.h"

#include "rpc/call/pipeline_yaml.h"
#include "rpc/call/quotes.h"
#include "rpc/services/resource/hooks.h"
#include "storage/keys.h"

bool quotes_are_allowed(const struct kind *kind, const struct spot *spot)
{
    const struct field *field = spot->field;

    if (field->pb->type != PROTOBUF_C_TYPE_STRING || field->output_only || field->reference != NULL)
        return false;
    if (field->parent->map_entry && field->number == 1)
        return false;
    for (; spot != NULL; spot = spot->parent) {
        if (spot->field->quotes || spot->field->secret)
            return true;
        field = spot->field;
    }
    return kind->quotes && field != kind->name && field != kind->description &&
           field != kind->labels;
}

/* The texts of one object. */
struct quoting {
    struct references_reader *reader;
    const struct kind *kind;
};

/* The text that is read. */
struct quoted {
    struct references_reader *reader;
    const struct spot *spot;
    size_t index; /* of the element, of a list */
    bool judged;
};

static struct slice path_of(const struct quoted *quoted)
{
    return quoted->spot->field->repeated
               ? spot_path_at(quoted->reader->arena, quoted->spot, quoted->index)
               : spot_path(quoted->reader->arena, quoted->spot);
}

static void refer(const struct quoted *quoted, const struct kind *kind, const struct uuid *id)
{
    const struct reference wanted = {.kind = kind,
                                     .id = *id,
                                     .field = KEY_FIELD_QUOTES,
                                     .quoted = true,
                                     .path = path_of(quoted)};

    references_add(quoted->reader, wanted);
}

static void refer_to_store(const struct quoted *quoted, struct slice name, struct text_place place)
{
    struct references_reader *reader = quoted->reader;
    const struct kind *kind = reader->hooks->providers;
    struct uuid id;

    if (kind == NULL)
        return;
    switch (references_find(reader, kind, name, &id)) {
    case STORE_FOUND:
        refer(quoted, kind, &id);
        break;
    case STORE_ABSENT:
        if (!quoted->judged)
            break;
        if (place.line > 0)
            violations_add(
                reader->violations, reader->arena, path_of(quoted),
                "must quote an existing %.*s: \"%.*s\" does not exist (line %zu, column %zu)",
                SLICE_ARG(kind->singular), SLICE_ARG(name), place.line, place.column);
        else
            violations_add(reader->violations, reader->arena, path_of(quoted),
                           "must quote an existing %.*s: \"%.*s\" does not exist",
                           SLICE_ARG(kind->singular), SLICE_ARG(name));
        break;
    default:
        break; /* fetched, and asked again */
    }
}

static void read_text(void *context, struct slice text, struct text_place place)
{
    const struct quoted *quoted = context;
    const struct hooks *hooks = quoted->reader->hooks;
    const char *problem = NULL;
    struct quote quote;
    size_t at = 0;

    while (quote_next(text, &at, &quote, &problem) == QUOTE_FOUND) {
        if (quote.kind == QUOTE_EXTERNAL)
            refer_to_store(quoted, quote.store, place);
        else if (quote.kind == QUOTE_SECRET && hooks->secrets != NULL)
            refer(quoted, hooks->secrets, &quote.id);
    }
}

static void visit(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                  const struct field *field, bool judged)
{
    const struct quoting *quoting = walk->context;
    struct quoted quoted = {quoting->reader, spot, 0, judged};
    const struct pipeline_visitor visitor = {&quoted, read_text, NULL};
    struct format_violation ignored;
    size_t count;

    if (!quotes_are_allowed(quoting->kind, spot) || !field_is_set(message, field))
        return;
    count = field->repeated ? field_count(message, field) : 1;
    for (quoted.index = 0; quoted.index < count; quoted.index++) {
        struct slice text = field->repeated ? field_get_string_at(message, field, quoted.index)
                                            : field_get_string(message, field);

        if (slice_find(text, '$') == text.len)
            continue;
        if (field->format == FIELD_FORMAT_PIPELINE_YAML)
            pipeline_yaml_read(walk->arena, text, &visitor, &ignored);
        else
            read_text(&quoted, text, (struct text_place){0, 0});
    }
}

void quote_references_collect(struct references_reader *reader, const struct kind *kind,
                              ProtobufCMessage *message)
{
    struct quoting quoting = {reader, kind};
    struct walk walk = {.arena = reader->arena,
                        .traits = TRAIT_TEXT,
                        .touched = reader->touched,
                        .visit = visit,
                        .context = &quoting,
                        .free_form = true};

    if (reader->hooks != NULL)
        walk_object(&walk, kind->message, message);
}
