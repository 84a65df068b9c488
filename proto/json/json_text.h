/*
 * Appending to a JSON text without a call, for the files of the JSON codec alone: answers are made
 * of very many very short pieces.
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_TEXT_H
#define DATASTREAM_PROTO_JSON_JSON_TEXT_H

#include <assert.h>

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
    assert(len <= text->capacity - text->len);
    if (len == 0) /* memcpy takes no NULL, as an empty slice may be */
        return;
    memcpy(text->data + text->len, bytes, len);
    text->len += len;
}

/* Bytes after a padded text that may be read, whatever they are. */
#define JSON_PADDING 16

/* Appends a text that JSON_PADDING bytes follow: in pieces of a fixed size, without a call. */
static inline void json__put_padded(struct json_text *text, const char *bytes, size_t len)
{
    char *to;

    if (!json__reserve(text, len + JSON_PADDING))
        return;
    to = text->data + text->len;
    for (size_t at = 0; at < len; at += JSON_PADDING)
        memcpy(to + at, bytes + at, JSON_PADDING);
    text->len += len;
}

/* Appends the bytes as they are; nothing once the arena failed (json_text_slice tells). */
void json_put(struct json_text *text, struct slice bytes);

/* A quoted and escaped string; `value` must be UTF-8. */
void json_put_string(struct json_text *text, struct slice value);
void json_put_int(struct json_text *text, int64_t value);
struct slice json_text_slice(const struct json_text *text);

#endif
