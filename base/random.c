/* A stock of getrandom's bytes for each thread. */
#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/cache_size.h"
#include "base/erase.h"

/* One draw: a third of what its bytes cost in draws of 256 is the system calls. */
#define STOCK_BYTES 4096

static _Thread_local struct {
    size_t left;
    uint8_t bytes[STOCK_BYTES];
} stock;

/* A signal may cut a draw of more than 256 bytes short, or off before its first (getrandom(2)). */
static bool draw(uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = getrandom(bytes + at, len - at, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

bool random_fill(void *bytes, size_t len)
{
    const size_t most = cache_size(STOCK_BYTES);

    if (len > most)
        return draw(bytes, len);
    if (stock.left < len) {
        stock.left = 0;
        if (!draw(stock.bytes, most))
            return false;
        stock.left = most;
    }
    assert(stock.left >= len && stock.left <= most);
    stock.left -= len;
    memcpy(bytes, stock.bytes + stock.left, len);
    erase(stock.bytes + stock.left, len);
    return true;
}
