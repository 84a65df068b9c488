/* libyaml's events as bounded steps. */
#include "rpc/call/yaml_reader.h"

#include <assert.h>
#include <yaml.h>

#include "base/text.h"

struct yaml_reader {
    struct arena *arena;
    struct format_violation *violation;
    struct slice content;
    yaml_parser_t parser;
    yaml_event_t event; /* whose text the last step lends out */
    bool in_document;
    size_t levels;
    size_t nodes;
};

#define REFUSE(reader, place, ...) \
    format__refuse((reader)->arena, (reader)->violation, place, false, __VA_ARGS__)

static struct text_place place_of(yaml_mark_t mark)
{
    return (struct text_place){mark.line + 1, mark.column + 1};
}

/* What one pass over the lines knows. */
struct lines {
    size_t blanks;      /* the run that goes on */
    size_t empty_lines; /* the same */
    bool outside;       /* no document has begun, or "..." ended one: a directive may stand here */
};

/* A line without its break. False sets *ret_at to the offset and *ret_problem. */
static bool line_is_bounded(struct lines *lines, struct slice line, size_t *ret_at,
                            const char **ret_problem)
{
    size_t at = 0;

    lines->blanks = 0;
    for (size_t i = 0; i < line.len; i++) {
        bool blank = line.data[i] == ' ' || line.data[i] == '\t';

        lines->blanks = blank ? lines->blanks + 1 : 0;
        if (lines->blanks > YAML_READER_RUN_MOST) {
            *ret_at = i;
            *ret_problem = "must have at most 1024 blanks in a row";
            return false;
        }
    }
    while (at < line.len && (line.data[at] == ' ' || line.data[at] == '\t'))
        at++;
    lines->empty_lines = at == line.len ? lines->empty_lines + 1 : 0;
    *ret_at = 0;
    if (lines->empty_lines > YAML_READER_RUN_MOST) {
        *ret_problem = "must have at most 1024 empty lines in a row";
        return false;
    }
    if (lines->outside && line.len > 0 && line.data[0] == '%') {
        *ret_problem = "must not have directives (lines that begin with \"%\")";
        return false;
    }
    if (slice_starts_with(line, SLICE("...")) &&
        (line.len == 3 || line.data[3] == ' ' || line.data[3] == '\t'))
        lines->outside = true;
    else if (at < line.len && line.data[at] != '#')
        lines->outside = false;
    return true;
}

/*
 * Refuses what would cost libyaml more than time in proportion to the text: runs of blanks and of
 * empty lines, and directives (it compares each with all before it).
 */
static bool text_is_bounded(struct yaml_reader *reader)
{
    struct slice rest = reader->content;
    struct lines lines = {.outside = true};

    while (rest.len > 0) {
        size_t offset = reader->content.len - rest.len;
        size_t len = 0;
        size_t line_break = 0;
        const char *problem;
        size_t at;

        while (len < rest.len && (line_break = format__line_break(slice_from(rest, len))) == 0)
            len++;
        if (!line_is_bounded(&lines, slice_make(rest.data, len), &at, &problem))
            return REFUSE(reader, text__place_of(reader->content, offset + at), "%s", problem);
        rest = slice_from(rest, len + line_break);
    }
    return true;
}

struct yaml_reader *yaml_reader__open(struct arena *arena, struct slice content,
                                      struct format_violation *ret_violation)
{
    struct yaml_reader *reader = arena_zalloc(arena, sizeof(*reader));

    *ret_violation = (struct format_violation){0};
    if (reader == NULL)
        return NULL;
    if (slice_starts_with(content, SLICE("\xef\xbb\xbf")))
        content = slice_from(content, 3);
    reader->arena = arena;
    reader->violation = ret_violation;
    reader->content = content;
    if (content.len > YAML_READER_BYTES_MOST) {
        format__refuse(arena, ret_violation, (struct text_place){0}, false,
                       "must have at most %d bytes", YAML_READER_BYTES_MOST);
        return NULL;
    }
    if (!text_is_bounded(reader))
        return NULL;
    if (!yaml_parser_initialize(&reader->parser)) {
        arena_fail(arena);
        return NULL;
    }
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser,
                                 (const unsigned char *)(content.len == 0 ? "" : content.data),
                                 content.len);
    return reader;
}

