/* The reflection index: files as the very bytes of the set, found by name, symbol and extension. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "proto/contract/embedded.h"
#include "rpc/grpc/reflection.h"

static struct arena arena;
static const struct reflection_index *reflection;

static int group_setup(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)256 << 20);
    return status_is_ok(reflection_index__new(embedded_reflection(), &arena, &reflection)) ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static bool is_within(struct slice part, struct slice whole)
{
    return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

static void every_file_is_found_as_the_bytes_of_the_set(void **state)
{
    size_t bytes = 0;

    (void)state;
    for (size_t i = 0; i < reflection->file_count; i++) {
        const struct reflection_file *file = &reflection->files[i];
        Google__Protobuf__FileDescriptorProto *proto;

        assert_true(is_within(file->bytes, embedded_reflection()));
        proto = google__protobuf__file_descriptor_proto__unpack(NULL, file->bytes.len,
                                                                (const uint8_t *)file->bytes.data);
        assert_non_null(proto);
        assert_true(slice_equal(slice_from_cstr(proto->name), file->name));
        assert_null(proto->source_code_info);
        google__protobuf__file_descriptor_proto__free_unpacked(proto, NULL);
        assert_ptr_equal(reflection_index__file(reflection, file->name),
                         file->hidden ? NULL : file);
        bytes += file->bytes.len;
    }
    assert_true(bytes < embedded_reflection().len);
    assert_true(reflection->file_count > 10);
}

static bool lists_file(const struct reflection_file *file, unsigned wanted)
{
    for (size_t i = 0; i < file->import_count; i++)
        if (file->imports[i] == wanted)
            return true;
    return false;
}

static void imports_are_transitive_and_begin_with_the_file_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < reflection->file_count; i++) {
        const struct reflection_file *file = &reflection->files[i];

        assert_int_equal(file->imports[0], i);
        for (size_t k = 0; k < file->import_count; k++) {
            const struct reflection_file *imported = &reflection->files[file->imports[k]];

            for (size_t n = k + 1; n < file->import_count; n++)
                assert_int_not_equal(file->imports[k], file->imports[n]);
            for (size_t n = 0; n < imported->import_count; n++)
                assert_true(lists_file(file, imported->imports[n]));
        }
    }
}

static void symbols_of_every_sort_lead_to_their_file(void **state)
{
    static const struct {
        struct slice symbol, file; /* no file: there is no such symbol */
    } cases[] = {
        {SLICE_INIT("grpc.health.v1.Health"), SLICE_INIT("grpc/health/v1/health.proto")},
        {SLICE_INIT("grpc.health.v1.Health.Check"), SLICE_INIT("grpc/health/v1/health.proto")},
        {SLICE_INIT("grpc.health.v1.HealthCheckRequest"),
         SLICE_INIT("grpc/health/v1/health.proto")},
        {SLICE_INIT("grpc.health.v1.HealthCheckRequest.service"),
         SLICE_INIT("grpc/health/v1/health.proto")},
        {SLICE_INIT("grpc.health.v1.HealthCheckResponse.ServingStatus"),
         SLICE_INIT("grpc/health/v1/health.proto")},
        {SLICE_INIT("grpc.health.v1.HealthCheckResponse.SERVING"),
         SLICE_INIT("grpc/health/v1/health.proto")},
        {SLICE_INIT("google.protobuf.NULL_VALUE"), SLICE_INIT("google/protobuf/struct.proto")},
        {SLICE_INIT("google.protobuf.Struct.FieldsEntry.key"),
         SLICE_INIT("google/protobuf/struct.proto")},
        {SLICE_INIT("google.protobuf.Value.kind"), SLICE_INIT("google/protobuf/struct.proto")},
        {SLICE_INIT("google.api.http"), SLICE_INIT("google/api/annotations.proto")},
        {SLICE_INIT(".grpc.health.v1.Health"), SLICE_INIT("")},
        {SLICE_INIT("grpc.health.v1"), SLICE_INIT("")},
        {SLICE_INIT("grpc.health.v1.Health."), SLICE_INIT("")},
        {SLICE_INIT("grpc.health.v1.health"), SLICE_INIT("")},
        {SLICE_INIT("datastream.storage.v1.Token"), SLICE_INIT("")},
        {SLICE_INIT(""), SLICE_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct reflection_symbol *found = reflection_index__symbol(reflection,
                                                                         cases[i].symbol);
        struct slice got = found == NULL ? SLICE("") : reflection->files[found->file].name;

        if (!slice_equal(got, cases[i].file))
            fail_msg("%.*s: wanted \"%.*s\", got \"%.*s\"", SLICE_ARG(cases[i].symbol),
                     SLICE_ARG(cases[i].file), SLICE_ARG(got));
    }
}

