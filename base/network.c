/* inet_pton, prefix lengths, and comparison by bits. */
#include "base/network.h"

#include <arpa/inet.h>

#define ADDRESS_MOST 45 /* characters of an IPv6 address with an embedded IPv4 one */

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool parse_address(struct slice text, struct network *network)
{
    char copy[ADDRESS_MOST + 1];

    if (text.len == 0 || text.len > ADDRESS_MOST || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    memset(network, 0, sizeof(*network));
    network->size = slice_find(text, ':') < text.len ? 16 : 4;
    network->prefix = (uint8_t)(network->size * 8);
    return inet_pton(network->size == 16 ? AF_INET6 : AF_INET, copy, network->bytes) == 1;
}

/* What is mapped becomes IPv4. */
static void unmap(struct network *network)
{
    if (network->size != 16 || network->prefix < 96 ||
        memcmp(network->bytes, mapped, sizeof(mapped)) != 0)
        return;
    memmove(network->bytes, network->bytes + 12, 4);
    memset(network->bytes + 4, 0, 12);
    network->size = 4;
    network->prefix = (uint8_t)(network->prefix - 96);
}

bool network_parse_address(struct slice text, struct network *ret_address)
{
    struct network address;

    if (!parse_address(text, &address))
        return false;
    unmap(&address);
    *ret_address = address;
    return true;
}

bool network_parse(struct slice text, struct network *ret_network)
{
    size_t slash = slice_find(text, '/');
    struct network network;
    uint64_t prefix;

    if (!parse_address(slice_make(text.data, slash), &network))
        return false;
    if (slash < text.len) {
        struct slice digits = slice_from(text, slash + 1);

        if (digits.len > 3 || (digits.len > 1 && digits.data[0] == '0') ||
            !slice_to_u64(digits, &prefix) || prefix > network.prefix)
            return false;
        network.prefix = (uint8_t)prefix;
    }
    unmap(&network);
    *ret_network = network;
    return true;
}

bool network_holds(const struct network *network, const struct network *address)
{
    size_t whole = network->prefix / 8;
    unsigned rest = network->prefix % 8;

    if (network->size != address->size || memcmp(network->bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || (network->bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}
