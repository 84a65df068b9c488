/*
 * The rules are those of filter_match.c. What packing by protobuf-c never writes, such as a
 * singular field twice, makes the verdict unsure, and so do packed lists of numbers: unpacking
 * decides these.
 */
#include "proto/filter/filter_record.h"

#include "proto/contract/contract_find.h"
#include "proto/filter/filter_match.h"
#include "proto/message/wire.h"

#define PLAN_NUMBERS 256

struct filter_plan {
    uint8_t slots[PLAN_NUMBERS];  /* by number of a field, from 1; 0: not named */
    uint8_t oneofs[PLAN_NUMBERS]; /* the same of the members of oneofs that are named */
    unsigned slot_count;
    unsigned oneof_count;
};

/* A field in the bytes of its message. */
struct found {
    unsigned count; /* how often it is there */
    enum wire_type wire;
    struct slice value;        /* the last one */
    struct wire_cursor cursor; /* from the first one's tag to the end of the message */
};

struct judging {
    const struct filter *filter;
    struct arena *scratch;
    bool unsure;
    struct found found[FILTER_TERMS_MOST];
    bool has_member[FILTER_TERMS_MOST]; /* of a oneof */
};

/* Marks all members of a field's oneof; false where that cannot be. */
static bool plan_oneof(struct filter_plan *plan, const struct field *field)
{
    const struct message_type *type = field->parent;

    if (plan->oneofs[field->number] != 0)
        return true;
    plan->oneof_count++;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *member = &type->fields[i];

        if (!member->oneof_member || member->oneof != field->oneof)
            continue;
        if (member->number >= PLAN_NUMBERS)
            return false;
        plan->oneofs[member->number] = (uint8_t)plan->oneof_count;
    }
    return true;
}

const struct filter_plan *filter__plan(struct arena *arena, struct filter_term *terms)
{
    struct filter_plan *plan = arena_zalloc(arena, sizeof(*plan));

    if (plan == NULL)
        return NULL;
    for (struct filter_term *term = terms; term != NULL; term = term->next) {
        const struct field *field = term->steps[0].field;
        uint32_t number = field->number;

        if (number >= PLAN_NUMBERS || plan->slot_count == FILTER_TERMS_MOST ||
            (field->oneof_member && !plan_oneof(plan, field)))
            return NULL;
        if (plan->slots[number] == 0)
            plan->slots[number] = (uint8_t)++plan->slot_count;
        term->slot = plan->slots[number] - 1U;
    }
    return plan;
}

bool filter_plan_names(const struct filter *filter, const struct field *field)
{
    return filter->plan != NULL && field->number < PLAN_NUMBERS &&
           filter->plan->slots[field->number] != 0;
}

/* -- bytes ------------------------------------------------------------------------------------ */

static bool unsure(struct judging *judging)
{
    judging->unsure = true;
    return false;
}

/*
 * The next field; false at the end, and where the bytes are malformed: then the cursor is not at
 * its end.
 */
static bool read_field(struct wire_cursor *cursor, uint32_t *ret_number, enum wire_type *ret_wire,
                       struct slice *ret_value)
{
    struct wire_cursor at = *cursor;
    const uint8_t *from;
    size_t len;

    if (at.at == at.end || !wire_read_tag(&at, ret_number, ret_wire))
        return false;
    if (*ret_wire == WIRE_LENGTH) {
        if (!wire_read_length(&at, &len))
            return false;
        from = at.at;
        at.at += len;
    } else {
        from = at.at;
        if (!wire_skip_scalar(&at, *ret_wire))
            return false;
    }
    *ret_value = slice_make((const char *)from, (size_t)(at.at - from));
    *cursor = at;
    return true;
}

static struct wire_cursor cursor_of(struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.data;

    return (struct wire_cursor){at, at + bytes.len};
}

static void note(struct found *found, struct wire_cursor before, enum wire_type wire,
                 struct slice value)
{
    if (found->count++ == 0)
        found->cursor = before;
    found->wire = wire;
    found->value = value;
}

/* One field of a message within the object. */
static struct found find(struct judging *judging, struct slice bytes, uint32_t wanted)
{
    struct wire_cursor cursor = cursor_of(bytes), before = cursor;
    struct found found = {.count = 0};
    enum wire_type wire;
    struct slice value;
    uint32_t number;

    while (read_field(&cursor, &number, &wire, &value)) {
        if (number == wanted)
            note(&found, before, wire, value);
        before = cursor;
    }
    if (cursor.at != cursor.end)
        unsure(judging);
    return found;
}

/* Of a oneof the last member counts: two of them are for unpacking to decide. */
static void note_member(struct judging *judging, unsigned oneof)
{
    if (judging->has_member[oneof - 1])
        unsure(judging);
    judging->has_member[oneof - 1] = true;
}

