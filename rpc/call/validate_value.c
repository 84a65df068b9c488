/* The rules of single values, each with the sentence that says what is wanted. */
#include "rpc/call/validate_value.h"

#include <regex.h>

#include "base/ascii.h"
#include "base/network.h"
#include "base/text.h"
#include "base/uuid.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/quotes.h"
#include "rpc/call/validate.h"
#include "rpc/call/validate_number.h"
#include "rpc/call/validate_report.h"

#define HOSTNAME_MOST 253
#define LABEL_MOST 63
#define EMAIL_MOST 254
#define EMAIL_LOCAL_MOST 64

static void want(const struct judged *judged, const char *what)
{
    validate__report(judged->validation, judged->place, "%s%s", judged->subject, what);
}

/* -- shapes of texts ----------------------------------------------------------------------- */

static bool is_label(struct slice label)
{
    if (label.len == 0 || label.len > LABEL_MOST || label.data[0] == '-' ||
        label.data[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!ascii_is_letter_or_digit(label.data[i]) && label.data[i] != '-')
            return false;
    return true;
}

static bool is_digits(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is_digit(text.data[i]))
            return false;
    return true;
}

/* RFC 1123 section 2.1; a last label of digits alone would read as an address. */
static bool is_hostname(struct slice text)
{
    struct slice label;

    if (text.len == 0 || text.len > HOSTNAME_MOST)
        return false;
    for (;;) {
        size_t dot = slice_find(text, '.');

        label = slice_make(text.data, dot);
        if (!is_label(label))
            return false;
        if (dot == text.len)
            return !is_digits(label);
        text = slice_from(text, dot + 1);
    }
}

/* The dot-atom form of RFC 5322 section 3.4.1 with a hostname after it. */
static bool is_email(struct slice text)
{
    static const char atoms[] = "!#$%&'*+-/=?^_`{|}~.";
    size_t at = slice_find(text, '@');
    struct slice local = slice_make(text.data, at);

    if (text.len > EMAIL_MOST || at == text.len || at == 0 || at > EMAIL_LOCAL_MOST ||
        local.data[0] == '.' || local.data[at - 1] == '.')
        return false;
    for (size_t i = 0; i < local.len; i++) {
        if (!ascii_is_letter_or_digit(local.data[i]) && strchr(atoms, local.data[i]) == NULL)
            return false;
        if (i > 0 && local.data[i] == '.' && local.data[i - 1] == '.')
            return false;
    }
    return is_hostname(slice_from(text, at + 1));
}

static bool is_address(struct slice text)
{
    struct network address;

    return network_parse_address(text, &address);
}

static bool is_network(struct slice text)
{
    struct network network;

    return network_parse(text, &network);
}

static bool is_uuid(struct slice text)
{
    struct uuid id;

    return uuid_parse(text, &id);
}

/* An address of so many bytes. */
static bool is_address_of(struct slice text, size_t size)
{
    struct network address;

    return network_parse_address(text, &address) && address.size == size;
}

