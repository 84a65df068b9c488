/*
 * The grammar of filters. Each function leaves the parser after what it read; after a refusal all
 * return NULL or false, and the first refusal stands.
 */
#include "proto/filter/filter_parse.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/text.h"
#include "proto/filter/filter_field.h"
#include "proto/filter/filter_private.h"
#include "proto/filter/filter_record.h"
#include "proto/filter/filter_refuse.h"
#include "proto/filter/filter_value.h"

/* -- characters ------------------------------------------------------------------------------- */

static bool is_at(const struct filter_parser *parser, char c)
{
    return parser->at < parser->text.len && parser->text.data[parser->at] == c;
}

static bool is_of_name(char c)
{
    return ascii_is_letter_or_digit(c) || c == '_' || c == '-';
}

static bool is_of_value(char c)
{
    return ascii_is_letter_or_digit(c) || (c != '\0' && strchr("_-+.:*", c) != NULL);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct filter_parser *parser)
{
    while (parser->at < parser->text.len && is_blank(parser->text.data[parser->at]))
        parser->at++;
}

/* The run of bytes from here that the predicate accepts; stays in front of it. */
static struct slice run_of(const struct filter_parser *parser, bool (*accepts)(char c))
{
    struct slice rest = slice_from(parser->text, parser->at);
    size_t len = 0;

    while (len < rest.len && accepts(rest.data[len]))
        len++;
    return slice_make(rest.data, len);
}

/* Passes a word in capitals that is followed by no further letter. */
static bool pass_word(struct filter_parser *parser, struct slice word)
{
    if (!slice_equal(run_of(parser, is_of_name), word))
        return false;
    parser->at += word.len;
    return true;
}

/* -- strings ---------------------------------------------------------------------------------- */

/* A quoted string, from its first quote. With a value an asterisk at the end is its wildcard. */
static bool read_quoted(struct filter_parser *parser, struct filter_value *value)
{
    struct slice text = parser->text;
    char quote = text.data[parser->at];
    char *bytes = arena_alloc(parser->arena, text.len - parser->at);
    size_t len = 0;
    size_t i = parser->at + 1;

    assert(is_at(parser, '"') || is_at(parser, '\''));
    if (bytes == NULL)
        return false;
    for (; i < text.len && text.data[i] != quote; i++) {
        if (text.data[i] == '*' && (i + 1 >= text.len || text.data[i + 1] != quote)) {
            filter__refuse(parser, i,
                           "may have an asterisk at the end of a string alone; write \"\\*\" for "
                           "an asterisk itself");
            return false;
        }
        if (text.data[i] == '*') {
            value->wildcard = true;
            continue;
        }
        if (text.data[i] == '\\' &&
            (++i >= text.len || strchr("\\\"'*", text.data[i]) == NULL || text.data[i] == '\0')) {
            filter__refuse(parser, i - 1,
                           "must have a quote, an asterisk or a backslash after a backslash");
            return false;
        }
        bytes[len++] = text.data[i];
    }
    if (i >= text.len) {
        filter__refuse(parser, parser->at, "has a string without its closing quote");
        return false;
    }
    assert(len <= i - parser->at);
    parser->at = i + 1;
    value->text = slice_make(bytes, len);
    value->quoted = true;
    return true;
}

static bool is_quote(const struct filter_parser *parser)
{
    return is_at(parser, '"') || is_at(parser, '\'');
}

/* -- comparisons ------------------------------------------------------------------------------ */

static bool read_name(struct filter_parser *parser, struct filter_name *ret_name)
{
    struct filter_value value = {.at = parser->at};

    if (is_quote(parser)) {
        if (!read_quoted(parser, &value))
            return false;
        if (value.wildcard) {
            filter__refuse(parser, value.at, "must name a key without an asterisk");
            return false;
        }
        *ret_name = (struct filter_name){value.text, value.at, true};
        return true;
    }
    value.text = run_of(parser, is_of_name);
    if (value.text.len == 0) {
        filter__refuse(parser, parser->at, "must have the name of a field");
        return false;
    }
    parser->at += value.text.len;
    *ret_name = (struct filter_name){value.text, value.at, false};
    return true;
}

