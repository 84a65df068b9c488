/*
 * What frontends ask of the chain, behind one table: they name no function of the chain, so that
 * whoever gives them the table decides what a call does. Each row is the function of call.h or
 * call_stream.h that has its name, where its words are.
 */
#ifndef DATASTREAM_RPC_CALL_CHAIN_CALLS_H
#define DATASTREAM_RPC_CALL_CHAIN_CALLS_H

#include "rpc/call/call.h"
#include "rpc/call/call_stream.h"

struct chain_calls {
    void (*open)(struct call *call, const struct call_credentials *credentials);
    bool (*sent_credentials)(const struct call *call);
    void (*dispatch)(struct call *call);
    void (*resume)(struct call *call);

    enum stream_result (*stream_next)(struct call *call, ProtobufCMessage **ret_message);
    bool (*stream_copy)(const struct call *call, enum stream_form form, struct slice *ret_bytes);
    void (*stream_keep)(const struct call *call, enum stream_form form, struct slice bytes);
    enum stream_result (*stream_admit)(struct call *call);
    void (*stream_tick)(struct call *call);
    uint64_t (*stream_wait_ms)(const struct call *call);
    void (*stream_cancel)(struct call *call);

    void (*loop_bind)(struct chain_loop *loop, void (*wake)(void *context), void *context,
                      struct account *memory);
    void (*loop_wake)(struct chain_loop *loop);
};

/* The chain's own. */
extern const struct chain_calls chain_calls;

#endif
