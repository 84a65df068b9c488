/*
 * A watch is a place in the feed: everything in front of it was told or was not for this caller.
 * Each read takes a slice from there on, and then asks where the feed begins: rows may be trimmed
 * away while a slow caller is on its way to them. Slices come from the ring that the loop's
 * watchers share, where it has the place: its rows are read, and written, once for all of them.
 */
#include "rpc/services/watch.h"

#include <assert.h>
#include <datastream/v1/change.pb-c.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/object.h"
#include "rpc/services/watch_ring.h"
#include "storage/feed.h"

#define SLICE_ROWS 64

struct watch {
    const struct kind **kinds; /* that were asked for */
    size_t kind_count;         /* 0: all that the caller may read */

    struct feed_place place; /* where the next read begins */
    uint64_t complete;       /* nothing up to this revision is still to be told */

    /* The slice: of the ring, or rows of its own. */
    bool has_slice;
    struct watch_ring *ring; /* NULL: rows of its own */
    uint64_t first;          /* the number of its first row in the ring */
    struct feed_row *rows;   /* its own; where it is cut, one more than `count` */
    size_t count;
    size_t at;
    bool cut;                /* there are rows after it */
    uint64_t store_revision; /* unless it is cut: all up to it is in the slice, or was told */
};

/* -- opening ---------------------------------------------------------------------------------- */

static struct status take_kinds(struct call *call, const Datastream__V1__WatchRequest *request,
                                struct watch *watch)
{
    struct violations violations = {0};

    watch->kind_count = request->n_kinds;
    watch->kinds = arena_array(call->arena, request->n_kinds + 1, sizeof(watch->kinds[0]));
    if (watch->kinds == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < request->n_kinds; i++) {
        watch->kinds[i] = contract_kind(call_contract(call), slice_from_cstr(request->kinds[i]));
        if (watch->kinds[i] == NULL)
            violations_add(&violations, call->arena, arena_printf(call->arena, "kinds[%zu]", i),
                           "must be the name of a kind");
    }
    return violations_status(&violations, call->arena);
}

static bool may_read(const struct call *call, const struct kind *kind)
{
    return permission_set_has(&call->identity.permissions, kind->permissions[VERB_READ]->bit);
}

static struct status admit(struct call *call)
{
    const struct contract *contract = call_contract(call);
    const struct watch *watch = call->handler_state;
    struct status status;

    for (size_t i = 0; i < watch->kind_count; i++)
        if (!may_read(call, watch->kinds[i]))
            return call_denied(call, watch->kinds[i]->permissions[VERB_READ]->name);
    if (watch->kind_count > 0)
        return status_ok();
    for (size_t i = 0; i < contract->kind_count; i++)
        if (may_read(call, contract->kinds[i]))
            return status_ok();
    status = status_const(STATUS_PERMISSION_DENIED,
                          SLICE("Permission to read at least one kind is required."));
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("PERMISSION_DENIED"),
                      SLICE_EMPTY, SLICE_EMPTY);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

static struct status out_of_range(struct call *call, struct slice reason, struct slice key,
                                  uint64_t revision, const char *format)
{
    struct slice number = arena_printf(call->arena, "%llu", (unsigned long long)revision);
    struct status status = status_make(call->arena, STATUS_OUT_OF_RANGE, format, SLICE_ARG(number));

    if (status.code == STATUS_OUT_OF_RANGE)
        status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, reason, key, number);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

static struct status check_floor(struct call *call, uint64_t complete, uint64_t floor)
{
    if (floor <= complete)
        return status_ok();
    return out_of_range(call, SLICE(WATCH_REVISION_NOT_KEPT), SLICE("oldestRevision"), floor,
                        "Changes after that revision are no longer kept; the oldest revision to "
                        "watch from is %.*s. List the resources again and watch from the revision "
                        "of the list.");
}

/* Where the stream begins: now, or a revision that was given and after which all is kept. */
static struct status take_place(struct call *call, uint64_t from, struct watch *watch)
{
    uint64_t newest = call_store_revision(call);
    enum store_found found;
    uint64_t floor = 0;