/* "a.b.c"; 0 when it refused. */
static size_t read_names(struct filter_parser *parser, struct filter_name names[FILTER_STEPS_MOST])
{
    size_t count = 0;

    do {
        if (count == FILTER_STEPS_MOST) {
            filter__refuse(parser, parser->at, "must name a field by at most %d names",
                           FILTER_STEPS_MOST);
            return 0;
        }
        if (!read_name(parser, &names[count++]))
            return 0;
    } while (is_at(parser, '.') && ++parser->at);
    return count;
}

/* *ret_not for "!=", which is the denial of an equality. */
static bool read_operator(struct filter_parser *parser, const struct filter_name *name,
                          enum filter_operator *ret_operator, bool *ret_not)
{
    static const struct {
        struct slice text;
        enum filter_operator op;
    } table[] = {
        {SLICE_INIT("!="), FILTER_EQUAL},
        {SLICE_INIT("<="), FILTER_LESS_OR_EQUAL},
        {SLICE_INIT(">="), FILTER_GREATER_OR_EQUAL},
        {SLICE_INIT("="), FILTER_EQUAL},
        {SLICE_INIT("<"), FILTER_LESS},
        {SLICE_INIT(">"), FILTER_GREATER},
        {SLICE_INIT(":"), FILTER_HAS},
    };
    struct slice rest = slice_from(parser->text, parser->at);

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (!slice_starts_with(rest, table[i].text))
            continue;
        *ret_operator = table[i].op;
        *ret_not = i == 0;
        parser->at += table[i].text.len;
        return true;
    }
    if (rest.len == 0 || is_blank(rest.data[-1]) || rest.data[0] == ')' || rest.data[0] == '(')
        filter__refuse(parser, name->at,
                       "must compare \"%.*s\" with a value, such as name:\"%.*s\"",
                       SLICE_ARG(name->text), SLICE_ARG(name->text));
    else
        filter__refuse(parser, parser->at,
                       "must have one of =, !=, <, <=, >, >= and : after a field");
    return false;
}

static bool read_value(struct filter_parser *parser, struct filter_value *value)
{
    *value = (struct filter_value){.at = parser->at};
    if (is_quote(parser))
        return read_quoted(parser, value);
    value->text = run_of(parser, is_of_value);
    if (value->text.len == 0) {
        filter__refuse(parser, parser->at, "must have a value after the operator");
        return false;
    }
    parser->at += value->text.len;
    return true;
}

static struct filter_node *new_node(struct filter_parser *parser, enum filter_node_type type,
                                    struct filter_node *first)
{
    struct filter_node *node = arena_zalloc(parser->arena, sizeof(*node));

    if (node == NULL)
        return NULL;
    assert((type == FILTER_TERM) == (first == NULL));
    node->type = type;
    node->first = first;
    return node;
}

static struct filter_node *read_comparison(struct filter_parser *parser)
{
    struct filter_name names[FILTER_STEPS_MOST];
    struct filter_term *term = arena_zalloc(parser->arena, sizeof(*term));
    struct filter_node *node = new_node(parser, FILTER_TERM, NULL);
    struct filter_value value;
    bool not = false;
    size_t count;

    if (node == NULL || term == NULL)
        return NULL;
    if (parser->terms++ == FILTER_TERMS_MOST)
        filter__refuse(parser, parser->at, "must have at most %d comparisons", FILTER_TERMS_MOST);
    count = read_names(parser, names);
    if (count == 0)
        return NULL;
    skip_blanks(parser);
    if (!read_operator(parser, &names[0], &term->op, &not ))
        return NULL;
    skip_blanks(parser);
    if (!read_value(parser, &value) || !filter__resolve(parser, names, count, term) ||
        !filter__check(parser, &names[count - 1], &value, term))
        return NULL;
    node->term = term;
    term->next = parser->first_term;
    parser->first_term = term;
    return not ? new_node(parser, FILTER_NOT, node) : node;
}

/* -- the tree --------------------------------------------------------------------------------- */

