/*
 * Runs plans over bytes. One pass notes where each field lies, the next writes the members in the
 * order of declaration. "Not covered" (false) never leaves a trace: the text goes back to where the
 * message began, and the message is unpacked.
 */
#include "proto/json/json_record.h"

#include <assert.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json_numbers.h"
#include "proto/json/json_plan.h"
#include "proto/json/json_text.h"
#include "proto/json/json_wkt.h"
#include "proto/json/json_write.h"
#include "proto/message/message.h"

/* Messages within each other that a plan goes into; deeper ones are unpacked. */
#define PLAN_DEPTH_MOST 16

/* Entries of a map whose keys are compared each with each. */
#define PLAN_ENTRIES_MOST 16

/* Where a field lies. A zero one is what the default is, too. */
struct spot {
    uint64_t bits;     /* of a scalar */
    const uint8_t *at; /* the body of a string, bytes or message; of a list its first tag */
    uint32_t len;      /* of the body, or of all elements with their tags */
    uint32_t count;    /* 0: the bytes lack it */
    bool packed;       /* `at` is the body of a packed list */
};

static bool write_message(struct json_writer *writer, const struct json_plan *plan,
                          struct slice bytes, unsigned depth);

/* -- reading ---------------------------------------------------------------------------------- */

static bool read_varint(struct wire_cursor *cursor, uint64_t *ret_bits)
{
    const uint8_t *at = cursor->at;
    uint64_t bits = 0;

    for (unsigned shift = 0; shift < 64 && at < cursor->end; shift += 7) {
        uint8_t byte = *at++;

        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte >= 0x80)
            continue;
        cursor->at = at;
        *ret_bits = bits;
        return shift < 63 || byte <= 1;
    }
    return false;
}

static bool read_fixed(struct wire_cursor *cursor, size_t size, uint64_t *ret_bits)
{
    uint64_t bits = 0;

    if ((size_t)(cursor->end - cursor->at) < size)
        return false;
    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)cursor->at[i] << (8 * i);
    cursor->at += size;
    *ret_bits = bits;
    return true;
}

static bool read_scalar(struct wire_cursor *cursor, enum wire_type wire, uint64_t *ret_bits)
{
    if (wire == WIRE_VARINT)
        return read_varint(cursor, ret_bits);
    return read_fixed(cursor, wire == WIRE_FIXED64 ? 8 : 4, ret_bits);
}

static bool read_body(struct wire_cursor *cursor, struct slice *ret_body)
{
    size_t len;

    if (!wire_read_length(cursor, &len))
        return false;
    *ret_body = slice_make(cursor->at, len);
    cursor->at += len;
    return true;
}

static bool skip_unknown(struct wire_cursor *cursor, enum wire_type wire)
{
    struct slice body;

    return wire == WIRE_LENGTH ? read_body(cursor, &body) : wire_skip_scalar(cursor, wire);
}

/* An element of a list, whose tag began at `start`; lists lie in one piece. */
static bool note_element(const struct plan_field *field, struct wire_cursor *cursor,
                         enum wire_type wire, const uint8_t *start, bool is_next, struct spot *spot)
{
    struct slice body;
    uint64_t bits;

    if (spot->count > 0 && (!is_next || spot->packed))
        return false;
    if (wire == WIRE_LENGTH && field->wire != WIRE_LENGTH) {
        if (spot->count > 0 || !read_body(cursor, &body))
            return false;
        if (body.len > 0)
            *spot = (struct spot){.at = (const uint8_t *)body.data,
                                  .len = (uint32_t)body.len,
                                  .count = 1,
                                  .packed = true};
        return true;
    }
    if (wire != field->wire ||
        !(wire == WIRE_LENGTH ? read_body(cursor, &body) : read_scalar(cursor, wire, &bits)))
        return false;
    if (spot->count++ == 0)
        spot->at = start;
    spot->len = (uint32_t)(cursor->at - spot->at);
    return true;
}

static bool note_single(const struct plan_field *field, struct wire_cursor *cursor,
                        enum wire_type wire, struct spot *spot)
{
    struct slice body;

    if (spot->count > 0 || wire != field->wire)
        return false;
    spot->count = 1;
    if (wire != WIRE_LENGTH) {
        if (!read_scalar(cursor, wire, &spot->bits))
            return false;
        spot->bits = field->value == PLAN_BOOL ? spot->bits != 0 : spot->bits & field->mask;
        return true;
    }
    if (!read_body(cursor, &body))
        return false;
    spot->at = (const uint8_t *)body.data;
    spot->len = (uint32_t)body.len;
    return true;
}

