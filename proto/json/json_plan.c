/* Compiles plans: all that a descriptor says of a field's JSON, looked up and escaped once. */
#include "proto/json/json_plan.h"

#include <assert.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json_text.h"
#include "proto/json/json_write_wkt.h"
#include "proto/message/message.h"

/* Places are bits of a set, and numbers of a byte. */
_Static_assert(PLAN_FIELDS_MOST <= 64 && PLAN_FIELDS_MOST <= UINT8_MAX, "a place does not fit");

static enum plan_value scalar_of(ProtobufCType type)
{
    static const enum plan_value values[] = {
        [PROTOBUF_C_TYPE_INT32] = PLAN_INT32,     [PROTOBUF_C_TYPE_SINT32] = PLAN_SINT32,
        [PROTOBUF_C_TYPE_SFIXED32] = PLAN_INT32,  [PROTOBUF_C_TYPE_INT64] = PLAN_INT64,
        [PROTOBUF_C_TYPE_SINT64] = PLAN_SINT64,   [PROTOBUF_C_TYPE_SFIXED64] = PLAN_INT64,
        [PROTOBUF_C_TYPE_UINT32] = PLAN_UINT32,   [PROTOBUF_C_TYPE_FIXED32] = PLAN_UINT32,
        [PROTOBUF_C_TYPE_UINT64] = PLAN_UINT64,   [PROTOBUF_C_TYPE_FIXED64] = PLAN_UINT64,
        [PROTOBUF_C_TYPE_FLOAT] = PLAN_FLOAT,     [PROTOBUF_C_TYPE_DOUBLE] = PLAN_DOUBLE,
        [PROTOBUF_C_TYPE_BOOL] = PLAN_BOOL,       [PROTOBUF_C_TYPE_ENUM] = PLAN_ENUM,
        [PROTOBUF_C_TYPE_STRING] = PLAN_STRING,   [PROTOBUF_C_TYPE_BYTES] = PLAN_BYTES,
        [PROTOBUF_C_TYPE_MESSAGE] = PLAN_MESSAGE,
    };

    assert((size_t)type < sizeof(values) / sizeof(values[0]));
    return values[type];
}

static enum plan_value value_of(const struct field *field)
{
    enum plan_value value = scalar_of(field->pb->type);

    if (value != PLAN_MESSAGE)
        return value;
    if (field->message->well_known == WELL_KNOWN_TIMESTAMP)
        return PLAN_TIMESTAMP;
    if (field->message->well_known == WELL_KNOWN_DURATION)
        return PLAN_DURATION;
    return json__is_special(field->message) ? PLAN_UNPACKED : PLAN_MESSAGE;
}

/* A copy as long as it is: a text that grows takes a KiB at least, and plans are kept. */
static struct slice quoted(struct arena *arena, struct slice text)
{
    struct arena scratch;
    struct json_text json = {.arena = &scratch};
    struct slice copy;

    arena_init_like(&scratch, arena);
    json_put_string(&json, text);
    copy = arena_copy(arena, json_text_slice(&json));
    if (arena_failed(&scratch))
        arena_fail(arena);
    arena_done(&scratch);
    return copy;
}

/* The texts one after the other, and JSON_PADDING bytes of no meaning after them. */
static struct slice padded(struct arena *arena, const struct slice *texts, size_t count)
{
    struct slice joined = text_join(arena, texts, count);
    char *copy = arena_zalloc(arena, joined.len + JSON_PADDING);

    if (copy == NULL)
        return SLICE_EMPTY;
    if (joined.len > 0)
        memcpy(copy, joined.data, joined.len);
    return slice_make(copy, joined.len);
}

static void compile_enum(struct arena *arena, struct plan_field *plan)
{
    const struct enum_type *type = plan->field->enumeration;
    struct slice *texts = arena_array(arena, PLAN_ENUM_MOST, sizeof(*texts));

    if (texts == NULL || type->is_null_value)
        return;
    for (int32_t number = 0; number < PLAN_ENUM_MOST; number++) {
        const struct enum_value *value = enum_value_by_number(type, number);
        struct slice name;

        if (value == NULL)
            break;
        name = quoted(arena, value->name);
        texts[number] = padded(arena, &name, 1);
        plan->enum_count = (size_t)number + 1;
    }
    plan->enum_texts = texts;
}

static struct slice default_of(const struct plan_field *plan)
{
    const struct field *field = plan->field;

    if (field->map)
        return SLICE("{}");
    if (field->repeated)
        return SLICE("[]");
    switch (plan->value) {
    case PLAN_BOOL:
        return SLICE("false");
    case PLAN_STRING:
    case PLAN_BYTES:
        return SLICE("\"\"");
    case PLAN_INT64:
    case PLAN_SINT64:
    case PLAN_UINT64:
        return SLICE("\"0\"");
    case PLAN_ENUM:
        if (field->enumeration->is_null_value)
            return SLICE("null");
        return plan->enum_count > 0 ? plan->enum_texts[0] : SLICE("0");
    case PLAN_MESSAGE:
    case PLAN_TIMESTAMP:
    case PLAN_DURATION:
    case PLAN_UNPACKED:
        return SLICE_EMPTY;
    default:
        return SLICE("0");
    }
}

