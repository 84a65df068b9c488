/*
 * Rows of idempotency keys, and answers that are given again.
 *
 * The row is kept under a hash of caller, method and key; the fingerprint tells whether the request
 * is the same. Both hashes are keyed: a request may hold a password that a plain hash would let
 * somebody guess, and nobody can choose keys whose rows meet. Values that are shown once are kept
 * nowhere: they follow from the row's nonce and a key of the store.
 */
#include "rpc/call/idempotency.h"

#include <assert.h>

#include "base/crypto/aead.h"
#include "base/crypto/hkdf.h"
#include "base/crypto/wipe.h"
#include "proto/message/message.h"
#include "proto/message/message_maps.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/idempotency_row.h"
#include "rpc/call/slices.h"
#include "storage/bytes.h"
#include "storage/record.h"
#include "storage/repeats.h"

/* When there may be room for new keys. */
#define FULL_RETRY_MS 60000

struct idempotency {
    uint8_t row[REPEAT_HASH_LEN]; /* its key in the store */
    uint8_t fingerprint[IDEMPOTENCY_FINGERPRINT_LEN];
    uint64_t expired;      /* revision of a row that is there and counts no longer; 0 for none */
    uint64_t seen;         /* revision of the view that was looked into */
    bool looked_again;     /* after a failure */
    struct status failure; /* that one */

    /* Of the row that was found. */
    bool is_found;
    struct idempotency_row found;
    uint64_t revision;
};

/* -- the key ---------------------------------------------------------------------------------- */

static bool is_post(const struct method *method)
{
    return method->rule_count > 0 && slice_equal(method->rules[0].verb, SLICE("POST")) &&
           !method->server_streaming && !method->client_streaming;
}

static bool key_is_wellformed(struct slice key)
{
    if (key.len == 0 || key.len > IDEMPOTENCY_KEY_MOST)
        return false;
    for (size_t i = 0; i < key.len; i++)
        if (key.data[i] <= ' ' || key.data[i] > '~')
            return false;
    return true;
}

/* A key that is given twice is a list, with a blank in it. */
void idempotency__check(struct call *call, struct violations *violations)
{
    if (call->idempotency_key.data != NULL && is_post(call->method) &&
        !key_is_wellformed(call->idempotency_key))
        violations_add(violations, call->arena, SLICE("Idempotency-Key"),
                       "must be given once, with 1 to %d visible ASCII characters",
                       IDEMPOTENCY_KEY_MOST);
}

static struct slice row_of(const struct call *call)
{
    return slice_make(call->idempotency->row, REPEAT_HASH_LEN);
}

static bool make_fingerprint(struct call *call,
                             uint8_t ret_fingerprint[IDEMPOTENCY_FINGERPRINT_LEN])
{
    struct slice packed;

    message_sort_maps(call->arena, call->method->input, call->request);
    packed = message_pack(call->arena, call->request);
    if (arena_failed(call->arena))
        return false;
    return siphash_compute(call->loop->repeat_hash, call->loop->chain->repeat_keys.fingerprint,
                           &packed, 1, ret_fingerprint);
}

static bool make_row_key(struct call *call, const struct actor *actor,
                         uint8_t ret_row[REPEAT_HASH_LEN])
{
    struct slice key = call->idempotency_key;
    uint8_t front[2 * sizeof(struct uuid) + 2];
    const struct slice parts[] = {slice_make(front, sizeof(front)), key, call->method->path};

    memcpy(front, call->identity.organization.bytes, sizeof(struct uuid));
    memcpy(front + sizeof(struct uuid), actor->id.bytes, sizeof(struct uuid));
    front[sizeof(front) - 2] = (uint8_t)actor->type;
    front[sizeof(front) - 1] = (uint8_t)key.len; /* tells where the method begins */

    return siphash_compute(call->loop->repeat_hash, call->loop->chain->repeat_keys.row, parts,
                           sizeof(parts) / sizeof(parts[0]), ret_row);
}

