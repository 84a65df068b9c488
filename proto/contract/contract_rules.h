/* What the files that unfold rules share. Internal to proto/contract/. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_RULES_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_RULES_H

#include "buf/validate/validate.pb-c.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_internal.h"

/* What a set of rules is for: a field, or one item, key or value of it. */
struct rule_target {
    const struct build *build;
    const struct field *field;
    bool single; /* of one value, even where the field is repeated */
};

/* The error that names the field and its rule; `why` follows: "that no value can meet". */
static inline struct status contract__refuse_rule(const struct rule_target *target, const char *why)
{
    return contract__error(target->build, "%.*s.%.*s has a rule (buf.validate.field) %s.",
                           SLICE_ARG(target->field->parent->full_name),
                           SLICE_ARG(target->field->name), why);
}

/* Unfolds the rules of a field; *ret_rules stays NULL where it has none. */
struct status contract__build_rules(const struct build *build, const struct field *field,
                                    const ProtobufCMessage *options,
                                    const struct rules **ret_rules);

#endif
