/*
 * Messages in memory: access to fields by descriptor. A message that was made here needs no
 * freeing; it goes with the arena. Strings of messages are C strings, never NULL in required
 * places: an unset one is empty.
 */
#ifndef DATASTREAM_PROTO_MESSAGE_MESSAGE_FIELDS_H
#define DATASTREAM_PROTO_MESSAGE_MESSAGE_FIELDS_H

#include "proto/contract/contract.h"

/* A message of the type with every field at its default; NULL when the arena failed. */
ProtobufCMessage *message_new(struct arena *arena, const struct message_type *type);

/*
 * Whether the field is set: by presence where it has it, else whether it differs from its default;
 * repeated fields: whether there is an element.
 */
bool field_is_set(const ProtobufCMessage *message, const struct field *field);

/* Back to unset or the default. */
void field_clear(ProtobufCMessage *message, const struct field *field);

/* Bytes that one value of the type takes in a message, or in the array of a repeated field. */
size_t field__value_size(ProtobufCType type);

/* Elements of a repeated field. */
size_t field_count(const ProtobufCMessage *message, const struct field *field);

/* The address of a singular field's member, or of element i; for messages the address of the
 * pointer. */
void *field_address(const ProtobufCMessage *message, const struct field *field, size_t i);

/* A string field's text ("" when unset), and its setter (marks presence; text is copied to the
 * arena). */
struct slice field_get_string(const ProtobufCMessage *message, const struct field *field);
void field_set_string(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                      struct slice text);
struct slice field_get_string_at(const ProtobufCMessage *message, const struct field *field,
                                 size_t i);

/* Integers of any width, bools and enums. */
int64_t field_get_int(const ProtobufCMessage *message, const struct field *field);
void field_set_int(ProtobufCMessage *message, const struct field *field, int64_t value);

/*
 * A value that an option of the contract gives to a singular field that is no message: sets the
 * field to it, and whether the field has it (where it is unset: whether its default is that).
 */
void field_set_value(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                     const struct field_value *value);
bool field_has_value(const ProtobufCMessage *message, const struct field *field,
                     const struct field_value *value);

/* A sub-message; NULL when unset. The setter marks presence and clears a oneof's other member. */
ProtobufCMessage *field_get_message(const ProtobufCMessage *message, const struct field *field);
void field_set_message(ProtobufCMessage *message, const struct field *field,
                       ProtobufCMessage *value);

/* A google.protobuf.Timestamp field from milliseconds since 1970, and back (0 when unset). */
void field_set_timestamp(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                         int64_t unix_ms);
int64_t field_get_timestamp(const ProtobufCMessage *message, const struct field *field);

/*
 * Marks a singular scalar as set, makes it the oneof's member (the former one is cleared): for
 * writers that store through field_address, before the store or after it.
 */
void field_mark_set(ProtobufCMessage *message, const struct field *field);

/*
 * Makes room for one more element and returns its address, zeroed (NULL when the arena failed).
 * Room doubles: `*capacity` is the caller's, 0 at first, one for each field being filled.
 */
void *field_append(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                   size_t *capacity);

/* Sets a repeated message field to `count` messages, the array borrowed. */
void field_set_messages(ProtobufCMessage *message, const struct field *field,
                        ProtobufCMessage **values, size_t count);

/* Copies one field's value from a message of the same type: set, unset, lists and all; deep values
 * are shared. */
void field_copy(ProtobufCMessage *to, const ProtobufCMessage *from, const struct field *field);

#endif