static void symbols_are_sorted_and_unique(void **state)
{
    (void)state;
    for (size_t i = 1; i < reflection->symbol_count; i++)
        assert_true(slice_compare(reflection->symbols[i - 1].name, reflection->symbols[i].name) <
                    0);
}

/* The records of the store are no API; nobody else may need their files. */
static void files_of_the_store_are_hidden(void **state)
{
    size_t hidden = 0;

    (void)state;
    for (size_t i = 0; i < reflection->file_count; i++) {
        const struct reflection_file *file = &reflection->files[i];

        hidden += file->hidden;
        for (size_t k = 1; !file->hidden && k < file->import_count; k++)
            assert_false(reflection->files[file->imports[k]].hidden);
    }
    assert_true(hidden > 0);
    for (size_t i = 0; i < reflection->symbol_count; i++)
        assert_false(slice_starts_with(reflection->symbols[i].name, SLICE("datastream.storage.")));
}

static void extensions_are_found_by_type_and_number(void **state)
{
    const struct slice type = SLICE("google.protobuf.MethodOptions");
    const struct reflection_extension *found = reflection_index__extension(reflection, type,
                                                                           72295728);
    size_t count = 0;

    (void)state;
    assert_non_null(found);
    assert_true(
        slice_equal(reflection->files[found->file].name, SLICE("google/api/annotations.proto")));
    assert_null(reflection_index__extension(reflection, type, 72295727));
    assert_null(reflection_index__extension(reflection, SLICE("google.protobuf.Any"), 72295728));
    found = reflection_index__extensions(reflection, type, &count);
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        assert_true(slice_equal(found[i].type, type));
        assert_true(i == 0 || found[i - 1].number < found[i].number);
        assert_ptr_equal(reflection_index__extension(reflection, type, found[i].number), &found[i]);
    }
    assert_null(reflection_index__extensions(reflection, SLICE("nobody"), &count));
    assert_int_equal(count, 0);
}

/* A set of one file: name "a", and what follows. */
static struct status index_of(struct slice set, struct arena *own)
{
    const struct reflection_index *index = NULL;

    return reflection_index__new(set, own, &index);
}

static void bad_sets_are_refused_by_name(void **state)
{
    static const struct {
        struct slice set;
        const char *wanted; /* part of the message; NULL: taken */
    } cases[] = {
        {SLICE_INIT("\x0a\x03\x0a\x01\x61"), NULL},
        {SLICE_INIT("\x0a\x06\x0a\x01\x61\x1a\x01\x62"), "lacks b"},
        {SLICE_INIT("\x0a\x04\x0a\x01\x61"), "not a FileDescriptorSet"},
        {SLICE_INIT("\x12\x03\x0a\x01\x61"), "not a FileDescriptorSet"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena own;
        struct status status;

        arena_init(&own, NULL, 1 << 20);
        status = index_of(cases[i].set, &own);
        if (cases[i].wanted == NULL) {
            assert_true(status_is_ok(status));
        } else {
            assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
            assert_non_null(strstr(status.message.data, cases[i].wanted));
        }
        arena_done(&own);
    }
}

static void index_without_memory_is_refused(void **state)
{
    enum status_code code = STATUS_RESOURCE_EXHAUSTED;
    size_t limit = 0;

    (void)state;
    for (; code == STATUS_RESOURCE_EXHAUSTED; limit += 16384) {
        struct arena own;

        arena_init(&own, NULL, limit);
        code = index_of(embedded_reflection(), &own).code;
        assert_true(arena_failed(&own) == (code == STATUS_RESOURCE_EXHAUSTED));
        arena_done(&own);
    }
    assert_int_equal(code, STATUS_OK);
    assert_true(limit > 65536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_found_as_the_bytes_of_the_set),
        cmocka_unit_test(imports_are_transitive_and_begin_with_the_file_itself),
        cmocka_unit_test(symbols_of_every_sort_lead_to_their_file),
        cmocka_unit_test(symbols_are_sorted_and_unique),
        cmocka_unit_test(files_of_the_store_are_hidden),
        cmocka_unit_test(extensions_are_found_by_type_and_number),
        cmocka_unit_test(bad_sets_are_refused_by_name),
        cmocka_unit_test(index_without_memory_is_refused),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
