/* From the names of a comparison to the fields that they lead to. */
#ifndef DATASTREAM_PROTO_FILTER_FILTER_FIELD_H
#define DATASTREAM_PROTO_FILTER_FILTER_FIELD_H

#include "proto/filter/filter.h"
#include "proto/filter/filter_private.h"

/* The field whose values the term compares: of a map with a key its value's. */
const struct field *filter_term_field(const struct filter_term *term);

/*
 * Whether a field may be named in filters, orders and read masks: it is something that answers
 * show.
 */
bool filter_may_name(const struct field *field);

/* Finds the fields that the names lead to. False when it refused. */
bool filter__resolve(struct filter_parser *parser, const struct filter_name *names, size_t count,
                     struct filter_term *term);

#endif
