/* Duplicate keys by a merge sort of the list: n log n whatever the keys are, and no memory. */
#include "rpc/call/yaml_keys.h"

/* Merges two sorted lists; of equal keys the first list's come first. */
static struct yaml_key *merge(struct yaml_key *first, struct yaml_key *second)
{
    struct yaml_key *merged = NULL;
    struct yaml_key **end = &merged;

    while (first != NULL && second != NULL) {
        struct yaml_key **less = slice_compare(first->text, second->text) <= 0 ? &first : &second;

        *end = *less;
        end = &(*less)->next;
        *less = *end;
    }
    *end = first != NULL ? first : second;
    return merged;
}

/* Sorts the next `count` keys of *list, at least one, and moves it past them. */
static struct yaml_key *sort(struct yaml_key **list, size_t count)
{
    struct yaml_key *first;
    struct yaml_key *second;

    if (count == 1) {
        first = *list;
        *list = first->next;
        first->next = NULL;
        return first;
    }
    first = sort(list, count / 2);
    second = sort(list, count - count / 2);
    return merge(first, second);
}

static bool is_before(struct text_place a, struct text_place b)
{
    return a.line < b.line || (a.line == b.line && a.column < b.column);
}

const struct yaml_key *yaml_keys__duplicate(struct yaml_key *last)
{
    const struct yaml_key *duplicate = NULL;
    size_t count = 0;

    for (const struct yaml_key *key = last; key != NULL; key = key->next)
        count++;
    if (count < 2)
        return NULL;
    /* The sort is stable: of equal keys each but the last repeats the one after it. */
    for (const struct yaml_key *key = sort(&last, count); key->next != NULL; key = key->next)
        if (slice_equal(key->text, key->next->text) &&
            (duplicate == NULL || is_before(key->place, duplicate->place)))
            duplicate = key;
    return duplicate;
}