/* Notes where the fields lie, and by their places which there are; other spots stay as they are. */
static bool scan(const struct json_plan *plan, struct slice bytes, struct spot *spots,
                 uint64_t *ret_present)
{
    struct wire_cursor cursor = {(const uint8_t *)bytes.data,
                                 (const uint8_t *)bytes.data + bytes.len};
    uint64_t present = 0;
    unsigned oneofs = 0;
    unsigned last = 0;

    while (cursor.at < cursor.end) {
        const uint8_t *start = cursor.at;
        const struct plan_field *field;
        enum wire_type wire;
        uint32_t number;
        unsigned place;

        if (!wire_read_tag(&cursor, &number, &wire))
            return false;
        place = number < PLAN_NUMBERS_MOST ? plan->by_number[number] : 0;
        if (place == 0) {
            if (!skip_unknown(&cursor, wire))
                return false;
            last = 0;
            continue;
        }
        field = &plan->fields[place - 1];
        if ((oneofs & field->oneof) != 0)
            return false;
        oneofs |= field->oneof;
        if ((present >> (place - 1) & 1) == 0)
            spots[place - 1] = (struct spot){0};
        present |= UINT64_C(1) << (place - 1);
        if (!(field->shape != PLAN_SINGLE
                  ? note_element(field, &cursor, wire, start, place == last, &spots[place - 1])
                  : note_single(field, &cursor, wire, &spots[place - 1])))
            return false;
        last = place;
    }
    *ret_present = present;
    return true;
}

/* -- values ----------------------------------------------------------------------------------- */

static int64_t unzigzag(uint64_t bits)
{
    return (int64_t)(bits >> 1 ^ -(bits & 1));
}

static void put_quoted(struct json_text *text, void (*put)(struct json_text *, uint64_t),
                       uint64_t bits)
{
    json__put_char(text, '"');
    put(text, bits);
    json__put_char(text, '"');
}

static void put_signed(struct json_text *text, uint64_t bits)
{
    json_put_int(text, (int64_t)bits);
}

static void put_enum(struct json_text *text, const struct plan_field *field, int32_t number)
{
    const struct enum_value *value;

    if (number >= 0 && (size_t)number < field->enum_count) {
        json__put_padded(text, field->enum_texts[number].data, field->enum_texts[number].len);
        return;
    }
    if (field->field->enumeration->is_null_value) {
        json_put_literal(text, "null");
        return;
    }
    value = enum_value_by_number(field->field->enumeration, number);
    if (value != NULL)
        json_put_string(text, value->name);
    else
        json_put_int(text, number);
}

static void put_real(struct json_text *text, const struct plan_field *field, uint64_t bits)
{
    uint32_t half = (uint32_t)bits;
    float single;
    double real;

    memcpy(&single, &half, sizeof(single));
    memcpy(&real, &bits, sizeof(real));
    if (field->value == PLAN_FLOAT)
        json__put_float(text, single);
    else
        json__put_double(text, real);
}

static void put_scalar(struct json_text *text, const struct plan_field *field, uint64_t bits)
{
    switch (field->value) {
    case PLAN_INT32:
        json_put_int(text, (int32_t)bits);
        return;
    case PLAN_SINT32:
        json_put_int(text, (int32_t)unzigzag((uint32_t)bits));
        return;
    case PLAN_UINT32:
        json_put_int(text, (uint32_t)bits);
        return;
    case PLAN_INT64:
        put_quoted(text, put_signed, bits);
        return;
    case PLAN_SINT64:
        put_quoted(text, put_signed, (uint64_t)unzigzag(bits));
        return;
    case PLAN_UINT64:
        put_quoted(text, json__put_uint, bits);
        return;
    case PLAN_BOOL:
        json_put(text, bits != 0 ? SLICE("true") : SLICE("false"));
        return;
    case PLAN_ENUM:
        put_enum(text, field, (int32_t)bits);
        return;
    default:
        put_real(text, field, bits);
    }
}

/* Not covered where protobuf-c would cut it: at U+0000. */
static bool put_text(struct json_text *text, struct slice value)
{
    char *to;
    size_t run;

    if (!json__reserve(text, value.len + 2))
        return true;
    to = text->data + text->len;
    run = json__copy_run(to + 1, value.data, value.len);
    if (run < value.len) {
        if (memchr(value.data + run, '\0', value.len - run) != NULL)
            return false;
        json_put_string(text, value);
        return true;
    }
    to[0] = '"';
    to[1 + run] = '"';
    text->len += value.len + 2;
    return true;
}

/* A timestamp or a duration: seconds and nanos, each at most once. */
static bool put_moment(struct json_writer *writer, const struct plan_field *field,
                       struct slice bytes)
{
    struct json_moment *last = &writer->moment;
    struct wire_cursor cursor = {(const uint8_t *)bytes.data,
                                 (const uint8_t *)bytes.data + bytes.len};
    uint64_t parts[2] = {0, 0};
    unsigned seen = 0;

