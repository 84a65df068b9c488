/* Unfolds the rules of google.protobuf.Timestamp and Duration. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_RULES_MOMENTS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_RULES_MOMENTS_H

#include "proto/contract/contract_rules.h"

/* -- contract_rules_moments.c: the same for times; *ret_rules stays NULL on failure. */
struct status contract__build_timestamp_rules(const struct rule_target *target,
                                              const Buf__Validate__TimestampRules *from,
                                              const struct moment_rules **ret_rules);
struct status contract__build_duration_rules(const struct rule_target *target,
                                             const Buf__Validate__DurationRules *from,
                                             const struct moment_rules **ret_rules);

#endif
