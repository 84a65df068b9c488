/*
 * Violations of values come before those of fields together, though one walk finds both: the latter
 * are kept apart. Where the former are not empty they are found again, in their place: the bounds
 * of struct violations depend on what it holds already. Depth is bounded by what came through
 * message_walk, as all messages did.
 */
#include "rpc/services/resource/judge.h"

#include <assert.h>

#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/judge_plan.h"
#include "rpc/services/resource/rules_fill.h"
#include "rpc/services/resource/rules_values.h"

#define TOGETHER_ACTS \
    (JUDGE_SECRET | JUDGE_TEXT | JUDGE_REQUIRED_WHEN | JUDGE_UNIQUE_BY | JUDGE_STRUCT_BOUNDS)

struct judge {
    const struct change *change;
    struct references_collection *references; /* NULL: they were noted */
    unsigned acts;                            /* those that this walk does */
    bool fills;
    struct violations *together; /* of TOGETHER_ACTS; of values they are the change's */
};

/* Where a walk is in the object. */
struct stand {
    const struct spot *parent;
    const struct judge_node *node;
    ProtobufCMessage *message;
    bool judged; /* it was written, with all that is in it */
    bool marked; /* that, or fields of its own were */
};

static void judge_message(const struct judge *judge, const struct spot *parent,
                          const struct judge_node *node, ProtobufCMessage *message, bool judged);

static bool is_judged(const struct judge *judge, const struct stand *stand,
                      const struct field *field)
{
    return stand->judged ||
           (stand->marked && touched_has(judge->change->touched, stand->message, field));
}

static void fill(const struct judge *judge, const struct stand *stand)
{
    const struct judge_node *node = stand->node;

    for (size_t i = 0; i < node->admitted_count; i++)
        rules__admit(judge->change, stand->message, node->admitted[i]);
    for (size_t i = 0; i < node->filled_count; i++)
        rules__fill(judge->change, stand->message, node->filled[i],
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

static void note_references(const struct judge *judge, const struct spot *spot,
                            const ProtobufCMessage *message, unsigned acts, bool judged)
{
    if ((acts & JUDGE_REFERENCE) != 0)
        references__note_ids(judge->references, spot, message);
    if ((acts & JUDGE_QUOTE) != 0)
        references__note_quotes(judge->references, spot, message, judged);
}

static void enter(const struct judge *judge, const struct spot *spot, const struct stand *stand,
                  const struct judge_node *inner, bool judged)
{
    const struct field *field = spot->field;
    size_t count = field->repeated ? field_count(stand->message, field) : 1;

    for (size_t i = 0; i < count; i++) {
        ProtobufCMessage *message = *(ProtobufCMessage **)field_address(stand->message, field, i);
        struct spot at = *spot;

        at.has_index = field->repeated;
        at.index = i;
        if (field->map)
            at.key = walk__entry_key(judge->change->call->arena, field, message);
        judge_message(judge, &at, inner, message, judged);
    }
}

/* A value is judged with all that is in it: of what was written the outermost fields are. */
static bool is_outermost(const struct stand *stand)
{
    return stand->parent == NULL || !stand->judged;
}

/* A value is judged after what is in it was filled. */
static void take_step(const struct judge *judge, const struct stand *stand,
                      const struct judge_step *step, unsigned acts)
{
    const struct spot spot = {stand->parent, step->field, false, 0, SLICE_EMPTY};
    const struct rule_place place = {judge->change, judge->together, &spot, stand->message};
    bool judged = is_judged(judge, stand, step->field);

    if ((acts & TOGETHER_ACTS) != 0)
        judge_together(&place, step, acts, judged);
    if ((acts & JUDGE_ALWAYS) != 0)
        note_references(judge, &spot, stand->message, acts, judged);
    if (step->inner != NULL && field_is_set(stand->message, step->field))
        enter(judge, &spot, stand, step->inner, judged);
    if ((acts & JUDGE_VALUE) != 0 && judged && is_outermost(stand))
        rules__check_value(&place, step->value_may_quote);
}

static void judge_message(const struct judge *judge, const struct spot *parent,
                          const struct judge_node *node, ProtobufCMessage *message, bool judged)
{
    struct stand stand = {parent, node, message, judged,
                          judged || touched__is_in(judge->change->touched, message)};
    unsigned possible = judge->acts & (stand.marked ? ~0u : JUDGE_ALWAYS);

    assert(message->descriptor == node->type->pb);
    if (judge->fills)
        fill(judge, &stand);
    for (size_t i = 0; i < node->step_count; i++) {
        const struct judge_step *step = &node->steps[i];
        unsigned acts = step->acts & possible;

        if (acts != 0 || step->inner != NULL)
            take_step(judge, &stand, step, acts);
    }
}

static void judge_all(const struct judge *judge)
{
    const struct change *change = judge->change;
    const struct hooks *hooks = call_services(change->call);

    judge_message(judge, NULL, judge__plan(hooks->plans, change->kind), change->after,
                  change->touched->whole);
}

void judge__object(const struct change *change, struct references_collection *references)
{
    struct violations together = {0};
    unsigned acts = status_is_ok(change->call->refused) ? TOGETHER_ACTS : 0;
    const struct judge first = {change, references, acts | JUDGE_VALUE | JUDGE_ALWAYS, true,
                                &together};
    const struct judge again = {change, NULL, acts, false, change->violations};

    judge_all(&first);
    if (together.count == 0)
        return;
    if (change->violations->count == 0)
        *change->violations = together;
    else
        judge_all(&again);
}
