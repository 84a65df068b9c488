/* Up to 100 objects at once: read at one moment, or deleted all together or not at all. */
#include "rpc/services/resource/resource_batch.h"

#include <assert.h>

#include "rpc/call/answers.h"
#include "rpc/services/resource/computed.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/resource_request.h"
#include "rpc/services/resource/stored.h"
#include "storage/keys.h"
#include "storage/record.h"

/* Most bytes of the records that one batch holds. */
#define BATCH_BYTES_MOST ((size_t)1 << 20)
/* How often objects that change meanwhile are read again, for an answer that is of one moment. */
#define BATCH_READS_MOST 16
/* Most rows of references that one deletion looks at. */
#define BATCH_ROWS_MOST 2000

/* The objects of a batch, in the order of the ids. */
struct batch {
    const struct kind *kind;
    struct object *objects;
    struct slice *values; /* as the store has them: the objects stay packed; NULL: they do not */
    size_t count;
};

/* -- ids -------------------------------------------------------------------------------------- */

static struct slice id_text(const struct call *call, size_t i)
{
    return field_get_string_at(call->request, call->method->ids, i);
}

/* Whether an id before this one is the same: validation has compared texts alone. */
static bool is_repeated(const struct batch *batch, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (uuid_equal(&batch->objects[k].id, &batch->objects[i].id))
            return true;
    return false;
}

/* NOT_FOUND names an id that is none; INVALID_ARGUMENT one that is given twice. */
static struct status read_ids(struct call *call, struct batch *ret_batch)
{
    struct batch batch = {.kind = call->method->kind,
                          .count = field_count(call->request, call->method->ids)};

    batch.objects = arena_array(call->arena, batch.count, sizeof(*batch.objects));
    if (batch.objects == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < batch.count; i++) {
        struct object *object = &batch.objects[i];

        object->kind = batch.kind;
        if (!uuid_parse(id_text(call, i), &object->id))
            return call_not_found(call, batch.kind, id_text(call, i));
        if (is_repeated(&batch, i))
            return status_invalid_field(call->arena, arena_printf(call->arena, "ids[%zu]", i),
                                        "must not be given twice");
    }
    *ret_batch = batch;
    return status_ok();
}

/* -- reading ---------------------------------------------------------------------------------- */

static struct status too_large(struct call *call, size_t fit)
{
    return status_make(call->arena, STATUS_RESOURCE_EXHAUSTED,
                       "The objects together exceed 1 MiB: the first %zu of these ids fit.", fit);
}

/* Reads the values of all objects at once, of the first *ret_count where not all fit. */
static struct status read_values(struct call *call, struct batch *batch, size_t *ret_count)
{
    /* What is left out for this bound has bodies that exceed the batch's. */
    size_t most = BATCH_BYTES_MOST + batch->count * RECORD_HEADER_LEN;
    struct slice *keys = arena_array(call->arena, batch->count, sizeof(*keys));

    if (keys == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < batch->count; i++)
        keys[i] = key_object(call->arena, &call->identity.organization, batch->kind->number,
                             &batch->objects[i].id);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return call_store_status(store_get_many(call->view, object_family(batch->kind), keys,
                                            batch->count, most, batch->values, ret_count));
}

/* Revision and body of a value that was read. */
static struct status take_value(struct call *call, struct batch *batch, size_t i)
{
    struct object *object = &batch->objects[i];
    struct record record;

    if (batch->values[i].data == NULL)
        return call_not_found(call, batch->kind, id_text(call, i));
    if (!record_parse(batch->values[i], &record))
        return object_data_loss();
    object->revision = record.revision;
    object->body = record.body;
    return status_ok();
}

/*
 * Reads the objects once. *ret_newest is the newest revision among them. A miss ends nothing here:
 * the rest is asked for too, and fetched with it.
 */
