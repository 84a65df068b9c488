/*
 * Query strings and percent-encoding (RFC 3986 section 2.1). Pure; knows no contract.
 *
 * Ours: '+' is a blank in a query and never in a path; a bad escape, U+0000 and what is not UTF-8
 * are refused; parameters are separated by '&' alone; "x" is "x=".
 */
#ifndef DATASTREAM_REST_QUERY_H
#define DATASTREAM_REST_QUERY_H

#include "base/status.h"

/* Parameters of one query; each is compared with those before it. */
#define QUERY_PARAMETERS_MOST 256

struct query_parameter {
    struct slice name;  /* decoded */
    struct slice value; /* decoded */
};

enum percent_mode {
    PERCENT_SEGMENT,  /* one segment of a path: all escapes */
    PERCENT_SEGMENTS, /* several: all but "%2F" and "%2f", which stay as they were sent */
    PERCENT_QUERY,    /* all escapes, and '+' is a blank */
};

/*
 * Decodes. The result is `text` itself where nothing was encoded, else in the arena. NULL, or a
 * sentence fragment that says why the text cannot be decoded ("an escape is not % and two
 * hexadecimal digits"): a constant. When the arena fails the result is empty; the caller checks it.
 */
const char *query__percent_decode(struct arena *arena, struct slice text, enum percent_mode mode,
                                  struct slice *ret_text);

/*
 * Splits and decodes a raw query (without the '?'). INVALID_ARGUMENT that names the parameter, or
 * out of memory. The array lives in the arena, its slices there or in `query`.
 */
struct status query__parse(struct arena *arena, struct slice query,
                           struct query_parameter **ret_parameters, size_t *ret_count);

/* -- pairs, of queries and of forms ------------------------------------------------------------ */

/* Takes the next pair that is not empty off "a=1&b=2"; false when there is none. */
bool query__next_pair(struct slice *rest, struct slice *ret_pair);

/*
 * Decodes a pair. INVALID_ARGUMENT for a name that cannot be decoded or has more than `name_most`
 * bytes, of which `what` says what has it ("a query parameter"), and for a value that cannot be
 * decoded, which names the parameter.
 */
struct status query__parse_pair(struct arena *arena, struct slice pair, const char *what,
                                size_t name_most, struct query_parameter *ret_parameter);

#endif
