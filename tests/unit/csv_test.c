/* Messages as rows of CSV: quotes, formulas, and what every kind of field is written as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "datastream/v1/audit.pb-c.h"
#include "proto/contract/embedded.h"
#include "rest/csv.h"

static struct arena arena;
static const struct contract *contract;
static const struct message_type *type;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)1 << 30);
    assert_true(status_is_ok(contract_load(embedded_contract(), &arena, &contract)));
    for (size_t i = 0; i < contract->message_count; i++)
        if (slice_equal(contract->messages[i]->full_name, SLICE("datastream.v1.AuditLog")))
            type = contract->messages[i];
    assert_non_null(type);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* The cell of the actor, which is the second one, of a line that has nothing else. */
static void check_cell(const char *text, const char *wanted)
{
    Datastream__V1__AuditLog line = DATASTREAM__V1__AUDIT_LOG__INIT;
    struct slice row = SLICE_EMPTY;
    struct slice whole = arena_printf(&arena, ",%s,,,,,,,,,,,,,,,\r\n", wanted);

    line.actor = arena_cstr(&arena, slice_from_cstr(text));
    assert_true(status_is_ok(csv__row(&arena, contract, type, &line.base, &row)));
    if (!slice_equal(row, whole))
        fail_msg("wanted %.*s, got %.*s", SLICE_ARG(whole), SLICE_ARG(row));
}

static void texts_are_quoted_where_they_must_and_are_no_formulas(void **state)
{
    static const char *const rows[][2] = {
        {"plain text", "plain text"},
        {"a,b", "\"a,b\""},
        {"say \"no\"", "\"say \"\"no\"\"\""},
        {"\"", "\"\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "'=1+1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@x", "'@x"},
        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},
        {"=a,b", "\"'=a,b\""},
        {"a=b", "a=b"},
        {"'x", "'x"},
        {"Z\xc3\xbcrich", "Z\xc3\xbcrich"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_cell(rows[i][0], rows[i][1]);
}

static void other_values_are_as_in_json(void **state)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Datastream__V1__FieldChange change = DATASTREAM__V1__FIELD_CHANGE__INIT;
    Datastream__V1__FieldChange *changes[] = {&change};
    Datastream__V1__AuditLog line = DATASTREAM__V1__AUDIT_LOG__INIT;
    struct slice row = SLICE_EMPTY;

    (void)state;
    time.seconds = 0;
    change.path = (char *)"name";
    line.create_time = &time;
    line.changes = changes;
    line.n_changes = 1;
    line.count = 3;
    line.number = 12345678901;
    assert_true(status_is_ok(csv__row(&arena, contract, type, &line.base, &row)));
    assert_true(slice_equal(
        row, SLICE("1970-01-01T00:00:00Z,,,,,,,,,,,\"[{\"\"path\"\":\"\"name\"\",\"\"before\"\":"
                   "\"\"\"\",\"\"after\"\":\"\"\"\"}]\",,,3,12345678901,\r\n")));
}

static void the_head_names_the_fields(void **state)
{
    (void)state;
    assert_true(slice_starts_with(csv__head(&arena, type), SLICE("createTime,actor,actorName,")));
    assert_true(slice_ends_with(csv__head(&arena, type), SLICE(",number,mac\r\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_quoted_where_they_must_and_are_no_formulas),
        cmocka_unit_test(other_values_are_as_in_json),
        cmocka_unit_test(the_head_names_the_fields),
    };

    return cmocka_run_group_tests(tests, start, end);
}
