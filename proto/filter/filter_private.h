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
    struct filter_term *first_term; /* the last one that was read */
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

#endif
