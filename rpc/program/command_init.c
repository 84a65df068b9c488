/* init and organization-add: an organization with its Owner and first token, without a server. */
#include <stdio.h>

#include "base/text.h"
#include "proto/json/json.h"
#include "rpc/call/time_floor.h"
#include "rpc/program/owner_password.h"
#include "rpc/program/program.h"
#include "rpc/services/services.h"

/* False when standard output took it not. */
static bool print_made(const struct options *options, const struct organization_made *made,
                       const struct owner_password *owner, struct arena *arena)
{
    struct json_text text = {.arena = arena};
    char id[UUID_TEXT_LEN];
    struct slice json;

    uuid_format(&made->organization, id);
    json_put_literal(&text, "{\"organizationId\":");
    json_put_string(&text, slice_make(id, sizeof(id)));
    json_put_literal(&text, ",\"ownerEmail\":");
    json_put_string(&text, slice_from_cstr(options->owner_email));
    if (owner->generated) {
        json_put_literal(&text, ",\"ownerPassword\":");
        json_put_string(&text, owner->password);
    }
    json_put_literal(&text, ",\"apiToken\":");
    json_put_string(&text, made->api_token);
    json_put_literal(&text, "}\n");
    json = json_text_slice(&text);
    return fwrite(json.data, 1, json.len, stdout) == json.len && fflush(stdout) == 0;
}

static int organization_make(const struct options *options, struct arena *arena, bool first)
{
    struct program program;
    struct organization_made made;
    struct owner_password owner;
    struct status status;
    struct slice name;

    if (options->organization == NULL || options->owner_email == NULL)
        return program_fail(
            status_const(STATUS_INVALID_ARGUMENT,
                         SLICE("The flags --organization and --owner-email are required.")));
    name = slice_from_cstr(options->organization);
    status = organization_check(arena, &name, slice_from_cstr(options->owner_email));
    if (status_is_ok(status))
        status = owner_password_make(options, name, PASSWORD_CHARACTERS_LEAST, arena, &owner);
    if (!status_is_ok(status))
        return program_fail(status);
    status = program_open(options, first ? STORE_FOR_INIT : STORE_FOR_SERVE, arena, &program);
    if (!status_is_ok(status))
        return program_fail(status);
    status = time_floor_load(program.store, arena);
    if (status_is_ok(status))
        status = organization_create(program.store, program.identities, program.contract,
                                     &program.wrapping, arena, program.first_commit, name,
                                     slice_from_cstr(options->owner_email), owner.phc, first,
                                     &made);
    if (status_is_ok(status))
        status = program_keep_key(&program, arena);
    if (status_is_ok(status) && !print_made(options, &made, &owner, arena))
        status = status_const(STATUS_UNAVAILABLE, SLICE("The organization was created, but its API "
                                                        "token could not be printed and is lost."));
    program_close(&program);
    return status_is_ok(status) ? 0 : program_fail(status);
}

int command_init(const struct options *options, struct arena *arena)
{
    return organization_make(options, arena, true);
}

int command_organization_add(const struct options *options, struct arena *arena)
{
    return organization_make(options, arena, false);
}
