/* The steps of creating, updating and deleting that all kinds share. */
#include "rpc/services/resource/draft.h"

#include <assert.h>

#include "proto/message/message_equal.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/changes.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/judge.h"
#include "rpc/services/resource/mask.h"
#include "rpc/services/resource/rows.h"
#include "rpc/services/resource/rules.h"
#include "rpc/services/resource/rules_actions.h"
#include "rpc/services/resource/rules_fill.h"
#include "rpc/services/resource/rules_once.h"
#include "rpc/services/resource/rules_others.h"
#include "rpc/services/resource/seal.h"

/* -- checking --------------------------------------------------------------------------------- */

/* The resource in the request; NULL in *ret_message is never handed out with OK. */
static struct status take_resource(struct call *call, const ProtobufCMessage **ret_message)
{
    const struct field *field = call->method->resource;
    const ProtobufCMessage *message = field_get_message(call->request, field);

    if (message == NULL)
        return status_invalid_field(call->arena, field->json_name, "is required");
    *ret_message = message;
    return status_ok();
}

/* The id that an update's resource must have: over REST the path has set it. */
static struct status take_id(struct call *call, const ProtobufCMessage *resource,
                             struct slice *ret_id)
{
    const struct field *field = call->method->kind->id;

    *ret_id = field_get_string(resource, field);
    return ret_id->len > 0 ? status_ok()
                           : status_invalid_field(call->arena, field->json_name, "is required");
}

/* A copy of the resource that may be changed, without what clients cannot set. */
static ProtobufCMessage *copy_resource(struct call *call, const struct kind *kind,
                                       const ProtobufCMessage *resource)
{
    ProtobufCMessage *copy = message_copy(call->arena, resource);

    if (copy != NULL)
        fields__clear_output(copy, kind->message);
    return copy;
}

static void set_text_uuid(struct call *call, struct draft *draft)
{
    if (draft->kind->id != NULL)
        field_set_string(call->arena, draft->message, draft->kind->id,
                         object_id_text(call->arena, &draft->id));
}

/* The hooks of the kind, of creations and updates alike. */
static struct status check_hooks(const struct change *change)
{
    const struct hook *hook = hooks__of(call_services(change->call), change->kind);

    if (hook == NULL || hook->functions->check == NULL)
        return status_ok();
    return hook->functions->check(hook, change);
}

/* Folds the name; one that stays as it is stored is folded already. */
static void fold_name(struct call *call, struct draft *draft, const struct draft *before)
{
    if (before != NULL && before->folded.len > 0 &&
        slice_equal(object_name(draft->kind, before->message),
                    object_name(draft->kind, draft->message)))
        draft->folded = before->folded;
    else
        object__fold_name(call->arena, draft->kind, draft->message, &draft->violations,
                          &draft->folded);
}

/*
 * Checks the rules of the object alone, and reads what both objects refer to: `before` (NULL for a
 * creation) has no references until then.
 */
static void judge(const struct change *change, struct draft *draft, struct draft *before,
                  struct judge_notes *notes)
{
    struct references_reader reader = references_reader(change->call);

    reader.touched = &draft->touched;
    *notes = (struct judge_notes){.references = {.reader = &reader, .kind = draft->kind}};
    judge__object(change, notes);
    if (status_is_ok(change->call->refused))
        rules__check_once(change, &notes->differences);
    if (before != NULL)
        references__read_stored(&notes->references, before->message, &before->references);
    references__read(&notes->references, draft->message, &draft->violations, &draft->references);
    notes->references.reader = NULL; /* all is read */
    draft->differences = notes->differences;
    draft->held = notes->secrets;
}

/* Folds the name, checks every rule of what was written, and looks the references up. */
static struct status check(struct call *call, struct draft *draft, struct draft *before)
{
    const struct references *references_before = before == NULL ? NULL : &before->references;
    const struct change change = {
        .call = call,
        .kind = draft->kind,
        .id = &draft->id,
        .before = before == NULL ? NULL : before->message,
        .after = draft->message,
        .touched = &draft->touched,
        .clears_input = draft->clears_input,
        .keeps_secrets = draft->keeps_secrets,
        .references_before = references_before,
        .references = &draft->references,
        .violations = &draft->violations,
    };
    struct judge_notes notes;
    struct status status, other;

    fold_name(call, draft, before);
    judge(&change, draft, before, &notes);
    status = references__check(call, draft->kind, &draft->id, &draft->references, references_before,
                               &draft->violations);
    if (!status_is_ok(call->refused))
        return status;
    other = rules__check_others(&change, &notes.references);
    if (status_is_ok(status))
        status = other;
    return status_is_ok(status) ? check_hooks(&change) : status;
}

