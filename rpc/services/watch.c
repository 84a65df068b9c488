/*
 * A watch is a place in the feed: everything in front of it was told or was not for this caller.
 * Each read takes a slice from there on, and then asks where the feed begins: rows may be trimmed
 * away while a slow caller is on its way to them.
 */
#include "rpc/services/watch.h"

#include <datastream/v1/change.pb-c.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/object.h"
#include "storage/feed.h"

#define SLICE_ROWS 64

struct watch {
    const struct kind **kinds; /* that were asked for */
    size_t kind_count;         /* 0: all that the caller may read */

    uint64_t revision; /* where the next read begins */
    uint16_t index;
    uint64_t complete; /* nothing up to this revision is still to be told */

    struct feed_row *rows; /* the slice */
    size_t count;
    size_t at;
    bool cut;                /* there are rows behind it; the first of them is rows[count] */
    uint64_t store_revision; /* before it was read */
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

/* Where the stream begins: now, or a revision that was given and behind which all is kept. */
static struct status take_place(struct call *call, uint64_t from, struct watch *watch)
{
    uint64_t newest = call_store_revision(call);
    enum store_found found;
    uint64_t floor = 0;

    if (from > newest)
        return out_of_range(call, SLICE(WATCH_REVISION_NOT_GIVEN), SLICE("newestRevision"), newest,
                            "The revision does not exist yet; the newest is %.*s.");
    watch->complete = from == 0 ? newest : from;
    watch->revision = watch->complete + 1;
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

/* -- reading ---------------------------------------------------------------------------------- */

static struct status read_rows(struct call *call, struct arena *arena, uint64_t revision,
                               bool *ret_more)
{
    const struct uuid *organization = &call->identity.organization;
    struct watch *watch = call->handler_state;
    struct store_rows stored = {0};
    uint64_t floor = 0;
    enum store_found found = feed_read(call->view, organization, watch->revision, watch->index,
                                       SLICE_ROWS + 1, &stored);
    enum store_found floor_found = feed_read_floor(call->view, organization, &floor);
    struct feed_row *rows;
    struct status status;

    if (found != STORE_FOUND || floor_found != STORE_FOUND)
        return call_store_status(found != STORE_FOUND ? found : floor_found);
    status = check_floor(call, watch->complete, floor);
    if (!status_is_ok(status))
        return status;
    rows = arena_array(arena, stored.count + 1, sizeof(rows[0]));
    if (rows == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < stored.count; i++)
        if (!feed_parse_row(&stored.rows[i], &rows[i]))
            return object_data_loss();
    watch->rows = rows;
    watch->cut = stored.count > SLICE_ROWS;
    watch->count = watch->cut ? SLICE_ROWS : stored.count;
    watch->at = 0;
    watch->store_revision = revision;
    *ret_more = watch->cut;
    return status_ok();
}

/* -- telling ---------------------------------------------------------------------------------- */

/* The row's kind, where this caller is told of it; NULL elsewhere. */
static const struct kind *told_kind(const struct call *call, const struct feed_row *row)
{
    const struct watch *watch = call->handler_state;
    const struct kind *kind = contract_kind_by_number(call_contract(call), row->kind);
    bool wanted = watch->kind_count == 0;

    for (size_t i = 0; i < watch->kind_count; i++)
        wanted = wanted || watch->kinds[i] == kind;
    return kind != NULL && wanted && may_read(call, kind) ? kind : NULL;
}

/*
 * Whether this caller will be told of more of the row's revision. Where the slice ends within the
 * revision nobody knows: then too, so that nothing is left out by who resumes there.
 */
static bool has_more(const struct call *call, const struct feed_row *row)
{
    const struct watch *watch = call->handler_state;

    for (size_t i = watch->at; i < watch->count + (watch->cut ? 1 : 0); i++) {
        if (watch->rows[i].revision != row->revision)
            return false;
        if (i == watch->count || told_kind(call, &watch->rows[i]) != NULL)
            return true;
    }
    return false;
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

/* Behind the last row of a slice that was not cut the feed was empty when the read began. */
static void end_slice(struct watch *watch)
{
    if (watch->cut)
        return;
    if (watch->complete < watch->store_revision)
        watch->complete = watch->store_revision;
    watch->revision = watch->complete + 1;
    watch->index = 0;
}

static ProtobufCMessage *next(struct call *call, struct arena *arena)
{
    struct watch *watch = call->handler_state;

    while (watch->at < watch->count) {
        const struct feed_row *row = &watch->rows[watch->at++];
        const struct kind *kind = told_kind(call, row);
        bool more = has_more(call, row);

        watch->revision = row->revision;
        watch->index = (uint16_t)(row->index + 1);
        watch->complete = more ? row->revision - 1 : row->revision;
        if (kind != NULL)
            return tell(arena, row, kind, more);
    }
    if (watch->rows != NULL)
        end_slice(watch);
    watch->rows = NULL;
    watch->count = watch->at = 0;
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
    .next = next,
    .heartbeat = heartbeat,
};