    if (from > newest)
        return out_of_range(call, SLICE(WATCH_REVISION_NOT_GIVEN), SLICE("newestRevision"), newest,
                            "The revision does not exist yet; the newest is %.*s.");
    watch->complete = from == 0 ? newest : from;
    watch->place = (struct feed_place){watch->complete + 1, 0};
    found = feed_read_floor(call->view, &call->identity.organization, &floor);
    if (found != STORE_FOUND)
        return call_store_status(found);
    return check_floor(call, watch->complete, floor);
}

static struct status open(struct call *call)
{
    const Datastream__V1__WatchRequest *request = (const void *)call->request;
    struct watch *watch = arena_zalloc(call->arena, sizeof(*watch));
    struct status status;

    if (watch == NULL)
        return status_out_of_memory();
    call->handler_state = watch;
    status = take_kinds(call, request, watch);
    if (status_is_ok(status))
        status = admit(call);
    if (status_is_ok(status))
        status = take_place(call, request->from_revision, watch);
    return status;
}

/* -- the loop's ring -------------------------------------------------------------------------- */

static void free_ring(void *kept)
{
    watch_ring__free(kept);
}

/*
 * The ring of the caller's organization, which the loop's first watcher begins; NULL: there is
 * none.
 */
static struct watch_ring *ring_of(const struct call *call)
{
    struct stream_shelf *shelf = call_stream_shelf(call);
    const struct watch *watch = call->handler_state;
    struct watch_ring *ring;

    if (shelf->kept == NULL) {
        shelf->kept = watch_ring__new(call_contract(call), &call->identity.organization,
                                      watch->place, shelf->bytes, shelf->memory);
        shelf->free = free_ring;
    }
    ring = shelf->kept;
    return ring != NULL && uuid_equal(watch_ring__organization(ring), &call->identity.organization)
               ? ring
               : NULL;
}

/* The slice is the ring's, from the watch's place on. */
static void take_from_ring(struct watch *watch, struct watch_ring *ring)
{
    assert(watch_ring__compare(ring, watch->place) == 0);
    watch->ring = ring;
    watch->first = watch_ring__find(ring, watch->place);
    watch->count = (size_t)(watch_ring__last(ring) - watch->first);
    watch->cut = watch->count > SLICE_ROWS || watch_ring__rest(ring) != 0;
    if (watch->count > SLICE_ROWS)
        watch->count = SLICE_ROWS;
    watch->at = 0;
    watch->has_slice = true;
    watch->store_revision = watch_ring__complete(ring);
}

/* Whether the watch's place is within the ring, and there is something to learn from it. */
static bool is_in_front_of(const struct watch *watch, const struct watch_ring *ring)
{
    return watch_ring__compare(ring, watch->place) == 0 &&
           feed_place_compare(watch->place, watch_ring__end(ring)) < 0;
}

static bool recall(struct call *call, uint64_t *ret_revision, bool *ret_more)
{
    struct watch *watch = call->handler_state;
    struct watch_ring *ring = ring_of(call);

    if (ring == NULL || !is_in_front_of(watch, ring))
        return false;
    take_from_ring(watch, ring);
    *ret_revision = watch_ring__complete(ring);
    *ret_more = watch->cut;
    return true;
}

/* -- reading ---------------------------------------------------------------------------------- */

/* Rows of the feed as they were read. */
struct piece {
    struct feed_row *rows; /* one more than `count` where it is cut */
    size_t count;
    bool cut;
    uint64_t floor; /* read after the rows */
};

static struct status read_piece(struct call *call, struct arena *arena, struct feed_place from,
                                struct piece *ret_piece)
{
    const struct uuid *organization = &call->identity.organization;
    struct store_rows stored = {0};
    struct piece piece = {0};
    enum store_found found = feed_read(call->view, organization, from.revision, from.index,
                                       SLICE_ROWS + 1, &stored);
    enum store_found floor_found = feed_read_floor(call->view, organization, &piece.floor);

    if (found != STORE_FOUND || floor_found != STORE_FOUND)
        return call_store_status(found != STORE_FOUND ? found : floor_found);
    piece.rows = arena_array(arena, stored.count + 1, sizeof(piece.rows[0]));
    if (piece.rows == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < stored.count; i++)
        if (!feed_parse_row(&stored.rows[i], &piece.rows[i]))
            return object_data_loss();
    piece.cut = stored.count > SLICE_ROWS;
    piece.count = piece.cut ? SLICE_ROWS : stored.count;
    *ret_piece = piece;
    return status_ok();
}

