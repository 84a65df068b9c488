/* Random protobuf bytes by descriptor, for tests that compare two readers of them. */
#ifndef DATASTREAM_TESTS_JSON_RANDOM_MESSAGE_H
#define DATASTREAM_TESTS_JSON_RANDOM_MESSAGE_H

#include <stdlib.h>

#include "proto/contract/contract.h"
#include "proto/message/wire.h"

struct random_bytes {
    uint64_t state;
    unsigned char *bytes; /* NULL: only the length is wanted */
    size_t len;
    size_t capacity;
};

static inline unsigned random_below(struct random_bytes *random, unsigned most)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random->state >> 33) % most;
}

static inline void random_put(struct random_bytes *random, unsigned char byte)
{
    if (random->len == random->capacity) {
        random->capacity = random->capacity == 0 ? 256 : 2 * random->capacity;
        random->bytes = realloc(random->bytes, random->capacity);
    }
    random->bytes[random->len++] = byte;
}

static inline void random_put_varint(struct random_bytes *random, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        random_put(random, (unsigned char)(value | 0x80));
    random_put(random, (unsigned char)value);
}

/* Small, zero, huge and negative ones. */
static inline uint64_t random_value(struct random_bytes *random)
{
    switch (random_below(random, 6)) {
    case 0:
        return 0;
    case 1:
        return (uint64_t) - (int64_t)random_below(random, 1000);
    case 2:
        return (uint64_t)random_below(random, 1u << 30) << random_below(random, 34);
    default:
        return random_below(random, 4);
    }
}

static inline void random_put_text(struct random_bytes *random)
{
    static const char *const pieces[] = {"a",  "plain words of some length",
                                         "\"", "\\",
                                         "\n", "\x01",
                                         "ä",  "\U0001F600",
                                         "/",  "fooBar.baz_qux"};
    unsigned count = random_below(random, 4);
    struct slice parts[4];
    size_t len = 0;

    for (unsigned i = 0; i < count; i++) {
        parts[i] = slice_from_cstr(
            pieces[random_below(random, sizeof(pieces) / sizeof(pieces[0]))]);
        len += parts[i].len;
    }
    random_put_varint(random, len);
    for (unsigned i = 0; i < count; i++)
        for (size_t j = 0; j < parts[i].len; j++)
            random_put(random, (unsigned char)parts[i].data[j]);
}

static inline void random_put_message(struct random_bytes *random, const struct message_type *type,
                                      unsigned depth);

static inline void random_put_scalar(struct random_bytes *random, const struct field *field)
{
    enum wire_type wire = wire_type_of(field->pb->type);
    uint64_t value = random_value(random);

    if (field->pb->type == PROTOBUF_C_TYPE_BOOL)
        value &= 1;
    if (wire == WIRE_VARINT)
        random_put_varint(random, value);
    else
        for (unsigned i = 0; i < (wire == WIRE_FIXED64 ? 8u : 4u); i++)
            random_put(random, (unsigned char)(value >> 8 * i));
}

/* A body with its length in front, which `put` writes. */
static inline void random_put_body(struct random_bytes *random, const struct field *field,
                                   unsigned depth)
{
    struct random_bytes body = {.state = random->state};

    if (field->message != NULL) {
        random_put_message(&body, field->message, depth + 1);
    } else {
        for (unsigned i = random_below(&body, 4); i > 0; i--)
            random_put_scalar(&body, field);
    }
    random->state = body.state;
    random_put_varint(random, body.len);
    for (size_t i = 0; i < body.len; i++)
        random_put(random, body.bytes[i]);
    free(body.bytes);
}

static inline void random_put_field(struct random_bytes *random, const struct field *field,
                                    unsigned depth)
{
    enum wire_type wire = wire_type_of(field->pb->type);
    bool packed = field->repeated && wire != WIRE_LENGTH && random_below(random, 2) == 0;

    random_put_varint(random, (uint64_t)field->number << 3 | (packed ? WIRE_LENGTH : wire));
    if (field->message != NULL || packed)
        random_put_body(random, field, depth);
    else if (wire == WIRE_LENGTH)
        random_put_text(random);
    else
        random_put_scalar(random, field);
}

/* Seldom in parts, with keys twice, of two members of a oneof, or with an unknown field. */
static inline void random_put_message(struct random_bytes *random, const struct message_type *type,
                                      unsigned depth)
{
    unsigned share = depth == 0 ? 2 : 3;
    uint64_t oneofs = 0;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        unsigned count = field->repeated ? random_below(random, 4) : 1;
        uint64_t oneof = field->oneof_member ? UINT64_C(1) << field->oneof : 0;

        if (random_below(random, share) != 0 || (field->message != NULL && depth > 4))
            continue;
        if ((oneofs & oneof) != 0 && random_below(random, 40) != 0)
            continue;
        oneofs |= oneof;
        if (!field->repeated && random_below(random, 200) == 0)
            count = 2;
        for (; count > 0; count--)
            random_put_field(random, field, depth);
    }
    if (random_below(random, 30) == 0) {
        random_put_varint(random, 19999u << 3);
        random_put_varint(random, random_value(random));
    }
}

#endif
