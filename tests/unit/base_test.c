/* Slices, arenas, statuses, UUIDs, settings and log lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/status.h"
#include "base/text.h"
#include "base/uuid.h"

static void slices_order_bytewise_and_shorter_first(void **state)
{
    static const struct {
        const char *a, *b;
        int sign;
    } cases[] = {{"", "", 0}, {"a", "", 1}, {"a", "b", -1}, {"ab", "a", 1}, {"\xff", "a", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int order = slice_compare(slice_from_cstr(cases[i].a), slice_from_cstr(cases[i].b));

        assert_int_equal((order > 0) - (order < 0), cases[i].sign);
    }
}

static void numbers_are_digits_alone_and_never_overflow(void **state)
{
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1a", "18446744073709551616", "100000000000000000000"};
    uint64_t value = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(slice_to_u64(slice_from_cstr(bad[i]), &value));
    assert_int_equal(value, 7);
    assert_true(slice_to_u64(SLICE("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
}

static void an_arena_that_reached_its_limit_stays_failed(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 20000);
    assert_non_null(arena_alloc(&arena, 100));
    assert_null(arena_alloc(&arena, 30000));
    assert_true(arena_failed(&arena));
    assert_null(arena_alloc(&arena, 1));
    assert_int_equal(arena_copy(&arena, SLICE("x")).len, 0);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 1));
    arena_done(&arena);
}

static void an_arena_grows_beyond_its_first_block_up_to_its_limit(void **state)
{
    struct arena arena;
    size_t total = 0;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    while (arena_alloc(&arena, 1000) != NULL)
        total += 1000;
    assert_in_range(total, 900000, 1 << 20);
    arena_done(&arena);
}

static void arenas_of_one_account_share_a_bound_that_first_blocks_may_pass(void **state)
{
    struct account account = {.most = 100000};
    struct arena_cache cache = {0};
    struct arena large, other, like;

    (void)state;
    arena_init(&large, &cache, 1 << 20);
    arena_init(&other, &cache, 1 << 20);
    assert_non_null(arena_alloc(&large, 1));
    arena_charge(&large, &account);
    arena_charge(&other, &account);
    assert_int_equal(account.used, ARENA_FIRST_BLOCK);
    assert_non_null(arena_alloc(&large, 91000));
    assert_non_null(arena_alloc(&other, 100));
    assert_in_range(account.used, 100000, 110000);
    assert_null(arena_alloc(&other, 20000));
    arena_reset(&other);
    arena_done(&large);
    assert_int_equal(account.used, 0);
    arena_init_like(&like, &other);
    assert_non_null(arena_alloc(&like, 90000));
    assert_in_range(account.used, 90000, 100000);
    arena_done(&like);
    assert_int_equal(account.used, 0);
    arena_cache_done(&cache);
}

static void an_arena_may_hold_its_own_account(void **state)
{
    struct account whole = {0};
    struct account *own;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    own = arena_zalloc(&arena, sizeof(*own));
    own->whole = &whole;
    arena_charge(&arena, own);
    assert_int_equal(whole.used, ARENA_FIRST_BLOCK);
    arena_done(&arena);
    assert_int_equal(whole.used, 0);
}

static void what_a_part_takes_counts_in_every_whole(void **state)
{
    struct account house = {.most = 100};
    struct account room = {.whole = &house, .most = 60};
    struct account shelf = {.whole = &room};
    struct account other = {.whole = &house, .most = 60};

    (void)state;
    assert_true(account_take(&shelf, 50));
    assert_false(account_take(&shelf, 11)); /* the room is full */
    assert_true(account_take(&other, 50));
    assert_false(account_take(&other, 1)); /* the house is */
    assert_int_equal(house.used, 100);
    account_add(&shelf, 20);
    assert_int_equal(house.used, 120);
    assert_false(account_take(&shelf, 1));
    account_move(&shelf, &other);
    assert_int_equal(room.used, 0);
    assert_int_equal(other.used, 120);
    assert_int_equal(house.used, 120);
    account_give(&shelf, 70);
    assert_int_equal(other.used, 50);
    account_move(&shelf, NULL);
    account_give(&other, 50);
    assert_int_equal(house.used, 0);
    assert_true(account_take(NULL, SIZE_MAX));
}

static void sizes_that_overflow_fail_the_arena(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, SIZE_MAX);
    assert_null(arena_array(&arena, SIZE_MAX / 2, 16));
    assert_true(arena_failed(&arena));
    arena_reset(&arena);
    assert_null(arena_alloc(&arena, SIZE_MAX - 3));
    arena_done(&arena);
}

#ifdef DATASTREAM_FAULTS
static void the_chosen_allocation_fails_once_or_from_then_on(void **state)
{
    struct arena arena;

    (void)state;
    for (int onward = 0; onward < 2; onward++) {
        arena_init(&arena, NULL, 1 << 20);
        arena_fault_set(2, onward == 1);
        assert_non_null(arena_alloc(&arena, 1));
        assert_null(arena_alloc(&arena, 1));
        arena_reset(&arena);
        assert_true((arena_alloc(&arena, 1) == NULL) == (onward == 1));
        arena_fault_set(0, false);
        arena_done(&arena);
    }
}
#endif

