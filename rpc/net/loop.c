/*
 * What everybody on a loop asks of it: its mail, its thread, the date, elements of queues, memory.
 */
#include "rpc/net/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "rpc/net/connection.h"
#include "rpc/net/loop_internal.h"

#define PIECES_MOST 1024

static _Thread_local const struct loop *current;

void loop__enter(const struct loop *loop)
{
    current = loop;
}

void loop__assert_thread(const struct loop *loop)
{
    assert(loop == current);
}

unsigned loop_index(const struct loop *loop)
{
    return loop->index;
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    struct loop_task *first = atomic_load_explicit(&loop->posted, memory_order_relaxed);

    do {
        task->next = first;
    } while (!atomic_compare_exchange_weak(&loop->posted, &first, task));
    if (first == NULL)
        uv_async_send(&loop->mail); /* else the one before us has sent */
}

bool loop__has_memory(const struct loop *loop, const struct connection *connection)
{
    return loop->memory.used < loop->memory_most &&
           connection->memory.used < connection->memory.most;
}

void loop__share_memory(struct loop *loop, struct account *account)
{
    account->whole = &loop->memory;
    account->most = MEMORY_SHARE(loop->memory_most);
}

const char *loop__date(struct loop *loop)
{
    int64_t second = clock_wall_ms() / 1000;

    if (second != loop->date_second) {
        static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        time_t seconds = (time_t)second;
        char text[64];
        struct tm tm;

        gmtime_r(&seconds, &tm);
        snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
                 tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                 tm.tm_sec);
        memcpy(loop->date, text, DATE_LEN);
        loop->date_second = second;
    }
    return loop->date;
}

struct piece *loop__take_piece(struct loop *loop)
{
    struct piece *piece = loop->pieces;

    if (piece == NULL)
        return malloc(sizeof(*piece));
    loop->pieces = piece->next;
    assert(loop->piece_count > 0);
    loop->piece_count--;
    return piece;
}

void loop__give_piece(struct loop *loop, struct piece *piece)
{
    if (loop->piece_count >= PIECES_MOST) {
        free(piece);
        return;
    }
    piece->next = loop->pieces;
    loop->pieces = piece;
    loop->piece_count++;
}
