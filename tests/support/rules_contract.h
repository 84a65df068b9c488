/* The embedded contract with more options on devices and directors, for tests of what they do. */
#ifndef DATASTREAM_TESTS_SUPPORT_RULES_CONTRACT_H
#define DATASTREAM_TESTS_SUPPORT_RULES_CONTRACT_H

#include "base/arena.h"
#include "base/slice.h"

#include "tests/support/engine.h"

#include "datastream/v1/options.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"

/* Options that are added, as they stand packed. */
#define FIELD_POLICY 52003
#define ONEOF_POLICY 52005

struct slice rules_contract(struct arena *arena);

#endif
