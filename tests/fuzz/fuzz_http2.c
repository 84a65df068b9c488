/*
 * Frames of HTTP/2 to a real connection on a loop that the target steps: whatever comes in whatever
 * order, each exchange has one end, heads keep the grammar's promises, what is answered is frames,
 * and at the end nothing is held any more.
 *
 * The first byte chooses bounds and how the peer behaves. Then come records of five bytes and a
 * payload: type, flags, stream (255: the largest), length (2 bytes). Each is sent as the frame that
 * it describes, except the types from CONTROL_RAW on.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/net/connection_end.h"
#include "rpc/net/connection_serve.h"
#include "rpc/net/http1_check.h"
#include "rpc/net/loop_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLD(condition)   \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

enum { MODE_SMALL = 1, MODE_DEAF = 2, MODE_WHOLE = 4 };

enum {
    CONTROL_RAW = 0xf0, /* the payload as it stands */
    CONTROL_STEP,       /* the loop runs */
    CONTROL_ANSWER,     /* exchanges that wait go on */
    CONTROL_DRAIN,
};

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define RECORDS_MOST 4000
#define STEPS_MOST 64
#define FRAME_HEAD 9
#define WAITING_MOST 64

/* What an exchange does, by the first letter of its path. */
enum deed {
    DEED_ECHO,
    DEED_EARLY,
    DEED_PARTS,
    DEED_HOARD,
    DEED_LATER,
    DEED_RESET,
    DEED_FLOOD,
    DEED_SILENT,
    DEEDS
};

struct deal {
    enum deed deed;
    bool ended;
    bool closed;
    size_t body;
    size_t left; /* of DEED_FLOOD */
};

static struct settings settings[2];
static struct server_options options;
static struct loop loops[2];

static struct {
    struct loop *loop;
    int fd;
    bool deaf;
    bool broken;
    size_t sent;
    size_t begun;
    size_t closed;
    struct exchange *waiting[WAITING_MOST];
    size_t waiting_count;
    /* The answer's frames. */
    uint8_t head[FRAME_HEAD];
    size_t head_len;
    size_t payload_left;
    bool answered;
} peer;

/* ---- the frontend ---- */

static const struct header plain[] = {{SLICE_INIT("content-type"), SLICE_INIT("text/plain")}};
static const struct header trailers[] = {{SLICE_INIT("grpc-status"), SLICE_INIT("0")}};
static char flood[16384];

static void send_flood(struct exchange *exchange)
{
    struct deal *deal = exchange->state;
    bool more = true;

    while (more && deal->left > 0) {
        size_t count = deal->left < sizeof(flood) ? deal->left : sizeof(flood);

        deal->left -= count;
        more = exchange_send_body(exchange, slice_make(flood, count));
    }
    if (more)
        exchange_send_end(exchange, NULL, 0);
}

static void on_body(struct exchange *exchange, struct slice bytes)
{
    struct deal *deal = exchange->state;

    HOLD(!deal->ended && !deal->closed);
    deal->body += bytes.len;
    HOLD(deal->body <= peer.sent);
    if (deal->deed != DEED_HOARD)
        exchange_consume(exchange, bytes.len);
}

static void on_body_end(struct exchange *exchange)
{
    struct deal *deal = exchange->state;

    HOLD(!deal->ended && !deal->closed);
    deal->ended = true;
    if (deal->deed == DEED_ECHO) {
        exchange_respond(exchange, 200, plain, 1, SLICE("heard"));
    } else if (deal->deed == DEED_PARTS || deal->deed == DEED_LATER) {
        exchange_send_head(exchange, 200, plain, 1);
        exchange_send_body(exchange, SLICE("one"));
        exchange_send_end(exchange, trailers, 1);
    } else if (deal->deed == DEED_FLOOD) {
        deal->left = (size_t)1 << 18;
        exchange_send_head(exchange, 200, plain, 1);
        send_flood(exchange);
    }
}

