/* What the options in the block of docs/resource-kind.md do, on a kind that no C knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

static struct api_server server;

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_remove(&server);
    return 0;
}

/* One request in its turn. @A and @B stand for the ids of the sensors that `keep` names. */
struct step {
    int status;
    const char *method, *path, *body, *says;
    char keep;
};

static char ids[2][40];

static void fill_in(const char *text, char *filled, size_t size)
{
    size_t len = 0;

    for (; *text != '\0' && len + 40 < size; text++)
        if (*text == '@' && (text[1] == 'A' || text[1] == 'B'))
            len += (size_t)snprintf(filled + len, size - len, "%s", ids[*++text - 'A']);
        else
            filled[len++] = *text;
    filled[len] = '\0';
}

static void take(const struct step *step)
{
    char path[200], body[600], says[200];
    struct api_reply reply;

    fill_in(step->path, path, sizeof(path));
    fill_in(step->body == NULL ? "" : step->body, body, sizeof(body));
    fill_in(step->says, says, sizeof(says));
    reply = api_expect(&server, step->status, step->method, path, server.token,
                       step->body == NULL ? NULL : body);
    if (!api_contains(&reply, says))
        fail_msg("%s %s %s: wanted \"%s\", got %s", step->method, path, body, says, reply.body);
    if (step->keep != '\0')
        api_field(&reply, "id", ids[step->keep - 'A'], sizeof(ids[0]));
    api_reply_free(&reply);
}

#define ALL "/api/v1/sensors"

static void every_option_works_without_a_line_of_c(void **state)
{
    static const struct step steps[] = {
        {400, "POST", ALL, "{\"name\":\"one\",\"channels\":[{\"name\":\"a\"},{\"name\":\"A\"}]}",
         "channels[1].name", 0},
        {400, "POST", ALL, "{\"name\":\"one\",\"schedule\":\"* * *\",\"contact\":\"a@b.example\"}",
         "schedule: ", 0},
        {400, "POST", ALL, "{\"name\":\"one\",\"schedule\":\"* * * * *\"}",
         "contact: is required when schedule is set", 0},
        {400, "POST", ALL, "{\"name\":\"one\",\"greeting\":\"$secret{id=\"}", "greeting: ", 0},
        {400, "POST", ALL, "{\"name\":\"one\",\"settings\":{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}}",
         "settings: must have at most 4 levels", 0},
        {400, "POST", ALL,
         "{\"name\":\"one\",\"directorIds\":[\"0192f1a0-0000-7000-8000-000000000901\"]}",
         "directorIds[0]: must refer to an existing director", 0},
        {201, "POST", ALL,
         "{\"name\":\"one\",\"greeting\":\"$env{HELLO}\",\"password\":\"$env{WORD}\"}",
         "\"key\":\"dsn_", 'A'},
        {200, "GET", ALL "/@A", NULL, "\"title\":\"one\"", 0},
        {200, "GET", ALL "/@A", NULL, "\"quantity\":\"TEMPERATURE\"", 0},
        {200, "GET", ALL "/@A", NULL, "\"linkType\":\"NOT_LINKED\"", 0},
        {200, "GET", ALL "/@A", NULL, "\"maskedKey\":\"dsn_........", 0},
        {400, "PATCH", ALL "/@A", "{\"quantity\":\"HUMIDITY\"}", "quantity: ", 0},
        {200, "PATCH", ALL "/@A", "{\"serial\":\"A-1\"}", "\"serial\":\"A-1\"", 0},
        {400, "PATCH", ALL "/@A", "{\"serial\":\"B-2\"}", "serial: ", 0},
        {200, "PATCH", ALL "/@A", "{\"line\":{}}", "\"linkType\":\"LINE\"", 0},
        {200, "GET", ALL "/@A", NULL, "\"baud\":9600", 0},
        {400, "PATCH", ALL "/@A", "{\"network\":{\"address\":\"::1\"}}", "network", 0},
        {201, "POST", ALL, "{\"name\":\"two\",\"replacesId\":\"@A\"}", "\"replacesId\":\"@A\"",
         'B'},
        {200, "GET", ALL "/@A", NULL, "\"replacedById\":\"@B\"", 0},
        {400, "POST", ALL, "{\"name\":\"three\",\"replacesId\":\"@A\"}", "replacesId: ", 0},
        {400, "POST", ALL, "{\"name\":\"three\",\"quantity\":\"HUMIDITY\",\"replacesId\":\"@B\"}",
         "replacesId: ", 0},
        {409, "DELETE", ALL "/@A", NULL, "The sensor \\\"two\\\" refers to the object.", 0},
        {200, "POST", ALL "/@A:regenerateKey", "{}", "\"key\":\"dsn_", 0},
        {200, "GET", "/api/v1/permissions", NULL, "\"sensors.delete\"", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        take(&steps[i]);
}

/* A document of the contract, and what it says of a sensor's values. */
static void check_document(const char *path, const char *const *says)
{
    struct api_reply reply = api_expect(&server, 200, "GET", path, server.token, NULL);

    for (; *says != NULL; says++)
        if (!api_contains(&reply, *says))
            fail_msg("%s lacks %s", path, *says);
    api_reply_free(&reply);
}

static void documents_tell_ranges_in_their_own_way(void **state)
{
    static const char *const newest[] = {
        "\"type\":\"number\",\"format\":\"double\",\"exclusiveMinimum\":0,\"maximum\":1000,",
        "\"x-not-in\":[\"18446744073709551615\"]",
        "\"format\":\"byte\",\"maxLength\":24,",
        NULL,
    };
    static const char *const older[] = {
        "\"minimum\":0,\"exclusiveMinimum\":true,\"maximum\":1000,",
        NULL,
    };

    (void)state;
    check_document("/api/v1/swagger/openapi.json", newest);
    check_document("/api/v1/swagger/openapi-3.0.json", older);
    check_document("/api/v1/swagger/doc.json", older);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_works_without_a_line_of_c),
        cmocka_unit_test(documents_tell_ranges_in_their_own_way),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
