/* The rows of secrets: what `check` says of damaged ones, and that no key serves two plaintexts. */
#include "tests/support/engine.h"

#include "datastream/storage/v1/records.pb-c.h"
#include "proto/contract/contract_find.h"
#include "rpc/identity/token_value.h"
#include "rpc/services/check_rules.h"
#include "rpc/services/resource/secrets.h"

typedef Datastream__Storage__V1__SecretsRecord secrets_record;

#define DEVICE_KIND "devices"

/* A device with two secrets; its id. */
static const char *create_storage(struct world *w, const char *name, const char *connection,
                                  const char *secret)
{
    struct reply reply = world_call(
        w, "CreateDevice", w->made.api_token,
        world_make(w, "CreateDevice", "device.name", name, "device.azblob.account", "store",
                   "device.azblob.containerName", "events", "device.azblob.connectionString",
                   connection, "device.azblob.clientSecret", secret, NULL));

    assert_ok(reply);
    return get_cstr(w, reply, "id");
}

static struct slice key_of(struct world *w, const char *id)
{
    struct uuid uuid;

    assert_true(uuid_parse(slice_from_cstr(id), &uuid));
    return key_object(&w->arena, &w->made.organization,
                      contract_kind(w->contract, SLICE(DEVICE_KIND))->number, &uuid);
}

static secrets_record *read_secrets(struct world *w, const char *id)
{
    secrets_record *record = secrets_unpack(&w->arena,
                                            read_body(&w->fixture, FAMILY_SECRETS, key_of(w, id)));

    assert_non_null(record);
    return record;
}

static void write_secrets(struct world *w, const char *id, const secrets_record *record)
{
    put(&w->fixture, FAMILY_SECRETS, key_of(w, id), secrets_pack(&w->arena, record));
}

/* -- what check says -------------------------------------------------------------------------- */

struct said {
    struct arena *arena;
    struct slice
        secrets; /* the sentences on secrets and resources: others tell of the audit chain */
};

static void note(void *context, struct slice sentence)
{
    struct said *said = context;

    if (slice_starts_with(sentence, SLICE("secrets ")) ||
        slice_starts_with(sentence, SLICE("resources ")))
        said->secrets = arena_printf(said->arena, "%.*s%.*s\n", SLICE_ARG(said->secrets),
                                     SLICE_ARG(sentence));
}

/* What check says; empty when nothing is wrong with secrets. */
static const char *check(struct world *w)
{
    const struct secret_keys keys = {.data = &w->data_key, .data_count = 1};
    struct services_check rules = {w->contract, w->identities, w->hooks, w->fixture.store, &keys};
    struct check_rules functions = services_check_rules(&rules);
    struct said said = {.arena = &w->arena};

    store_check(w->fixture.store, &functions, &w->arena, note, &said);
    return arena_cstr(&w->arena, said.secrets);
}

static void assert_said(struct world *w, const char *says)
{
    const char *said = check(w);

    if (strstr(said, says) == NULL)
        fail_msg("wanted \"%s\": %s", says, said);
}

/* Spoils the secrets of the first device, knowing the second. */
static void swap_within(struct world *w, const char *id, const char *other)
{
    secrets_record *record = read_secrets(w, id);
    ProtobufCBinaryData held = record->secrets[0]->ciphertext;

    (void)other;
    record->secrets[0]->ciphertext = record->secrets[1]->ciphertext;
    record->secrets[1]->ciphertext = held;
    write_secrets(w, id, record);
}

static void swap_with_salts(struct world *w, const char *id, const char *other)
{
    secrets_record *record = read_secrets(w, id);
    uint32_t *path = record->secrets[0]->path;

    (void)other;
    record->secrets[0]->path = record->secrets[1]->path;
    record->secrets[1]->path = path;
    write_secrets(w, id, record);
}

static void swap_objects(struct world *w, const char *id, const char *other)
{
    secrets_record *record = read_secrets(w, id);

    write_secrets(w, id, read_secrets(w, other));
    write_secrets(w, other, record);
}

static void alter(struct world *w, const char *id, const char *other)
{
    secrets_record *record = read_secrets(w, id);

    (void)other;
    record->secrets[1]->ciphertext.data[0] ^= 1;
    write_secrets(w, id, record);
}

static void name_another_key(struct world *w, const char *id, const char *other)
{
    secrets_record *record = read_secrets(w, id);

    (void)other;
    record->secrets[0]->data_key = 2;
    write_secrets(w, id, record);
}

static void drop_one(struct world *w, const char *id, const char *other)
{
    secrets_record *record = read_secrets(w, id);

    (void)other;
    record->n_secrets = 1;
    write_secrets(w, id, record);
}

static void drop_all(struct world *w, const char *id, const char *other)
{
    (void)other;
    erase(&w->fixture, FAMILY_SECRETS, key_of(w, id));
}

/* The object forgets what it holds: it becomes as it was before its secrets were set. */
static void forget(struct world *w, const char *id, const char *other)
{
    struct fixture *f = &w->fixture;
    const struct kind *kind = contract_kind(w->contract, SLICE(DEVICE_KIND));
    ProtobufCMessage *message = object_unpack_body(&w->arena, kind,
                                                   read_body(f, FAMILY_RESOURCES, key_of(w, id)));

    (void)other;
    field_clear(message, message_field_by_proto_name(kind->message, SLICE("secrets_set")));
    put(f, FAMILY_RESOURCES, key_of(w, id), message_pack(&w->arena, message));
}

