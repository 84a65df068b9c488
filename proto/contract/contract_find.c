/* Look-ups in the model, by name and number. */
#include "proto/contract/contract_find.h"

#include <stdlib.h>

#include "base/hash.h"
#include "proto/contract/contract.h"

static int message_search(const void *name, const void *message)
{
    return slice_compare(*(const struct slice *)name,
                         (*(struct message_type *const *)message)->full_name);
}

const struct message_type *contract_message(const struct contract *contract, struct slice full_name)
{
    struct message_type *const *found = bsearch(&full_name, contract->messages,
                                                contract->message_count,
                                                sizeof(*contract->messages), message_search);

    return found == NULL ? NULL : *found;
}

const struct kind *contract_kind(const struct contract *contract, struct slice collection)
{
    for (size_t i = 0; i < contract->kind_count; i++)
        if (slice_equal(contract->kinds[i]->collection, collection))
            return contract->kinds[i];
    return NULL;
}

const struct kind *contract_kind_by_number(const struct contract *contract, uint32_t number)
{
    for (size_t i = 0; i < contract->kind_count; i++)
        if (contract->kinds[i]->number == number)
            return contract->kinds[i];
    return NULL;
}

/* So a search ends at an empty place, and a place has room for a permission's number. */
_Static_assert(PERMISSION_PLACES >= 4 * PERMISSIONS_MOST, "the places are a quarter full at most");
_Static_assert(PERMISSIONS_MOST <= UINT8_MAX, "a number of a permission does not fit its place");

size_t contract__permission_place(const struct contract *contract, struct slice name)
{
    size_t place = (size_t)(hash_add(HASH_BEGIN, name) >> 32) % PERMISSION_PLACES;

    while (contract->permission_places[place] != 0 &&
           !slice_equal(contract->permissions[contract->permission_places[place] - 1].name, name))
        place = (place + 1) % PERMISSION_PLACES;
    return place;
}

const struct permission *contract_permission(const struct contract *contract, struct slice name)
{
    uint8_t number = contract->permission_places[contract__permission_place(contract, name)];

    return number == 0 ? NULL : &contract->permissions[number - 1];
}

static int field_search(const void *number, const void *field)
{
    uint32_t wanted = *(const uint32_t *)number;
    uint32_t found = ((const struct field *)field)->number;

    return (wanted > found) - (wanted < found);
}

const struct field *message_field_by_number(const struct message_type *type, uint32_t number)
{
    /* Most messages number their fields from 1 on without gaps. */
    if (number - 1 < type->field_count && type->fields[number - 1].number == number)
        return &type->fields[number - 1];
    return bsearch(&number, type->fields, type->field_count, sizeof(*type->fields), field_search);
}

static int name_search(const void *name, const void *entry)
{
    struct slice wanted = *(const struct slice *)name;
    struct slice found = ((const struct field_name *)entry)->name;

    if (wanted.len != found.len)
        return wanted.len < found.len ? -1 : 1;
    return slice_compare(wanted, found);
}

const struct field *message_field_by_name(const struct message_type *type, struct slice name)
{
    const struct field_name *found = bsearch(&name, type->by_name, type->by_name_count,
                                             sizeof(*type->by_name), name_search);

    return found == NULL ? NULL : found->field;
}

const struct field *message_field_by_proto_name(const struct message_type *type, struct slice name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (slice_equal(type->fields[i].name, name))
            return &type->fields[i];
    return NULL;
}

const struct enum_value *enum_value_by_name(const struct enum_type *type, struct slice name)
{
    for (size_t i = 0; i < type->value_count; i++)
        if (slice_equal(type->values[i].name, name))
            return &type->values[i];
    return NULL;
}

const struct enum_value *enum_value_by_number(const struct enum_type *type, int32_t number)
{
    for (size_t i = 0; i < type->value_count; i++)
        if (type->values[i].number == number)
            return &type->values[i];
    return NULL;
}
