/*
 * A filter on a message, split by the first newline: the filter, then the message in protobuf's
 * bytes. What parses keeps its bounds and evaluates the same twice; its denial evaluates to the
 * opposite.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/filter/filter.h"
#include "proto/filter/filter_match.h"
#include "proto/filter/filter_parse.h"
#include "proto/filter/filter_record.h"
#include "proto/message/message.h"
#include "proto/message/message_walk.h"
#include "storage/keys.h"
#include "tests/json/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct message_type *node_type(void)
{
    static struct arena kept;
    static const struct message_type *type;

    if (type == NULL) {
        arena_init(&kept, NULL, (size_t)256 << 20);
        type = contract_message(json_messages_load(&kept), SLICE("json.test.Node"));
        assert(type != NULL);
    }
    return type;
}

static unsigned count_terms(const struct filter_node *node)
{
    unsigned count = 0;

    if (node->type == FILTER_TERM) {
        assert(node->term->step_count >= 1 && node->term->step_count <= FILTER_STEPS_MOST);
        return 1;
    }
    assert(node->first != NULL);
    for (const struct filter_node *child = node->first; child != NULL; child = child->next)
        count += count_terms(child);
    return count;
}

static void check_filter(struct arena *arena, const struct filter *filter, struct slice bytes)
{
    const struct filter_node denial = {FILTER_NOT, NULL, (struct filter_node *)filter->root, NULL};
    const struct filter denied = {.root = &denial, .fold = filter->fold};
    const struct field *field = NULL;
    ProtobufCMessage *message;
    struct slice walked;
    enum filter_verdict verdict;
    bool matched;

    assert(count_terms(filter->root) <= FILTER_TERMS_MOST);
    if (message_walk(arena, node_type(), bytes, (struct walk_options){.keep_unknown = false},
                     &walked, &field) != WALK_OK)
        return;
    message = message_unpack(arena, node_type(), walked);
    if (message == NULL)
        return;
    matched = filter_matches(filter, arena, message);
    assert(matched == filter_matches(filter, arena, message));
    assert(matched != filter_matches(&denied, arena, message));
    verdict = filter_judge_record(filter, arena, walked);
    assert(verdict == FILTER_UNSURE || (verdict == FILTER_MATCHES) == matched);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_make(data, size);
    struct slice text = slice_make(input.data, slice_find(input, '\n'));
    struct filter filter = {.root = NULL};
    struct arena arena;
    struct status status;

    arena_init(&arena, NULL, (size_t)64 << 20);
    status = filter_parse(&arena, node_type(), text, key_fold_text, &filter);
    if (!status_is_ok(status))
        assert(status.code == STATUS_INVALID_ARGUMENT && status.details != NULL);
    else if (filter.root != NULL)
        check_filter(&arena, &filter, slice_from(input, text.len < size ? text.len + 1 : size));
    arena_done(&arena);
    return 0;
}
