/* The walk from the peer to the client, over the proxies that are trusted. */
#include "rpc/net/client.h"

#include <arpa/inet.h>

#include "base/header_elements.h"
#include "rpc/net/http1_check.h"

/* -- proxies ---------------------------------------------------------------------------------- */

struct status proxies_parse(struct arena *arena, struct slice text, struct proxies *ret_proxies)
{
    struct proxies proxies = {0};
    struct slice element;

    while (header_next_element(&text, &element)) {
        if (slice_equal(element, SLICE("unix"))) {
            proxies.has_unix = true;
            continue;
        }
        if (proxies.count == PROXIES_MOST)
            return status_make(arena, STATUS_INVALID_ARGUMENT,
                               "The trusted proxies must be at most %d networks.", PROXIES_MOST);
        if (!network_parse(element, &proxies.networks[proxies.count]))
            return status_make(
                arena, STATUS_INVALID_ARGUMENT,
                "The trusted proxy \"%.*s\" must be a network such as 10.0.0.0/8, an "
                "IP address, or the word unix.",
                SLICE_ARG(element));
        proxies.count++;
    }
    *ret_proxies = proxies;
    return status_ok();
}

static bool is_trusted(const struct proxies *proxies, const struct network *address)
{
    for (size_t i = 0; i < proxies->count; i++)
        if (network_holds(&proxies->networks[i], address))
            return true;
    return false;
}

static bool trusts_peer(const struct proxies *proxies, struct slice peer)
{
    struct network address;

    if (slice_equal(peer, SLICE("unix")))
        return proxies->has_unix;
    return network_parse_address(peer, &address) && is_trusted(proxies, &address);
}

/* -- fields ----------------------------------------------------------------------------------- */

/* The elements of all fields of one name, from the last to the first. */
struct elements {
    const struct request_head *head;
    struct slice name;
    size_t fields;     /* that are not begun */
    struct slice rest; /* of the field that is; data is NULL where none is */
};

static struct elements elements_of(const struct request_head *head, struct slice name)
{
    return (struct elements){.head = head, .name = name, .fields = head->header_count};
}

/* The next one to the left; false at the beginning. */
static bool previous_element(struct elements *elements, struct slice *ret_element)
{
    size_t from;

    while (elements->rest.data == NULL) {
        const struct header *header;

        if (elements->fields == 0)
            return false;
        header = &elements->head->headers[--elements->fields];
        if (slice_equal(header->name, elements->name))
            elements->rest = slice_make(header->value.data == NULL ? "" : header->value.data,
                                        header->value.len);
    }
    from = elements->rest.len;
    while (from > 0 && elements->rest.data[from - 1] != ',')
        from--;
    *ret_element = slice_trim(slice_from(elements->rest, from));
    elements->rest = from == 0 ? SLICE_EMPTY : slice_make(elements->rest.data, from - 1);
    return true;
}

static bool is_port(struct slice text)
{
    uint64_t number;

    return text.len <= 5 && slice_to_u64(text, &number) && number <= 65535;
}

/* An address as proxies write it: bare, in brackets, or with a port after either form. */
static bool parse_hop(struct slice text, struct network *ret_address)
{
    size_t colon = slice_find(text, ':');

    if (text.len > 0 && text.data[0] == '[') {
        size_t end = slice_find(text, ']');
        struct slice rest;

        if (end == text.len)
            return false;
        rest = slice_from(text, end + 1);
        text = slice_make(text.data + 1, end - 1);
        if (slice_find(text, ':') == text.len)
            return false;
        if (rest.len > 0 && (rest.data[0] != ':' || !is_port(slice_from(rest, 1))))
            return false;
    } else if (colon < text.len &&
               slice_find(slice_from(text, colon + 1), ':') == text.len - colon - 1) {
        if (!is_port(slice_from(text, colon + 1)))
            return false;
        text.len = colon;
    }
    return network_parse_address(text, ret_address);
}

static struct slice address_text(struct arena *arena, const struct network *address)
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(address->size == 16 ? AF_INET6 : AF_INET, address->bytes, text, sizeof(text)) ==
        NULL)
        return SLICE_EMPTY;
    return arena_copy(arena, slice_from_cstr(text));
}

/* -- client ----------------------------------------------------------------------------------- */

/* Of a trusted peer's request. */
static struct slice walk(struct arena *arena, const struct proxies *proxies,
                         const struct request_head *head, struct slice peer)
{
    struct elements hops = elements_of(head, SLICE("x-forwarded-for"));
    struct network address;
    struct network hop;
    struct slice text;
    bool moved = false;

    while (previous_element(&hops, &text) && parse_hop(text, &hop)) {
        address = hop;
        moved = true;
        if (!is_trusted(proxies, &hop))
            break;
    }
    return moved ? address_text(arena, &address) : peer;
}

static struct slice forwarded_scheme(const struct request_head *head, struct slice scheme)
{
    struct elements schemes = elements_of(head, SLICE("x-forwarded-proto"));
    struct slice text;

    if (!previous_element(&schemes, &text))
        return scheme;
    if (slice_equal_ignore_case(text, SLICE("https")))
        return SLICE("https");
    return slice_equal_ignore_case(text, SLICE("http")) ? SLICE("http") : scheme;
}

static struct slice forwarded_authority(const struct request_head *head)
{
    struct elements hosts = elements_of(head, SLICE("x-forwarded-host"));
    struct slice text;

    return previous_element(&hosts, &text) && http1__host_is_valid(text) ? text : head->authority;
}

struct client client_find(struct arena *arena, const struct proxies *proxies,
                          const struct request_head *head, struct slice peer, struct slice scheme)
{
    if (proxies == NULL || !trusts_peer(proxies, peer))
        return (struct client){peer, scheme, head->authority};
    return (struct client){walk(arena, proxies, head, peer), forwarded_scheme(head, scheme),
                           forwarded_authority(head)};
}

void client__of(struct exchange *exchange, const struct proxies *proxies)
{
    struct client client = client_find(exchange->arena, proxies, &exchange->head, exchange->peer,
                                       exchange->scheme);

    exchange->peer = client.address;
    exchange->scheme = client.scheme;
    exchange->authority = client.authority;
}
