/*
 * The check walks each family once. A visitor a family looks at every row; rows of one organization
 * and kind are neighbours, so that they are counted as a group which the next prefix ends.
 */
#include "storage/check.h"

#include "base/text.h"
#include "storage/audit.h"
#include "storage/bytes.h"
#include "storage/engine.h"
#include "storage/feed.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/repeats.h"
#include "storage/store_internal.h"
#include "storage/store_walk.h"

#define ORGANIZATION_LEN 16
#define GROUP_LEN (ORGANIZATION_LEN + 4)
/* Two values and what is built beside them. */
#define SCRATCH_BYTES ((size_t)16 * COMMIT_BYTES_MOST)

struct check {
    struct store *store;
    const struct check_rules *rules; /* NULL: none */
    void (*report)(void *context, struct slice sentence);
    void *context;
    uint64_t revision; /* of the store when the check began */
    uint64_t reports;
    bool failed;
    struct arena scratch; /* emptied before each row */

    enum store_family family; /* that is being walked */
    size_t group_len;         /* bytes of the prefix in `group`, 0 before the first row */
    char group[GROUP_LEN];
    uint64_t group_rows;
};

/* The families whose keys are organization, kind, id. */
static const enum store_family object_families[] = {FAMILY_RESOURCES, FAMILY_TOKENS, FAMILY_USERS,
                                                    FAMILY_ROLES};
#define OBJECT_FAMILIES (sizeof(object_families) / sizeof(object_families[0]))

void check_index_add(struct arena *arena, struct check_index **first, enum store_family family,
                     struct slice key, struct slice body)
{
    struct check_index *index = arena_alloc(arena, sizeof(*index));

    if (key.len == 0) /* the arena had no memory for it */
        arena_fail(arena);
    if (index == NULL)
        return;
    *index = (struct check_index){*first, family, key, body};
    *first = index;
}

/* -- saying -------------------------------------------------------------------------------- */

#define SHOWN_BYTES 64

/* A key in hexadecimal, cut where it is long. */
static struct slice show(struct check *check, struct slice key)
{
    return hex_encode(&check->scratch,
                      slice_make(key.data, key.len < SHOWN_BYTES ? key.len : SHOWN_BYTES));
}

static void say(struct check *check, struct slice key, const char *what)
{
    struct slice shown = show(check, key);

    check->reports++;
    check->report(check->context,
                  arena_printf(&check->scratch, "%s %.*s: %s.", store_family_name(check->family),
                               SLICE_ARG(shown), what));
}

static void say_numbers(struct check *check, struct slice key, const char *what, uint64_t found,
                        uint64_t expected)
{
    struct slice text = arena_printf(&check->scratch, "%s: %llu, but there are %llu rows", what,
                                     (unsigned long long)found, (unsigned long long)expected);

    say(check, key, arena_failed(&check->scratch) ? what : text.data);
}

static void say_of(struct check *check, struct slice key, const char *what,
                   enum store_family family)
{
    struct slice text = arena_printf(&check->scratch, "%s (%s)", what, store_family_name(family));

    say(check, key, arena_failed(&check->scratch) ? what : text.data);
}

/* -- asking -------------------------------------------------------------------------------- */

static bool exists(struct check *check, enum store_family family, struct slice key)
{
    struct slice value;

    switch (store_walk__get(check->store, &check->scratch, family, key, &value)) {
    case STORE_FOUND:
        return true;
    case STORE_ABSENT:
        return false;
    default:
        check->failed = true;
        return true;
    }
}

/*
 * `key` is organization, kind, id. *ret_family is where the search ended; *ret_value is empty where
 * the store could not be read.
 */
static bool find_object(struct check *check, struct slice key, enum store_family *ret_family,
                        struct slice *ret_value)
{
    *ret_value = SLICE_EMPTY;
    for (size_t i = 0; i < OBJECT_FAMILIES; i++) {
        *ret_family = object_families[i];
        switch (store_walk__get(check->store, &check->scratch, *ret_family, key, ret_value)) {
        case STORE_FOUND:
            return true;
        case STORE_ABSENT:
            break;
        default:
            check->failed = true;
            return true;
        }
    }
    return false;
}

