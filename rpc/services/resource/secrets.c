/* Rows of secrets, and the hashes by which a credential finds its object. */
#include "rpc/services/resource/secrets.h"

#include "storage/record.h"

#define HASH_LEN 32

bool secrets__has_row(const struct kind *kind, const ProtobufCMessage *message)
{
    const struct message_type *type = kind->message;
    const struct field *times = kind->secrets_set;

    if (object__has_secrets(kind) || (times != NULL && field_count(message, times) > 0))
        return true;
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].credential != NULL)
            return true;
    return false;
}

enum store_found secrets_read(struct store_view *view, struct slice object_key,
                              struct slice *ret_body)
{
    struct record record;
    struct slice value;
    enum store_found found = store_get(view, FAMILY_SECRETS, object_key, &value);

    if (found == STORE_ABSENT) {
        *ret_body = SLICE_EMPTY;
        return STORE_FOUND;
    }
    if (found != STORE_FOUND)
        return found;
    if (!record_parse(value, &record))
        return STORE_FAILED;
    *ret_body = record.body;
    return STORE_FOUND;
}

Datastream__Storage__V1__SecretsRecord *secrets_unpack(struct arena *arena, struct slice body)
{
    ProtobufCAllocator allocator = message_allocator(arena);

    if (arena_failed(arena))
        return NULL;
    return datastream__storage__v1__secrets_record__unpack(&allocator, body.len,
                                                           (const uint8_t *)body.data);
}

struct slice secrets_pack(struct arena *arena, const Datastream__Storage__V1__SecretsRecord *record)
{
    return message_pack(arena, &record->base);
}

struct secret_place secrets_place(const struct uuid *organization, uint32_t kind,
                                  const struct uuid *id,
                                  const Datastream__Storage__V1__EncryptedSecret *secret)
{
    return (struct secret_place){
        .organization = *organization,
        .kind = kind,
        .id = *id,
        .path = secret->path,
        .path_len = secret->n_path,
        .map_key = slice_make(secret->map_key.data, secret->map_key.len),
        .data_key = secret->data_key,
    };
}

static Datastream__Storage__V1__CredentialRecord *
find(const Datastream__Storage__V1__SecretsRecord *record, uint32_t field)
{
    for (size_t i = 0; i < record->n_credentials; i++)
        if (record->credentials[i]->field == field)
            return record->credentials[i];
    return NULL;
}

const Datastream__Storage__V1__CredentialRecord *
secrets_credential(const Datastream__Storage__V1__SecretsRecord *record, const struct field *field)
{
    return find(record, field->number);
}

/* A new credential at the end of the list; NULL when the arena failed. */
static Datastream__Storage__V1__CredentialRecord *
append(struct arena *arena, Datastream__Storage__V1__SecretsRecord *record)
{
    Datastream__Storage__V1__CredentialRecord **list = arena_array(
        arena, record->n_credentials + 1, sizeof(Datastream__Storage__V1__CredentialRecord *));
    Datastream__Storage__V1__CredentialRecord *credential = arena_alloc(arena, sizeof(*credential));

    if (list == NULL || credential == NULL)
        return NULL;
    datastream__storage__v1__credential_record__init(credential);
    for (size_t i = 0; i < record->n_credentials; i++)
        list[i] = record->credentials[i];
    list[record->n_credentials++] = credential;
    record->credentials = list;
    return credential;
}

static ProtobufCBinaryData binary(struct arena *arena, const void *bytes, size_t len)
{
    struct slice copy = arena_copy(arena, slice_make(bytes, len));

    return (ProtobufCBinaryData){copy.len, (uint8_t *)(uintptr_t)copy.data};
}

void secrets__set_credential(struct arena *arena, Datastream__Storage__V1__SecretsRecord *record,
                             const struct field *field, const uint8_t hash[32], struct slice masked,
                             int64_t now_ms)
{
    Datastream__Storage__V1__CredentialRecord *credential = find(record, field->number);

    if (credential == NULL)
        credential = append(arena, record);
    if (credential == NULL)
        return;
    credential->field = field->number;
    credential->hash = binary(arena, hash, HASH_LEN);
    credential->masked = arena_cstr(arena, masked);
    credential->set_time_ms = now_ms;
}

void secrets_add_indexes(struct arena *arena, const struct kind *kind,
                         const struct uuid *organization, const struct uuid *id, struct slice body,
                         struct check_index **first)
{
    const Datastream__Storage__V1__SecretsRecord *record = secrets_unpack(arena, body);

    for (size_t i = 0; record != NULL && i < record->n_credentials; i++) {
        const Datastream__Storage__V1__CredentialRecord *credential = record->credentials[i];
        Datastream__Storage__V1__TokenFacts facts = DATASTREAM__STORAGE__V1__TOKEN_FACTS__INIT;

        facts.organization = binary(arena, organization->bytes, sizeof(organization->bytes));
        facts.token_id = binary(arena, id->bytes, sizeof(id->bytes));
        facts.kind = kind->number;
        facts.field = credential->field;
        if (!arena_failed(arena))
            check_index_add(arena, first, FAMILY_TOKEN_HASHES,
                            slice_make(credential->hash.data, credential->hash.len),
                            message_pack(arena, &facts.base));
    }
}
