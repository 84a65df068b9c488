/*
 * YAML as a stream of steps, from libyaml's events, bounded for text from outside: one document of
 * 256 KiB, no directives, 64 levels, 50,000 nodes, only the tags of YAML's core schema. Nothing is
 * expanded and nothing is kept, so memory is constant. Aliases are handed on as they stand. Pure;
 * internal to rpc/call/.
 */
#ifndef DATASTREAM_RPC_CALL_YAML_READER_H
#define DATASTREAM_RPC_CALL_YAML_READER_H

#include "rpc/call/format_violation.h"

#define YAML_READER_BYTES_MOST (256 * 1024)
#define YAML_READER_LEVELS_MOST 64   /* maps and lists in one another */
#define YAML_READER_NODES_MOST 50000 /* scalars, keys among them, maps, lists and aliases */
/*
 * Blanks in one run, and empty lines in one run. libyaml clears its buffers for both, as large as
 * they ever grew, at each fold of a scalar: long runs would make its time quadratic.
 */
#define YAML_READER_RUN_MOST 1024

enum yaml_step_kind {
    YAML_STEP_SCALAR,
    YAML_STEP_MAP,  /* keys and values follow in turn, up to its YAML_STEP_END */
    YAML_STEP_LIST, /* items follow, up to its YAML_STEP_END */
    YAML_STEP_END,  /* of the innermost map or list */
    YAML_STEP_ALIAS,
    YAML_STEP_DONE, /* of the document; an empty one has no other step */
};

/* What a scalar is by its tag, or by YAML 1.2's core schema where it is plain and has none. */
enum yaml_type {
    YAML_TYPE_STRING,
    YAML_TYPE_NULL,
    YAML_TYPE_BOOL,
    YAML_TYPE_NUMBER,
};

/* Plain. Slices live until the next step. */
struct yaml_step {
    enum yaml_step_kind kind;
    enum yaml_type type;     /* of a scalar */
    bool plain;              /* a scalar without quotation marks */
    struct slice value;      /* a scalar's text; the anchor that an alias names */
    struct slice anchor;     /* empty: none */
    struct text_place place; /* where it begins, its anchor and tag included */
    bool verbatim;           /* the scalar stands in the document as in `value`, from `text` on */
    struct text_place text;  /* where its text begins; meaningful where it is verbatim */
};

struct yaml_reader;

/*
 * Opens a reader in the arena over content that outlives it. NULL sets *ret_violation, which later
 * steps set too: it lives as long as the reader. Close the reader even after a failure.
 */
struct yaml_reader *yaml_reader__open(struct arena *arena, struct slice content,
                                      struct format_violation *ret_violation);

/* Frees what libyaml holds. NULL is fine. */
void yaml_reader__close(struct yaml_reader *reader);

/* The next step. False set the violation; no step follows it, or YAML_STEP_DONE. */
bool yaml_reader__next(struct yaml_reader *reader, struct yaml_step *ret_step);

#endif
