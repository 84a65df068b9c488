/* openapi: prints the document that a server would serve. */
#include "rpc/program/command_openapi.h"

#include <stdio.h>

#include "proto/contract/embedded.h"
#include "rest/rest.h"
#include "rpc/program/program.h"

/* Left out: the version that is published. */
static bool find_version(const char *text, enum openapi_version *ret_version)
{
    static const char *const names[OPENAPI_VERSIONS] = {
        [OPENAPI_3_1] = "3.1", [OPENAPI_3_0] = "3.0", [OPENAPI_2_0] = "2.0"};

    for (size_t i = 0; i < OPENAPI_VERSIONS; i++)
        if (strcmp(text == NULL ? "3.1" : text, names[i]) == 0) {
            *ret_version = (enum openapi_version)i;
            return true;
        }
    return false;
}

int command__openapi(const struct options *options, struct arena *arena)
{
    struct frontends frontends = {.settings = &options->settings};
    struct rest *rest;
    struct slice documents[OPENAPI_VERSIONS];
    enum openapi_version version;
    struct status status;

    if (!find_version(options->version, &version))
        return program__fail(status_make(arena, STATUS_INVALID_ARGUMENT,
                                         "The flag --version must be 3.1, 3.0 or 2.0, not \"%s\".",
                                         options->version));
    status = contract_load(embedded_contract(), arena, &frontends.contract);

    if (status_is_ok(status))
        status = rest_new(&frontends, arena, &rest);
    if (status_is_ok(status))
        status = rest_openapi(rest, arena, documents);
    if (!status_is_ok(status))
        return program__fail(status);
    fwrite(documents[version].data, 1, documents[version].len, stdout);
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : 1;
}
