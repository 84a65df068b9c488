/*
 * Filters of lists: the language of AIP-160 as far as it says something of one message. A text is
 * parsed and checked against the message's type into a tree; the tree is evaluated on messages.
 * Pure.
 *
 *   filter     = [ and ]
 *   and        = or { "AND" or }           OR binds tighter than AND, as AIP-160 decides
 *   or         = not { "OR" not }
 *   not        = [ "NOT" | "-" ] ( "(" and ")" | comparison )
 *   comparison = field { "." field | "." key } operator value
 *   operator   = "=" "!=" "<" "<=" ">" ">=" ":"
 *   value      = quoted string | number | true | false | enum value | time | duration | "*"
 *
 * Fields are named as in JSON, or as in proto files. Strings are quoted, and compared as names are,
 * without regard to case; one that ends in an asterisk stands for all that begins with the rest
 * ("\*" is an asterisk itself). ":" asks whether a string holds another, whether an element of a
 * list is the value, whether a map has the key, and with a bare "*" whether anything is set. What
 * is not set is unequal to every value, and neither less nor greater.
 *
 * Secrets, credentials and what is only ever given in requests cannot be named: what a filter finds
 * would tell of them.
 */
#ifndef DATASTREAM_PROTO_FILTER_FILTER_H
#define DATASTREAM_PROTO_FILTER_FILTER_H

#include "base/status.h"
#include "proto/contract/contract.h"

/* Bounds of one filter: bytes of text, parentheses within each other, comparisons. */
#define FILTER_BYTES_MOST 4096
#define FILTER_DEPTH_MOST 32
#define FILTER_TERMS_MOST 64
/* Fields and keys that one comparison passes through. */
#define FILTER_STEPS_MOST 16

enum filter_operator {
    FILTER_EQUAL,
    FILTER_LESS,
    FILTER_LESS_OR_EQUAL,
    FILTER_GREATER,
    FILTER_GREATER_OR_EQUAL,
    FILTER_HAS,
};

/* How a term compares. */
enum filter_comparison {
    FILTER_IS_SET, /* ":*": no value */
    FILTER_KEY,    /* a map's key: `text` */
    FILTER_TEXT,   /* `text`, folded */
    FILTER_SIGNED, /* bool, enum and signed integers: `number` */
    FILTER_UNSIGNED,
    FILTER_REAL,
    FILTER_TIME, /* timestamps and durations: `number` seconds and `nanos` */
};

/* One field on the way to a value, and for a map the key. */
struct filter_step {
    const struct field *field;
    bool has_key;
    struct slice key;
};

/* One comparison. Plain. */
struct filter_term {
    struct filter_term *next; /* of the same filter */
    unsigned slot;            /* of the field of the first step, in the filter's plan */
    struct filter_step *steps;
    size_t step_count; /* 1 and more */
    enum filter_operator op;
    enum filter_comparison comparison;
    bool prefix;   /* FILTER_TEXT: the value begins with `text` */
    bool contains; /* FILTER_TEXT: the value holds `text` */
    struct slice text;
    int64_t number; /* of FILTER_UNSIGNED the bits */
    int32_t nanos;
    double real;
};

enum filter_node_type { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_TERM };

/* A node; AND and OR have two children and more, NOT has one. Plain. */
struct filter_node {
    enum filter_node_type type;
    struct filter_node *next;  /* of the same parent */
    struct filter_node *first; /* child */
    const struct filter_term *term;
};

/*
 * Folds a text for comparison, as names are, into the arena; the same for all texts that are told
 * apart by nothing else. Empty when the arena failed.
 */
typedef struct slice filter_fold(struct arena *arena, struct slice text);

struct filter {
    const struct filter_node *root; /* NULL: everything matches */
    filter_fold *fold;
    const struct filter_plan *plan; /* for packed messages; NULL: they are to be unpacked */
    bool names_computed;            /* a field that is computed for answers, and not stored */
};

#endif
