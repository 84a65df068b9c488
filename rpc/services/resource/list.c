/*
 * A page under way: scans, each longer than the last one, give candidates in the driver's order,
 * their records are read in batches, and what matches fills the page until it is full or enough was
 * looked at.
 */
#include "rpc/services/resource/list.h"

#include <assert.h>

#include "proto/filter/filter_match.h"
#include "proto/filter/filter_record.h"
#include "rpc/call/answers.h"
#include "rpc/services/resource/list_plan.h"
#include "rpc/services/resource/list_query.h"
#include "rpc/services/resource/read_mask.h"
#include "rpc/services/resource/stored.h"
#include "storage/keys.h"
#include "storage/record.h"

/* Objects that one call looks at; fewer where each needs reads of its own. */
#define LOOKED_MOST 2000
#define LOOKED_MOST_COMPUTED 200

/* Rows of the scans of a filtered page: the first one suffices where an index is exact. */
#define SCAN_LEAST 16
#define SCAN_NEXT 128
/* Rows of any scan, since a call gives way between two. */
#define SCAN_MOST 256

/* Records that are read at once, and items that are completed at once. */
#define BATCH_MOST 128

/* Places for items beyond the page: those of a batch pass through them. */
#define ROOM_BEYOND (BATCH_MOST + LIST_BESIDE_MOST)

/* What may belong to the page. */
struct candidate {
    struct slice key;   /* of the driver's row */
    struct slice value; /* record; NULL data: not read, absent, or of an object beside the store */
    ProtobufCMessage *message; /* NULL until it is unpacked */
};

struct page {
    struct call *call;
    const struct list_functions *functions;
    struct list_query query;
    struct candidate *candidates;
    size_t candidate_count;
    bool more; /* rows beyond the candidates */
    size_t at; /* the candidate that is looked at next */
    size_t scanned;
    size_t scanned_bytes;            /* of the records that the scans brought themselves */
    size_t scan_most;                /* rows that the page scans in all */
    size_t scan_next;                /* rows of the next scan */
    ProtobufCMessage *const *beside; /* objects beside the store */
    size_t beside_count;
    size_t bytes;
    struct arena scratch;
    bool by_records;      /* items stay packed */
    bool filters_records; /* the filter can be judged on records that stay packed */
    /* Found. */
    ProtobufCMessage **items;
    struct slice *values;
    struct slice *bodies; /* of items that stayed packed, complete */
    size_t count;
    size_t completed;  /* of them, the first ones */
    struct slice last; /* key of the candidate that was looked at last, when something is left */
};

/* -- candidates ------------------------------------------------------------------------------- */

static struct status scan(struct page *page, struct store_rows *ret_rows)
{
    struct call *call = page->call;
    const struct list_query *query = &page->query;
    struct slice from = query->plan.from;
    struct slice to = query->plan.to;
    size_t left = page->scan_most - page->scanned;
    enum store_found found;

    assert(left > 0);
    if (query->after.len > 0 && query->plan.reverse)
        to = query->after;
    else if (query->after.len > 0) /* the NUL after the copy is part of the key: the next one */
        from = slice_make(arena_copy(call->arena, query->after).data, query->after.len + 1);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    assert(from.len >= sizeof(struct uuid)); /* rows of one organization */
    found = store_scan(call->view, query->plan.family, from, to, query->plan.reverse,
                       page->scan_next < left ? page->scan_next : left, ret_rows);
    return found == STORE_FOUND ? status_ok() : call_store_status(found);
}

/* Whether `a` comes before `b` on the page. */
static bool is_before(const struct page *page, struct slice a, struct slice b)
{
    int order = slice_compare(a, b);

    return page->query.plan.reverse ? order > 0 : order < 0;
}

