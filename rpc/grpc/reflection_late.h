/*
 * The index of server reflection, made by the first call that asks for it: that holds its loop for
 * a few milliseconds, once, and a server that nobody asks saves the memory. Any thread.
 */
#ifndef DATASTREAM_RPC_GRPC_REFLECTION_LATE_H
#define DATASTREAM_RPC_GRPC_REFLECTION_LATE_H

#include <pthread.h>

#include "rpc/grpc/reflection_index.h"

struct reflection_late {
    pthread_mutex_t lock; /* guards the rest */
    struct arena arena;   /* while there is an index */
    const struct reflection_index *index;
};

/* Nothing is made yet. */
void reflection_late__init(struct reflection_late *late);

/* Frees the index: no thread uses it any more. It may be asked for again. */
void reflection_late__done(struct reflection_late *late);

/*
 * The index of the embedded contract, the same for all threads. RESOURCE_EXHAUSTED when memory
 * ended: the next call makes it.
 */
struct status reflection_late__find(struct reflection_late *late,
                                    const struct reflection_index **ret_index);

#endif
