/*
 * A message's bytes as frontends write them, kept where several streams of a loop tell the same
 * message: the first writes it, the others copy what it wrote. One thread's.
 */
#ifndef DATASTREAM_RPC_CALL_STREAM_COPIES_H
#define DATASTREAM_RPC_CALL_STREAM_COPIES_H

#include "base/account.h"
#include "base/slice.h"

/*
 * What a frontend writes. Bytes of one form are the same for every stream that tells the message.
 */
enum stream_form {
    STREAM_FORM_OWN,    /* the stream's alone: it is not kept */
    STREAM_FORM_GRPC,   /* a frame, with its prefix */
    STREAM_FORM_NDJSON, /* a line */
    STREAM_FORM_SSE,    /* an event */
    STREAM_FORMS,
};

/* Plain; zero-initialize but for the account. */
struct stream_copies {
    struct account *account;          /* that the bytes count in; NULL: in none */
    struct slice bytes[STREAM_FORMS]; /* owned; empty: not kept */
};

/*
 * Keeps a copy of the bytes, where there is none yet and memory allows it: nothing depends on it.
 */
void stream_copies__keep(struct stream_copies *copies, enum stream_form form, struct slice bytes);

/* Frees what was kept. */
void stream_copies_clear(struct stream_copies *copies);

#endif
