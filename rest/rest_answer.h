/* Answers of the REST frontend: problems, messages, entity tags. */
#ifndef DATASTREAM_REST_REST_ANSWER_H
#define DATASTREAM_REST_REST_ANSWER_H

#include "rest/endpoint.h"
#include "rest/files.h"

/* Adds a header to the answer; its slices are borrowed until the exchange closed. */
void rest__add_header(struct rest_call *call, struct slice name, struct slice value);

/* Adds the headers that the chain has for an answer that is OK. */
void rest__add_metadata(struct rest_call *call);

/* Answers with the headers added so far, Cache-Control and the request id. Once. */
void rest__answer(struct rest_call *call, int http, struct slice content_type, struct slice body);

/* Begins an answer in parts, which goes on by exchange_send_body; nothing was answered yet. */
void rest__begin(struct rest_call *call, int http, struct slice content_type);

/*
 * Answers a problem. `http` is status_http's, except for what has no code of its own (405, 415,
 * ...).
 */
void rest__answer_problem(struct rest_call *call, int http, const struct status *status);

/* Answers the response of a call that ended well: 200, 201 or 304. */
void rest__answer_message(struct rest_call *call, const ProtobufCMessage *response);

/* Answers the plain form of a file that has a late form, with the headers added so far. */
void rest__answer_unfolded(struct rest_call *call, const struct file *file);

/* The turn has come of an answer whose writing gave way; nothing when there is none. */
void rest__answer_on(struct rest_call *call);

#endif
