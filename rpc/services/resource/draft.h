/*
 * Objects on their way into the store. Creating, updating and deleting are the same for every kind
 * up to the kind's own rules, which its handler adds between the steps:
 *
 *   create: draft_create, rules, draft_status, draft_check_name, draft_stamp, draft_commit_create
 *
 *   update: edit_begin, rules, draft_status, draft_check_name, edit_changed, edit_stamp,
 * edit_commit
 *
 *   delete: object_read, call_check_etag, references_check_none, draft_commit_delete
 *
 * An update goes through messages by descriptor twice: through the request's, with the mask
 * (mask__merge_request), and through the merged object beside the stored one, by their kind's plan
 * (judge__object). What both objects refer to, where they differ, and which secrets there are, the
 * second walk notes: all that follows goes by that, or reads a field where it is. So whoever sets a
 * field of the merged object after the walk names it (edit_compare). In both walks a value that was
 * written is taken whole, with all that is in it: copied, validated (validate_field), compared
 * (field_equal).
 *
 * What stays apart has no rules: the stored record is unpacked and copied (message_copy), and the
 * merged object packed, once each. The second walk is repeated for a refusal alone: where values
 * break rules and fields together do too.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_DRAFT_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_DRAFT_H

#include "rpc/services/resource/differences.h"
#include "rpc/services/resource/reference.h"
#include "rpc/services/resource/secret_spots.h"
#include "rpc/services/resource/touched.h"

/* A row of secrets as it was unpacked: of that very body, while the draft still has it. */
struct seal_row {
    struct slice body;
    void *record; /* Datastream__Storage__V1__SecretsRecord; NULL: not unpacked, or changed since */
};

struct draft {
    const struct kind *kind;
    struct uuid id;
    ProtobufCMessage *message; /* made for this run: may be changed */
    struct slice secrets;      /* body of its row of secrets; empty for none */
    struct seal_row row;       /* of the stored object's secrets */
    struct slice folded;       /* the name as it is compared */
    struct references references;
    struct touched touched;         /* what the rules are judged for */
    bool clears_input;              /* of input-only fields, before the rules see them */
    bool keeps_secrets;             /* of the stored object, where an update says nothing of them */
    struct differences differences; /* of the stored object, once judged */
    struct secret_spots held;       /* secrets, once judged */
    struct violations violations;
};

/*
 * A draft of the resource in the request, without output-only fields: name folded, all rules
 * checked, references looked up. Violations are gathered in the draft; the status is of the store,
 * of memory, or says that the request has no resource.
 */
struct status draft_create(struct call *call, struct draft *ret_draft);

/*
 * The same of a message of the method's kind that was made for this run and has no output-only
 * fields: the copy of a clone.
 */
struct status draft_begin(struct call *call, ProtobufCMessage *message, struct draft *ret_draft);

/* The violations, when there are any, or those that the call is refused for already. */
struct status draft_status(const struct call *call, const struct draft *draft);

/* ALREADY_EXISTS when another object has the name. */
struct status draft_check_name(struct call *call, const struct draft *draft);

/* Sets id, create time, update time and creator. The id takes the first 10 of the call's random
 * bytes. */
void draft_stamp(struct call *call, struct draft *draft);

/*
 * Fills the commit: record, name, references, count, feed, and the audit row ("Created...", with
 * the first values). `body` is what is stored. Sets call->committed.
 */
void draft_commit_create(struct call *call, const struct draft *draft, struct slice body);

/* Fills the commit that removes the object, under the conditions that it is as it was read and
 * unreferenced. */
void draft_commit_delete(struct call *call, const struct object *object);

/* A change of a stored object. */
struct edit {
    struct object object;        /* message: as it is stored */
    struct draft before;         /* of object.message; its references are edit__check's */
    struct draft after;          /* merged */
    struct call_changes changes; /* set by edit_changed */
};

/*
 * Reads the object that the request's resource names, checks If-Match, and merges what the mask
 * names into a copy: name folded, the whole validated, references looked up. `clears_input`: what
 * is never stored must not count as a change. Violations are gathered in edit.after.
 */
struct status edit_begin(struct call *call, bool clears_input, struct edit *ret_edit);

/*
 * The two halves of edit_begin, for actions: reads the object and checks If-Match, with a copy of
 * it in edit.after; then, when the copy was changed, judges it.
 */
struct status edit__open(struct call *call, struct slice id, struct edit *ret_edit);
struct status edit__check(struct call *call, struct edit *edit);

/* Says that a rule after edit_begin has set a field, directly in the merged object. */
void edit_compare(struct call *call, struct edit *edit, const struct field *field);

/* Whether anything differs but computed and output-only fields; notes the changes for the audit
 * row. */
bool edit_changed(struct call *call, struct edit *edit);

/*
 * Fills the commit: record on condition that it is as it was read, name, references, feed, and the
 * audit row
 * ("Updated..."). Sets update time (before the body is packed: edit_stamp) and call->committed.
 */
void edit_stamp(struct call *call, struct edit *edit);
void edit_commit(struct call *call, const struct edit *edit, struct slice body);

/*
 * Fills the commit with a record's new body alone, on condition that it is as it was read, and its
 * feed row: for actions. Sets call->committed.
 */
void draft_commit_record(struct call *call, const struct object *object, struct slice body);

/* The same, with another body of its row of secrets. */
void draft_commit_secrets(struct call *call, const struct object *object, struct slice body,
                          struct slice secrets);

#endif
