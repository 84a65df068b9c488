/* Records are looked through at their top level alone; what lies deeper is copied as it is. */
#include "rpc/services/resource/stored.h"

#include <assert.h>

#include "base/text.h"
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
    size_t etag_at;                /* of the etag among them; after them where the kind has none */
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
    size_t etag_at = 0;

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
        if (field == kind->etag)
            etag_at = plan->replaced_count;
        plan->replaced[plan->replaced_count++] = field;
        plan->fates[field->number] |= FATE_REPLACED;
    }
    plan->etag_at = kind->etag != NULL ? etag_at : plan->replaced_count;
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

    if (stored == NULL)
        return NULL;
    assert(kind->index < stored->contract->kind_count);
    return stored->contract->kinds[kind->index] == kind ? &stored->plans[kind->index] : NULL;
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

/* Readings with inputs of their own, the last ones, that a further one is compared with. */
#define LEADERS_MOST 8

/*
 * A record on its way into an answer. What is computed depends on the inputs alone, within one
 * call: a reading with the inputs of one before it is like that one, and has the same.
 */
struct reading {
    const struct stored_plan *plan;
    struct slice kept;   /* of its bytes */
    struct slice inputs; /* likewise, except numbers; a copy where they do not lie side by side */
    struct {
        const struct field *field;
        uint64_t bits;
    } numbers[INPUTS_MOST];
    size_t number_count;
    uint64_t revision;
    const struct reading *like; /* where what is computed stands; itself where no other has it */
    /* Of a reading that others may be like. */
    ProtobufCMessage *shown;
    bool is_simple;     /* what is computed is packed already: */
    struct slice front; /* what comes before the etag */
    struct slice back;  /* and after it */
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

/* The message that holds the inputs. */
static struct status begin_message(struct arena *arena, const struct kind *kind,
                                   struct reading *reading)
{
    ProtobufCMessage *shown = reading->inputs.len == 0
                                  ? copy_blank(arena, reading->plan)
                                  : message_unpack(arena, kind->message, reading->inputs);

    if (shown == NULL)
        return arena_failed(arena) ? status_out_of_memory() : object_data_loss();
    for (size_t i = 0; i < reading->number_count; i++)
        field_set_int(shown, reading->numbers[i].field, (int64_t)reading->numbers[i].bits);
    reading->shown = shown;
    return status_ok();
}

static struct status begin(struct call *call, struct slice value, const struct stored_plan *plan,
                           struct reading *reading)
{
    struct record record;

