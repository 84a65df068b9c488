/*
 * What the walk over a merged object does, worked out once at start: for each message of a kind the
 * fields that a rule is for or that are compared with what is stored, with what is done there.
 * Fields without any, and messages that hold none, are not in it: the walk does not look at them.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_JUDGE_PLAN_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_JUDGE_PLAN_H

#include "proto/contract/contract.h"

/* What is done with a field once its message is filled. */
enum judge_act {
    JUDGE_SECRET = 1 << 0,
    JUDGE_TEXT = 1 << 1, /* a format, or quotes, or both */
    JUDGE_REQUIRED_WHEN = 1 << 2,
    JUDGE_UNIQUE_BY = 1 << 3,
    JUDGE_STRUCT_BOUNDS = 1 << 4,
    JUDGE_VALUE = 1 << 5,     /* validate_field, where the field itself was written */
    JUDGE_REFERENCE = 1 << 6, /* notes its ids */
    JUDGE_QUOTE = 1 << 7,     /* notes its texts */
    JUDGE_SEAL = 1 << 8,      /* notes that it holds a secret */
    JUDGE_CHANGE = 1 << 9,    /* compares it with what is stored, where it was written */
    JUDGE_SET = 1 << 10,      /* compares it wherever it is: the walk may set or clear it itself */
};

/* What is done wherever it is, written or not; the rest needs a field that was written. */
#define JUDGE_ALWAYS (JUDGE_REFERENCE | JUDGE_QUOTE | JUDGE_SEAL | JUDGE_SET)
/* What needs the message as it is stored. */
#define JUDGE_COMPARED (JUDGE_CHANGE | JUDGE_SET)

struct judge_step {
    const struct field *field;
    const struct judge_node *inner; /* NULL: what is in it is not looked at */
    unsigned acts;                  /* of enum judge_act */
    bool may_quote;                 /* its texts */
    bool value_may_quote;           /* for validate_field */
};

/* A message in one kind of place. All lists are in the order of declaration. */
struct judge_node {
    const struct message_type *type;
    const struct field **admitted; /* secrets and input-only fields */
    size_t admitted_count;
    const struct field **filled; /* fields with a default, or that are derived */
    size_t filled_count;
    struct judge_step *steps;
    size_t step_count;
};

struct judge_plans;

/*
 * The plans of all kinds. FAILED_PRECONDITION names a field that would be read before it is filled.
 * Lives in `arena`.
 */
struct status judge_plans_bind(const struct contract *contract, struct arena *arena,
                               const struct judge_plans **ret_plans);

/* Of an object of the kind, which is of the contract that was bound. */
const struct judge_node *judge__plan(const struct judge_plans *plans, const struct kind *kind);

#endif
