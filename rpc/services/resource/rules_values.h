/* Rules of one object, each of one field where the walk has come to (judge.h). */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_VALUES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_VALUES_H

#include "rpc/services/resource/rules.h"
#include "rpc/services/resource/walk.h"

/* The field of a message that is judged, and where its violations go. Plain. */
struct rule_place {
    const struct change *change;
    struct violations *violations;
    const struct spot *spot;
    const ProtobufCMessage *message;
};

/*
 * Every rule of the field's value and of all that is in it (validate_field); its violations go to
 * the change's. `may_quote`: as for validate_field.
 */
void rules__check_value(const struct rule_place *place, bool may_quote);

/* A secret, or the secrets of a map: none may be the placeholder. */
void rules__check_secret(const struct rule_place *place);

/* The format of a string field's texts, and their quotes where it may hold some. */
void rules__check_texts(const struct rule_place *place, bool may_quote);

/* `judged`: the field itself was written; else the field that the condition names must be. */
void rules__check_required_when(const struct rule_place *place, bool judged);

/* For fields that have the rule. */
void rules__check_unique_by(const struct rule_place *place);
void rules__check_struct_bounds(const struct rule_place *place);

#endif
