/* How a filter is refused: the first thing that is wrong, with its column. */
#ifndef DATASTREAM_PROTO_FILTER_FILTER_REFUSE_H
#define DATASTREAM_PROTO_FILTER_FILTER_REFUSE_H

#include "proto/filter/filter_private.h"

/* Notes what is wrong at a byte of the text, unless something is already; the column is added. */
void filter__refuse(struct filter_parser *parser, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