    if (field->value == PLAN_TIMESTAMP && bytes.len > 0 && slice_equal(bytes, last->bytes)) {
        json__put_padded(&writer->text, last->text, last->len);
        return true;
    }
    while (cursor.at < cursor.end) {
        unsigned part = *cursor.at == 0x08 ? 1 : *cursor.at == 0x10 ? 2 : 0;

        cursor.at++;
        if (part == 0 || (seen & part) != 0 || !read_varint(&cursor, &parts[part - 1]))
            return false;
        seen |= part;
    }
    if (field->value == PLAN_DURATION)
        return json__put_duration(&writer->text, (int64_t)parts[0], (int32_t)parts[1]);
    if (!json__put_next_timestamp(&writer->text, last, (int64_t)parts[0], (int32_t)parts[1]))
        return false;
    last->bytes = bytes;
    return true;
}

static bool put_unpacked(struct json_writer *writer, const struct message_type *type,
                         struct slice bytes)
{
    const ProtobufCMessage *message = message_unpack(writer->text.arena, type, bytes);

    return message != NULL && json__write_message(writer, type, message);
}

/* What comes with a length: string, bytes or message. */
static bool put_body(struct json_writer *writer, const struct plan_field *field, struct slice body,
                     unsigned depth)
{
    struct json_text *text = &writer->text;

    switch (field->value) {
    case PLAN_STRING:
        return put_text(text, body);
    case PLAN_BYTES:
        json__put_char(text, '"');
        json_put(text, base64_encode(text->arena, body, true));
        json__put_char(text, '"');
        return true;
    case PLAN_MESSAGE:
        return write_message(writer, field->message, body, depth + 1);
    case PLAN_TIMESTAMP:
    case PLAN_DURATION:
        return put_moment(writer, field, body);
    default:
        return put_unpacked(writer, field->field->message, body);
    }
}

static bool put_single(struct json_writer *writer, const struct plan_field *field,
                       const struct spot *spot, unsigned depth)
{
    if (field->wire == WIRE_LENGTH)
        return put_body(writer, field, slice_make(spot->at, spot->len), depth);
    put_scalar(&writer->text, field, spot->bits);
    return true;
}

/* -- lists and maps --------------------------------------------------------------------------- */

static bool put_packed(struct json_text *text, const struct plan_field *field,
                       const struct spot *spot)
{
    struct wire_cursor cursor = {spot->at, spot->at + spot->len};
    uint64_t bits;

    while (cursor.at < cursor.end) {
        if (cursor.at > spot->at)
            json__put_char(text, ',');
        /* protobuf-c refuses packed bools past 1. */
        if (!read_scalar(&cursor, field->wire, &bits) || (field->value == PLAN_BOOL && bits > 1))
            return false;
        put_scalar(text, field, bits);
    }
    return true;
}

static bool put_list(struct json_writer *writer, const struct plan_field *field,
                     const struct spot *spot, unsigned depth)
{
    struct wire_cursor cursor = {spot->at, spot->at + spot->len};
    struct spot element = {0};
    enum wire_type wire;
    uint32_t number;

    json__put_char(&writer->text, '[');
    if (spot->packed && !put_packed(&writer->text, field, spot))
        return false;
    while (!spot->packed && cursor.at < cursor.end) {
        if (cursor.at > spot->at)
            json__put_char(&writer->text, ',');
        element.count = 0;
        if (!wire_read_tag(&cursor, &number, &wire) ||
            !note_single(field, &cursor, wire, &element) ||
            !put_single(writer, field, &element, depth))
            return false;
    }
    json__put_char(&writer->text, ']');
    return true;
}

static bool is_same_key(const struct spot *a, const struct spot *b)
{
    return a->bits == b->bits && slice_equal(slice_make(a->at, a->len), slice_make(b->at, b->len));
}

/* A map key: a string whatever its type; strings and 64-bit integers have their quotes already. */
static bool put_key(struct json_writer *writer, const struct plan_field *key,
                    const struct spot *spot)
{
    bool is_quoted = key->value == PLAN_STRING || key->value == PLAN_INT64 ||
                     key->value == PLAN_SINT64 || key->value == PLAN_UINT64;

    if (!is_quoted)
        json__put_char(&writer->text, '"');
    if (!put_single(writer, key, spot, 0))
        return false;
    if (!is_quoted)
        json__put_char(&writer->text, '"');
    return true;
}

static bool put_entry(struct json_writer *writer, const struct plan_field *map, struct slice bytes,
                      struct spot *keys, uint32_t number, unsigned depth)
{
    const struct plan_field *key = &map->message->fields[map->message->by_number[1] - 1];
    const struct plan_field *value = &map->message->fields[map->message->by_number[2] - 1];
    struct spot spots[2] = {0};
    uint64_t present;

