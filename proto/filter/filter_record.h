/*
 * Filters on packed messages, which are not unpacked: one pass finds the fields that the filter
 * names, and their values are compared where they stand. The plan of which fields these are is made
 * when a filter is parsed.
 */
#ifndef DATASTREAM_PROTO_FILTER_FILTER_RECORD_H
#define DATASTREAM_PROTO_FILTER_FILTER_RECORD_H

#include "proto/filter/filter.h"

struct filter_plan;

enum filter_verdict {
    FILTER_MATCHES,
    FILTER_DIFFERS,
    FILTER_UNSURE, /* the bytes are malformed or unusual, or the filter is: unpack the message */
};

/*
 * The plan of a filter's terms, which get their slots; NULL where packed messages are not judged,
 * or the arena failed.
 */
const struct filter_plan *filter__plan(struct arena *arena, struct filter_term *terms);

/* Whether a term begins with the field; false where there is no plan. */
bool filter_plan_names(const struct filter *filter, const struct field *field);

/*
 * Whether the message that the bytes pack matches: what filter_matches says of it when it is
 * unpacked. `scratch` is used for folding and may be reset afterwards; when it failed the answer
 * means nothing.
 */
enum filter_verdict filter_judge_record(const struct filter *filter, struct arena *scratch,
                                        struct slice bytes);

#endif
