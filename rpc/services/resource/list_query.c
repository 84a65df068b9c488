/*
 * The request of a list. Its page tokens hold
 *
 *   driver (1 byte) | number (4 bytes) | front of SHA-256 over filter and order (16 bytes) | key
 *
 * so that one is refused with another filter or order, and where rows are found in another way.
 */
#include "rpc/services/resource/list_query.h"

#include "base/crypto/sha256.h"
#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/filter/filter_parse.h"
#include "rpc/call/page_token.h"
#include "rpc/services/resource/list_plan.h"
#include "rpc/services/resource/read_mask.h"
#include "storage/keys.h"

#define HASH_LEN 16
#define TOKEN_HEAD (1 + 4 + HASH_LEN)

static struct slice text_of(const struct call *call, const struct field *field)
{
    return field == NULL ? SLICE_EMPTY : field_get_string(call->request, field);
}

/* -- order ------------------------------------------------------------------------------------ */

static bool may_order(const struct kind *kind, const struct field *field)
{
    return field != NULL && ((field == kind->name && list__has_names(kind)) ||
                             field == kind->create_time || field->indexed);
}

static struct status refuse_order(struct call *call, const struct kind *kind)
{
    struct slice list = SLICE_EMPTY;

    for (size_t i = 0; i < kind->message->field_count; i++)
        if (may_order(kind, kind->message->declared[i]))
            list = arena_printf(call->arena, "%.*s%s%.*s", SLICE_ARG(list),
                                list.len == 0 ? "" : ", ",
                                SLICE_ARG(kind->message->declared[i]->json_name));
    return status_invalid_field(call->arena, SLICE("orderBy"),
                                "must be one of %.*s, with asc or desc after it or neither",
                                SLICE_ARG(list));
}

/* Passes a word and the blanks after it. */
static struct slice next_word(struct slice *text)
{
    size_t end = slice_find(*text, ' ');
    struct slice word = slice_make(text->data, end);

    *text = slice_trim(slice_from(*text, end));
    return word;
}

static struct status read_order(struct call *call, struct list_query *query)
{
    struct slice text = slice_trim(text_of(call, call->method->order_by));
    const struct field *field;
    struct slice direction;

    if (text.len == 0)
        return status_ok();
    field = message_field_by_name(query->kind->message, next_word(&text));
    direction = next_word(&text);
    if (!may_order(query->kind, field) || text.len > 0 ||
        !(direction.len == 0 || slice_equal(direction, SLICE("asc")) ||
          slice_equal(direction, SLICE("desc"))))
        return refuse_order(call, query->kind);
    query->order = field;
    query->descending = slice_equal(direction, SLICE("desc"));
    return status_ok();
}

/* -- page tokens ------------------------------------------------------------------------------ */

/* All of a token but the key; false when OpenSSL has no memory. */
static bool make_head(struct call *call, const struct list_query *query, char head[TOKEN_HEAD])
{
    struct slice filter = text_of(call, call->method->filter);
    const struct slice parts[] = {decimal_encode(call->arena, filter.len), SLICE(":"), filter,
                                  text_of(call, call->method->order_by)};
    uint32_t number = query->plan.number;
    uint8_t hash[SHA256_LEN];

    if (!sha256(text_join(call->arena, parts, 4), hash))
        return false;
    head[0] = (char)query->plan.driver;
    for (int i = 0; i < 4; i++)
        head[1 + i] = (char)(number >> (24 - 8 * i));
    memcpy(head + 5, hash, HASH_LEN);
    return true;
}

struct slice list_query__token(struct call *call, const struct list_query *query, struct slice last)
{
    char head[TOKEN_HEAD] = {0};
    const struct slice parts[] = {slice_make(head, sizeof(head)), last};

    if (!make_head(call, query, head)) {
        arena_fail(call->arena);
        return SLICE_EMPTY;
    }
    return call_page_token(call, text_join(call->arena, parts, 2));
}

static struct status read_token(struct call *call, struct list_query *query)
{
    char head[TOKEN_HEAD] = {0};
    struct slice payload = SLICE_EMPTY;
    struct status status = call_read_page_token(call, text_of(call, call->method->page_token),
                                                &payload);

    if (!status_is_ok(status) || payload.len == 0)
        return status;
    if (!make_head(call, query, head))
        return status_out_of_memory();
    query->after = slice_from(payload, payload.len < TOKEN_HEAD ? payload.len : TOKEN_HEAD);
    if (query->after.len > 0 && slice_starts_with(payload, slice_make(head, sizeof(head))) &&
        slice_compare(query->after, query->plan.from) >= 0 &&
        slice_compare(query->after, query->plan.to) < 0)
        return status_ok();
    return status_invalid_field(call->arena, SLICE("pageToken"),
                                "must be the nextPageToken of a list with the same filter and "
                                "orderBy");
}

/* -- the whole -------------------------------------------------------------------------------- */

struct status list_query__read(struct call *call, struct list_query *ret_query)
{
    const struct method *method = call->method;
    struct list_query query = {.kind = method->kind, .page_size = object_page_size(call)};
    struct status status = filter_parse(call->arena, method->kind->message,
                                        text_of(call, method->filter), key_fold_text,
                                        &query.filter);

    if (status_is_ok(status))
        status = read_order(call, &query);
    if (status_is_ok(status) && method->read_mask != NULL)
        status = read_mask__check(call->arena, method->kind->message,
                                  field_get_message(call->request, method->read_mask),
                                  &query.read_mask);
    if (!status_is_ok(status))
        return status;
    list__plan(call, &query);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    status = read_token(call, &query);
    if (status_is_ok(status))
        *ret_query = query;
    return status;
}