static struct status read_once(struct call *call, struct batch *batch, uint64_t *ret_newest)
{
    bool stays_packed = batch->values != NULL;
    size_t read = batch->count;
    struct status status = stays_packed ? read_values(call, batch, &read) : status_ok();
    size_t bytes = 0;

    *ret_newest = 0;
    if (!status_is_ok(status))
        return status;
    for (size_t i = 0; i < batch->count; i++) {
        struct object *object = &batch->objects[i];

        if (i >= read)
            return too_large(call, i);
        status = stays_packed ? take_value(call, batch, i)
                              : object_read(call, batch->kind, id_text(call, i), object);
        if (!status_is_ok(status) && !store_view_missed(call->view))
            return status;
        if (!status_is_ok(status))
            continue;
        bytes += object->body.len;
        if (bytes > BATCH_BYTES_MOST)
            return too_large(call, i);
        if (object->revision > *ret_newest)
            *ret_newest = object->revision;
    }
    return store_view_missed(call->view) ? call_store_status(STORE_AGAIN) : status_ok();
}

/*
 * Reads the objects as they are at the view's revision: what has no newer one was the same then.
 * When something was written since, the view moves on and all are read again.
 */
static struct status read_at_one_moment(struct call *call, struct batch *batch)
{
    for (int i = 0; i < BATCH_READS_MOST; i++) {
        uint64_t newest;
        struct status status = read_once(call, batch, &newest);

        if (!status_is_ok(status) || newest <= store_view_revision(call->view))
            return status;
        store_view_reset(call->view);
    }
    return status_const(STATUS_ABORTED,
                        SLICE("The objects changed while they were read. Retry the call."));
}

/* Answers with messages. */
static struct status show_messages(struct call *call, const struct batch *batch)
{
    ProtobufCMessage **items = arena_array(call->arena, batch->count, sizeof(*items));
    struct status status;

    if (items == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < batch->count; i++) {
        items[i] = batch->objects[i].message;
        object_set_etag(call, batch->kind, items[i], batch->objects[i].revision);
    }
    status = computed_fill(call, batch->kind, items, batch->count);
    object__set_page(call, call->response, items, batch->count, SLICE_EMPTY, 0);
    return status;
}

/* Answers with the records, and with what is computed behind each. */
static struct status show_records(struct call *call, const struct batch *batch)
{
    struct call_records *records = arena_alloc(call->arena, sizeof(*records));
    struct slice *bodies = arena_array(call->arena, batch->count, sizeof(*bodies));
    struct status status;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    status = stored__complete(call, batch->kind, batch->values, batch->count, bodies, NULL);
    *records = (struct call_records){call->method->items, bodies, batch->count};
    call->records = records;
    object__set_page(call, call->response, NULL, 0, SLICE_EMPTY, 0);
    return status;
}

struct status engine__batch_get(struct call *call)
{
    struct batch batch;
    struct status status = read_ids(call, &batch);

