/*
 * A message has one node for each kind of place that it is in: whether its texts may hold quotes,
 * and whether an update may write single fields of it. The top of each kind has a node of its own,
 * since a kind's quotes leave out its envelope.
 */
#include "rpc/services/resource/judge_plan.h"

#include <assert.h>

#include "rpc/services/resource/differences.h"

/* The place of a message. */
struct situation {
    bool quotes;       /* on the way to it quotes were allowed, for texts */
    bool value_quotes; /* the same for validate_field, for which a secret alone allows none */
    bool whole;        /* in a list or a free-form value: written with what it is in */
};

struct node {
    struct judge_node plan; /* first */
    const struct kind *top; /* of the top of a kind */
    struct situation at;
    bool is_useful;
    bool is_set_within; /* the walk may set or clear a field of it by itself, or in what is in it */
    struct node *next;
};

struct judge_plans {
    const struct contract *contract;
    const struct judge_node **tops; /* by kind->index */
};

struct binding {
    struct arena *arena;
    struct node *first, *last;
};

static bool same_situation(struct situation a, struct situation b)
{
    return a.quotes == b.quotes && a.value_quotes == b.value_quotes && a.whole == b.whole;
}

static struct node *add_node(struct binding *binding, const struct message_type *type,
                             const struct kind *top, struct situation at)
{
    struct node *node = arena_zalloc(binding->arena, sizeof(*node));

    if (node == NULL)
        return NULL;
    node->plan.type = type;
    node->top = top;
    node->at = at;
    if (binding->last == NULL)
        binding->first = node;
    else
        binding->last->next = node;
    binding->last = node;
    return node;
}

static struct node *inner_node(struct binding *binding, const struct message_type *type,
                               struct situation at)
{
    for (struct node *node = binding->first; node != NULL; node = node->next)
        if (node->plan.type == type && node->top == NULL && same_situation(node->at, at))
            return node;
    return add_node(binding, type, NULL, at);
}

/* -- one field -------------------------------------------------------------------------------- */

/* Whether a kind's quotes reach the field. */
static bool kind_quotes(const struct kind *kind, const struct field *field)
{
    return kind->quotes && field != kind->name && field != kind->description &&
           field != kind->labels;
}

static struct situation situation_of(const struct node *node, const struct field *field)
{
    struct situation at = node->at;

    if (node->top != NULL)
        at.quotes = at.value_quotes = kind_quotes(node->top, field);
    return at;
}

static bool may_quote(struct situation at, const struct field *field)
{
    return field->pb->type == PROTOBUF_C_TYPE_STRING && !field->output_only &&
           field->reference == NULL && !(field->parent->map_entry && field->number == 1) &&
           (at.quotes || field->quotes || field->secret);
}

static bool is_filled(const struct field *field)
{
    return (field->traits & TRAIT_FILLED) != 0;
}

static bool is_admitted(const struct field *field)
{
    return (field->traits & (TRAIT_SECRET | TRAIT_INPUT_ONLY)) != 0;
}

/* What is in a list or a free-form value is compared with it. */
static bool is_compared(const struct node *node, const struct field *field)
{
    return !node->at.whole && !(node->top != NULL && field->output_only);
}

static unsigned acts_of(const struct node *node, struct situation at, const struct field *field)
{
    bool compared = is_compared(node, field);
    bool quotes = may_quote(at, field);
    bool has_format = field->pb->type == PROTOBUF_C_TYPE_STRING && !field->output_only &&
                      field->format != FIELD_FORMAT_NONE;
    bool has_rules = field->required || field->rules != NULL || field->message != NULL;
    const struct {
        bool has;
        enum judge_act act;
    } rows[] = {
        {field->secret, JUDGE_SECRET},
        {quotes || has_format, JUDGE_TEXT},
        {field->required_when_count > 0, JUDGE_REQUIRED_WHEN},
        {field->unique_by != NULL, JUDGE_UNIQUE_BY},
        {field->struct_bounds != NULL, JUDGE_STRUCT_BOUNDS},
        {has_rules && !field->output_only && !at.whole, JUDGE_VALUE},
        {field->reference != NULL, JUDGE_REFERENCE},
        {quotes, JUDGE_QUOTE},
        {field->secret, JUDGE_SEAL},
        {compared, JUDGE_CHANGE},
        {compared && (field->derived_from != NULL || is_admitted(field)), JUDGE_SET},
    };
    unsigned acts = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].has)
            acts |= rows[i].act;
    return acts;
}

static bool is_free_form(const struct message_type *type)
{
    return type->well_known == WELL_KNOWN_STRUCT || type->well_known == WELL_KNOWN_VALUE ||
           type->well_known == WELL_KNOWN_LIST_VALUE;
}

/* Output-only fields are not entered. */
static const struct judge_node *inner_of(struct binding *binding, struct situation at,
                                         const struct field *field)
{
    const struct message_type *type = field->message;
    struct situation inner = {
        .quotes = at.quotes || field->quotes || field->secret,
        .value_quotes = at.value_quotes || field->quotes,
        .whole = at.whole || field->repeated,
    };
    struct node *node;

    if (type == NULL || field->output_only ||
        (type->well_known != WELL_KNOWN_NONE && !is_free_form(type)))
        return NULL;
    inner.whole |= is_free_form(type);
    node = inner_node(binding, type, inner);
    return node == NULL ? NULL : &node->plan;
}

/* -- one message ------------------------------------------------------------------------------ */

