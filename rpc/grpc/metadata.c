/* Headers to metadata. */
#include "rpc/grpc/metadata.h"

#include "base/header_elements.h"
#include "base/text.h"

bool metadata_next_binary(struct arena *arena, struct slice *rest, struct slice *ret_bytes)
{
    struct slice after = *rest;
    struct slice text = SLICE_EMPTY;

    header_next_element(&after, &text);
    if (!base64_decode(arena, text, ret_bytes))
        return false;
    *rest = after;
    return true;
}

static struct status check_binary(struct arena *arena, const struct header *header)
{
    struct slice rest = header->value;

    do {
        struct slice bytes;

        if (!metadata_next_binary(arena, &rest, &bytes))
            return arena_failed(arena)
                       ? status_out_of_memory()
                       : status_make(arena, STATUS_INTERNAL,
                                     "The binary metadata %.*s is not valid base64.",
                                     SLICE_ARG(header->name));
    } while (rest.data != NULL);
    return status_ok();
}

/* Headers under "grpc-"; the first of each counts, but lists of encodings are joined. */
static void read_reserved(const struct header *header, struct metadata *metadata)
{
    struct slice name = slice_from(header->name, sizeof("grpc-") - 1);

    if (slice_equal(name, SLICE("accept-encoding")))
        metadata->accepts |= encoding__read_list(header->value);
    else if (slice_equal(name, SLICE("timeout")) && metadata->timeout.data == NULL)
        metadata->timeout = header->value;
    else if (slice_equal(name, SLICE("encoding")) && metadata->encoding_text.data == NULL) {
        metadata->encoding_text = header->value;
        metadata->encoding = encoding__by_name(header->value);
    }
}

struct status metadata__read(struct arena *arena, const struct request_head *head, size_t most,
                             struct metadata *ret_metadata)
{
    struct metadata metadata = {.encoding = ENCODING_IDENTITY};

    if (head->header_bytes > most)
        return status_make(
            arena, STATUS_RESOURCE_EXHAUSTED,
            "The metadata has %zu bytes, counting 32 more for each field; the limit is %zu bytes.",
            head->header_bytes, most);
    for (size_t i = 0; i < head->header_count; i++) {
        const struct header *header = &head->headers[i];
        struct status status = status_ok();

        if (slice_ends_with(header->name, SLICE("-bin")))
            status = check_binary(arena, header);
        else if (slice_starts_with(header->name, SLICE("grpc-")))
            read_reserved(header, &metadata);
        if (!status_is_ok(status))
            return status;
    }
    *ret_metadata = metadata;
    return status_ok();
}
