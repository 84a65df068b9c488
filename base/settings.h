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
      "open connections, and three quarters of the file descriptors at most; a further one is "    \
      "closed at once, and close to the bound idle ones are: clients that open and never close")   \
    X(max_source_connections_percent, 1, 100, 50,                                                  \
      "part of max_connections that one source may hold, an IPv4 address or an IPv6 /64; more "    \
      "where a proxy stands before the server: one client that takes all connections")             \
    X(max_header_bytes, 1024, 1048576, 16384,                                                      \
      "bytes of a request's header fields, name + value + 32 each: header floods; 431")            \
    X(max_header_count, 8, 1000, 100, "header fields of a request: header floods; 431")            \
    X(max_request_line_bytes, 256, 65536, 8192, "bytes of an HTTP/1.1 request line; 414")          \
    X(max_metadata_bytes, 1024, 65536, 8192,                                                       \
      "bytes of a gRPC call's metadata, name + value + 32 each; RESOURCE_EXHAUSTED")               \
    X(max_body_bytes, 1024, 67108864, 4194304, "bytes of a REST request's body; 413")              \
    X(max_message_bytes, 1024, 67108864, 4194304,                                                  \
      "bytes of one gRPC message, inflated, in either direction; RESOURCE_EXHAUSTED")              \
    X(max_call_memory_bytes, 65536, 268435456, 33554432,                                           \
      "memory of one call's arena: small requests that unfold; RESOURCE_EXHAUSTED")                \
    X(max_memory_mib, 16, 1048576, 1024,                                                           \
      "memory of all connections and their calls, in equal parts for the event loops; one "        \
      "connection has a quarter of a part at most (RESOURCE_EXHAUSTED), and once half of it is "   \
      "held large holders are closed: slow readers, large uploads")                                \
    X(max_chunk_extension_bytes, 0, 65536, 1024,                                                   \
      "bytes of chunk sizes and extensions of one HTTP/1.1 body: slow drips; 400")                 \
    X(max_pipelined_requests, 1, 1000, 16,                                                         \
      "HTTP/1.1 requests of one connection in flight; reading pauses beyond it")                   \
    X(max_concurrent_streams, 1, 10000, 100, "HTTP/2 streams of one connection; refused beyond")   \
    X(max_resets_per_second, 1, 100000, 100,                                                       \
      "streams that a client may reset a second, with a burst of ten times that: rapid reset; "    \
      "GOAWAY")                                                                                    \
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
      "from the first byte of a request (or of the connection) to the end of its head: slow "      \
      "headers; close")                                                                            \
    X(body_timeout_ms, 100, 3600000, 60000, "between two pieces of a request's body: slow bodies") \
    X(min_body_bytes_per_second, 0, 1048576, 512,                                                  \
      "a request's body may take body_timeout_ms in all, and a second more for so many bytes; "    \
      "0 is no such bound: bodies that drip")                                                      \
    X(idle_timeout_ms, 100, 86400000, 300000, "a connection without a request; close")             \
    X(write_timeout_ms, 100, 3600000, 60000,                                                       \
      "answer bytes wait without the peer taking any (zero windows included); close")              \
    X(request_timeout_ms, 10, 3600000, 30000, "a call without a deadline of its own; 504")         \
    X(stream_heartbeat_ms, 100, 3600000, 15000,                                                    \
      "silence of a stream before a heartbeat: balancers that cut idle ones, peers that are gone") \
    X(drain_timeout_ms, 0, 3600000, 30000, "calls may finish after SIGTERM; then they are cut")    \
    X(min_ping_interval_ms, 0, 3600000, 10000,                                                     \
      "a client that pings oftener without data, three times: GOAWAY too_many_pings")              \
    X(max_connection_age_ms, 0, 86400000, 0, "then GOAWAY, so that balancers rebalance; 0 is off") \
    X(max_connection_age_grace_ms, 0, 86400000, 30000, "from that GOAWAY to the close")            \
    X(feed_keep_ms, 1000, 31536000000, 604800000, "changes are kept for watchers; then trimmed")   \
    X(feed_keep_rows, 1, 1000000000, 1000000,                                                      \
      "changes of one organization that are kept; the oldest are trimmed")                         \
    X(keeper_interval_ms, 10, 3600000, 60000,                                                      \
      "between two rounds that write uses, refusals and the clock's floor, and trim the feed")     \
    X(max_log_queue_kib, 128, 1048576, 4096,                                                       \
      "log lines that wait for the reader of standard error; further ones are dropped and "        \
      "counted")                                                                                   \
    X(block_cache_mib, 8, 1048576, 256, "memory for blocks of the embedded store")                 \
    X(identity_cache_entries, 64, 10000000, 100000, "token facts that each event loop remembers")

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
