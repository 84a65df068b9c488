/* Secrets on their way in, and, for clones, out. */
#include "rpc/services/resource/seal.h"

#include <assert.h>

#include "datastream/storage/v1/records.pb-c.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/quotes.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/secrets.h"
#include "rpc/services/resource/walk.h"
#include "storage/secret.h"

typedef Datastream__Storage__V1__EncryptedSecret encrypted_secret;
typedef Datastream__Storage__V1__SecretsRecord secrets_record;

/* What a kept secret's field holds; who sends it keeps the secret, as who sends none does. */
#define KEPT                 \
    SLICE("\x1f"             \
          "kept"             \
          "\x1f"             \
          "5f2c9f7e0d6b4a18" \
          "\x1f")

_Static_assert(KIND_SECRETS_MOST <= SECRETS_MOST, "a row holds what the contract allows");
_Static_assert(RANDOM_SALT + SECRET_RANDOM_LEN <= RANDOM_NONCE, "no other use has these bytes");

/* A value that is wholly a quote is no secret. */
static bool is_secret(struct slice text)
{
    return text.len > 0 && !quote_is_whole(text, NULL);
}

/* -- maps of secrets -------------------------------------------------------------------------- */

static const struct field *key_of(const struct field *map)
{
    return message_field_by_number(map->message, 1);
}

static const struct field *value_of(const struct field *map)
{
    return message_field_by_number(map->message, 2);
}

static ProtobufCMessage *entry_at(const ProtobufCMessage *message, const struct field *map,
                                  size_t i)
{
    return *(ProtobufCMessage **)field_address(message, map, i);
}

/* Keeps the entries of a map that `wanted` says, in a new list: messages share theirs. */
static void keep_entries(struct arena *arena, ProtobufCMessage *message, const struct field *map,
                         bool (*wanted)(struct slice text))
{
    size_t count = field_count(message, map);
    ProtobufCMessage **entries = arena_array(arena, count + 1, sizeof(*entries));
    size_t kept = 0;

    for (size_t i = 0; entries != NULL && i < count; i++) {
        ProtobufCMessage *entry = entry_at(message, map, i);

        if (wanted(field_get_string(entry, value_of(map))))
            entries[kept++] = entry;
    }
    if (entries != NULL && kept < count)
        field_set_messages(message, map, entries, kept);
}

static bool is_given(struct slice text)
{
    return text.len > 0;
}

static bool is_quote(struct slice text)
{
    return text.len > 0 && !is_secret(text);
}

/* -- what comes from outside ------------------------------------------------------------------ */

void seal__admit_field(struct arena *arena, ProtobufCMessage *message, const struct field *field)
{
    assert(field->secret);
    if (fields__holds_secret(message, field))
        arena_wipe_on_done(arena);
    if (field->map)
        keep_entries(arena, message, field, is_given);
    else if (field->pb->type == PROTOBUF_C_TYPE_STRING && !field->repeated &&
             field_is_set(message, field) && field_get_string(message, field).len == 0)
        field_clear(message, field);
}

/* -- into and out of the message -------------------------------------------------------------- */

static void put_entry(struct arena *arena, ProtobufCMessage *message, const struct field *map,
                      struct slice key, struct slice text)
{
    size_t count = field_count(message, map);
    ProtobufCMessage **entries = arena_array(arena, count + 1, sizeof(*entries));
    ProtobufCMessage *entry = message_new(arena, map->message);

    if (entries == NULL || entry == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        entries[i] = entry_at(message, map, i);
    field_set_string(arena, entry, key_of(map), key);
    field_set_string(arena, entry, value_of(map), text);
    entries[count] = entry;
    field_set_messages(message, map, entries, count + 1);
}

/* Sets the field that a secret of the row belongs to; nothing where the message has no place. */
static void put_text(struct arena *arena, const struct message_type *type,
                     ProtobufCMessage *message, const encrypted_secret *secret, struct slice text)
{
    for (size_t i = 0; i < secret->n_path && message != NULL; i++) {
        const struct field *field = message_field_by_number(type, secret->path[i]);

        if (field == NULL)
            return;
        if (i + 1 < secret->n_path) {
            if (field->message == NULL || field->repeated)
                return;
            message = field_get_message(message, field);
            type = field->message;
        } else if (field->secret && field->map) {
            put_entry(arena, message, field, slice_make(secret->map_key.data, secret->map_key.len),
                      text);
        } else if (field->secret && field->pb->type == PROTOBUF_C_TYPE_STRING) {
            field_set_string(arena, message, field, text);
        }
    }
}

void seal__mark(struct call *call, const struct object *object, struct seal_row *ret_row)
{
    secrets_record *record;

    *ret_row = (struct seal_row){0};

    if (object->secrets.len == 0 || object->kind->secrets_set == NULL)
        return;
    record = secrets_unpack(call->arena, object->secrets);
    for (size_t i = 0; record != NULL && i < record->n_secrets; i++)
        put_text(call->arena, object->kind->message, object->message, record->secrets[i], KEPT);
    *ret_row = (struct seal_row){object->secrets, record};
}

static struct slice bytes_of(ProtobufCBinaryData data)
{
    return slice_make(data.data, data.len);
}

struct status seal__reveal(struct call *call, const struct object *source, ProtobufCMessage *copy)
{
    secrets_record *record;