void idempotency__begin(struct call *call)
{
    struct actor actor = call_actor_of(call);
    struct idempotency *idempotency;

    if (call->idempotency_key.data == NULL || !is_post(call->method) || actor.type == ACTOR_NONE)
        return;
    idempotency = arena_zalloc(call->arena, sizeof(*idempotency));
    if (idempotency == NULL)
        return;
    call->idempotency = idempotency;
    if (!make_row_key(call, &actor, idempotency->row)) {
        arena_fail(call->arena);
        return;
    }
    if (!make_fingerprint(call, idempotency->fingerprint))
        arena_fail(call->arena);
}

bool call_has_idempotency_key(const struct call *call)
{
    return call->idempotency != NULL;
}

/* -- the row ---------------------------------------------------------------------------------- */

static struct status refuse_other_request(struct call *call)
{
    struct status status = status_const(
        STATUS_INVALID_ARGUMENT,
        SLICE("The idempotency key was used for another request. Use a new key."));

    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE(STATUS_REASON_KEY_REUSED),
                      SLICE_EMPTY, SLICE_EMPTY);
    return status;
}

static bool has_room(const struct call *call)
{
    return store_repeats(call->loop->chain->store) <
           call->loop->chain->settings->max_idempotency_keys;
}

static struct status refuse_more_keys(struct call *call)
{
    struct status status = status_const(
        STATUS_RESOURCE_EXHAUSTED,
        SLICE("Too many idempotency keys were used within 24 hours. Send "
              "the request without a key, or retry it later."));

    status_add_detail(call->arena, &status, DETAIL_RETRY_INFO, SLICE_EMPTY, SLICE_EMPTY,
                      SLICE_EMPTY);
    for (struct status_detail *d = status.details; d != NULL; d = d->next)
        d->retry_ms = FULL_RETRY_MS;
    return status;
}

static struct status unreadable(void)
{
    return status_const(STATUS_DATA_LOSS, SLICE("A stored record cannot be read."));
}

static enum idempotency_found judge_row(struct call *call, struct slice value,
                                        struct status *ret_status)
{
    struct idempotency *idempotency = call->idempotency;
    struct idempotency_row row;
    struct record record;

    if (!record_parse(value, &record) || !idempotency_row__read(record.body, &row)) {
        *ret_status = unreadable();
        return IDEMPOTENCY_REFUSED;
    }
    if (idempotency__has_expired(row.time_ms, call->now_ms)) {
        idempotency->expired = record.revision;
        return IDEMPOTENCY_NEW;
    }
    if (!crypto_equal(row.fingerprint, idempotency->fingerprint, IDEMPOTENCY_FINGERPRINT_LEN)) {
        *ret_status = refuse_other_request(call);
        return IDEMPOTENCY_REFUSED;
    }
    idempotency->is_found = true;
    idempotency->found = row;
    idempotency->revision = record.revision;
    return IDEMPOTENCY_REPLAY;
}

enum idempotency_found idempotency__look_up(struct call *call, struct status *ret_status)
{
    struct idempotency *idempotency = call->idempotency;
    struct slice value;

    idempotency->expired = 0;
    idempotency->is_found = false;
    idempotency->seen = store_view_revision(call->view); /* a handler may reset the view */
    switch (store_get(call->view, FAMILY_IDEMPOTENCY, row_of(call), &value)) {
    case STORE_FOUND:
        return judge_row(call, value, ret_status);
    case STORE_ABSENT:
        if (idempotency->looked_again || slices__committed(call) || has_room(call))
            return IDEMPOTENCY_NEW;
        *ret_status = refuse_more_keys(call);
        return IDEMPOTENCY_REFUSED;
    case STORE_AGAIN:
        return IDEMPOTENCY_AGAIN;
    default:
        *ret_status = call_store_status(STORE_FAILED);
        return IDEMPOTENCY_REFUSED;
    }
}

bool idempotency__doubts(struct call *call, const struct status *failure)
{
    struct idempotency *idempotency = call->idempotency;

    if (idempotency == NULL || idempotency->looked_again)
        return false;
    assert(!status_is_ok(*failure));
    idempotency->looked_again = true;
    idempotency->failure = *failure;
    return true;
}

struct status idempotency__failure(const struct call *call)
{
    return call->idempotency->failure;
}

/* -- remembering ------------------------------------------------------------------------------ */