    if (!status_is_ok(status))
        return status;
    if (call->method->items != NULL && stored__is_possible(call, batch.kind)) {
        batch.values = arena_array(call->arena, batch.count, sizeof(*batch.values));
        if (batch.values == NULL)
            return status_out_of_memory();
    }
    status = read_at_one_moment(call, &batch);
    if (!status_is_ok(status))
        return status;
    call->response = message_new(call->arena, call->method->output);
    if (call->response == NULL)
        return status_out_of_memory();
    status = batch.values == NULL ? show_messages(call, &batch) : show_records(call, &batch);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

/* -- deleting: who refers to what ------------------------------------------------------------- */

/* A reference to an object of the batch from outside it. */
struct outsider {
    uint32_t kind;
    struct uuid id;
};

/* A power of two, twice the outsiders: a search ends soon. */
#define OUTSIDER_PLACES 4096
_Static_assert(OUTSIDER_PLACES >= 2 * BATCH_ROWS_MOST && BATCH_ROWS_MOST < UINT16_MAX,
               "a search ends, and a place holds any number");

/* What the references to the objects of a batch say. */
struct referrers {
    struct store_rows *inside;  /* of each object: the rows whose source is in the batch too */
    struct outsider *outsiders; /* distinct */
    uint16_t
        *places; /* OUTSIDER_PLACES: by the id's hash, the outsider's number from 1, 0 for none */
    size_t outsider_count;
    size_t looked_at; /* rows */
    bool more;        /* there are rows that were not looked at */
};

static bool is_in_batch(const struct batch *batch, uint32_t kind, const struct uuid *id)
{
    if (kind != batch->kind->number)
        return false;
    for (size_t i = 0; i < batch->count; i++)
        if (uuid_equal(&batch->objects[i].id, id))
            return true;
    return false;
}

/* Random bits end a UUID. */
static void add_outsider(struct referrers *referrers, uint32_t kind, const struct uuid *id)
{
    uint16_t *places = referrers->places;
    uint32_t at;

    assert(referrers->outsider_count < BATCH_ROWS_MOST);
    memcpy(&at, id->bytes + 12, sizeof(at));
    for (at = (at ^ kind) % OUTSIDER_PLACES; places[at] != 0; at = (at + 1) % OUTSIDER_PLACES) {
        const struct outsider *known = &referrers->outsiders[places[at] - 1];

        if (known->kind == kind && uuid_equal(&known->id, id))
            return;
    }
    referrers->outsiders[referrers->outsider_count++] = (struct outsider){kind, *id};
    places[at] = (uint16_t)referrers->outsider_count;
}

/* Divides the rows of references to one object; those from inside stay, in their order. */
static struct status divide(const struct batch *batch, struct store_rows *rows,
                            struct referrers *referrers)
{
    size_t inside = 0;

    for (size_t i = 0; i < rows->count; i++) {
        uint32_t target_kind, source_kind, field;
        struct uuid target, source;

        if (!key_reference_parse(rows->rows[i].key, &target_kind, &target, &source_kind, &field,
                                 &source))
            return object_data_loss();
        if (is_in_batch(batch, source_kind, &source))
            rows->rows[inside++] = rows->rows[i];
        else if (referrers->outsider_count < BATCH_ROWS_MOST)
            add_outsider(referrers, source_kind, &source);
    }
    rows->count = inside;
    return status_ok();
}

static struct status find_referrers(struct call *call, const struct batch *batch,
                                    struct referrers *ret_referrers)
{
    struct arena *arena = call->arena;
    struct referrers referrers = {
        .inside = arena_array(arena, batch->count, sizeof(*referrers.inside)),
        .outsiders = arena_array(arena, BATCH_ROWS_MOST, sizeof(*referrers.outsiders)),
        .places = arena_zalloc(arena, OUTSIDER_PLACES * sizeof(uint16_t)),
    };
    struct status status = status_ok();

