/*
 * The questions of other services, answered with the identities that calls themselves are judged
 * by: so a revocation that was answered holds here too. Tokens of other organizations do not exist.
 */
#include "rpc/services/authorization.h"

#include <assert.h>

#include "datastream/v1/authorization.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "proto/message/wire.h"
#include "rpc/call/answers.h"
#include "rpc/call/audit_row.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/packed_callers.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/api_token.h"
#include "rpc/services/resource/history.h"

/* -- callers ---------------------------------------------------------------------------------- */

static char *uuid_cstr(struct arena *arena, const struct uuid *id)
{
    char *text = arena_alloc(arena, UUID_TEXT_LEN + 1);

    if (text == NULL)
        return NULL;
    uuid_format(id, text);
    text[UUID_TEXT_LEN] = '\0';
    return text;
}

/* The names are the contract's own: nobody writes to an answer's texts. */
void authorization__name_permissions(struct call *call, const struct permission_set *permissions,
                                     char ***ret_names, size_t *ret_count)
{
    const struct contract *contract = call_contract(call);
    char **names = arena_array(call->arena, contract->permission_count, sizeof(char *));
    size_t count = 0;

    for (size_t i = 0; names != NULL && i < contract->permission_count; i++)
        if (permission_set_has(permissions, contract->permissions[i].bit))
            names[count++] = (char *)(uintptr_t)contract->permissions[i].name.data;
    *ret_names = names;
    *ret_count = count;
}

/*
 * The name of the caller, and nothing where it was deleted in between: the answer says who called.
 */
static struct status read_name(struct call *call, const struct identity *identity, char **ret_name)
{
    struct slice name = SLICE_EMPTY;
    enum store_found found = call_read_name(call, identity, &name);

    if (found != STORE_FOUND && found != STORE_ABSENT)
        return call_store_status(found);
    *ret_name = arena_cstr(call->arena, name);
    return status_ok();
}

/* All but the permissions. */
static struct status make_caller(struct call *call, const struct identity *identity,
                                 Datastream__V1__Caller **ret_caller)
{
    Datastream__V1__Caller *caller = arena_alloc(call->arena, sizeof(*caller));
    struct guard_role role = {.revision = 0};
    enum store_found found;
    struct status status;

    if (caller == NULL)
        return status_out_of_memory();
    datastream__v1__caller__init(caller);
    caller->type = identity->type == IDENTITY_USER ? DATASTREAM__V1__CALLER_TYPE__VALUE__USER
                                                   : DATASTREAM__V1__CALLER_TYPE__VALUE__TOKEN;
    caller->id = uuid_cstr(call->arena, &identity->id);
    caller->organization_id = uuid_cstr(call->arena, &identity->organization);
    caller->role_id = uuid_cstr(call->arena, &identity->role);
    status = read_name(call, identity, &caller->name);
    if (!status_is_ok(status))
        return status;
    found = guard__read_role(call, &identity->role, &role);
    if (found != STORE_FOUND && found != STORE_ABSENT)
        return call_store_status(found);
    caller->role_name = arena_cstr(call->arena, role.name);
    if (identity->expire_ms != 0)
        caller->expire_time = history_time(call->arena, identity->expire_ms);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    *ret_caller = caller;
    return status_ok();
}

struct status authorization__who_am_i(struct call *call)
{
    Datastream__V1__WhoAmIResponse *response = arena_alloc(call->arena, sizeof(*response));
    struct status status;

    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__who_am_iresponse__init(response);
    status = make_caller(call, &call->identity, &response->caller);
    if (status_is_ok(status))
        authorization__name_permissions(call, &call->identity.permissions,
                                        &response->caller->permissions,
                                        &response->caller->n_permissions);
    call->response = &response->base;
    return status;
}

/* Fields of VerifyTokenResponse and of Caller. */
#define FIELD_CALLER 3
#define FIELD_PERMISSIONS 7

/* Names of permissions, and so the elements of a list of them, are shorter than this. */
#define NAME_MOST 127