/* Whether the answer shows the object of the method's kind, and which. */
static bool shows_object(const struct call *call, struct uuid *ret_id)
{
    const struct kind *kind = call->method->kind;

    return kind != NULL && kind->id != NULL && call->response->descriptor == kind->message->pb &&
           uuid_parse(field_get_string(call->response, kind->id), ret_id);
}

static bool only_validates(const struct call *call)
{
    const struct field *field = call->method->validate_only;

    return field != NULL && field_get_int(call->request, field) != 0;
}

/* What changed nothing is remembered where it was about an object; a mere question is not. */
bool idempotency__remembers(const struct call *call)
{
    struct uuid id;

    return call->idempotency != NULL && !only_validates(call) &&
           (!commit_is_empty(&call->commit) || shows_object(call, &id) || slices__committed(call));
}

static bool derive_answer_key(const struct call *call, const uint8_t *nonce, uint8_t ret_key[32])
{
    return hkdf_sha256(call__replay_key(call), slice_make(nonce, IDEMPOTENCY_NONCE_LEN),
                       SLICE("datastream answer 1"), ret_key);
}

/* The key serves one text: it follows from a nonce that one row has. */
static const uint8_t aead_nonce[AEAD_NONCE_LEN];

static struct slice seal_answer(struct call *call, const uint8_t *nonce)
{
    struct slice packed = message_pack(call->arena, call->response);
    uint8_t *sealed = arena_alloc(call->arena, packed.len + AEAD_TAG_LEN);
    uint8_t key[32];
    bool done;

    if (sealed == NULL || arena_failed(call->arena) || packed.len == 0)
        return SLICE_EMPTY;
    done = derive_answer_key(call, nonce, key) &&
           aead_seal(key, aead_nonce, row_of(call), packed, sealed);
    crypto_wipe(key, sizeof(key));
    if (!done)
        arena_fail(call->arena);
    return slice_make(sealed, packed.len + AEAD_TAG_LEN);
}

void idempotency__remember(struct call *call)
{
    struct idempotency *idempotency = call->idempotency;
    struct idempotency_row row = {
        .fingerprint = idempotency->fingerprint,
        .nonce = call->random + RANDOM_NONCE,
        .time_ms = call->now_ms,
    };
    struct uuid id;

    if (shows_object(call, &id)) {
        row.kind = call->method->kind->number;
        row.rest = slice_make(id.bytes, sizeof(id.bytes));
    } else {
        row.rest = seal_answer(call, row.nonce);
    }
    if (idempotency->expired != 0)
        commit_require_revision(&call->commit, FAMILY_IDEMPOTENCY, row_of(call),
                                idempotency->expired);
    else
        commit_require_absent_since(&call->commit, FAMILY_IDEMPOTENCY, row_of(call),
                                    idempotency->seen);
    commit_put(&call->commit, FAMILY_IDEMPOTENCY, row_of(call),
               idempotency_row__write(call->arena, &row));
}

/* -- values that are shown once --------------------------------------------------------------- */

bool call_secret_bytes(const struct call *call, enum call_random place, const struct uuid *id,
                       uint8_t ret_bytes[32])
{
    const struct idempotency *idempotency = call->idempotency;
    const uint8_t *nonce = call->random + RANDOM_NONCE;
    char info[20 + 4 + 16 + 16] = "datastream value 1  ";
    char *at = info + 20;

    if (idempotency == NULL) {
        memcpy(ret_bytes, call->random + place, 32);
        return true;
    }
    if (idempotency->is_found)
        nonce = idempotency->found.nonce;
    assert((size_t)place + 32 <= RANDOM_BYTES);
    at = bytes_put_u32(at, (uint32_t)place);
    memcpy(at, call->identity.organization.bytes, 16);
    memcpy(at + 16, id->bytes, 16);
    return hkdf_sha256(call__replay_key(call), slice_make(nonce, IDEMPOTENCY_NONCE_LEN),
                       slice_make(info, sizeof(info)), ret_bytes);
}

/* -- replaying -------------------------------------------------------------------------------- */

static struct status replay_answer(struct call *call)
{
    const struct idempotency_row *row = &call->idempotency->found;
    struct slice sealed = row->rest;
    uint8_t *text = arena_alloc(call->arena, sealed.len + 1);
    struct slice packed = SLICE_EMPTY;
    uint8_t key[32];
    bool opened = true;

