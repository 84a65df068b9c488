/* Which cluster a director is a member of, for the hooks of both. */
#ifndef DATASTREAM_RPC_SERVICES_KINDS_MEMBERS_H
#define DATASTREAM_RPC_SERVICES_KINDS_MEMBERS_H

#include "rpc/services/resource/hooks.h"

/*
 * Keys of family "references", from the first to the one after the last; they live in the call's
 * arena.
 */
struct reference_range {
    struct slice from, to;
};

/*
 * The references by which objects of the kind `source` name the object `id` of `target`, by the
 * top-level field `top`.
 */
struct reference_range range__by(struct call *call, const struct kind *target,
                                 const struct uuid *id, const struct kind *source,
                                 const struct field *top);

/* The same by any field of the kind. */
struct reference_range range__of_kind(struct call *call, const struct kind *target,
                                      const struct uuid *id, const struct kind *source);

/* Whether the range holds a row. */
enum store_found range__holds(struct call *call, const struct reference_range *range,
                              bool *ret_holds);

/* The condition that it stays empty, unless the call only validates. */
void range__require_empty(struct call *call, const struct reference_range *range);

/* A stored object of a kind by its id; ABSENT also for what is no id. */
enum store_found members__read(struct call *call, const struct kind *kind, struct slice id,
                               ProtobufCMessage **ret_message);

/* The number of the enum value of the name; -1 when there is none. */
int32_t members__enum_number(const struct field *field, struct slice name);

/* Whether the field of both states differs; a creation differs where it is set. */
bool members__is_changed(const struct change *change, const struct field *field);

#endif
