/*
 * Path templates of google.api.http (the grammar is in google/api/http.proto):
 *
 *     Template = "/" Segments [ ":" LITERAL ]       Segments = Segment { "/" Segment }
 *     Segment  = "*" | "**" | LITERAL | Variable    Variable = "{" FieldPath [ "=" Segments ] "}"
 *
 * `*` is one segment; `**` is zero or more and only stands last. Beyond the grammar, as Envoy and
 * grpc-gateway have it: "/" alone is the root, of no segments. Ours, where the grammar is silent: a
 * literal is made of RFC 3986's unreserved characters, sub-delims but '*', '@' and whole escapes,
 * so that a colon always starts the verb. Pure; knows no contract.
 */
#ifndef DATASTREAM_REST_TEMPLATE_H
#define DATASTREAM_REST_TEMPLATE_H

#include "base/status.h"

/* Segments and variables of one template; a longer one is refused at start. */
#define TEMPLATE_SEGMENTS_MOST 32
#define TEMPLATE_VARIABLES_MOST 8

enum template_segment_type { TEMPLATE_LITERAL, TEMPLATE_ONE, TEMPLATE_REST };

struct template_segment {
    enum template_segment_type type;
    struct slice literal; /* of TEMPLATE_LITERAL */
};

struct template_variable {
    struct slice path; /* "device.id", as written */
    unsigned first;    /* index of its first segment */
    unsigned count;    /* segments that it covers */
    bool multi;        /* may span several segments of a path: then "%2F" stays as it was sent */
};

/* Plain. Its slices are of the text that was parsed. */
struct template
{
    struct slice text;
    struct slice verb; /* without the colon; empty for none */
    struct template_segment segments[TEMPLATE_SEGMENTS_MOST];
    size_t segment_count;
    struct template_variable variables[TEMPLATE_VARIABLES_MOST];
    size_t variable_count;
};

/*
 * Parses and checks. INVALID_ARGUMENT with a sentence that says what is wrong and at which
 * character, or out of memory. `text` is borrowed as long as the template is used; `arena` holds
 * the sentence.
 */
struct status template__parse(struct arena *arena, struct slice text,
                              struct template *ret_template);

#endif
