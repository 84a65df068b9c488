/*
 * Path templates: a parser by recursive descent, one token ahead, no allocation except for
 * sentences.
 */
#include "rest/template.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/text.h"

struct parser {
    struct arena *arena;
    struct slice text;
    size_t at;
    struct template *template;
    bool in_variable;
};

static struct status fail(const struct parser *p, const char *what)
{
    return status_make(p->arena, STATUS_INVALID_ARGUMENT,
                       "The path template \"%.*s\" is invalid at character %zu: %s.",
                       SLICE_ARG(p->text), p->at + 1, what);
}

static int peek(const struct parser *p)
{
    return p->at < p->text.len ? (unsigned char)p->text.data[p->at] : -1;
}

static bool take(struct parser *p, char c)
{
    if (peek(p) != c)
        return false;
    p->at++;
    return true;
}

/* RFC 3986: unreserved, sub-delims without '*', and '@'. */
static bool is_literal(int c)
{
    return ascii_is_letter_or_digit(c) ||
           (c > 0 && memchr("-._~!$&'()+,;=@", c, sizeof("-._~!$&'()+,;=@") - 1) != NULL);
}

/* Empty where no literal stands, also before an escape that is not whole. */
static struct slice take_literal(struct parser *p)
{
    size_t from = p->at;

    for (;;) {
        if (is_literal(peek(p)))
            p->at++;
        else if (peek(p) == '%' && p->text.len - p->at >= 3 &&
                 hex_value(p->text.data[p->at + 1]) >= 0 && hex_value(p->text.data[p->at + 2]) >= 0)
            p->at += 3;
        else
            return slice_make(p->text.data + from, p->at - from);
    }
}

static struct status add_segment(struct parser *p, enum template_segment_type type,
                                 struct slice literal)
{
    struct template *t = p->template;

    if (t->segment_count > 0 && t->segments[t->segment_count - 1].type == TEMPLATE_REST)
        return fail(p, "only a verb may follow **");
    if (t->segment_count == TEMPLATE_SEGMENTS_MOST)
        return fail(p, "there are too many segments");
    t->segments[t->segment_count++] = (struct template_segment){type, literal};
    return status_ok();
}

static struct status parse_variable(struct parser *p);

static struct status parse_segment(struct parser *p)
{
    struct slice literal;
    struct status status;

    if (take(p, '*')) {
        status = add_segment(p, take(p, '*') ? TEMPLATE_REST : TEMPLATE_ONE, SLICE_EMPTY);
    } else if (peek(p) == '{') {
        if (p->in_variable)
            return fail(p, "a variable cannot contain a variable");
        status = parse_variable(p);
    } else {
        literal = take_literal(p);
        if (literal.len == 0)
            return fail(p, "a segment, a * or a variable is missing");
        status = add_segment(p, TEMPLATE_LITERAL, literal);
    }
    if (!status_is_ok(status))
        return status;
    if (peek(p) != -1 && peek(p) != '/' && peek(p) != ':' && !(p->in_variable && peek(p) == '}'))
        return fail(p, "a wildcard or a variable must be a whole segment, and a literal holds only "
                       "what a path may");
    return status_ok();
}

static struct status parse_segments(struct parser *p)
{
    do {
        struct status status = parse_segment(p);

        if (!status_is_ok(status))
            return status;
    } while (take(p, '/'));
    return status_ok();
}

/* IDENT { "." IDENT } */
static struct status parse_field_path(struct parser *p, struct slice *ret_path)
{
    size_t from = p->at;

    do {
        if (!ascii_is_letter(peek(p)) && peek(p) != '_')
            return fail(p, "a field name is missing");
        while (ascii_is_letter_or_digit(peek(p)) || peek(p) == '_')
            p->at++;
    } while (take(p, '.'));
    *ret_path = slice_make(p->text.data + from, p->at - from);
    return status_ok();
}

static struct status parse_variable(struct parser *p)
{
    struct template *t = p->template;
    struct template_variable variable = {.first = (unsigned)t->segment_count};
    struct status status;

    assert(!p->in_variable && peek(p) == '{');
    take(p, '{');
    status = parse_field_path(p, &variable.path);
    if (!status_is_ok(status))
        return status;
    for (size_t i = 0; i < t->variable_count; i++)
        if (slice_equal(t->variables[i].path, variable.path))
            return fail(p, "a field is bound twice");
    if (t->variable_count == TEMPLATE_VARIABLES_MOST)
        return fail(p, "there are too many variables");
    if (take(p, '=')) {
        p->in_variable = true;
        status = parse_segments(p);
        p->in_variable = false;
    } else {
        status = add_segment(p, TEMPLATE_ONE, SLICE_EMPTY);
    }
    if (!status_is_ok(status))
        return status;
    if (!take(p, '}'))
        return fail(p, "the } of a variable is missing");
    assert(t->segment_count > variable.first && t->segment_count <= TEMPLATE_SEGMENTS_MOST);
    variable.count = (unsigned)(t->segment_count - variable.first);
    variable.multi = variable.count > 1 || t->segments[t->segment_count - 1].type == TEMPLATE_REST;
    t->variables[t->variable_count++] = variable;
    return status_ok();
}

struct status template__parse(struct arena *arena, struct slice text, struct template *ret_template)
{
    struct template parsed = {.text = text};
    struct parser parser = {.arena = arena, .text = text, .template = &parsed};
    struct status status;

    if (!take(&parser, '/'))
        return fail(&parser, "the template must begin with /");
    if (parser.at == text.len) { /* the root */
        *ret_template = parsed;
        return status_ok();
    }
    status = parse_segments(&parser);
    if (!status_is_ok(status))
        return status;
    if (take(&parser, ':')) {
        parsed.verb = take_literal(&parser);
        if (parsed.verb.len == 0)
            return fail(&parser, "the verb after the colon is missing");
    }
    if (parser.at != text.len)
        return fail(&parser, "the template must end here");
    assert(parsed.segment_count > 0 && !parser.in_variable);
    *ret_template = parsed;
    return status_ok();
}
