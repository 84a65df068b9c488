/*
 * Unfolds the rules of numbers. The messages of all number types have the same members by number,
 * so that they are read by their descriptors. /
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_RULES_NUMBERS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_RULES_NUMBERS_H

#include "proto/contract/contract_rules.h"

/*
 * Rules of a number, whose type fits the target. Exclusive limits of integers become inclusive. An
 * error where no value meets them.
 */
struct status contract__build_number_rules(const struct rule_target *target,
                                           const Buf__Validate__FieldRules *from,
                                           struct rules *rules);

#endif
