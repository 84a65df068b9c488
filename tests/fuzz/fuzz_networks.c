/*
 * Lists of networks, a line each, and an address on the last line: what a list holds is what its
 * bits say, one by one.
 */
#include <assert.h>
#include <stdint.h>

#include "base/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool bit_of(const struct network *network, unsigned bit)
{
    return network->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static bool holds(const struct network *network, const struct network *address)
{
    bool same = network->size == address->size;

    for (unsigned bit = 0; same && bit < network->prefix; bit++)
        same = bit_of(network, bit) == bit_of(address, bit);
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_make(data, size);
    struct network networks[16], address, whole;
    size_t count = 0;

    while (rest.len > 0 && count < 16) {
        size_t end = slice_find(rest, '\n');
        struct slice line = slice_make(rest.data, end);

        rest = slice_from(rest, end < rest.len ? end + 1 : end);
        if (network_parse(line, &networks[count])) {
            assert(networks[count].size == 4 || networks[count].size == 16);
            assert(networks[count].prefix <= networks[count].size * 8);
            count++;
        }
        if (!network_parse_address(line, &address))
            continue;
        /* An address is a network that holds itself and nothing beside it. */
        assert(address.prefix == address.size * 8);
        assert(network_parse(line, &whole) && network_holds(&whole, &address));
        for (size_t i = 0; i < count; i++)
            assert(network_holds(&networks[i], &address) == holds(&networks[i], &address));
        whole.bytes[whole.size - 1] ^= 1;
        assert(!network_holds(&whole, &address));
    }
    return 0;
}
