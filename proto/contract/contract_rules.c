/*
 * Unfolds buf.validate into struct rules, and refuses rules that do not fit their field. Limits
 * become inclusive; patterns are compiled once for the process and kept for its life.
 */
#include <pthread.h>
#include <regex.h>
#include <stdlib.h>

#include "buf/validate/validate.pb-c.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/contract_options.h"
#include "proto/contract/contract_rules.h"
#include "proto/contract/contract_rules_moments.h"
#include "proto/contract/contract_rules_numbers.h"

static struct status unfit(const struct rule_target *target)
{
    return contract__refuse_rule(target, "that does not fit its type");
}

static bool is_single(const struct rule_target *target)
{
    return target->single || !target->field->repeated;
}

static bool type_is(const struct rule_target *target, ProtobufCType type)
{
    return is_single(target) && target->field->pb->type == type;
}

static bool is_well_known(const struct rule_target *target, enum well_known which)
{
    const struct message_type *type = target->field->message;

    return is_single(target) && type != NULL && type->well_known == which;
}

/* -- texts */

static struct status take_length(const struct rule_target *target, bool has_min, uint64_t min,
                                 bool has_max, uint64_t max, struct rules *rules)
{
    rules->has_length = has_min || has_max;
    rules->min_length = has_min ? min : 0;
    rules->max_length = has_max ? max : UINT64_MAX;
    if (rules->min_length > rules->max_length)
        return contract__refuse_rule(target, "that no value can meet");
    return status_ok();
}

/* Every pattern that was ever compiled; under the lock. */
struct pattern {
    struct pattern *next;
    char *text;
    regex_t regex;
};
static pthread_mutex_t patterns_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pattern *patterns;

static struct pattern *compile_new(const char *anchored, int *ret_error)
{
    struct pattern *pattern = calloc(1, sizeof(*pattern));

    *ret_error = REG_ESPACE;
    if (pattern == NULL)
        return NULL;
    pattern->text = strdup(anchored);
    if (pattern->text != NULL)
        *ret_error = regcomp(&pattern->regex, anchored, REG_EXTENDED | REG_NOSUB);
    if (*ret_error == 0)
        return pattern;
    free(pattern->text);
    free(pattern);
    return NULL;
}

/* The pattern of that text, compiled now or before; NULL with regcomp's error. */
static regex_t *compile_pattern(const char *anchored, int *ret_error)
{
    struct pattern *pattern;

    pthread_mutex_lock(&patterns_lock);
    for (pattern = patterns; pattern != NULL; pattern = pattern->next)
        if (strcmp(pattern->text, anchored) == 0)
            break;
    if (pattern == NULL) {
        pattern = compile_new(anchored, ret_error);
        if (pattern != NULL) {
            pattern->next = patterns;
            patterns = pattern;
        }
    }
    pthread_mutex_unlock(&patterns_lock);
    return pattern == NULL ? NULL : &pattern->regex;
}

static struct status take_pattern(const struct rule_target *target, const char *text,
                                  struct rules *rules)
{
    struct slice anchored = arena_printf(target->build->arena, "^(%s)$", text);
    int error;

    if (anchored.data == NULL)
        return status_out_of_memory();
    rules->pattern = slice_from_cstr(text);
    rules->compiled = compile_pattern(anchored.data, &error);
    if (rules->compiled != NULL)
        return status_ok();
    if (error == REG_ESPACE)
        return status_out_of_memory();
    return contract__error(target->build, "%.*s.%.*s has a pattern that does not compile: \"%s\".",
                           SLICE_ARG(target->field->parent->full_name),
                           SLICE_ARG(target->field->name), text);
}

static void take_shape(const Buf__Validate__StringRules *from, struct rules *rules)
{
    switch (from->well_known_case) {
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_EMAIL:
        rules->email = from->email;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_HOSTNAME:
        rules->hostname = from->hostname;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_IP:
        rules->ip = from->ip;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_ADDRESS:
        rules->address = from->address;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_UUID:
        rules->uuid = from->uuid;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_IP_WITH_PREFIXLEN:
        rules->cidr = from->ip_with_prefixlen;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_IPV4:
        rules->ipv4 = from->ipv4;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_IPV6:
        rules->ipv6 = from->ipv6;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_IP_PREFIX:
        rules->ip_prefix = from->ip_prefix;
        break;
    case BUF__VALIDATE__STRING_RULES__WELL_KNOWN_URI:
        rules->uri = from->uri;
        break;
    default:
        break;
    }
}