/* Puts an object beside the store among the candidates, unless its place is on another page. */
static void insert(struct page *page, const struct store_rows *rows, ProtobufCMessage *message)
{
    const struct list_plan *plan = &page->query.plan;
    struct slice key = list__key_of(page->call, &page->query, message);
    size_t at = page->candidate_count;

    if (key.len == 0 || slice_compare(key, plan->from) < 0 || slice_compare(key, plan->to) >= 0 ||
        (page->query.after.len > 0 && !is_before(page, page->query.after, key)) ||
        (rows->more && !is_before(page, key, rows->rows[rows->count - 1].key)))
        return;
    assert(at < rows->count + page->beside_count);
    for (; at > 0 && is_before(page, key, page->candidates[at - 1].key); at--)
        page->candidates[at] = page->candidates[at - 1];
    page->candidates[at] = (struct candidate){.key = key, .message = message};
    page->candidate_count++;
}

/* Finds the candidates of the next scan, in place of those that were all looked at. */
static struct status find_candidates(struct page *page)
{
    struct store_rows rows = {0};
    struct candidate *candidates;
    struct status status = scan(page, &rows);

    if (!status_is_ok(status))
        return status;
    candidates = arena_array(page->call->arena, rows.count + page->beside_count,
                             sizeof(*candidates));
    if (candidates == NULL)
        return status_out_of_memory();
    page->candidates = candidates;
    page->at = 0;
    page->scanned += rows.count;
    page->scan_next = page->scan_next * 2 < SCAN_NEXT ? SCAN_NEXT : page->scan_next * 2;
    if (page->scan_next > SCAN_MOST)
        page->scan_next = SCAN_MOST;
    for (size_t i = 0; i < rows.count; i++) {
        page->candidates[i] = (struct candidate){rows.rows[i].key, rows.rows[i].value, NULL};
        page->scanned_bytes += rows.rows[i].value.len;
    }
    page->candidate_count = rows.count;
    page->more = rows.more;
    for (size_t i = 0; i < page->beside_count; i++)
        insert(page, &rows, page->beside[i]);
    /* The next scan goes on after what this one gave. */
    if (page->candidate_count > 0)
        page->query.after = page->candidates[page->candidate_count - 1].key;
    return arena_failed(page->call->arena) ? status_out_of_memory() : status_ok();
}

/* -- records ---------------------------------------------------------------------------------- */

/*
 * Reads the records of the candidates from `from` on; *ret_end is where the bound of bytes ended
 * it.
 */
static struct status read_records(struct page *page, size_t from, size_t end, size_t *ret_end)
{
    struct call *call = page->call;
    const struct kind *kind = page->query.kind;
    size_t bound = page->bytes < STORE_SCAN_BYTES_MOST ? STORE_SCAN_BYTES_MOST - page->bytes : 1;
    struct slice *keys = arena_array(call->arena, end - from, sizeof(*keys));
    struct slice *values = arena_array(call->arena, end - from, sizeof(*values));
    struct candidate **wanted = arena_array(call->arena, end - from, sizeof(*wanted));
    size_t count = 0;
    size_t read;
    enum store_found found;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    for (size_t i = from; i < end; i++) {
        struct candidate *candidate = &page->candidates[i];
        const struct store_row row = {candidate->key, candidate->value};
        struct uuid id;

        if (candidate->message != NULL)
            continue;
        if (!list__id_of(&page->query.plan, &row, &id))
            return object_data_loss();
        wanted[count] = candidate;
        keys[count++] = key_object(call->arena, &call->identity.organization, kind->number, &id);
    }
    found = store_get_many(call->view, object_family(kind), keys, count, bound, values, &read);
    if (found != STORE_FOUND)
        return call_store_status(found);
    for (size_t i = 0; i < read; i++) {
        wanted[i]->value = values[i];
        page->bytes += values[i].len;
    }
    *ret_end = read < count ? (size_t)(wanted[read] - page->candidates) : end;
    return status_ok();
}