static bool object_exists(struct check *check, struct slice key)
{
    enum store_family family;
    struct slice value;

    return find_object(check, key, &family, &value);
}

/* Rows of an organization and kind in all families of objects. */
static uint64_t count_objects(struct check *check, struct slice prefix)
{
    struct slice end = key_prefix_end(&check->scratch, prefix);
    uint64_t count = 0;

    for (size_t i = 0; i < OBJECT_FAMILIES; i++) {
        struct store_row row;
        struct walk walk;

        walk_init(&walk, check->store, object_families[i], prefix, end);
        while (walk_next(&walk, &row))
            count++;
        if (!walk_done(&walk))
            check->failed = true;
    }
    return count;
}

/* -- groups -------------------------------------------------------------------------------- */

static bool is_object_family(enum store_family family)
{
    return family == FAMILY_RESOURCES || family == FAMILY_TOKENS || family == FAMILY_USERS ||
           family == FAMILY_ROLES;
}

/* All rows of an organization and kind were seen. */
static void end_group(struct check *check)
{
    struct slice group = slice_make(check->group, check->group_len);

    if (check->group_len != GROUP_LEN)
        return;
    if (check->family == FAMILY_NAMES && check->rules == NULL) {
        uint64_t objects = count_objects(check, group);

        if (objects != check->group_rows)
            say_numbers(check, group, "the number of names differs from that of the objects",
                        check->group_rows, objects);
    } else if (is_object_family(check->family) && !exists(check, FAMILY_COUNTS, group)) {
        say(check, group, "these rows have no counter");
    }
}

/* Takes a row into its group; true when it is the first of one. */
static bool enter_group(struct check *check, struct slice key, size_t len)
{
    struct slice group;

    if (key.len < len)
        return false;
    group = slice_make(key.data, len);
    if (slice_equal(group, slice_make(check->group, check->group_len))) {
        check->group_rows++;
        return false;
    }
    end_group(check);
    memcpy(check->group, group.data, len);
    check->group_len = len;
    check->group_rows = 1;
    return true;
}

/* -- rules --------------------------------------------------------------------------------- */

/* Each row that must lead to this one is there, and is as it must be. */
static void check_indexes(struct check *check, const struct store_row *row)
{
    const struct check_rules *rules = check->rules;
    struct check_index *index = NULL;
    struct record parsed;
    const char *wrong;

    if (rules == NULL || !record_parse(row->value, &parsed))
        return;
    if (!rules->list(rules->context, &check->scratch, check->family, row, &index)) {
        say(check, row->key, "the record cannot be read");
        return;
    }
    wrong = rules->judge == NULL
                ? NULL
                : rules->judge(rules->context, &check->scratch, check->family, row);
    if (wrong != NULL)
        say(check, row->key, wrong);
    for (; index != NULL && !arena_failed(&check->scratch); index = index->next) {
        struct record record = {0};
        struct slice value;
        enum store_found found = store_walk__get(check->store, &check->scratch, index->family,
                                                 index->key, &value);

        if (found == STORE_ABSENT)
            say_of(check, row->key, "the row that leads to it is missing", index->family);
        else if (found != STORE_FOUND)
            check->failed = true;
        else if (record_parse(value, &record) && !slice_equal(record.body, index->body))
            say_of(check, row->key, "the row that leads to it says something else", index->family);
    }
}

/* Whether a row is among the list. */
static bool is_listed(const struct check *check, const struct check_index *index, struct slice key)
{
    while (index != NULL && !(index->family == check->family && slice_equal(index->key, key)))
        index = index->next;
    return index != NULL || arena_failed(&check->scratch);
}

/* Whether the object's row of secrets must have the row that leads to the object. */
static bool secrets_have(struct check *check, struct slice object, struct slice index_key)
{
    const struct check_rules *rules = check->rules;
    struct store_row row = {.key = object};
    struct check_index *index = NULL;

    switch (store_walk__get(check->store, &check->scratch, FAMILY_SECRETS, object, &row.value)) {
    case STORE_FOUND:
        return !rules->list(rules->context, &check->scratch, FAMILY_SECRETS, &row, &index) ||
               is_listed(check, index, index_key);
    case STORE_ABSENT:
        return false;
    default:
        check->failed = true;
        return true;
    }
}

