/*
 * The planner: from the comparisons that must all hold, and the order, to the narrowest rows. Pure
 * but for the keys that it allocates.
 */
#include "rpc/services/resource/list_plan.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "proto/filter/filter_field.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/index.h"
#include "rpc/services/resource/list_query.h"
#include "storage/keys.h"
#include "storage/record.h"

bool list__has_names(const struct kind *kind)
{
    return kind->name != NULL && !kind->names_may_repeat;
}

/* The comparisons that every match holds, NOT and OR left out. */
struct conjuncts {
    const struct filter_term *terms[FILTER_TERMS_MOST];
    size_t count;
};

static void collect(struct conjuncts *conjuncts, const struct filter_node *node)
{
    if (node == NULL)
        return;
    assert(node->type != FILTER_TERM || conjuncts->count < FILTER_TERMS_MOST);
    if (node->type == FILTER_TERM)
        conjuncts->terms[conjuncts->count++] = node->term;
    for (const struct filter_node *child = node->first; node->type == FILTER_AND && child != NULL;
         child = child->next)
        collect(conjuncts, child);
}

/* -- ranges ----------------------------------------------------------------------------------- */

static void raise_from(struct list_plan *plan, struct slice key)
{
    if (slice_compare(key, plan->from) > 0)
        plan->from = key;
}

static void lower_to(struct list_plan *plan, struct slice key)
{
    if (slice_compare(key, plan->to) < 0)
        plan->to = key;
}

/* The key after `key`: the NUL that ends a copy in the arena is part of it. */
static struct slice key_after(struct arena *arena, struct slice key)
{
    struct slice copy = arena_copy(arena, key);

    return copy.data == NULL ? SLICE_EMPTY : slice_make(copy.data, copy.len + 1);
}

/*
 * Narrows to the rows that a comparison leaves: those of values below `least` are less than its
 * value, those from `end` on are greater.
 */
static void narrow(struct list_plan *plan, enum filter_operator op, struct slice least,
                   struct slice end)
{
    if (op == FILTER_EQUAL || op == FILTER_HAS || op == FILTER_GREATER ||
        op == FILTER_GREATER_OR_EQUAL)
        raise_from(plan, least);
    if (op == FILTER_EQUAL || op == FILTER_HAS || op == FILTER_LESS || op == FILTER_LESS_OR_EQUAL)
        lower_to(plan, end);
}

/* -- drivers ---------------------------------------------------------------------------------- */

static struct list_plan plan_of(struct call *call, enum list_driver driver,
                                enum store_family family, struct slice prefix)
{
    return (struct list_plan){.driver = driver,
                              .family = family,
                              .from = prefix,
                              .to = key_prefix_end(call->arena, prefix)};
}

/* The front of the keys of objects that were created in a millisecond or later. */
static struct slice key_created(struct call *call, const struct kind *kind, int64_t ms)
{
    static const uint8_t zeros[10];
    struct uuid id = uuid_make(ms < 0 ? 0 : ms, zeros);

    memset(id.bytes + 6, 0, 10);
    return key_object(call->arena, &call->identity.organization, kind->number, &id);
}

static bool narrow_created(struct call *call, const struct kind *kind,
                           const struct filter_term *term, struct list_plan *plan)
{
    int64_t ms;

    if (term->step_count != 1 || term->steps[0].field != kind->create_time ||
        term->comparison != FILTER_TIME || term->number < 0 || term->number >= TIME_MOST_S)
        return false; /* beyond them no id says when its object was created */
    ms = term->number * 1000 + term->nanos / 1000000;
    narrow(plan, term->op, key_created(call, kind, ms), key_created(call, kind, ms + 1));
    return true;
}

static bool narrow_id(struct call *call, const struct kind *kind, const struct filter_term *term,
                      struct list_plan *plan)
{
    struct slice key;
    struct uuid id;

    if (term->step_count != 1 || term->steps[0].field != kind->id ||
        term->comparison != FILTER_TEXT || term->op != FILTER_EQUAL || term->prefix ||
        !uuid_parse(term->text, &id))
        return false;
    key = key_object(call->arena, &call->identity.organization, kind->number, &id);
    narrow(plan, FILTER_EQUAL, key, key_after(call->arena, key));
    return true;
}

