/*
 * A request as commands of the two shells. Both run as printed whatever the body holds: what either
 * shell could misread, and all that is not ASCII, is a \u escape of JSON. Pure.
 */
#ifndef DATASTREAM_RPC_SERVICES_PREVIEW_TEXT_H
#define DATASTREAM_RPC_SERVICES_PREVIEW_TEXT_H

#include "base/arena.h"

/*
 * JSON from one line to many, indented by two blanks, in ASCII without "'", "`" and "$". `json`
 * must be valid JSON without blanks outside its strings. Lives in the arena; empty when that
 * failed.
 */
struct slice preview__body(struct arena *arena, struct slice json);

/* Bytes of a body that Bash is given as an argument. */
#define PREVIEW_ARGUMENT_MOST 120000

/*
 * `curl` for Bash. `path` follows $BASE_URL and must need no quoting; `body` is of preview__body.
 * Beyond PREVIEW_ARGUMENT_MOST bytes the body comes by here-document, since Linux bounds one
 * argument to
 * 128 KiB (execve(2), MAX_ARG_STRLEN).
 */
struct slice preview__bash(struct arena *arena, struct slice verb, struct slice path,
                           struct slice body);

/* `Invoke-RestMethod` for PowerShell, with the body as a here-string. */
struct slice preview__powershell(struct arena *arena, struct slice verb, struct slice path,
                                 struct slice body);

#endif
