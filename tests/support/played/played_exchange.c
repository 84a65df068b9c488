/* See played_exchange.h. */
#include "tests/support/played/played_exchange.h"

#include <stdlib.h>

#include "rpc/net/connection.h"
#include "rpc/net/loop_run.h"

#define HEADERS_MOST 20
#define PIECES_MOST 4096
#define MEMORY_MOST ((size_t)1 << 30)

/* -- the protocol, played: it takes nothing of an answer by itself --------------------------- */

static struct played seen;

static bool protocol_write(struct connection *connection, struct buffer *out)
{
    (void)connection;
    (void)out;
    return true;
}

static bool protocol_is_finished(const struct connection *connection)
{
    (void)connection;
    return false;
}

static void protocol_reset_stream(struct stream *stream)
{
    assert_ptr_equal(&stream->exchange, seen.exchange);
    seen.was_reset = true;
}

static void protocol_consume(struct stream *stream, size_t bytes)
{
    assert_ptr_equal(&stream->exchange, seen.exchange);
    seen.consumed += bytes;
}

static const struct protocol protocol = {
    .write = protocol_write,
    .is_finished = protocol_is_finished,
    .reset_stream = protocol_reset_stream,
    .consume = protocol_consume,
};

/* -- the loop, its connection and the exchange ------------------------------------------------ */

static const struct listener_profile listener;
static struct server_options options;
static struct settings *loop_settings;
static uint64_t usual_write_buffer;
static struct loop loop;
static struct connection connection;
static struct stream *stream;
static struct header request_headers[HEADERS_MOST];

static struct piece_sent pieces[PIECES_MOST];
static const struct piece *newest; /* of those that wait, the last that is in `pieces` */
static char *answer;

static void connection_timer(struct timer *timer)
{
    (void)timer; /* no deadline of a connection passes here */
}

bool played_loop_start(struct settings *settings)
{
    loop_settings = settings;
    usual_write_buffer = settings->max_write_buffer_bytes;
    options = (struct server_options){.settings = settings};
    loop = (struct loop){.settings = settings, .options = &options, .memory_most = MEMORY_MOST};
    if (!loop_init(&loop))
        return false;
    loop__enter(&loop);
    return true;
}

void played_loop_end(void)
{
    loop_release(&loop);
}

/* Also after a test that failed, and left anything. */
static void connection_unlink(void)
{
    schedule__remove(&connection.scheduled);
    timer__cancel(&connection.timer);
    list_remove(&connection.dirty);
    list_remove(&connection.link);
}

static void connection_start(void)
{
    connection_unlink();
    connection = (struct connection){
        .loop = &loop,
        .state = CONNECTION_SERVING,
        .protocol = &protocol,
        .listener = &listener,
        .deadline_ms = INT64_MAX,
        .timer = {.fire = connection_timer},
    };
    loop__share_memory(&loop, &connection.memory);
    list_init(&connection.streams);
    list_init(&connection.ready);
    schedule__entry_init(&connection.scheduled);
    list_init(&connection.touched);
    list_init(&connection.finished);
    list_append(&loop.connections, &connection.link);
}

static void connection_end(void)
{
    connection_unlink();
    assert_int_equal(connection.stream_count, 0);
    assert_int_equal(connection.waiting, 0);
}

void played_exchange_start(void)
{
    if (stream != NULL)
        played_exchange_end();
    loop_settings->max_write_buffer_bytes = usual_write_buffer;
    connection_start();
    stream = http_stream__make(&connection);
    assert_non_null(stream);
    exchange_hold(&stream->exchange);
    seen = (struct played){.exchange = &stream->exchange};
    stream->exchange.head.headers = request_headers;
    newest = NULL;
}

void played_exchange_end(void)
{
    unsigned holds;

    if (!stream->is_closed)
        played_close_exchange();
    holds = played()->holds;
    exchange_release(&stream->exchange);
    stream = NULL;
    assert_int_equal(holds, 0);
    connection_end();
    for (size_t i = 0; i < seen.piece_count; i++)
        free(pieces[i].copy);
    free(answer);
    answer = NULL;
    assert_int_equal(loop.exchanges, 0);
}

/* -- what there is to see ---------------------------------------------------------------------- */