/* *ret_point when the filter leaves one id. */
static struct list_plan plan_by_id(struct call *call, const struct kind *kind,
                                   const struct conjuncts *conjuncts, bool *ret_point)
{
    struct slice prefix = key_kind(call->arena, &call->identity.organization, kind->number);
    struct list_plan plan = plan_of(call, LIST_BY_ID, object_family(kind), prefix);

    *ret_point = false;
    for (size_t i = 0; i < conjuncts->count; i++) {
        *ret_point |= narrow_id(call, kind, conjuncts->terms[i], &plan);
        narrow_created(call, kind, conjuncts->terms[i], &plan);
    }
    return plan;
}

/* How much the comparisons of names leave. */
enum narrowness { ALL, RANGE, PREFIX, POINT };

static struct list_plan plan_by_name(struct call *call, const struct kind *kind,
                                     const struct conjuncts *conjuncts,
                                     enum narrowness *ret_narrowness)
{
    struct arena *arena = call->arena;
    const struct uuid *organization = &call->identity.organization;
    struct list_plan plan = plan_of(call, LIST_BY_NAME, FAMILY_NAMES,
                                    key_kind(arena, organization, kind->number));

    *ret_narrowness = ALL;
    for (size_t i = 0; i < conjuncts->count; i++) {
        const struct filter_term *term = conjuncts->terms[i];
        enum narrowness found = term->prefix ? PREFIX : term->op == FILTER_EQUAL ? POINT : RANGE;
        struct slice key;

        if (term->step_count != 1 || term->steps[0].field != kind->name || term->contains ||
            term->comparison != FILTER_TEXT)
            continue;
        key = key_name(arena, organization, kind->number, term->text);
        narrow(&plan, term->op, key,
               term->prefix ? key_prefix_end(arena, key) : key_after(arena, key));
        if (found > *ret_narrowness)
            *ret_narrowness = found;
    }
    return plan;
}

/* By the first reference whose rows are kept. */
static bool plan_by_reference(struct call *call, const struct kind *kind,
                              const struct conjuncts *conjuncts, struct list_plan *ret_plan)
{
    for (size_t i = 0; i < conjuncts->count; i++) {
        const struct filter_term *term = conjuncts->terms[i];
        const struct kind *target = filter_term_field(term)->reference;
        struct uuid id;

        if (target == NULL || term->comparison != FILTER_TEXT || term->prefix ||
            (term->op != FILTER_EQUAL && term->op != FILTER_HAS) || !uuid_parse(term->text, &id) ||
            object__is_builtin(call_identities(call), target, &id))
            continue;
        *ret_plan = plan_of(call, LIST_BY_REFERENCE, FAMILY_REFERENCES,
                            key_references_by(call->arena, &call->identity.organization,
                                              target->number, &id, kind->number,
                                              term->steps[0].field->number));
        ret_plan->number = term->steps[0].field->number;
        return true;
    }
    return false;
}

/* Whether a comparison leaves one value. */
static bool is_equality(const struct filter_term *term)
{
    return (term->op == FILTER_EQUAL || term->op == FILTER_HAS) && !term->prefix;
}

/* By the index of a field. */
static struct list_plan plan_by_index(struct call *call, const struct kind *kind,
                                      const struct conjuncts *conjuncts, const struct field *field,
                                      enum narrowness *ret_narrowness)
{
    const struct uuid *organization = &call->identity.organization;
    uint32_t number = index_number(field);
    struct arena *arena = call->arena;
    struct list_plan plan = plan_of(
        call, LIST_BY_INDEX, FAMILY_INDEXES,
        key_index_prefix(arena, organization, kind->number, number, SLICE_EMPTY));

    assert(field->indexed); /* no other field has rows to scan */
    plan.number = number;
    *ret_narrowness = ALL;
    for (size_t i = 0; i < conjuncts->count; i++) {
        const struct filter_term *term = conjuncts->terms[i];
        enum narrowness found = is_equality(term) ? POINT : RANGE;
        struct slice least, end;

        if (!index__range(arena, field, term, &least, &end))
            continue;
        narrow(&plan, term->op, key_index_prefix(arena, organization, kind->number, number, least),
               key_index_prefix(arena, organization, kind->number, number, end));
        /* What is unset comes first, and is not less than anything. */
        raise_from(&plan, key_index_prefix(arena, organization, kind->number, number, SLICE("\1")));
        if (found > *ret_narrowness)
            *ret_narrowness = found;
    }
    return plan;
}

/* By the index that the filter narrows most, at least to `least`. */
static bool plan_by_indexes(struct call *call, const struct kind *kind,
                            const struct conjuncts *conjuncts, enum narrowness least,
                            struct list_plan *ret_plan)
{
    bool found = false;

