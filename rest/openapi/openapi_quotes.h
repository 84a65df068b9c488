/* Which texts may be answered as a quote. Internal to rest/openapi/. */
#ifndef DATASTREAM_REST_OPENAPI_OPENAPI_QUOTES_H
#define DATASTREAM_REST_OPENAPI_OPENAPI_QUOTES_H

#include "rest/openapi/openapi_json.h"

/*
 * Characters of the longest text that is one quote: "$secret{store=" and a provider's name of 128,
 * ",ref=" and a reference of 1,024, "}" (rpc/call/quotes.h). The shortest is "$env{A}".
 */
#define QUOTE_LENGTH_MOST (14 + 128 + 5 + 1024 + 1)
#define QUOTE_LENGTH_LEAST 7

/* Finds the messages whose texts may hold quotes; once, before openapi__may_quote is asked. */
void openapi__find_quoting(struct openapi *api);

/*
 * Whether a text of the field, or of an element of it, may be one quote, which the field's rules do
 * not judge: an answer's schema must allow it, while a request's says what people are to write.
 */
bool openapi__may_quote(const struct openapi *api, const struct field *field);

#endif