    if (text == NULL)
        return status_out_of_memory();
    if (sealed.len > 0) {
        opened = sealed.len > AEAD_TAG_LEN && derive_answer_key(call, row->nonce, key) &&
                 aead_open(key, aead_nonce, row_of(call), sealed, text);
        crypto_wipe(key, sizeof(key));
        packed = slice_make(text, sealed.len - AEAD_TAG_LEN);
    }
    if (opened)
        call->response = message_unpack(call->arena, call->method->output, packed);
    if (call->response != NULL)
        return status_ok();
    return arena_failed(call->arena) ? status_out_of_memory() : unreadable();
}

static bool may_read(const struct call *call)
{
    const struct permission *read = call->method->kind->permissions[VERB_READ];

    return read != NULL && permission_set_has(&call->identity.permissions, read->bit);
}

/*
 * Runs the handler of `get` as if the caller had asked for the object. What is taken out of an
 * answer is taken out of its message: who may not read gets no records.
 */
static struct status run_get(struct call *call, const struct method *get)
{
    const struct method *method = call->method;
    ProtobufCMessage *request = call->request;
    bool accepts_records = call->accepts_records;
    char text[UUID_TEXT_LEN];
    struct status status;
    struct uuid id;

    memcpy(id.bytes, call->idempotency->found.rest.data, sizeof(id.bytes));
    uuid_format(&id, text);
    call->request = message_new(call->arena, get->input);
    if (call->request == NULL)
        return status_out_of_memory();
    field_set_string(call->arena, call->request, get->id, slice_make(text, sizeof(text)));
    call->method = get;
    call->accepts_records = accepts_records && may_read(call);
    status = call->loop->chain->handlers[get->index](call);
    call->method = method;
    call->request = request;
    call->accepts_records = accepts_records;
    if (call->records != NULL && call->response != NULL) /* the place of what was created */
        field_set_string(call->arena, call->response, method->kind->id,
                         slice_make(text, sizeof(text)));
    return status;
}

static struct status refuse_gone(struct call *call)
{
    struct status status = status_const(
        STATUS_ABORTED,
        SLICE("The request was done before, and its object was deleted since. Use a new key."));

    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE(REASON_RESULT_GONE),
                      SLICE_EMPTY, SLICE_EMPTY);
    return status;
}

/* Who may not read objects of the kind sees none that somebody changed since. */
static void hide_changes(struct call *call)
{
    const struct kind *kind = call->method->kind;
    ProtobufCMessage *limited;
    uint64_t revision;

    if (may_read(call) || kind->etag == NULL ||
        (slice_to_u64(field_get_string(call->response, kind->etag), &revision) &&
         revision <= call->idempotency->revision))
        return;
    assert(call->records == NULL);
    limited = message_new(call->arena, kind->message);
    if (limited == NULL)
        return;
    field_copy(limited, call->response, kind->id);
    field_copy(limited, call->response, kind->etag);
    call->response = limited;
    call->limited = true;
}

static struct status replay_object(struct call *call)
{
    const struct chain *chain = call->loop->chain;
    const struct idempotency_row *row = &call->idempotency->found;
    const struct kind *kind = call->method->kind;
    const struct method *get = kind == NULL ? NULL : kind->reading;
    struct status status;

    if (get == NULL || row->kind != kind->number)
        return unreadable();
    status = run_get(call, get);
    if (status.code == STATUS_NOT_FOUND)
        return refuse_gone(call);
    if (!status_is_ok(status) || call->response == NULL)
        return status;
    hide_changes(call);
    if (chain->show_again != NULL && row->time_ms > call->now_ms - IDEMPOTENCY_SECRET_MS)
        chain->show_again(call, call->idempotency->revision);
    if (chain->limit_answer != NULL)
        chain->limit_answer(call);
    return status_ok();
}

struct status idempotency__replay(struct call *call)
{
    struct status status = call->idempotency->found.kind == 0 ? replay_answer(call)
                                                              : replay_object(call);

    assert(call->audit == NULL && commit_is_empty(&call->commit)); /* it only reads */
    if (status_is_ok(status))
        call_add_metadata(call, SLICE("idempotency-replayed"), SLICE("true"));
    return status;
}
