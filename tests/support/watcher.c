/* See watcher.h. */
#include "tests/support/watcher.h"

#include "proto/contract/contract_find.h"

struct chain_loop *watcher_loops[WATCHER_LOOPS];

static void on_ready(struct call *call)
{
    ((struct watcher *)(void *)call)->ready++;
}

static ProtobufCMessage *watch_request(struct world *w, const char *kind, const char *from)
{
    const struct message_type *type = contract_message(w->contract,
                                                       SLICE("datastream.v1.WatchRequest"));
    ProtobufCMessage *message = message_new(&w->arena, type);

    if (kind != NULL)
        world_set(&w->arena, type, message, "kinds", kind);
    if (from != NULL)
        world_set(&w->arena, type, message, "fromRevision", from);
    return message;
}

static const struct method *watch_method(const struct world *w)
{
    return contract_method(w->contract, SLICE("/datastream.v1.ChangeService/Watch"));
}

bool watcher_turn(struct watcher *watcher)
{
    struct world *w = watcher->t.world;
    bool resumes, wakes;

    pthread_mutex_lock(&w->mutex);
    resumes = watcher->t.posted > 0;
    watcher->t.posted -= resumes;
    wakes = w->wakes > 0;
    w->wakes = 0;
    pthread_mutex_unlock(&w->mutex);
    if (resumes)
        call__resume(&watcher->t.call);
    if (wakes)
        chain_loop__wake(w->loop);
    for (size_t i = 0; wakes && i < WATCHER_LOOPS && watcher_loops[i] != NULL; i++)
        chain_loop__wake(watcher_loops[i]);
    return resumes || wakes;
}

void watcher_wait_ready(struct watcher *watcher)
{
    struct world *w = watcher->t.world;

    watcher->ready = 0;
    while (watcher->ready == 0 && !watcher->t.finished) {
        pthread_mutex_lock(&w->mutex);
        while (watcher->t.posted == 0 && w->wakes == 0)
            pthread_cond_wait(&w->cond, &w->mutex);
        pthread_mutex_unlock(&w->mutex);
        watcher_turn(watcher);
    }
}

void watcher_open_stream(struct watcher *watcher, struct world *w, struct chain_loop *loop,
                         struct slice token, const struct method *method, ProtobufCMessage *request)
{
    struct slice header = arena_printf(&w->arena, "Bearer %.*s", SLICE_ARG(token));

    memset(watcher, 0, sizeof(*watcher));
    arena_init(&watcher->arena, NULL, (size_t)1 << 24);
    watcher->t.world = w;
    watcher->t.call = (struct call){
        .loop = loop,
        .method = method,
        .arena = &watcher->arena,
        .peer = SLICE("127.0.0.1"),
        .request_id = SLICE("0192f0c1-2345-7000-8000-000000000002"),
        .post = test_call_post,
        .opened = test_call_opened,
        .finish = test_call_finish,
    };
    call__open(&watcher->t.call, &(struct call_credentials){.bearer = bearer_parse(header)});
    test_call_wait(&watcher->t, &watcher->t.opened);
    assert_int_equal(watcher->t.call.status.code, STATUS_OK);
    watcher->t.call.request = request;
    watcher->t.call.ready = on_ready;
    call__dispatch(&watcher->t.call);
    if (watcher->ready == 0 && !watcher->t.finished)
        watcher_wait_ready(watcher);
}

void watcher_open(struct watcher *watcher, struct world *w, struct chain_loop *loop,
                  struct slice token, const char *kind, const char *from)
{
    watcher_open_stream(watcher, w, loop, token, watch_method(w), watch_request(w, kind, from));
}

void watcher_close(struct watcher *watcher)
{
    if (!watcher->t.finished)
        call_stream__cancel(&watcher->t.call);
    while (!watcher->t.finished)
        watcher_wait_ready(watcher);
    arena_done(&watcher->arena);
}

enum stream_result watcher_pull(struct watcher *watcher, struct reply *ret_reply)
{
    struct world *w = watcher->t.world;

    *ret_reply = (struct reply){status_ok(), watch_method(w)->output, NULL};
    for (;;) {
        enum stream_result result;

        if (watcher->t.finished)
            return STREAM_END;
        result = call_stream__next(&watcher->t.call, &ret_reply->message);
        if (result != STREAM_WAIT)
            return result;
        pthread_mutex_lock(&w->mutex);
        while (watcher->t.posted == 0 && w->wakes == 0 && watcher->t.call.view != NULL)
            pthread_cond_wait(&w->cond, &w->mutex);
        pthread_mutex_unlock(&w->mutex);
        if (!watcher_turn(watcher))
            return STREAM_WAIT; /* asleep: it holds no view */
    }
}

struct reply watcher_next(struct watcher *watcher)
{
    struct reply reply;
    enum stream_result result;

    while ((result = watcher_pull(watcher, &reply)) != STREAM_MESSAGE) {
        assert_int_not_equal(result, STREAM_END);
        if (result == STREAM_WAIT)
            watcher_wait_ready(watcher);
    }
    return reply;
}
