/* Records are looked through at their top level alone; what lies deeper is copied as it is. */
#include "rpc/services/resource/stored.h"

#include "proto/contract/contract_find.h"
#include "proto/message/wire.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/computed.h"
#include "storage/record.h"

#define NUMBERS_MOST 256

/* Fields that what is computed is computed from. */
#define INPUTS_MOST 8

/* What becomes of a field of a record. */
enum fate {
    FATE_KEPT = 0,
    FATE_INPUT = 1,    /* kept, and what is computed depends on it */
    FATE_REPLACED = 2, /* left out: the answer computes it */
};

struct stored_plan {
    bool is_possible;
    uint8_t fates[NUMBERS_MOST]; /* of enum fate, joined, by field number */
    const struct field *inputs[INPUTS_MOST];
    size_t input_count;
    const struct field **replaced;
    size_t replaced_count;
    const ProtobufCMessage *blank; /* that others are copied from */
};

struct stored_plans {
    const struct contract *contract;
    struct stored_plan *plans;
};

/* -- binding ---------------------------------------------------------------------------------- */

static void add_input(struct stored_plan *plan, const struct field *field)
{
    if (field == NULL || plan->input_count == INPUTS_MOST) {
        plan->is_possible = false;
        return;
    }
    plan->inputs[plan->input_count++] = field;
    plan->fates[field->number] |= FATE_INPUT;
}

static void bind_plan(const struct kind *kind, const struct hook *hook, struct arena *arena,
                      struct stored_plan *plan)
{
    const struct message_type *type = kind->message;
    bool computes = hook != NULL && hook->functions->compute != NULL;
    const char *const *from = computes ? hook->functions->computed_from : NULL;
    bool has_reverse = false;

    plan->is_possible = !object__is_typed(kind) && (!computes || from != NULL);
    for (size_t i = 0; i < type->field_count; i++)
        plan->is_possible = plan->is_possible && type->fields[i].number < NUMBERS_MOST;
    plan->replaced = arena_array(arena, type->field_count, sizeof(const struct field *));
    plan->blank = message_new(arena, type);
    if (plan->replaced == NULL || plan->blank == NULL || !plan->is_possible)
        return;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];

        has_reverse = has_reverse || field->reverse != NULL;
        if (field != kind->etag && !field->computed && field->reverse == NULL)
            continue;
        plan->replaced[plan->replaced_count++] = field;
        plan->fates[field->number] |= FATE_REPLACED;
    }
    if (has_reverse && kind->id != NULL)
        add_input(plan, kind->id);
    for (size_t i = 0; from != NULL && from[i] != NULL; i++)
        add_input(plan, message_field_by_proto_name(type, slice_from_cstr(from[i])));
}

const struct stored_plans *stored_bind(const struct contract *contract, const struct hooks *hooks,
                                       struct arena *arena)
{
    struct stored_plans *bound = arena_zalloc(arena, sizeof(*bound));

    if (bound == NULL)
        return NULL;
    bound->contract = contract;
    bound->plans = arena_array(arena, contract->kind_count, sizeof(*bound->plans));
    for (size_t i = 0; bound->plans != NULL && i < contract->kind_count; i++) {
        bound->plans[i] = (struct stored_plan){0};
        bind_plan(contract->kinds[i], hooks__of(hooks, contract->kinds[i]), arena,
                  &bound->plans[i]);
    }
    return arena_failed(arena) ? NULL : bound;
}

static const struct stored_plan *plan_of(const struct call *call, const struct kind *kind)
{
    const struct hooks *hooks = call_services(call);
    const struct stored_plans *stored = hooks == NULL ? NULL : hooks->stored;

    for (size_t i = 0; stored != NULL && i < stored->contract->kind_count; i++)
        if (stored->contract->kinds[i] == kind)
            return &stored->plans[i];
    return NULL;
}

bool stored__is_possible(const struct call *call, const struct kind *kind)
{
    const struct stored_plan *plan = call->accepts_records ? plan_of(call, kind) : NULL;

    return plan != NULL && plan->is_possible;
}

/* Whether a varint is the value of the field, as it stands. */
static bool is_number(const struct field *field)
{
    ProtobufCType type = field->pb->type;

    return !field->repeated && (type == PROTOBUF_C_TYPE_ENUM || type == PROTOBUF_C_TYPE_INT32 ||
                                type == PROTOBUF_C_TYPE_BOOL || type == PROTOBUF_C_TYPE_INT64);
}

/* -- reading a record ------------------------------------------------------------------------- */