/* Whether the object, which exists, must have the row that leads to it. */
static bool object_has(struct check *check, struct slice object, struct slice index_key)
{
    const struct check_rules *rules = check->rules;
    struct store_row row = {.key = object};
    struct check_index *index = NULL;
    enum store_family family;

    if (rules == NULL || !find_object(check, object, &family, &row.value) || row.value.len == 0 ||
        !rules->list(rules->context, &check->scratch, family, &row, &index))
        return true; /* or it is reported elsewhere */
    return is_listed(check, index, index_key) || secrets_have(check, object, index_key);
}

/* An index row leads to this object, and the object knows of it. */
static void check_owner(struct check *check, struct slice key, struct slice object,
                        const char *missing, const char *unknown)
{
    if (!object_exists(check, object))
        say(check, key, missing);
    else if (!object_has(check, object, key))
        say(check, key, unknown);
}

/* -- visitors ------------------------------------------------------------------------------ */

static void visit_object(struct check *check, const struct store_row *row, struct slice body)
{
    (void)body;
    if (row->key.len != KEY_OBJECT_LEN) {
        say(check, row->key, "the key is not organization, kind and id");
        return;
    }
    enter_group(check, row->key, GROUP_LEN);
    check_indexes(check, row);
}

/* The chain of an organization whose key, or a longer one, this is. */
static void check_chain(struct check *check, struct slice key)
{
    struct audit_trace trace = {0};
    struct audit_verdict verdict;
    struct uuid organization;
    struct slice row;

    memcpy(organization.bytes, key.data, ORGANIZATION_LEN);
    if (!audit_verify(check->store, &organization, &verdict) ||
        (check->rules != NULL && !audit_find_trace(check->store, &organization, &trace))) {
        check->failed = true;
        return;
    }
    row = key_audit(&check->scratch, &organization,
                    verdict.broken != 0 ? verdict.broken : verdict.rows + 1);
    if (verdict.broken != 0)
        say(check, row, "the audit chain is broken");
    else if (verdict.is_head_bad)
        say(check, row, "the head of the audit chain was altered");
    else if (verdict.written > verdict.rows || trace.revision > verdict.revision)
        say(check, row, "the end of the audit chain is missing");
    else if (verdict.written < verdict.rows)
        say(check, row, "the head of the audit chain is missing or an old one");
}

/* How many Owners the organization has; whether `wanted` is one of them. */
static uint64_t count_owners(struct check *check, struct slice organization, struct slice wanted,
                             bool *ret_found)
{
    struct arena each;
    struct store_row row;
    uint64_t count = 0;
    struct walk walk;

    *ret_found = false;
    arena_init(&each, NULL, SCRATCH_BYTES);
    walk_init(&walk, check->store, FAMILY_USERS, organization,
              key_prefix_end(&check->scratch, organization));
    while (walk_next(&walk, &row)) {
        arena_reset(&each);
        if (!check->rules->is_owner(check->rules->context, &each, &row))
            continue;
        *ret_found |= slice_equal(row.key, wanted);
        count++;
    }
    if (!walk_done(&walk))
        check->failed = true;
    arena_done(&each);
    return count;
}

static void check_organization_owner(struct check *check, const struct store_row *row)
{
    const struct check_rules *rules = check->rules;
    struct slice wanted = SLICE_EMPTY;
    uint64_t owners;
    bool found;

    if (rules == NULL)
        return;
    if (!rules->owner_of(rules->context, &check->scratch, row, &wanted)) {
        say(check, row->key, "the record cannot be read");
        return;
    }
    owners = count_owners(check, row->key, wanted, &found);
    if (check->failed)
        return;
    if (owners == 0)
        say(check, row->key,
            "the organization has no Owner: \"datastreamd owner-reset\" makes one");
    else if (owners > 1)
        say(check, row->key, "the organization has several Owners");
    else if (!found)
        say(check, row->key, "the Owner is another user than the one that the organization names");
}

