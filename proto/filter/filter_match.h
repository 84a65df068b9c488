/*
 * Filters, evaluated. A value that is not there matches no comparison; of a list any element may.
 * The recursion is as deep as the tree and the steps of a comparison, which parsing bounds. /
 */
#ifndef DATASTREAM_PROTO_FILTER_FILTER_MATCH_H
#define DATASTREAM_PROTO_FILTER_FILTER_MATCH_H

#include "proto/filter/filter.h"

/*
 * Whether the message matches. `scratch` is used for folding and may be reset afterwards; when it
 * failed the answer means nothing.
 */
bool filter_matches(const struct filter *filter, struct arena *scratch,
                    const ProtobufCMessage *message);

/* -- values, wherever they were read ---------------------------------------------------------- */

/* A string; `scratch` as above. */
bool filter__match_text(const struct filter *filter, struct arena *scratch,
                        const struct filter_term *term, struct slice text);

/* An integer, a bool or an enum value; of FILTER_UNSIGNED the bits. */
bool filter__match_number(const struct filter_term *term, int64_t number);

/* A float or a double. */
bool filter__match_real(const struct filter_term *term, double value);

/* A timestamp or a duration. */
bool filter__match_moment(const struct filter_term *term, int64_t seconds, int32_t nanos);

#endif