/* The message of a candidate that is stored, as the record has it, with its etag. */
static struct status unpack(struct page *page, struct arena *arena,
                            const struct candidate *candidate, ProtobufCMessage **ret_message)
{
    const struct kind *kind = page->query.kind;
    struct slice body;
    uint64_t revision;
    struct status status = object_unpack(arena, kind, candidate->value, &revision, &body,
                                         ret_message);

    if (status_is_ok(status) && kind->etag != NULL)
        field_set_string(arena, *ret_message, kind->etag, call_etag(arena, revision));
    return status;
}

/* Completes the items from `from` to `end`. A miss ends nothing: the rest is asked for too. */
static struct status complete(struct page *page, size_t from, size_t end)
{
    struct call *call = page->call;
    struct status status;

    assert(from <= end && end <= page->count);
    if (page->by_records)
        status = stored__complete(call, page->query.kind, page->values + from, end - from,
                                  page->bodies + from, NULL);
    else
        status = page->functions->complete(call, page->values + from, page->items + from,
                                           end - from);
    if (store_view_missed(call->view))
        return call_store_status(STORE_AGAIN);
    return status;
}

/* Completes what the page holds, in batches, between which the call may give way. */
static struct status complete_page(struct page *page)
{
    struct status status = status_ok();

    while (page->completed < page->count) {
        size_t left = page->count - page->completed;
        size_t end = page->completed + (left < BATCH_MOST ? left : BATCH_MOST);

        status = complete(page, page->completed, end);
        if (!status_is_ok(status) && !store_view_missed(page->call->view))
            return status;
        page->completed = end;
        if (status_is_ok(status) && end < page->count && call_gives_way(page->call))
            return status;
    }
    return status;
}

/* -- matching --------------------------------------------------------------------------------- */

static void add(struct page *page, const struct candidate *candidate)
{
    assert(page->count < page->query.page_size + ROOM_BEYOND);
    page->items[page->count] = candidate->message;
    page->values[page->count++] = candidate->value;
}

/*
 * For a filter that names what is computed: has candidates completed before they are judged. They
 * pass through the free part of items, which has room for a batch beyond the page.
 */
static struct status complete_candidates(struct page *page, size_t from, size_t end)
{
    size_t kept = page->count;
    struct status status = status_ok();

    for (size_t i = from; status_is_ok(status) && i < end; i++) {
        struct candidate *candidate = &page->candidates[i];

        if (candidate->message == NULL && candidate->value.data != NULL)
            status = unpack(page, page->call->arena, candidate, &candidate->message);
        if (candidate->message != NULL)
            add(page, candidate);
    }
    if (status_is_ok(status))
        status = complete(page, kept, page->count);
    page->count = kept;
    for (size_t i = from; i < end; i++)
        if (page->candidates[i].message != NULL)
            page->candidates[i].message = page->items[kept++];
    return status;
}

/*
 * Whether the filter says the same of stored records as of what answers show: it may name no etag.
 */
static bool may_filter_records(const struct list_query *query)
{
    return query->filter.plan != NULL && !query->filter.names_computed &&
           !object__is_typed(query->kind) &&
           (query->kind->etag == NULL || !filter_plan_names(&query->filter, query->kind->etag));
}

static enum filter_verdict judge_record(struct page *page, const struct candidate *candidate)
{
    struct record record;

    if (!page->filters_records || candidate->message != NULL ||
        !record_parse(candidate->value, &record))
        return FILTER_UNSURE;
    return filter_judge_record(&page->query.filter, &page->scratch, record.body);
}

/* Whether the candidate matches. What does not leaves nothing in the call's memory. */
static struct status match(struct page *page, const struct candidate *candidate, bool *ret_matches)
{
    const struct filter *filter = &page->query.filter;
    ProtobufCMessage *message = candidate->message;
    struct status status = status_ok();
    enum filter_verdict verdict;

    *ret_matches = filter->root == NULL;
    if (*ret_matches)
        return status;
    verdict = judge_record(page, candidate);
    *ret_matches = verdict == FILTER_MATCHES;
    if (verdict == FILTER_UNSURE && message == NULL)
        status = unpack(page, &page->scratch, candidate, &message);
    if (verdict == FILTER_UNSURE && status_is_ok(status))
        *ret_matches = filter_matches(filter, &page->scratch, message);
    if (arena_failed(&page->scratch))
        status = status_out_of_memory();
    arena_reset(&page->scratch);
    return status;
}

