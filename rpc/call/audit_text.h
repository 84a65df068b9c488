/* Texts of audit rows, from wherever they come. */
#ifndef DATASTREAM_RPC_CALL_AUDIT_TEXT_H
#define DATASTREAM_RPC_CALL_AUDIT_TEXT_H

#include "base/arena.h"

#define AUDIT_TEXT_MOST 512

/*
 * A C string of at most AUDIT_TEXT_MOST bytes, always UTF-8: cut between characters; where the
 * bytes are no UTF-8, each that is not ASCII becomes '?', and so does each NUL. "" when the arena
 * failed.
 */
char *audit_text(struct arena *arena, struct slice text);

#endif
