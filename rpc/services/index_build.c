/*
 * One pass over each family of objects for all indexes that it lacks, in slices of a few hundred
 * rows.
 */
#include "rpc/services/index_build.h"

#include <stdio.h>

#include "base/log.h"
#include "proto/contract/contract_find.h"
#include "rpc/services/resource/index.h"
#include "storage/keys.h"
#include "storage/record.h"

/* Rows that one commit writes or deletes; one object adds a few more. */
#define SLICE_ROWS 512
#define SCRATCH_BYTES ((size_t)64 << 20)

struct build {
    struct store *store;
    const struct contract *contract;
    struct arena scratch; /* of the slice */
    struct commit commit; /* of the slice */
    const struct kind *kind;
    uint32_t dropped; /* the index that is removed */
    uint64_t rows;
};

static struct status store_failed(void)
{
    return status_const(STATUS_UNAVAILABLE,
                        SLICE("The indexes of the store cannot be built: a read "
                              "or write failed."));
}

static struct slice meta_key(struct arena *arena, uint32_t kind, uint32_t number)
{
    return arena_printf(arena, "index/%u/%u", (unsigned)kind, (unsigned)number);
}

static struct status write(struct build *build)
{
    if (arena_failed(&build->scratch))
        return status_out_of_memory();
    if (commit_is_empty(&build->commit))
        return status_ok();
    return store_commit_wait(build->store, &build->commit) == COMMIT_DONE ? status_ok()
                                                                          : store_failed();
}

/* -- walking ---------------------------------------------------------------------------------- */

typedef struct status visitor(struct build *build, const struct store_row *row);

/* The key after `key`, in an arena of its own. */
static struct slice keep_after(struct arena *arena, struct slice key)
{
    struct slice copy;

    arena_reset(arena);
    copy = arena_copy(arena, key);
    return copy.data == NULL ? SLICE_EMPTY : slice_make(copy.data, copy.len + 1);
}

/* Visits each row of a range; what a slice of visits put into the commit is written after it. */
static struct status walk(struct build *build, enum store_family family, struct slice from,
                          struct slice to, visitor *visit)
{
    struct store_rows rows = {.more = true};
    struct status status = status_ok();
    struct arena place;

    arena_init(&place, NULL, SCRATCH_BYTES);
    while (rows.more && status_is_ok(status)) {
        struct store_view *view;

        arena_reset(&build->scratch);
        commit_init(&build->commit, &build->scratch);
        view = store_view_open(build->store, &build->scratch);
        if (view == NULL ||
            store_scan(view, family, from, to, false, SLICE_ROWS / 4, &rows) != STORE_FOUND) {
            status = store_failed();
            break;
        }
        for (size_t i = 0; status_is_ok(status) && i < rows.count; i++)
            status = visit(build, &rows.rows[i]);
        if (status_is_ok(status))
            status = write(build);
        if (rows.more)
            from = keep_after(&place, rows.rows[rows.count - 1].key);
        if (arena_failed(&place))
            status = status_out_of_memory();
    }
    arena_done(&place);
    return status;
}

/* A key beyond all of a family of objects or indexes: organizations are version 7 UUIDs. */
static struct slice family_end(void)
{
    return SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff");
}

/* -- building --------------------------------------------------------------------------------- */

static struct status visit_object(struct build *build, const struct store_row *row)
{
    struct check_index *index = NULL;
    ProtobufCMessage *message;
    struct uuid organization, id;
    struct record record;
    uint32_t kind;

    if (!key_object_parse(row->key, &organization, &kind, &id) || kind != build->kind->number)
        return status_ok();
    if (!record_parse(row->value, &record))
        return object_data_loss();
    message = object_unpack_body(&build->scratch, build->kind, record.body);
    if (message == NULL)
        return arena_failed(&build->scratch) ? status_out_of_memory() : object_data_loss();
    index_add_rows(&build->scratch, build->kind, &organization, &id, message, &index);
    for (; index != NULL; index = index->next, build->rows++)
        commit_put(&build->commit, FAMILY_INDEXES, index->key, SLICE_EMPTY);
    return status_ok();
}

static bool is_indexed(const struct kind *kind, uint32_t number)
{
    for (size_t i = 0; i < kind->message->field_count; i++)
        if (kind->message->fields[i].indexed && index_number(&kind->message->fields[i]) == number)
            return true;
    return false;
}

/* Whether the store lacks an index of the kind. */
static struct status lacks_index(struct build *build, const struct kind *kind, bool *ret_lacks)
{
    struct store_view *view;
    struct slice value;

