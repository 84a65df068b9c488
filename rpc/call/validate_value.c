/* The rules of single values, each with the sentence that says what is wanted. */
#include <regex.h>

#include "base/network.h"
#include "base/text.h"
#include "base/uuid.h"
#include "rpc/call/quotes.h"
#include "rpc/call/validate.h"

#define HOSTNAME_MOST 253
#define LABEL_MOST 63
#define EMAIL_MOST 254
#define EMAIL_LOCAL_MOST 64

/* One value under its rules. */
struct judged {
    struct validation *validation;
    const struct place *place;
    const struct field *field;
    const struct rules *rules;
    const char *subject;
};

static void want(const struct judged *judged, const char *what)
{
    validate__report(judged->validation, judged->place, "%s%s", judged->subject, what);
}

/* -- shapes of texts ----------------------------------------------------------------------- */

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_label(struct slice label)
{
    if (label.len == 0 || label.len > LABEL_MOST || label.data[0] == '-' ||
        label.data[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_alphanumeric(label.data[i]) && label.data[i] != '-')
            return false;
    return true;
}

static bool is_digits(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
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

/* The dot-atom form of RFC 5322 section 3.4.1 with a hostname behind it. */
static bool is_email(struct slice text)
{
    static const char atoms[] = "!#$%&'*+-/=?^_`{|}~.";
    size_t at = slice_find(text, '@');
    struct slice local = slice_make(text.data, at);

    if (text.len > EMAIL_MOST || at == text.len || at == 0 || at > EMAIL_LOCAL_MOST ||
        local.data[0] == '.' || local.data[at - 1] == '.')
        return false;
    for (size_t i = 0; i < local.len; i++) {
        if (!is_alphanumeric(local.data[i]) && strchr(atoms, local.data[i]) == NULL)
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

/* -- rules of texts ------------------------------------------------------------------------ */

static void check_length(const struct judged *judged, uint64_t length, const char *one,
                         const char *many)
{
    const struct rules *rules = judged->rules;
    unsigned long long least = rules->min_length;
    unsigned long long most = rules->max_length;

    if (!rules->has_length || (length >= least && length <= most))
        return;
    if (least == most)
        validate__report(judged->validation, judged->place, "%smust have exactly %llu %s",
                         judged->subject, most, most == 1 ? one : many);
    else if (rules->max_length == UINT64_MAX)
        validate__report(judged->validation, judged->place, "%smust have at least %llu %s",
                         judged->subject, least, least == 1 ? one : many);
    else if (least == 0)
        validate__report(judged->validation, judged->place, "%smust have at most %llu %s",
                         judged->subject, most, most == 1 ? one : many);
    else
        validate__report(judged->validation, judged->place, "%smust have %llu to %llu %s",
                         judged->subject, least, most, many);
}

static void check_in(const struct judged *judged, struct slice text)
{
    const struct rules *rules = judged->rules;
    struct slice list = SLICE_EMPTY;

    for (size_t i = 0; i < rules->in_count; i++)
        if (slice_equal(rules->in[i], text))
            return;
    for (size_t i = 0; i < rules->in_count; i++)
        list = arena_printf(judged->validation->arena, "%.*s%s\"%.*s\"", SLICE_ARG(list),
                            i == 0 ? "" : ", ", SLICE_ARG(rules->in[i]));
    if (rules->in_count > 0)
        validate__report(judged->validation, judged->place, "%smust be one of %.*s",
                         judged->subject, SLICE_ARG(list));
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
    if (rules->address && !is_hostname(text) && !is_address(text))
        want(judged, "must be a host name or an IP address");
    if (rules->uuid && !is_uuid(text))
        want(judged, "must be a UUID");
    if (rules->cidr && !is_network(text))
        want(judged, "must be an address or a network such as \"10.0.0.0/8\"");
}

/* A quote stands for a value that is not here to be judged. */
static bool is_quote(const struct judged *judged, struct slice text)
{
    bool may_quote = judged->validation->quotes;

    if (judged->field->reference != NULL)
        return false;
    for (const struct place *at = judged->place; at != NULL && !may_quote; at = at->parent)
        may_quote = at->field->quotes || at->field->secret;
    return may_quote && quote_is_whole(text, NULL);
}

static void check_string(const struct judged *judged, const char *string)
{
    const struct rules *rules = judged->rules;
    struct slice text = string == NULL ? SLICE("") : slice_from_cstr(string);

    check_length(judged, utf8_length(text), "character", "characters");
    if (is_quote(judged, text))
        return;
    if (rules->compiled != NULL && regexec(rules->compiled, text.data, 0, NULL, 0) != 0)
        validate__report(judged->validation, judged->place, "%smust match the pattern \"%.*s\"",
                         judged->subject, SLICE_ARG(rules->pattern));
    if (!slice_starts_with(text, rules->prefix))
        validate__report(judged->validation, judged->place, "%smust begin with \"%.*s\"",
                         judged->subject, SLICE_ARG(rules->prefix));
    check_in(judged, text);
    check_shape(judged, text);
}

/* -- rules of numbers ---------------------------------------------------------------------- */

static void check_range(const struct judged *judged, int64_t value, int64_t type_least,
                        int64_t type_most)
{
    const struct rules *rules = judged->rules;
    long long least = rules->least;
    long long most = rules->most;

    if (!rules->has_range || (value >= least && value <= most))
        return;
    if (most >= type_most)
        validate__report(judged->validation, judged->place, "%smust be at least %lld",
                         judged->subject, least);
    else if (least <= type_least)
        validate__report(judged->validation, judged->place, "%smust be at most %lld",
                         judged->subject, most);
    else
        validate__report(judged->validation, judged->place, "%smust be from %lld to %lld",
                         judged->subject, least, most);
}

static void check_enum(const struct judged *judged, int32_t number)
{
    const struct enum_type *type = judged->field->enumeration;
    struct slice list = SLICE_EMPTY;

    if (!judged->rules->defined_only || enum_value_by_number(type, number) != NULL)
        return;
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number != 0)
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
        check_length(&judged, ((const ProtobufCBinaryData *)address)->len, "byte", "bytes");
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        check_range(&judged, *(const int32_t *)address, INT32_MIN, INT32_MAX);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        check_range(&judged, *(const uint32_t *)address, 0, UINT32_MAX);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        check_range(&judged, *(const int64_t *)address, INT64_MIN, INT64_MAX);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        check_enum(&judged, *(const int32_t *)address);
        break;
    default: /* no rules but `required` exist for the others */
        break;
    }
}
