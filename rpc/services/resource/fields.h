/* What the contract says of fields, applied to whole messages. Pure. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_FIELDS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_FIELDS_H

#include "proto/message/message.h"

/* Clears every output-only field, at any depth: what a client says of them is ignored. */
void fields__clear_output(ProtobufCMessage *message, const struct message_type *type);

/*
 * Clears what is never stored and never answered: input-only fields and secrets, at any depth. A
 * secret field that holds a quote and nothing else holds no secret.
 */
void fields__clear_input(ProtobufCMessage *message, const struct message_type *type);

/* Whether a secret field holds a secret: itself, or a value of the one map. A quote is none. */
bool fields__holds_secret(const ProtobufCMessage *message, const struct field *field);

/* After `parent` a field's JSON name: "settings.port". In the arena. */
struct slice fields__path(struct arena *arena, struct slice parent, const struct field *field);

#endif
