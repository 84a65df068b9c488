/* Headers, messages and trailers of answers. */
#include "rpc/grpc/grpc_answer.h"

#include <assert.h>

#include "proto/message/message_pack.h"
#include "proto/message/wire.h"
#include "rpc/grpc/compress.h"
#include "rpc/grpc/frame.h"
#include "rpc/grpc/percent.h"
#include "rpc/grpc/status_details.h"

/* Below it compression gains nothing; above it the loop would stand still for milliseconds. */
#define COMPRESS_LEAST 1024
#define COMPRESS_MOST 262144

#define CONTENT_TYPE                                               \
    {                                                              \
        SLICE_INIT("content-type"), SLICE_INIT("application/grpc") \
    }

static const struct slice code_digits[STATUS_CODES] = {
    SLICE_INIT("0"),  SLICE_INIT("1"),  SLICE_INIT("2"),  SLICE_INIT("3"),  SLICE_INIT("4"),
    SLICE_INIT("5"),  SLICE_INIT("6"),  SLICE_INIT("7"),  SLICE_INIT("8"),  SLICE_INIT("9"),
    SLICE_INIT("10"), SLICE_INIT("11"), SLICE_INIT("12"), SLICE_INIT("13"), SLICE_INIT("14"),
    SLICE_INIT("15"), SLICE_INIT("16"),
};

static const struct header content_type = CONTENT_TYPE;

static const struct header no_memory[] = {
    CONTENT_TYPE,
    {SLICE_INIT("grpc-status"), SLICE_INIT("8")},
    {SLICE_INIT("grpc-message"), SLICE_INIT(NO_MEMORY_TEXT)},
};

static const struct header trailers_ok[] = {{SLICE_INIT("grpc-status"), SLICE_INIT("0")}};

/* Header fields as they are gathered; there is room for all that an answer has. */
struct fields {
    struct header *headers;
    size_t count;
};

static void add_field(struct fields *fields, struct slice name, struct slice value)
{
    fields->headers[fields->count++] = (struct header){name, value};
}

static struct fields begin_fields(struct grpc_answer *answer)
{
    struct fields fields = {.headers = answer->headers};

    fields.headers[fields.count++] = content_type;
    if (answer->request_id.len > 0)
        add_field(&fields, SLICE("x-request-id"), answer->request_id);
    for (const struct call_metadata *m = answer->metadata; m != NULL; m = m->next)
        add_field(&fields, m->name, m->value);
    return fields;
}

/* What is said when memory ends. */
static struct status no_answer(const struct grpc_answer *answer)
{
    return answer->is_stored ? status_stored() : status_out_of_memory();
}

/* grpc-status, grpc-message and details; the status that they say, for want of memory another. */
static enum status_code add_status(const struct grpc_answer *answer, struct fields *fields,
                                   struct status status)
{
    struct arena *arena = answer->exchange->arena;
    struct slice text = grpc__message_text(arena, status.message);
    struct slice message = grpc__message_encode(arena,
                                                grpc__message_cut(text, STATUS_MESSAGE_MOST));
    struct slice details = SLICE_EMPTY;

    if (status.details != NULL)
        details = status_details__encode(arena, &status);
    if (arena_failed(arena)) {
        status = no_answer(answer);
        message = status.message; /* a constant that needs no escapes */
        details = SLICE_EMPTY;
    }
    add_field(fields, SLICE("grpc-status"),
              code_digits[(unsigned)status.code < STATUS_CODES ? status.code : STATUS_UNKNOWN]);
    if (message.len > 0)
        add_field(fields, SLICE("grpc-message"), message);
    if (details.len > 0)
        add_field(fields, SLICE("grpc-status-details-bin"), details);
    return status.code;
}

enum status_code grpc__answer_status(struct exchange *exchange, struct grpc_answer *answer,
                                     struct status status)
{
    enum status_code code;
    struct fields fields;

