/* The chain of a process, made once, and each loop's part of it. */
#include "rpc/call/chain.h"

#include <assert.h>
#include <stdlib.h>

#include "base/crypto/hkdf.h"
#include "base/crypto/siphash.h"
#include "base/crypto/wipe.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/call_stream_internal.h"
#include "rpc/call/time_floor.h"
#include "rpc/call/work.h"

/* The method of a handler's row; NULL when the contract has none of that name. */
static const struct method *find_method(const struct contract *contract, struct slice full_name)
{
    for (size_t i = 0; i < contract->method_count; i++)
        if (slice_equal(contract->methods[i]->full_name, full_name))
            return contract->methods[i];
    return NULL;
}

static call_handler *handler_of(const struct chain_options *options, const struct method *method,
                                call_handler *named)
{
    if (named != NULL || options->operations == NULL || method->operation == OPERATION_CUSTOM)
        return named;
    assert((unsigned)method->operation < OPERATIONS);
    return options->operations[method->operation];
}

static struct status take_streams(const struct chain_options *options, struct arena *arena,
                                  struct chain *chain)
{
    for (const struct stream_entry *row = options->streams; row != NULL && row->method != NULL;
         row++) {
        const struct method *method = find_method(options->contract, slice_from_cstr(row->method));

        if (method == NULL || !method->server_streaming || method->client_streaming)
            return status_make(arena, STATUS_FAILED_PRECONDITION,
                               "There is a stream for %s, which is not a streaming method.",
                               row->method);
        assert(row->handler->open != NULL && row->handler->admit != NULL);
        assert(chain->streams[method->index] == NULL); /* one for each method */
        chain->streams[method->index] = row->handler;
    }
    return status_ok();
}

/* Frontends answer the methods of other packages; while a caller talks it is judged like others. */
static void take_conversations(const struct contract *contract, struct chain *chain)
{
    for (size_t i = 0; i < contract->method_count; i++)
        if (contract->methods[i]->client_streaming &&
            !slice_starts_with(contract->methods[i]->full_name, SLICE("datastream.")))
            chain->streams[i] = &stream__conversation;
}

static struct status take_handlers(const struct chain_options *options, struct arena *arena,
                                   struct chain *chain)
{
    const struct contract *contract = options->contract;
    call_handler **handlers = chain->handlers;

    for (const struct handler_entry *row = options->handlers; row != NULL && row->method != NULL;
         row++) {
        const struct method *method = find_method(contract, slice_from_cstr(row->method));

        if (method == NULL)
            return status_make(arena, STATUS_FAILED_PRECONDITION,
                               "There is a handler for %s, which the contract does not have.",
                               row->method);
        assert(row->handler != NULL && handlers[method->index] == NULL); /* one for each method */
        handlers[method->index] = row->handler;
    }
    for (size_t i = 0; i < contract->method_count; i++) {
        const struct method *method = contract->methods[i];

        if (!slice_starts_with(method->full_name, SLICE("datastream.")) ||
            chain->streams[i] != NULL)
            continue;
        handlers[i] = handler_of(options, method, handlers[i]);
        if (handlers[i] == NULL)
            return status_make(arena, STATUS_FAILED_PRECONDITION, "There is no handler for %.*s.",
                               SLICE_ARG(method->full_name));
    }
    return status_ok();
}

struct status chain_new(const struct chain_options *options, struct arena *arena,
                        struct chain **ret_chain)
{
    struct chain *chain = arena_zalloc(arena, sizeof(*chain));
    const struct kind *tokens = contract_kind(options->contract, SLICE("api-tokens"));
    const struct kind *users = contract_kind(options->contract, SLICE("users"));
    struct status status;