static void visit_organization(struct check *check, const struct store_row *row, struct slice body)
{
    (void)body;
    if (row->key.len != ORGANIZATION_LEN) {
        say(check, row->key, "the key is not that of an organization");
        return;
    }
    check_chain(check, row->key);
    check_organization_owner(check, row);
}

static void visit_token_hash(struct check *check, const struct store_row *row, struct slice body)
{
    const struct check_rules *rules = check->rules;
    struct slice token;

    (void)body;
    if (rules == NULL)
        return;
    if (!rules->token_of(rules->context, &check->scratch, row, &token))
        say(check, row->key, "the record cannot be read");
    else
        check_owner(check, row->key, token, "the hash leads to no token",
                    "the token does not have this hash");
}

/* A session's row and that of its hash lead to each other, and to one user. */
static void visit_session(struct check *check, const struct store_row *row, struct slice body)
{
    const enum store_family other = check->family == FAMILY_SESSIONS ? FAMILY_SESSION_HASHES
                                                                     : FAMILY_SESSIONS;
    const struct check_rules *rules = check->rules;
    struct slice user, back, other_user;
    struct store_row twin;

    (void)body;
    if (rules == NULL)
        return;
    if (!rules->session_of(rules->context, &check->scratch, check->family, row, &user, &twin.key)) {
        say(check, row->key, "the record cannot be read");
        return;
    }
    if (!exists(check, FAMILY_USERS, user))
        say(check, row->key, "the session belongs to no user");
    switch (store_walk__get(check->store, &check->scratch, other, twin.key, &twin.value)) {
    case STORE_FOUND:
        if (rules->session_of(rules->context, &check->scratch, other, &twin, &other_user, &back) &&
            !(slice_equal(back, row->key) && slice_equal(other_user, user)))
            say_of(check, row->key, "the session's other row is that of another session", other);
        break;
    case STORE_ABSENT:
        say_of(check, row->key, "the session's other row is missing", other);
        break;
    default:
        check->failed = true;
        break;
    }
}

static void visit_secrets(struct check *check, const struct store_row *row, struct slice body)
{
    (void)body;
    if (row->key.len != KEY_OBJECT_LEN || !object_exists(check, row->key))
        say(check, row->key, "the secrets belong to no object");
    else
        check_indexes(check, row);
}

static void visit_email(struct check *check, const struct store_row *row, struct slice body)
{
    if (body.len != KEY_OBJECT_LEN)
        say(check, row->key, "the row is not an address and its user");
    else
        check_owner(check, row->key, body, "the address leads to no user",
                    "the user has another address");
}

static void visit_usage(struct check *check, const struct store_row *row, struct slice body)
{
    (void)body;
    if (!object_exists(check, row->key))
        say(check, row->key, "the use belongs to no token or director");
}

static void visit_name(struct check *check, const struct store_row *row, struct slice body)
{
    struct slice key = row->key;
    struct uuid organization;
    struct uuid id;

    if (key.len <= GROUP_LEN || body.len != sizeof(id.bytes)) {
        say(check, key, "the row is not a name and an id");
        return;
    }
    enter_group(check, key, GROUP_LEN);
    memcpy(organization.bytes, key.data, ORGANIZATION_LEN);
    memcpy(id.bytes, body.data, sizeof(id.bytes));
    check_owner(
        check, key,
        key_object(&check->scratch, &organization, bytes_u32(key.data + ORGANIZATION_LEN), &id),
        "the name leads to no object", "the object has another name");
}

static void visit_reference(struct check *check, const struct store_row *row, struct slice body)
{
    struct slice key = row->key;
    struct uuid organization;
    uint32_t target_kind;
    uint32_t source_kind;
    struct uuid target;
    struct uuid source;
    uint32_t field;

    (void)body;
    if (!key_reference_parse(key, &target_kind, &target, &source_kind, &field, &source)) {
        say(check, key, "the key is not that of a reference");
        return;
    }
    memcpy(organization.bytes, key.data, ORGANIZATION_LEN);
    if (!object_exists(check, key_object(&check->scratch, &organization, target_kind, &target)))
        say(check, key, "the reference has no target");
    check_owner(check, key, key_object(&check->scratch, &organization, source_kind, &source),
                "the reference has no source", "its source does not refer to it");
}

