/* Values of fields in the order of their bytes. */
#include "rpc/services/resource/index.h"

#include "google/protobuf/timestamp.pb-c.h"
#include "storage/bytes.h"
#include "storage/keys.h"

#define SIGN ((uint64_t)1 << 63)

/* Room for the longest value: the byte of presence, a text and its NUL. */
#define VALUE_MOST (1 + INDEX_TEXT_MOST + 1)
_Static_assert(VALUE_MOST >= 1 + sizeof(uint64_t) + sizeof(uint32_t), "a time fits");

/* -- encoding --------------------------------------------------------------------------------- */

static char *put_number(char *at, uint64_t ordered)
{
    *at = 1;
    return bytes_put_u64(at + 1, ordered);
}

static uint64_t order_real(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return (bits & SIGN) != 0 ? ~bits : bits ^ SIGN;
}

static char *put_time(char *at, int64_t seconds, int32_t nanos)
{
    return bytes_put_u32(put_number(at, (uint64_t)seconds ^ SIGN), (uint32_t)nanos);
}

/* Without the NUL at its end. */
static char *put_text(char *at, struct slice folded)
{
    size_t len = folded.len < INDEX_TEXT_MOST ? folded.len : INDEX_TEXT_MOST;

    *at = 1;
    if (len > 0)
        memcpy(at + 1, folded.data, len);
    return at + 1 + len;
}

static char *put_field(struct arena *arena, char *at, const struct field *field,
                       const ProtobufCMessage *message)
{
    const Google__Protobuf__Timestamp *time;

    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        at = put_text(at, key_fold_text(arena, field_get_string(message, field)));
        *at = '\0';
        return at + 1;
    case PROTOBUF_C_TYPE_MESSAGE:
        time = (const void *)field_get_message(message, field);
        return put_time(at, time->seconds, time->nanos);
    case PROTOBUF_C_TYPE_FLOAT:
        return put_number(at, order_real(*(const float *)field_address(message, field, 0)));
    case PROTOBUF_C_TYPE_DOUBLE:
        return put_number(at, order_real(*(const double *)field_address(message, field, 0)));
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return put_number(at, (uint64_t)field_get_int(message, field));
    default:
        return put_number(at, (uint64_t)field_get_int(message, field) ^ SIGN);
    }
}

struct slice index__value(struct arena *arena, const struct field *field,
                          const ProtobufCMessage *message)
{
    char *value = arena_alloc(arena, VALUE_MOST);
    char *end;

    if (value == NULL)
        return SLICE_EMPTY;
    if (field->has_presence && !field_is_set(message, field)) {
        value[0] = 0;
        return slice_make(value, 1);
    }
    end = put_field(arena, value, field, message);
    return arena_failed(arena) ? SLICE_EMPTY : slice_make(value, (size_t)(end - value));
}

void index_add_rows(struct arena *arena, const struct kind *kind, const struct uuid *organization,
                    const struct uuid *id, const ProtobufCMessage *message,
                    struct check_index **first)
{
    for (size_t i = 0; i < kind->message->field_count; i++) {
        const struct field *field = &kind->message->fields[i];

        if (field->indexed)
            check_index_add(arena, first, FAMILY_INDEXES,
                            key_index(arena, organization, kind->number, index_number(field),
                                      index__value(arena, field, message), id),
                            SLICE_EMPTY);
    }
}

/* -- ranges ----------------------------------------------------------------------------------- */

/* The value of a term as put_field would write it, a text without its NUL. */
static char *put_term(char *at, const struct filter_term *term)
{
    switch (term->comparison) {
    case FILTER_TEXT:
        return put_text(at, term->text);
    case FILTER_SIGNED:
        return put_number(at, (uint64_t)term->number ^ SIGN);
    case FILTER_UNSIGNED:
        return put_number(at, (uint64_t)term->number);
    case FILTER_REAL:
        return put_number(at, order_real(term->real + 0.0)); /* -0 is 0 */
    case FILTER_TIME:
        return put_time(at, term->number, term->nanos);
    case FILTER_IS_SET:
    case FILTER_KEY:
        break;
    }
    return NULL;
}

bool index__range(struct arena *arena, const struct field *field, const struct filter_term *term,
                  struct slice *ret_least, struct slice *ret_end)
{
    char *value = arena_alloc(arena, VALUE_MOST);
    char *end;
    bool is_cut = term->comparison == FILTER_TEXT && term->text.len >= INDEX_TEXT_MOST;

    if (term->step_count != 1 || term->steps[0].field != field || term->contains || value == NULL)
        return false;
    end = put_term(value, term);
    if (end == NULL || (term->comparison == FILTER_REAL && term->real == 0))
        return false;
    if (term->comparison == FILTER_TEXT && !term->prefix && !is_cut)
        *end++ = '\0';
    *ret_least = slice_make(value, (size_t)(end - value));
    *ret_end = key_prefix_end(arena, *ret_least);
    return !arena_failed(arena);
}
