/*
 * Violations of values come before those of fields together, though one walk finds both: the latter
 * are kept apart. Where the former are not empty they are found again, in their place: the bounds
 * of struct violations depend on what it holds already. Depth is bounded by what came through
 * message_walk, as all messages did.
 */
#include "rpc/services/resource/judge.h"

#include <assert.h>

#include "proto/message/message_equal.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/judge_plan.h"
#include "rpc/services/resource/rules_fill.h"
#include "rpc/services/resource/rules_values.h"

#define TOGETHER_ACTS \
    (JUDGE_SECRET | JUDGE_TEXT | JUDGE_REQUIRED_WHEN | JUDGE_UNIQUE_BY | JUDGE_STRUCT_BOUNDS)
#define NOTED_ACTS (JUDGE_REFERENCE | JUDGE_QUOTE | JUDGE_SEAL)

struct judge {
    const struct change *change;
    struct judge_notes *notes;   /* NULL: a walk before has filled, compared and noted all */
    unsigned acts;               /* those that this walk does */
    struct violations *together; /* of TOGETHER_ACTS; of values they are the change's */
};

/* Where a walk is in both objects. */
struct stand {
    const struct spot *parent;
    const struct judge_node *node;
    ProtobufCMessage *message;
    const ProtobufCMessage *before;  /* as it is stored, or an empty one; NULL: not looked at */
    struct differences *differences; /* of both; NULL: they are compared as a whole */
    bool judged;                     /* it was written, with all that is in it */
    bool marked;                     /* that, or fields of its own were */
};

static void judge_message(const struct judge *judge, struct stand stand);

static struct arena *arena_of(const struct judge *judge)
{
    return judge->change->call->arena;
}

static bool is_judged(const struct judge *judge, const struct stand *stand,
                      const struct field *field)
{
    return stand->judged ||
           (stand->marked && touched_has(judge->change->touched, stand->message, field));
}

static void fill(const struct judge *judge, const struct stand *stand)
{
    const struct judge_node *node = stand->node;
    const struct change *change = judge->change;

    for (size_t i = 0; i < node->admitted_count; i++)
        if (change->keeps_secrets && stand->before != NULL && node->admitted[i]->secret)
            rules__keep_secret(change, stand->before, stand->message, node->admitted[i]);
    for (size_t i = 0; i < node->admitted_count; i++)
        rules__admit(change, stand->message, node->admitted[i]);
    for (size_t i = 0; i < node->filled_count; i++)
        rules__fill(change, stand->message, node->filled[i],
                    is_judged(judge, stand, node->filled[i]));
}

/* The rules of fields together, of what was written. */
static void judge_together(const struct rule_place *place, const struct judge_step *step,
                           unsigned acts, bool judged)
{
    if (judged && (acts & JUDGE_SECRET) != 0)
        rules__check_secret(place);
    if (judged && (acts & JUDGE_TEXT) != 0)
        rules__check_texts(place, step->may_quote);
    if ((acts & JUDGE_REQUIRED_WHEN) != 0)
        rules__check_required_when(place, judged);
    if (judged && (acts & JUDGE_UNIQUE_BY) != 0)
        rules__check_unique_by(place);
    if (judged && (acts & JUDGE_STRUCT_BOUNDS) != 0)
        rules__check_struct_bounds(place);
}

/* -- what is noted ---------------------------------------------------------------------------- */

/* `noted`: of enum noted. */
static void note_field(const struct judge *judge, const struct spot *spot,
                       const ProtobufCMessage *message, unsigned acts, unsigned noted)
{
    if ((acts & JUDGE_REFERENCE) != 0)
        references__note_ids(&judge->notes->references, spot, message, noted);
    if ((acts & JUDGE_QUOTE) != 0)
        references__note_quotes(&judge->notes->references, spot, message, noted);
    if ((acts & JUDGE_SEAL) != 0 && (noted & NOTED_AFTER) != 0)
        secret_spots__note(&judge->notes->secrets, arena_of(judge), spot, message);
}

/* Whether the field is a sub-message that is compared field by field where the walk is. */
static bool has_parts(const struct stand *stand, const struct judge_step *step)
{
    return stand->differences != NULL && step->inner != NULL && (step->acts & JUDGE_CHANGE) != 0 &&
           differences__has_parts(step->field);
}