/* A record on its way into an answer. */
struct reading {
    const struct stored_plan *plan;
    struct slice kept;   /* of its bytes */
    struct slice inputs; /* likewise, except numbers; a copy where they do not lie side by side */
    struct {
        const struct field *field;
        uint64_t bits;
    } numbers[INPUTS_MOST];
    size_t number_count;
};

static bool skip_value(struct wire_cursor *cursor, enum wire_type wire)
{
    size_t len;

    if (wire != WIRE_LENGTH)
        return wire_skip_scalar(cursor, wire);
    if (!wire_read_length(cursor, &len))
        return false;
    cursor->at += len;
    return true;
}

/* Adds a piece to what is gathered: borrowed while one piece follows the other. */
static bool gather(struct arena *arena, struct slice *gathered, const uint8_t *from,
                   const uint8_t *to)
{
    const char *piece = (const char *)from;
    size_t len = (size_t)(to - from);
    char *copy;

    if (gathered->len == 0) {
        *gathered = slice_make(piece, len);
        return true;
    }
    if (gathered->data + gathered->len == piece) {
        gathered->len += len;
        return true;
    }
    copy = arena_alloc(arena, gathered->len + len);
    if (copy == NULL)
        return false;
    memcpy(copy, gathered->data, gathered->len);
    memcpy(copy + gathered->len, piece, len);
    *gathered = slice_make(copy, gathered->len + len);
    return true;
}

static const struct field *input_of(const struct stored_plan *plan, uint32_t number)
{
    for (size_t i = 0; i < plan->input_count; i++)
        if (plan->inputs[i]->number == number)
            return plan->inputs[i];
    return NULL;
}

/* Notes what is computed from, the field from `start` on; a number without unpacking. */
static bool note_input(struct arena *arena, struct reading *reading, uint32_t number,
                       enum wire_type wire, const uint8_t *start, const uint8_t *end)
{
    const struct field *field = input_of(reading->plan, number);
    const uint8_t *at = end;

    if (wire != WIRE_VARINT || field == NULL || !is_number(field) ||
        reading->number_count == INPUTS_MOST)
        return gather(arena, &reading->inputs, start, end);
    reading->numbers[reading->number_count].field = field;
    reading->numbers[reading->number_count].bits = 0;
    /*
     * From the last byte of the value back to the tag, whose last byte is its own first below 0x80.
     */
    for (at = end - 1; at > start && at[-1] >= 0x80; at--)
        ;
    for (unsigned shift = 0; at < end; at++, shift += 7)
        reading->numbers[reading->number_count].bits |= (uint64_t)(*at & 0x7f) << shift;
    reading->number_count++;
    return true;
}

static struct status look_through(struct arena *arena, struct reading *reading, struct slice body)
{
    struct wire_cursor cursor = {(const uint8_t *)body.data, (const uint8_t *)body.data + body.len};
    const uint8_t *kept_from = cursor.at;

    while (cursor.at < cursor.end) {
        const uint8_t *start = cursor.at;
        enum wire_type wire;
        unsigned fate;
        uint32_t number;

        if (!wire_read_tag(&cursor, &number, &wire) || !skip_value(&cursor, wire))
            return object_data_loss();
        fate = number < NUMBERS_MOST ? reading->plan->fates[number] : FATE_KEPT;
        if ((fate & FATE_INPUT) != 0 && !note_input(arena, reading, number, wire, start, cursor.at))
            return status_out_of_memory();
        if ((fate & FATE_REPLACED) == 0)
            continue;
        if (start > kept_from && !gather(arena, &reading->kept, kept_from, start))
            return status_out_of_memory();
        kept_from = cursor.at;
    }
    if (cursor.at > kept_from && !gather(arena, &reading->kept, kept_from, cursor.at))
        return status_out_of_memory();
    return status_ok();
}

/* An empty message, for less than it takes to set its defaults one by one. */
static ProtobufCMessage *copy_blank(struct arena *arena, const struct stored_plan *plan)
{
    size_t size = plan->blank->descriptor->sizeof_message;
    ProtobufCMessage *message = arena_alloc(arena, size);

    if (message != NULL)
        memcpy(message, plan->blank, size);
    return message;
}

/* The message that holds the inputs and the etag. */
static struct status begin(struct call *call, const struct kind *kind, struct slice value,
                           struct reading *reading, ProtobufCMessage **ret_shown)
{
    struct arena *arena = call->arena;
    struct record record;
    struct status status;