static void on_closed(struct exchange *exchange, bool complete)
{
    struct deal *deal = exchange->state;

    (void)complete;
    HOLD(!deal->closed && exchange_is_closed(exchange));
    deal->closed = true;
    peer.closed++;
}

static const struct exchange_frontend frontend = {on_body, on_body_end, send_flood, NULL,
                                                  on_closed};

static void check_head(const struct request_head *head)
{
    const struct settings *bounds = peer.loop->settings;

    HOLD(head->version == HTTP_2 && http1__method_is_known(head->method));
    HOLD(http1__path_is_valid(head->path) && http1__query_is_valid(head->query));
    HOLD(http1__host_is_valid(head->authority));
    HOLD(head->header_count <= bounds->max_header_count);
    HOLD(head->header_bytes <= bounds->max_header_bytes);
    for (size_t i = 0; i < head->header_count; i++) {
        struct slice name = head->headers[i].name;

        HOLD(http1__token_is_valid(name) && http1__value_is_valid(head->headers[i].value));
        HOLD(head->names != 0 && head_may_name(head, name));
        for (size_t at = 0; at < name.len; at++)
            HOLD(name.data[at] < 'A' || name.data[at] > 'Z');
    }
}

static void begin(void *context, struct exchange *exchange)
{
    struct deal *deal = arena_zalloc(exchange->arena, sizeof(*deal));

    (void)context;
    HOLD(deal != NULL);
    check_head(&exchange->head);
    exchange->frontend = &frontend;
    exchange->state = deal;
    peer.begun++;
    if (exchange->head.path.len > 1)
        deal->deed = (enum deed)((unsigned char)exchange->head.path.data[1] % DEEDS);
    exchange_claim(exchange);
    if (deal->deed == DEED_EARLY) {
        exchange_respond(exchange, 403, plain, 1, SLICE("no"));
    } else if (deal->deed == DEED_RESET) {
        exchange_reset(exchange);
    } else if (deal->deed == DEED_LATER && peer.waiting_count < WAITING_MOST) {
        exchange_hold(exchange);
        peer.waiting[peer.waiting_count++] = exchange;
    } else {
        exchange_accept_body(exchange, deal->deed == DEED_HOARD ? 100 : 0);
    }
}

static void answer_waiting(void)
{
    while (peer.waiting_count > 0) {
        struct exchange *exchange = peer.waiting[--peer.waiting_count];

        if (!exchange_is_closed(exchange))
            exchange_accept_body(exchange, 0);
        exchange_release(exchange);
    }
}

/* ---- the peer ---- */

static void check_frame(const uint8_t *head)
{
    size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];

    HOLD(len <= (size_t)1 << 17); /* a pair of WRITE_BYTES, whatever frames the peer allows */
    HOLD(head[3] <= 9 && head[3] != 2 && head[3] != 5);
    HOLD(peer.answered || head[3] == 4); /* the server's preface */
    if (head[3] <= 3)
        HOLD(head[8] % 2 == 1);
    peer.answered = true;
    peer.payload_left = len;
}

static void walk(const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t count = peer.payload_left < len ? peer.payload_left : len;

        peer.payload_left -= count;
        bytes += count;
        len -= count;
        if (len == 0)
            break;
        peer.head[peer.head_len++] = *bytes++;
        len--;
        if (peer.head_len == FRAME_HEAD) {
            peer.head_len = 0;
            check_frame(peer.head);
        }
    }
}

