/* The chain as its table: see chain_calls.h. */
#include "rpc/call/chain_calls.h"

const struct chain_calls chain_calls = {
    .open = call__open,
    .sent_credentials = call__sent_credentials,
    .dispatch = call__dispatch,
    .resume = call__resume,
    .stream_next = call_stream__next,
    .stream_copy = call_stream__copy,
    .stream_keep = call_stream__keep,
    .stream_admit = call_stream__admit,
    .stream_tick = call_stream__tick,
    .stream_wait_ms = call_stream__wait_ms,
    .stream_cancel = call_stream__cancel,
    .loop_bind = chain_loop__bind,
    .loop_wake = chain_loop__wake,
};
