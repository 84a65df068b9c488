/*
 * Between HTTP and messages by google.api.http: a rule is compiled once into a binding; then path
 * captures, query and JSON body become a request message, and a response message becomes JSON.
 * Pure.
 *
 * Where the rule is ours and not the specification's: a query parameter beside `body: "*"`, an
 * unknown one, a scalar given twice, and a value that differs from the path's are INVALID_ARGUMENT;
 * well-known types are set by their JSON string, and not by their inner fields.
 */
#ifndef DATASTREAM_REST_TRANSCODE_H
#define DATASTREAM_REST_TRANSCODE_H

#include "proto/contract/contract.h"
#include "proto/json/json.h"
#include "proto/message/message.h"
#include "rest/router.h"

/* A way from a message to a field within it: every step but the last is a singular message. */
struct field_path {
    const struct field **steps;
    size_t count;
};

/* Fields within each other that a path or a query parameter may name. */
#define FIELD_PATH_MOST 32

/* One compiled HTTP rule. Plain and read-only. */
struct binding {
    const struct contract *contract;
    const struct message_type *input;
    const struct message_type *output;
    struct slice http_method;
    struct template template;
    struct field_path variables[TEMPLATE_VARIABLES_MOST];
    bool body_all;                   /* body: "*" */
    bool takes_form;                 /* the body is a form, not JSON */
    const struct field *body;        /* body: "field"; NULL for none */
    const struct field *response;    /* response_body; NULL for the whole message */
    const struct field *update_mask; /* inferred over PATCH when the query gives none; or NULL */
    const struct field
        *format; /* of a stream that is a file: the field that chooses its form; or NULL */
};

/* What of a request becomes the message. */
struct transcode_input {
    struct slice query; /* raw, without the '?' */
    struct slice body;
    struct slice content_type; /* for google.api.HttpBody */
};

/*
 * Makes the request message. INVALID_ARGUMENT with every violation of body, path and query, or, for
 * a body or query that cannot be read at all, with why; or out of memory. A PATCH without an update
 * mask gets the leaf paths that are present in the body, output-only ones left out.
 *
 * With violations *ret_message is set too, where body and query could be read to their ends: to
 * what is right in them, for who looks for further violations. Else it is untouched.
 */
struct status transcode__request(struct arena *arena, const struct binding *binding,
                                 const struct route_match *match,
                                 const struct transcode_input *input,
                                 ProtobufCMessage **ret_message);

/*
 * The JSON of an answer, without what is input-only: always-emit, but only what is set where the
 * answer is limited (call.h). As json_write_message fails.
 */
struct status transcode__response(struct arena *arena, const struct binding *binding,
                                  const ProtobufCMessage *message, bool limited,
                                  struct slice *ret_text);

/*
 * The same in steps (json.h), for an answer that is a whole message; NULL for others, and when the
 * arena failed. `records` as json_steps_begin's: of an answer that is not limited.
 */
struct json_steps *transcode__response_steps(struct arena *arena, const struct binding *binding,
                                             const ProtobufCMessage *message, bool limited,
                                             const struct json_records *records);

/*
 * When the answer is a google.api.HttpBody: its content type and bytes, of the message; both empty
 * where response_body names one that is not set. False for every other answer.
 */
bool transcode__raw_response(const struct binding *binding, const ProtobufCMessage *message,
                             struct slice *ret_content_type, struct slice *ret_bytes);

/* Whether the body, all of it or the rule's field, is a google.api.HttpBody: of any type. */
bool binding_takes_raw_body(const struct binding *binding);

/* Whether the answer is a google.api.HttpBody, so that only the answer tells its type. */
bool binding_answers_raw(const struct binding *binding);

#endif
