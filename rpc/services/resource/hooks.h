/*
 * What the contract cannot say of a kind, and how the engine comes to it: functions of
 * rpc/services/kinds/, found through a table that the program hands in, so that no file here names
 * a kind. Hooks read fields by descriptor, are pure like handlers, and may run again.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_HOOKS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_HOOKS_H

#include "rpc/services/resource/change.h"

/* The hooks of a kind, bound to a contract. Plain; lives as long as the contract. */
struct hook {
    const struct kind_hooks *functions;
    const struct kind *kind;
    const struct field *const *fields; /* those of functions->fields, in that order */
};

/* The functions of a kind. Each but `collection` and `fields` may be NULL. */
struct kind_hooks {
    const char *collection; /* a contract without it has no use for the rest */
    /*
     * The fields that the functions need, ended by NULL: paths of proto names in the kind's message
     * ("members.director_id"), or in another kind's, after its collection ("clusters/status"). The
     * start stops when there is one that the contract lacks.
     */
    const char *const *fields;
    /*
     * Judges a creation, clone, update or action after the merge and the contract's own rules: adds
     * violations, and conditions to the commit unless the call only validates. Its status, unless
     * OK, is the answer.
     */
    struct status (*check)(const struct hook *hook, const struct change *change);
    /* Judges a deletion, after the references. */
    struct status (*remove)(const struct hook *hook, struct call *call,
                            const struct object *object);
    /*
     * Fills the computed fields of the objects of one answer, whose reverse fields are filled. It
     * reads nothing else of an object than those and `computed_from`, where that is given: objects
     * of one answer that are equal in them share one result, and `compute` sees one of them alone.
     */
    struct status (*compute)(const struct hook *hook, struct call *call, ProtobufCMessage **objects,
                             size_t count);
    /*
     * The top-level fields of the kind's message that `compute` reads, ended by NULL: then answers
     * leave the rest of a record packed (stored.h). NULL: it may read all.
     */
    const char *const *computed_from;
    /*
     * Adds references that lie in no field of the contract. It is asked for what is stored as well:
     * what it cannot find there it leaves out.
     */
    void (*refer)(const struct hook *hook, struct references_reader *reader,
                  ProtobufCMessage *message);
};

/* All hooks, bound. Plain, read-only. */
struct hooks {
    const struct hook *hooks;
    size_t count;
    /* What quotes refer to; NULL where the contract has no such kind. */
    const struct kind *secrets, *providers;
    const struct stored_plans *stored;
    const struct judge_plans *plans;
    /*
     * Whether the caller may be given a new value of the credential: OK, or the answer. May be
     * NULL.
     */
    struct status (*guard)(struct call *call, const struct field *credential);
};

/*
 * Binds a table of hooks, ended by NULL. FAILED_PRECONDITION names the field that a kind lacks.
 * Lives in `arena`.
 */
struct status hooks_bind(const struct contract *contract, const struct kind_hooks *const *table,
                         struct slice secrets, struct slice providers, struct arena *arena,
                         struct hooks **ret_hooks);

/* Those of the kind; NULL when it has none. `hooks` may be NULL. */
const struct hook *hooks__of(const struct hooks *hooks, const struct kind *kind);

#endif