static void note_difference(const struct judge *judge, const struct stand *stand,
                            const struct judge_step *step, const struct differences *inner)
{
    if (has_parts(stand, step))
        differences__add_part(stand->differences, arena_of(judge), step->field, *inner);
    else
        differences__add(stand->differences, arena_of(judge), step->field);
}

/* The message that a field holds, or its element i; the spot is where that is. */
static ProtobufCMessage *inner_at(const struct judge *judge, struct spot *spot,
                                  const ProtobufCMessage *message, size_t i)
{
    ProtobufCMessage *inner = *(ProtobufCMessage **)field_address(message, spot->field, i);

    spot->has_index = spot->field->repeated;
    spot->index = i;
    if (spot->field->map)
        spot->key = walk__entry_key(arena_of(judge), spot->field, inner);
    return inner;
}

/* -- what was stored and is there no more ----------------------------------------------------- */

static void leave_message(const struct judge *judge, const struct stand *stand);

static void leave(const struct judge *judge, const struct stand *stand,
                  const struct judge_step *step, struct differences *inner)
{
    const struct field *field = step->field;
    size_t count = field->repeated ? field_count(stand->before, field) : 1;
    struct spot spot = {stand->parent, field, false, 0, SLICE_EMPTY};
    struct stand next = {.parent = &spot, .node = step->inner};

    if (has_parts(stand, step)) {
        inner->before = field_get_message(stand->before, field);
        inner->after = message_new(arena_of(judge), field->message);
        next.differences = inner->after == NULL ? NULL : inner;
    }
    for (size_t i = 0; i < count; i++) {
        next.before = inner_at(judge, &spot, stand->before, i);
        leave_message(judge, &next);
    }
}

/* Of a message that has no counterpart in the merged object. */
static void leave_message(const struct judge *judge, const struct stand *stand)
{
    for (size_t i = 0; i < stand->node->step_count; i++) {
        const struct judge_step *step = &stand->node->steps[i];
        const struct spot spot = {stand->parent, step->field, false, 0, SLICE_EMPTY};
        struct differences inner = {0};

        if (!field_is_set(stand->before, step->field))
            continue;
        note_field(judge, &spot, stand->before, step->acts, NOTED_BEFORE);
        if (step->inner != NULL)
            leave(judge, stand, step, &inner);
        if (stand->differences != NULL && (step->acts & JUDGE_CHANGE) != 0)
            note_difference(judge, stand, step, &inner);
    }
}

/* `inner`: of a sub-message that one of both has at least. */
static bool part_differs(const struct stand *stand, const struct field *field,
                         const struct differences *inner)
{
    return inner->first != NULL ||
           field_is_set(stand->before, field) != field_is_set(stand->message, field) ||
           (inner->before != NULL && !message_unknown_equal(inner->before, inner->after));
}

/* Of a field that may differ from what is stored. Elements of lists have no counterparts. */
static void look_back(const struct judge *judge, const struct stand *stand,
                      const struct judge_step *step, struct differences *inner)
{
    const struct field *field = step->field;
    const struct spot spot = {stand->parent, field, false, 0, SLICE_EMPTY};

    note_field(judge, &spot, stand->before, step->acts, NOTED_BEFORE);
    if (step->inner != NULL && field_is_set(stand->before, field) &&
        (field->repeated || !field_is_set(stand->message, field)))
        leave(judge, stand, step, inner);
    if (stand->differences == NULL || (step->acts & JUDGE_CHANGE) == 0)
        return;
    if (has_parts(stand, step)
            ? part_differs(stand, field, inner)
            : !field_equal(arena_of(judge), stand->before, stand->message, field))
        note_difference(judge, stand, step, inner);
}

/* -- the walk --------------------------------------------------------------------------------- */

/* Has the walk into a sub-message go beside the one that is stored. */
static void pair(const struct judge *judge, const struct stand *stand,
                 const struct judge_step *step, struct stand *next, struct differences *inner)
{
    next->before = field_get_message(stand->before, step->field);
    if (!has_parts(stand, step))
        return;
    if (next->before == NULL)
        next->before = message_new(arena_of(judge), step->field->message);
    if (next->before == NULL)
        return;
    *inner = (struct differences){next->before, field_get_message(stand->message, step->field),
                                  NULL};
    next->differences = inner;
}

