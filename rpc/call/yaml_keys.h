/* The keys of one map, so that a duplicate is found however many there are. Internal to rpc/call/.
 */
#ifndef DATASTREAM_RPC_CALL_YAML_KEYS_H
#define DATASTREAM_RPC_CALL_YAML_KEYS_H

#include "rpc/call/format_violation.h"

struct yaml_key {
    struct yaml_key *next; /* the one before it in the document */
    struct slice text;
    struct text_place place;
};

/*
 * The first key that repeats one before it, or NULL; the list begins with the document's last key
 * and loses its order. Sorts, so that no choice of keys makes it slow.
 */
const struct yaml_key *yaml_keys__duplicate(struct yaml_key *last);

#endif