    if (source->secrets.len == 0 || source->kind->secrets_set == NULL)
        return status_ok();
    record = secrets_unpack(call->arena, source->secrets);
    for (size_t i = 0; record != NULL && i < record->n_secrets; i++) {
        const encrypted_secret *secret = record->secrets[i];
        struct secret_place place = secrets_place(&call->identity.organization,
                                                  source->kind->number, &source->id, secret);
        struct slice text;

        if (!secret_open(call->arena, call_secret_keys(call), &place, bytes_of(secret->salt),
                         bytes_of(secret->ciphertext), &text))
            return arena_failed(call->arena)
                       ? status_out_of_memory()
                       : status_const(STATUS_DATA_LOSS, SLICE("A stored secret cannot be read."));
        put_text(call->arena, source->kind->message, copy, secret, text);
    }
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* -- sealing ---------------------------------------------------------------------------------- */

struct sealing {
    struct call *call;
    const struct draft *draft;
    const secrets_record *old;
    encrypted_secret *list[SECRETS_MOST];
    struct slice paths[SECRETS_MOST]; /* JSON's, of the list */
    size_t count;
    size_t bytes;
    bool changed;
    struct status status;
};

/* The field numbers down to the spot; false where it lies below a list. */
static bool path_of(struct arena *arena, const struct spot *spot, encrypted_secret *secret)
{
    size_t depth = 0;
    const struct spot *at;

    for (at = spot; at != NULL; at = at->parent)
        if (++depth > SECRET_PATH_MOST || (at != spot && at->has_index))
            return false;
    secret->path = arena_array(arena, depth, sizeof(secret->path[0]));
    if (secret->path == NULL)
        return false;
    secret->n_path = depth;
    for (at = spot; at != NULL; at = at->parent)
        secret->path[--depth] = at->field->number;
    assert(depth == 0);
    return true;
}

static bool is_same_place(const encrypted_secret *a, const encrypted_secret *b)
{
    return a->n_path == b->n_path &&
           memcmp(a->path, b->path, a->n_path * sizeof(a->path[0])) == 0 &&
           slice_equal(bytes_of(a->map_key), bytes_of(b->map_key));
}

static encrypted_secret *find_old(const secrets_record *old, const encrypted_secret *wanted)
{
    for (size_t i = 0; i < old->n_secrets; i++)
        if (is_same_place(old->secrets[i], wanted))
            return old->secrets[i];
    return NULL;
}

static ProtobufCBinaryData binary(struct slice bytes)
{
    return (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
}

static void encrypt(struct sealing *sealing, encrypted_secret *secret, struct slice text)
{
    struct call *call = sealing->call;
    const struct data_key *newest = secret_newest_key(call_secret_keys(call),
                                                      &call->identity.organization);
    struct secret_place place;
    struct slice salt, sealed;

    secret->data_key = newest == NULL ? 0 : newest->number;
    secret->set_time_ms = call->now_ms;
    place = secrets_place(&call->identity.organization, sealing->draft->kind->number,
                          &sealing->draft->id, secret);
    if (!secret_seal(call->arena, call_secret_keys(call), &place, call->random + RANDOM_SALT, text,
                     &salt, &sealed)) {
        sealing->status = arena_failed(call->arena)
                              ? status_out_of_memory()
                              : status_const(STATUS_INTERNAL,
                                             SLICE("A secret could not be encrypted."));
        return;
    }
    secret->salt = binary(salt);
    secret->ciphertext = binary(sealed);
    sealing->changed = true;
}

static void refuse(struct sealing *sealing, struct slice path, const char *description)
{
    if (status_is_ok(sealing->status))
        sealing->status = status_invalid_field(sealing->call->arena, path, "%s", description);
}

/* One secret, which the caller takes out of the message. */
static void take(struct sealing *sealing, const struct spot *spot, struct slice map_key,
                 struct slice text)
{
    struct arena *arena = sealing->call->arena;
    struct slice path = spot_path(arena, spot);
    encrypted_secret *secret = arena_alloc(arena, sizeof(*secret));
    encrypted_secret *old = NULL;

    if (secret == NULL || !status_is_ok(sealing->status))
        return;
    datastream__storage__v1__encrypted_secret__init(secret);
    secret->map_key = binary(map_key);
    if (!path_of(arena, spot, secret)) {
        refuse(sealing, path, "is no place for a secret");
        return;
    }
    if (slice_equal(text, KEPT))
        old = find_old(sealing->old, secret);
    if (old != NULL)
        secret = old;
    else if (text.len > SECRET_BYTES_MOST)
        refuse(sealing, path, "must have at most 65,536 bytes");
    else
        encrypt(sealing, secret, text);
    sealing->bytes += secret->ciphertext.len;
    if (sealing->count == SECRETS_MOST ||
        sealing->bytes > SECRETS_BYTES_MOST + SECRETS_MOST * AEAD_TAG_LEN) {
        refuse(sealing, path,
               "is one secret too many: an object holds at most 64 of 262,144 bytes together");
        return;
    }
    sealing->paths[sealing->count] = path;
    sealing->list[sealing->count++] = secret;
}

static void seal_field(struct sealing *sealing, const struct spot *spot, ProtobufCMessage *message)
{
    const struct field *field = spot->field;

    assert(field->secret);
    if (!field->map) {
        struct slice text = field_get_string(message, field);

        if (!is_secret(text))
            return;
        take(sealing, spot, SLICE_EMPTY, text);
        field_clear(message, field);
        return;
    }
    for (size_t i = 0; i < field_count(message, field); i++) {
        const ProtobufCMessage *entry = entry_at(message, field, i);
        struct slice key = field_get_string(entry, key_of(field));
        struct slice text = field_get_string(entry, value_of(field));
        const struct spot at = {spot->parent, field, true, i, key};

        if (is_secret(text))
            take(sealing, &at, key, text);
    }
    keep_entries(sealing->call->arena, message, field, is_quote);
}

/* "secretsSet": the time of each, by its path. */
static void show_times(const struct sealing *sealing, ProtobufCMessage *message,
                       const struct field *map)
{
    struct arena *arena = sealing->call->arena;
    ProtobufCMessage **entries = arena_array(arena, sealing->count + 1, sizeof(*entries));

    for (size_t i = 0; entries != NULL && i < sealing->count; i++) {
        entries[i] = message_new(arena, map->message);
        if (entries[i] == NULL)
            return;
        field_set_string(arena, entries[i], key_of(map), sealing->paths[i]);
        field_set_timestamp(arena, entries[i], value_of(map), sealing->list[i]->set_time_ms);
    }
    if (entries != NULL)
        field_set_messages(message, map, entries, sealing->count);
}

static void keep_row(struct sealing *sealing, struct draft *draft, secrets_record *record)
{
    if (!sealing->changed && sealing->count == record->n_secrets)
        return;
    record->n_secrets = sealing->count;
    record->secrets = sealing->list;
    draft->secrets = record->n_secrets == 0 && record->n_credentials == 0
                         ? SLICE_EMPTY
                         : secrets_pack(sealing->call->arena, record);
}

/* The record of the draft's row, which is changed from here on: it is handed out once. */
static secrets_record *open_row(struct call *call, struct draft *draft)
{
    secrets_record *record = draft->row.record;
    bool is_of_row = draft->row.body.data == draft->secrets.data &&
                     draft->row.body.len == draft->secrets.len;

    draft->row = (struct seal_row){0};
    return record != NULL && is_of_row ? record : secrets_unpack(call->arena, draft->secrets);
}

struct status seal__draft(struct call *call, struct draft *draft)
{
    const struct field *times = draft->kind->secrets_set;
    secrets_record *record;
    struct sealing sealing = {.call = call, .draft = draft};

    if (times == NULL) {
        assert((draft->kind->message->traits & TRAIT_SECRET) == 0); /* the contract was checked */
        return status_ok();
    }
    record = open_row(call, draft);
    if (record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    sealing.old = record;
    for (const struct secret_spot *at = draft->held.first; at != NULL; at = at->next) {
        ProtobufCMessage *message = secret_spots__message(at->spot, draft->message);

        if (message != NULL)
            seal_field(&sealing, at->spot, message);
    }
    if (status_is_ok(sealing.status)) {
        show_times(&sealing, draft->message, times);
        keep_row(&sealing, draft, record);
    }
    return arena_failed(call->arena) ? status_out_of_memory() : sealing.status;
}