    if (arena_failed(arena))
        return status_out_of_memory();
    for (size_t i = 0; i < batch->count && status_is_ok(status); i++) {
        struct slice prefix = batch->objects[i].key;
        size_t most = BATCH_ROWS_MOST - referrers.looked_at;
        struct slice end = key_prefix_end(arena, prefix);
        enum store_found found;

        assert(referrers.looked_at <= BATCH_ROWS_MOST);
        if (arena_failed(arena))
            return status_out_of_memory();
        found = store_scan(call->view, FAMILY_REFERENCES, prefix, end, false, most + 1,
                           &referrers.inside[i]);
        if (found == STORE_AGAIN)
            continue;
        if (found != STORE_FOUND)
            return call_store_status(found);
        if (referrers.inside[i].more || referrers.inside[i].count > most) {
            referrers.more = true;
            if (referrers.inside[i].count > most)
                referrers.inside[i].count = most;
        }
        referrers.looked_at += referrers.inside[i].count;
        status = divide(batch, &referrers.inside[i], &referrers);
        if (referrers.more)
            break;
    }
    if (store_view_missed(call->view))
        return call_store_status(STORE_AGAIN);
    if (status_is_ok(status))
        *ret_referrers = referrers;
    return status;
}

/* The refusal: who refers from outside, by name as far as the caller may read them. */
static struct status refuse(struct call *call, const struct batch *batch,
                            const struct referrers *referrers)
{
    struct arena *arena = call->arena;
    size_t count = referrers->outsider_count;
    const char *more = referrers->more ? "more than " : "";
    size_t named = 0;
    struct status status = status_make(
        arena, STATUS_FAILED_PRECONDITION,
        "No object was deleted: objects of the batch are used by %s%zu other object%s.", more,
        count, count == 1 && !referrers->more ? "" : "s");

    for (size_t i = 0; i < count && named < BLOCKERS_NAMED_MOST; i++) {
        const struct outsider *outsider = &referrers->outsiders[i];
        enum store_found found;

        named += references__name(call, outsider->kind, &outsider->id, &status, &found) ? 1 : 0;
        if (found == STORE_AGAIN || found == STORE_FAILED)
            return call_store_status(found);
    }
    if (named < count || referrers->more)
        status_add_detail(arena, &status, DETAIL_PRECONDITION_VIOLATION, batch->kind->collection,
                          SLICE(PRECONDITION_REFERENCED),
                          arena_printf(arena, "%s%zu %sobject%s to objects of the batch.",
                                       referrers->more ? "More than " : "", count - named,
                                       named > 0 ? "more " : "",
                                       count - named == 1 ? " refers" : "s refer"));
    return status;
}

/* -- deleting --------------------------------------------------------------------------------- */

/*
 * The condition that nobody refers to an object of the batch becomes: nobody but those of the
 * batch, whose rows go with them. The range is cut at each of those rows.
 */
static void allow_inside(struct call *call, const struct object *object,
                         const struct store_rows *inside)
{
    struct condition *condition = call->commit.conditions;
    struct slice end;

    while (condition != NULL &&
           !(condition->type == CONDITION_RANGE_EMPTY && condition->family == FAMILY_REFERENCES &&
             slice_equal(condition->key, object->key)))
        condition = condition->next;
    assert(condition != NULL || arena_failed(call->arena)); /* draft_commit_delete put it there */
    if (condition == NULL || inside->count == 0)
        return;
    end = condition->end;
    condition->end = inside->rows[0].key;
    for (size_t i = 0; i < inside->count; i++) {
        /* The NUL after the copy is part of the key: the next one. */
        struct slice key = inside->rows[i].key;
        struct slice from = slice_make(arena_copy(call->arena, key).data, key.len + 1);

        if (arena_failed(call->arena))
            return;
        commit_require_empty(&call->commit, FAMILY_REFERENCES, from,
                             i + 1 < inside->count ? inside->rows[i + 1].key : end);
    }
}

struct status engine__batch_delete(struct call *call)
{
    struct referrers referrers = {0};
    struct batch batch;
    uint64_t newest;
    struct status status = read_ids(call, &batch);

    if (status_is_ok(status))
        status = read_once(call, &batch, &newest);
    if (status_is_ok(status))
        status = find_referrers(call, &batch, &referrers);
    if (!status_is_ok(status))
        return status;
    if (referrers.outsider_count > 0)
        return refuse(call, &batch, &referrers);
    if (referrers.more)
        return status_const(STATUS_RESOURCE_EXHAUSTED,
                            SLICE("The objects refer to each other too often to be deleted "
                                  "together. Delete fewer of them at once."));
    for (size_t i = 0; i < batch.count && status_is_ok(status); i++)
        status = engine__check_removal(call, &batch.objects[i]);
    if (!status_is_ok(status))
        return status;
    call->response = object_empty_response(call);
    for (size_t i = 0; i < batch.count && !object_validate_only(call); i++) {
        draft_commit_delete(call, &batch.objects[i]);
        allow_inside(call, &batch.objects[i], &referrers.inside[i]);
    }
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
