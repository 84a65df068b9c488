/*
 * What a caller may set has a bound: how long, how many, how deep, which values, how many
 * references.
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_CHECK_BOUNDS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_CHECK_BOUNDS_H

#include "proto/contract/contract_checks.h"

/* An error for what a caller may set and has no bound, and for an enum of foreign values. */
struct status contract__check_bounds(const struct contract_spot *spot);

/* An error for a kind whose objects may refer to more others than KIND_REFERENCES_MOST. */
struct status contract__check_reference_count(const struct build *build, const struct kind *kind);

/* The same for KIND_SECRETS_MOST, and for one that has secrets and no `secrets_set`. */
struct status contract__check_secret_count(const struct build *build, const struct kind *kind);

#endif
