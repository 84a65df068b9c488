/*
 * Quotes: what stands in a string for a secret or a setting of the machine, resolved by the data
 * plane and kept here as it was given:
 *
 *   $secret{id=<uuid>}                              a secret of the vault
 *   $secret{store=<provider name>,ref=<reference>}  one of an external store, by its name there
 *   $env{NAME}                                      an environment variable of the director
 *
 * They may stand anywhere in a string, and as often as it has room. A provider's name is
 * [A-Za-z0-9_-]{3,128}; a reference is 1 to 1,024 characters without "}" and control characters; a
 * variable is [A-Za-z_][A-Za-z0-9_]{0,127}. No blanks are allowed. "$secret{" and "$env{" that do
 * not go on as above are errors, not text; every other "$" is text. There is no escape. Pure.
 */
#ifndef DATASTREAM_RPC_CALL_QUOTES_H
#define DATASTREAM_RPC_CALL_QUOTES_H

#include "base/uuid.h"
#include "rpc/call/format_violation.h"

enum quote_kind {
    QUOTE_SECRET,   /* by id */
    QUOTE_EXTERNAL, /* by store and reference */
    QUOTE_ENVIRONMENT,
};

/* Plain. Its slices are parts of the text that was read. */
struct quote {
    enum quote_kind kind;
    struct uuid id;         /* QUOTE_SECRET */
    struct slice store;     /* QUOTE_EXTERNAL: the provider's name */
    struct slice reference; /* QUOTE_EXTERNAL */
    struct slice variable;  /* QUOTE_ENVIRONMENT */
    size_t offset;          /* of its "$" in the text */
    size_t len;             /* up to and with its "}" */
};

enum quote_found {
    QUOTE_FOUND,
    QUOTE_NONE, /* no further one */
    QUOTE_BAD,  /* begins like one and does not parse */
};

/*
 * Finds the first quote at or after *at, which begins as 0. QUOTE_FOUND sets *ret_quote and moves
 * *at past it. QUOTE_BAD sets *at to the quote's "$" and *ret_problem to a predicate that lives for
 * ever. What is not set stays untouched.
 */
enum quote_found quote_next(struct slice text, size_t *at, struct quote *ret_quote,
                            const char **ret_problem);

/* True where the text is one quote and nothing else. It sets *ret_quote, which may be NULL. */
bool quote_is_whole(struct slice text, struct quote *ret_quote);

/* True where every quote in the text parses. False sets *ret_violation as format_check does. */
bool quotes_check(struct arena *arena, struct slice text, struct format_violation *ret_violation);

#endif