static void damaged_secrets_are_said(void **state)
{
    static const struct {
        void (*spoil)(struct world *w, const char *id, const char *other);
        const char *says;
    } rows[] = {
        {swap_within, "a secret does not open: it was altered, or belongs elsewhere"},
        {swap_with_salts, "a secret does not open"},
        {swap_objects, "a secret does not open"},
        {alter, "a secret does not open"},
        {name_another_key, "a secret does not open"},
        {drop_one, "secretsSet tells of a secret that is not there"},
        {drop_all, "secretsSet tells of secrets, but there are none"},
        {forget, "secretsSet does not tell of a secret"},
    };
    struct world *w = *state;
    const char *first = create_storage(w, "edge-1", "one", "two");
    const char *second = create_storage(w, "edge-2", "one", "two");
    struct slice keys[] = {key_of(w, first), key_of(w, second)};
    struct slice good[3];

    good[0] = arena_copy(&w->arena, read_body(&w->fixture, FAMILY_SECRETS, keys[0]));
    good[1] = arena_copy(&w->arena, read_body(&w->fixture, FAMILY_SECRETS, keys[1]));
    good[2] = arena_copy(&w->arena, read_body(&w->fixture, FAMILY_RESOURCES, keys[0]));
    assert_string_equal(check(w), "");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rows[i].spoil(w, first, second);
        assert_said(w, rows[i].says);
        put(&w->fixture, FAMILY_SECRETS, keys[0], good[0]);
        put(&w->fixture, FAMILY_SECRETS, keys[1], good[1]);
        put(&w->fixture, FAMILY_RESOURCES, keys[0], good[2]);
        assert_string_equal(check(w), "");
    }
}

/* -- a handler that runs again ---------------------------------------------------------------- */

/* Keeps the committer's thread until it is told to go on. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool reached, open; /* guarded by mutex */
    struct commit commit;
};

static void gate_wait(struct commit *commit, void *context)
{
    struct gate *gate = context;

    (void)commit;
    pthread_mutex_lock(&gate->mutex);
    gate->reached = true;
    pthread_cond_signal(&gate->cond);
    while (!gate->open)
        pthread_cond_wait(&gate->cond, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_close(struct world *w, struct gate *gate)
{
    *gate = (struct gate){.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    commit_init(&gate->commit, &w->arena);
    commit_put(&gate->commit, FAMILY_META, SLICE("gate"), SLICE("x"));
    store_commit(w->fixture.store, &gate->commit, gate_wait, gate);
    pthread_mutex_lock(&gate->mutex);
    while (!gate->reached)
        pthread_cond_wait(&gate->cond, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_signal(&gate->cond);
    pthread_mutex_unlock(&gate->mutex);
}

static void nothing(struct commit *commit, void *context)
{
    (void)commit;
    (void)context;
}

/*
 * Submits a commit that writes the caller's facts anew, so that each commit under them conflicts.
 */
static void touch_caller(struct world *w, struct commit *commit)
{
    uint8_t hash[32];
    struct slice key;

    token_value_hash(w->made.api_token, hash);
    key = arena_copy(&w->arena, slice_make(hash, sizeof(hash)));
    commit_init(commit, &w->arena);
    commit_put(commit, FAMILY_TOKEN_HASHES, key,
               arena_copy(&w->arena, read_body(&w->fixture, FAMILY_TOKEN_HASHES, key)));
    store_commit(w->fixture.store, commit, nothing, NULL);
}

/* The row of secrets that a commit writes. */
static struct slice written_secrets(const struct commit *commit)
{
    for (const struct operation *at = commit->operations; at != NULL; at = at->next)
        if (at->family == FAMILY_SECRETS)
            return at->body;
    return SLICE_EMPTY;
}

static struct slice bytes_of(ProtobufCBinaryData data)
{
    return slice_make(data.data, data.len);
}

static void a_clone_that_runs_again_over_a_changed_source_gets_other_keys(void **state)
{
    struct world *w = *state;
    const char *id = create_storage(w, "edge-1", "first connection", "a secret");
    struct test_call update, clone;
    struct slice first_body, first_key;
    secrets_record *first, *second;
    struct commit touched;
    struct reply reply;
    struct gate gate;

    gate_close(w, &gate);
    world_begin(w, &update, "UpdateDevice", w->made.api_token,
                world_make(w, "UpdateDevice", "device.id", id, "device.azblob.connectionString",
                           "other connection", NULL),
                (struct call_extra){0});
    touch_caller(w, &touched);
    world_begin(w, &clone, "CloneDevice", w->made.api_token,
                world_make(w, "CloneDevice", "id", id, "name", "copy", NULL),
                (struct call_extra){0});
    first_body = arena_copy(&w->arena, written_secrets(&clone.call.commit));
    gate_open(&gate);
    if (first_body.len == 0)
        fail_msg("%d: %.*s", clone.call.status.code, SLICE_ARG(clone.call.status.message));
    assert_ok(world_finish(&update));
    reply = world_finish(&clone);
    assert_ok(reply);

    first = secrets_unpack(&w->arena, first_body);
    second = read_secrets(w, get_cstr(w, reply, "id"));
    assert_int_equal(first->n_secrets, 2);
    assert_int_equal(second->n_secrets, 2);
    /* The first has changed meanwhile: another salt, so another key. The second is the same. */
    first_key = bytes_of(first->secrets[0]->salt);
    assert_false(slice_equal(first_key, bytes_of(second->secrets[0]->salt)));
    assert_slice_equal(bytes_of(second->secrets[1]->salt), bytes_of(first->secrets[1]->salt));
    assert_slice_equal(bytes_of(second->secrets[1]->ciphertext),
                       bytes_of(first->secrets[1]->ciphertext));
    assert_string_equal(check(w), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_start, engine_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(damaged_secrets_are_said),
        TEST(a_clone_that_runs_again_over_a_changed_source_gets_other_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
