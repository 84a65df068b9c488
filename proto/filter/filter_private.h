/* What the files of proto/filter/ share. */
#ifndef DATASTREAM_PROTO_FILTER_FILTER_PRIVATE_H
#define DATASTREAM_PROTO_FILTER_FILTER_PRIVATE_H

#include "proto/filter/filter.h"

/* The text that is parsed, and where. `failure` is set once, by filter__refuse. */
struct filter_parser {
    struct arena *arena;
    const struct message_type *type;
    filter_fold *fold;
    struct slice text;
    size_t at;
    unsigned depth;
    unsigned terms;
    bool names_computed;
    struct status failure; /* OK so far */
};

/* A name or key of a comparison, as it was written. */
struct filter_name {
    struct slice text; /* without quotes and escapes */
    size_t at;
    bool quoted;
};

/* The value of a comparison, as it was written. */
struct filter_value {
    struct slice text; /* without quotes and escapes */
    size_t at;
    bool quoted;
    bool wildcard; /* ended in an asterisk, which `text` leaves out */
};

/* Notes what is wrong at a byte of the text, unless something is already; the column is added. */
void filter__refuse(struct filter_parser *parser, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Finds the fields that the names lead to. False when it refused. */
bool filter__resolve(struct filter_parser *parser, const struct filter_name *names, size_t count,
                     struct filter_term *term);

/* Checks operator and value against the field that the term's steps lead to. False: refused. */
bool filter__check(struct filter_parser *parser, const struct filter_name *name,
                   const struct filter_value *value, struct filter_term *term);

#endif
