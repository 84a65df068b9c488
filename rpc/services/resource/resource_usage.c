/*
 * What refers to an object, from the rows of its references: by name as far as the caller may read
 * it, the rest as a number. An object that refers by several fields is told once, by the row of its
 * lowest field.
 */
#include "rpc/services/resource/resource_usage.h"

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/page_token.h"
#include "rpc/services/resource/reference.h"
#include "rpc/services/resource/resource.h"
#include "storage/keys.h"

struct status usage_page_start(struct call *call, size_t most, struct usage_page *ret_page)
{
    struct usage_page page = {.usage = arena_alloc(call->arena, sizeof(*page.usage))};

    if (page.usage == NULL)
        return status_out_of_memory();
    datastream__v1__usage__init(page.usage);
    page.usage->used_by = arena_array(call->arena, most, sizeof(*page.usage->used_by));
    if (page.usage->used_by == NULL)
        return status_out_of_memory();
    *ret_page = page;
    return status_ok();
}

void usage_page_add(struct call *call, struct usage_page *page, const struct kind *kind,
                    const struct uuid *id, const ProtobufCMessage *message)
{
    Datastream__V1__UsageReference *reference;

    if (!object_may_be_read(call, kind)) {
        page->usage->hidden_count++;
        return;
    }
    reference = arena_alloc(call->arena, sizeof(*reference));
    if (reference == NULL)
        return;
    datastream__v1__usage_reference__init(reference);
    reference->kind = arena_cstr(call->arena, kind->collection);
    reference->id = arena_cstr(call->arena, object_id_text(call->arena, id));
    reference->name = arena_cstr(call->arena, object_name(kind, message));
    page->usage->used_by[page->usage->n_used_by++] = reference;
}

struct status usage_page_finish(struct call *call, struct usage_page *page, struct slice last_key)
{
    if (last_key.len > 0)
        page->usage->next_page_token = arena_cstr(call->arena, call_page_token(call, last_key));
    call->response = &page->usage->base;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* Whether the source refers to the target by a lower field too, whose row has told it already. */
static bool told_before(struct call *call, const struct kind *kind, ProtobufCMessage *message,
                        const struct kind *target, const struct uuid *target_id, uint32_t field)
{
    struct references_reader reader = references_reader(call);
    struct violations ignored = {0};
    struct references references;
    const struct reference *at;

    references__collect(&reader, kind, message, &ignored, &references);
    for (at = references.first; at != NULL; at = at->next)
        if (at->kind == target && uuid_equal(&at->id, target_id) && at->field < field)
            return true;
    return false;
}

/* Adds the source of one row. One that is gone by now is left out. */
static struct status add_source(struct call *call, struct usage_page *page, struct slice row_key,
                                const struct kind *target)
{
    uint32_t target_number, source_number, field;
    struct uuid target_id;
    struct object object = {.kind = NULL};
    enum store_found found;
    struct slice value;
    struct status status;

    if (!key_reference_parse(row_key, &target_number, &target_id, &source_number, &field,
                             &object.id))
        return object_data_loss();
    object.kind = contract_kind_by_number(call_contract(call), source_number);
    if (object.kind == NULL) {
        page->usage->hidden_count++;
        return status_ok();
    }
    object.key = key_object(call->arena, &call->identity.organization, source_number, &object.id);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_get(call->view, object_family(object.kind), object.key, &value);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    page->bytes += value.len;
    status = object_unpack(call->arena, object.kind, value, &object.revision, &object.body,
                           &object.message);
    if (status_is_ok(status) &&
        !told_before(call, object.kind, object.message, target, &target_id, field))
        usage_page_add(call, page, object.kind, &object.id, object.message);
    return status;
}

/* What a run has done that gave way to other calls. */
struct progress {
    struct usage_page page;
    struct store_rows rows;
    struct slice last; /* where the next page goes on; empty for none */
    size_t next;       /* the row to go on with */
};

static struct status begin(struct call *call, struct progress **ret_progress)
{
    struct progress *progress = arena_zalloc(call->arena, sizeof(*progress));
    struct slice token = SLICE_EMPTY;
    struct object object;
    struct status status = object_read(call, call->method->kind,
                                       field_get_string(call->request, call->method->id), &object);

    if (progress == NULL)
        return status_out_of_memory();
    if (status_is_ok(status))
        status = object__scan_page(call, FAMILY_REFERENCES, object.key, false, &progress->rows,
                                   &token);
    if (status_is_ok(status))
        status = usage_page_start(call, progress->rows.count, &progress->page);
    if (status_is_ok(status) && token.len > 0)
        progress->last = progress->rows.rows[progress->rows.count - 1].key;
    *ret_progress = progress;
    return status;
}

struct status resource_usage(struct call *call)
{
    struct progress *progress = call->progress;
    struct status status = status_ok();

    call->progress = NULL;
    if (progress == NULL)
        status = begin(call, &progress);
    if (!status_is_ok(status))
        return status;
    /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
    while (progress->next < progress->rows.count) {
        struct slice key = progress->rows.rows[progress->next++].key;

        status = add_source(call, &progress->page, key, call->method->kind);
        if (!status_is_ok(status) && !store_view_missed(call->view))
            return status;
        if (progress->page.bytes >= USAGE_BYTES_MOST && progress->next < progress->rows.count) {
            progress->last = key;
            break;
        }
        if (!store_view_missed(call->view) && progress->next < progress->rows.count &&
            call_gives_way(call)) {
            call->progress = progress;
            return status_ok();
        }
    }
    if (store_view_missed(call->view))
        return call_store_status(STORE_AGAIN);
    return usage_page_finish(call, &progress->page, progress->last);
}
