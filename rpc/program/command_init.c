/* init and organization-add: an organization with its Owner and first token, without a server. */
#include <stdio.h>

#include "base/clock.h"
#include "base/crypto/wipe.h"
#include "base/random.h"
#include "base/text.h"
#include "proto/json/json.h"
#include "rpc/call/time_floor.h"
#include "rpc/program/program.h"
#include "rpc/services/password.h"
#include "rpc/services/services.h"

/* What is known of the Owner before anything is written. */
struct owner {
    struct slice password; /* normalized */
    bool generated;
    char phc[PASSWORD_PHC_SIZE];
};

/* The first line of the file. */
static struct status read_password(const char *path, struct arena *arena,
                                   struct slice *ret_password)
{
    char bytes[PASSWORD_BYTES_MOST + 2];
    FILE *file = fopen(path, "re");
    size_t len;

    if (file == NULL)
        return status_make(arena, STATUS_INVALID_ARGUMENT, "The password file %s cannot be read.",
                           path);
    len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    *ret_password = slice_make(bytes, slice_find(slice_make(bytes, len), '\n'));
    if (slice_ends_with(*ret_password, SLICE("\r")))
        ret_password->len--;
    *ret_password = arena_copy(arena, *ret_password);
    crypto_wipe(bytes, sizeof(bytes));
    return arena_failed(arena) ? status_out_of_memory() : status_ok();
}

static struct status choose_password(const struct options *options, struct slice organization,
                                     struct arena *arena, struct owner *owner)
{
    uint8_t random[20];
    char made[ONE_TIME_PASSWORD_LEN];
    struct slice given = SLICE_EMPTY;
    struct status status;
    const char *wrong;

    owner->generated = options->owner_password_file == NULL;
    if (owner->generated) {
        if (!random_fill(random, sizeof(random)))
            return status_const(STATUS_UNAVAILABLE, SLICE("The system gave no random bytes."));
        password_make(random, made);
        owner->password = arena_copy(arena, slice_make(made, sizeof(made)));
        crypto_wipe(random, sizeof(random));
        crypto_wipe(made, sizeof(made));
        return arena_failed(arena) ? status_out_of_memory() : status_ok();
    }
    status = read_password(options->owner_password_file, arena, &given);
    if (!status_is_ok(status))
        return status;
    owner->password = password_normalize(arena, given);
    wrong = password_check(arena, owner->password, slice_from_cstr(options->owner_email),
                           organization);
    return wrong == NULL ? status_ok()
                         : status_make(arena, STATUS_INVALID_ARGUMENT, "The password %s.", wrong);
}

static struct status make_owner(const struct options *options, struct slice organization,
                                struct arena *arena, struct owner *ret_owner)
{
    uint8_t salt[PASSWORD_SALT_LEN];
    struct status status;

    arena_wipe_on_done(arena);
    status = choose_password(options, organization, arena, ret_owner);
    if (!status_is_ok(status))
        return status;
    if (!random_fill(salt, sizeof(salt)) ||
        !password_hash(ret_owner->password, salt, PASSWORD_COST_DEFAULT, ret_owner->phc))
        return status_const(STATUS_UNAVAILABLE, SLICE("The password could not be hashed."));
    return status_ok();
}

/* False when standard output took it not. */
static bool print_made(const struct options *options, const struct organization_made *made,
                       const struct owner *owner, struct arena *arena)
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
    struct owner owner;
    struct status status;
    struct slice name;

    if (options->organization == NULL || options->owner_email == NULL)
        return program_fail(
            status_const(STATUS_INVALID_ARGUMENT,
                         SLICE("The flags --organization and --owner-email are required.")));
    name = slice_from_cstr(options->organization);
    status = organization_check(arena, &name, slice_from_cstr(options->owner_email));
    if (status_is_ok(status))
        status = make_owner(options, name, arena, &owner);
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