/* With a prefix length, and no bit set beyond it. */
static bool is_prefix(struct slice text)
{
    struct network network;

    if (slice_find(text, '/') == text.len || !network_parse(text, &network))
        return false;
    for (size_t bit = network.prefix; bit < (size_t)network.size * 8; bit++)
        if ((network.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return false;
    return true;
}

/* RFC 3986: a scheme (section 3.1), a colon, and characters of section 2 alone. */
static bool is_uri(struct slice text)
{
    static const char others[] = "-._~:/?#[]@!$&'()*+,;=";
    size_t colon = slice_find(text, ':');

    if (colon == text.len || colon == 0 || !ascii_is_letter_or_digit(text.data[0]) ||
        (text.data[0] >= '0' && text.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < colon; i++)
        if (!ascii_is_letter_or_digit(text.data[i]) && memchr("+-.", text.data[i], 3) == NULL)
            return false;
    for (size_t i = colon + 1; i < text.len; i++) {
        char c = text.data[i];

        if (c == '%') {
            if (i + 2 >= text.len || hex_value(text.data[i + 1]) < 0 ||
                hex_value(text.data[i + 2]) < 0)
                return false;
        } else if (!ascii_is_letter_or_digit(c) && memchr(others, c, sizeof(others) - 1) == NULL) {
            return false;
        }
    }
    return true;
}

static bool holds(struct slice text, struct slice part)
{
    return memmem(text.data, text.len, part.data, part.len) != NULL;
}

/* -- rules of texts ------------------------------------------------------------------------ */

static void check_length(const struct judged *judged, uint64_t length, uint64_t min, uint64_t max,
                         const char *one, const char *many)
{
    unsigned long long least = min;
    unsigned long long most = max;

    if (length >= least && length <= most)
        return;
    if (least == most)
        validate__report(judged->validation, judged->place, "%smust have exactly %llu %s",
                         judged->subject, most, most == 1 ? one : many);
    else if (max == UINT64_MAX)
        validate__report(judged->validation, judged->place, "%smust have at least %llu %s",
                         judged->subject, least, least == 1 ? one : many);
    else if (least == 0)
        validate__report(judged->validation, judged->place, "%smust have at most %llu %s",
                         judged->subject, most, most == 1 ? one : many);
    else
        validate__report(judged->validation, judged->place, "%smust have %llu to %llu %s",
                         judged->subject, least, most, many);
}

/* A part as a sentence shows it: text in quotes, bytes as hexadecimal digits. */
static struct slice shown(const struct judged *judged, struct slice part)
{
    struct arena *arena = judged->validation->arena;

    if (judged->field->pb->type == PROTOBUF_C_TYPE_BYTES)
        return arena_printf(arena, "0x%.*s", SLICE_ARG(hex_encode(arena, part)));
    return arena_printf(arena, "\"%.*s\"", SLICE_ARG(part));
}

static void check_in(const struct judged *judged, struct slice text)
{
    const struct rules *rules = judged->rules;
    struct slice list = SLICE_EMPTY;

    for (size_t i = 0; i < rules->in_count; i++)
        if (slice_equal(rules->in[i], text))
            return;
    for (size_t i = 0; i < rules->in_count; i++)
        list = arena_printf(judged->validation->arena, "%.*s%s%.*s", SLICE_ARG(list),
                            i == 0 ? "" : ", ", SLICE_ARG(shown(judged, rules->in[i])));
    if (rules->in_count > 0)
        validate__report(judged->validation, judged->place, "%smust be one of %.*s",
                         judged->subject, SLICE_ARG(list));
}

static void want_text(const struct judged *judged, const char *what, struct slice part)
{
    validate__report(judged->validation, judged->place, "%s%s %.*s", judged->subject, what,
                     SLICE_ARG(shown(judged, part)));
}

static void check_parts(const struct judged *judged, struct slice text)
{
    const struct rules *rules = judged->rules;

    if (!slice_starts_with(text, rules->prefix))
        want_text(judged, "must begin with", rules->prefix);
    if (!slice_ends_with(text, rules->suffix))
        want_text(judged, "must end with", rules->suffix);
    if (rules->contains.len > 0 && !holds(text, rules->contains))
        want_text(judged, "must contain", rules->contains);
    if (rules->not_contains.len > 0 && holds(text, rules->not_contains))
        want_text(judged, "must not contain", rules->not_contains);
    for (size_t i = 0; i < rules->not_in_count; i++)
        if (slice_equal(rules->not_in[i], text))
            want_text(judged, "must not be", text);
}

static void check_shape(const struct judged *judged, struct slice text)
{
    const struct rules *rules = judged->rules;

    if (rules->email && !is_email(text))
        want(judged, "must be an e-mail address");
    if (rules->hostname && !is_hostname(text))
        want(judged, "must be a host name");
    if (rules->ip && !is_address(text))
        want(judged, "must be an IPv4 or IPv6 address");
    if (rules->ipv4 && !is_address_of(text, 4))
        want(judged, "must be an IPv4 address");
    if (rules->ipv6 && !is_address_of(text, 16))
        want(judged, "must be an IPv6 address");
    if (rules->ip_prefix && !is_prefix(text))
        want(judged, "must be a network such as \"10.0.0.0/8\"");
    if (rules->uri && !is_uri(text))
        want(judged, "must be a URI");
    if (rules->address && !is_hostname(text) && !is_address(text))
        want(judged, "must be a host name or an IP address");
    if (rules->uuid && !is_uuid(text))
        want(judged, "must be a UUID");
    if (rules->cidr && !is_network(text))
        want(judged, "must be an address or a network such as \"10.0.0.0/8\"");
}

/*
 * A quote stands for a value that is not here to be judged, not even for its length: an address of
 * 45 characters has no room for the id of a secret. What a quote may hold bounds it: quotes.h.
 */
static bool is_quote(const struct judged *judged, struct slice text)
{
    bool may_quote = judged->validation->quotes;

    if (judged->field->reference != NULL)
        return false;
    for (const struct place *at = judged->place; at != NULL && !may_quote; at = at->parent)
        may_quote = at->field->quotes || at->field->secret;
    return may_quote && quote_is_whole(text, NULL);
}

static void check_pattern(const struct judged *judged, struct slice text)
{
    const struct rules *rules = judged->rules;
    regmatch_t whole = {0, (regoff_t)text.len}; /* REG_STARTEND: bytes may hold a NUL */

    if (rules->compiled != NULL &&
        regexec(rules->compiled, text.len == 0 ? "" : text.data, 1, &whole, REG_STARTEND) != 0)
        validate__report(judged->validation, judged->place, "%smust match the pattern \"%.*s\"",
                         judged->subject, SLICE_ARG(rules->pattern));
}

static void check_bytes(const struct judged *judged, const ProtobufCBinaryData *binary)
{
    const struct rules *rules = judged->rules;
    struct slice bytes = slice_make(binary->data, binary->len);

    if (rules->has_length)
        check_length(judged, bytes.len, rules->min_length, rules->max_length, "byte", "bytes");
    check_pattern(judged, bytes);
    check_parts(judged, bytes);
    check_in(judged, bytes);
}

static void check_string(const struct judged *judged, const char *string)
{
    const struct rules *rules = judged->rules;
    struct slice text = string == NULL ? SLICE("") : slice_from_cstr(string);

    if ((rules->length_alone && validate__length_is_clear(rules, text)) || is_quote(judged, text))
        return;
    if (rules->has_length && !validate__length_is_clear(rules, text))
        check_length(judged, utf8_length(text), rules->min_length, rules->max_length, "character",
                     "characters");
    if (rules->has_byte_length)
        check_length(judged, text.len, rules->min_bytes, rules->max_bytes, "byte", "bytes");
    check_pattern(judged, text);
    check_parts(judged, text);
    check_in(judged, text);
    check_shape(judged, text);
}

/* -- enums and all types -------------------------------------------------------------------- */

static bool is_among(const int32_t *numbers, size_t count, int32_t number)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

/* Whether an enum's rules let the number through. */
static bool is_allowed(const struct judged *judged, int32_t number)
{
    const struct rules *rules = judged->rules;

    if (rules->defined_only && enum_value_by_number(judged->field->enumeration, number) == NULL)
        return false;
    if (rules->number_count > 0 && !is_among(rules->numbers, rules->number_count, number))
        return false;
    return !is_among(rules->not_numbers, rules->not_number_count, number);
}

static void check_enum(const struct judged *judged, int32_t number)
{
    const struct enum_type *type = judged->field->enumeration;
    struct slice list = SLICE_EMPTY;

    if (is_allowed(judged, number))
        return;
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number != 0 && is_allowed(judged, type->values[i].number))
            list = arena_printf(judged->validation->arena, "%.*s%s%.*s", SLICE_ARG(list),
                                list.len == 0 ? "" : ", ", SLICE_ARG(type->values[i].name));
    validate__report(judged->validation, judged->place, "%smust be one of %.*s", judged->subject,
                     SLICE_ARG(list));
}

void validate__value(struct validation *validation, const struct place *place,
                     const struct field *field, const struct rules *rules, const void *address,
                     const char *subject)
{
    const struct judged judged = {validation, place, field, rules, subject};

    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        check_string(&judged, *(const char *const *)address);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        check_bytes(&judged, address);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        validate__integer(&judged, *(const int32_t *)address);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        validate__integer(&judged, *(const uint32_t *)address);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        validate__integer(&judged, *(const int64_t *)address);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        validate__unsigned(&judged, *(const uint64_t *)address);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        validate__real(&judged, *(const float *)address);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        validate__real(&judged, *(const double *)address);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        check_enum(&judged, *(const int32_t *)address);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        if (rules->has_const && *(const protobuf_c_boolean *)address != (int)rules->constant)
            want(&judged, rules->constant ? "must be true" : "must be false");
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        break; /* the caller's */
    }
}
