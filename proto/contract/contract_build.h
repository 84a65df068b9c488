/* What the stages of the load share: their errors, and the types by the names of the set. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_BUILD_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_BUILD_H

#include "proto/contract/contract_internal.h"

/* A contract error: a sentence that names the place. */
struct status contract__error(const struct build *build, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* By a name of the set, which has a leading dot; NULL when there is none. */
struct build_message *contract__find_message(const struct build *build, const char *name);
struct build_enum *contract__find_enum(const struct build *build, const char *name);

#endif
