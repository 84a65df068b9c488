/* The password of an Owner, from a file or generated, and its hash. */
#include "rpc/program/owner_password.h"

#include <stdio.h>

#include "base/crypto/wipe.h"
#include "base/random.h"
#include "proto/json/json.h"
#include "proto/json/json_text.h"

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
                                     unsigned least, struct arena *arena,
                                     struct owner_password *owner)
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
    if (wrong == NULL)
        wrong = password_check_length(arena, owner->password, least);
    return wrong == NULL ? status_ok()
                         : status_make(arena, STATUS_INVALID_ARGUMENT, "The password %s.", wrong);
}

struct status owner_password__make(const struct options *options, struct slice organization,
                                   unsigned least, struct arena *arena,
                                   struct owner_password *ret_owner)
{
    uint8_t salt[PASSWORD_SALT_LEN];
    struct status status;

    arena_wipe_on_done(arena);
    status = choose_password(options, organization, least, arena, ret_owner);
    if (!status_is_ok(status))
        return status;
    if (!random_fill(salt, sizeof(salt)) ||
        !password_hash(ret_owner->password, salt, password_cost_of_new(), ret_owner->phc))
        return status_const(STATUS_UNAVAILABLE, SLICE("The password could not be hashed."));
    return status_ok();
}

static void put_member(struct json_text *text, struct slice name, struct slice value)
{
    json_put(text, name);
    json_put_string(text, value);
}

bool owner_password__print(const struct options *options, const struct uuid *organization,
                           const struct owner_password *owner, struct slice api_token,
                           struct arena *arena)
{
    struct json_text text = {.arena = arena};
    char id[UUID_TEXT_LEN];
    struct slice json;

    uuid_format(organization, id);
    put_member(&text, SLICE("{\"organizationId\":"), slice_make(id, sizeof(id)));
    put_member(&text, SLICE(",\"ownerEmail\":"), slice_from_cstr(options->owner_email));
    if (owner->generated)
        put_member(&text, SLICE(",\"ownerPassword\":"), owner->password);
    if (api_token.len > 0)
        put_member(&text, SLICE(",\"apiToken\":"), api_token);
    json_put_literal(&text, "}\n");
    json = json_text_slice(&text);
    return fwrite(json.data, 1, json.len, stdout) == json.len && fflush(stdout) == 0;
}
