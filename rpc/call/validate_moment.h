/* The rules of timestamps and durations, each with the sentence that says what is wanted. */
#ifndef DATASTREAM_RPC_CALL_VALIDATE_MOMENT_H
#define DATASTREAM_RPC_CALL_VALIDATE_MOMENT_H

#include "rpc/call/validate.h"

/* The rules of a timestamp or duration, whose `moment` is one. */
void validate__moment(struct validation *validation, const struct place *place,
                      enum well_known which, const struct moment_rules *rules,
                      struct moment moment);

#endif