/* Messages are filled from the outside in, so what is read of an inner one must not be filled. */
static const struct field *read_too_early(const struct field *field)
{
    const struct derived_from *derived = field->derived_from;

    if (field->unique_by != NULL && is_filled(field->unique_by))
        return field->unique_by;
    for (size_t i = 0; derived != NULL && i < derived->oneof->field_count; i++)
        if (derived->values[i].field != NULL && is_filled(derived->values[i].field))
            return derived->values[i].field;
    return NULL;
}

static struct status bind_node(struct binding *binding, struct node *node)
{
    const struct message_type *type = node->plan.type;
    struct judge_node *plan = &node->plan;

    plan->steps = arena_array(binding->arena, type->field_count, sizeof(*plan->steps));
    plan->admitted = arena_array(binding->arena, type->field_count, sizeof(struct field *));
    plan->filled = arena_array(binding->arena, type->field_count, sizeof(struct field *));
    for (size_t i = 0; i < type->field_count && !arena_failed(binding->arena); i++) {
        const struct field *field = type->declared[i];
        const struct field *early = read_too_early(field);
        struct situation at = situation_of(node, field);

        if (early != NULL)
            return status_make(binding->arena, STATUS_FAILED_PRECONDITION,
                               "The field \"%.*s\" has a default or is derived, and is read "
                               "before that by \"%.*s\".",
                               SLICE_ARG(early->name), SLICE_ARG(field->name));
        if (is_admitted(field))
            plan->admitted[plan->admitted_count++] = field;
        if (is_filled(field))
            plan->filled[plan->filled_count++] = field;
        plan->steps[plan->step_count++] = (struct judge_step){
            .field = field,
            .inner = inner_of(binding, at, field),
            .acts = acts_of(node, at, field),
            .may_quote = may_quote(at, field),
            .value_may_quote = at.value_quotes,
        };
    }
    return arena_failed(binding->arena) ? status_out_of_memory() : status_ok();
}

/* -- what is worth a look --------------------------------------------------------------------- */

static bool is_useful(const struct judge_node *plan)
{
    return plan != NULL && ((const struct node *)plan)->is_useful; /* a node begins with its plan */
}

static bool is_set_within(const struct judge_node *plan)
{
    return plan != NULL && ((const struct node *)plan)->is_set_within;
}

static bool step_is_useful(const struct judge_step *step)
{
    return step->acts != 0 || is_useful(step->inner);
}

static bool find_use(struct node *node)
{
    bool useful = node->plan.admitted_count > 0 || node->plan.filled_count > 0;

    for (size_t i = 0; i < node->plan.step_count && !useful; i++)
        useful = step_is_useful(&node->plan.steps[i]);
    return useful;
}

static bool find_set(const struct node *node)
{
    bool found = node->plan.admitted_count > 0;

    for (size_t i = 0; i < node->plan.filled_count && !found; i++)
        found = node->plan.filled[i]->derived_from != NULL;
    for (size_t i = 0; i < node->plan.step_count && !found; i++)
        found = is_set_within(node->plan.steps[i].inner);
    return found;
}

/* Messages may hold each other: until nothing changes. */
static void find_uses(struct binding *binding)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (struct node *node = binding->first; node != NULL; node = node->next) {
            bool useful = node->is_useful || find_use(node);
            bool set = node->is_set_within || find_set(node);

            changed |= useful != node->is_useful || set != node->is_set_within;
            node->is_useful = useful;
            node->is_set_within = set;
        }
    }
}

/* What is compared as a whole is set where anything in it is; parts are compared on their own. */
static void add_sets(struct judge_node *plan)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        struct judge_step *step = &plan->steps[i];

        if ((step->acts & JUDGE_CHANGE) != 0 && is_set_within(step->inner) &&
            !differences__has_parts(step->field))
            step->acts |= JUDGE_SET;
    }
}

static void leave_out(struct judge_node *plan)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->step_count; i++) {
        struct judge_step step = plan->steps[i];

        if (!step_is_useful(&step))
            continue;
        if (!is_useful(step.inner))
            step.inner = NULL;
        plan->steps[kept++] = step;
    }
    plan->step_count = kept;
}

/* -- all kinds -------------------------------------------------------------------------------- */

struct status judge_plans_bind(const struct contract *contract, struct arena *arena,
                               const struct judge_plans **ret_plans)
{
    struct binding binding = {.arena = arena};
    struct judge_plans *plans = arena_zalloc(arena, sizeof(*plans));
    struct status status = status_ok();

    if (plans == NULL)
        return status_out_of_memory();
    plans->contract = contract;
    plans->tops = arena_array(arena, contract->kind_count, sizeof(const struct judge_node *));
    for (size_t i = 0; plans->tops != NULL && i < contract->kind_count; i++) {
        const struct kind *kind = contract->kinds[i];

        plans->tops[i] = (void *)add_node(&binding, kind->message, kind, (struct situation){0});
    }
    for (struct node *node = binding.first; node != NULL && status_is_ok(status); node = node->next)
        status = bind_node(&binding, node);
    if (arena_failed(arena))
        return status_out_of_memory();
    find_uses(&binding);
    for (struct node *node = binding.first; node != NULL; node = node->next) {
        add_sets(&node->plan);
        leave_out(&node->plan);
    }
    if (status_is_ok(status))
        *ret_plans = plans;
    return status;
}

const struct judge_node *judge__plan(const struct judge_plans *plans, const struct kind *kind)
{
    assert(kind->index < plans->contract->kind_count);
    assert(plans->contract->kinds[kind->index] == kind);
    return plans->tops[kind->index];
}
