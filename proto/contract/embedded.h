/* The descriptor sets that the build embeds in the executable. */
#ifndef DATASTREAM_PROTO_CONTRACT_EMBEDDED_H
#define DATASTREAM_PROTO_CONTRACT_EMBEDDED_H

#include "base/slice.h"

/* A packed FileDescriptorSet of all of proto/, imports and source info included. */
struct slice embedded_contract(void);

/* The same without source info: what reflection serves. */
struct slice embedded_reflection(void);

#endif
