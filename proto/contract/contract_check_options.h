/*
 * Where each option of a field may stand, and beside what: one row for each option. A row's check
 * answers with the end of a sentence that says why the option may not be there, or with NULL. /
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_CHECK_OPTIONS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_CHECK_OPTIONS_H

#include "proto/contract/contract_checks.h"

/* -- contract_check_options.c: an error for the first option of the field that may not be there. */
struct status contract__check_options(const struct contract_spot *spot);

/*
 * As contract__check_options, for a field that no resource has: of requests, answers and what is in
 * them, where reference, secret and the bounds and texts of single values alone have a meaning.
 */
struct status contract__check_elsewhere(const struct build *build, const struct field *field);

#endif