/* The slice is the piece, which begins at the watch's place. */
static void take_piece(struct watch *watch, const struct piece *piece, uint64_t revision)
{
    watch->ring = NULL;
    watch->rows = piece->rows;
    watch->has_slice = true;
    watch->cut = piece->cut;
    watch->count = piece->count;
    watch->at = 0;
    watch->store_revision = revision;
}

/*
 * Reads a piece at the ring's end and gives it to the ring, unless trimming was faster than the
 * ring.
 */
static struct status fill(struct call *call, struct arena *arena, struct watch_ring *ring,
                          uint64_t revision, struct piece *ret_piece)
{
    struct piece piece;
    struct status status = read_piece(call, arena, watch_ring__end(ring), &piece);

    if (!status_is_ok(status))
        return status;
    if (piece.floor > watch_ring__complete(ring))
        watch_ring__restart(ring, (struct feed_place){piece.floor + 1, 0});
    else
        watch_ring__fill(ring, piece.rows, piece.count,
                         piece.cut ? piece.rows[piece.count].revision : 0, revision, piece.floor);
    *ret_piece = piece;
    return status;
}

/*
 * A watch that is further than the ring takes it along: the ring reads on, or else begins anew
 * there.
 */
static struct status take_along(struct call *call, struct arena *arena, struct watch_ring *ring,
                                uint64_t revision)
{
    const struct watch *watch = call->handler_state;
    struct piece piece;
    struct status status = fill(call, arena, ring, revision, &piece);

    if (status_is_ok(status) && watch_ring__compare(ring, watch->place) > 0)
        watch_ring__restart(ring, watch->place);
    return status;
}

static struct status read_rows(struct call *call, struct arena *arena, uint64_t revision,
                               bool *ret_more)
{
    struct watch *watch = call->handler_state;
    struct watch_ring *ring = ring_of(call);
    struct status status = status_ok();
    struct piece piece;

    if (ring != NULL && watch_ring__compare(ring, watch->place) > 0)
        status = take_along(call, arena, ring, revision);
    if (!status_is_ok(status))
        return status;
    /* Another watch may have filled the ring while this one's read was fetched. */
    if (ring == NULL || !is_in_front_of(watch, ring)) {
        status = ring != NULL && watch_ring__compare(ring, watch->place) == 0
                     ? fill(call, arena, ring, revision, &piece)
                     : read_piece(call, arena, watch->place, &piece);
        if (status_is_ok(status))
            status = check_floor(call, watch->complete, piece.floor);
        if (!status_is_ok(status))
            return status;
        take_piece(watch, &piece, revision);
    }
    if (ring != NULL && watch_ring__compare(ring, watch->place) == 0)
        take_from_ring(watch, ring);
    *ret_more = watch->cut;
    return status;
}

/* -- telling ---------------------------------------------------------------------------------- */

/* Whether this caller is told of the kind, which may be NULL. */
static bool is_told(const struct call *call, const struct kind *kind)
{
    const struct watch *watch = call->handler_state;
    bool wanted = watch->kind_count == 0;

    for (size_t i = 0; i < watch->kind_count; i++)
        wanted = wanted || watch->kinds[i] == kind;
    return kind != NULL && wanted && may_read(call, kind);
}

/* A row of the slice, or after it as far as it is known. */
struct seen_row {
    const struct feed_row *row; /* NULL: nothing is known of it */
    const struct kind *kind;
    struct watch_entry *entry; /* of the ring; NULL for a row of the watch's own */
};

static struct seen_row row_at(const struct call *call, size_t at)
{
    const struct watch *watch = call->handler_state;
    struct seen_row seen = {NULL, NULL, NULL};

    if (watch->ring != NULL) {
        seen.entry = watch_ring__entry(watch->ring, watch->first + at);
        if (seen.entry != NULL) {
            seen.row = &seen.entry->row;
            seen.kind = seen.entry->kind;
        }
    } else if (at < watch->count + (watch->cut ? 1 : 0)) {
        seen.row = &watch->rows[at];
        seen.kind = contract_kind_by_number(call_contract(call), seen.row->kind);
    }
    return seen;
}

