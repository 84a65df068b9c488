/*
 * A caller of a streaming method whose messages the test pulls, on a loop of the test's own thread.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_WATCHER_H
#define DATASTREAM_TESTS_SUPPORT_WATCHER_H

#include "tests/support/world.h"

#include "rpc/call/call_stream.h"

/*
 * Loops beside the world's, from the first on, which each turn wakes too: all wakes are counted
 * together.
 */
#define WATCHER_LOOPS 3
extern struct chain_loop *watcher_loops[WATCHER_LOOPS];

struct watcher {
    struct test_call t;
    struct arena arena; /* of the call */
    unsigned ready;     /* how often it was called */
};

/* Opens a stream; whether it could be opened is told by t.finished. */
void watcher_open_stream(struct watcher *watcher, struct world *w, struct chain_loop *loop,
                         struct slice token, const struct method *method,
                         ProtobufCMessage *request);

/* Opens a watch of one kind, or of all (NULL), from a revision or from now on (NULL). */
void watcher_open(struct watcher *watcher, struct world *w, struct chain_loop *loop,
                  struct slice token, const char *kind, const char *from);

/* Cancels it where it has not ended, and waits for its end. */
void watcher_close(struct watcher *watcher);

/* Runs what was posted and wakes the loop; false when there was nothing to do. */
bool watcher_turn(struct watcher *watcher);

/* Turns until the stream is ready anew or has ended. */
void watcher_wait_ready(struct watcher *watcher);

/* The next message or heartbeat, or STREAM_WAIT once the stream sleeps, or STREAM_END. */
enum stream_result watcher_pull(struct watcher *watcher, struct reply *ret_reply);

/* The next change, whatever time it takes. */
struct reply watcher_next(struct watcher *watcher);

#endif