    if (!record_parse(value, &record))
        return object_data_loss();
    status = look_through(arena, reading, record.body);
    if (!status_is_ok(status))
        return status;
    *ret_shown = reading->inputs.len == 0 ? copy_blank(arena, reading->plan)
                                          : message_unpack(arena, kind->message, reading->inputs);
    if (*ret_shown == NULL)
        return arena_failed(arena) ? status_out_of_memory() : object_data_loss();
    for (size_t i = 0; i < reading->number_count; i++)
        field_set_int(*ret_shown, reading->numbers[i].field, (int64_t)reading->numbers[i].bits);
    if (kind->etag != NULL)
        field_set_string(arena, *ret_shown, kind->etag, call_etag(arena, record.revision));
    return status_ok();
}

/* -- writing ---------------------------------------------------------------------------------- */

/* Of a tag, a length or a number. */
#define VARINT_MOST 10

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static bool is_text(const struct field *field)
{
    return !field->repeated && field->pb->type == PROTOBUF_C_TYPE_STRING;
}

/* Writes numbers and texts; their end. */
static uint8_t *write_simply(const struct stored_plan *plan, const ProtobufCMessage *shown,
                             uint8_t *at)
{
    for (size_t i = 0; i < plan->replaced_count; i++) {
        const struct field *field = plan->replaced[i];

        if (!field_is_set(shown, field))
            continue;
        if (is_number(field)) {
            at = put_varint(at, (uint64_t)field->number << 3 | WIRE_VARINT);
            at = put_varint(at, (uint64_t)field_get_int(shown, field));
        } else {
            struct slice text = field_get_string(shown, field);

            at = put_varint(at, (uint64_t)field->number << 3 | WIRE_LENGTH);
            at = put_varint(at, text.len);
            memcpy(at, text.data, text.len);
            at += text.len;
        }
    }
    return at;
}

/* The most bytes that write_simply puts; 0 where it cannot write a field that is set. */
static size_t simple_size(const struct stored_plan *plan, const ProtobufCMessage *shown)
{
    size_t size = 1;

    for (size_t i = 0; i < plan->replaced_count; i++) {
        const struct field *field = plan->replaced[i];

        if (!field_is_set(shown, field))
            continue;
        if (!is_number(field) && !is_text(field))
            return 0;
        size += (size_t)2 * VARINT_MOST;
        size += is_text(field) ? field_get_string(shown, field).len : 0;
    }
    return size;
}

/* What was kept, and after it what is shown. */
static struct slice join(struct arena *arena, const struct reading *reading,
                         const ProtobufCMessage *shown)
{
    size_t size = simple_size(reading->plan, shown);
    bool is_simple = size > 0;
    uint8_t *bytes, *end;

    if (!is_simple)
        size = protobuf_c_message_get_packed_size(shown);
    bytes = arena_alloc(arena, reading->kept.len + size);
    if (bytes == NULL)
        return SLICE_EMPTY;
    if (reading->kept.len > 0)
        memcpy(bytes, reading->kept.data, reading->kept.len);
    if (is_simple)
        end = write_simply(reading->plan, shown, bytes + reading->kept.len);
    else
        end = bytes + reading->kept.len + protobuf_c_message_pack(shown, bytes + reading->kept.len);
    return slice_make(bytes, (size_t)(end - bytes));
}

/* What was only an input is in the record already. */
static void clear_inputs(const struct stored_plan *plan, ProtobufCMessage *shown)
{
    for (size_t i = 0; i < plan->input_count; i++)
        if ((plan->fates[plan->inputs[i]->number] & FATE_REPLACED) == 0)
            field_clear(shown, plan->inputs[i]);
}

struct status stored__complete(struct call *call, const struct kind *kind,
                               const struct slice *values, size_t count, struct slice *ret_bodies,
                               ProtobufCMessage **ret_shown)
{
    const struct stored_plan *plan = plan_of(call, kind);
    struct reading *readings = arena_alloc(call->arena, count * sizeof(*readings));
    struct status status = status_ok();

    if (readings == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < count; i++) {
        readings[i].plan = plan;
        readings[i].kept = readings[i].inputs = SLICE_EMPTY;
        readings[i].number_count = 0;
        status = begin(call, kind, values[i], &readings[i], &ret_shown[i]);
        if (!status_is_ok(status))
            return status;
    }
    status = computed_fill(call, kind, ret_shown, count);
    if (!status_is_ok(status))
        return status;
    for (size_t i = 0; i < count; i++) {
        clear_inputs(plan, ret_shown[i]);
        ret_bodies[i] = join(call->arena, &readings[i], ret_shown[i]);
    }
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}