/* All fields of the object that the filter names. */
static void find_all(struct judging *judging, struct slice bytes)
{
    const struct filter_plan *plan = judging->filter->plan;
    struct wire_cursor cursor = cursor_of(bytes), before = cursor;
    enum wire_type wire;
    struct slice value;
    uint32_t number;

    for (unsigned i = 0; i < plan->slot_count; i++)
        judging->found[i].count = 0;
    for (unsigned i = 0; i < plan->oneof_count; i++)
        judging->has_member[i] = false;
    while (read_field(&cursor, &number, &wire, &value)) {
        if (number < PLAN_NUMBERS && plan->slots[number] != 0)
            note(&judging->found[plan->slots[number] - 1], before, wire, value);
        if (number < PLAN_NUMBERS && plan->oneofs[number] != 0)
            note_member(judging, plan->oneofs[number]);
        before = cursor;
    }
    if (cursor.at != cursor.end)
        unsure(judging);
}

/* The next value of a repeated field. */
static bool next_of(struct found *found, uint32_t wanted, enum wire_type *ret_wire,
                    struct slice *ret_value)
{
    uint32_t number;

    while (read_field(&found->cursor, &number, ret_wire, ret_value))
        if (number == wanted)
            return true;
    return false;
}

/* -- values ----------------------------------------------------------------------------------- */

static uint64_t bits_of(enum wire_type wire, struct slice value)
{
    uint64_t bits = 0;

    if (wire == WIRE_VARINT)
        for (size_t i = 0; i < value.len; i++)
            bits |= (uint64_t)((unsigned char)value.data[i] & 0x7f) << (7 * i);
    else
        for (size_t i = 0; i < value.len; i++)
            bits |= (uint64_t)(unsigned char)value.data[i] << (8 * i);
    return bits;
}

static int64_t unzigzag(uint64_t bits)
{
    return (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
}

/* As a message in memory has it. */
static int64_t integer_of(const struct field *field, uint64_t bits)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return bits != 0;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return (uint32_t)bits;
    case PROTOBUF_C_TYPE_SINT32:
        return (int32_t)unzigzag((uint32_t)bits);
    case PROTOBUF_C_TYPE_SINT64:
        return unzigzag(bits);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return (int64_t)bits;
    default: /* enums too */
        return (int32_t)bits;
    }
}

static double real_of(const struct field *field, uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    double real;
    float single;

    if (field->pb->type == PROTOBUF_C_TYPE_FLOAT) {
        memcpy(&single, &low, sizeof(single));
        return (double)single;
    }
    memcpy(&real, &bits, sizeof(real));
    return real;
}

/* A Timestamp or a Duration: seconds are number 1, nanos number 2. */
static bool match_moment(struct judging *judging, const struct filter_term *term,
                         struct slice bytes)
{
    const struct found seconds = find(judging, bytes, 1);
    const struct found nanos = find(judging, bytes, 2);

    if (seconds.count > 1 || nanos.count > 1 || seconds.wire != WIRE_VARINT ||
        nanos.wire != WIRE_VARINT)
        return unsure(judging);
    return filter__match_moment(term, (int64_t)bits_of(WIRE_VARINT, seconds.value),
                                (int32_t)bits_of(WIRE_VARINT, nanos.value));
}

/* One value: a singular field's, or an element's. An empty one is the default's. */
static bool match_value(struct judging *judging, const struct filter_term *term,
                        const struct field *field, struct slice value)
{
    enum wire_type wire = wire_type_of(field->pb->type);

    switch (term->comparison) {
    case FILTER_TEXT:
        if (value.len > 0 && memchr(value.data, '\0', value.len) != NULL)
            return unsure(judging);
        return filter__match_text(judging->filter, judging->scratch, term, value);
    case FILTER_SIGNED:
    case FILTER_UNSIGNED:
        return filter__match_number(term, integer_of(field, bits_of(wire, value)));
    case FILTER_REAL:
        return filter__match_real(term, real_of(field, bits_of(wire, value)));
    case FILTER_TIME:
        return match_moment(judging, term, value);
    case FILTER_IS_SET:
    case FILTER_KEY:
        break;
    }
    return true;
}

/* -- fields ----------------------------------------------------------------------------------- */

/* The last entry of a map with the key, as unpacking keeps it; its bytes, or false. */
static bool find_entry(struct judging *judging, const struct field *map, struct found entries,
                       struct slice wanted, struct slice *ret_entry)
{
    const struct field *key = message_field_by_number(map->message, 1);
    enum wire_type wire;
    struct slice entry;
    bool is_there = false;

