/* The contract of messages.proto, for the tests of the JSON codec. */
#ifndef DATASTREAM_TESTS_JSON_MESSAGES_H
#define DATASTREAM_TESTS_JSON_MESSAGES_H

#include "proto/contract/contract.h"

/* Lives in `arena`; ends the program when it does not load. */
const struct contract *json_messages_load(struct arena *arena);

#endif
