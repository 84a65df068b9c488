/* Where an object holds secrets, as the walk over it has noted: for seal__draft. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_SECRET_SPOTS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_SECRET_SPOTS_H

#include "proto/message/message.h"

struct spot;

/* A secret field, or a map of secrets. In the arena. */
struct secret_spot {
    struct secret_spot *next;
    const struct spot *spot; /* with all that it is in; none has an index */
};

/* In the order of the walk. Zero-initialize. */
struct secret_spots {
    struct secret_spot *first, *last;
};

/* Notes the spot where its field of the message holds a secret. */
void secret_spots__note(struct secret_spots *spots, struct arena *arena, const struct spot *spot,
                        const ProtobufCMessage *message);

/* The message that the spot's field is in, within `object`; NULL where it is there no more. */
ProtobufCMessage *secret_spots__message(const struct spot *spot, ProtobufCMessage *object);

#endif