/* NULL when the arena failed. */
static struct slice *texts_of(struct arena *arena, char *const *from, size_t count,
                              size_t *ret_count)
{
    struct slice *texts = arena_array(arena, count, sizeof(*texts));

    for (size_t i = 0; texts != NULL && i < count; i++)
        texts[i] = slice_from_cstr(from[i]);
    *ret_count = texts == NULL ? 0 : count;
    return texts;
}

static struct status take_lengths(const struct rule_target *target,
                                  const Buf__Validate__StringRules *from, struct rules *rules)
{
    if ((from->has_len && (from->has_min_len || from->has_max_len)) ||
        (from->has_len_bytes && (from->has_min_bytes || from->has_max_bytes)))
        return contract__refuse_rule(target, "with both an exact length and a range of lengths");
    rules->has_byte_length = from->has_len_bytes || from->has_min_bytes || from->has_max_bytes;
    rules->min_bytes = from->has_len_bytes ? from->len_bytes : from->min_bytes;
    rules->max_bytes = UINT64_MAX;
    if (from->has_len_bytes || from->has_max_bytes)
        rules->max_bytes = from->has_len_bytes ? from->len_bytes : from->max_bytes;
    if (rules->min_bytes > rules->max_bytes)
        return contract__refuse_rule(target, "that no value can meet");
    if (from->has_len)
        return take_length(target, true, from->len, true, from->len, rules);
    return take_length(target, from->has_min_len, from->min_len, from->has_max_len, from->max_len,
                       rules);
}

/* Whether a string's length is all that its rules judge. */
static bool is_length_alone(const Buf__Validate__StringRules *from, const struct rules *rules)
{
    return rules->has_length && !rules->has_byte_length && from->pattern == NULL &&
           from->well_known_case == BUF__VALIDATE__STRING_RULES__WELL_KNOWN__NOT_SET &&
           rules->prefix.len == 0 && rules->suffix.len == 0 && rules->contains.len == 0 &&
           rules->not_contains.len == 0 && rules->in_count == 0 && rules->not_in_count == 0;
}

static struct status take_string(const struct rule_target *target,
                                 const Buf__Validate__StringRules *from, struct rules *rules)
{
    struct arena *arena = target->build->arena;
    struct status status;

    status = take_lengths(target, from, rules);
    if (!status_is_ok(status))
        return status;
    rules->prefix = slice_from_cstr(from->prefix);
    rules->suffix = slice_from_cstr(from->suffix);
    rules->contains = slice_from_cstr(from->contains);
    rules->not_contains = slice_from_cstr(from->not_contains);
    if (from->const_ != NULL && from->n_in > 0)
        return contract__refuse_rule(target, "with both const and in");
    rules->in = from->const_ != NULL ? texts_of(arena, &from->const_, 1, &rules->in_count)
                                     : texts_of(arena, from->in, from->n_in, &rules->in_count);
    rules->not_in = texts_of(arena, from->not_in, from->n_not_in, &rules->not_in_count);
    if (rules->in == NULL || rules->not_in == NULL)
        return status_out_of_memory();
    take_shape(from, rules);
    rules->length_alone = is_length_alone(from, rules);
    return from->pattern == NULL ? status_ok() : take_pattern(target, from->pattern, rules);
}

/* -- lists and maps */

static struct status take_rules(const struct rule_target *target,
                                const Buf__Validate__FieldRules *from,
                                const struct rules **ret_rules);

static struct status take_count(const struct rule_target *target, bool has_min, uint64_t min,
                                bool has_max, uint64_t max, struct rules *rules)
{
    rules->has_item_count = has_min || has_max;
    rules->min_items = has_min ? min : 0;
    rules->max_items = has_max ? max : UINT64_MAX;
    if (rules->min_items > rules->max_items)
        return contract__refuse_rule(target, "that no value can meet");
    return status_ok();
}

static struct status take_repeated(const struct rule_target *target,
                                   const Buf__Validate__RepeatedRules *from, struct rules *rules)
{
    struct rule_target item = {target->build, target->field, true};
    struct status status;

    if (is_single(target) || target->field->map)
        return unfit(target);
    status = take_count(target, from->has_min_items, from->min_items, from->has_max_items,
                        from->max_items, rules);
    if (!status_is_ok(status))
        return status;
    rules->unique = from->unique;
    if (rules->unique && target->field->message != NULL)
        return unfit(target);
    return from->items == NULL ? status_ok() : take_rules(&item, from->items, &rules->items);
}

static struct status take_map(const struct rule_target *target, const Buf__Validate__MapRules *from,
                              struct rules *rules)
{
    const struct message_type *entry = target->field->message;
    struct rule_target side = {target->build, NULL, true};
    struct status status;

