/* The offline check: silent on a sound store, and one sentence for each thing that is wrong. */
#include "tests/support/store_fixture.h"

#include "storage/check.h"

#define KIND 7
#define NAMELESS 8

static struct fixture fixture;
static struct uuid organization;
static struct uuid source;
static struct uuid target;

/* Adds an object as the resource engine does. */
static void add_object(struct fixture *f, const struct uuid *id, uint32_t kind, struct slice name)
{
    struct arena *arena = &f->arena;
    struct commit commit;

    commit_init(&commit, arena);
    commit_put(&commit, FAMILY_RESOURCES, key_object(arena, &organization, kind, id),
               SLICE("body"));
    if (name.len > 0)
        commit_put(&commit, FAMILY_NAMES, key_name(arena, &organization, kind, name),
                   slice_make(id->bytes, sizeof(id->bytes)));
    commit_count(&commit, key_kind(arena, &organization, kind), 1);
    commit_feed(&commit, &organization, kind, id, CHANGE_CREATED);
    commit_audit(&commit, &organization, 0, NULL, kind, id, SLICE("audit"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
}

static struct slice reference_key(struct fixture *f)
{
    return key_reference(&f->arena, &organization, KIND, &target, NAMELESS, 3, &source);
}

static int start(void **state)
{
    struct fixture *f = &fixture;

    organization = uuid_of(1);
    source = uuid_of(2);
    target = uuid_of(3);
    fixture_start(f, false);
    put(f, FAMILY_ORGANIZATIONS, key_organization(&f->arena, &organization), SLICE("body"));
    add_object(f, &target, KIND, SLICE("target"));
    add_object(f, &source, NAMELESS, SLICE_EMPTY);
    put(f, FAMILY_REFERENCES, reference_key(f), SLICE_EMPTY);
    *state = f;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    return 0;
}

struct reports {
    struct arena arena;
    int count;
    struct slice first;
};

static void note(void *context, struct slice sentence)
{
    struct reports *reports = context;

    if (reports->count++ == 0)
        reports->first = arena_copy(&reports->arena, sentence);
}

static void assert_sound(struct fixture *f)
{
    struct reports reports = {0};
    struct status status;

    arena_init(&reports.arena, NULL, 1 << 20);
    status = store_check(f->store, NULL, &f->arena, note, &reports);
    if (!status_is_ok(status) || reports.count != 0)
        fail_msg("%.*s", SLICE_ARG(reports.first));
    arena_done(&reports.arena);
}

/* One report that says this, and a status that counts it. */
static void assert_reported(struct fixture *f, const char *says)
{
    struct reports reports = {0};
    struct status status;

    arena_init(&reports.arena, NULL, 1 << 20);
    status = store_check(f->store, NULL, &f->arena, note, &reports);
    assert_int_equal(status.code, STATUS_DATA_LOSS);
    if (reports.count != 1 || strstr(reports.first.data, says) == NULL)
        fail_msg("wanted one \"%s\", got %d, the first \"%.*s\"", says, reports.count,
                 SLICE_ARG(reports.first));
    arena_done(&reports.arena);
}

static void a_sound_store_is_silent(void **state)
{
    struct fixture *f = *state;

    assert_sound(f);
    fixture_reopen(f);
    assert_sound(f);
    store_close(f->store);
    f->options.read_only = true;
    fixture_open(f);
    assert_sound(f);
}

static void many_rows_are_walked_to_the_end(void **state)
{
    struct fixture *f = *state;
    struct uuid last;

    for (int i = 0; i < 200; i++) {
        struct uuid id = uuid_of(9);

        id.bytes[15] = (uint8_t)i;
        add_object(f, &id, KIND, arena_printf(&f->arena, "name %d", i));
    }
    assert_sound(f);
    last = uuid_of(9);
    last.bytes[15] = 199;
    erase(f, FAMILY_AUDIT_BY_OBJECT,
          key_audit_by_object(&f->arena, &organization, KIND, &last, 202));
    assert_sound(f); /* the check does not know what a row speaks of */
    erase(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, 150));
    erase(f, FAMILY_AUDIT_BY_OBJECT,
          key_audit_by_object(&f->arena, &organization, KIND,
                              &(struct uuid){{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 147}},
                              150));
    erase(f, FAMILY_AUDIT_BY_TIME, key_audit_by_time(&f->arena, &organization, 0, 150));
    assert_reported(f, "chain is broken");
}

/* Each break is one commit upon the sound store. */
static void break_name(struct fixture *f)
{
    put(f, FAMILY_NAMES, key_name(&f->arena, &organization, KIND, SLICE("target")),
        slice_make(source.bytes, sizeof(source.bytes)));
}

static void add_name(struct fixture *f)
{
    put(f, FAMILY_NAMES, key_name(&f->arena, &organization, KIND, SLICE("second")),
        slice_make(target.bytes, sizeof(target.bytes)));
}

static void cut_name(struct fixture *f)
{
    put(f, FAMILY_NAMES, key_name(&f->arena, &organization, KIND, SLICE("target")), SLICE("id"));
}

static void move_counter(struct fixture *f)
{
    struct commit commit;

    commit_init(&commit, &f->arena);
    commit_count(&commit, key_kind(&f->arena, &organization, NAMELESS), 1);
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
}

static void erase_counter(struct fixture *f)
{
    erase(f, FAMILY_COUNTS, key_kind(&f->arena, &organization, NAMELESS));
}

static void refer_to_nothing(struct fixture *f)
{
    put(f, FAMILY_REFERENCES,
        key_reference(&f->arena, &organization, KIND, &organization, NAMELESS, 3, &source),
        SLICE_EMPTY);
}

static void refer_from_nothing(struct fixture *f)
{
    put(f, FAMILY_REFERENCES,
        key_reference(&f->arena, &organization, KIND, &target, NAMELESS, 3, &target), SLICE_EMPTY);
}

static void lead_to_no_audit(struct fixture *f)
{
    put(f, FAMILY_AUDIT_BY_OBJECT, key_audit_by_object(&f->arena, &organization, KIND, &target, 9),
        SLICE_EMPTY);
}

static void lead_to_no_audit_by_time(struct fixture *f)
{
    put(f, FAMILY_AUDIT_BY_TIME, key_audit_by_time(&f->arena, &organization, 7, 9), SLICE_EMPTY);
}

static void erase_last_audit(struct fixture *f)
{
    erase(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, 2));
    erase(f, FAMILY_AUDIT_BY_OBJECT,
          key_audit_by_object(&f->arena, &organization, NAMELESS, &source, 2));
    erase(f, FAMILY_AUDIT_BY_TIME, key_audit_by_time(&f->arena, &organization, 0, 2));
}

