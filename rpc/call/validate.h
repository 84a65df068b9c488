/* Validation's parts. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_CALL_VALIDATE_H
#define DATASTREAM_RPC_CALL_VALIDATE_H

#include "proto/contract/contract.h"
#include "rpc/call/call.h"

/* Where in a message we are: from the innermost outward. Written out only for a violation. */
struct place {
    const struct place *parent; /* NULL at the top */
    const struct field *field;
    bool has_index; /* an item of a list, or an entry of a map */
    size_t index;
    struct slice map_key; /* the entry's key as text; data NULL for lists */
};

struct validation {
    struct arena *arena;
    struct slice prefix;
    struct violations *violations;
    bool quotes;    /* every text may be a quote */
    int64_t now_ms; /* 0: rules that compare with now are not judged */
};

/* One value under its rules; `subject` begins the sentences: "" or "the key ". */
struct judged {
    struct validation *validation;
    const struct place *place;
    const struct field *field;
    const struct rules *rules;
    const char *subject;
};

/*
 * Checks every rule, required field and enum of the message by the contract, at any depth;
 * violations carry JSON paths after `prefix` (may be empty). Output-only fields are skipped. `skip`
 * is a top-level field not to look into (NULL for none). `now_ms`: what times are compared with;
 * 0 leaves out the rules that do.
 */
void validate_message(struct arena *arena, const struct message_type *type,
                      const ProtobufCMessage *message, struct slice prefix,
                      const struct field *skip, int64_t now_ms, struct violations *violations);

/*
 * Checks one field of a message, and all that is in it, in the same way: that it is set where it is
 * required, and its rules. `quotes`: a text that is wholly one quote (rpc/call/quotes.h) keeps to
 * none of them, as it does where the contract allows quotes for the field itself.
 */
void validate_field(struct arena *arena, const ProtobufCMessage *message, const struct field *field,
                    struct slice prefix, bool quotes, int64_t now_ms,
                    struct violations *violations);

#endif