static void violations_are_all_reported_and_bounded(void **state)
{
    struct violations violations = {0};
    struct arena arena;
    struct status status;
    size_t details = 0;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    assert_true(status_is_ok(violations_status(&violations, &arena)));
    for (int i = 0; i < 100; i++)
        violations_add(&violations, &arena, SLICE("name"), "is wrong %d times", i);
    status = violations_status(&violations, &arena);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    for (struct status_detail *d = status.details; d != NULL; d = d->next)
        details++;
    assert_int_equal(details, VIOLATIONS_EACH_MOST + 1);
    assert_non_null(strstr(status.message.data, "100 fields"));
    arena_done(&arena);
}

/* The elements of a list count as one field, those of a map too, whatever their keys hold. */
static void violations_of_one_list_do_not_hide_others(void **state)
{
    static const char *const wanted[][2] = {
        {"roles[0].id", "is 0"},
        {"roles[1].id", "is 1"},
        {"roles[2].id", "is 2"},
        {"roles[3].id", "is 3"},
        {"roles.id", "has 29 more violations"},
        {"labels[\"]\"]", "is long"},
        {"name", "is required"},
    };
    struct violations violations = {0};
    struct arena arena;
    struct status status;
    size_t at = 0;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (int i = 0; i < 33; i++)
        violations_add(&violations, &arena, arena_printf(&arena, "roles[%d].id", i), "is %d", i);
    violations_add(&violations, &arena, SLICE("labels[\"]\"]"), "is long");
    violations_add(&violations, &arena, SLICE("name"), "is required");
    status = violations_status(&violations, &arena);
    status = violations_status(&violations, &arena);
    for (struct status_detail *d = status.details; d != NULL; d = d->next, at++) {
        assert_true(at < sizeof(wanted) / sizeof(wanted[0]));
        assert_true(slice_equal(d->subject, slice_from_cstr(wanted[at][0])));
        assert_true(slice_equal(d->description, slice_from_cstr(wanted[at][1])));
    }
    assert_int_equal(at, sizeof(wanted) / sizeof(wanted[0]));
    arena_done(&arena);
}

/* google/rpc/code.proto */
static void every_code_has_its_http_status(void **state)
{
    static const int wanted[STATUS_CODES] = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                             400, 409, 400, 501, 500, 503, 500, 401};

    (void)state;
    for (int code = 0; code < STATUS_CODES; code++) {
        struct status status = status_const((enum status_code)code, SLICE("why"));

        if (status_http(&status) != wanted[code])
            fail_msg("%s: wanted %d, got %d", status_code_name(status.code), wanted[code],
                     status_http(&status));
    }
}

static void details_tell_two_http_statuses_of_one_code_apart(void **state)
{
    struct arena arena;
    struct status status;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    status = status_make(&arena, STATUS_FAILED_PRECONDITION, "no");
    assert_int_equal(status_http(&status), 400);
    status_add_detail(&arena, &status, DETAIL_PRECONDITION_VIOLATION, SLICE("x"),
                      SLICE(PRECONDITION_REFERENCED), SLICE("y"));
    assert_int_equal(status_http(&status), 409);
    status = status_make(&arena, STATUS_ABORTED, "no");
    assert_int_equal(status_http(&status), 409);
    status_add_detail(&arena, &status, DETAIL_PRECONDITION_VIOLATION, SLICE("x"),
                      SLICE(PRECONDITION_ETAG), SLICE("y"));
    assert_int_equal(status_http(&status), 412);
    arena_done(&arena);
}

