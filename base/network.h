/*
 * Addresses and networks (CIDR), IPv4 and IPv6, as bytes. An IPv4 address that is mapped into IPv6
 * (RFC 4291 section 2.5.5.2) is the IPv4 address, and so is a network of such.
 */
#ifndef DATASTREAM_BASE_NETWORK_H
#define DATASTREAM_BASE_NETWORK_H

#include "base/slice.h"

/* Plain. An address is a network of its full length. */
struct network {
    uint8_t bytes[16]; /* the first 4 for IPv4 */
    uint8_t size;      /* bytes of the address: 4 or 16 */
    uint8_t prefix;    /* bits that count */
};

/*
 * "10.0.0.0/8", "2001:db8::/32", or a bare address. Bits beyond the prefix may be set, and do not
 * count. False leaves *ret_network as it was.
 */
bool network_parse(struct slice text, struct network *ret_network);

/* An address alone, without prefix or zone. */
bool network_parse_address(struct slice text, struct network *ret_address);

/* Whether the address lies in the network; an IPv4 and an IPv6 one never do. */
bool network_holds(const struct network *network, const struct network *address);

#endif
