/*
 * When and from where each token was last used: noted in memory by the loops, written each minute.
 * It is presence, not a change: it bumps no etag, fills no audit and no feed.
 */
#ifndef DATASTREAM_RPC_IDENTITY_USAGE_H
#define DATASTREAM_RPC_IDENTITY_USAGE_H

#include "base/slice.h"
#include "rpc/identity/identity.h"
#include "storage/store.h"

/*
 * One event loop's notes. At most USAGE_TOKENS_MOST tokens are noted between two flushes; the uses
 * of further ones are not.
 */
struct usage;
#define USAGE_TOKENS_MOST 2048

/* NULL when memory ends. */
struct usage *usage_new(void);
void usage_free(struct usage *usage);

/* Notes a use. The loop's thread; never waits: while a flush takes the notes away it notes nothing.
 */
void usage_note(struct usage *usage, const struct identity *identity, struct slice peer,
                int64_t now_ms);

/*
 * Writes what was noted since the last flush, a commit a token, under the condition that the token
 * still exists. Waits for the disk: any thread but a loop's.
 */
void usage_flush(struct usage *usage, struct store *store, uint32_t token_kind);

/*
 * The last use that was written. STORE_ABSENT when there is none; *ret_ip lives in the view's
 * arena.
 */
enum store_found usage_read(struct arena *arena, struct store_view *view,
                            const struct uuid *organization, uint32_t token_kind,
                            const struct uuid *token, int64_t *ret_time_ms, struct slice *ret_ip);

#endif