static void erase_all_audit(struct fixture *f)
{
    erase_last_audit(f);
    erase(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, 1));
    erase(f, FAMILY_AUDIT_BY_OBJECT,
          key_audit_by_object(&f->arena, &organization, KIND, &target, 1));
    erase(f, FAMILY_AUDIT_BY_TIME, key_audit_by_time(&f->arena, &organization, 0, 1));
}

static void erase_audit_head(struct fixture *f)
{
    erase(f, FAMILY_COUNTS, key__audit_head(&f->arena, &organization));
}

static void edit_audit_head(struct fixture *f)
{
    struct slice key = key__audit_head(&f->arena, &organization);
    struct slice body = read_body(f, FAMILY_COUNTS, key);
    char *edited = arena_alloc(&f->arena, body.len);

    memcpy(edited, body.data, body.len);
    edited[7] = 1;
    put(f, FAMILY_COUNTS, key, slice_make(edited, body.len));
}

static void edit_audit(struct fixture *f)
{
    struct slice body = read_body(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, 1));
    char *edited = arena_alloc(&f->arena, body.len);

    memcpy(edited, body.data, body.len);
    edited[body.len - 1] ^= 1;
    put(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, 1), slice_make(edited, body.len));
}

static void feed_the_future(struct fixture *f)
{
    put(f, FAMILY_FEED, key__feed(&f->arena, &organization, 1000, 0),
        SLICE("\0\0\0\7iiiiiiiiiiiiiiii\2\0\0\0\0\0\0\0\0"));
}

