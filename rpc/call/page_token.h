/* The MAC of page tokens. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_CALL_PAGE_TOKEN_H
#define DATASTREAM_RPC_CALL_PAGE_TOKEN_H

#include <stdint.h>

/* HMAC-SHA256, fetched and keyed once. Belongs to one thread. */
struct page_mac;

/* NULL when OpenSSL has no memory for it. */
struct page_mac *page_mac_new(const uint8_t key[32]);
void page_mac_free(struct page_mac *mac);

#endif
