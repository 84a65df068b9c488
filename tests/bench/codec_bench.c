/*
 * How many bytes a second the JSON codec reads and writes, beside protobuf-c's unpack (behind the
 * walk over outside bytes) and pack of the same messages. Prints the median of several runs of
 * each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "proto/json/json.h"
#include "proto/json/json_read.h"
#include "proto/json/json_text.h"
#include "proto/json/json_write.h"
#include "proto/message/message.h"
#include "proto/message/message_walk.h"
#include "rest/rest.h"

#define RUNS 9
#define DEVICES 50
#define RUN_US 100000

struct subject {
    const struct contract *contract;
    const struct message_type *type;
    struct slice json;
    struct slice binary;
};

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* Each works on the whole message once and returns how many bytes it went through. */
static size_t read_json(struct arena *arena, const struct subject *subject)
{
    const struct json_read_options options = {.contract = subject->contract};
    ProtobufCMessage *message;

    if (!status_is_ok(json_read_message(arena, subject->type, subject->json, &options, &message)))
        die("the JSON does not read");
    return subject->json.len;
}

static ProtobufCMessage *unpack(struct arena *arena, const struct subject *subject)
{
    const struct walk_options options = {0};
    const struct field *field;
    struct slice bytes;
    ProtobufCMessage *message;

    if (message_walk(arena, subject->type, subject->binary, options, &bytes, &field) != WALK_OK)
        die("the bytes do not walk");
    message = message_unpack(arena, subject->type, bytes);
    if (message == NULL)
        die("the bytes do not unpack");
    return message;
}

static size_t read_binary(struct arena *arena, const struct subject *subject)
{
    unpack(arena, subject);
    return subject->binary.len;
}

static ProtobufCMessage *kept; /* what the writers write */

static size_t write_json(struct arena *arena, const struct subject *subject)
{
    const struct json_write_options options = {.contract = subject->contract, .always_emit = true};
    struct slice text;

    if (!status_is_ok(json_write_message(arena, subject->type, kept, &options, &text)))
        die("the message does not write");
    return text.len;
}

static size_t write_binary(struct arena *arena, const struct subject *subject)
{
    (void)subject;
    return message_pack(arena, kept).len;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(const char *name, size_t (*work)(struct arena *, const struct subject *),
                    const struct subject *subject)
{
    struct arena_cache cache = {0};
    double rates[RUNS], times[RUNS];
    struct arena arena;

    for (int run = 0; run < RUNS; run++) {
        int64_t start = clock_monotonic_us();
        int64_t now = start;
        size_t bytes = 0;
        size_t count = 0;

        for (; now - start < RUN_US; now = clock_monotonic_us(), count++) {
            arena_init(&arena, &cache, (size_t)64 << 20);
            bytes += work(&arena, subject);
            arena_done(&arena);
        }
        rates[run] = (double)bytes / (double)(now - start);
        times[run] = (double)(now - start) / (double)count;
    }
    arena_cache_done(&cache);
    qsort(rates, RUNS, sizeof(rates[0]), by_value);
    qsort(times, RUNS, sizeof(times[0]), by_value);
    printf("%-38s %9.1f MB/s %9.2f us/message\n", name, rates[RUNS / 2], times[RUNS / 2]);
}

/* A page of devices, as a list answers it. */
static struct slice page(struct arena *arena)
{
    struct json_text text = {.arena = arena};

    json_put_literal(&text, "{\"devices\":[");
    for (int i = 0; i < DEVICES; i++) {
        struct slice device = arena_printf(
            arena,
            "%s{\"id\":\"01a20b9a-d2a0-7257-8b8c-14e1c292%04x\",\"name\":\"device-%d\","
            "\"description\":\"a firewall in the cellar\",\"labels\":{\"site\":\"fra\"},"
            "\"createTime\":\"2026-11-24T03:30:25.568Z\",\"updateTime\":\"2026-11-24T03:30:25."
            "568Z\","
            "\"createdBy\":\"token:01a20b9a-cea3-7a3e-b0fe-1f4761a30288\",\"etag\":\"%d\","
            "\"tags\":[\"firewall\",\"edge\"],\"status\":\"ENABLED\",\"syslog\":{\"port\":6514}}",
            i == 0 ? "" : ",", i, i, i);

        json_put(&text, device);
    }
    json_put_literal(&text, "],\"nextPageToken\":\"x\",\"totalSize\":100000}");
    return json_text_slice(&text);
}

/* What a start spends on the documents: three renderings, each compressed once more. */
static void measure_documents(const struct contract *contract)
{
    double took[RUNS];

    for (int i = 0; i < RUNS; i++) {
        struct frontends frontends = {.contract = contract};
        struct arena arena;
        struct slice documents[OPENAPI_VERSIONS];
        struct rest *rest;
        int64_t begin = clock_monotonic_us();

        arena_init(&arena, NULL, (size_t)256 << 20);
        if (!status_is_ok(rest_new(&frontends, &arena, &rest)) ||
            !status_is_ok(rest_openapi(rest, &arena, documents)))
            die("the documents are not made");
        took[i] = (double)(clock_monotonic_us() - begin);
        arena_done(&arena);
    }
    qsort(took, RUNS, sizeof(took[0]), by_value);
    printf("%-38s %9.1f ms\n", "routes and documents of the API", took[RUNS / 2] / 1000);
}

int main(void)
{
    const struct json_read_options options = {0};
    struct subject subject;
    struct arena arena;

    arena_init(&arena, NULL, (size_t)64 << 20);
    if (!status_is_ok(contract_load(embedded_contract(), &arena, &subject.contract)))
        die("the contract does not load");
    subject.type = contract_message(subject.contract, SLICE("datastream.v1.ListDevicesResponse"));
    subject.json = page(&arena);
    if (!status_is_ok(json_read_message(&arena, subject.type, subject.json, &options, &kept)))
        die("the page does not read");
    subject.binary = message_pack(&arena, kept);
    printf("a page of %d devices: %zu bytes of JSON, %zu of protobuf\n", DEVICES, subject.json.len,
           subject.binary.len);
    measure("JSON in", read_json, &subject);
    measure("protobuf in (walk and unpack)", read_binary, &subject);
    measure("JSON out", write_json, &subject);
    measure("protobuf out (pack)", write_binary, &subject);
    measure_documents(subject.contract);
    arena_done(&arena);
    return 0;
}