static void enter(const struct judge *judge, const struct stand *stand,
                  const struct judge_step *step, bool judged, struct differences *inner)
{
    const struct field *field = step->field;
    size_t count = field->repeated ? field_count(stand->message, field) : 1;
    struct spot spot = {stand->parent, field, false, 0, SLICE_EMPTY};
    struct stand next = {.parent = &spot, .node = step->inner, .judged = judged};

    if (stand->before != NULL && !field->repeated)
        pair(judge, stand, step, &next, inner);
    for (size_t i = 0; i < count; i++) {
        next.message = inner_at(judge, &spot, stand->message, i);
        judge_message(judge, next);
    }
}

/* A value is judged with all that is in it: of what was written the outermost fields are. */
static bool is_outermost(const struct stand *stand)
{
    return stand->parent == NULL || !stand->judged;
}

/* A value is judged, and compared with what is stored, after what is in it was filled. */
static void take_step(const struct judge *judge, const struct stand *stand,
                      const struct judge_step *step, unsigned acts)
{
    const struct spot spot = {stand->parent, step->field, false, 0, SLICE_EMPTY};
    const struct rule_place place = {judge->change, judge->together, &spot, stand->message};
    bool judged = is_judged(judge, stand, step->field);
    bool may_differ = judged || (step->acts & JUDGE_SET) != 0;
    struct differences inner = {0};

    if ((acts & TOGETHER_ACTS) != 0)
        judge_together(&place, step, acts, judged);
    if ((acts & NOTED_ACTS) != 0)
        note_field(judge, &spot, stand->message, acts,
                   NOTED_AFTER | (judged       ? NOTED_WRITTEN
                                  : may_differ ? 0
                                               : NOTED_BEFORE));
    if (step->inner != NULL && field_is_set(stand->message, step->field))
        enter(judge, stand, step, judged, &inner);
    if ((acts & JUDGE_VALUE) != 0 && judged && is_outermost(stand))
        rules__check_value(&place, step->value_may_quote);
    if (stand->before != NULL && may_differ)
        look_back(judge, stand, step, &inner);
    else if (inner.first != NULL)
        note_difference(judge, stand, step, &inner);
}

static void judge_message(const struct judge *judge, struct stand stand)
{
    const struct judge_node *node = stand.node;
    unsigned possible;

    assert(stand.message->descriptor == node->type->pb);
    assert(stand.before == NULL || stand.before->descriptor == node->type->pb);
    stand.marked = stand.judged || touched__is_in(judge->change->touched, stand.message);
    possible = judge->acts & (stand.marked ? ~0u : JUDGE_ALWAYS);
    if (judge->notes != NULL)
        fill(judge, &stand);
    for (size_t i = 0; i < node->step_count; i++) {
        const struct judge_step *step = &node->steps[i];
        unsigned acts = step->acts & possible;

        if (acts != 0 || step->inner != NULL)
            take_step(judge, &stand, step, acts);
    }
}

static void judge_all(const struct judge *judge, const ProtobufCMessage *before,
                      struct differences *differences)
{
    const struct change *change = judge->change;
    const struct hooks *hooks = call_services(change->call);

    judge_message(judge, (struct stand){.node = judge__plan(hooks->plans, change->kind),
                                        .message = change->after,
                                        .before = before,
                                        .differences = differences,
                                        .judged = change->touched->whole});
}

void judge__object(const struct change *change, struct judge_notes *notes)
{
    struct violations together = {0};
    unsigned acts = status_is_ok(change->call->refused) ? TOGETHER_ACTS : 0;
    unsigned compared = change->before == NULL ? 0 : JUDGE_COMPARED;
    const struct judge first = {change, notes, acts | JUDGE_VALUE | NOTED_ACTS | compared,
                                &together};
    const struct judge again = {change, NULL, acts, change->violations};

    notes->differences = (struct differences){change->before, change->after, NULL};
    judge_all(&first, change->before, change->before == NULL ? NULL : &notes->differences);
    if (together.count == 0)
        return;
    if (change->violations->count == 0)
        *change->violations = together;
    else
        judge_all(&again, NULL, NULL);
}