/*
 * Whether this caller will be told of more of the row's revision. Where what is known ends within
 * the revision nobody knows: then too, so that nothing is left out by who resumes there.
 */
static bool has_more(const struct call *call, uint64_t revision)
{
    const struct watch *watch = call->handler_state;

    for (size_t i = watch->at;; i++) {
        struct seen_row seen = row_at(call, i);

        if (seen.row == NULL)
            return watch->ring != NULL && watch_ring__rest(watch->ring) == revision;
        if (seen.row->revision != revision)
            return false;
        if ((watch->ring == NULL && i == watch->count) || is_told(call, seen.kind))
            return true;
    }
}

static Datastream__V1__Change *make_change(struct arena *arena, uint64_t revision)
{
    Datastream__V1__Change *change = arena_alloc(arena, sizeof(*change));

    if (change == NULL)
        return NULL;
    datastream__v1__change__init(change);
    change->revision = revision;
    return change;
}

static Google__Protobuf__Timestamp *make_time(struct arena *arena, int64_t ms)
{
    Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof(*time));

    if (time == NULL)
        return NULL;
    google__protobuf__timestamp__init(time);
    time->seconds = ms / 1000;
    time->nanos = (int32_t)(ms % 1000) * 1000000;
    return time;
}

static ProtobufCMessage *tell(struct arena *arena, const struct feed_row *row,
                              const struct kind *kind, bool more)
{
    Datastream__V1__Change *change = make_change(arena, row->revision);

    if (change == NULL)
        return NULL;
    change->type = (Datastream__V1__ChangeType__Value)row->change;
    change->kind = arena_cstr(arena, kind->collection);
    change->id = arena_cstr(arena, object_id_text(arena, &row->id));
    change->time = make_time(arena, row->time_ms);
    change->more_in_revision = more;
    return arena_failed(arena) ? NULL : &change->base;
}

/* After the last row of a slice that was not cut the feed was empty when the read began. */
static void end_slice(struct watch *watch)
{
    if (watch->has_slice && !watch->cut) {
        if (watch->complete < watch->store_revision)
            watch->complete = watch->store_revision;
        watch->place = (struct feed_place){watch->complete + 1, 0};
    }
    watch->has_slice = false;
    watch->ring = NULL;
    watch->rows = NULL;
    watch->count = watch->at = 0;
}

/* The ring dropped the rest of the slice: the store may have it. */
static void lose_slice(struct call *call)
{
    struct watch *watch = call->handler_state;

    watch->cut = true;
    end_slice(watch);
    call_stream_again(call);
}

static ProtobufCMessage *next(struct call *call, struct arena *arena)
{
    struct watch *watch = call->handler_state;

    assert(watch->has_slice || watch->count == 0);
    while (watch->at < watch->count) {
        struct seen_row seen = row_at(call, watch->at++);
        bool more;

        if (seen.row == NULL) {
            lose_slice(call);
            return NULL;
        }
        assert(feed_place_compare(feed_place_of(seen.row), watch->place) >= 0); /* told once */
        more = has_more(call, seen.row->revision);
        watch->place = feed_place_after(seen.row);
        watch->complete = more ? seen.row->revision - 1 : seen.row->revision;
        if (!is_told(call, seen.kind))
            continue;
        if (seen.entry == NULL)
            return tell(arena, seen.row, seen.kind, more);
        call_stream_share(call, &seen.entry->copies[more]);
        seen.entry->change.more_in_revision = more;
        return &seen.entry->change.base;
    }
    end_slice(watch);
    return NULL;
}

static ProtobufCMessage *heartbeat(struct call *call, struct arena *arena)
{
    const struct watch *watch = call->handler_state;
    Datastream__V1__Change *change = make_change(arena, watch->complete);

    if (change == NULL)
        return NULL;
    change->type = DATASTREAM__V1__CHANGE_TYPE__VALUE__HEARTBEAT;
    return &change->base;
}

const struct stream_handler watch_changes = {
    .open = open,
    .admit = admit,
    .read = read_rows,
    .recall = recall,
    .next = next,
    .heartbeat = heartbeat,
};
