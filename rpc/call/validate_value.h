/* The rules of single values, each with the sentence that says what is wanted. */
#ifndef DATASTREAM_RPC_CALL_VALIDATE_VALUE_H
#define DATASTREAM_RPC_CALL_VALIDATE_VALUE_H

#include "rpc/call/validate.h"

/*
 * Checks one value (of a singular field, an item, a map's key or value) that lies at `address` as
 * the message holds it. `subject` begins the sentences: "" or "the key ".
 */
void validate__value(struct validation *validation, const struct place *place,
                     const struct field *field, const struct rules *rules, const void *address,
                     const char *subject);

#endif
