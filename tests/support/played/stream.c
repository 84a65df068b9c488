/* See stream.h. */
#include "tests/support/played/stream.h"
#include "proto/contract/contract_find.h"

struct stream_played stream_played;

struct frontend_waker stream_wakers[1];

enum stream_result call_stream_next(struct call *call, ProtobufCMessage **ret_message)
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

bool call_stream_copy(const struct call *call, enum stream_form form, struct slice *ret_bytes)
{
    (void)call;
    (void)form;
    (void)ret_bytes;
    return false;
}

void call_stream_keep(const struct call *call, enum stream_form form, struct slice bytes)
{
    (void)call;
    (void)form;
    (void)bytes;
}

enum stream_result call_stream_admit(struct call *call)
{
    stream_played.admitted++;
    if (stream_played.admits == STREAM_END) {
        call->status = stream_played.end;
        call->finish(call);
    }
    return stream_played.admits;
}

void call_stream_tick(struct call *call)
{
    stream_played.ticks++;
    call->ready(call);
}

uint64_t call_stream_wait_ms(const struct call *call)
{
    (void)call;
    return stream_played.wait_ms;
}

void call_stream_cancel(struct call *call)
{
    stream_played.cancels++;
    call->status = status_const(STATUS_CANCELLED, SLICE("The call was cancelled."));
    call->finish(call);
}

void chain_loop_bind(struct chain_loop *loop, void (*wake)(void *context), void *context,
                     struct account *memory)
{
    (void)memory;
    (void)loop;
    (void)wake;
    (void)context;
}

void chain_loop_wake(struct chain_loop *loop)
{
    (void)loop;
}