    if (chain == NULL)
        return status_out_of_memory();
    chain->contract = options->contract;
    chain->store = options->store;
    chain->identities = options->identities;
    chain->settings = options->settings;
    chain->services = options->services;
    chain->news = options->news;
    chain->setup = options->setup;
    chain->sign_in_limits = options->sign_in_limits;
    chain->limit_answer = options->limit_answer;
    chain->show_again = options->show_again;
    chain->token_kind = tokens == NULL ? 0 : tokens->number;
    chain->user_kind = users == NULL ? 0 : users->number;
    assert(options->store != NULL && options->identities != NULL && options->settings != NULL);
    memcpy(chain->page_key, options->page_key, sizeof(chain->page_key));
    memcpy(chain->csrf_key, options->csrf_key, sizeof(chain->csrf_key));
    memcpy(chain->replay_key, options->replay_key, sizeof(chain->replay_key));
    _Static_assert(sizeof(chain->repeat_keys) == 32, "one key of HKDF is cut in two");
    if (!hkdf_sha256(chain->replay_key, SLICE_EMPTY, SLICE("datastream repeat 1"),
                     (uint8_t *)&chain->repeat_keys))
        return status_out_of_memory();
    chain->secret_keys = options->secret_keys;
    chain->handlers = arena_array(arena, options->contract->method_count,
                                  sizeof(chain->handlers[0]));
    chain->streams = arena_array(arena, options->contract->method_count, sizeof(chain->streams[0]));
    if (arena_failed(arena))
        return status_out_of_memory();
    take_conversations(options->contract, chain);
    status = take_streams(options, arena, chain);
    if (status_is_ok(status))
        status = take_handlers(options, arena, chain);
    if (!status_is_ok(status))
        return status;
    chain->pool = work__pool_new(arena);
    if (chain->pool == NULL)
        return status_out_of_memory();
    *ret_chain = chain;
    return status;
}

void chain_free(struct chain *chain)
{
    work__pool_stop(chain->pool);
    crypto_wipe(chain->page_key, sizeof(chain->page_key));
    crypto_wipe(chain->csrf_key, sizeof(chain->csrf_key));
    crypto_wipe(chain->replay_key, sizeof(chain->replay_key));
    crypto_wipe(&chain->repeat_keys, sizeof(chain->repeat_keys));
    crypto_wipe(&chain->secret_keys, sizeof(chain->secret_keys));
}

struct chain_loop *chain_loop_new(struct chain *chain)
{
    struct chain_loop *loop = calloc(1, sizeof(*loop));

    if (loop == NULL)
        return NULL;
    loop->chain = chain;
    loop->shelf.bytes = (size_t)chain->settings->watch_ring_kib << 10;
    stream__join(loop);
    loop->cache = identity_cache_new(chain->identities,
                                     (size_t)chain->settings->identity_cache_entries);
    loop->denials = denials__new(chain->store);
    loop->usage = usage_new();
    loop->page_mac = hmac_new();
    loop->repeat_hash = siphash_new();
    if (loop->cache != NULL && loop->denials != NULL && loop->usage != NULL &&
        loop->page_mac != NULL && loop->repeat_hash != NULL)
        return loop;
    chain_loop_free(loop);
    return NULL;
}

void chain_loop_gather(struct chain_loop *loop)
{
    assert(!loop->gathers && loop->commits.first == NULL);
    loop->gathers = true;
}

void chain_loop_end_turn(struct chain_loop *loop)
{
    store_commit_queued(loop->chain->store, &loop->commits);
}

void chain_loop_free(struct chain_loop *loop)
{
    assert(loop->commits.first == NULL); /* the last turn ended, and its calls are done */
    stream__leave(loop);
    if (loop->usage != NULL) {
        usage_flush(loop->usage, loop->chain->store, loop->chain->token_kind);
        usage_free(loop->usage);
    }
    if (loop->denials != NULL)
        denials__free(loop->denials);
    if (loop->cache != NULL)
        identity_cache_free(loop->cache);
    hmac_free(loop->page_mac);
    siphash_free(loop->repeat_hash);
    free(loop->packed_callers);
    free(loop);
}

void chain_loop_flush(struct chain_loop *loop)
{
    denials__tick(loop->denials, time_floor_now_ms());
    usage_flush(loop->usage, loop->chain->store, loop->chain->token_kind);
}