static void visit_index(struct check *check, const struct store_row *row, struct slice body)
{
    struct uuid organization;
    uint32_t kind, index;
    struct uuid id;

    if (!key_index_parse(row->key, &organization, &kind, &index, &id) || body.len != 0) {
        say(check, row->key, "the row is not that of an index");
        return;
    }
    check_owner(check, row->key, key_object(&check->scratch, &organization, kind, &id),
                "the row of an index leads to no object", "the object has another value");
}

static void visit_count(struct check *check, const struct store_row *row, struct slice body)
{
    struct slice key = row->key;
    uint64_t rows;

    if (key__is_audit_head(key))
        return; /* it is verified with its chain */
    if (body.len != 8) {
        say(check, key, "the counter is not a number");
        return;
    }
    if (key.len != GROUP_LEN)
        return;
    rows = count_objects(check, key);
    if (rows != bytes_u64(body.data))
        say_numbers(check, key, "the counter is wrong", bytes_u64(body.data), rows);
}

static void visit_audit(struct check *check, const struct store_row *row, struct slice body)
{
    uint64_t number;

    (void)body;
    if (!key_audit_parse(row->key, &number)) {
        say(check, row->key, "the key is not that of an audit row");
        return;
    }
    if (enter_group(check, row->key, ORGANIZATION_LEN) &&
        !exists(check, FAMILY_ORGANIZATIONS, slice_make(row->key.data, ORGANIZATION_LEN))) {
        say(check, row->key, "the organization is missing");
        check_chain(check, row->key);
    }
    check_indexes(check, row);
}

/* The audit row of that number is there, and it has this row that leads to it. */
static void check_audit_index(struct check *check, const struct store_row *row, uint64_t number,
                              const char *stranger)
{
    const struct check_rules *rules = check->rules;
    struct check_index *index = NULL;
    struct store_row audit;
    struct uuid organization;

    memcpy(organization.bytes, row->key.data, ORGANIZATION_LEN);
    audit.key = key_audit(&check->scratch, &organization, number);
    switch (store_walk__get(check->store, &check->scratch, FAMILY_AUDIT, audit.key, &audit.value)) {
    case STORE_FOUND:
        break;
    case STORE_ABSENT:
        say(check, row->key, "the audit row is missing");
        return;
    default:
        check->failed = true;
        return;
    }
    if (rules != NULL &&
        rules->list(rules->context, &check->scratch, FAMILY_AUDIT, &audit, &index) &&
        !is_listed(check, index, row->key))
        say(check, row->key, stranger);
}

static void visit_audit_by_object(struct check *check, const struct store_row *row,
                                  struct slice body)
{
    uint64_t number;

    (void)body;
    if (!key_audit_by_object_parse(row->key, &number))
        say(check, row->key, "the key is not that of an object's audit row");
    else
        check_audit_index(check, row, number, "the audit row belongs to another object");
}

static void visit_audit_by_actor(struct check *check, const struct store_row *row,
                                 struct slice body)
{
    struct actor actor;
    uint64_t number;

    (void)body;
    if (!key_audit_by_actor_parse(row->key, &actor, &number))
        say(check, row->key, "the key is not that of an actor's audit row");
    else
        check_audit_index(check, row, number, "the audit row belongs to another actor");
}

static void visit_audit_by_time(struct check *check, const struct store_row *row, struct slice body)
{
    uint64_t number;

    (void)body;
    if (!key_audit_by_time_parse(row->key, &number))
        say(check, row->key, "the key is not that of an audit row's time");
    else
        check_audit_index(check, row, number, "the audit row has another time");
}

static void visit_feed(struct check *check, const struct store_row *row, struct slice body)
{
    struct slice key = row->key;
    struct uuid organization;
    uint64_t revision;
    uint16_t index;

    if (!key__feed_parse(key, &organization, &revision, &index) ||
        body.len != (revision == 0 ? 8 : FEED_BODY_LEN)) {
        say(check, key, "the row is not a change");
        return;
    }
    if (revision == 0)
        revision = bytes_u64(body.data); /* the floor */
    if (revision > check->revision)
        say(check, key, "the change has a revision that was never assigned");
}

