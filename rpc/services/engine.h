/* What the files of the resource engine share. */
#ifndef DATASTREAM_RPC_SERVICES_ENGINE_H
#define DATASTREAM_RPC_SERVICES_ENGINE_H

#include "rpc/services/draft.h"

/* UNIMPLEMENTED when a secret field is set, naming it. */
struct status engine__check_secrets(struct call *call, ProtobufCMessage *message);

/* The handler of OPERATION_UPDATE. */
call_handler engine__update;

#endif
