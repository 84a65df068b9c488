/*
 * The grammar of filters. Each function leaves the parser after what it read; after a refusal all
 * return NULL or false, and the first refusal stands. /
 */
#ifndef DATASTREAM_PROTO_FILTER_FILTER_PARSE_H
#define DATASTREAM_PROTO_FILTER_FILTER_PARSE_H

#include "proto/filter/filter.h"

/*
 * Parses and checks a filter on messages of the type. INVALID_ARGUMENT at the field "filter" that
 * says what is wrong, at which column (in characters, from 1) and what would be right; or out of
 * memory. The result lives in the arena, and borrows `text`.
 */
struct status filter_parse(struct arena *arena, const struct message_type *type, struct slice text,
                           filter_fold *fold, struct filter *ret_filter);

#endif