    if (!scan(map->message, bytes, spots, &present))
        return false;
    keys[number] = spots[key - map->message->fields];
    for (uint32_t i = 0; i < number; i++)
        if (is_same_key(&keys[i], &keys[number]))
            return false;
    if (number > 0)
        json__put_char(&writer->text, ',');
    if (!put_key(writer, key, &keys[number]))
        return false;
    json__put_char(&writer->text, ':');
    return put_single(writer, value, &spots[value - map->message->fields], depth);
}

static bool put_map(struct json_writer *writer, const struct plan_field *field,
                    const struct spot *spot, unsigned depth)
{
    struct wire_cursor cursor = {spot->at, spot->at + spot->len};
    struct spot keys[PLAN_ENTRIES_MOST];
    enum wire_type wire;
    struct slice body;
    uint32_t number;

    if (spot->count > PLAN_ENTRIES_MOST)
        return false;
    json__put_char(&writer->text, '{');
    for (uint32_t i = 0; i < spot->count; i++) {
        if (!wire_read_tag(&cursor, &number, &wire) || !read_body(&cursor, &body) ||
            !put_entry(writer, field, body, keys, i, depth))
            return false;
    }
    json__put_char(&writer->text, '}');
    return true;
}

/* -- messages --------------------------------------------------------------------------------- */

static bool put_member(struct json_writer *writer, const struct plan_field *field,
                       const struct spot *spot, unsigned depth)
{
    if (spot->count == 0) { /* of an empty packed list */
        json_put(&writer->text, field->absent);
        return true;
    }
    if (field->hidden || (field->left_out_at_zero && spot->bits == 0 && spot->len == 0))
        return true;
    json__put_padded(&writer->text, field->key.data, field->key.len);
    if (field->shape == PLAN_SINGLE)
        return put_single(writer, field, spot, depth);
    if (field->shape == PLAN_MAP)
        return put_map(writer, field, spot, depth);
    return put_list(writer, field, spot, depth);
}

/* What stands for the absent fields from one place on to another. */
static void put_absents(struct json_text *text, const struct json_plan *plan, size_t from,
                        size_t to)
{
    uint32_t at = plan->absent_at[from];

    json__put_padded(text, plan->absents + at, plan->absent_at[to] - at);
}

static bool write_members(struct json_writer *writer, const struct json_plan *plan,
                          struct slice bytes, unsigned depth)
{
    struct spot spots[PLAN_FIELDS_MOST];
    struct json_text *text = &writer->text;
    size_t start = text->len;
    uint64_t present;
    size_t at = 0;

    assert(plan->covered && plan->field_count <= PLAN_FIELDS_MOST);
    if (!scan(plan, bytes, spots, &present))
        return false;
    for (; present != 0; present &= present - 1) {
        size_t place = (size_t)__builtin_ctzll(present);

        if (place > at)
            put_absents(text, plan, at, place);
        if (!put_member(writer, &plan->fields[place], &spots[place], depth))
            return false;
        at = place + 1;
    }
    put_absents(text, plan, at, plan->field_count);
    /* Each member came with a comma; the brace takes the place of the first. */
    if (text->len > start)
        text->data[start] = '{';
    else
        json__put_char(text, '{');
    json__put_char(text, '}');
    return true;
}

static bool write_message(struct json_writer *writer, const struct json_plan *plan,
                          struct slice bytes, unsigned depth)
{
    bool written;

    if (!plan->covered || depth >= PLAN_DEPTH_MOST || writer->depth == JSON_WRITE_DEPTH_MOST)
        return false;
    writer->depth++;
    written = write_members(writer, plan, bytes, depth);
    writer->depth--;
    return written;
}

bool json__write_record(struct json_writer *writer, const struct json_plan *plan,
                        struct slice bytes)
{
    const struct json_write_options options = {
        .contract = plan->contract, .always_emit = true, .hide_input_only = true};
    const struct json_write_options *given = writer->options;
    struct status status = writer->status;
    size_t start = writer->text.len;
    unsigned depth = writer->depth;
    bool written;

    writer->options = &options;
    written = write_message(writer, plan, bytes, 0);
    if (!written && !arena_failed(writer->text.arena)) {
        assert(writer->text.len >= start && writer->depth >= depth);
        writer->text.len = start;
        writer->depth = depth;
        writer->status = status;
        written = put_unpacked(writer, plan->type, bytes) ||
                  json__write_refuse(writer, "A stored record cannot be read.");
    }
    writer->options = given;
    return written;
}

struct status json_write_record(struct arena *arena, const struct json_plan *plan,
                                struct slice bytes, struct slice *ret_text)
{
    struct json_writer writer = {.text = {.arena = arena}};

    json__write_record(&writer, plan, bytes);
    return json__write_end(&writer, ret_text);
}
