/* A store that identities are resolved from, and the records that they are made of. */
#ifndef DATASTREAM_TESTS_SUPPORT_SCENE_H
#define DATASTREAM_TESTS_SUPPORT_SCENE_H

#include "tests/support/store_fixture.h"

#include <datastream/storage/v1/records.pb-c.h>
#include <datastream/v1/role.pb-c.h>

#include "proto/contract/embedded.h"
#include "proto/message/message.h"
#include "rpc/identity/identity.h"

#define NOW ((int64_t)1800000000000)
#define ROLE_KIND 2
#define TOKEN_KIND 1

struct scene {
    struct fixture fixture;
    const struct contract *contract;
    struct identity_registry *registry;
    struct identity_cache *cache;
};

/* Read once a program. */
const struct contract *scene_contract(void);

void scene_start(struct scene *s, bool late, size_t entries);

void scene_end(struct scene *s);

/* The value of token `number`. */
struct value {
    char text[TOKEN_VALUE_LEN];
};

struct value value_of(uint16_t number);

struct slice value_slice(const struct value *value);

struct slice hash_key(struct arena *arena, uint16_t number);

/* What a test says of a token; all else is so that it works. */
struct facts_of {
    struct uuid organization; /* zero: of ones */
    struct uuid role;         /* zero: API Administrator */
    uint32_t kind;            /* of the object whose key it is; 0: a token */
    int64_t expire_ms;
    bool disabled;
    const char *cidrs[3];
};

struct uuid predefined_id(uint8_t number);

struct uuid token_id(uint16_t number);

struct slice facts_body(struct arena *arena, uint16_t number, struct facts_of of);

void put_facts(struct scene *s, uint16_t number, struct facts_of of);

/* The body of a role with up to three permissions. */
struct slice role_body(struct arena *arena, const char *first, const char *second,
                       const char *third);

struct slice role_key(struct arena *arena, const struct uuid *organization, const struct uuid *id);

void put_role(struct scene *s, struct uuid id, const char *first, const char *second);

enum identity_result resolve_in(struct identity_cache *cache, struct store *store,
                                struct arena *arena, struct slice bearer, const char *peer,
                                int64_t now_ms, struct identity *ret_identity);

enum identity_result resolve_from(struct scene *s, uint16_t number, const char *peer,
                                  int64_t now_ms, struct identity *ret_identity);

enum identity_result resolve(struct scene *s, uint16_t number, struct identity *ret_identity);

bool may(const struct scene *s, const struct identity *identity, const char *name);

#endif