/* The permissions as a field of texts; `at` NULL: only how many bytes they are. */
static size_t put_permissions(char *at, const struct contract *contract,
                              const struct permission_set *permissions)
{
    size_t size = 0;

    for (size_t word = 0; word < PERMISSIONS_MOST / 64; word++)
        for (uint64_t left = permissions->bits[word]; left != 0; left &= left - 1) {
            size_t bit = word * 64 + (size_t)__builtin_ctzll(left);
            struct slice name = contract->permissions[bit].name;

            assert(name.len <= NAME_MOST);
            if (at != NULL) {
                at[size] = FIELD_PERMISSIONS << 3 | WIRE_LENGTH;
                at[size + 1] = (char)name.len;
                memcpy(at + size + 2, name.data, name.len);
            }
            size += 2 + name.len;
        }
    return size;
}

/* The bytes of a caller, its permissions first; empty when the arena failed. */
static struct slice pack_caller(struct call *call, const struct identity *identity,
                                const Datastream__V1__Caller *caller)
{
    const struct contract *contract = call_contract(call);
    size_t first = put_permissions(NULL, contract, &identity->permissions);
    size_t len = 0;
    char *bytes = message_pack_after(call->arena, first, &caller->base, SIZE_MAX, &len);

    if (bytes == NULL)
        return SLICE_EMPTY;
    put_permissions(bytes, contract, &identity->permissions);
    return slice_make(bytes, first + len);
}

/*
 * The caller as bytes beside the response: the names of its permissions are most of the answer, and
 * are copied at once where the loop still has them.
 */
static struct status show_packed(struct call *call, const struct identity *identity)
{
    struct call_records *records = arena_alloc(call->arena, sizeof(*records));
    struct slice *body = arena_alloc(call->arena, sizeof(*body));
    Datastream__V1__Caller *caller = NULL;
    struct slice bytes;

    if (packed_callers_find(call, identity, &bytes)) {
        bytes = arena_copy(call->arena, bytes);
    } else {
        struct status status = make_caller(call, identity, &caller);

        if (!status_is_ok(status))
            return status;
        bytes = pack_caller(call, identity, caller);
        if (!arena_failed(call->arena))
            packed_callers_keep(call, identity, bytes);
    }
    if (arena_failed(call->arena))
        return status_out_of_memory();
    *body = bytes;
    *records = (struct call_records){
        .field = message_field_by_number(call->method->output, FIELD_CALLER),
        .bodies = body,
        .count = 1,
    };
    assert(records->field != NULL);
    call->records = records;
    return status_ok();
}

/* -- one token -------------------------------------------------------------------------------- */

bool authorization__judge(struct call *call, const char *token, const char *source_ip,
                          struct identity *ret_identity, bool *ret_source_required,
                          struct status *ret_status)
{
    enum identity_result result = call_inspect(call, slice_from_cstr(token),
                                               slice_from_cstr(source_ip), ret_identity);
    bool is_ours = uuid_equal(&ret_identity->organization, &call->identity.organization);

    *ret_status = status_ok();
    if (result == IDENTITY_AGAIN)
        *ret_status = call_store_status(STORE_AGAIN);
    else if (result == IDENTITY_FAILED)
        *ret_status = call_store_status(STORE_FAILED);
    *ret_source_required = result == IDENTITY_OUTSIDE && is_ours && source_ip[0] == '\0';
    return result == IDENTITY_OK && is_ours;
}