struct status draft_begin(struct call *call, ProtobufCMessage *message, struct draft *ret_draft)
{
    struct draft draft = {
        .kind = call->method->kind, .message = message, .touched = {.whole = true}};
    struct status status;

    draft.id = uuid_make(call->now_ms, call->random + RANDOM_ID);
    status = check(call, &draft, NULL);
    if (status_is_ok(status))
        *ret_draft = draft;
    return status;
}

struct status draft_create(struct call *call, struct draft *ret_draft)
{
    const ProtobufCMessage *resource = NULL;
    struct status status = take_resource(call, &resource);
    ProtobufCMessage *message;

    if (!status_is_ok(status))
        return status;
    message = copy_resource(call, call->method->kind, resource);
    return message == NULL ? status_out_of_memory() : draft_begin(call, message, ret_draft);
}

struct status draft_status(const struct call *call, const struct draft *draft)
{
    if (arena_failed(call->arena))
        return status_out_of_memory();
    if (draft->violations.count == 0)
        return call->refused;
    return violations_status(&draft->violations, call->arena);
}

struct status draft_check_name(struct call *call, const struct draft *draft)
{
    return object__check_name(call, draft->kind, &draft->id,
                              object_name(draft->kind, draft->message), draft->folded);
}

void draft_stamp(struct call *call, struct draft *draft)
{
    const struct kind *kind = draft->kind;

    set_text_uuid(call, draft);
    if (kind->create_time != NULL)
        field_set_timestamp(call->arena, draft->message, kind->create_time, call->now_ms);
    if (kind->update_time != NULL)
        field_set_timestamp(call->arena, draft->message, kind->update_time, call->now_ms);
    if (kind->created_by != NULL)
        field_set_string(call->arena, draft->message, kind->created_by, call_actor(call));
}

/* -- committing ------------------------------------------------------------------------------- */

/* The draft as it is stored with that body. */
static struct object_state state_of(const struct call *call, const struct draft *draft,
                                    struct slice body)
{
    assert(!object_validate_only(call)); /* who only validates commits nothing */
    return (struct object_state){.kind = draft->kind,
                                 .organization = call->identity.organization,
                                 .id = draft->id,
                                 .body = body,
                                 .message = object__is_typed(draft->kind) ? NULL : draft->message,
                                 .secrets = draft->secrets,
                                 .folded = draft->folded,
                                 .references = draft->references};
}

/* The same of the draft of a stored object. */
static struct object_state state_before(const struct call *call, const struct draft *draft,
                                        const struct object *object)
{
    struct object_state state = state_of(call, draft, object->body);

    state.revision = object->revision;
    state.secrets = object->secrets;
    return state;
}

/* What an object begins with is a change too: its history must tell what it was given. */
static struct call_changes first_values(struct call *call, const struct draft *draft)
{
    const struct message_type *type = draft->kind->message;
    const ProtobufCMessage *nothing = message_new(call->arena, type);
    struct call_changes changes = {0};

    if (nothing != NULL)
        changes_note(call->arena, &changes, type, nothing, draft->message);
    return changes;
}

void draft_commit_create(struct call *call, const struct draft *draft, struct slice body)
{
    struct object_state after = state_of(call, draft, body);
    struct call_changes changes = first_values(call, draft);

    assert(draft->violations.count == 0);
    after.id_is_fresh = true; /* by draft_begin */
    rows_commit(&call->commit, NULL, &after);
    object_audit(call, "Created", draft->kind, &draft->id, object_name(draft->kind, draft->message),
                 &changes);
    call->committed = object__committed;
}

/* A stored object as a draft: what rows it has. */
static struct draft draft_of(struct call *call, const struct object *object)
{
    struct references_reader reader = references_reader(call);
    struct object_state state = {.kind = object->kind};

    rows_fill(&reader, object->message, &state);
    return (struct draft){.kind = object->kind,
                          .id = object->id,
                          .message = object->message,
                          .secrets = object->secrets,
                          .folded = state.folded,
                          .references = state.references};
}

void draft_commit_delete(struct call *call, const struct object *object)
{
    struct draft draft = draft_of(call, object);
    struct object_state before = state_before(call, &draft, object);

    rows_commit(&call->commit, &before, NULL);
    object_audit(call, "Deleted", object->kind, &object->id,
                 object_name(object->kind, object->message), NULL);
}

void draft_commit_record(struct call *call, const struct object *object, struct slice body)
{
    draft_commit_secrets(call, object, body, object->secrets);
}

void draft_commit_secrets(struct call *call, const struct object *object, struct slice body,
                          struct slice secrets)
{
    struct draft draft = draft_of(call, object);
    struct object_state before = state_before(call, &draft, object);
    struct object_state after = state_of(call, &draft, body);

    after.message = NULL; /* the draft is of the old body */
    after.secrets = secrets;
    rows_commit(&call->commit, &before, &after);
    call->committed = object__committed;
}

