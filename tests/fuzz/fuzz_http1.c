/*
 * A connection's bytes as HTTP/1.1 heads and bodies. However the bytes are split, the verdict is
 * the same; what is accepted keeps the grammar's promises.
 */
#include <stdlib.h>

#include "rpc/net/http1_check.h"
#include "rpc/net/http1_chunks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLD(condition)   \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static const struct http1_limits limits = {
    .line_bytes = 512,
    .header_bytes = 2048,
    .header_count = 16,
    .chunk_extension_bytes = 64,
};

/* The scan with `step` more bytes each time, as reads bring them. */
static enum http1_result scan_in_steps(struct slice bytes, size_t step, struct http1_scan *ret_scan,
                                       struct http1_fault *ret_fault)
{
    struct http1_scan scan = {0};
    enum http1_result result = HTTP1_MORE;

    for (size_t len = step; result == HTTP1_MORE; len += step) {
        size_t here = len < bytes.len ? len : bytes.len;

        result = http1__scan_head(&scan, slice_make(bytes.data, here), &limits, ret_fault);
        if (here == bytes.len)
            break;
    }
    *ret_scan = scan;
    return result;
}

static void check_head(const struct http1_head *head)
{
    const struct request_head *request = &head->request;

    HOLD(request->method.len > 0 && request->path.len > 0);
    HOLD(request->header_count <= limits.header_count);
    HOLD(request->header_bytes <= limits.header_bytes);
    HOLD(!head->chunked || request->content_length < 0);
    HOLD(!head->chunked || request->version == HTTP_1_1);
    HOLD(request->version == HTTP_1_0 || http1__host_is_valid(request->authority));
    HOLD(http1__query_is_valid(request->query));
    for (size_t i = 0; i < request->header_count; i++) {
        struct slice name = request->headers[i].name;

        HOLD(request->names != 0 && head_may_name(request, name));
        HOLD(http1__token_is_valid(name) && http1__value_is_valid(request->headers[i].value));
        for (size_t at = 0; at < name.len; at++)
            HOLD(name.data[at] < 'A' || name.data[at] > 'Z');
    }
}

struct body {
    enum http1_result result;
    size_t data;
    size_t sum; /* so that the bytes themselves are compared */
    size_t left;
};

static struct body read_chunks(struct slice bytes, size_t step)
{
    struct http1_chunks chunks = {0};
    struct body body = {.result = HTTP1_MORE};
    struct http1_fault fault;

    while (bytes.len > 0 && body.result == HTTP1_MORE) {
        struct slice part = slice_make(bytes.data, bytes.len < step ? bytes.len : step);
        size_t had = part.len;

        while (part.len > 0 && body.result == HTTP1_MORE) {
            struct slice run = SLICE_EMPTY;

            body.result = http1_chunks__next(&chunks, &part, &limits, &run, &fault);
            if (body.result == HTTP1_MORE) {
                for (size_t i = 0; i < run.len; i++)
                    body.sum = body.sum * 31 + (unsigned char)run.data[i];
                body.data += run.len;
            }
        }
        bytes = slice_from(bytes, had - part.len);
    }
    HOLD(body.result != HTTP1_FAULT || fault.status >= 400);
    body.left = bytes.len;
    return body;
}

static void check_chunks(struct slice bytes)
{
    struct body whole = read_chunks(bytes, bytes.len);
    struct body single = read_chunks(bytes, 1);

    HOLD(whole.result == single.result && whole.data == single.data && whole.sum == single.sum);
    HOLD(whole.result == HTTP1_FAULT || whole.left == single.left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make(data, size);
    struct http1_scan scan;
    struct http1_scan other;
    struct http1_fault fault = {0};
    struct http1_fault other_fault = {0};
    enum http1_result result = scan_in_steps(bytes, size == 0 ? 1 : size, &scan, &fault);
    struct http1_head head;
    struct arena arena;
    struct slice copy;

    if (scan_in_steps(bytes, 1, &other, &other_fault) != result) {
        /* Bounds on unfinished lines may strike earlier; nothing else may differ. */
        HOLD(other_fault.status == 414 || other_fault.status == 431);
        return 0;
    }
    HOLD(result != HTTP1_FAULT || (fault.status >= 400 && fault.detail != NULL));
    check_chunks(bytes);
    if (result != HTTP1_DONE)
        return 0;
    HOLD(scan.at == other.at && scan.start == other.start);
    arena_init(&arena, NULL, 1 << 20);
    copy = arena_copy(&arena, slice_make(bytes.data + scan.start, scan.at - scan.start));
    if (http1__parse_head(&arena, (char *)(uintptr_t)copy.data, copy.len, &limits, &head, &fault)) {
        check_head(&head);
        if (head.chunked)
            check_chunks(slice_from(bytes, scan.at));
    } else {
        HOLD(fault.status >= 400 && fault.detail != NULL);
    }
    arena_done(&arena);
    return 0;
}