static struct status show_caller(struct call *call, const struct identity *identity,
                                 Datastream__V1__VerifyTokenResponse *response)
{
    Datastream__V1__Caller *caller = NULL;
    struct status status;

    if (call->accepts_records)
        return show_packed(call, identity);
    status = make_caller(call, identity, &caller);
    if (!status_is_ok(status))
        return status;
    authorization__name_permissions(call, &identity->permissions, &caller->permissions,
                                    &caller->n_permissions);
    response->caller = caller;
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

struct status authorization__verify_token(struct call *call)
{
    const Datastream__V1__VerifyTokenRequest *request = (const void *)call->request;
    Datastream__V1__VerifyTokenResponse *response = arena_alloc(call->arena, sizeof(*response));
    struct identity identity = {.type = IDENTITY_ANONYMOUS};
    bool source_required = false;
    struct status status;

    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__verify_token_response__init(response);
    response->revision = store_view_revision(call->view);
    response->active = authorization__judge(call, request->token, request->source_ip, &identity,
                                            &source_required, &status);
    if (status_is_ok(status) && response->active)
        status = show_caller(call, &identity, response);
    if (!status_is_ok(status))
        return status;
    if (response->active)
        call_note_use(call, &identity, slice_from_cstr(request->source_ip));
    else
        response->inactive_reason = source_required
                                        ? DATASTREAM__V1__INACTIVE_REASON__VALUE__SOURCE_REQUIRED
                                        : DATASTREAM__V1__INACTIVE_REASON__VALUE__INVALID;
    call->response = &response->base;
    return status_ok();
}

/* -- many questions --------------------------------------------------------------------------- */

/* How often answers are given anew when an identity changed while they were. */
#define TRIES_MOST 16

/* What was found out of a token, for further questions about it. */
struct known_token {
    const char *token; /* NULL: nothing yet */
    const char *source_ip;
    bool is_active;
    struct permission_set permissions;
};

/* A call often asks many things of few tokens; of a token whose place another has it asks again. */
#define KNOWN_TOKENS 32

_Static_assert(PERMISSIONS_MOST <= UINT8_MAX + 1, "the bit of a permission is one byte");

/* The questions of a call, and what is answered to each. */
struct questions {
    const Datastream__V1__CheckPermissionsRequest *request;
    uint8_t *bits; /* of the permissions asked for */
    bool *allowed;
    uint64_t revision; /* at which they were given */
    struct known_token known[KNOWN_TOKENS];
    struct known_token *last; /* of the question before: often the next one is about it, too */
};

/* `questions` gets the bits. */
static struct status check_request(struct call *call, struct questions *questions)
{
    const Datastream__V1__CheckPermissionsRequest *request = questions->request;
    const struct contract *contract = call_contract(call);
    const struct permission *others = contract_permission(contract, SLICE("authorization.check"));
    const struct permission *permission = NULL;
    struct violations violations = {0};
    bool is_about_others = false;

    for (size_t i = 0; i < request->n_checks; i++) {
        const Datastream__V1__PermissionCheck *check = request->checks[i];

        is_about_others |= check->token[0] != '\0';
        /* Many ask one thing of many tokens: the names are the contract's and end with a NUL. */
        if (permission == NULL || strcmp(check->permission, permission->name.data) != 0)
            permission = contract_permission(contract, slice_from_cstr(check->permission));
        if (permission == NULL)
            violations_add(&violations, call->arena,
                           arena_printf(call->arena, "checks[%zu].permission", i),
                           "must be the name of a permission");
        else
            questions->bits[i] = (uint8_t)permission->bit;
    }
    if (is_about_others && !permission_set_has(&call->identity.permissions, others->bit))
        return call_denied(call, others->name);
    return violations_status(&violations, call->arena);
}

static bool is_about(const struct known_token *known, const Datastream__V1__PermissionCheck *check)
{
    return known->token != NULL && strcmp(known->token, check->token) == 0 &&
           strcmp(known->source_ip, check->source_ip) == 0;
}

/* The place of a token: by its last characters, which are of its checksum. */
static struct known_token *place_of(struct questions *questions, const char *token)
{
    size_t len = strlen(token);
    unsigned sum = 0;

    for (size_t i = len < 3 ? 0 : len - 3; i < len; i++)
        sum = sum * 31 + (unsigned char)token[i];
    return &questions->known[sum % KNOWN_TOKENS];
}

static struct status find_out(struct call *call, const Datastream__V1__PermissionCheck *check,
                              struct known_token *known)
{
    struct identity identity = {.type = IDENTITY_ANONYMOUS};
    bool source_required;
    struct status status;

    known->token = NULL;
    known->is_active = authorization__judge(call, check->token, check->source_ip, &identity,
                                            &source_required, &status);
    if (!status_is_ok(status))
        return status;
    known->token = check->token;
    known->source_ip = check->source_ip;
    known->permissions = identity.permissions;
    if (known->is_active)
        call_note_use(call, &identity, slice_from_cstr(check->source_ip));
    return status;
}

static struct status answer_one(struct call *call, struct questions *questions, size_t number)
{
    const Datastream__V1__PermissionCheck *check = questions->request->checks[number];
    struct known_token *known = questions->last;
    struct status status = status_ok();

    if (check->token[0] == '\0') {
        questions->allowed[number] = permission_set_has(&call->identity.permissions,
                                                        questions->bits[number]);
        return status;
    }
    if (!is_about(known, check)) {
        known = place_of(questions, check->token);
        if (!is_about(known, check))
            status = find_out(call, check, known);
        questions->last = known;
    }
    questions->allowed[number] = status_is_ok(status) && known->is_active &&
                                 permission_set_has(&known->permissions, questions->bits[number]);
    return status;
}

/* All answers; what the store has to fetch is asked for together. */
static struct status answer_all(struct call *call, struct questions *questions)
{
    struct status status = status_ok();

    questions->revision = store_view_revision(call->view);
    memset(questions->known, 0, sizeof(questions->known));
    questions->last = questions->known;
    for (size_t i = 0; i < questions->request->n_checks; i++) {
        struct status one = answer_one(call, questions, i);

        if (status_is_ok(status))
            status = one;
    }
    return status;
}

/* The answers as messages. */
static void show_answers(struct arena *arena, const struct questions *questions,
                         Datastream__V1__CheckPermissionsResponse *response)
{
    size_t count = questions->request->n_checks;
    Datastream__V1__PermissionAnswer *answers = arena_alloc(arena, count * sizeof(*answers));
    Datastream__V1__PermissionAnswer **list = arena_alloc(arena, count * sizeof(answers));

    for (size_t i = 0; !arena_failed(arena) && i < count; i++) {
        datastream__v1__permission_answer__init(&answers[i]);
        answers[i].allowed = questions->allowed[i];
        list[i] = &answers[i];
    }
    response->answers = list;
    response->n_answers = count;
}

/* A response that says nothing but one answer. */
static struct slice pack_one(struct arena *arena, bool allowed)
{
    Datastream__V1__CheckPermissionsResponse response =
        DATASTREAM__V1__CHECK_PERMISSIONS_RESPONSE__INIT;
    Datastream__V1__PermissionAnswer answer = DATASTREAM__V1__PERMISSION_ANSWER__INIT;
    Datastream__V1__PermissionAnswer *list[] = {&answer};

    answer.allowed = allowed;
    response.answers = list;
    response.n_answers = 1;
    return message_pack(arena, &response.base);
}

/*
 * The response with its answers as bytes: there are two answers, and a message in parts is the
 * parts one after the other.
 */
static const struct call_records *pack_answers(struct arena *arena,
                                               const struct questions *questions,
                                               const ProtobufCMessage *response)
{
    const struct slice parts[] = {pack_one(arena, false), pack_one(arena, true)};
    const struct slice rest = message_pack(arena, response);
    size_t count = questions->request->n_checks;
    char *bytes = arena_alloc(arena, count * parts[true].len + rest.len);
    struct call_records *records = arena_alloc(arena, sizeof(*records));
    struct slice *body = arena_alloc(arena, sizeof(*body));
    char *at = bytes;

    if (arena_failed(arena))
        return NULL;
    assert(parts[false].len <= parts[true].len);
    for (size_t i = 0; i < count; i++) {
        struct slice part = parts[questions->allowed[i]];

        memcpy(at, part.data, part.len);
        at += part.len;
    }
    if (rest.len > 0)
        memcpy(at, rest.data, rest.len);
    *body = slice_make(bytes, (size_t)(at - bytes) + rest.len);
    *records = (struct call_records){.bodies = body, .count = 1};
    return records;
}

static struct status make_answer(struct call *call, const struct questions *questions)
{
    Datastream__V1__CheckPermissionsResponse *response = arena_alloc(call->arena,
                                                                     sizeof(*response));

    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__check_permissions_response__init(response);
    response->revision = questions->revision;
    if (call->accepts_records)
        call->records = pack_answers(call->arena, questions, &response->base);
    else
        show_answers(call->arena, questions, response);
    call->response = &response->base;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status authorization__check_permissions(struct call *call)
{
    struct questions questions = {.request = (const void *)call->request};
    size_t count = questions.request->n_checks;
    struct status status;
    uint64_t epoch;

    questions.bits = arena_alloc(call->arena, count * sizeof(questions.bits[0]));
    questions.allowed = arena_alloc(call->arena, count * sizeof(questions.allowed[0]));
    if (questions.bits == NULL || questions.allowed == NULL)
        return status_out_of_memory();
    status = check_request(call, &questions);
    if (!status_is_ok(status))
        return status;
    for (int i = 0; i < TRIES_MOST; i++) {
        epoch = identity_epoch(call_identities(call));
        status = answer_all(call, &questions);
        if (epoch == identity_epoch(call_identities(call)))
            return status_is_ok(status) ? make_answer(call, &questions) : status;
    }
    return status_const(STATUS_UNAVAILABLE,
                        SLICE("Identities changed during the call; try again."));
}
