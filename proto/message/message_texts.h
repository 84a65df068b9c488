/* Messages of texts alone, checked and read in one step. */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_TEXTS_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_TEXTS_H

#include "proto/contract/contract.h"

/*
 * Unpacks outside bytes of a type that has text_levels, as message_walk and message_unpack do one
 * after the other: into the arena, where the texts are parts of one copy of the bytes, and the
 * messages of a list one block. NULL where the bytes hold anything else than UTF-8 without U+0000
 * in the fields of the type, or the arena failed: then those two are to judge.
 */
ProtobufCMessage *message_read_texts(struct arena *arena, const struct message_type *type,
                                     struct slice bytes);

#endif
