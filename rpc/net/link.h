/*
 * Doubly linked lists whose links live inside their elements: adding and removing never allocates.
 * Internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_LINK_H
#define DATASTREAM_RPC_NET_LINK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

/* A link, or the head of a list. A zeroed link is in no list; a head needs list_init. */
struct link {
    struct link *next;
    struct link *prev;
};

/* The element that holds `link` as its `member`. */
#define LIST_ELEMENT(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct link *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const struct link *head)
{
    return head->next == head;
}

static inline bool link_is_listed(const struct link *link)
{
    return link->next != NULL;
}

static inline void list_append(struct link *head, struct link *link)
{
    assert(!link_is_listed(link)); /* in two lists it would tie them together */
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

static inline void list_prepend(struct link *head, struct link *link)
{
    list_append(head->next, link);
}

/* Takes a link out of its list; one that is in none stays so. */
static inline void list_remove(struct link *link)
{
    if (link->next == NULL)
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = NULL;
}

/* Takes the first link out; NULL when the list is empty. */
static inline struct link *list_pop(struct link *head)
{
    struct link *link = head->next;

    if (link == head)
        return NULL;
    list_remove(link);
    return link;
}

/* Moves all of `from` into `to`, which is initialized. */
static inline void list_move(struct link *from, struct link *to)
{
    list_init(to);
    if (list_is_empty(from))
        return;
    to->next = from->next;
    to->prev = from->prev;
    to->next->prev = to;
    to->prev->next = to;
    list_init(from);
}

#endif