    for (size_t i = 0; i < conjuncts->count; i++) {
        const struct field *field = conjuncts->terms[i]->steps[0].field;
        enum narrowness narrowness;
        struct list_plan plan;

        if (!field->indexed)
            continue;
        plan = plan_by_index(call, kind, conjuncts, field, &narrowness);
        if (narrowness < least)
            continue;
        *ret_plan = plan;
        found = true;
        least = (enum narrowness)(narrowness + 1);
    }
    return found;
}

/* -- choosing --------------------------------------------------------------------------------- */

void list__plan(struct call *call, struct list_query *query)
{
    const struct kind *kind = query->kind;
    struct conjuncts conjuncts = {.count = 0};
    enum narrowness name = ALL;
    enum narrowness index;
    struct list_plan by_name, by_id;
    bool is_point;

    collect(&conjuncts, query->filter.root);
    by_id = plan_by_id(call, kind, &conjuncts, &is_point);
    if (list__has_names(kind))
        by_name = plan_by_name(call, kind, &conjuncts, &name);
    if (query->order != NULL && query->order == kind->name && list__has_names(kind))
        query->plan = by_name;
    else if (query->order != NULL && query->order != kind->create_time)
        query->plan = plan_by_index(call, kind, &conjuncts, query->order, &index);
    else if (is_point)
        query->plan = by_id;
    else if (query->order == NULL && name == POINT)
        query->plan = by_name;
    else if (plan_by_reference(call, kind, &conjuncts, &query->plan))
        ; /* in the order of creation */
    else if (query->order == NULL && name == PREFIX)
        query->plan = by_name;
    else if (plan_by_indexes(call, kind, &conjuncts, POINT, &query->plan))
        ; /* objects of one value are in the order of creation */
    else if (query->order != NULL || !plan_by_indexes(call, kind, &conjuncts, RANGE, &query->plan))
        query->plan = by_id;
    query->plan.reverse = query->descending;
    if (slice_compare(query->plan.to, query->plan.from) < 0)
        query->plan.to = query->plan.from; /* no value is both */
}

/* -- rows ------------------------------------------------------------------------------------- */

static struct slice index_key_of(struct call *call, const struct list_query *query,
                                 const ProtobufCMessage *message)
{
    const struct field *field = message_field_by_number(query->kind->message,
                                                        query->plan.number >> 8);
    struct uuid id;

    assert(field != NULL && index_number(field) == query->plan.number);
    return uuid_parse(field_get_string(message, query->kind->id), &id)
               ? key_index(call->arena, &call->identity.organization, query->kind->number,
                           query->plan.number, index__value(call->arena, field, message), &id)
               : SLICE_EMPTY;
}

struct slice list__key_of(struct call *call, const struct list_query *query,
                          const ProtobufCMessage *message)
{
    const struct kind *kind = query->kind;
    const struct uuid *organization = &call->identity.organization;
    struct uuid id;

    switch (query->plan.driver) {
    case LIST_BY_ID:
        return uuid_parse(field_get_string(message, kind->id), &id)
                   ? key_object(call->arena, organization, kind->number, &id)
                   : SLICE_EMPTY;
    case LIST_BY_NAME:
        return key_name(call->arena, organization, kind->number,
                        key_fold_text(call->arena, field_get_string(message, kind->name)));
    case LIST_BY_INDEX:
        return index_key_of(call, query, message);
    case LIST_BY_REFERENCE:
        break;
    }
    return SLICE_EMPTY;
}

bool list__id_of(const struct list_plan *plan, const struct store_row *row, struct uuid *ret_id)
{
    struct uuid organization, target;
    uint32_t kind, target_kind, field, index;
    struct record record;

    switch (plan->driver) {
    case LIST_BY_ID:
        return key_object_parse(row->key, &organization, &kind, ret_id);
    case LIST_BY_NAME:
        if (!record_parse(row->value, &record) || record.body.len != sizeof(ret_id->bytes))
            return false;
        memcpy(ret_id->bytes, record.body.data, sizeof(ret_id->bytes));
        return true;
    case LIST_BY_REFERENCE:
        return key_reference_parse(row->key, &target_kind, &target, &kind, &field, ret_id);
    case LIST_BY_INDEX:
        return key_index_parse(row->key, &organization, &kind, &index, ret_id);
    }
    return false;
}
