/* Maps as protobuf-c has them: lists of entries. Internal to proto/message/. */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_MAPS_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_MAPS_H

#include "proto/contract/contract.h"
#include "proto/message/message.h"
#include "proto/message/message_fields.h"

/* In all maps of a message, at any depth, leaves only the last entry of each key. */
void message__keep_last_entries(struct arena *arena, const struct message_type *type,
                                ProtobufCMessage *message);

/*
 * Sorts the entries of all maps in the message, at any depth, by their keys: two messages that say
 * the same then have the same bytes. Out of memory fails the arena.
 */
void message_sort_maps(struct arena *arena, const struct message_type *type,
                       ProtobufCMessage *message);

/* The bytes that make a map entry's key, for comparing: its text, or the integer's own memory. */
struct slice map_entry_key(const ProtobufCMessage *entry, const struct field *key);

#endif
