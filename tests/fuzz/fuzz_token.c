/*
 * What callers send as credentials, conditions and cursors: Authorization, token values, networks,
 * If-Match and page tokens.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/network.h"
#include "proto/contract/embedded.h"
#include "rpc/call/answers.h"
#include "rpc/call/bearer.h"
#include "rpc/call/chain.h"
#include "rpc/call/page_token.h"
#include "rpc/identity/token_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct contract *contract;
static struct chain chain;
static struct chain_loop loop;

static void prepare(void)
{
    static const uint8_t key[32] = "any key";
    static struct arena arena;

    if (contract != NULL)
        return;
    arena_init(&arena, NULL, (size_t)1 << 30);
    if (!status_is_ok(contract_load(embedded_contract(), &arena, &contract)))
        abort();
    memcpy(chain.page_key, key, sizeof(key));
    loop.chain = &chain;
    loop.page_mac = hmac_new();
    if (loop.page_mac == NULL)
        abort();
}

static void try_credentials(struct arena *arena, struct slice input)
{
    struct slice bearer = bearer_parse(input);
    char value[TOKEN_VALUE_LEN];
    uint8_t number[32] = {0};
    struct slice mask;

    if (bearer.len > 0)
        assert(bearer.data > input.data && bearer.data + bearer.len <= input.data + input.len);
    if (token_value__is_wellformed(bearer))
        assert(bearer.len == TOKEN_VALUE_LEN);
    mask = token_value_mask(arena, bearer);
    assert(mask.len >= 4 && mask.len <= 16);
    memcpy(number, input.data, input.len < 32 ? input.len : 32);
    token_value_make(number, value);
    assert(token_value__is_wellformed(slice_make(value, sizeof(value))));
}

static void try_network(struct slice input)
{
    struct network address;
    struct network network;

    if (network_parse(input, &network)) {
        assert(network.size == 4 || network.size == 16);
        assert(network.prefix <= network.size * 8);
    }
    if (!network_parse_address(input, &address))
        return;
    assert(network_parse(input, &network) && network_holds(&network, &address));
}

static void try_page_token(struct call *call, struct slice input)
{
    struct slice token = call_page_token(call, input);
    struct slice key;

    if (status_is_ok(call_read_page_token(call, input, &key)))
        assert(input.len == 0 || slice_equal(call_page_token(call, key), input));
    if (token.len > 2048)
        return;
    if (!status_is_ok(call_read_page_token(call, token, &key)))
        abort();
    assert(slice_equal(key, input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_make(data, size);
    struct call call = {.loop = &loop};
    struct arena arena;

    if (size == 0)
        return 0;
    prepare();
    arena_init(&arena, NULL, (size_t)16 << 20);
    call.arena = &arena;
    call.method = contract->methods[0];
    call.if_match = input;
    try_credentials(&arena, input);
    try_network(input);
    try_page_token(&call, input);
    if (!status_is_ok(call_check_etag(&call, 42)))
        assert(!slice_equal(input, SLICE("\"42\"")));
    arena_done(&arena);
    return 0;
}