    if (answer == NULL) {
        exchange_send_head(exchange, 200, no_memory, sizeof(no_memory) / sizeof(no_memory[0]));
        exchange_send_end(exchange, NULL, 0);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    answer->metadata = NULL;
    fields = begin_fields(answer);
    code = add_status(answer, &fields, status);
    if (answer->accepts_encodings)
        add_field(&fields, SLICE("grpc-accept-encoding"), SLICE(ENCODINGS_ACCEPTED));
    exchange_send_head(exchange, 200, fields.headers, fields.count);
    exchange_send_end(exchange, NULL, 0);
    return code;
}

/* -- messages --------------------------------------------------------------------------------- */

static size_t varint_size(uint64_t value)
{
    size_t size = 1;

    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint64_t element_tag(const struct call_records *records)
{
    return (uint64_t)records->field->number << 3 | WIRE_LENGTH;
}

static size_t records_size(const struct call_records *records)
{
    size_t size = 0;

    for (size_t i = 0; i < records->count; i++) {
        size_t len = records->bodies[i].len;

        size += len;
        if (records->field != NULL)
            size += varint_size(element_tag(records)) + varint_size(len);
    }
    return size;
}

static uint8_t *put_records(uint8_t *at, const struct call_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        struct slice body = records->bodies[i];

        if (records->field != NULL)
            at = put_varint(put_varint(at, element_tag(records)), body.len);
        if (body.len > 0)
            memcpy(at, body.data, body.len);
        at += body.len;
    }
    return at;
}

/* What is packed beside records; NULL: they are all. */
static const ProtobufCMessage *beside(const ProtobufCMessage *message,
                                      const struct call_records *records)
{
    return records != NULL && records->field == NULL ? NULL : message;
}

/*
 * The message after its prefix; empty when the arena failed, or where it has more bytes than an
 * answer may. *ret_len is how many it has.
 */
static struct slice pack_frame(const struct grpc_answer *answer, struct arena *arena,
                               const ProtobufCMessage *message, const struct call_records *records,
                               size_t *ret_len)
{
    size_t first = records == NULL ? 0 : records_size(records);
    char *frame = NULL;
    size_t len = 0;

    message = beside(message, records);
    if (first > answer->most)
        len = message == NULL ? 0 : protobuf_c_message_get_packed_size(message);
    else if (message == NULL)
        frame = arena_alloc(arena, FRAME_PREFIX_LEN + first);
    else
        frame = message_pack_after(arena, FRAME_PREFIX_LEN + first, message, answer->most - first,
                                   &len);
    len += first;
    *ret_len = len;
    if (frame == NULL)
        return SLICE_EMPTY;
    frame__write_prefix(frame, false, len);
    if (records != NULL) {
        const uint8_t *end = put_records((uint8_t *)frame + FRAME_PREFIX_LEN, records);

        assert((size_t)((const char *)end - frame) == FRAME_PREFIX_LEN + first);
        (void)end;
    }
    return slice_make(frame, FRAME_PREFIX_LEN + len);
}

static enum encoding choose_encoding(const struct grpc_answer *answer, size_t len)
{
    if (len < COMPRESS_LEAST || len > COMPRESS_MOST)
        return ENCODING_IDENTITY;
    if ((answer->accepts & 1u << ENCODING_GZIP) != 0)
        return ENCODING_GZIP;
    return (answer->accepts & 1u << ENCODING_DEFLATE) != 0 ? ENCODING_DEFLATE : ENCODING_IDENTITY;
}

/* The frame with its message compressed, or as it was where that is not shorter. */
static struct slice compress_frame(struct arena *arena, struct slice frame, enum encoding *encoding)
{
    struct slice packed = compress__deflate(arena, *encoding, slice_from(frame, FRAME_PREFIX_LEN),
                                            FRAME_PREFIX_LEN);

    if (packed.len >= frame.len || arena_failed(arena)) {
        *encoding = ENCODING_IDENTITY;
        return frame;
    }
    assert(packed.len >= FRAME_PREFIX_LEN && *encoding != ENCODING_IDENTITY);
    frame__write_prefix((char *)packed.data, true, packed.len - FRAME_PREFIX_LEN);
    return packed;
}

static struct status too_large(const struct grpc_answer *answer, size_t len)
{
    return status_make(answer->exchange->arena, STATUS_RESOURCE_EXHAUSTED,
                       "The answer has %zu bytes; the limit is %zu bytes.", len, answer->most);
}

enum status_code grpc__answer_message(struct grpc_answer *answer, const ProtobufCMessage *message,
                                      const struct call_records *records)
{
    struct exchange *exchange = answer->exchange;
    struct arena *arena = exchange->arena;
    size_t len;
    struct slice frame = pack_frame(answer, arena, message, records, &len);
    enum encoding encoding = choose_encoding(answer, len);
    struct fields fields;

    if (len > answer->most)
        return grpc__answer_status(exchange, answer, too_large(answer, len));
    if (encoding != ENCODING_IDENTITY && !arena_failed(arena))
        frame = compress_frame(arena, frame, &encoding);
    if (arena_failed(arena))
        return grpc__answer_status(exchange, answer, no_answer(answer));
    assert(frame.len >= FRAME_PREFIX_LEN);
    fields = begin_fields(answer);
    if (encoding != ENCODING_IDENTITY)
        add_field(&fields, SLICE("grpc-encoding"), encoding__name(encoding));
    exchange_send_head(exchange, 200, fields.headers, fields.count);
    exchange_send_body(exchange, frame);
    exchange_send_end(exchange, trailers_ok, 1);
    return STATUS_OK;
}

/* -- streams ---------------------------------------------------------------------------------- */

void grpc__stream_head(struct grpc_answer *answer)
{
    struct fields fields = begin_fields(answer);

    assert(fields.count <= sizeof(answer->headers) / sizeof(answer->headers[0]));
    exchange_send_head(answer->exchange, 200, fields.headers, fields.count);
}

struct status grpc__stream_frame(const struct grpc_answer *answer, struct arena *arena,
                                 const ProtobufCMessage *message, struct slice *ret_frame)
{
    size_t len;
    struct slice frame = pack_frame(answer, arena, message, NULL, &len);

    if (len > answer->most)
        return too_large(answer, len);
    if (arena_failed(arena))
        return status_out_of_memory();
    *ret_frame = frame;
    return status_ok();
}

struct status grpc__stream_message(struct grpc_answer *answer, struct arena *arena,
                                   const ProtobufCMessage *message, bool *ret_more)
{
    struct slice frame = SLICE_EMPTY;
    struct status status = grpc__stream_frame(answer, arena, message, &frame);

    if (status_is_ok(status))
        *ret_more = exchange_send_body(answer->exchange, frame);
    return status;
}

enum status_code grpc__stream_end(struct grpc_answer *answer, struct status status)
{
    struct fields fields = {.headers = answer->trailers};
    enum status_code code = add_status(answer, &fields, status);

    assert(fields.count <= sizeof(answer->trailers) / sizeof(answer->trailers[0]));
    exchange_send_end(answer->exchange, fields.headers, fields.count);
    return code;
}
