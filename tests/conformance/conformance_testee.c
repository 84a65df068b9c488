/*
 * Answers protobuf's conformance runner on standard input and output (conformance.proto): a length
 * of four bytes, little-endian, and a ConformanceRequest; the same way back. It is the server's own
 * codec over the server's own model of the contract, loaded from the descriptors of the test
 * messages; nothing here knows a field of theirs. proto3 binary and JSON are answered, all else is
 * skipped.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json.h"
#include "proto/json/json_read.h"
#include "proto/json/json_write.h"
#include "proto/message/message.h"
#include "proto/message/message_walk.h"

/* Numbers of conformance.proto. */
enum { FORMAT_PROTOBUF = 1, FORMAT_JSON = 2 };
enum { CATEGORY_JSON_IGNORE_UNKNOWN = 3 };

#define MEMORY_MOST ((size_t)256 << 20)

struct testee {
    const struct contract *contract;
    struct arena *arena; /* of one request */
    const struct message_type *request_type;
    const struct message_type *response_type;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
};

static _Noreturn void die(const char *sentence)
{
    fprintf(stderr, "conformance-testee: %s\n", sentence);
    exit(1);
}

static const struct field *named(const struct message_type *type, struct slice name)
{
    const struct field *field = message_field_by_proto_name(type, name);

    if (field == NULL)
        die("conformance.proto is not the one that this program was written for");
    return field;
}

static struct slice request_text(const struct testee *testee, struct slice name)
{
    return field_get_string(testee->request, named(testee->request_type, name));
}

static int64_t request_number(const struct testee *testee, struct slice name)
{
    return field_get_int(testee->request, named(testee->request_type, name));
}

static bool request_has(const struct testee *testee, struct slice name)
{
    return field_is_set(testee->request, named(testee->request_type, name));
}

static void respond(const struct testee *testee, struct slice result, struct slice content)
{
    field_set_string(testee->arena, testee->response, named(testee->response_type, result),
                     content);
}

/* NULL when the payload was refused, and the response says so. */
static ProtobufCMessage *parse_binary(const struct testee *testee, const struct message_type *type)
{
    struct walk_options options = {.keep_unknown = true};
    struct slice bytes = request_text(testee, SLICE("protobuf_payload"));
    const struct field *where = NULL;
    ProtobufCMessage *message = NULL;

    if (message_walk(testee->arena, type, bytes, options, &bytes, &where) == WALK_OK)
        message = message_unpack(testee->arena, type, bytes);
    if (message == NULL)
        respond(testee, SLICE("parse_error"), SLICE("the bytes were refused"));
    return message;
}

static ProtobufCMessage *parse_json(const struct testee *testee, const struct message_type *type)
{
    struct json_read_options options = {
        .contract = testee->contract,
        .ignore_unknown = request_number(testee, SLICE("test_category")) ==
                          CATEGORY_JSON_IGNORE_UNKNOWN,
    };
    ProtobufCMessage *message = NULL;
    struct status status;

    status = json_read_message(testee->arena, type, request_text(testee, SLICE("json_payload")),
                               &options, &message);
    if (!status_is_ok(status))
        respond(testee, SLICE("parse_error"), status.message);
    return message;
}

static void respond_json(const struct testee *testee, const struct message_type *type,
                         const ProtobufCMessage *message)
{
    struct json_write_options options = {.contract = testee->contract};
    struct status status;
    struct slice text;

    status = json_write_message(testee->arena, type, message, &options, &text);
    if (status_is_ok(status))
        respond(testee, SLICE("json_payload"), text);
    else
        respond(testee, SLICE("serialize_error"), status.message);
}

