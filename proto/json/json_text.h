/*
 * Appending to a JSON text without a call, for the files of the JSON codec alone: answers are made
 * of very many very short pieces.
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_TEXT_H
#define DATASTREAM_PROTO_JSON_JSON_TEXT_H

#include "proto/json/json.h"
#include "proto/json/json_scan.h"

/* Makes room for `need` more bytes; false when the arena failed. */
bool json__grow(struct json_text *text, size_t need);

static inline bool json__reserve(struct json_text *text, size_t need)
{
    return need <= text->capacity - text->len || json__grow(text, need);
}

static inline void json__put_char(struct json_text *text, char c)
{
    if (json__reserve(text, 1))
        text->data[text->len++] = c;
}

/* After json__reserve said that there is room. */
static inline void json__append(struct json_text *text, const void *bytes, size_t len)
{
    memcpy(text->data + text->len, bytes, len);
    text->len += len;
}

#endif
