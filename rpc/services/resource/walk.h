/*
 * A walk over the fields of an object that have some trait, at any depth, that knows the JSON path
 * of each and whether an update wrote it. Messages without such a field are not entered. Rules of
 * an update share a walk of their own (judge.h). Pure.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_WALK_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_WALK_H

#include "rpc/services/resource/touched.h"

/* Where a walk has come to: from the innermost outward. Lives while the visitor runs. */
struct spot {
    const struct spot *parent; /* NULL at the top */
    const struct field *field;
    bool has_index; /* an element of a list, or an entry of a map */
    size_t index;
    struct slice key; /* of a map's entry, as text; data NULL for lists */
};

/*
 * "settings.rules[1].filter", "labels[\"a\"]", and "settings.a[0]" within a Struct; in the arena.
 */
struct slice spot_path(struct arena *arena, const struct spot *spot);

/* Of an element of the spot's own field. */
struct slice spot__path_at(struct arena *arena, const struct spot *spot, size_t index);

/* The key of a map's entry as text. */
struct slice walk__entry_key(struct arena *arena, const struct field *map,
                             const ProtobufCMessage *entry);

struct walk;

/*
 * Called for each such field of each message that is there, set or not, before what is in it; may
 * set or clear it. `judged`: it was written, as was all that is in it.
 */
typedef void walk_visitor(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                          const struct field *field, bool judged);

/* Plain: filled by who walks. */
struct walk {
    struct arena *arena;
    unsigned traits;               /* of enum trait: fields that have any of them are visited */
    const struct touched *touched; /* NULL: all is judged */
    walk_visitor *visit;
    void *context;
    bool free_form; /* into Struct, ListValue and Value too */
};

/* Output-only fields are visited and not entered. */
void walk__object(struct walk *walk, const struct message_type *type, ProtobufCMessage *message);

#endif
