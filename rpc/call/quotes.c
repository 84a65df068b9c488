/* Quotes, found from dollar sign to dollar sign. */
#include "rpc/call/quotes.h"

#include "base/ascii.h"
#include "base/text.h"

#define REFERENCE_CHARACTERS_MOST 1024
#define STORE_CHARACTERS_LEAST 3
#define NAME_CHARACTERS_MOST 128

static const char secret_problem[] =
    "must have secrets as $secret{id=<uuid>} or $secret{store=<provider>,ref=<reference>}";
static const char id_problem[] = "must have a UUID after $secret{id=";
static const char store_problem[] =
    "must have a provider's name of 3 to 128 letters, digits, \"_\" and \"-\" after $secret{store=";
static const char reference_problem[] =
    "must have a reference of 1 to 1024 characters, none of them a control character, after ref=";
static const char environment_problem[] =
    "must have the name of an environment variable in $env{NAME}";
static const char unclosed_problem[] = "must close every quote with \"}\"";

static bool is_word(char byte)
{
    return ascii_is_letter_or_digit(byte) || byte == '_';
}

static bool is_store(struct slice name)
{
    if (name.len < STORE_CHARACTERS_LEAST || name.len > NAME_CHARACTERS_MOST)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_word(name.data[i]) && name.data[i] != '-')
            return false;
    return true;
}

static bool is_variable(struct slice name)
{
    if (name.len == 0 || name.len > NAME_CHARACTERS_MOST ||
        (name.data[0] >= '0' && name.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_word(name.data[i]))
            return false;
    return true;
}

static bool is_reference(struct slice text)
{
    if (text.len == 0 || text.len > (size_t)REFERENCE_CHARACTERS_MOST * 4 ||
        utf8_length(text) > REFERENCE_CHARACTERS_MOST)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
    return true;
}

/* The parts of a secret's quote: what stands between the braces. NULL, or what is wrong. */
static const char *read_secret(struct slice inside, struct quote *quote)
{
    const struct slice id = SLICE("id=");
    const struct slice store = SLICE("store=");
    const struct slice reference = SLICE(",ref=");
    struct slice rest;

    if (slice_starts_with(inside, id)) {
        quote->kind = QUOTE_SECRET;
        return uuid_parse(slice_from(inside, id.len), &quote->id) ? NULL : id_problem;
    }
    if (!slice_starts_with(inside, store))
        return secret_problem;
    quote->kind = QUOTE_EXTERNAL;
    rest = slice_from(inside, store.len);
    quote->store = slice_make(rest.data, slice_find(rest, ','));
    if (!is_store(quote->store))
        return store_problem;
    rest = slice_from(rest, quote->store.len);
    if (!slice_starts_with(rest, reference))
        return secret_problem;
    quote->reference = slice_from(rest, reference.len);
    return is_reference(quote->reference) ? NULL : reference_problem;
}

static const char *read_variable(struct slice inside, struct quote *quote)
{
    quote->kind = QUOTE_ENVIRONMENT;
    quote->variable = inside;
    return is_variable(inside) ? NULL : environment_problem;
}

static const struct {
    struct slice opening;
    const char *(*read)(struct slice inside, struct quote *quote);
} forms[] = {
    {SLICE_INIT("$secret{"), read_secret},
    {SLICE_INIT("$env{"), read_variable},
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

enum quote_found quote_next(struct slice text, size_t *at, struct quote *ret_quote,
                            const char **ret_problem)
{
    for (size_t offset = *at; offset < text.len; offset++) {
        struct slice rest;
        size_t form = 0;

        offset += slice_find(slice_from(text, offset), '$');
        rest = slice_from(text, offset);
        while (form < FORMS && !slice_starts_with(rest, forms[form].opening))
            form++;
        if (form < FORMS) {
            size_t opening = forms[form].opening.len;
            struct slice after = slice_from(rest, opening);
            struct slice inside = slice_make(after.data, slice_find(after, '}'));
            struct quote quote = {.offset = offset, .len = opening + inside.len + 1};
            const char *problem = inside.len == after.len ? unclosed_problem
                                                          : forms[form].read(inside, &quote);

            *at = problem == NULL ? offset + quote.len : offset;
            if (problem != NULL) {
                *ret_problem = problem;
                return QUOTE_BAD;
            }
            *ret_quote = quote;
            return QUOTE_FOUND;
        }
    }
    return QUOTE_NONE;
}

bool quote_is_whole(struct slice text, struct quote *ret_quote)
{
    const char *problem;
    struct quote quote;
    size_t at = 0;

    if (text.len == 0 || text.data[0] != '$' ||
        quote_next(text, &at, &quote, &problem) != QUOTE_FOUND || quote.offset != 0 ||
        quote.len != text.len)
        return false;
    if (ret_quote != NULL)
        *ret_quote = quote;
    return true;
}

bool quotes_check(struct arena *arena, struct slice text, struct format_violation *ret_violation)
{
    enum quote_found found;
    const char *problem;
    struct quote quote;
    size_t at = 0;

    do {
        found = quote_next(text, &at, &quote, &problem);
    } while (found == QUOTE_FOUND);
    if (found == QUOTE_NONE)
        return true;
    return format__refuse(arena, ret_violation, text__place_of(text, at),
                          text__place_of(text, text.len).line == 1, "%s", problem);
}
