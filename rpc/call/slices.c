/* The memory of slices, and what passes from one to the next. */
#include "rpc/call/slices.h"

#include <assert.h>

#include "proto/message/message.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain.h"

void call_continue(struct call *call, const void *state, size_t size)
{
    struct slices *slices = call->slices;

    if (slices == NULL) {
        slices = arena_zalloc(call->arena, sizeof(*slices));
        if (slices == NULL)
            return;
        slices->whole = call->arena;
        slices->size = size;
        slices->next = arena_alloc(call->arena, size);
        slices->spare = arena_alloc(call->arena, size);
        if (arena_failed(call->arena))
            return;
        arena_init_like(&slices->arena, call->arena);
        call->slices = slices;
    }
    assert(size == slices->size);
    memcpy(slices->next, state, size);
    slices->continues = true;
}

const void *call_slice(const struct call *call)
{
    return call->slices == NULL ? NULL : call->slices->state;
}

void slices__begin_run(struct call *call)
{
    if (call->slices != NULL)
        call->slices->continues = false;
}

bool slices__continues(const struct call *call)
{
    return call->slices != NULL && call->slices->continues;
}

bool slices__committed(const struct call *call)
{
    return call->slices != NULL && call->slices->committed;
}

void slices__advance(struct call *call)
{
    struct slices *slices = call->slices;
    void *left = slices->next;

    assert(slices->continues);
    slices->next = slices->state == NULL ? slices->spare : slices->state;
    slices->state = left;
    slices->continues = false;
    arena_reset(&slices->arena);
    call->arena = &slices->arena;
    call->actor_name = SLICE_EMPTY;
    call->progress = NULL;
    call->view = store_view_open(call->loop->chain->store, call->arena);
    if (call->view != NULL)
        call__reset_view(call);
}

/* -- the end ---------------------------------------------------------------------------------- */

static struct status copy_status(struct arena *arena, const struct status *status)
{
    struct status copy = {.code = status->code, .message = arena_copy(arena, status->message)};
    struct status_detail **tail = &copy.details;

    for (const struct status_detail *d = status->details; d != NULL; d = d->next) {
        *tail = arena_alloc(arena, sizeof(**tail));
        if (*tail == NULL)
            break;
        **tail = (struct status_detail){.type = d->type,
                                        .subject = arena_copy(arena, d->subject),
                                        .kind = arena_copy(arena, d->kind),
                                        .description = arena_copy(arena, d->description),
                                        .retry_ms = d->retry_ms};
        tail = &(*tail)->next;
    }
    return arena_failed(arena) ? status_out_of_memory() : copy;
}

static void copy_metadata(struct call *call)
{
    struct call_metadata *pairs = call->answer_metadata;

    call->answer_metadata = NULL;
    for (; pairs != NULL; pairs = pairs->next)
        call_add_metadata(call, arena_copy(call->arena, pairs->name),
                          arena_copy(call->arena, pairs->value));
}

void slices__end(struct call *call, struct status *status)
{
    struct slices *slices = call->slices;

    if (slices == NULL)
        return;
    call->slices = NULL;
    if (call->arena != slices->whole) {
        call->arena = slices->whole;
        call->view = NULL;
        *status = copy_status(call->arena, status);
        copy_metadata(call);
        if (status_is_ok(*status) && call->response != NULL)
            call->response = message_copy(call->arena, call->response);
        if (status_is_ok(*status) && arena_failed(call->arena))
            *status = status_out_of_memory();
    }
    arena_done(&slices->arena);
}