static void uuids_sort_by_time_and_survive_their_text(void **state)
{
    static const uint8_t random[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    struct uuid early = uuid_make(1700000000000, random);
    struct uuid late = uuid_make(1700000000001, random);
    struct uuid back;
    char text[UUID_TEXT_LEN];

    (void)state;
    assert_true(memcmp(early.bytes, late.bytes, 16) < 0);
    uuid_format(&late, text);
    assert_int_equal(text[14], '7');
    assert_true(uuid_parse(slice_make(text, sizeof(text)), &back));
    assert_true(uuid_equal(&late, &back));
    text[8] = '_';
    assert_false(uuid_parse(slice_make(text, sizeof(text)), &back));
    assert_false(uuid_parse(slice_make(text, sizeof(text) - 1), &back));
    for (size_t i = 0; i < sizeof(text); i++)
        for (unsigned byte = 0; byte < 256; byte++) {
            bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
            bool wanted = is_dash ? byte == '-' : hex_value((char)byte) >= 0;

            uuid_format(&late, text);
            text[i] = (char)byte;
            if (uuid_parse(slice_make(text, sizeof(text)), &back) != wanted)
                fail_msg("byte %u at %zu", byte, i);
        }
}

static void settings_are_set_by_either_spelling_within_their_range(void **state)
{
    struct settings settings = settings_default();
    const struct setting *row = NULL;

    (void)state;
    assert_int_equal(settings_set(&settings, SLICE("max-body-bytes"), SLICE("2048"), &row),
                     SETTING_OK);
    assert_int_equal(settings_set(&settings, SLICE("IDLE_TIMEOUT_MS"), SLICE("500"), &row),
                     SETTING_OK);
    assert_int_equal(settings.max_body_bytes, 2048);
    assert_int_equal(settings.idle_timeout_ms, 500);
    assert_int_equal(settings_set(&settings, SLICE("max_body_bytes"), SLICE("1"), &row),
                     SETTING_OUT_OF_RANGE);
    assert_int_equal(settings_set(&settings, SLICE("max_body_bytes"), SLICE("many"), &row),
                     SETTING_NOT_A_NUMBER);
    assert_int_equal(settings_set(&settings, SLICE("max_body"), SLICE("1"), &row), SETTING_UNKNOWN);
    assert_int_equal(settings.max_body_bytes, 2048);
}

static void every_setting_has_its_default_within_its_range(void **state)
{
    size_t count;
    const struct setting *rows = settings_rows(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_in_range(rows[i].initial, rows[i].smallest, rows[i].largest);
        assert_true(strlen(rows[i].text) > 10);
    }
}

/* The line that one event makes. */
static void log_of(struct slice value, char *line, size_t size)
{
    int kept = dup(STDERR_FILENO);
    ssize_t len;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_event(LOG_INFO, "seen", LOG_STR("value", value));
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    len = read(ends[0], line, size - 1);
    close(ends[0]);
    assert_true(len > 0);
    line[len] = '\0';
}

static void a_log_line_is_one_line_of_utf8_whatever_the_value(void **state)
{
    static const struct {
        struct slice value;
        const char *wanted;
    } rows[] = {
        {SLICE_INIT("caf\xc3\xa9"), "\"value\":\"caf\xc3\xa9\"}\n"},
        {SLICE_INIT("caf\xe9"), "\"value\":\"caf\\u00e9\"}\n"},
        {SLICE_INIT("\xc3\xa9 \xff"), "\"value\":\"\\u00c3\\u00a9 \\u00ff\"}\n"},
        {SLICE_INIT("a\n\"b\\\x7f"), "\"value\":\"a\\u000a\\\"b\\\\\\u007f\"}\n"},
    };
    char line[4096];
    char many[1023 + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        log_of(rows[i].value, line, sizeof(line));
        assert_non_null(strstr(line, rows[i].wanted));
    }
    memset(many, 'x', sizeof(many));
    memcpy(many + 1023, "\xc3\xa9", 2);
    log_of(slice_make(many, sizeof(many)), line, sizeof(line));
    assert_non_null(strstr(line, "xxx\"}\n"));
}

#define TEN "0aZ9bY8cX7"

static void what_may_be_a_credential_is_left_out_of_logs(void **state)
{
    static const struct {
        struct slice text, wanted;
    } rows[] = {
        {SLICE_INIT(""), SLICE_INIT("")},
        {SLICE_INIT("/nope"), SLICE_INIT("/nope")},
        {SLICE_INIT("/dsa_" TEN TEN TEN TEN TEN), SLICE_INIT("/dsa_")},
        {SLICE_INIT("/a/" TEN TEN TEN TEN "/b"), SLICE_INIT("/a/")},
        {SLICE_INIT("/a/" TEN TEN TEN "/" TEN), SLICE_INIT("/a/" TEN TEN TEN "/" TEN)},
        {SLICE_INIT("/devices/01a21470-1ae3-7000-9a9f-61b721522c4c/x"),
         SLICE_INIT("/devices/01a21470-1ae3-7000-9a9f-61b721522c4c/x")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_true(slice_equal(log_without_credential(rows[i].text), rows[i].wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_order_bytewise_and_shorter_first),
        cmocka_unit_test(numbers_are_digits_alone_and_never_overflow),
        cmocka_unit_test(an_arena_that_reached_its_limit_stays_failed),
        cmocka_unit_test(an_arena_grows_beyond_its_first_block_up_to_its_limit),
        cmocka_unit_test(arenas_of_one_account_share_a_bound_that_first_blocks_may_pass),
        cmocka_unit_test(an_arena_may_hold_its_own_account),
        cmocka_unit_test(what_a_part_takes_counts_in_every_whole),
        cmocka_unit_test(sizes_that_overflow_fail_the_arena),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test(the_chosen_allocation_fails_once_or_from_then_on),
#endif
        cmocka_unit_test(violations_are_all_reported_and_bounded),
        cmocka_unit_test(violations_of_one_list_do_not_hide_others),
        cmocka_unit_test(every_code_has_its_http_status),
        cmocka_unit_test(details_tell_two_http_statuses_of_one_code_apart),
        cmocka_unit_test(uuids_sort_by_time_and_survive_their_text),
        cmocka_unit_test(settings_are_set_by_either_spelling_within_their_range),
        cmocka_unit_test(every_setting_has_its_default_within_its_range),
        cmocka_unit_test(a_log_line_is_one_line_of_utf8_whatever_the_value),
        cmocka_unit_test(what_may_be_a_credential_is_left_out_of_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
