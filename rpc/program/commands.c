/* The table of subcommands. */
#include "rpc/program/commands.h"

#include "rpc/program/command_check.h"
#include "rpc/program/command_init.h"
#include "rpc/program/command_openapi.h"
#include "rpc/program/command_owner_reset.h"
#include "rpc/program/command_proto.h"
#include "rpc/program/command_rotate_key.h"
#include "rpc/program/command_serve.h"
#include "rpc/program/commands_internal.h"
#include "rpc/program/nearest.h"
#include "rpc/program/program.h"

static const struct command rows[] = {
    {"serve", "Serving", FOR_SERVE, command__serve, "--data-dir DIR [--listen ADDRESS]... [flags]",
     "serve the API",
     "Opens the store and serves gRPC and REST on each listening address. Prints one line that "
     "begins with \"ready\" and names the addresses once connections are accepted. SIGTERM drains: "
     "no further connection is accepted, running calls finish, and the exit code is 0. The store "
     "must exist: \"datastreamd init\" creates one."},
    {"init", "Setting up", FOR_INIT, command__init,
     "--data-dir DIR --organization NAME --owner-email MAIL [flags]",
     "create a store, its first organization and an API token",
     "Creates the data directory, the key file and the first organization. Prints one JSON object "
     "with organizationId, ownerEmail and apiToken; the token's value is shown only this once. "
     "Refuses a directory that already holds a store."},
    {"organization-add", "Setting up", FOR_ORGANIZATION_ADD, command__organization_add,
     "--data-dir DIR --organization NAME --owner-email MAIL [flags]",
     "create a further organization and its API token",
     "Adds an organization to an existing store that no server has open. Prints the same JSON "
     "object as \"datastreamd init\"."},
    {"check", "Offline tools", FOR_CHECK, command__check, "--data-dir DIR [flags]",
     "read a store that is not being served and prove its invariants",
     "Reads the whole store without writing. Prints one sentence for each problem; the exit code "
     "is 0 when there is none."},
    {"verify-audit", "Offline tools", FOR_VERIFY_AUDIT, command__verify_audit,
     "--data-dir DIR [--organization-id ID] [--file FILE [--allow-gaps]] [flags]",
     "prove that no audit row was edited, left out or moved",
     "Follows the audit chain of each organization, or of one. Prints the number of rows and the "
     "head of each chain; the exit code is 0 when all chains hold. With --file, proves the lines "
     "of "
     "an exported audit log with the keys of the store instead, and prints a sentence for each "
     "line "
     "that was edited, left out, moved or cut; the exit code is 0 when there is none."},
    {"rotate-key", "Offline tools", FOR_ROTATE_KEY, command__rotate_key,
     "--data-dir DIR --new-key-file FILE | --data-keys [flags]",
     "change the key file of a store, or the keys of its secrets",
     "With --new-key-file, wraps the store's keys with that key file instead of the one that "
     "--key-file names, in one step, and changes nothing else. No file is renamed or removed: "
     "start "
     "with --key-file FILE from then on. With --data-keys, gives each organization a new data key "
     "and encrypts all secrets anew; run it again if it was interrupted. The exit code is 3 while "
     "another process has the store open."},
    {"owner-reset", "Offline tools", FOR_OWNER_RESET, command__owner_reset,
     "--data-dir DIR --owner-email MAIL [--organization-id ID] [flags]",
     "make a user the only Owner of an organization, with a new password",
     "Gives the user of that address the role Owner and a new password, enables the user and ends "
     "the user's sessions; creates the user where there is none. Whoever was Owner before becomes "
     "Admin. Prints one JSON object with organizationId, ownerEmail and, when it was generated, "
     "ownerPassword. The exit code is 3 while another process has the store open."},
    {"openapi", "Documents", FOR_OPENAPI, command__openapi, "[--version 3.1|3.0|2.0]",
     "print the OpenAPI document",
     "Prints the document that the server serves as /api/v1/swagger/openapi.json (3.1), "
     "openapi-3.0.json or doc.json (2.0). Needs no store."},
    {"proto", "Documents", FOR_PROTO, command__proto, "--out DIR",
     "write the proto files of the API to a directory",
     "Writes the .proto files that clients compile, in the folders that they import each other "
     "from. Needs no store."},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct command *commands__rows(size_t *ret_count)
{
    *ret_count = ROWS;
    return rows;
}

const struct command *command__find(struct slice name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (slice_equal(slice_from_cstr(rows[i].name), name))
            return &rows[i];
    return NULL;
}

struct status command__unknown(struct arena *arena, struct slice name)
{
    struct nearest nearest = nearest__begin(name);
    struct slice names = SLICE_EMPTY;

    for (size_t i = 0; i < ROWS; i++) {
        nearest__offer(&nearest, slice_from_cstr(rows[i].name));
        names = arena_printf(arena, "%.*s%s%s", SLICE_ARG(names), i == 0 ? "" : ", ", rows[i].name);
    }
    nearest__offer(&nearest, SLICE("help"));
    if (nearest.name.len > 0)
        return status_make(arena, STATUS_INVALID_ARGUMENT,
                           "Unknown command %.*s (did you mean %.*s?). The commands are %.*s and "
                           "help.",
                           SLICE_ARG(name), SLICE_ARG(nearest.name), SLICE_ARG(names));
    return status_make(arena, STATUS_INVALID_ARGUMENT,
                       "Unknown command %.*s. The commands are %.*s and help.", SLICE_ARG(name),
                       SLICE_ARG(names));
}