    if (key->pb->type != PROTOBUF_C_TYPE_STRING)
        return unsure(judging);
    while (entries.count > 0 && next_of(&entries, map->number, &wire, &entry)) {
        struct found found = find(judging, entry, 1);

        if (wire != WIRE_LENGTH || found.count > 1 ||
            (found.count == 1 && found.wire != WIRE_LENGTH))
            return unsure(judging);
        if (!slice_equal(found.count == 0 ? SLICE_EMPTY : found.value, wanted))
            continue;
        *ret_entry = entry;
        is_there = true;
    }
    return is_there;
}

static bool match_steps(struct judging *judging, const struct filter_term *term, size_t at,
                        struct found *found);

/* What a value of the step's field says: it is compared, or leads on to one of its own fields. */
static bool match_one(struct judging *judging, const struct filter_term *term, size_t at,
                      const struct field *field, enum wire_type wire, struct slice value)
{
    struct found next;

    if (wire != wire_type_of(field->pb->type)) /* a packed list too */
        return unsure(judging);
    if (at + 1 == term->step_count)
        return match_value(judging, term, field, value);
    next = find(judging, value, term->steps[at + 1].field->number);
    return match_steps(judging, term, at + 1, &next);
}

/* Whether a field without presence is set: whether it differs from its default. */
static bool differs(const struct field *field, const struct found *found)
{
    if (found->wire == WIRE_LENGTH)
        return found->value.len > 0;
    return integer_of(field, bits_of(found->wire, found->value)) != 0 ||
           (found->wire != WIRE_VARINT && bits_of(found->wire, found->value) != 0);
}

static bool match_set(struct judging *judging, const struct field *field, const struct found *found)
{
    enum wire_type wire = wire_type_of(field->pb->type);

    if (found->count == 0)
        return false;
    if (found->wire != wire || (found->count > 1 && !field->repeated))
        return unsure(judging);
    return field->repeated || field->has_presence || differs(field, found);
}

/* The field of the step in one message, which is the object, one in it, or the entry of a map. */
static bool match_field(struct judging *judging, const struct filter_term *term, size_t at,
                        const struct field *field, struct found *found)
{
    bool last = at + 1 == term->step_count;
    enum wire_type wire;
    struct slice value;

    if (field->oneof_member && at > 0) /* another member after it would have taken its place */
        return unsure(judging);
    if (last && term->comparison == FILTER_KEY)
        return find_entry(judging, field, *found, term->text, &value);
    if (last && term->comparison == FILTER_IS_SET)
        return match_set(judging, field, found);
    if (!field->repeated && found->count > 1)
        return unsure(judging);
    if (!field->repeated && found->count == 0)
        return !field->has_presence &&
               match_one(judging, term, at, field, wire_type_of(field->pb->type), SLICE_EMPTY);
    while (found->count > 0 && next_of(found, field->number, &wire, &value))
        if (match_one(judging, term, at, field, wire, value))
            return true;
    return false;
}

static bool match_steps(struct judging *judging, const struct filter_term *term, size_t at,
                        struct found *found)
{
    const struct filter_step *step = &term->steps[at];
    struct slice entry;
    struct found value;

    if (!step->has_key)
        return match_field(judging, term, at, step->field, found);
    if (!find_entry(judging, step->field, *found, step->key, &entry))
        return false;
    if (at + 1 == term->step_count && term->comparison == FILTER_IS_SET)
        return true;
    value = find(judging, entry, 2);
    return match_field(judging, term, at, message_field_by_number(step->field->message, 2), &value);
}

/* -- the tree --------------------------------------------------------------------------------- */

/* Once unsure it ends with any answer. */
static bool match_node(struct judging *judging, const struct filter_node *node)
{
    bool any = node->type == FILTER_OR;

    if (node->type == FILTER_TERM) {
        struct found found = judging->found[node->term->slot];

        return match_steps(judging, node->term, 0, &found);
    }
    if (node->type == FILTER_NOT)
        return !match_node(judging, node->first);
    for (const struct filter_node *child = node->first; child != NULL && !judging->unsure;
         child = child->next)
        if (match_node(judging, child) == any)
            return any;
    return !any;
}

enum filter_verdict filter_judge_record(const struct filter *filter, struct arena *scratch,
                                        struct slice bytes)
{
    struct judging judging;
    bool matches;

    if (filter->root == NULL)
        return FILTER_MATCHES;
    if (filter->plan == NULL)
        return FILTER_UNSURE;
    judging.filter = filter;
    judging.scratch = scratch;
    judging.unsure = false;
    find_all(&judging, bytes);
    matches = !judging.unsure && match_node(&judging, filter->root);
    if (judging.unsure)
        return FILTER_UNSURE;
    return matches ? FILTER_MATCHES : FILTER_DIFFERS;
}
