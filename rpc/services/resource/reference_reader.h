/*
 * The references of one object, and what they are gathered with: those of its fields, of the quotes
 * in its texts and of its kind's hooks.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_REFERENCE_READER_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_REFERENCE_READER_H

#include "rpc/call/call.h"

/* References of one object; beyond them it is refused. */
#define REFERENCES_MOST KIND_REFERENCES_MOST

struct reference {
    struct reference *next;
    const struct kind *kind; /* of the target */
    struct uuid id;
    uint32_t field; /* number of the message's own field that it lies in, or KEY_FIELD_QUOTES */
    bool builtin;   /* exists without a record: no row is kept */
    bool exclusive; /* no other object of the source's kind may refer to it by the field */
    bool quoted;    /* stands in a text */
    struct slice path;
};

/* Which object a walk over two has found something in: the stored one, the merged one, or both. */
enum noted {
    NOTED_BEFORE = 1 << 0,
    NOTED_AFTER = 1 << 1,
    NOTED_WRITTEN = 1 << 2, /* in the latter, by an update or a creation */
};

struct hooks;
struct touched;

/* Where references are read. Plain: filled by who reads. */
struct references_reader {
    struct arena *arena;
    const struct identity_registry *identities;
    const struct hooks *hooks; /* NULL: references in fields alone */
    /* Where those that text makes by a name are looked up. */
    struct store_view *view;
    struct uuid organization;
    const struct touched *touched; /* where a name that leads to nothing is refused; NULL: all */
    bool no_paths; /* of references: whoever reads them tells nobody of violations */
    /* Set by references__collect. */
    struct violations *violations;
    struct references *references;
};

/* Those of one message; equal ones (kind, id, field) are kept once. Zero-initialize. */
struct references {
    struct reference *first, *last;
    size_t count;
};

/*
 * Texts of one object that may hold quotes, in the order of a walk. Zero-initialize; in the arena.
 */
struct quoting_texts {
    struct quoting_text *first, *last;
};

/* The reader of a call's own organization. */
struct references_reader references_reader(struct call *call);

/* Whether one of them is to the same object by the same field. `references` may be NULL. */
bool references__have(const struct references *references, const struct reference *wanted);

/*
 * For fields, hooks and quotes: adds a reference, unless there is one to the same object by the
 * same field. `wanted` says all but `next` and `builtin`; its path is kept.
 */
void references_add(struct references_reader *reader, struct reference wanted);

/*
 * For hooks and quotes: the id of the object of the kind that has the name, as far as the store
 * knows now; ABSENT also for what cannot be a name.
 */
enum store_found references_find(struct references_reader *reader, const struct kind *kind,
                                 struct slice name, struct uuid *ret_id);

#endif