void yaml_reader__close(struct yaml_reader *reader)
{
    if (reader == NULL)
        return;
    yaml_event_delete(&reader->event);
    yaml_parser_delete(&reader->parser);
}

/* The byte where libyaml's count of characters stands, at most text.len. */
static size_t offset_of(struct slice text, size_t characters)
{
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.data[i] & 0xc0) != 0x80 && characters-- == 0)
            return i;
    return text.len;
}

/* Words what libyaml found. */
static bool refuse_syntax(struct yaml_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    struct slice content = reader->content;
    struct text_place place;
    size_t offset;

    if (parser->error == YAML_MEMORY_ERROR) {
        arena_fail(reader->arena);
        return false;
    }
    if (parser->error == YAML_READER_ERROR) {
        offset = parser->problem_offset < content.len ? parser->problem_offset : content.len;
        return REFUSE(reader, text__place_of(content, offset), "must be YAML: %s", parser->problem);
    }
    offset = offset_of(content, parser->problem_mark.index);
    if (offset < content.len && content.data[offset] == '\t')
        return REFUSE(reader, place_of(parser->problem_mark), "must not be indented with tabs");
    /* At the end libyaml counts a line break that the text may not have. */
    place = offset < content.len ? place_of(parser->problem_mark) : text__place_of(content, offset);
    return REFUSE(reader, place, "must be YAML: %s", parser->problem);
}

static bool is_one_of(struct slice text, const char *const *words)
{
    while (*words != NULL)
        if (slice_equal(text, slice_from_cstr(*words++)))
            return true;
    return false;
}

static size_t digits(struct slice text, size_t at)
{
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

static bool is_based(struct slice text, const char *prefix, const char *alphabet)
{
    size_t at = 2;

    if (!slice_starts_with(text, slice_from_cstr(prefix)))
        return false;
    while (at < text.len && text.data[at] != '\0' && strchr(alphabet, text.data[at]) != NULL)
        at++;
    return at == text.len && at > 2;
}

/* YAML 1.2, section 10.3.2: integers and floating-point numbers. */
static bool is_number(struct slice text)
{
    static const char *const words[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL};
    size_t start = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    size_t at = digits(text, start);
    size_t count = at - start;

    if (is_one_of(text, words) || is_one_of(slice_from(text, start), words))
        return true;
    if (is_based(text, "0x", "0123456789abcdefABCDEF") || is_based(text, "0o", "01234567"))
        return true;
    if (at < text.len && text.data[at] == '.') {
        size_t end = digits(text, at + 1);

        count += end - at - 1;
        at = end;
    }
    if (count == 0)
        return false;
    if (at < text.len && (text.data[at] == 'e' || text.data[at] == 'E')) {
        size_t exponent = at + 1;

        if (exponent < text.len && (text.data[exponent] == '-' || text.data[exponent] == '+'))
            exponent++;
        at = digits(text, exponent);
        if (at == exponent)
            return false;
    }
    return at == text.len;
}

static enum yaml_type plain_type(struct slice text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const bools[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};

    if (text.len > 0 &&
        (text.data[0] == '\0' || strchr("~nNtTfF+-.0123456789", text.data[0]) == NULL))
        return YAML_TYPE_STRING; /* most are */
    if (is_one_of(text, nulls))
        return YAML_TYPE_NULL;
    if (is_one_of(text, bools))
        return YAML_TYPE_BOOL;
    return is_number(text) ? YAML_TYPE_NUMBER : YAML_TYPE_STRING;
}

static const struct tag {
    const char *text;
    yaml_event_type_t event;
    enum yaml_type type; /* of a scalar */
} tags[] = {
    {YAML_STR_TAG, YAML_SCALAR_EVENT, YAML_TYPE_STRING},
    {YAML_NULL_TAG, YAML_SCALAR_EVENT, YAML_TYPE_NULL},
    {YAML_BOOL_TAG, YAML_SCALAR_EVENT, YAML_TYPE_BOOL},
    {YAML_INT_TAG, YAML_SCALAR_EVENT, YAML_TYPE_NUMBER},
    {YAML_FLOAT_TAG, YAML_SCALAR_EVENT, YAML_TYPE_NUMBER},
    {YAML_SEQ_TAG, YAML_SEQUENCE_START_EVENT, YAML_TYPE_STRING},
    {YAML_MAP_TAG, YAML_MAPPING_START_EVENT, YAML_TYPE_STRING},
};

/* Finds the tag that an event has; "!" on a map or list says nothing. */
static bool find_tag(struct yaml_reader *reader, const yaml_char_t *text,
                     const struct tag **ret_tag)
{
    struct slice tag = slice_from_cstr((const char *)text);

    *ret_tag = NULL;
    if (tag.len == 0 || slice_equal(tag, SLICE("!")))
        return true;
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (reader->event.type == tags[i].event &&
            slice_equal(tag, slice_from_cstr(tags[i].text))) {
            *ret_tag = &tags[i];
            return true;
        }
    }
    return REFUSE(reader, place_of(reader->event.start_mark),
                  "must not have a tag here other than those of strings, numbers, true, false, "
                  "null, lists and maps");
}