static void read_answer(void)
{
    static uint8_t bytes[65536];
    ssize_t count;

    while (!peer.deaf && (count = recv(peer.fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        walk(bytes, (size_t)count);
}

/* Runs the loop until it has nothing to do. */
static void step(void)
{
    for (int i = 0; i < STEPS_MOST; i++) {
        loop_step(peer.loop);
        read_answer();
        if (i >= 3 && loop_is_at_rest(peer.loop))
            break;
    }
}

static void send_bytes(const void *bytes, size_t len)
{
    const char *from = bytes;

    peer.sent += len;
    for (int i = 0; len > 0 && !peer.broken && i < 8; i++) {
        ssize_t count = send(peer.fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (count > 0) {
            from += count;
            len -= (size_t)count;
        } else {
            peer.broken = errno != EAGAIN;
            step();
        }
    }
    peer.broken |= len > 0; /* a part of a frame: what follows would be read as its payload */
}

static void send_record(const uint8_t *record, const uint8_t *payload, size_t len)
{
    uint8_t head[FRAME_HEAD] = {
        0, (uint8_t)(len >> 8), (uint8_t)len, record[0], record[1], 0, 0, 0, record[2]};

    if (record[2] == 255) {
        head[5] = 0x7f;
        head[6] = head[7] = 0xff;
    }
    switch (record[0]) {
    case CONTROL_RAW:
        send_bytes(payload, len);
        break;
    case CONTROL_STEP:
        step();
        break;
    case CONTROL_ANSWER:
        answer_waiting();
        break;
    case CONTROL_DRAIN:
        if (!list_is_empty(&peer.loop->connections))
            connection__drain(LIST_ELEMENT(peer.loop->connections.next, struct connection, link));
        break;
    default:
        send_bytes(head, sizeof(head));
        send_bytes(payload, len);
    }
}

static void send_records(const uint8_t *data, size_t size, bool whole)
{
    for (int i = 0; i < RECORDS_MOST && size >= 5; i++) {
        size_t len = (size_t)data[3] << 8 | data[4];

        len = len < size - 5 ? len : size - 5;
        send_record(data, data + 5, len);
        data += 5 + len;
        size -= 5 + len;
        if (!whole)
            step();
    }
}

/* ---- the loop ---- */

static void prepare(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    options.begin = begin;
    for (int i = 0; i < 2; i++) {
        settings[i] = settings_default();
        loops[i].settings = &settings[i];
        loops[i].options = &options;
        loops[i].memory_most = (size_t)64 << 20;
        HOLD(loop_init(&loops[i]));
    }
    settings[1].max_header_bytes = 1024;
    settings[1].max_header_count = 8;
    settings[1].max_continuations = 2;
    settings[1].max_idle_frames = 20;
    settings[1].max_resets_per_second = 1;
    settings[1].max_concurrent_streams = 3;
    settings[1].max_write_buffer_bytes = 32768;
}

static void open_connection(struct loop *loop)
{
    static const char name[PEER_MOST] = "unix";
    static const struct listener_profile listener = {.is_unix = true};
    int pair[2];

    HOLD(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    peer.loop = loop;
    peer.fd = pair[0];
    atomic_fetch_add(&loop->open, 1);
    connection__open(loop, pair[1], &listener, name, NULL);
}

static void close_connection(void)
{
    peer.deaf = false;
    step();
    close(peer.fd);
    answer_waiting();
    peer.deaf = true;
    for (int i = 0; i < 4 && !list_is_empty(&peer.loop->connections); i++)
        step();
    HOLD(list_is_empty(&peer.loop->connections) && atomic_load(&peer.loop->open) == 0);
    HOLD(peer.loop->exchanges == 0 && peer.loop->memory.used == 0);
    HOLD(peer.begun == peer.closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool prepared;
    uint8_t mode = size > 0 ? data[0] : 0;

    if (!prepared)
        prepare();
    prepared = true;
    if (size == 0)
        return 0;
    memset(&peer, 0, sizeof(peer));
    peer.deaf = (mode & MODE_DEAF) != 0;
    open_connection(&loops[mode & MODE_SMALL]);
    send_bytes(PREFACE, sizeof(PREFACE) - 1);
    send_records(data + 1, size - 1, (mode & MODE_WHOLE) != 0);
    step();
    close_connection();
    return 0;
}
