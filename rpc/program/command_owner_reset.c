/*
 * owner-reset: exactly one Owner, with a password that is known, in a store that no server has
 * open.
 */
#include "rpc/program/command_owner_reset.h"

#include "base/text.h"
#include "rpc/call/time_floor.h"
#include "rpc/program/owner_password.h"
#include "rpc/program/program.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/owner.h"
#include "rpc/services/owner_reset.h"
#include "rpc/services/services.h"

static struct status reset_owner(const struct options *options, struct program *program,
                                 struct arena *arena)
{
    struct slice id = slice_from_cstr(options->organization_id != NULL ? options->organization_id
                                                                       : options->organization);
    struct owner_reset reset = {.store = program->store,
                                .identities = program->identities,
                                .contract = program->contract,
                                .email = slice_from_cstr(options->owner_email)};
    struct slice name = SLICE_EMPTY;
    struct owner_password owner;
    unsigned least;
    struct status status = time_floor_load(program->store, arena);

    if (status_is_ok(status))
        status = owner_find_organization(program->store, arena, id, &reset.organization, &name,
                                         &least);
    if (status_is_ok(status))
        status = organization_check(arena, &name, reset.email);
    if (status_is_ok(status))
        status = owner_password__make(options, name, least, arena, &owner);
    if (!status_is_ok(status))
        return status;
    reset.phc = owner.phc;
    status = owner_reset(&reset, arena);
    if (status_is_ok(status) &&
        !owner_password__print(options, &reset.organization, &owner, SLICE_EMPTY, arena))
        status = status_const(STATUS_INTERNAL, SLICE("The Owner was reset, but the password could "
                                                     "not be printed and is lost."));
    return status;
}

int command__owner_reset(const struct options *options, struct arena *arena)
{
    struct program program;
    struct status status;

    if (options->owner_email == NULL)
        return program__fail(
            status_const(STATUS_INVALID_ARGUMENT, SLICE("The flag --owner-email is required.")));
    status = program__open(options, STORE_FOR_SERVE, arena, &program);
    if (!status_is_ok(status)) {
        program__fail(status);
        return status.code == STATUS_UNAVAILABLE ? EXIT_IN_USE : 1;
    }
    status = reset_owner(options, &program, arena);
    program__close(&program);
    return status_is_ok(status) ? 0 : program__fail(status);
}
