/* What passwords must be, and what a record keeps of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rpc/services/common_passwords.h"
#include "rpc/services/password_work.h"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void the_same_characters_are_the_same_password(void **state)
{
    /* "é" as one character, and as a letter with an accent. */
    struct slice one = password_normalize(&arena, SLICE("caf\xc3\xa9 au lait"));
    struct slice two = password_normalize(&arena, SLICE("cafe\xcc\x81 au lait"));

    (void)state;
    assert_true(one.len > 0);
    assert_true(slice_equal(one, two));
    assert_int_equal(password_normalize(&arena, SLICE("\xff\xfe no text")).len, 0);
    assert_int_equal(password_normalize(&arena, SLICE_EMPTY).len, 0);
}

static void what_is_easily_guessed_is_refused(void **state)
{
    static const struct {
        const char *password;
        const char *wrong;
    } rows[] = {
        {"", "must have 10 to 256 characters"},
        {"ninechars", "must have 10 to 256 characters"},
        {"ten chars.", NULL},
        {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "must have 10 to 256 characters"},
        {"Ada.Ray.Berlin@example.com", "must not be the e-mail address or a part of it"},
        {"ADA.RAY.BERLIN", "must not be the e-mail address or a part of it"},
        {"ada.ray.berlin1", NULL},
        {"ACME CORPORATION", "must not be the organization's name"},
        {"1234567890", "must not be one of the most common passwords"},
        {"Password123", "must not be one of the most common passwords"},
        {"qwertyuiop", "must not be one of the most common passwords"},
        {"qwertyuiop violets", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *wrong = password_check(&arena, slice_from_cstr(rows[i].password),
                                           SLICE("ada.ray.berlin@example.com"),
                                           SLICE("Acme Corporation"));

        if ((wrong == NULL) != (rows[i].wrong == NULL) ||
            (wrong != NULL && strcmp(wrong, rows[i].wrong) != 0))
            fail_msg("\"%s\": wanted %s, got %s", rows[i].password,
                     rows[i].wrong == NULL ? "nothing" : rows[i].wrong,
                     wrong == NULL ? "nothing" : wrong);
    }
}

static void the_common_passwords_are_sorted_and_long_enough(void **state)
{
    (void)state;
    assert_true(common_passwords_count > 500);
    for (size_t i = 0; i < common_passwords_count; i++) {
        assert_true(strlen(common_passwords[i]) >= PASSWORD_CHARACTERS_LEAST);
        assert_string_equal(password_check(&arena, slice_from_cstr(common_passwords[i]),
                                           SLICE("a@b.example"), SLICE("Acme")),
                            "must not be one of the most common passwords");
        if (i > 0)
            assert_true(strcmp(common_passwords[i - 1], common_passwords[i]) < 0);
    }
}

static void generated_passwords_keep_to_the_rules(void **state)
{
    const uint8_t low[20] = {0};
    char password[ONE_TIME_PASSWORD_LEN];
    uint8_t high[20];

    (void)state;
    memset(high, 0xff, sizeof(high));
    password_make(low, password);
    assert_memory_equal(password, "22222-22222-22222-22222", sizeof(password));
    password_make(high, password);
    assert_memory_equal(password, "zzzzz-zzzzz-zzzzz-zzzzz", sizeof(password));
    assert_null(password_check(&arena, slice_make(password, sizeof(password)), SLICE("a@b.example"),
                               SLICE("Acme")));
}

static void a_record_keeps_the_last_five(void **state)
{
    static char texts[][2] = {"1", "2", "3", "4", "5", "6", "7"};
    Datastream__Storage__V1__PasswordRecord record = DATASTREAM__STORAGE__V1__PASSWORD_RECORD__INIT;

    (void)state;
    for (int i = 0; i < 7; i++)
        password__set(&arena, &record, texts[i], i);
    assert_string_equal(record.hash, "7");
    assert_int_equal(record.set_time_ms, 6);
    assert_int_equal(record.n_previous, PASSWORDS_KEPT - 1);
    assert_string_equal(record.previous[0], "6");
    assert_string_equal(record.previous[3], "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_characters_are_the_same_password, start, end),
        cmocka_unit_test_setup_teardown(what_is_easily_guessed_is_refused, start, end),
        cmocka_unit_test_setup_teardown(the_common_passwords_are_sorted_and_long_enough, start,
                                        end),
        cmocka_unit_test_setup_teardown(generated_passwords_keep_to_the_rules, start, end),
        cmocka_unit_test_setup_teardown(a_record_keeps_the_last_five, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
