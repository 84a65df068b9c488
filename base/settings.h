/*
 * Every setting and bound of the server: one row each. From this table come the flags (with
 * dashes), the keys of the configuration file, DATASTREAM_* in the environment, the checks of their
 * ranges, the documentation and the defaults. Names carry their unit.
 *
 * X(name, smallest, largest, default, what it is and which behaviour of a peer it answers)
 */
#ifndef DATASTREAM_BASE_SETTINGS_H
#define DATASTREAM_BASE_SETTINGS_H

#include "base/slice.h"

#define SETTINGS(X)                                                                                \
    X(workers, 0, 256, 0, "event loops; 0 is one for each core")                                   \
    X(max_connections, 1, 1000000, 10000,                                                          \
      "open connections, at most three quarters of the file descriptors; further ones are closed " \
      "at once, and idle ones when room is needed: clients that open and never close")             \
    X(max_source_connections_percent, 1, 100, 50,                                                  \
      "share of max_connections that one source (an IPv4 address or an IPv6 /64) may hold; raise " \
      "it when clients come through a proxy: one client that holds all connections")               \
    X(max_header_bytes, 1024, 1048576, 16384,                                                      \
      "bytes of a request's header fields, name + value + 32 each: header floods; 431")            \
    X(max_header_count, 8, 1000, 100, "header fields of a request: header floods; 431")            \
    X(max_request_line_bytes, 256, 65536, 8192, "bytes of an HTTP/1.1 request line; 414")          \
    X(max_metadata_bytes, 1024, 65536, 8192,                                                       \
      "bytes of a gRPC call's metadata, name + value + 32 each; RESOURCE_EXHAUSTED")               \
    X(max_body_bytes, 1024, 67108864, 4194304, "bytes of a REST request's body; 413")              \
    X(max_message_bytes, 1024, 67108864, 4194304,                                                  \
      "bytes of one gRPC message after decompression, in either direction; RESOURCE_EXHAUSTED")    \
    X(max_call_memory_bytes, 65536, 268435456, 33554432,                                           \
      "memory of one call: small requests that expand; RESOURCE_EXHAUSTED")                        \
    X(max_memory_mib, 16, 1048576, 1024,                                                           \
      "memory of all connections and their calls, in equal parts for the event loops; one "        \
      "connection may hold a quarter of a part (RESOURCE_EXHAUSTED), and large holders are "       \
      "closed once half of a part is in use: slow readers, large uploads")                         \
    X(max_chunk_extension_bytes, 0, 65536, 1024,                                                   \
      "bytes of chunk sizes and extensions of one HTTP/1.1 body: slow drips; 400")                 \
    X(max_pipelined_requests, 1, 1000, 16,                                                         \
      "HTTP/1.1 requests of one connection in flight; reading pauses beyond it")                   \
    X(max_concurrent_streams, 1, 10000, 100, "HTTP/2 streams of one connection; refused beyond")   \
    X(max_resets_per_second, 1, 100000, 100,                                                       \
      "streams that a client may reset each second, with a burst of ten times as many: rapid "     \
      "reset; GOAWAY")                                                                             \
    X(max_idle_frames, 10, 1000000, 1000,                                                          \
      "empty DATA, PRIORITY, PING, SETTINGS and unknown frames since the last useful one: "        \
      "frame floods; GOAWAY ENHANCE_YOUR_CALM")                                                    \
    X(max_continuations, 1, 1000, 8, "CONTINUATION frames of one header block")                    \
    X(stream_window_bytes, 65535, 16777216, 262144, "HTTP/2 credit of one stream's upload")        \
    X(connection_window_bytes, 65535, 67108864, 1048576,                                           \
      "HTTP/2 credit of one connection's uploads together")                                        \
    X(max_write_buffer_bytes, 4096, 16777216, 262144,                                              \
      "bytes waiting for a slow reader of one connection before its producers are held")           \
    X(header_timeout_ms, 100, 600000, 10000,                                                       \
      "time from the first byte of a request (or of the connection) to the end of its head; then " \
      "the connection is closed: slow headers")                                                    \
    X(body_timeout_ms, 100, 3600000, 60000,                                                        \
      "time between two pieces of a request's body: slow bodies")                                  \
    X(min_body_bytes_per_second, 0, 1048576, 512,                                                  \
      "lowest rate of a request's body once body_timeout_ms has passed; 0 disables the bound: "    \
      "bodies that drip")                                                                          \
    X(idle_timeout_ms, 100, 86400000, 300000,                                                      \
      "time without a request after which a connection is closed")                                 \
    X(write_timeout_ms, 100, 3600000, 60000,                                                       \
      "time that answer bytes wait while the peer reads none (zero windows included); then the "   \
      "connection is closed")                                                                      \
    X(request_timeout_ms, 10, 3600000, 30000,                                                      \
      "time for a call that has no deadline of its own; 504")                                      \
    X(stream_heartbeat_ms, 100, 3600000, 15000,                                                    \
      "silence of a stream after which a heartbeat is sent: balancers that cut idle streams, "     \
      "peers that are gone")                                                                       \
    X(drain_timeout_ms, 0, 3600000, 30000,                                                         \
      "time for calls to finish after SIGTERM; then they are ended")                               \
    X(min_ping_interval_ms, 0, 3600000, 10000,                                                     \
      "shortest time between pings without data; the third ping too early: GOAWAY too_many_pings") \
    X(max_connection_age_ms, 0, 86400000, 0,                                                       \
      "age at which a connection gets GOAWAY, so that balancers rebalance; 0 disables it")         \
    X(max_connection_age_grace_ms, 0, 86400000, 30000,                                             \
      "time from that GOAWAY to the close of the connection")                                      \
    X(unix_socket_group, 0, 1, 1,                                                                  \
      "whether the server's group may connect to its Unix sockets: 1 is mode 0660, 0 is 0600")     \
    X(max_failed_sign_ins, 0, 32, 5,                                                               \
      "failed sign-ins of an account within 15 minutes, after which each further try waits for 1 " \
      "s at first and 60 s at most; 0 disables the bound: guessed passwords; 429")                 \
    X(max_source_failed_sign_ins, 0, 32, 30,                                                       \
      "failed sign-ins of one source (an IPv4 address or an IPv6 /64) within 15 minutes; 0 "       \
      "disables the bound: passwords tried on many accounts; 429")                                 \
    X(feed_keep_ms, 1000, 31536000000, 604800000, "time that changes are kept for watchers")       \
    X(feed_keep_rows, 1, 1000000000, 1000000,                                                      \
      "changes of one organization that are kept for watchers; the oldest are removed")            \
    X(watch_ring_kib, 0, 1048576, 1024,                                                            \
      "memory of each event loop for the latest changes, which its watchers share; 0: each "       \
      "watcher "                                                                                   \
      "reads the store")                                                                           \
    X(maintenance_interval_ms, 10, 3600000, 60000,                                                 \
      "time between two rounds of maintenance, which store last uses, refusals and the clock's "   \
      "floor, and trim the change feed and idempotency keys")                                      \
    X(max_idempotency_keys, 1, 100000000, 10000000,                                                \
      "idempotency keys of the last 24 hours, of all callers, about 16 bytes of memory each; "     \
      "requests with further ones are refused; 429")                                               \
    X(max_log_queue_kib, 128, 1048576, 4096,                                                       \
      "log lines that wait for the reader of standard error; further ones are dropped and "        \
      "counted")                                                                                   \
    X(block_cache_mib, 8, 1048576, 256, "memory for cached blocks of the embedded store")          \
    X(row_cache_mib, 0, 1048576, 64,                                                               \
      "memory for cached rows of the embedded store; 0 disables it")                               \
    X(identity_cache_entries, 64, 10000000, 100000, "tokens whose facts each event loop caches")

struct settings {
#define X(name, smallest, largest, initial, text) uint64_t name;
    SETTINGS(X)
#undef X
};

/* One row of the table, for flags, files and documentation. */
struct setting {
    const char *name; /* with underscores */
    uint64_t smallest;
    uint64_t largest;
    uint64_t initial;
    const char *text;
};

/* All rows; *ret_count says how many. */
const struct setting *settings_rows(size_t *ret_count);

/* The defaults. */
struct settings settings_default(void);

enum setting_result { SETTING_OK, SETTING_UNKNOWN, SETTING_NOT_A_NUMBER, SETTING_OUT_OF_RANGE };

/*
 * Sets one by name ('-' and '_' are the same, case is ignored). What is refused changes nothing;
 * *ret_row is the row where the name is known.
 */
enum setting_result settings_set(struct settings *settings, struct slice name, struct slice value,
                                 const struct setting **ret_row);

#endif