    if (!record_parse(value, &record))
        return object_data_loss();
    reading->plan = plan;
    reading->kept = reading->inputs = reading->front = reading->back = SLICE_EMPTY;
    reading->number_count = 0;
    reading->revision = record.revision;
    reading->shown = NULL;
    reading->like = NULL;
    reading->is_simple = false;
    return look_through(call->arena, reading, record.body);
}

static bool has_same_inputs(const struct reading *a, const struct reading *b)
{
    if (a->number_count != b->number_count || !slice_equal(a->inputs, b->inputs))
        return false;
    for (size_t i = 0; i < a->number_count; i++)
        if (a->numbers[i].field != b->numbers[i].field || a->numbers[i].bits != b->numbers[i].bits)
            return false;
    return true;
}

/* One of the last readings whose computed fields are those of this one; NULL: there is none. */
static const struct reading *find_like(struct reading *const *leaders, size_t count,
                                       const struct reading *reading)
{
    size_t least = count > LEADERS_MOST ? count - LEADERS_MOST : 0;

    for (size_t i = count; i-- > least;)
        if (has_same_inputs(leaders[i], reading))
            return leaders[i];
    return NULL;
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

/* Writes the numbers and texts of the fields from one place to another; their end. */
static uint8_t *write_simply(const struct stored_plan *plan, const ProtobufCMessage *shown,
                             size_t from, size_t to, uint8_t *at)
{
    for (size_t i = from; i < to; i++) {
        const struct field *field = plan->replaced[i];

        if (i == plan->etag_at || !field_is_set(shown, field))
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

        if (i == plan->etag_at || !field_is_set(shown, field))
            continue;
        if (!is_number(field) && !is_text(field))
            return 0;
        size += (size_t)2 * VARINT_MOST;
        size += is_text(field) ? field_get_string(shown, field).len : 0;
    }
    return size;
}

/* What was only an input is in the record already. */
static void clear_inputs(const struct stored_plan *plan, ProtobufCMessage *shown)
{
    for (size_t i = 0; i < plan->input_count; i++)
        if ((plan->fates[plan->inputs[i]->number] & FATE_REPLACED) == 0)
            field_clear(shown, plan->inputs[i]);
}

/* Packs what is computed; not simple afterwards: it must be packed by protobuf-c. */
static void pack_simply(struct arena *arena, struct reading *reading, const ProtobufCMessage *shown)
{
    const struct stored_plan *plan = reading->plan;
    uint8_t *bytes, *etag, *end;
    size_t size = simple_size(plan, shown);

    reading->is_simple = size > 0;
    bytes = size > 0 ? arena_alloc(arena, size) : NULL;
    if (bytes == NULL)
        return;
    etag = write_simply(plan, shown, 0, plan->etag_at, bytes);
    end = write_simply(plan, shown, plan->etag_at, plan->replaced_count, etag);
    assert((size_t)(end - bytes) <= size);
    reading->front = slice_make(bytes, (size_t)(etag - bytes));
    reading->back = slice_make(etag, (size_t)(end - etag));
}

/* Packs what was computed, once for all readings that are like this one. */
static void pack_computed(struct arena *arena, struct reading *reading)
{
    clear_inputs(reading->plan, reading->shown);
    pack_simply(arena, reading, reading->shown);
}

static uint8_t *put_bytes(uint8_t *at, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

static uint8_t *put_etag(uint8_t *at, const struct kind *kind, uint64_t revision)
{
    char digits[DECIMAL_MOST];
    struct slice text = decimal_put(digits, revision);

    at = put_varint(at, (uint64_t)kind->etag->number << 3 | WIRE_LENGTH);
    at = put_varint(at, text.len);
    return put_bytes(at, text);
}

/* What was kept, and after it what is shown. */
static struct slice join(struct arena *arena, const struct kind *kind,
                         const struct reading *reading)
{
    const struct reading *like = reading->like;
    size_t size = reading->kept.len + like->front.len + like->back.len + 2 * VARINT_MOST +
                  DECIMAL_MOST;
    uint8_t *bytes, *end;

    if (!like->is_simple) {
        if (kind->etag != NULL)
            field_set_string(arena, like->shown, kind->etag, call_etag(arena, reading->revision));
        size = reading->kept.len + protobuf_c_message_get_packed_size(like->shown);
    }
    bytes = arena_alloc(arena, size);
    if (bytes == NULL)
        return SLICE_EMPTY;
    end = put_bytes(bytes, reading->kept);
    if (!like->is_simple)
        return slice_make(bytes, (size_t)(end - bytes) + protobuf_c_message_pack(like->shown, end));
    end = put_bytes(end, like->front);
    if (kind->etag != NULL)
        end = put_etag(end, kind, reading->revision);
    end = put_bytes(end, like->back);
    assert((size_t)(end - bytes) <= size);
    return slice_make(bytes, (size_t)(end - bytes));
}

/* Reads the records, and for the leaders among them what is computed from their inputs. */
static struct status read_all(struct call *call, const struct kind *kind,
                              const struct slice *values, size_t count, struct reading *readings,
                              struct reading **leaders, size_t *ret_leader_count)
{
    const struct stored_plan *plan = plan_of(call, kind);
    struct status status = status_ok();
    size_t leader_count = 0;

    assert(plan != NULL && plan->is_possible);
    for (size_t i = 0; i < count; i++) {
        struct reading *reading = &readings[i];

        status = begin(call, values[i], plan, reading);
        if (!status_is_ok(status))
            return status;
        reading->like = find_like(leaders, leader_count, reading);
        if (reading->like != NULL)
            continue;
        reading->like = reading;
        leaders[leader_count++] = reading;
        status = begin_message(call->arena, kind, reading);
        if (!status_is_ok(status))
            return status;
    }
    *ret_leader_count = leader_count;
    return status;
}

static struct status compute(struct call *call, const struct kind *kind, struct reading **leaders,
                             size_t count)
{
    ProtobufCMessage **objects = arena_alloc(call->arena, count * sizeof(ProtobufCMessage *));
    struct status status;

    if (objects == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < count; i++)
        objects[i] = leaders[i]->shown;
    status = computed_fill(call, kind, objects, count);
    for (size_t i = 0; status_is_ok(status) && i < count; i++)
        pack_computed(call->arena, leaders[i]);
    return status;
}

struct status stored__complete(struct call *call, const struct kind *kind,
                               const struct slice *values, size_t count, struct slice *ret_bodies,
                               ProtobufCMessage **ret_shown)
{
    struct arena *arena = call->arena;
    struct reading *readings = arena_alloc(arena, count * sizeof(*readings));
    struct reading **leaders = arena_alloc(arena, count * sizeof(struct reading *));
    size_t leader_count = 0;
    struct status status;

    assert(ret_shown == NULL || count == 1);
    if (arena_failed(arena))
        return status_out_of_memory();
    status = read_all(call, kind, values, count, readings, leaders, &leader_count);
    if (status_is_ok(status))
        status = compute(call, kind, leaders, leader_count);
    if (!status_is_ok(status))
        return status;
    for (size_t i = 0; i < count; i++)
        ret_bodies[i] = join(arena, kind, &readings[i]);
    if (ret_shown != NULL && kind->etag != NULL)
        field_set_string(arena, readings[0].shown, kind->etag,
                         call_etag(arena, readings[0].revision));
    if (ret_shown != NULL)
        *ret_shown = readings[0].shown;
    return arena_failed(arena) ? status_out_of_memory() : status;
}

bool stored__complete_new(struct call *call, const struct kind *kind, struct slice record,
                          const ProtobufCMessage *answer, struct slice *ret_body)
{
    struct reading reading = {.plan = plan_of(call, kind), .like = &reading};

    if (reading.plan == NULL || !status_is_ok(look_through(call->arena, &reading, record)) ||
        (kind->etag != NULL &&
         !slice_to_u64(field_get_string(answer, kind->etag), &reading.revision)))
        return false;
    pack_simply(call->arena, &reading, answer);
    if (!reading.is_simple)
        return false;
    *ret_body = join(call->arena, kind, &reading);
    return !arena_failed(call->arena);
}