static void visit_repeats(struct check *check, const struct store_row *row, struct slice body)
{
    struct repeat repeat;
    uint64_t block = 0;

    if (body.data == NULL) /* no record, which was told */
        return;
    if (!repeat_block_number(row->key, &block))
        say(check, row->key, "the key is not one of a block");
    while (repeat_next(&body, &repeat))
        if (repeat.revision > check->revision)
            say(check, row->key, "a row has a revision that was never assigned");
        else if (repeat.revision < block)
            say(check, row->key, "a row is older than its block");
    if (body.len > 0)
        say(check, row->key, "the block is unreadable");
}

static void (*const visitors[FAMILIES])(struct check *, const struct store_row *row,
                                        struct slice body) = {
    [FAMILY_ORGANIZATIONS] = visit_organization,
    [FAMILY_TOKEN_HASHES] = visit_token_hash,
    [FAMILY_SESSION_HASHES] = visit_session,
    [FAMILY_SESSIONS] = visit_session,
    [FAMILY_EMAILS] = visit_email,
    [FAMILY_USAGE] = visit_usage,
    [FAMILY_SECRETS] = visit_secrets,
    [FAMILY_RESOURCES] = visit_object,
    [FAMILY_TOKENS] = visit_object,
    [FAMILY_USERS] = visit_object,
    [FAMILY_ROLES] = visit_object,
    [FAMILY_NAMES] = visit_name,
    [FAMILY_REFERENCES] = visit_reference,
    [FAMILY_INDEXES] = visit_index,
    [FAMILY_COUNTS] = visit_count,
    [FAMILY_AUDIT] = visit_audit,
    [FAMILY_AUDIT_BY_OBJECT] = visit_audit_by_object,
    [FAMILY_AUDIT_BY_ACTOR] = visit_audit_by_actor,
    [FAMILY_AUDIT_BY_TIME] = visit_audit_by_time,
    [FAMILY_FEED] = visit_feed,
    [FAMILY_IDEMPOTENCY] = visit_repeats,
};

/* -- the check ----------------------------------------------------------------------------- */

static void check_row(struct check *check, const struct store_row *row)
{
    struct record record = {0};

    if (!record_parse(row->value, &record))
        say(check, row->key, "the value is not a record of a known format");
    else if (record.revision > check->revision)
        say(check, row->key, "the record has a revision that was never assigned");
    if (visitors[check->family] != NULL)
        visitors[check->family](check, row, record.body);
}

static void check_family(struct check *check, enum store_family family)
{
    struct store_row row;
    struct walk walk;

    check->family = family;
    check->group_len = 0;
    walk_init(&walk, check->store, family, SLICE_EMPTY, SLICE_EMPTY);
    while (!check->failed && walk_next(&walk, &row)) {
        arena_reset(&check->scratch);
        check_row(check, &row);
        if (arena_failed(&check->scratch))
            check->failed = true;
    }
    end_group(check);
    if (!walk_done(&walk))
        check->failed = true;
}

struct status store_check(struct store *store, const struct check_rules *rules, struct arena *arena,
                          void (*report)(void *context, struct slice sentence), void *context)
{
    struct check check = {.store = store,
                          .rules = rules,
                          .report = report,
                          .context = context,
                          .revision = store_revision(store)};

    arena_init(&check.scratch, NULL, SCRATCH_BYTES);
    for (int family = 0; family < FAMILIES && !check.failed; family++)
        check_family(&check, (enum store_family)family);
    arena_done(&check.scratch);
    if (check.failed)
        return status_make(arena, STATUS_INTERNAL, "The store cannot be read to its end.");
    if (check.reports > 0)
        return status_make(arena, STATUS_DATA_LOSS, "%llu problem%s found in the store.",
                           (unsigned long long)check.reports, check.reports == 1 ? "" : "s");
    return status_ok();
}
