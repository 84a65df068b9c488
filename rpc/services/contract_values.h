/*
 * The values that the contract itself gives, held against the contract's own rules: defaults, what
 * SET methods write, examples of fields and of create requests. They are judged by the functions
 * that judge callers, so this stands above proto/contract/, which cannot.
 */
#ifndef DATASTREAM_RPC_SERVICES_CONTRACT_VALUES_H
#define DATASTREAM_RPC_SERVICES_CONTRACT_VALUES_H

#include "base/status.h"
#include "proto/contract/contract.h"

/*
 * FAILED_PRECONDITION for the first value that does not fit or breaks a rule, with a sentence in
 * `arena` that names the place (datastream/v1/options.proto says what stops the start). Any thread.
 */
struct status contract_values__check(const struct contract *contract, struct arena *arena);

#endif