static void keep_secrets_of_nothing(struct fixture *f)
{
    put(f, FAMILY_SECRETS, key_object(&f->arena, &organization, KIND, &source), SLICE_EMPTY);
}

static void misshape_object(struct fixture *f)
{
    put(f, FAMILY_ROLES, SLICE("short"), SLICE("body"));
}

static void each_breach_is_reported_once(void **state)
{
    static const struct {
        void (*breach)(struct fixture *f);
        const char *says;
    } rows[] = {
        {break_name, "leads to no object"},
        {add_name, "number of names"},
        {cut_name, "not a name and an id"},
        {move_counter, "counter is wrong: 2, but there are 1"},
        {erase_counter, "have no counter"},
        {refer_to_nothing, "no target"},
        {refer_from_nothing, "no source"},
        {lead_to_no_audit, "audit row is missing"},
        {lead_to_no_audit_by_time, "audit row is missing"},
        {erase_last_audit, "the end of the audit chain is missing"},
        {erase_all_audit, "the end of the audit chain is missing"},
        {erase_audit_head, "the head of the audit chain is missing"},
        {edit_audit_head, "the head of the audit chain was altered"},
        {edit_audit, "chain is broken"},
        {feed_the_future, "never assigned"},
        {keep_secrets_of_nothing, "the secrets belong to no object"},
        {misshape_object, "not organization, kind and id"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        start(state);
        rows[i].breach(*state);
        assert_reported(*state, rows[i].says);
        end(state);
    }
}

#define BLOCK "\0\0\0\0\0\0\0\1"
#define EMPTY_RECORD "\1\0\0\0\0\0\0\0\0\0\0\0"

static void foreign_bytes_are_reported(void **state)
{
    static const struct {
        const char *family;
        struct slice key; /* empty: an object's */
        const char *value;
        size_t len;
        const char *says;
    } rows[] = {
        {"users", SLICE_INIT(""), "", 0, "not a record"},
        {"idempotency", SLICE_INIT(BLOCK), "\2\0\0\0\0\0\0\0\0\0\0\0body", 16, "not a record"},
        {"idempotency", SLICE_INIT(BLOCK), "\1\0\0\0\xff\0\0\0\0\0\0\0", 12, "never assigned"},
        {"idempotency", SLICE_INIT("short"), EMPTY_RECORD, 12, "not one of a block"},
        {"idempotency", SLICE_INIT(BLOCK), EMPTY_RECORD "piece", 17, "the block is unreadable"},
        {"idempotency", SLICE_INIT(BLOCK), EMPTY_RECORD "a key of 16 byte\0\0\0\0\0\0\1\0\0\0\0\1b",
         41, "never assigned"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice key = rows[i].key;
        struct fixture *f;

        start(state);
        f = *state;
        if (key.len == 0)
            key = key_object(&f->arena, &organization, 0, &source);
        store_close(f->store);
        raw_put(f->directory, rows[i].family, key, rows[i].value, rows[i].len);
        fixture_open(f);
        if (strcmp(rows[i].family, "users") == 0)
            put(f, FAMILY_COUNTS, key_kind(&f->arena, &organization, 0), SLICE("\0\0\0\0\0\0\0\1"));
        assert_reported(f, rows[i].says);
        end(state);
    }
}

#ifdef DATASTREAM_FAULTS
static void the_check_waits_for_an_engine_that_fetches(void **state)
{
    struct fixture *f = *state;

    f->store = store_wrap_late(f->store, 3);
    assert_sound(f);
    refer_to_nothing(f);
    assert_reported(f, "no target");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sound_store_is_silent, start, end),
        cmocka_unit_test_setup_teardown(many_rows_are_walked_to_the_end, start, end),
        cmocka_unit_test(each_breach_is_reported_once),
        cmocka_unit_test(foreign_bytes_are_reported),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test_setup_teardown(the_check_waits_for_an_engine_that_fetches, start, end),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
