/*
 * That all kinds are alike: the envelope, and the requests and answers of the standard operations,
 * field by field with their numbers, types and rules. The contract is the embedded one, or that of
 * the file KIND_CONTRACT, which has more kinds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/contract/contract.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"

#define LIMIT ((size_t)64 << 20)
#define FILE_MOST ((size_t)8 << 20)

/* Older than the rule: fields of other numbers, handlers of their own. */
static const char *const others[] = {"api-tokens", "roles", "users"};
/* The kind that all are held against. */
#define MODEL SLICE("devices")
#define ENVELOPE_FIELDS 8

static struct arena arena;
static const struct contract *contract;

static int start(void **state)
{
    const char *path = getenv("KIND_CONTRACT");
    struct slice set = embedded_contract();
    struct status status;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    if (path != NULL) {
        FILE *file = fopen(path, "rb");
        char *bytes = arena_alloc(&arena, FILE_MOST);

        assert_non_null(file);
        assert_non_null(bytes);
        set = slice_make(bytes, fread(bytes, 1, FILE_MOST, file));
        fclose(file);
    }
    status = contract_load(set, &arena, &contract);
    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
    return 0;
}

static int finish(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static bool is_alike(const struct kind *kind)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (slice_equal(kind->collection, slice_from_cstr(others[i])))
            return false;
    return true;
}

static const struct method *method_of(const struct kind *kind, enum operation_type operation)
{
    for (size_t i = 0; i < contract->method_count; i++)
        if (contract->methods[i]->kind == kind && contract->methods[i]->operation == operation)
            return contract->methods[i];
    return NULL;
}

/* Names and lengths of names differ with the kind; the rest is the same. */
static bool have_same_rules(const struct rules *a, const struct rules *b, bool is_name)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->required == b->required && a->has_range == b->has_range && a->least == b->least &&
           a->most == b->most && (is_name || a->max_length == b->max_length) &&
           (is_name || a->min_length == b->min_length) && a->min_items == b->min_items &&
           a->max_items == b->max_items && a->unique == b->unique &&
           a->defined_only == b->defined_only && have_same_rules(a->items, b->items, false) &&
           have_same_rules(a->keys, b->keys, false);
}

/* The resource itself stands under the kind's own name. */
static bool is_resource(const struct field *field)
{
    return field->message != NULL && field->message->kind != NULL;
}

static bool have_same_type(const struct field *a, const struct field *b)
{
    if (a->pb->type != b->pb->type || a->repeated != b->repeated || a->map != b->map ||
        a->has_presence != b->has_presence)
        return false;
    return a->message == NULL || a->map || (is_resource(a) && is_resource(b)) ||
           a->message == b->message;
}

static void assert_same_field(const struct field *got, const struct field *wanted, bool is_name)
{
    bool is_same_name = slice_equal(got->name, wanted->name) ||
                        (is_resource(got) && is_resource(wanted));

    if (!is_same_name || got->number != wanted->number || !have_same_type(got, wanted) ||
        got->required != wanted->required || got->output_only != wanted->output_only ||
        got->input_only != wanted->input_only ||
        !have_same_rules(got->rules, wanted->rules, is_name))
        fail_msg("%.*s.%.*s differs from %.*s.%.*s", SLICE_ARG(got->parent->full_name),
                 SLICE_ARG(got->name), SLICE_ARG(wanted->parent->full_name),
                 SLICE_ARG(wanted->name));
}

static void the_envelope_is_the_same_in_every_kind(void **state)
{
    const struct kind *model = contract_kind(contract, MODEL);

    (void)state;
    for (size_t i = 0; i < contract->kind_count; i++) {
        const struct kind *kind = contract->kinds[i];

        for (uint32_t number = 1; is_alike(kind) && number <= ENVELOPE_FIELDS; number++) {
            const struct field *got = message_field_by_number(kind->message, number);

            if (got == NULL)
                fail_msg("%.*s has no field of number %u", SLICE_ARG(kind->message->full_name),
                         (unsigned)number);
            assert_same_field(got, message_field_by_number(model->message, number),
                              got == kind->name || got == kind->description);
        }
    }
}

static void assert_same_message(const struct message_type *got, const struct message_type *wanted)
{
    if (got == wanted || got->kind != NULL)
        return;
    if (got->field_count != wanted->field_count)
        fail_msg("%.*s has %zu fields, %.*s has %zu", SLICE_ARG(got->full_name), got->field_count,
                 SLICE_ARG(wanted->full_name), wanted->field_count);
    for (size_t i = 0; i < got->field_count; i++)
        assert_same_field(&got->fields[i], &wanted->fields[i],
                          slice_equal(got->fields[i].name, SLICE("name")));
}

static void standard_requests_and_answers_are_the_same_for_every_kind(void **state)
{
    static const enum operation_type operations[] = {
        OPERATION_CREATE, OPERATION_GET,           OPERATION_LIST,         OPERATION_UPDATE,
        OPERATION_DELETE, OPERATION_BATCH_GET,     OPERATION_BATCH_DELETE, OPERATION_CLONE,
        OPERATION_USAGE,  OPERATION_LIST_ACTIVITY,
    };
    size_t compared = 0;

    (void)state;
    for (size_t i = 0; i < contract->kind_count; i++)
        for (size_t k = 0; k < sizeof(operations) / sizeof(operations[0]); k++) {
            const struct kind *kind = contract->kinds[i];
            const struct method *got = method_of(kind, operations[k]);
            const struct method *wanted = method_of(contract_kind(contract, MODEL), operations[k]);

            if (!is_alike(kind) || got == NULL)
                continue;
            assert_non_null(wanted);
            assert_same_message(got->input, wanted->input);
            assert_same_message(got->output, wanted->output);
            compared++;
        }
    assert_true(compared >= 11 * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_envelope_is_the_same_in_every_kind),
        cmocka_unit_test(standard_requests_and_answers_are_the_same_for_every_kind),
    };

    return cmocka_run_group_tests(tests, start, finish);
}