    if (is_single(target) || !target->field->map)
        return unfit(target);
    status = take_count(target, from->has_min_pairs, from->min_pairs, from->has_max_pairs,
                        from->max_pairs, rules);
    if (status_is_ok(status) && from->keys != NULL) {
        side.field = message_field_by_number(entry, 1);
        status = take_rules(&side, from->keys, &rules->keys);
    }
    if (status_is_ok(status) && from->values != NULL) {
        side.field = message_field_by_number(entry, 2);
        status = take_rules(&side, from->values, &rules->items);
    }
    return status;
}

static void take_enum(const Buf__Validate__EnumRules *from, struct rules *rules)
{
    rules->defined_only = from->defined_only;
    rules->numbers = from->in;
    rules->number_count = from->n_in;
    rules->not_numbers = from->not_in;
    rules->not_number_count = from->n_not_in;
}

/* -- bytes */

static struct slice slice_of(ProtobufCBinaryData bytes)
{
    return slice_make(bytes.data, bytes.len);
}

/* NULL when the arena failed. */
static struct slice *bytes_of(struct arena *arena, const ProtobufCBinaryData *from, size_t count,
                              size_t *ret_count)
{
    struct slice *all = arena_array(arena, count, sizeof(*all));

    for (size_t i = 0; all != NULL && i < count; i++)
        all[i] = slice_of(from[i]);
    *ret_count = all == NULL ? 0 : count;
    return all;
}

static struct status take_bytes_length(const struct rule_target *target,
                                       const Buf__Validate__BytesRules *from, struct rules *rules)
{
    if (from->has_len && (from->has_min_len || from->has_max_len))
        return contract__refuse_rule(target, "with both an exact length and a range of lengths");
    if (from->has_len)
        return take_length(target, true, from->len, true, from->len, rules);
    return take_length(target, from->has_min_len, from->min_len, from->has_max_len, from->max_len,
                       rules);
}

static struct status take_bytes(const struct rule_target *target,
                                const Buf__Validate__BytesRules *from, struct rules *rules)
{
    struct arena *arena = target->build->arena;
    struct status status = take_bytes_length(target, from, rules);

    if (!status_is_ok(status))
        return status;
    rules->prefix = slice_of(from->prefix);
    rules->suffix = slice_of(from->suffix);
    rules->contains = slice_of(from->contains);
    if (from->has_const_ && from->n_in > 0)
        return contract__refuse_rule(target, "with both const and in");
    rules->in = from->has_const_ ? bytes_of(arena, &from->const_, 1, &rules->in_count)
                                 : bytes_of(arena, from->in, from->n_in, &rules->in_count);
    rules->not_in = bytes_of(arena, from->not_in, from->n_not_in, &rules->not_in_count);
    if (rules->in == NULL || rules->not_in == NULL)
        return status_out_of_memory();
    return from->pattern == NULL ? status_ok() : take_pattern(target, from->pattern, rules);
}

/* -- all types */

/* The type of the fields that a set of rules is for; false where it is not one scalar type's. */
static bool scalar_of(const Buf__Validate__FieldRules *from, ProtobufCType *ret_type)
{
    static const struct {
        Buf__Validate__FieldRules__TypeCase rules;
        ProtobufCType type;
    } pairs[] = {
        {BUF__VALIDATE__FIELD_RULES__TYPE_FLOAT, PROTOBUF_C_TYPE_FLOAT},
        {BUF__VALIDATE__FIELD_RULES__TYPE_DOUBLE, PROTOBUF_C_TYPE_DOUBLE},
        {BUF__VALIDATE__FIELD_RULES__TYPE_INT32, PROTOBUF_C_TYPE_INT32},
        {BUF__VALIDATE__FIELD_RULES__TYPE_INT64, PROTOBUF_C_TYPE_INT64},
        {BUF__VALIDATE__FIELD_RULES__TYPE_UINT32, PROTOBUF_C_TYPE_UINT32},
        {BUF__VALIDATE__FIELD_RULES__TYPE_UINT64, PROTOBUF_C_TYPE_UINT64},
        {BUF__VALIDATE__FIELD_RULES__TYPE_SINT32, PROTOBUF_C_TYPE_SINT32},
        {BUF__VALIDATE__FIELD_RULES__TYPE_SINT64, PROTOBUF_C_TYPE_SINT64},
        {BUF__VALIDATE__FIELD_RULES__TYPE_FIXED32, PROTOBUF_C_TYPE_FIXED32},
        {BUF__VALIDATE__FIELD_RULES__TYPE_FIXED64, PROTOBUF_C_TYPE_FIXED64},
        {BUF__VALIDATE__FIELD_RULES__TYPE_SFIXED32, PROTOBUF_C_TYPE_SFIXED32},
        {BUF__VALIDATE__FIELD_RULES__TYPE_SFIXED64, PROTOBUF_C_TYPE_SFIXED64},
        {BUF__VALIDATE__FIELD_RULES__TYPE_BOOL, PROTOBUF_C_TYPE_BOOL},
        {BUF__VALIDATE__FIELD_RULES__TYPE_STRING, PROTOBUF_C_TYPE_STRING},
        {BUF__VALIDATE__FIELD_RULES__TYPE_BYTES, PROTOBUF_C_TYPE_BYTES},
        {BUF__VALIDATE__FIELD_RULES__TYPE_ENUM, PROTOBUF_C_TYPE_ENUM},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].rules == from->type_case) {
            *ret_type = pairs[i].type;
            return true;
        }
    return false;
}

