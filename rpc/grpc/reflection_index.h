/*
 * What server reflection looks things up in: the files of a descriptor set as the very bytes that
 * the set holds, by name, by the symbols that they declare, and by the extensions. Immutable once
 * made, so all threads may read it. Pure.
 */
#ifndef DATASTREAM_RPC_GRPC_REFLECTION_INDEX_H
#define DATASTREAM_RPC_GRPC_REFLECTION_INDEX_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

/* Plain. Slices live as long as the descriptor set. */
struct reflection_file {
    struct slice name;       /* as others import it */
    struct slice bytes;      /* a packed FileDescriptorProto */
    bool hidden;             /* not to be found; others' imports may still name it */
    const unsigned *imports; /* itself, then all that it imports at any depth, once each */
    size_t import_count;
};

/* A service, method, message, field, oneof, enum, enum value or extension. */
struct reflection_symbol {
    struct slice name; /* full, without a leading dot */
    unsigned file;     /* in files */
    bool is_message;
    bool is_service;
};

struct reflection_extension {
    struct slice type; /* full name of the extended message */
    int32_t number;
    unsigned file;
};

struct reflection_index {
    struct reflection_file *files;
    size_t file_count;
    struct reflection_symbol *symbols; /* sorted by name */
    size_t symbol_count;
    struct reflection_extension *extensions; /* sorted by type, then number */
    size_t extension_count;
};

/*
 * Reads a packed FileDescriptorSet, which is borrowed. FAILED_PRECONDITION where it does not parse
 * or a file imports what the set does not hold. Files of the packages datastream.storage.* are
 * hidden: records of the store are nobody's API.
 */
struct status reflection_index__new(struct slice descriptor_set, struct arena *arena,
                                    const struct reflection_index **ret_index);

/* Lookups; NULL when there is none. */
const struct reflection_file *reflection_index__file(const struct reflection_index *index,
                                                     struct slice name);
const struct reflection_symbol *reflection_index__symbol(const struct reflection_index *index,
                                                         struct slice full_name);
const struct reflection_extension *reflection_index__extension(const struct reflection_index *index,
                                                               struct slice type, int32_t number);
/* The first of *ret_count extensions of the message. */
const struct reflection_extension *
reflection_index__extensions(const struct reflection_index *index, struct slice type,
                             size_t *ret_count);

#endif
