/*
 * Any request to the binder: the first byte chooses a rule, then come path, query and body, a line
 * each (the body is the rest). What is accepted is a message that JSON can say; of what is refused,
 * all that was read can be looked through for further violations.
 */
#include <assert.h>
#include <stdint.h>

#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "rest/binding.h"
#include "rest/transcode.h"
#include "rpc/call/call.h"
#include "rpc/call/validate.h"
#include "tests/json/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_MOST ((size_t)64 << 20)

static const struct {
    struct slice type;
    struct http_rule rule;
} rules[] = {
    {SLICE_INIT("json.test.Node"),
     {SLICE_INIT("GET"), SLICE_INIT("/a/{name}/{child.name=**}"), SLICE_INIT(""), SLICE_INIT("")}},
    {SLICE_INIT("json.test.Node"),
     {SLICE_INIT("GET"), SLICE_INIT("/{number}/{node.maybe_number}"), SLICE_INIT("*"),
      SLICE_INIT("")}},
    {SLICE_INIT("json.test.Node"),
     {SLICE_INIT("GET"), SLICE_INIT("/{child.text}"), SLICE_INIT("child"), SLICE_INIT("")}},
    {SLICE_INIT("json.test.Node"),
     {SLICE_INIT("GET"), SLICE_INIT("/{maybe_text=**}"), SLICE_INIT("children"), SLICE_INIT("")}},
    {SLICE_INIT("json.test.Scalars"),
     {SLICE_INIT("GET"), SLICE_INIT("/{a_double}/{some_bytes=**}"), SLICE_INIT(""),
      SLICE_INIT("")}},
    {SLICE_INIT("json.test.WellKnown"),
     {SLICE_INIT("GET"), SLICE_INIT("/**"), SLICE_INIT("value"), SLICE_INIT("")}},
    {SLICE_INIT("json.test.Bounded"),
     {SLICE_INIT("GET"), SLICE_INIT("/{name}"), SLICE_INIT("*"), SLICE_INIT("")}},
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static const struct contract *contract;
static struct binding bindings[RULES];
static struct router *routers[RULES];

static void prepare(void)
{
    static struct arena arena;

    arena_init(&arena, NULL, MEMORY_MOST);
    contract = json_messages_load(&arena);
    for (size_t i = 0; i < RULES; i++) {
        struct method method = {.full_name = SLICE("Fuzz")};
        struct route route = {.http_method = SLICE("GET")};

        method.input = method.output = contract_message(contract, rules[i].type);
        assert(status_is_ok(
            binding__compile(&arena, contract, &method, &rules[i].rule, &bindings[i])));
        route.template = bindings[i].template;
        routers[i] = router__new(&arena);
        assert(status_is_ok(router__add(routers[i], &route)));
    }
}

static struct slice take_line(struct slice *left)
{
    struct slice line = slice_make(left->data, slice_find(*left, '\n'));

    *left = slice_from(*left, line.len < left->len ? line.len + 1 : line.len);
    return line;
}

static void check(struct arena *arena, const struct binding *binding, struct status status,
                  const ProtobufCMessage *message)
{
    struct violations violations = {0};
    struct slice text;

    if (arena_failed(arena))
        return;
    if (message != NULL)
        validate_message(arena, binding->input, message, SLICE_EMPTY, NULL, 0, &violations);
    if (!status_is_ok(status)) {
        assert(status.code == STATUS_INVALID_ARGUMENT && status.message.len > 0);
        return;
    }
    assert(message != NULL);
    status = transcode__response(arena, binding, message, false, &text);
    assert(status_is_ok(status) || arena_failed(arena));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice left = slice_make(data, size);
    struct transcode_input input = {0};
    ProtobufCMessage *message = NULL;
    struct route_match match;
    struct status status;
    struct arena arena;
    struct slice path;
    size_t rule;

    if (contract == NULL)
        prepare();
    if (size == 0)
        return 0;
    rule = data[0] % RULES;
    left = slice_from(left, 1);
    path = take_line(&left);
    input.query = take_line(&left);
    input.body = left;
    if (router__match(routers[rule], SLICE("GET"), path, &match) != ROUTE_FOUND)
        return 0;
    arena_init(&arena, NULL, MEMORY_MOST);
    status = transcode__request(&arena, &bindings[rule], &match, &input, &message);
    check(&arena, &bindings[rule], status, message);
    arena_done(&arena);
    return 0;
}
