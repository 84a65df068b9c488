/* The value of a comparison, checked against the type of its field. */
#ifndef DATASTREAM_PROTO_FILTER_FILTER_VALUE_H
#define DATASTREAM_PROTO_FILTER_FILTER_VALUE_H

#include "proto/filter/filter_private.h"

/* Checks operator and value against the field that the term's steps lead to. False: refused. */
bool filter__check(struct filter_parser *parser, const struct filter_name *name,
                   const struct filter_value *value, struct filter_term *term);

#endif