/* -- editing ---------------------------------------------------------------------------------- */

/* An object that refers to itself could never be deleted. */
static void refuse_self_reference(struct call *call, struct draft *draft)
{
    const struct reference *at;

    for (at = draft->references.first; at != NULL; at = at->next)
        if (at->kind == draft->kind && uuid_equal(&at->id, &draft->id))
            violations_add(&draft->violations, call->arena, at->path,
                           "must not refer to the %.*s itself", SLICE_ARG(draft->kind->singular));
}

/* A stored object, of whose references edit__check tells. */
static struct draft stored_draft(struct call *call, const struct object *object)
{
    struct draft draft = {.kind = object->kind,
                          .id = object->id,
                          .message = object->message,
                          .secrets = object->secrets};
    struct violations ignored = {0};

    object__fold_name(call->arena, draft.kind, draft.message, &ignored, &draft.folded);
    return draft;
}

static ProtobufCMessage *update_mask(const struct call *call)
{
    const struct field *field = call->method->update_mask;

    return field == NULL ? NULL : field_get_message(call->request, field);
}

struct status edit__open(struct call *call, struct slice id, struct edit *ret_edit)
{
    const struct kind *kind = call->method->kind;
    struct edit edit = {.after = {.kind = kind}};
    struct status status = object_read(call, kind, id, &edit.object);

    if (status_is_ok(status))
        status = call_check_etag(call, edit.object.revision);
    if (!status_is_ok(status))
        return status;
    assert(edit.object.kind == kind && edit.object.message->descriptor == kind->message->pb);
    seal__mark(call, &edit.object, &edit.after.row);
    edit.before = stored_draft(call, &edit.object);
    edit.after.id = edit.object.id;
    edit.after.secrets = edit.object.secrets;
    edit.after.message = message_copy(call->arena, edit.object.message);
    if (edit.after.message == NULL)
        return status_out_of_memory();
    *ret_edit = edit;
    return status_ok();
}

/* An action has no mask: what it changed is what it wrote. */
static void touch_changes(struct call *call, struct edit *edit)
{
    const struct message_type *type = edit->after.kind->message;

    for (size_t i = 0; i < type->field_count; i++)
        if (!field_equal(call->arena, edit->before.message, edit->after.message, &type->fields[i]))
            touched__add(&edit->after.touched, call->arena, edit->after.message, &type->fields[i]);
}

struct status edit__check(struct call *call, struct edit *edit)
{
    struct status status;

    if (call->method->update_mask == NULL)
        touch_changes(call, edit);
    status = check(call, &edit->after, &edit->before);
    refuse_self_reference(call, &edit->after);
    return status;
}

struct status edit_begin(struct call *call, bool clears_input, struct edit *ret_edit)
{
    const struct kind *kind = call->method->kind;
    const ProtobufCMessage *resource = NULL;
    struct edit edit;
    struct slice id = SLICE_EMPTY;
    struct status status = take_resource(call, &resource);

    if (status_is_ok(status))
        status = take_id(call, resource, &id);
    if (status_is_ok(status))
        status = edit__open(call, id, &edit);
    if (!status_is_ok(status))
        return status;
    mask__merge_request(call->arena, kind->message, kind->id, update_mask(call), resource,
                        edit.after.message, &edit.after.touched, &edit.after.violations);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    status = rules__keep_action_fields(call, kind, edit.before.message, edit.after.message,
                                       &edit.after.violations);
    if (!status_is_ok(status))
        return status;
    edit.after.clears_input = clears_input;
    edit.after.keeps_secrets = true;
    status = edit__check(call, &edit);
    if (status_is_ok(status))
        *ret_edit = edit;
    return status;
}

void edit_compare(struct call *call, struct edit *edit, const struct field *field)
{
    differences__add(&edit->after.differences, call->arena, field);
}

bool edit_changed(struct call *call, struct edit *edit)
{
    edit->changes = (struct call_changes){0};
    return changes__note_differences(call->arena, &edit->changes, &edit->after.differences);
}

void edit_stamp(struct call *call, struct edit *edit)
{
    if (edit->after.kind->update_time != NULL)
        field_set_timestamp(call->arena, edit->after.message, edit->after.kind->update_time,
                            call->now_ms);
}

void edit_commit(struct call *call, const struct edit *edit, struct slice body)
{
    const struct kind *kind = edit->after.kind;
    struct object_state before = state_before(call, &edit->before, &edit->object);
    struct object_state after = state_of(call, &edit->after, body);

    assert(edit->after.violations.count == 0); /* draft_status was asked */
    rows_commit(&call->commit, &before, &after);
    object_audit(call, "Updated", kind, &edit->after.id, object_name(kind, edit->after.message),
                 &edit->changes);
    call->committed = object__committed;
}