static void answer(const struct testee *testee)
{
    struct slice name = request_text(testee, SLICE("message_type"));
    const struct message_type *type = contract_message(testee->contract, name);
    int64_t format = request_number(testee, SLICE("requested_output_format"));
    ProtobufCMessage *message;

    if (slice_equal(name, SLICE("conformance.FailureSet"))) {
        respond(testee, SLICE("protobuf_payload"), SLICE(""));
        return;
    }
    if (type == NULL || (format != FORMAT_PROTOBUF && format != FORMAT_JSON)) {
        respond(testee, SLICE("skipped"), SLICE("only proto3 binary and JSON"));
        return;
    }
    if (request_has(testee, SLICE("protobuf_payload"))) {
        message = parse_binary(testee, type);
    } else if (request_has(testee, SLICE("json_payload"))) {
        message = parse_json(testee, type);
    } else {
        respond(testee, SLICE("skipped"), SLICE("only proto3 binary and JSON"));
        return;
    }
    if (message == NULL)
        return;
    if (format == FORMAT_JSON)
        respond_json(testee, type, message);
    else
        respond(testee, SLICE("protobuf_payload"), message_pack(testee->arena, message));
}

/* False at the end of the input. */
static bool read_request(struct arena *arena, struct slice *ret_bytes)
{
    unsigned char prefix[4];
    size_t len;
    char *bytes;

    if (fread(prefix, 1, sizeof(prefix), stdin) != sizeof(prefix))
        return false;
    len = prefix[0] | (size_t)prefix[1] << 8 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 24;
    bytes = arena_alloc(arena, len);
    if (bytes == NULL || fread(bytes, 1, len, stdin) != len)
        die("a request is cut short");
    *ret_bytes = slice_make(bytes, len);
    return true;
}

static void write_response(struct slice bytes)
{
    unsigned char prefix[4];

    for (unsigned i = 0; i < sizeof(prefix); i++)
        prefix[i] = (unsigned char)(bytes.len >> (8 * i));
    if (fwrite(prefix, 1, sizeof(prefix), stdout) != sizeof(prefix) ||
        fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len || fflush(stdout) != 0)
        die("the runner reads no more");
}

static void serve(struct testee *testee, struct slice bytes)
{
    struct walk_options options = {.keep_unknown = false};
    const struct field *where = NULL;

    testee->response = message_new(testee->arena, testee->response_type);
    if (testee->response == NULL)
        die("out of memory");
    if (message_walk(testee->arena, testee->request_type, bytes, options, &bytes, &where) ==
        WALK_OK)
        testee->request = message_unpack(testee->arena, testee->request_type, bytes);
    else /* a JSON payload that is not UTF-8 stops here already */
        testee->request = NULL;
    if (testee->request != NULL)
        answer(testee);
    else
        respond(testee, SLICE("parse_error"), SLICE("the request was refused"));
    bytes = message_pack(testee->arena, testee->response);
    if (arena_failed(testee->arena))
        die("out of memory");
    write_response(bytes);
}

static struct slice read_file(struct arena *arena, const char *path)
{
    size_t room = 1 << 20;
    char *bytes = arena_alloc(arena, room);
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL || bytes == NULL ? 0 : fread(bytes, 1, room, file);

    if (len == 0 || len == room)
        die("the descriptors of the test messages do not read");
    fclose(file);
    return slice_make(bytes, len);
}

int main(void)
{
    struct arena model, request;
    struct testee testee = {.arena = &request};
    struct status status;
    struct slice bytes;

    arena_init(&model, NULL, MEMORY_MOST);
    arena_init(&request, NULL, MEMORY_MOST);
    status = contract_load(read_file(&model, TESTEE_DESCRIPTORS), &model, &testee.contract);
    if (!status_is_ok(status))
        die("the descriptors of the test messages are refused");
    testee.request_type = contract_message(testee.contract,
                                           SLICE("conformance.ConformanceRequest"));
    testee.response_type = contract_message(testee.contract,
                                            SLICE("conformance.ConformanceResponse"));
    if (testee.request_type == NULL || testee.response_type == NULL)
        die("the descriptors lack conformance.proto");
    while (read_request(&request, &bytes)) {
        serve(&testee, bytes);
        arena_reset(&request);
    }
    arena_done(&request);
    arena_done(&model);
    return 0;
}
