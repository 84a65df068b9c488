/* The protocols, and which of them a connection speaks. */
#include "rpc/net/protocol.h"

#include "rpc/net/http1.h"
#include "rpc/net/http2.h"

static const struct protocol *const protocols[] = {&http1_protocol, &http2_protocol};

#define PROTOCOL_COUNT (sizeof(protocols) / sizeof(protocols[0]))

static const struct slice preface = SLICE_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const struct protocol *protocol__sniff(struct slice *bytes, size_t *seen)
{
    size_t used = 0;

    assert(*seen < preface.len);
    while (used < bytes->len && *seen < preface.len && bytes->data[used] == preface.data[*seen]) {
        used++;
        (*seen)++;
    }
    *bytes = slice_from(*bytes, used);
    if (*seen == preface.len)
        return &http2_protocol;
    return bytes->len > 0 ? &http1_protocol : NULL;
}

struct slice protocol__preface(size_t seen)
{
    return slice_make(preface.data, seen);
}

bool protocols__open(struct loop *loop)
{
    for (size_t i = 0; i < PROTOCOL_COUNT; i++)
        if (protocols[i]->open_loop != NULL && !protocols[i]->open_loop(loop))
            return false;
    return true;
}

void protocols__close(struct loop *loop)
{
    for (size_t i = 0; i < PROTOCOL_COUNT; i++)
        if (protocols[i]->close_loop != NULL)
            protocols[i]->close_loop(loop);
}