    *ret_lacks = false;
    arena_reset(&build->scratch);
    view = store_view_open(build->store, &build->scratch);
    for (size_t i = 0; view != NULL && i < kind->message->field_count; i++) {
        const struct field *field = &kind->message->fields[i];
        enum store_found found;

        if (!field->indexed)
            continue;
        found = store_get(view, FAMILY_META,
                          meta_key(&build->scratch, kind->number, index_number(field)), &value);
        if (found != STORE_FOUND && found != STORE_ABSENT)
            return store_failed();
        *ret_lacks |= found == STORE_ABSENT;
    }
    return view == NULL ? status_out_of_memory() : status_ok();
}

/* Notes that the indexes of the kind are whole. */
static void note_kind(struct commit *commit, const struct kind *kind)
{
    for (size_t i = 0; i < kind->message->field_count; i++) {
        const struct field *field = &kind->message->fields[i];

        if (field->indexed)
            commit_put(commit, FAMILY_META,
                       meta_key(commit->arena, kind->number, index_number(field)), SLICE_EMPTY);
    }
}

void index_build_nothing(struct commit *commit, const struct contract *contract)
{
    for (size_t i = 0; i < contract->kind_count; i++)
        note_kind(commit, contract->kinds[i]);
}

static struct status build_kind(struct build *build, const struct kind *kind)
{
    struct status status;
    bool lacks;

    status = lacks_index(build, kind, &lacks);
    if (!status_is_ok(status) || !lacks)
        return status;
    build->kind = kind;
    build->rows = 0;
    status = walk(build, object_family(kind), SLICE("\0"), family_end(), visit_object);
    if (!status_is_ok(status))
        return status;
    arena_reset(&build->scratch);
    commit_init(&build->commit, &build->scratch);
    note_kind(&build->commit, kind);
    status = write(build);
    if (status_is_ok(status) && build->rows > 0)
        log_event(LOG_INFO, "indexes.built", LOG_STR("kind", kind->collection),
                  LOG_INT("rows", build->rows));
    return status;
}

/* -- removing --------------------------------------------------------------------------------- */

static struct status visit_dropped(struct build *build, const struct store_row *row)
{
    struct uuid organization, id;
    const struct kind *kind;
    uint32_t number, index;

    if (!key_index_parse(row->key, &organization, &number, &index, &id))
        return status_ok(); /* `check` tells of it */
    kind = contract_kind_by_number(build->contract, number);
    if (kind != NULL && is_indexed(kind, index))
        return status_ok();
    commit_delete(&build->commit, FAMILY_INDEXES, row->key);
    build->rows++;
    return status_ok();
}

/* Notes that `meta` knows of an index that the contract lacks. */
static struct status visit_known(struct build *build, const struct store_row *row)
{
    const char *key = arena_cstr(&build->scratch, row->key);
    const struct kind *kind;
    unsigned number, index;

    if (key == NULL)
        return status_out_of_memory();
    if (sscanf(key, "index/%u/%u", &number, &index) != 2)
        return status_ok();
    kind = contract_kind_by_number(build->contract, number);
    if (kind == NULL || !is_indexed(kind, index))
        build->dropped = index;
    return status_ok();
}

static struct status visit_forgotten(struct build *build, const struct store_row *row)
{
    struct status status;

    build->dropped = 0;
    status = visit_known(build, row);
    if (status_is_ok(status) && build->dropped != 0)
        commit_delete(&build->commit, FAMILY_META, row->key);
    return status;
}

static struct status remove_dropped(struct build *build)
{
    const struct slice from = SLICE("index/"), to = SLICE("index0");
    struct status status;

    build->dropped = 0;
    build->rows = 0;
    status = walk(build, FAMILY_META, from, to, visit_known);
    if (!status_is_ok(status) || build->dropped == 0)
        return status;
    status = walk(build, FAMILY_INDEXES, SLICE("\0"), family_end(), visit_dropped);
    if (status_is_ok(status))
        status = walk(build, FAMILY_META, from, to, visit_forgotten);
    if (status_is_ok(status))
        log_event(LOG_INFO, "indexes.removed", LOG_INT("rows", build->rows));
    return status;
}

struct status index_build(struct store *store, const struct contract *contract, struct arena *arena)
{
    struct build build = {.store = store, .contract = contract};
    struct status status;

    arena_init(&build.scratch, NULL, SCRATCH_BYTES);
    status = remove_dropped(&build);
    for (size_t i = 0; status_is_ok(status) && i < contract->kind_count; i++)
        status = build_kind(&build, contract->kinds[i]);
    if (status.message.len > 0)
        status.message = arena_copy(arena, status.message);
    arena_done(&build.scratch);
    return status;
}
