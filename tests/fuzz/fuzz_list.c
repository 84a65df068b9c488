/*
 * The request of a list, in three lines: its order, its filter and its page token. What is accepted
 * has an ordered range of rows, and tokens that the same request alone takes back.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "proto/contract/embedded.h"
#include "rpc/call/chain.h"
#include "rpc/services/resource/list_query.h"
#include "rpc/services/services.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct contract *contract;
static const struct method *method;
static struct settings settings;
static struct chain chain;
static struct chain_loop loop;

static void prepare(void)
{
    static const uint8_t key[32] = "any key";
    static struct arena arena;

    if (contract != NULL)
        return;
    services_register_kinds();
    arena_init(&arena, NULL, (size_t)1 << 30);
    if (!status_is_ok(contract_load(embedded_contract(), &arena, &contract)))
        abort();
    for (size_t i = 0; i < contract->method_count; i++)
        if (slice_equal(contract->methods[i]->name, SLICE("ListDevices")))
            method = contract->methods[i];
    assert(method != NULL);
    settings = settings_default();
    memcpy(chain.page_key, key, sizeof(key));
    chain.contract = contract;
    chain.settings = &settings;
    loop.chain = &chain;
    loop.page_mac = hmac_new();
    if (loop.page_mac == NULL)
        abort();
}

/* The text up to the next newline, which goes with it. */
static struct slice next_line(struct slice *rest)
{
    size_t end = slice_find(*rest, '\n');
    struct slice line = slice_make(rest->data, end);

    *rest = slice_from(*rest, end < rest->len ? end + 1 : end);
    return line;
}

static void try_token(struct call *call, const struct list_query *query)
{
    const struct method *list = call->method;
    struct slice order = field_get_string(call->request, list->order_by);
    struct slice token = list_query__token(call, query, query->plan.from);
    struct list_query again;

    field_set_string(call->arena, call->request, list->page_token, token);
    if (query->plan.from.len == 0 || !status_is_ok(list_query__read(call, &again)))
        abort();
    assert(slice_equal(again.after, query->plan.from));
    field_set_string(call->arena, call->request, list->order_by,
                     arena_printf(call->arena, "%.*s ", SLICE_ARG(order)));
    assert(list_query__read(call, &again).code == STATUS_INVALID_ARGUMENT);
}

static void check_query(struct call *call, const struct list_query *query)
{
    assert(query->order == NULL || query->order->indexed || query->order == query->kind->name ||
           query->order == query->kind->create_time);
    assert(query->order != NULL || !query->descending);
    assert(query->plan.driver >= LIST_BY_ID && query->plan.driver <= LIST_BY_INDEX);
    assert(slice_compare(query->plan.from, query->plan.to) <= 0);
    assert(query->page_size > 0);
    if (query->after.len > 0)
        assert(slice_compare(query->after, query->plan.from) >= 0 &&
               slice_compare(query->after, query->plan.to) < 0);
    if (slice_compare(query->plan.from, query->plan.to) < 0)
        try_token(call, query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_make(data, size);
    struct list_query query;
    struct call call = {.loop = &loop};
    struct arena arena;
    struct status status;

    /* Requests are text without NUL before a handler sees them. */
    if (!utf8_is_valid(rest) || slice_find(rest, '\0') < size)
        return 0;
    prepare();
    arena_init(&arena, NULL, (size_t)64 << 20);
    call.arena = &arena;
    call.method = method;
    call.request = message_new(&arena, method->input);
    field_set_string(&arena, call.request, method->order_by, next_line(&rest));
    field_set_string(&arena, call.request, method->filter, next_line(&rest));
    field_set_string(&arena, call.request, method->page_token, next_line(&rest));
    status = list_query__read(&call, &query);
    if (status_is_ok(status))
        check_query(&call, &query);
    else
        assert(status.code == STATUS_INVALID_ARGUMENT && status.details != NULL);
    arena_done(&arena);
    return 0;
}
