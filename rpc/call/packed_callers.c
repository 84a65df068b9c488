/* A place for each last byte of a hash; the newest caller has it. */
#include "rpc/call/packed_callers.h"

#include <assert.h>
#include <stdlib.h>

#include "base/cache_size.h"
#include "rpc/call/chain.h"

static struct packed_caller *place_of(const struct call *call, const struct identity *identity)
{
    struct packed_callers *callers = call->loop->packed_callers;
    size_t count = cache_size(PACKED_CALLERS);

    assert(count <= PACKED_CALLERS);
    if (callers == NULL || count == 0 || identity->type != IDENTITY_TOKEN)
        return NULL;
    return &callers->places[identity->hash[sizeof(identity->hash) - 1] % count];
}

bool packed_callers_find(const struct call *call, const struct identity *identity,
                         struct slice *ret_bytes)
{
    const struct packed_caller *known = place_of(call, identity);

    if (known == NULL || known->len == 0 || known->epoch != identity->epoch ||
        memcmp(known->hash, identity->hash, sizeof(known->hash)) != 0)
        return false;
    *ret_bytes = slice_make(known->bytes, known->len);
    return true;
}

void packed_callers_keep(const struct call *call, const struct identity *identity,
                         struct slice bytes)
{
    struct packed_caller *known;

    /* Else a change came between what was judged and what was read. */
    if (identity->epoch != call->view_epoch || bytes.len > PACKED_CALLER_BYTES)
        return;
    if (call->loop->packed_callers == NULL)
        call->loop->packed_callers = calloc(1, sizeof(*call->loop->packed_callers));
    known = place_of(call, identity);
    if (known == NULL || bytes.len == 0)
        return;
    memcpy(known->hash, identity->hash, sizeof(known->hash));
    known->epoch = identity->epoch;
    known->len = bytes.len;
    memcpy(known->bytes, bytes.data, bytes.len);
}