/*
 * Adds the candidate to the page if it matches. One that is gone since its row was read does not.
 */
static struct status take(struct page *page, struct candidate *candidate)
{
    bool matches = false;
    struct status status = status_ok();

    if (candidate->message == NULL && candidate->value.data == NULL)
        return status;
    status = match(page, candidate, &matches);
    if (status_is_ok(status) && matches && candidate->message == NULL && !page->by_records)
        status = unpack(page, page->call->arena, candidate, &candidate->message);
    if (status_is_ok(status) && matches)
        add(page, candidate);
    return status;
}

/* Judges the candidates of a batch in order; *end becomes where the page was full. */
static struct status judge(struct page *page, size_t from, size_t *end)
{
    struct status status = status_ok();
    size_t at = from;

    if (page->query.filter.names_computed)
        status = complete_candidates(page, from, *end);
    for (; status_is_ok(status) && at < *end && page->count < page->query.page_size; at++)
        status = take(page, &page->candidates[at]);
    *end = at;
    return arena_failed(page->call->arena) ? status_out_of_memory() : status;
}

/* Whether there is another one, or may be one after those that were scanned. */
static bool has_candidate(const struct page *page)
{
    return page->at < page->candidate_count || (page->more && page->scanned < page->scan_most &&
                                                page->scanned_bytes < STORE_SCAN_BYTES_MOST);
}

/* Fills the page until it is full or others wait for the loop: then the call gives way. */
static struct status fill(struct page *page)
{
    bool reads = page->query.plan.driver != LIST_BY_ID;
    size_t wanted = page->query.page_size;

    while (page->count < wanted && page->bytes < STORE_SCAN_BYTES_MOST && has_candidate(page)) {
        struct status status = page->at == page->candidate_count ? find_candidates(page)
                                                                 : status_ok();
        size_t left = page->candidate_count - page->at;
        size_t end = page->at + (left < BATCH_MOST ? left : BATCH_MOST);

        assert(page->at <= page->candidate_count);
        if (status_is_ok(status) && reads)
            status = read_records(page, page->at, end, &end);
        if (status_is_ok(status))
            status = judge(page, page->at, &end);
        if (!status_is_ok(status))
            return status;
        page->at = end;
        if (call_gives_way(page->call))
            return status_ok();
    }
    if (page->at < page->candidate_count && page->at > 0)
        page->last = page->candidates[page->at - 1].key;
    else if (page->more)
        page->last = page->query.after;
    return page->query.filter.names_computed ? status_ok() : complete_page(page);
}

/* -- the answer ------------------------------------------------------------------------------- */

static void set_records(const struct page *page)
{
    struct call *call = page->call;
    struct call_records *records = arena_alloc(call->arena, sizeof(*records));

    assert(page->completed == page->count); /* each item has its body */
    if (records == NULL)
        return;
    *records = (struct call_records){call->method->items, page->bodies, page->count};
    call->records = records;
}

static struct status respond(struct page *page, size_t beside_count)
{
    struct call *call = page->call;
    const struct list_query *query = &page->query;
    struct slice token = SLICE_EMPTY;
    uint64_t total = TOTAL_UNKNOWN;

