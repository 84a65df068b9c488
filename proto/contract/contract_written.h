/* The field that a SET or REGENERATE method writes, and what SET writes there. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_WRITTEN_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_WRITTEN_H

#include "proto/contract/contract_internal.h"

/*
 * What a SET or REGENERATE method writes, from its option (datastream.v1.method), packed in
 * `policy`. An error for a field or value that does not fit, and where another operation has one.
 */
struct status contract__build_written(const struct build *build, struct method *method,
                                      const void *policy);

#endif
