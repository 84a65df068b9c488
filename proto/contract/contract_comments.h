/* Comments of the .proto files, found by path in SourceCodeInfo. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_COMMENTS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_COMMENTS_H

#include "proto/contract/contract_internal.h"

/*
 * Sorts the comments of a file's source info, in an arena that lives while the contract is built.
 */
void contract__read_comments(struct arena *arena, struct build_file *file);

/* `parent` and two more steps; the steps are NULL when the arena failed. */
struct location_path contract__path(struct arena *arena, struct location_path parent, int32_t tag,
                                    size_t index);

/* The trimmed comment at `parent`, `tag`, `index`; a tag of 0 is `parent` itself. Empty for none.
 */
struct slice contract__comment(struct arena *arena, const struct build_file *file,
                               struct location_path parent, int32_t tag, size_t index);

#endif