static bool scalar_step(struct yaml_reader *reader, struct yaml_step *step)
{
    const yaml_event_t *event = &reader->event;
    struct slice value = slice_make(event->data.scalar.value, event->data.scalar.length);
    yaml_scalar_style_t style = event->data.scalar.style;
    bool quoted = style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                  style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    size_t columns = event->end_mark.column - event->start_mark.column;
    const struct tag *tag;

    if (!find_tag(reader, event->data.scalar.tag, &tag))
        return false;
    step->kind = YAML_STEP_SCALAR;
    step->value = value;
    step->anchor = slice_from_cstr((const char *)event->data.scalar.anchor);
    step->plain = style == YAML_PLAIN_SCALAR_STYLE;
    step->type = tag != NULL ? tag->type : step->plain ? plain_type(value) : YAML_TYPE_STRING;
    step->verbatim = (step->plain || quoted) && event->start_mark.line == event->end_mark.line &&
                     columns == utf8_length(value) + (quoted ? 2 : 0);
    step->text = step->place;
    step->text.column += quoted;
    return true;
}

static bool collection_step(struct yaml_reader *reader, enum yaml_step_kind kind,
                            const yaml_char_t *anchor, const yaml_char_t *tag_text,
                            struct yaml_step *step)
{
    const struct tag *tag;

    if (!find_tag(reader, tag_text, &tag))
        return false;
    if (reader->levels == YAML_READER_LEVELS_MOST)
        return REFUSE(reader, step->place, "must have at most %d maps and lists in one another",
                      YAML_READER_LEVELS_MOST);
    reader->levels++;
    step->kind = kind;
    step->anchor = slice_from_cstr((const char *)anchor);
    return true;
}

/* A step from an event of a node. */
static bool node_step(struct yaml_reader *reader, struct yaml_step *step)
{
    const yaml_event_t *event = &reader->event;

    if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT) {
        assert(reader->levels > 0);
        reader->levels--;
        step->kind = YAML_STEP_END;
        return true;
    }
    if (++reader->nodes > YAML_READER_NODES_MOST)
        return REFUSE(reader, step->place, "must have at most %d keys and values",
                      YAML_READER_NODES_MOST);
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return scalar_step(reader, step);
    case YAML_MAPPING_START_EVENT:
        return collection_step(reader, YAML_STEP_MAP, event->data.mapping_start.anchor,
                               event->data.mapping_start.tag, step);
    case YAML_SEQUENCE_START_EVENT:
        return collection_step(reader, YAML_STEP_LIST, event->data.sequence_start.anchor,
                               event->data.sequence_start.tag, step);
    default:
        assert(event->type == YAML_ALIAS_EVENT);
        step->kind = YAML_STEP_ALIAS;
        step->value = slice_from_cstr((const char *)event->data.alias.anchor);
        return true;
    }
}

bool yaml_reader__next(struct yaml_reader *reader, struct yaml_step *ret_step)
{
    for (;;) {
        struct yaml_step step = {0};

        yaml_event_delete(&reader->event);
        if (!yaml_parser_parse(&reader->parser, &reader->event))
            return refuse_syntax(reader);
        step.place = place_of(reader->event.start_mark);
        switch (reader->event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            continue;
        case YAML_DOCUMENT_START_EVENT:
            if (reader->in_document)
                return REFUSE(reader, step.place, "must hold one document");
            reader->in_document = true;
            continue;
        case YAML_NO_EVENT:
        case YAML_STREAM_END_EVENT:
            step.kind = YAML_STEP_DONE;
            *ret_step = step;
            return true;
        default:
            if (!node_step(reader, &step))
                return false;
            *ret_step = step;
            return true;
        }
    }
}