    if (query->filter.root == NULL) {
        enum store_found found = store_count(
            call->view, key_kind(call->arena, &call->identity.organization, query->kind->number),
            &total);

        if (found != STORE_FOUND)
            return call_store_status(found);
        total += beside_count;
    }
    call->limited = query->read_mask != NULL;
    for (size_t i = 0; call->limited && i < page->count; i++)
        page->items[i] = read_mask__keep(call->arena, query->kind->message, query->read_mask,
                                         page->items[i]);
    if (page->last.len > 0)
        token = list_query__token(call, query, page->last);
    call->response = message_new(call->arena, call->method->output);
    if (page->by_records)
        set_records(page);
    object__set_page(call, call->response, page->items, page->by_records ? 0 : page->count, token,
                     total);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* Finds the candidates of a page whose query is known, and makes room for what it will hold. */
static struct status begin_query(struct page *page, ProtobufCMessage *const *beside,
                                 size_t beside_count)
{
    struct arena *arena = page->call->arena;
    const struct list_query *query = &page->query;
    size_t room = query->page_size + ROOM_BEYOND;

    assert(beside_count <= LIST_BESIDE_MOST);
    page->beside = beside;
    page->beside_count = beside_count;
    page->scan_most = query->page_size;
    page->scan_next = query->page_size < SCAN_MOST ? query->page_size : SCAN_MOST;
    if (query->filter.root != NULL) {
        page->scan_most = query->filter.names_computed ? LOOKED_MOST_COMPUTED : LOOKED_MOST;
        if (page->scan_next < SCAN_LEAST)
            page->scan_next = SCAN_LEAST;
    }
    page->items = arena_alloc(arena, room * sizeof(ProtobufCMessage *));
    page->values = arena_alloc(arena, room * sizeof(*page->values));
    page->by_records = page->functions->may_be_records && beside_count == 0 &&
                       page->call->method->items != NULL && page->query.read_mask == NULL &&
                       !page->query.filter.names_computed &&
                       stored__is_possible(page->call, page->query.kind);
    page->filters_records = may_filter_records(query);
    page->bodies = arena_alloc(arena, (page->by_records ? room : 1) * sizeof(*page->bodies));
    if (arena_failed(arena))
        return status_out_of_memory();
    return find_candidates(page);
}

/* A page with its candidates, of which none was looked at. */
static struct status begin(struct call *call, const struct list_functions *functions,
                           ProtobufCMessage *const *beside, size_t beside_count,
                           struct page **ret_page)
{
    struct page *page = arena_zalloc(call->arena, sizeof(*page));
    struct status status;

    if (page == NULL)
        return status_out_of_memory();
    page->call = call;
    page->functions = functions;
    status = list_query__read(call, &page->query);
    if (status_is_ok(status))
        status = begin_query(page, beside, beside_count);
    *ret_page = page;
    return status;
}

/* Looks at candidates until the page is full, or the call gives way: then the page is kept. */
static struct status go_on(struct page *page)
{
    struct call *call = page->call;
    struct status status;

    arena_init_like(&page->scratch, call->arena);
    status = fill(page);
    arena_done(&page->scratch);
    if (status_is_ok(status) && call->gives_way)
        call->progress = page;
    return status;
}

struct status list_objects(struct call *call, const struct list_functions *functions,
                           ProtobufCMessage *const *beside, size_t beside_count)
{
    struct page *page = call->progress;
    struct status status = status_ok();

    if (page == NULL)
        status = begin(call, functions, beside, beside_count, &page);
    if (!status_is_ok(status))
        return status;
    status = go_on(page);
    return status_is_ok(status) && !call->gives_way ? respond(page, beside_count) : status;
}

struct status list_matching(struct call *call, const struct list_functions *functions,
                            struct slice last, size_t most, struct list_slice *ret_slice)
{
    struct page *page = call->progress;
    struct status status = status_ok();

    assert(most > 0 && most <= PAGE_SIZE_MOST);
    if (page == NULL) {
        page = arena_zalloc(call->arena, sizeof(*page));
        if (page == NULL)
            return status_out_of_memory();
        page->call = call;
        page->functions = functions;
        status = list_query__read(call, &page->query);
        page->query.page_size = most;
        page->query.after = last;
        if (status_is_ok(status))
            status = begin_query(page, NULL, 0);
    }
    if (status_is_ok(status))
        status = go_on(page);
    if (status_is_ok(status) && !call->gives_way)
        *ret_slice = (struct list_slice){page->items, page->values, page->count, page->last};
    return status;
}
