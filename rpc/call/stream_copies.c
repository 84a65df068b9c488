/* Each form is an allocation of its own: most messages are told in one form. */
#include "rpc/call/stream_copies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void stream_copies__keep(struct stream_copies *copies, enum stream_form form, struct slice bytes)
{
    char *kept;

    assert(form < STREAM_FORMS);
    if (form == STREAM_FORM_OWN || bytes.len == 0 || copies->bytes[form].len > 0 ||
        !account_take(copies->account, bytes.len))
        return;
    kept = malloc(bytes.len);
    if (kept == NULL) {
        account_give(copies->account, bytes.len);
        return;
    }
    memcpy(kept, bytes.data, bytes.len);
    copies->bytes[form] = slice_make(kept, bytes.len);
}

void stream_copies_clear(struct stream_copies *copies)
{
    for (size_t i = 0; i < STREAM_FORMS; i++) {
        account_give(copies->account, copies->bytes[i].len);
        free((void *)copies->bytes[i].data);
        copies->bytes[i] = SLICE_EMPTY;
    }
}