/* Whether the field at its default is left out, as json_write.c has it. */
static bool says_nothing(const struct field *field)
{
    if (field->has_presence || field->secret)
        return true;
    if (field->repeated)
        return false;
    if (field->enumeration != NULL && field->enumeration->value_count > 0)
        return slice_equal(field->enumeration->values[0].name, SLICE("UNSPECIFIED"));
    return field->reference != NULL;
}

/* Whether 32 bits of a varint are the value. */
static bool is_half(enum plan_value value)
{
    return value == PLAN_INT32 || value == PLAN_SINT32 || value == PLAN_UINT32 ||
           value == PLAN_ENUM;
}

static struct plan_field compile_field(struct json_plans *plans, const struct field *field)
{
    struct arena *arena = plans->arena;
    struct plan_field plan = {.field = field, .value = value_of(field)};
    struct slice name = quoted(arena, field->json_name);

    plan.shape = field->map ? PLAN_MAP : field->repeated ? PLAN_LIST : PLAN_SINGLE;
    plan.wire = wire_type_of(field->pb->type);
    plan.mask = is_half(plan.value) ? UINT32_MAX : UINT64_MAX;
    plan.hidden = field->input_only;
    plan.key = padded(arena, (const struct slice[]){SLICE(","), name, SLICE(":")}, 3);
    if (plan.value == PLAN_ENUM)
        compile_enum(arena, &plan);
    if (plan.value == PLAN_MESSAGE) {
        plan.message = json_plan_of(plans, field->message);
        if (plan.message == NULL || (!plan.message->covered && !field->map))
            plan.value = PLAN_UNPACKED;
    }
    plan.empty = default_of(&plan);
    plan.left_out_at_zero = !field->repeated && !field->has_presence && says_nothing(field);
    if (!plan.hidden && !says_nothing(field))
        plan.absent = text_join(arena, (const struct slice[]){plan.key, plan.empty}, 2);
    assert(!field->oneof_member || field->oneof < 32); /* is_covered says so */
    if (field->oneof_member)
        plan.oneof = 1u << field->oneof;
    return plan;
}

/* Whether bytes of the type can be looked through by a plan. */
static bool is_covered(const struct message_type *type)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].number >= PLAN_NUMBERS_MOST)
            return false;
    return type->field_count <= PLAN_FIELDS_MOST && type->oneof_count <= 32;
}

/* Fields that follow each other are absent together more often than not. */
static void join_absents(struct arena *arena, struct json_plan *plan)
{
    struct slice *texts = arena_array(arena, plan->field_count, sizeof(*texts));
    uint32_t at = 0;

    plan->absent_at = arena_array(arena, plan->field_count + 1, sizeof(*plan->absent_at));
    if (texts == NULL || plan->absent_at == NULL)
        return;
    for (size_t i = 0; i < plan->field_count; i++) {
        texts[i] = plan->fields[i].absent;
        plan->absent_at[i] = at;
        at += (uint32_t)texts[i].len;
    }
    plan->absent_at[plan->field_count] = at;
    plan->absents = padded(arena, texts, plan->field_count).data;
}

static void compile(struct json_plans *plans, struct json_plan *plan)
{
    const struct message_type *type = plan->type;

    plan->fields = arena_array(plans->arena, type->field_count, sizeof(*plan->fields));
    if (plan->fields == NULL)
        return;
    assert(type->field_count <= PLAN_FIELDS_MOST);
    for (size_t i = 0; i < type->field_count; i++) {
        assert(type->declared[i]->number < PLAN_NUMBERS_MOST);
        plan->fields[i] = compile_field(plans, type->declared[i]);
        plan->by_number[type->declared[i]->number] = (uint8_t)(i + 1);
    }
    plan->field_count = type->field_count;
    join_absents(plans->arena, plan);
}

const struct json_plan *json_plan_of(struct json_plans *plans, const struct message_type *type)
{
    struct json_plan *plan = plans->first;

    while (plan != NULL && plan->type != type)
        plan = plan->next;
    if (plan != NULL)
        return plan;
    plan = arena_zalloc(plans->arena, sizeof(*plan));
    if (plan == NULL)
        return NULL;
    plan->type = type;
    plan->contract = plans->contract;
    plan->covered = is_covered(type) && !json__is_special(type);
    /* Known before its fields are compiled, which may lead back to it. */
    plan->next = plans->first;
    plans->first = plan;
    if (plan->covered)
        compile(plans, plan);
    return arena_failed(plans->arena) ? NULL : plan;
}
