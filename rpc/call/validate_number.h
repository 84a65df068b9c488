/* The rules of numbers, each with the sentence that says what is wanted. */
#ifndef DATASTREAM_RPC_CALL_VALIDATE_NUMBER_H
#define DATASTREAM_RPC_CALL_VALIDATE_NUMBER_H

#include "rpc/call/validate.h"

/* The rules of numbers, of the type that `address` holds. */
void validate__integer(const struct judged *judged, int64_t value);
void validate__unsigned(const struct judged *judged, uint64_t value);
void validate__real(const struct judged *judged, double value);

#endif
