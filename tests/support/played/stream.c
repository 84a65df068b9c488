/* See stream.h. */
#include "tests/support/played/stream.h"
#include "proto/contract/contract_find.h"

struct stream_played stream_played;

struct frontend_waker stream_wakers[1];

static enum stream_result stream_next(struct call *call, ProtobufCMessage **ret_message)
{
    const struct message_type *type = call->method->output;
    bool is_heartbeat = stream_played.messages == 0;

    if (is_heartbeat && stream_played.heartbeats == 0) {
        if (status_is_ok(stream_played.end))
            return STREAM_WAIT;
        call->status = stream_played.end;
        call->finish(call);
        return STREAM_END;
    }
    if (is_heartbeat)
        stream_played.heartbeats--;
    else
        stream_played.messages--;
    arena_done(&stream_played.arena); /* poisoned where ASan watches */
    arena_init(&stream_played.arena, NULL, 1 << 20);
    *ret_message = message_new(&stream_played.arena, type);
    field_set_int(*ret_message, message_field_by_name(type, SLICE("revision")),
                  ++stream_played.pulled);
    return is_heartbeat ? STREAM_HEARTBEAT : STREAM_MESSAGE;
}

static bool stream_copy(const struct call *call, enum stream_form form, struct slice *ret_bytes)
{
    (void)call;
    (void)form;
    (void)ret_bytes;
    return false;
}

static void stream_keep(const struct call *call, enum stream_form form, struct slice bytes)
{
    (void)call;
    (void)form;
    (void)bytes;
}

static enum stream_result stream_admit(struct call *call)
{
    stream_played.admitted++;
    if (stream_played.admits == STREAM_END) {
        call->status = stream_played.end;
        call->finish(call);
    }
    return stream_played.admits;
}

static void stream_tick(struct call *call)
{
    stream_played.ticks++;
    call->ready(call);
}

static uint64_t stream_wait_ms(const struct call *call)
{
    (void)call;
    return stream_played.wait_ms;
}

static void stream_cancel(struct call *call)
{
    stream_played.cancels++;
    call->status = status_const(STATUS_CANCELLED, SLICE("The call was cancelled."));
    call->finish(call);
}

static void loop_bind(struct chain_loop *loop, void (*wake)(void *context), void *context,
                      struct account *memory)
{
    (void)memory;
    (void)loop;
    (void)wake;
    (void)context;
}

static void loop_wake(struct chain_loop *loop)
{
    (void)loop;
}

void stream_play(struct chain_calls *calls)
{
    calls->stream_next = stream_next;
    calls->stream_copy = stream_copy;
    calls->stream_keep = stream_keep;
    calls->stream_admit = stream_admit;
    calls->stream_tick = stream_tick;
    calls->stream_wait_ms = stream_wait_ms;
    calls->stream_cancel = stream_cancel;
    calls->loop_bind = loop_bind;
    calls->loop_wake = loop_wake;
}
