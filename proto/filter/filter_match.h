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

#endif
