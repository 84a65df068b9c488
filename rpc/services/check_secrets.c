/* Rows of secrets against the objects that they belong to. */
#include "rpc/services/check_secrets.h"

#include "datastream/storage/v1/records.pb-c.h"
#include "proto/contract/contract_find.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/object.h"
#include "rpc/services/resource/secrets.h"
#include "rpc/services/resource/walk.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/secret.h"

typedef Datastream__Storage__V1__EncryptedSecret encrypted_secret;
typedef Datastream__Storage__V1__SecretsRecord secrets_record;

static const struct field *times_of(const struct kind *kind)
{
    return message_field_by_proto_name(kind->message, SLICE("secrets_set"));
}

/* Whether every secret of the row opens where it stands: none was altered or moved. */
static bool all_open(const struct services_check *check, struct arena *arena,
                     const struct uuid *organization, uint32_t kind, const struct uuid *id,
                     const secrets_record *record)
{
    for (size_t i = 0; check->secret_keys != NULL && i < record->n_secrets; i++) {
        const encrypted_secret *secret = record->secrets[i];
        const struct secret_place place = secrets_place(organization, kind, id, secret);
        struct slice text;

        if (!secret_open(arena, check->secret_keys, &place,
                         slice_make(secret->salt.data, secret->salt.len),
                         slice_make(secret->ciphertext.data, secret->ciphertext.len), &text))
            return arena_failed(arena);
    }
    return true;
}

/* The JSON path of a secret; empty where the kind has no such place. */
static struct slice path_of(struct arena *arena, const struct kind *kind,
                            const encrypted_secret *secret)
{
    const struct message_type *type = kind->message;
    struct spot *spots = arena_array(arena, secret->n_path + 1, sizeof(*spots));

    if (spots == NULL || secret->n_path == 0)
        return SLICE_EMPTY;
    for (size_t i = 0; i < secret->n_path; i++) {
        const struct field *field = type == NULL ? NULL
                                                 : message_field_by_number(type, secret->path[i]);

        if (field == NULL)
            return SLICE_EMPTY;
        spots[i].parent = i == 0 ? NULL : &spots[i - 1];
        spots[i].field = field;
        type = field->message;
    }
    if (secret->map_key.len > 0) {
        spots[secret->n_path - 1].has_index = true;
        spots[secret->n_path - 1].key = slice_make(secret->map_key.data, secret->map_key.len);
    }
    return spot_path(arena, &spots[secret->n_path - 1]);
}

static bool is_told(const ProtobufCMessage *message, const struct field *times, struct slice path)
{
    const struct field *key = message_field_by_number(times->message, 1);

    for (size_t i = 0; i < field_count(message, times); i++) {
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, times, i);

        if (slice_equal(field_get_string(entry, key), path))
            return true;
    }
    return false;
}

/* The message of the object whose key this is; NULL when it is not there or cannot be read. */
static ProtobufCMessage *read_object(const struct services_check *check, struct arena *arena,
                                     const struct kind *kind, struct slice key)
{
    struct store_view *view = store_view_open(check->store, arena);
    ProtobufCMessage *message = NULL;
    uint64_t revision;
    struct slice value, body;

    if (view == NULL || store_get(view, object_family(kind), key, &value) != STORE_FOUND ||
        !status_is_ok(object_unpack(arena, kind, value, &revision, &body, &message)))
        return NULL;
    return message;
}

/* The kind and the number of what a key belongs to; NULL for none that the contract has. */
static const struct kind *kind_of(const struct services_check *check, struct slice key,
                                  struct uuid *ret_organization, struct uuid *ret_id)
{
    uint32_t number;

    return key_object_parse(key, ret_organization, &number, ret_id)
               ? contract_kind_by_number(check->contract, number)
               : NULL;
}

const char *check_secrets__row(const struct services_check *check, struct arena *arena,
                               const struct store_row *row)
{
    const secrets_record *secrets;
    ProtobufCMessage *message;
    struct uuid organization, id;
    const struct kind *kind = kind_of(check, row->key, &organization, &id);
    struct record record;

    if (check->store == NULL || kind == NULL || !record_parse(row->value, &record) ||
        (secrets = secrets_unpack(arena, record.body)) == NULL)
        return NULL;
    if (!all_open(check, arena, &organization, kind->number, &id, secrets))
        return "a secret does not open: it was altered, or belongs elsewhere";
    message = read_object(check, arena, kind, row->key);
    if (message == NULL)
        return NULL;
    if (times_of(kind) == NULL)
        return secrets->n_secrets == 0 ? NULL : "the kind has no secrets";
    for (size_t i = 0; i < secrets->n_secrets; i++)
        if (!is_told(message, times_of(kind), path_of(arena, kind, secrets->secrets[i])) &&
            !arena_failed(arena))
            return "secretsSet does not tell of a secret";
    return field_count(message, times_of(kind)) == secrets->n_secrets
               ? NULL
               : "secretsSet tells of a secret that is not there";
}

const char *check_secrets__object(const struct services_check *check, struct arena *arena,
                                  const struct store_row *row)
{
    ProtobufCMessage *message;
    struct uuid organization, id;
    const struct kind *kind = kind_of(check, row->key, &organization, &id);
    struct store_view *view;
    struct slice value;

    if (check->store == NULL || kind == NULL || times_of(kind) == NULL)
        return NULL;
    message = read_object(check, arena, kind, row->key);
    if (message == NULL || field_count(message, times_of(kind)) == 0)
        return NULL;
    view = store_view_open(check->store, arena);
    return view != NULL && store_get(view, FAMILY_SECRETS, row->key, &value) == STORE_ABSENT
               ? "secretsSet tells of secrets, but there are none"
               : NULL;
}
