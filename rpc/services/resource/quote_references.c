/* What texts refer to: quotes of secrets and of their stores, wherever a kind allows them. */
#include "rpc/services/resource/quote_references.h"

#include "rpc/call/pipeline_yaml.h"
#include "rpc/call/quotes.h"
#include "rpc/services/resource/hooks.h"
#include "storage/keys.h"

bool quotes__are_allowed(const struct kind *kind, const struct spot *spot)
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

struct quoting_text {
    struct quoting_text *next;
    struct slice text;
    struct slice path;
    bool is_pipeline;
    unsigned noted; /* of enum noted */
};

/* The text that is read. */
struct quoted {
    struct references_reader *reader;
    const struct quoting_text *from;
};

static void refer(const struct quoted *quoted, const struct kind *kind, const struct uuid *id)
{
    const struct reference wanted = {.kind = kind,
                                     .id = *id,
                                     .field = KEY_FIELD_QUOTES,
                                     .quoted = true,
                                     .path = quoted->from->path};

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
        if ((quoted->from->noted & NOTED_WRITTEN) == 0)
            break;
        if (place.line > 0)
            violations_add(
                reader->violations, reader->arena, quoted->from->path,
                "must quote an existing %.*s: \"%.*s\" does not exist (line %zu, column %zu)",
                SLICE_ARG(kind->singular), SLICE_ARG(name), place.line, place.column);
        else
            violations_add(reader->violations, reader->arena, quoted->from->path,
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

static void note(struct quoting_texts *texts, struct arena *arena,
                 const struct quoting_text *wanted)
{
    struct quoting_text *text = arena_alloc(arena, sizeof(*text));

    if (text == NULL)
        return;
    *text = *wanted;
    if (texts->last == NULL)
        texts->first = text;
    else
        texts->last->next = text;
    texts->last = text;
}

void quote_references__note(struct quoting_texts *texts, struct arena *arena,
                            const struct spot *spot, const ProtobufCMessage *message,
                            unsigned noted)
{
    const struct field *field = spot->field;
    size_t count;

    if (!field_is_set(message, field))
        return;
    count = field->repeated ? field_count(message, field) : 1;
    for (size_t i = 0; i < count; i++) {
        struct quoting_text text = {
            .text = field->repeated ? field_get_string_at(message, field, i)
                                    : field_get_string(message, field),
            .is_pipeline = field->format == FIELD_FORMAT_PIPELINE_YAML,
            .noted = noted,
        };

        if (slice_find(text.text, '$') == text.text.len)
            continue;
        if ((noted & NOTED_AFTER) != 0)
            text.path = field->repeated ? spot__path_at(arena, spot, i) : spot_path(arena, spot);
        note(texts, arena, &text);
    }
}

void quote_references__read(struct references_reader *reader, const struct quoting_texts *texts,
                            enum noted of)
{
    for (const struct quoting_text *at = texts->first; at != NULL; at = at->next) {
        struct quoted quoted = {reader, at};
        const struct pipeline_visitor visitor = {&quoted, read_text, NULL};
        struct format_violation ignored;

        if ((at->noted & of) == 0)
            continue;
        if (at->is_pipeline)
            pipeline_yaml_read(reader->arena, at->text, &visitor, &ignored);
        else
            read_text(&quoted, at->text, (struct text_place){0, 0});
    }
}