static void note_piece(const struct piece *piece)
{
    struct piece_sent *sent = &pieces[seen.piece_count];

    assert_true(seen.piece_count < PIECES_MOST);
    sent->borrowed = piece->bytes;
    sent->copy = malloc(piece->bytes.len + 1);
    assert_non_null(sent->copy);
    memcpy(sent->copy, piece->bytes.data, piece->bytes.len);
    seen.last = slice_make(sent->copy, piece->bytes.len);
    seen.piece_count++;
    newest = piece;
}

static void note_pieces(void)
{
    const struct piece *piece = stream->answer.first;

    if (seen.piece_count > seen.taken)
        piece = newest->next;
    for (; piece != NULL; piece = piece->next)
        note_piece(piece);
}

const struct played *played(void)
{
    const struct answer *given = &stream->answer;
    unsigned own = stream->is_closed ? 1 : 2;

    if (stream->connection != NULL)
        note_pieces();
    assert_true(stream->holds >= own);
    assert_true(stream->most == 0);
    seen.holds = stream->holds - own;
    seen.accepted = stream->accepted;
    seen.answers = given->state == ANSWER_NONE ? 0 : 1; /* rpc/net asserts that none is a second */
    seen.ended = given->state == ANSWER_ENDED;
    seen.status = given->status;
    seen.sent = given->headers;
    seen.sent_count = given->header_count;
    seen.trailers = given->trailers;
    seen.trailer_count = given->trailer_count;
    seen.room = (size_t)loop_settings->max_write_buffer_bytes / 4;
    seen.waiting = given->waiting;
    seen.timeout_ms = link_is_listed(&stream->timer.link)
                          ? (uint64_t)(stream->timer.due_ms - loop_now_ms(&loop))
                          : 0;
    return &seen;
}

struct slice played_answer(void)
{
    const struct played *now = played();
    size_t len = 0;

    for (size_t i = 0; i < now->piece_count; i++)
        len += pieces[i].borrowed.len;
    answer = realloc(answer, len + 1);
    assert_non_null(answer);
    len = 0;
    for (size_t i = 0; i < now->piece_count; i++) {
        memcpy(answer + len, pieces[i].copy, pieces[i].borrowed.len);
        len += pieces[i].borrowed.len;
    }
    return slice_make(answer, len);
}

/* -- what the peer and the loop do ------------------------------------------------------------ */

void played_add_header(struct slice name, struct slice value)
{
    struct request_head *head = &stream->exchange.head;

    assert_true(head->header_count < HEADERS_MOST);
    request_headers[head->header_count++] = (struct header){name, value};
}

void played_set_room(size_t bytes)
{
    loop_settings->max_write_buffer_bytes = bytes * 4; /* one stream has a quarter */
}

void played_head_came(void)
{
    stream->whole = stream->begun = true;
}

/* What gave way, or has the end of its body to hear, has its turn: nobody else is there. */
static void start_ready(void)
{
    struct link *link;

    while ((link = list_pop(&connection.ready)) != NULL)
        http_stream__start(LIST_ELEMENT(link, struct stream, ready));
}

void played_body(struct slice bytes)
{
    http_stream__receive(stream, bytes);
    start_ready();
    played();
}

void played_body_end(void)
{
    http_stream__receive_end(stream);
    start_ready();
    played();
}

const struct piece_sent *take_piece(void)
{
    const struct played *now = played();
    const struct piece_sent *piece = &pieces[now->taken];
    struct buffer taken = {0};

    if (now->taken == now->piece_count)
        return NULL;
    assert_int_equal(http_stream__take_body(stream, &taken, piece->borrowed.len),
                     piece->borrowed.len);
    /* Not cmocka's comparison, which no sanitizer watches. */
    assert_true(memcmp(taken.data, piece->copy, taken.len) == 0);
    buffer__done(&taken);
    seen.taken++;
    return piece;
}

void played_turn(void)
{
    http_stream__run(stream);
    start_ready();
    played();
}

void played_run_posted(void)
{
    assert_non_null(atomic_load(&loop.posted));
    loop_step(&loop);
    played();
}

void played_timeout(void)
{
    timer__cancel(&stream->timer);
    stream->timer.fire(&stream->timer);
    played();
}

void played_close_exchange(void)
{
    bool complete = played()->ended;

    start_ready();
    http_stream__finish(stream, complete);
    http_stream__close(stream);
}

struct slice header_value(const struct header *headers, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(headers[i].name, name))
            return headers[i].value;
    return SLICE_EMPTY;
}

struct slice played_sent(struct slice name)
{
    const struct played *now = played();

    return header_value(now->sent, now->sent_count, name);
}
