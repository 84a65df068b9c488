/* Reading and writing socket addresses. Names are not looked up: a listener needs an address. */
#include "rpc/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

static struct status parse_unix(struct arena *arena, struct slice path, struct address *ret_address)
{
    struct address address = {.is_unix = true, .is_loopback = true};
    struct sockaddr_un *un = (struct sockaddr_un *)&address.storage;

    if (path.len == 0 || path.len >= sizeof(un->sun_path))
        return status_make(arena, STATUS_INVALID_ARGUMENT,
                           "The path of a Unix socket must have 1 to %zu bytes.",
                           sizeof(un->sun_path) - 1);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.data, path.len);
    address.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
    *ret_address = address;
    return status_ok();
}

static bool parse_v4(const char *host, uint16_t port, struct address *address)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&address->storage;

    if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
        return false;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    address->len = sizeof(*in);
    address->is_loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
    return true;
}

static bool parse_v6(const char *host, uint16_t port, struct address *address)
{
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)&address->storage;

    if (inet_pton(AF_INET6, host, &in->sin6_addr) != 1)
        return false;
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    address->len = sizeof(*in);
    address->is_loopback = IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
    return true;
}

struct status address__parse(struct arena *arena, struct slice text, struct address *ret_address)
{
    struct address address = {0};
    size_t colon = text.len;
    struct slice host;
    const char *name;
    uint64_t port;
    bool is_v6;
    bool is_known;

    if (slice_starts_with(text, SLICE("unix:")))
        return parse_unix(arena, slice_from(text, 5), ret_address);
    while (colon > 0 && text.data[colon - 1] != ':')
        colon--;
    if (colon == 0 || !slice_to_u64(slice_from(text, colon), &port) || port > 65535)
        return status_make(
            arena, STATUS_INVALID_ARGUMENT,
            "The listen address \"%.*s\" must be HOST:PORT, [IPv6]:PORT or unix:PATH.",
            SLICE_ARG(text));
    host = slice_make(text.data, colon - 1);
    is_v6 = host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    if (is_v6)
        host = slice_make(host.data + 1, host.len - 2);
    else if (slice_equal(host, SLICE("localhost")))
        host = SLICE("127.0.0.1");
    else if (host.len == 0)
        host = SLICE("0.0.0.0");
    name = arena_cstr(arena, host);
    if (name == NULL)
        return status_out_of_memory();
    is_known = slice_find(host, '\0') == host.len &&
               (is_v6 ? parse_v6(name, (uint16_t)port, &address)
                      : parse_v4(name, (uint16_t)port, &address));
    if (!is_known)
        return status_make(arena, STATUS_INVALID_ARGUMENT,
                           "The listen address \"%.*s\" must have an IP address as its host.",
                           SLICE_ARG(host));
    *ret_address = address;
    return status_ok();
}

void address__format(const struct address *address, char text[ADDRESS_TEXT_MOST])
{
    char host[INET6_ADDRSTRLEN];

    if (address->is_unix) {
        snprintf(text, ADDRESS_TEXT_MOST, "unix:%s",
                 ((const struct sockaddr_un *)&address->storage)->sun_path);
        return;
    }
    address__format_peer(&address->storage, host, sizeof(host));
    if (address->storage.ss_family == AF_INET6)
        snprintf(text, ADDRESS_TEXT_MOST, strchr(host, ':') != NULL ? "[%s]:%u" : "[::ffff:%s]:%u",
                 host, ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port));
    else
        snprintf(text, ADDRESS_TEXT_MOST, "%s:%u", host,
                 ntohs(((const struct sockaddr_in *)&address->storage)->sin_port));
}

void address__format_peer(const struct sockaddr_storage *storage, char *text, size_t size)
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)storage)->sin6_addr;
    int family = storage->ss_family;
    const void *host = NULL;

    if (family == AF_INET)
        host = &((const struct sockaddr_in *)storage)->sin_addr;
    else if (family == AF_INET6)
        host = v6;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6)) {
        family = AF_INET;
        host = &v6->s6_addr[12];
    }
    if (host == NULL || inet_ntop(family, host, text, (socklen_t)size) == NULL)
        snprintf(text, size, "unix");
}
