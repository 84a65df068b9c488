/* openapi: prints the document that a server would serve. */
#include <stdio.h>

#include "proto/contract/embedded.h"
#include "rest/rest.h"
#include "rpc/program/program.h"

int command_openapi(const struct options *options, struct arena *arena)
{
    struct frontends frontends = {.settings = &options->settings};
    struct rest *rest;
    struct slice document;
    struct status status = contract_load(embedded_contract(), arena, &frontends.contract);

    if (status_is_ok(status))
        status = rest_new(&frontends, arena, &rest);
    if (!status_is_ok(status))
        return program_fail(status);
    document = rest_openapi(rest);
    fwrite(document.data, 1, document.len, stdout);
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : 1;
}
