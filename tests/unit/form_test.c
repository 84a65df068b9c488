/* Forms: what is read of them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rest/form.h"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* The parameters, as "name=value|name=value|"; NULL when the form is refused. */
static const char *read_form(struct slice form)
{
    struct query_parameter *parameters = NULL;
    struct slice text = SLICE("");
    size_t count = 0;

    if (!status_is_ok(form__parse(&arena, form, &parameters, &count)))
        return NULL;
    for (size_t i = 0; i < count; i++)
        text = arena_printf(&arena, "%.*s%.*s=%.*s|", SLICE_ARG(text),
                            SLICE_ARG(parameters[i].name), SLICE_ARG(parameters[i].value));
    return text.data;
}

static void forms_are_split_and_decoded(void **state)
{
    static const struct {
        const char *form, *wanted;
    } rows[] = {
        {"", ""},
        {"token=dsa_x", "token=dsa_x|"},
        {"token=dsa_x&token_type_hint=access_token", "token=dsa_x|token_type_hint=access_token|"},
        {"a=1&a=2", "a=1|a=2|"},
        {"a+b=c+d", "a b=c d|"},
        {"a=%2B%26%3d", "a=+&=|"},
        {"a=1=2", "a=1=2|"},
        {"a", "a=|"},
        {"a=", "a=|"},
        {"=a", "=a|"},
        {"&&a=1&&b=2&", "a=1|b=2|"},
        {"n=%C3%A4", "n=\xc3\xa4|"},
        {"a=1;b=2", "a=1;b=2|"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = read_form(slice_from_cstr(rows[i].form));

        assert_non_null(got);
        assert_string_equal(got, rows[i].wanted);
    }
}

static void what_cannot_be_decoded_is_refused(void **state)
{
    static const char *const forms[] = {
        "a=%",   "a=%1",        "a=%zz", "%=a",    "a=1&b=%4", "a=%00",    "a=%C3",
        "a=%FF", "a=%ED%A0%80", "%00=1", "a=\xff", "a=%2",     "a=%u0041", "a=% 20",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (read_form(slice_from_cstr(forms[i])) != NULL)
            fail_msg("%s is read", forms[i]);
    assert_null(read_form(slice_make("a=\0b", 4)));
}

static void bounds_hold_at_their_edges(void **state)
{
    static char form[FORM_BYTES_MOST + 1];
    char many[FORM_PARAMETERS_MOST * 2 + 4];
    size_t len = 0;

    (void)state;
    memset(form, 'a', sizeof(form));
    form[1] = '=';
    assert_non_null(read_form(slice_make(form, FORM_BYTES_MOST)));
    assert_null(read_form(slice_make(form, FORM_BYTES_MOST + 1)));
    form[1] = 'a';
    assert_non_null(read_form(slice_make(form, FORM_NAME_MOST)));
    assert_null(read_form(slice_make(form, FORM_NAME_MOST + 1)));
    for (size_t i = 0; i < FORM_PARAMETERS_MOST; i++) {
        many[len++] = 'a';
        many[len++] = '&';
    }
    assert_non_null(read_form(slice_make(many, len)));
    many[len++] = 'b';
    assert_null(read_form(slice_make(many, len)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(forms_are_split_and_decoded, start, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_decoded_is_refused, start, end),
        cmocka_unit_test_setup_teardown(bounds_hold_at_their_edges, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