static struct status take_scalar(const struct rule_target *target,
                                 const Buf__Validate__FieldRules *from, struct rules *rules)
{
    switch (from->type_case) {
    case BUF__VALIDATE__FIELD_RULES__TYPE_STRING:
        return take_string(target, from->string, rules);
    case BUF__VALIDATE__FIELD_RULES__TYPE_BYTES:
        return take_bytes(target, from->bytes, rules);
    case BUF__VALIDATE__FIELD_RULES__TYPE_ENUM:
        take_enum(from->enum_, rules);
        return status_ok();
    case BUF__VALIDATE__FIELD_RULES__TYPE_BOOL:
        rules->has_const = from->bool_->has_const_;
        rules->constant = from->bool_->const_;
        return status_ok();
    default:
        return contract__build_number_rules(target, from, rules);
    }
}

static struct status take_type(const struct rule_target *target,
                               const Buf__Validate__FieldRules *from, struct rules *rules)
{
    ProtobufCType type;

    if (scalar_of(from, &type))
        return type_is(target, type) ? take_scalar(target, from, rules) : unfit(target);
    switch (from->type_case) {
    case BUF__VALIDATE__FIELD_RULES__TYPE_REPEATED:
        return take_repeated(target, from->repeated, rules);
    case BUF__VALIDATE__FIELD_RULES__TYPE_MAP:
        return take_map(target, from->map, rules);
    case BUF__VALIDATE__FIELD_RULES__TYPE_TIMESTAMP:
        return is_well_known(target, WELL_KNOWN_TIMESTAMP)
                   ? contract__build_timestamp_rules(target, from->timestamp, &rules->moment)
                   : unfit(target);
    case BUF__VALIDATE__FIELD_RULES__TYPE_DURATION:
        return is_well_known(target, WELL_KNOWN_DURATION)
                   ? contract__build_duration_rules(target, from->duration, &rules->moment)
                   : unfit(target);
    default:
        return status_ok();
    }
}

/* A rule that is not in our buf/validate/validate.proto. Every member of the oneof is a message. */
static bool is_unknown(const Buf__Validate__FieldRules *from)
{
    if (from->base.n_unknown_fields > 0)
        return true;
    return from->type_case != BUF__VALIDATE__FIELD_RULES__TYPE__NOT_SET &&
           from->string->base.n_unknown_fields > 0;
}

static struct status take_rules(const struct rule_target *target,
                                const Buf__Validate__FieldRules *from,
                                const struct rules **ret_rules)
{
    struct rules *rules = arena_zalloc(target->build->arena, sizeof(*rules));
    struct status status;

    if (rules == NULL)
        return status_out_of_memory();
    if (is_unknown(from))
        return contract__refuse_rule(target, "that this server does not know");
    rules->required = from->required;
    rules->least = INT64_MIN;
    rules->most = INT64_MAX;
    rules->unsigned_most = UINT64_MAX;
    rules->max_length = UINT64_MAX;
    rules->max_items = UINT64_MAX;
    status = take_type(target, from, rules);
    if (status_is_ok(status))
        *ret_rules = rules;
    return status;
}

struct status contract__build_rules(const struct build *build, const struct field *field,
                                    const ProtobufCMessage *options, const struct rules **ret_rules)
{
    struct rule_target target = {build, field, false};
    const ProtobufCMessage *option = NULL;

    if (!contract__option(build, options, OPTION_FIELD_RULES,
                          &buf__validate__field_rules__descriptor, &option))
        return contract__refuse_rule(&target, "that cannot be read");
    if (option == NULL)
        return status_ok();
    return take_rules(&target, (const void *)option, ret_rules);
}
