/* init and organization-add: an organization with its Owner and first token, without a server. */
#include "rpc/program/command_init.h"

#include "base/text.h"
#include "rpc/call/time_floor.h"
#include "rpc/program/owner_password.h"
#include "rpc/program/program.h"
#include "rpc/services/organization.h"
#include "rpc/services/services.h"

static int organization_make(const struct options *options, struct arena *arena, bool first)
{
    struct program program;
    struct organization_created made;
    struct owner_password owner;
    struct status status;
    struct slice name;

    if (options->organization == NULL || options->owner_email == NULL)
        return program__fail(
            status_const(STATUS_INVALID_ARGUMENT,
                         SLICE("The flags --organization and --owner-email are required.")));
    name = slice_from_cstr(options->organization);
    status = organization_check(arena, &name, slice_from_cstr(options->owner_email));
    if (status_is_ok(status))
        status = owner_password__make(options, name, PASSWORD_CHARACTERS_LEAST, arena, &owner);
    if (!status_is_ok(status))
        return program__fail(status);
    status = program__open(options, first ? STORE_FOR_INIT : STORE_FOR_SERVE, arena, &program);
    if (!status_is_ok(status))
        return program__fail(status);
    status = time_floor_load(program.store, arena);
    if (status_is_ok(status))
        status = organization_create(program.store, program.identities, program.contract,
                                     &program.wrapping, arena, program.first_commit, name,
                                     slice_from_cstr(options->owner_email), owner.phc, first,
                                     &made);
    if (status_is_ok(status))
        status = program__keep_key(&program, arena);
    if (status_is_ok(status) &&
        !owner_password__print(options, &made.organization, &owner, made.api_token, arena))
        status = status_const(STATUS_UNAVAILABLE, SLICE("The organization was created, but its API "
                                                        "token could not be printed and is lost."));
    program__close(&program);
    return status_is_ok(status) ? 0 : program__fail(status);
}

int command__init(const struct options *options, struct arena *arena)
{
    return organization_make(options, arena, true);
}

int command__organization_add(const struct options *options, struct arena *arena)
{
    return organization_make(options, arena, false);
}
