/* One thread makes the index while others wait for it; from then on the lock is held shortly. */
#include "rpc/grpc/reflection_late.h"

#include <assert.h>

#include "proto/contract/embedded.h"

/* What the index of the contract's files takes, several times over. */
#define REFLECTION_BYTES_MOST ((size_t)64 << 20)

void reflection_late__init(struct reflection_late *late)
{
    *late = (struct reflection_late){.index = NULL};
    pthread_mutex_init(&late->lock, NULL);
}

void reflection_late__done(struct reflection_late *late)
{
    if (late->index != NULL)
        arena_done(&late->arena);
    late->index = NULL;
}

/* The set itself is right, or its tests would fail. */
struct status reflection_late__find(struct reflection_late *late,
                                    const struct reflection_index **ret_index)
{
    struct status status = status_ok();

    pthread_mutex_lock(&late->lock);
    if (late->index == NULL) {
        arena_init(&late->arena, NULL, REFLECTION_BYTES_MOST);
        status = reflection_index__new(embedded_reflection(), &late->arena, &late->index);
        if (!status_is_ok(status)) {
            assert(arena_failed(&late->arena));
            status = status_out_of_memory();
            arena_done(&late->arena);
        }
    }
    if (status_is_ok(status))
        *ret_index = late->index;
    pthread_mutex_unlock(&late->lock);
    return status;
}
