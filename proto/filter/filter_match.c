/*
 * Filters, evaluated. A value that is not there matches no comparison; of a list any element may.
 * The recursion is as deep as the tree and the steps of a comparison, which parsing bounds.
 */
#include "proto/filter/filter_match.h"

#include <assert.h>

#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/filter/filter_private.h"
#include "proto/message/message_fields.h"
#include "proto/message/message_maps.h"

struct matching {
    const struct filter *filter;
    struct arena *scratch;
};

static bool holds(enum filter_operator op, int order)
{
    switch (op) {
    case FILTER_EQUAL:
    case FILTER_HAS:
        return order == 0;
    case FILTER_LESS:
        return order < 0;
    case FILTER_LESS_OR_EQUAL:
        return order <= 0;
    case FILTER_GREATER:
        return order > 0;
    case FILTER_GREATER_OR_EQUAL:
        return order >= 0;
    }
    return false;
}

/* -- values ----------------------------------------------------------------------------------- */

bool filter__match_text(const struct filter *filter, struct arena *scratch,
                        const struct filter_term *term, struct slice text)
{
    struct slice folded = filter->fold(scratch, text);

    if (term->prefix)
        return slice_starts_with(folded, term->text);
    if (!term->contains)
        return holds(term->op, slice_compare(folded, term->text));
    return term->text.len == 0 ||
           (folded.len > 0 &&
            memmem(folded.data, folded.len, term->text.data, term->text.len) != NULL);
}

/* An integer of any width as 64 bits; of unsigned types the bits. */
static int64_t integer_at(const struct field *field, const void *address)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)address != 0;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return *(const uint32_t *)address;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return *(const int64_t *)address;
    default: /* enums too */
        return *(const int32_t *)address;
    }
}

bool filter__match_number(const struct filter_term *term, int64_t number)
{
    if (term->comparison == FILTER_UNSIGNED)
        return holds(term->op, ((uint64_t)number > (uint64_t)term->number) -
                                   ((uint64_t)number < (uint64_t)term->number));
    return holds(term->op, (number > term->number) - (number < term->number));
}

bool filter__match_real(const struct filter_term *term, double value)
{
    if (value != value) /* NaN is unequal to every value, and in no order */
        return false;
    return holds(term->op, (value > term->real) - (value < term->real));
}

bool filter__match_moment(const struct filter_term *term, int64_t seconds, int32_t nanos)
{
    if (seconds != term->number)
        return holds(term->op, seconds < term->number ? -1 : 1);
    return holds(term->op, (nanos > term->nanos) - (nanos < term->nanos));
}

/* A Timestamp and a Duration have the same two parts. */
static bool match_time(const struct filter_term *term, const ProtobufCMessage *message)
{
    int64_t seconds;
    int32_t nanos;

    if (message == NULL)
        return false;
    assert(message->descriptor == &google__protobuf__timestamp__descriptor ||
           message->descriptor == &google__protobuf__duration__descriptor);
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        seconds = ((const Google__Protobuf__Timestamp *)message)->seconds;
        nanos = ((const Google__Protobuf__Timestamp *)message)->nanos;
    } else {
        seconds = ((const Google__Protobuf__Duration *)message)->seconds;
        nanos = ((const Google__Protobuf__Duration *)message)->nanos;
    }
    return filter__match_moment(term, seconds, nanos);
}

/* The value at an address: a singular field's, or an element's. */
static bool match_at(const struct matching *matching, const struct filter_term *term,
                     const struct field *field, const void *address)
{
    switch (term->comparison) {
    case FILTER_TEXT:
        return filter__match_text(matching->filter, matching->scratch, term,
                                  slice_from_cstr(*(char *const *)address));
    case FILTER_SIGNED:
    case FILTER_UNSIGNED:
        return filter__match_number(term, integer_at(field, address));
    case FILTER_REAL:
        return filter__match_real(term, field->pb->type == PROTOBUF_C_TYPE_FLOAT
                                            ? (double)*(const float *)address
                                            : *(const double *)address);
    case FILTER_TIME:
        return match_time(term, *(const ProtobufCMessage *const *)address);
    case FILTER_IS_SET:
    case FILTER_KEY:
        break;
    }
    return true;
}

/* -- fields ----------------------------------------------------------------------------------- */

static const ProtobufCMessage *find_entry(const ProtobufCMessage *message, const struct field *map,
                                          struct slice key)
{
    const struct field *key_field = message_field_by_number(map->message, 1);
    size_t count = field_count(message, map);

    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, map, i);

        if (slice_equal(map_entry_key(entry, key_field), key))
            return entry;
    }
    return NULL;
}

static bool match_steps(const struct matching *matching, const struct filter_term *term, size_t at,
                        const ProtobufCMessage *message);

/* The field of the step in one message, which is the object, one in it, or the entry of a map. */
static bool match_field(const struct matching *matching, const struct filter_term *term, size_t at,
                        const ProtobufCMessage *message, const struct field *field)
{
    bool last = at + 1 == term->step_count;
    size_t count;

    assert(message->descriptor == field->parent->pb);
    if (field->repeated && last && term->comparison == FILTER_KEY)
        return find_entry(message, field, term->text) != NULL;
    if (last && term->comparison == FILTER_IS_SET)
        return field_is_set(message, field);
    if (field->has_presence && !field_is_set(message, field))
        return false;
    count = field->repeated ? field_count(message, field) : 1;
    for (size_t i = 0; i < count; i++) {
        const void *address = field_address(message, field, i);

        if (last ? match_at(matching, term, field, address)
                 : match_steps(matching, term, at + 1, *(ProtobufCMessage *const *)address))
            return true;
    }
    return false;
}

static bool match_steps(const struct matching *matching, const struct filter_term *term, size_t at,
                        const ProtobufCMessage *message)
{
    const struct filter_step *step = &term->steps[at];
    const ProtobufCMessage *entry;

    assert(at < term->step_count);
    if (message == NULL)
        return false;
    if (!step->has_key)
        return match_field(matching, term, at, message, step->field);
    entry = find_entry(message, step->field, step->key);
    if (entry == NULL)
        return false;
    if (at + 1 == term->step_count && term->comparison == FILTER_IS_SET)
        return true;
    return match_field(matching, term, at, entry, message_field_by_number(step->field->message, 2));
}

/* -- the tree --------------------------------------------------------------------------------- */

static bool match_node(const struct matching *matching, const struct filter_node *node,
                       const ProtobufCMessage *message)
{
    bool any = node->type == FILTER_OR;

    assert(node->type == FILTER_TERM || node->first != NULL);
    if (node->type == FILTER_TERM)
        return match_steps(matching, node->term, 0, message);
    if (node->type == FILTER_NOT)
        return !match_node(matching, node->first, message);
    for (const struct filter_node *child = node->first; child != NULL; child = child->next)
        if (match_node(matching, child, message) == any)
            return any;
    return !any;
}

bool filter_matches(const struct filter *filter, struct arena *scratch,
                    const ProtobufCMessage *message)
{
    const struct matching matching = {filter, scratch};

    return filter->root == NULL || match_node(&matching, filter->root, message);
}