static struct filter_node *read_and(struct filter_parser *parser);

static struct filter_node *read_parentheses(struct filter_parser *parser)
{
    struct filter_node *node;
    size_t opened = parser->at++;

    assert(parser->text.data[opened] == '(');
    if (parser->depth++ == FILTER_DEPTH_MOST)
        filter__refuse(parser, opened, "must have at most %d parentheses within each other",
                       FILTER_DEPTH_MOST);
    if (!status_is_ok(parser->failure))
        return NULL;
    node = read_and(parser);
    if (node == NULL)
        return NULL;
    if (!is_at(parser, ')')) {
        filter__refuse(parser, parser->at,
                       parser->at < parser->text.len
                           ? "must have AND, OR or a closing parenthesis here"
                           : "must have a closing parenthesis at its end");
        return NULL;
    }
    assert(parser->depth > 0);
    parser->at++;
    parser->depth--;
    return node;
}

static struct filter_node *read_not(struct filter_parser *parser)
{
    struct filter_node *node;
    bool not ;

    skip_blanks(parser);
    not = pass_word(parser, SLICE("NOT"));
    if (!not &&is_at(parser, '-')) {
        not = true;
        parser->at++;
    }
    skip_blanks(parser);
    node = is_at(parser, '(') ? read_parentheses(parser) : read_comparison(parser);
    if (node == NULL || !status_is_ok(parser->failure))
        return NULL;
    skip_blanks(parser);
    return not ? new_node(parser, FILTER_NOT, node) : node;
}

/* What `read` reads, several times with the word between. */
static struct filter_node *read_joined(struct filter_parser *parser, struct slice word,
                                       enum filter_node_type type,
                                       struct filter_node *(*read)(struct filter_parser *parser))
{
    struct filter_node *first = read(parser);
    struct filter_node *last = first;

    while (last != NULL && pass_word(parser, word)) {
        last->next = read(parser);
        last = last->next;
    }
    if (last == NULL)
        return NULL;
    return first == last ? first : new_node(parser, type, first);
}

static struct filter_node *read_or(struct filter_parser *parser)
{
    return read_joined(parser, SLICE("OR"), FILTER_OR, read_not);
}

static struct filter_node *read_and(struct filter_parser *parser)
{
    return read_joined(parser, SLICE("AND"), FILTER_AND, read_or);
}

static void refuse_rest(struct filter_parser *parser)
{
    struct slice word = run_of(parser, is_of_name);

    if (slice_equal_ignore_case(word, SLICE("and")) || slice_equal_ignore_case(word, SLICE("or")))
        filter__refuse(parser, parser->at, "must have AND and OR in capitals");
    else if (is_at(parser, ')'))
        filter__refuse(parser, parser->at, "has a closing parenthesis that was not opened");
    else
        filter__refuse(parser, parser->at, "must have AND or OR between two comparisons");
}

struct status filter_parse(struct arena *arena, const struct message_type *type, struct slice text,
                           filter_fold *fold, struct filter *ret_filter)
{
    struct filter_parser parser = {.arena = arena, .type = type, .fold = fold, .text = text};
    struct filter filter = {.fold = fold};

    if (text.len > FILTER_BYTES_MOST)
        return status_invalid_field(arena, SLICE("filter"), "must have at most %d bytes",
                                    FILTER_BYTES_MOST);
    if (!utf8_is_valid(text))
        return status_invalid_field(arena, SLICE("filter"), "must be UTF-8");
    skip_blanks(&parser);
    if (parser.at < text.len) {
        filter.root = read_and(&parser);
        if (filter.root != NULL && parser.at < text.len)
            refuse_rest(&parser);
    }
    if (arena_failed(arena))
        return status_out_of_memory();
    if (!status_is_ok(parser.failure))
        return parser.failure;
    filter.names_computed = parser.names_computed;
    if (filter.root != NULL)
        filter.plan = filter__plan(arena, parser.first_term);
    if (arena_failed(arena))
        return status_out_of_memory();
    *ret_filter = filter;
    return status_ok();
}
