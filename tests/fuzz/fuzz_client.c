/*
 * The client of a request: the first line of the input lists trusted proxies, the second is the
 * peer, each further one a header, "name:value". Whatever it says, an address is one.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "rpc/net/client.h"
#include "rpc/net/http1_check.h"
#include "rpc/net/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS_MOST 64

static struct slice cut_at(struct slice *rest, char end)
{
    size_t at = slice_find(*rest, end);
    struct slice before = slice_make(rest->data, at);

    *rest = slice_from(*rest, at < rest->len ? at + 1 : at);
    return before;
}

/* What is written as an origin reads as the same. */
static void try_origin(struct arena *arena, struct slice scheme, struct slice authority)
{
    struct slice origin = origin_of(arena, scheme, authority);
    struct slice again = SLICE_EMPTY;

    if (origin.len > 0)
        assert(origin_parse(arena, origin, &again) && slice_equal(origin, again));
    else
        assert(!http1__host_is_valid(authority));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_make(data, size);
    struct slice trusted = cut_at(&rest, '\n');
    struct slice peer = cut_at(&rest, '\n');
    struct header headers[HEADERS_MOST];
    struct request_head head = {.version = HTTP_2, .headers = headers, .content_length = -1};
    struct proxies proxies;
    struct network address;
    struct client client;
    struct arena arena;

    arena_init(&arena, NULL, (size_t)16 << 20);
    while (rest.len > 0 && head.header_count < HEADERS_MOST) {
        struct slice line = cut_at(&rest, '\n');

        headers[head.header_count].name = cut_at(&line, ':');
        headers[head.header_count++].value = line;
    }
    if (status_is_ok(proxies_parse(&arena, trusted, &proxies))) {
        assert(proxies.count <= PROXIES_MOST);
        client = client_find(&arena, &proxies, &head, peer, SLICE("http"));
        assert(client.address.data == peer.data || network_parse_address(client.address, &address));
        assert(slice_equal(client.scheme, SLICE("http")) ||
               slice_equal(client.scheme, SLICE("https")));
        try_origin(&arena, client.scheme, client.authority);
    }
    arena_done(&arena);
    return 0;
}
