/* grpc-status-details-bin: what clients unpack is what the status said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>

#include "base/text.h"
#include "proto/message/message.h"
#include "rpc/grpc/status_details.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void *unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes)
{
    ProtobufCAllocator allocator = message_allocator(&arena);
    void *message = protobuf_c_message_unpack(descriptor, &allocator, bytes.len,
                                              (const uint8_t *)bytes.data);

    assert_non_null(message);
    return message;
}

static const Google__Rpc__Status *decode(const struct status *status)
{
    struct slice text = status_details__encode(&arena, status);
    struct slice bytes;

    assert_true(text.len > 0);
    assert_int_equal(slice_find(text, '='), text.len);
    assert_true(base64_decode(&arena, text, &bytes));
    return unpack(&google__rpc__status__descriptor, bytes);
}

static void *detail(const Google__Rpc__Status *status, size_t i,
                    const ProtobufCMessageDescriptor *descriptor)
{
    const Google__Protobuf__Any *any = status->details[i];
    struct slice url = arena_printf(&arena, "type.googleapis.com/%s", descriptor->name);

    assert_true(i < status->n_details);
    assert_string_equal(any->type_url, url.data);
    return unpack(descriptor, slice_make(any->value.data, any->value.len));
}

static void violations_are_gathered_in_one_bad_request(void **state)
{
    struct violations violations = {0};
    struct status status;
    const Google__Rpc__Status *decoded;
    const Google__Rpc__BadRequest *request;

    (void)state;
    violations_add(&violations, &arena, SLICE("device.name"), "must have at least 3 characters");
    violations_add(&violations, &arena, SLICE("device.port"), "must be at most %d", 65535);
    status = violations_status(&violations, &arena);
    decoded = decode(&status);
    assert_int_equal(decoded->code, STATUS_INVALID_ARGUMENT);
    assert_true(slice_equal(slice_from_cstr(decoded->message), status.message));
    assert_int_equal(decoded->n_details, 1);
    request = detail(decoded, 0, &google__rpc__bad_request__descriptor);
    assert_int_equal(request->n_field_violations, 2);
    assert_string_equal(request->field_violations[0]->field, "device.name");
    assert_string_equal(request->field_violations[1]->field, "device.port");
    assert_string_equal(request->field_violations[1]->description, "must be at most 65535");
}

static void every_type_of_detail_arrives(void **state)
{
    struct status status = status_const(STATUS_FAILED_PRECONDITION, SLICE("It is in use."));
    const Google__Rpc__Status *decoded;
    const Google__Rpc__PreconditionFailure *failure;
    const Google__Rpc__ErrorInfo *info;
    const Google__Rpc__ResourceInfo *resource;
    const Google__Rpc__RetryInfo *retry;

    (void)state;
    status_add_detail(&arena, &status, DETAIL_ERROR_INFO, SLICE("IN_USE"), SLICE("kind"),
                      SLICE("devices"));
    status_add_detail(&arena, &status, DETAIL_PRECONDITION_VIOLATION, SLICE("devices/1"),
                      SLICE(PRECONDITION_REFERENCED), SLICE("It refers to the object."));
    status_add_detail(&arena, &status, DETAIL_RESOURCE_INFO, SLICE("id-1"), SLICE("director"),
                      SLICE("a director"));
    status_add_detail(&arena, &status, DETAIL_PRECONDITION_VIOLATION, SLICE("devices/2"),
                      SLICE(PRECONDITION_REFERENCED), SLICE("So does it."));
    status_add_detail(&arena, &status, DETAIL_RETRY_INFO, SLICE_EMPTY, SLICE_EMPTY, SLICE_EMPTY);
    for (struct status_detail *d = status.details; d != NULL; d = d->next)
        d->retry_ms = 1250;
    decoded = decode(&status);
    assert_int_equal(decoded->n_details, 4);
    failure = detail(decoded, 0, &google__rpc__precondition_failure__descriptor);
    assert_int_equal(failure->n_violations, 2);
    assert_string_equal(failure->violations[0]->subject, "devices/1");
    assert_string_equal(failure->violations[1]->type, PRECONDITION_REFERENCED);
    assert_string_equal(failure->violations[1]->description, "So does it.");
    info = detail(decoded, 1, &google__rpc__error_info__descriptor);
    assert_string_equal(info->reason, "IN_USE");
    assert_string_equal(info->domain, STATUS_ERROR_DOMAIN);
    assert_int_equal(info->n_metadata, 1);
    assert_string_equal(info->metadata[0]->key, "kind");
    assert_string_equal(info->metadata[0]->value, "devices");
    resource = detail(decoded, 2, &google__rpc__resource_info__descriptor);
    assert_string_equal(resource->resource_type, "director");
    assert_string_equal(resource->resource_name, "id-1");
    assert_string_equal(resource->description, "a director");
    retry = detail(decoded, 3, &google__rpc__retry_info__descriptor);
    assert_int_equal(retry->retry_delay->seconds, 1);
    assert_int_equal(retry->retry_delay->nanos, 250000000);
}

static void error_info_without_metadata_has_none(void **state)
{
    struct status status = status_const(STATUS_PERMISSION_DENIED, SLICE("No."));
    const Google__Rpc__ErrorInfo *info;

    (void)state;
    status_add_detail(&arena, &status, DETAIL_ERROR_INFO, SLICE("DENIED"), SLICE_EMPTY,
                      SLICE_EMPTY);
    info = detail(decode(&status), 0, &google__rpc__error_info__descriptor);
    assert_int_equal(info->n_metadata, 0);
}

static void details_stay_within_what_clients_take(void **state)
{
    struct status status = status_const(STATUS_INVALID_ARGUMENT, SLICE("Many."));
    char text[201];
    const Google__Rpc__BadRequest *request;

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < VIOLATIONS_MOST; i++)
        status_add_detail(&arena, &status, DETAIL_FIELD_VIOLATION, SLICE("field"), SLICE_EMPTY,
                          slice_make(text, sizeof(text)));
    status_add_detail(&arena, &status, DETAIL_ERROR_INFO, slice_make(text, sizeof(text)),
                      SLICE_EMPTY, SLICE_EMPTY);
    assert_true(status_details__encode(&arena, &status).len <= STATUS_DETAILS_MOST * 4 / 3 + 2);
    request = detail(decode(&status), 0, &google__rpc__bad_request__descriptor);
    assert_in_range(request->n_field_violations, 15, 21);
}

static void long_message_is_cut(void **state)
{
    char text[3 * STATUS_MESSAGE_MOST];
    struct status status = {.code = STATUS_INTERNAL, .message = {text, sizeof(text)}};

    (void)state;
    memset(text, 'm', sizeof(text));
    assert_int_equal(slice_from_cstr(decode(&status)->message).len, STATUS_MESSAGE_MOST);
}

static void text_that_is_not_utf8_gets_question_marks(void **state)
{
    struct status status = status_const(STATUS_NOT_FOUND, SLICE("no \xff\xfe here"));

    (void)state;
    assert_string_equal(decode(&status)->message, "no ?? here");
}

#ifdef DATASTREAM_FAULTS
static struct status status_with_all(void)
{
    struct status status = status_const(STATUS_ABORTED, SLICE("Stop."));

    for (unsigned type = DETAIL_FIELD_VIOLATION; type <= DETAIL_RETRY_INFO; type++)
        status_add_detail(&arena, &status, (enum status_detail_type)type, SLICE("a"), SLICE("b"),
                          SLICE("c"));
    return status;
}

static void failed_allocations_leave_nothing_half_made(void **state)
{
    struct status status = status_with_all();

    (void)state;
    for (unsigned long number = 1;; number++) {
        struct arena small;
        struct slice text;
        bool failed;

        arena_init(&small, NULL, 65536);
        arena_fault_set(number, false);
        text = status_details__encode(&small, &status);
        arena_fault_set(0, false);
        failed = arena_failed(&small);
        assert_int_equal(failed, text.len == 0);
        arena_done(&small);
        if (!failed)
            break;
    }
}
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(violations_are_gathered_in_one_bad_request),
        TEST(every_type_of_detail_arrives),
        TEST(error_info_without_metadata_has_none),
        TEST(details_stay_within_what_clients_take),
        TEST(long_message_is_cut),
        TEST(text_that_is_not_utf8_gets_question_marks),
#ifdef DATASTREAM_FAULTS
        TEST(failed_allocations_leave_nothing_half_made),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
