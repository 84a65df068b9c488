/*
 * Chunked bodies (RFC 9112 section 7.1), byte by byte and to the letter: CRLF only, extensions and
 * trailer fields checked, dropped and bounded.
 */
#include "rpc/net/http1_chunks.h"

#include <assert.h>

#include "rpc/net/http1_check.h"

#include "base/text.h"

/*
 * A chunk's size line is free up to this; only what is beyond counts against the bound, so that
 * honest small chunks never do and long extensions soon do.
 */
#define FREE_FRAMING_BYTES 16

static enum http1_result fault(struct http1_fault *ret_fault, int status, const char *detail)
{
    *ret_fault = (struct http1_fault){status, detail};
    return HTTP1_FAULT;
}

static enum http1_result take_size(struct http1_chunks *chunks, char c,
                                   struct http1_fault *ret_fault)
{
    int digit = hex_value(c);

    if (digit >= 0) {
        if (++chunks->digits > 16 || chunks->left > UINT64_MAX >> 8)
            return fault(ret_fault, 400, "A chunk's size is too large.");
        chunks->left = chunks->left << 4 | (unsigned)digit;
        chunks->state = CHUNK_SIZE;
        return HTTP1_MORE;
    }
    if (chunks->digits == 0)
        return fault(ret_fault, 400, "A chunk has no size.");
    if (c == ';')
        chunks->state = CHUNK_EXTENSION;
    else if (c == '\r')
        chunks->state = CHUNK_SIZE_LF;
    else
        return fault(ret_fault, 400, "A chunk's size is not hexadecimal.");
    return HTTP1_MORE;
}

static enum http1_result take_extension(struct http1_chunks *chunks, char c,
                                        struct http1_fault *ret_fault)
{
    if (c == '\r') {
        chunks->state = CHUNK_SIZE_LF;
        return HTTP1_MORE;
    }
    if (!http1__value_is_valid(slice_make(&c, 1)))
        return fault(ret_fault, 400, "A chunk's extension contains a control character.");
    return HTTP1_MORE;
}

static enum http1_result end_size_line(struct http1_chunks *chunks, char c,
                                       struct http1_fault *ret_fault)
{
    if (c != '\n')
        return fault(ret_fault, 400, "A chunk's line does not end with CRLF.");
    chunks->line = 0;
    chunks->digits = 0;
    chunks->state = chunks->left == 0 ? CHUNK_TRAILER_START : CHUNK_DATA;
    return HTTP1_MORE;
}

static enum http1_result start_trailer(struct http1_chunks *chunks, char c,
                                       const struct http1_limits *limits,
                                       struct http1_fault *ret_fault)
{
    if (c == '\r') {
        chunks->state = CHUNK_LAST_LF;
        return HTTP1_MORE;
    }
    if (!http1__token_is_valid(slice_make(&c, 1)))
        return fault(ret_fault, 400, "A trailer field has no name.");
    if (++chunks->trailer_fields > limits->header_count)
        return fault(ret_fault, 431, "Too many trailer fields.");
    chunks->trailer_bytes += 32;
    chunks->state = CHUNK_TRAILER_NAME;
    return HTTP1_MORE;
}

static enum http1_result take_trailer(struct http1_chunks *chunks, char c,
                                      struct http1_fault *ret_fault)
{
    struct slice byte = slice_make(&c, 1);

    if (chunks->state == CHUNK_TRAILER_NAME) {
        if (c == ':')
            chunks->state = CHUNK_TRAILER_VALUE;
        else if (!http1__token_is_valid(byte))
            return fault(ret_fault, 400, "A trailer field's name is malformed.");
        return HTTP1_MORE;
    }
    if (c == '\r')
        chunks->state = CHUNK_TRAILER_LF;
    else if (!http1__value_is_valid(byte))
        return fault(ret_fault, 400, "A trailer field's value contains a control character.");
    return HTTP1_MORE;
}

static enum http1_result expect_byte(struct http1_chunks *chunks, char c, char wanted,
                                     enum http1_chunk_state next, struct http1_fault *ret_fault)
{
    if (c != wanted)
        return fault(ret_fault, 400, "A line or a chunk of the body does not end with CRLF.");
    chunks->state = next;
    return next == CHUNK_END ? HTTP1_DONE : HTTP1_MORE;
}

/* One byte of framing. */
static enum http1_result take_byte(struct http1_chunks *chunks, char c,
                                   const struct http1_limits *limits, struct http1_fault *ret_fault)
{
    switch (chunks->state) {
    case CHUNK_SIZE_START:
    case CHUNK_SIZE:
        return take_size(chunks, c, ret_fault);
    case CHUNK_EXTENSION:
        return take_extension(chunks, c, ret_fault);
    case CHUNK_SIZE_LF:
        return end_size_line(chunks, c, ret_fault);
    case CHUNK_DATA_CR:
        return expect_byte(chunks, c, '\r', CHUNK_DATA_LF, ret_fault);
    case CHUNK_DATA_LF:
        return expect_byte(chunks, c, '\n', CHUNK_SIZE_START, ret_fault);
    case CHUNK_TRAILER_START:
        return start_trailer(chunks, c, limits, ret_fault);
    case CHUNK_TRAILER_NAME:
    case CHUNK_TRAILER_VALUE:
        chunks->trailer_bytes++;
        if (chunks->trailer_bytes > limits->header_bytes)
            return fault(ret_fault, 431, "The trailer fields exceed the limit.");
        return take_trailer(chunks, c, ret_fault);
    case CHUNK_TRAILER_LF:
        return expect_byte(chunks, c, '\n', CHUNK_TRAILER_START, ret_fault);
    case CHUNK_LAST_LF:
        return expect_byte(chunks, c, '\n', CHUNK_END, ret_fault);
    case CHUNK_DATA:
    case CHUNK_END:
        break;
    }
    return HTTP1_DONE;
}

/* Counts a byte of a size line; false when extensions became more than is taken. */
static bool count_framing(struct http1_chunks *chunks, const struct http1_limits *limits)
{
    if (chunks->state > CHUNK_SIZE_LF)
        return true;
    if (++chunks->line > FREE_FRAMING_BYTES)
        chunks->excess++;
    return chunks->excess <= limits->chunk_extension_bytes;
}

enum http1_result http1_chunks__next(struct http1_chunks *chunks, struct slice *bytes,
                                     const struct http1_limits *limits, struct slice *ret_data,
                                     struct http1_fault *ret_fault)
{
    while (bytes->len > 0 && chunks->state != CHUNK_DATA) {
        enum http1_result result;

        if (!count_framing(chunks, limits))
            return fault(ret_fault, 400, "The chunk sizes and extensions exceed the limit.");
        result = take_byte(chunks, bytes->data[0], limits, ret_fault);
        if (result == HTTP1_FAULT)
            return result;
        *bytes = slice_from(*bytes, 1);
        if (result == HTTP1_DONE)
            return result;
    }
    if (bytes->len == 0) {
        *ret_data = SLICE_EMPTY;
        return HTTP1_MORE;
    }
    assert(chunks->state == CHUNK_DATA && chunks->left > 0);
    ret_data->data = bytes->data;
    ret_data->len = bytes->len < chunks->left ? bytes->len : (size_t)chunks->left;
    chunks->left -= ret_data->len;
    *bytes = slice_from(*bytes, ret_data->len);
    if (chunks->left == 0)
        chunks->state = CHUNK_DATA_CR;
    return HTTP1_MORE;
}
