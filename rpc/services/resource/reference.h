/*
 * References: the fields of a message that hold ids of other objects. Each is a row target ->
 * source, so that what is referred to cannot be deleted, and that its deletion can say by whom.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_REFERENCE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_REFERENCE_H

#include "rpc/services/resource/object.h"
#include "rpc/services/resource/reference_reader.h"

/*
 * All that is said of a value that leads to no object, with the kind's singular: nobody learns from
 * it what else is known of an object that they may not read.
 */
#define REFERENCE_VIOLATION "must refer to an existing %.*s"

/*
 * Collects the references of a message of the kind at any depth, those of quotes and of the kind's
 * hooks included, and writes the ids of fields in lower case, in place: the message is the caller's
 * own. Violations: a value that is no id, a quote or name that leads to nothing, more than
 * REFERENCES_MOST. A read that must be fetched first ends nothing: the view knows it.
 */
void references__collect(struct references_reader *reader, const struct kind *kind,
                         ProtobufCMessage *message, struct violations *violations,
                         struct references *ret_references);

struct spot;

/* An id that a walk has found. */
struct noted_id {
    struct noted_id *next;
    unsigned noted; /* of enum noted */
    const struct field *field;
    struct slice path;
    uint32_t top; /* number of the outermost field that it is in */
    char *text;   /* in its message: references__read writes it in lower case */
};

/*
 * The same of a walk that others share: what is noted on the way is read after it. So the
 * violations of references follow those of the walk. Zero-initialize all except reader and kind.
 */
struct references_collection {
    struct references_reader *reader;
    const struct kind *kind;
    struct noted_id *first, *last;
    struct quoting_texts texts; /* read after the ids: what fields refer to comes first */
};

/*
 * Notes the ids in a field that refers, and the texts of one that may hold quotes. `noted`: of enum
 * noted; the message is the merged one's where both have the same.
 */
void references__note_ids(struct references_collection *collection, const struct spot *spot,
                          const ProtobufCMessage *message, unsigned noted);
void references__note_quotes(struct references_collection *collection, const struct spot *spot,
                             const ProtobufCMessage *message, unsigned noted);

/* Of the merged object, `message`; see references__collect. */
void references__read(struct references_collection *collection, ProtobufCMessage *message,
                      struct violations *violations, struct references *ret_references);

/* Of the stored one, `message`, whose violations mean nothing. */
void references__read_stored(const struct references_collection *collection,
                             ProtobufCMessage *message, struct references *ret_references);

/*
 * Adds a violation for each target that does not exist, or that another object than `id` of the
 * kind refers to exclusively; those that `before` (may be NULL) has too are accepted as they are.
 * UNAVAILABLE by the store.
 */
struct status references__check(struct call *call, const struct kind *kind, const struct uuid *id,
                                const struct references *references,
                                const struct references *before, struct violations *violations);

/*
 * Adds to the commit the conditions of each reference that is new since `before` (may be NULL):
 * the target is there and, where the reference is exclusive, no other object refers to it. So of
 * two that refer to it at once one is refused.
 */
void references__require(struct commit *commit, const struct kind *kind,
                         const struct uuid *organization, const struct uuid *id,
                         const struct references *before, const struct references *after);

/*
 * FAILED_PRECONDITION with PRECONDITION_REFERENCED details when others refer to the object: those
 * that the caller may read by name, at most 10, the rest by number.
 */
struct status references_check_none(struct call *call, const struct object *object);

/* Blockers that a refusal names. */
#define BLOCKERS_NAMED_MOST 10

/*
 * Names an object that refers to another in a detail of the refusal. False when the caller may not
 * read it, or it is gone: it is counted instead. *ret_found tells what the store found.
 */
bool references__name(struct call *call, uint32_t source_kind, const struct uuid *source,
                      struct status *status, enum store_found *ret_found);

#endif
