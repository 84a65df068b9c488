/*
 * The first organization over the API. What decides between two setups is the store: the commit's
 * condition is that there is no organization.
 */
#include "rpc/services/setup.h"

#include "datastream/v1/setup.pb-c.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/setup_gate.h"
#include "rpc/services/bootstrap.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/password_work.h"
#include "rpc/services/session.h"
#include "rpc/services/sign_in_guard.h"
#include "storage/keys.h"

typedef Datastream__V1__CreateFirstOrganizationRequest Request;
typedef Datastream__V1__CreateFirstOrganizationResponse Response;

static struct status done_already(struct call *call)
{
    struct status status = status_const(STATUS_ALREADY_EXISTS,
                                        SLICE("The server is set up already. Sign in."));

    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("SETUP_DONE"), SLICE_EMPTY,
                      SLICE_EMPTY);
    return status;
}

/* Whether this caller may do the setup now. */
static struct status judge(struct call *call, const Request *request)
{
    const struct setup_gate *gate = call_setup_gate(call);
    enum store_found found;
    struct status status;
    bool any = false;

    if (!setup_gate_is_required(gate))
        return done_already(call);
    if (!setup_gate_accepts(gate, slice_from_cstr(request->setup_token))) {
        status = status_const(STATUS_PERMISSION_DENIED,
                              SLICE("The setup token is not the one of this start. The server "
                                    "writes a new one at each start."));
        status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("SETUP_TOKEN"),
                          SLICE_EMPTY, SLICE_EMPTY);
        return status;
    }
    found = bootstrap__has_any(call->view, call->arena, &any);
    if (found != STORE_FOUND)
        return call_store_status(found);
    return any ? done_already(call) : status_ok();
}

/* What the contract's rules leave to be checked; trims the names. */
static struct status check(struct call *call, const Request *request, struct bootstrap *bootstrap,
                           struct slice *ret_password)
{
    struct arena *arena = call->arena;
    struct violations violations = {0};
    struct slice folded = SLICE_EMPTY;
    const char *wrong = organization__check_name(arena, &bootstrap->name);

    if (wrong != NULL)
        violations_add(&violations, arena, SLICE("organization"), "%s", wrong);
    wrong = organization__check_email(arena, bootstrap->owner_email);
    if (wrong != NULL)
        violations_add(&violations, arena, SLICE("email"), "%s", wrong);
    wrong = key_fold_name(arena, slice_from_cstr(request->name), &bootstrap->owner_name, &folded);
    if (wrong == NULL && folded.len == 0)
        wrong = "must not be blank";
    if (wrong != NULL)
        violations_add(&violations, arena, SLICE("name"), "%s", wrong);
    *ret_password = password_normalize(arena, slice_from_cstr(request->password));
    wrong = password_check(arena, *ret_password, bootstrap->owner_email, bootstrap->name);
    if (wrong != NULL)
        violations_add(&violations, arena, SLICE("password"), "%s", wrong);
    return arena_failed(arena) ? status_out_of_memory() : violations_status(&violations, arena);
}

static void committed(struct call *call, uint64_t revision)
{
    (void)revision;
    setup_gate_open(call_setup_gate(call));
}

static char *id_text(struct arena *arena, const struct uuid *id)
{
    char text[UUID_TEXT_LEN];

    uuid_format(id, text);
    return arena_cstr(arena, slice_make(text, sizeof(text)));
}

/* Whether the client keeps cookies, and no page of another origin sent the request. */
static bool may_sign_in(const struct call_credentials *credentials)
{
    return credentials->own_origin.len > 0 &&
           (credentials->origin.data == NULL ||
            slice_equal(credentials->origin, credentials->own_origin));
}

/* The Owner is signed in at once. */
static void sign_in(struct call *call, const struct bootstrap *bootstrap)
{
    struct session session = {
        .facts = {
            .organization = bootstrap->organization,
            .user = bootstrap->owner,
            .session = uuid_make(call->now_ms, call->random + RANDOM_SECOND_ID),
            .create_ms = call->now_ms,
            .absolute_end_ms = call->now_ms + SESSION_ABSOLUTE_SECONDS_DEFAULT * INT64_C(1000),
            .idle_end_ms = call->now_ms + SESSION_IDLE_SECONDS_DEFAULT * INT64_C(1000),
            .idle_ms = SESSION_IDLE_SECONDS_DEFAULT * INT64_C(1000),
        }};

    session__make_value(call, &session);
    session__commit(call, &session, call->peer, call->user_agent);
    sign_in__remember_device(call, &bootstrap->owner);
    session__audit(call, "SignedIn", &session.facts, bootstrap->owner_name,
                   SLICE("The user signed in by the setup."));
    call->keep_plain = true;
}

static struct status answer(struct call *call, const struct bootstrap *bootstrap)
{
    Response *response = arena_alloc(call->arena, sizeof(*response));

    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__create_first_organization_response__init(response);
    response->organization_id = id_text(call->arena, &bootstrap->organization);
    response->owner_id = id_text(call->arena, &bootstrap->owner);
    call->response = &response->base;
    call->committed = committed;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status setup__create_first_organization(struct call *call)
{
    const Request *request = (const void *)call->request;
    struct bootstrap bootstrap = {
        .tokens = contract_kind(call_contract(call), SLICE("api-tokens")),
        .users = contract_kind(call_contract(call), SLICE("users")),
        .identities = call_identities(call),
        .arena = call->arena,
        .commit = &call->commit,
        .call = call,
        .now_ms = call->now_ms,
        .owner = uuid_make(call->now_ms, call->random + RANDOM_ID),
        .name = slice_from_cstr(request->organization),
        .owner_email = slice_from_cstr(request->email),
    };
    struct slice password = SLICE_EMPTY;
    char *phc = NULL;
    struct status status;

    arena_wipe_on_done(call->arena);
    status = judge(call, request);
    if (status_is_ok(status))
        status = check(call, request, &bootstrap, &password);
    if (status_is_ok(status))
        status = password__hash_work(call, password, &phc);
    if (!status_is_ok(status))
        return status;
    bootstrap.organization = call_setup_gate(call)->organization;
    bootstrap__require_first(&bootstrap);
    bootstrap__put_organization(&bootstrap, true);
    bootstrap__put_owner(&bootstrap, phc);
    if (may_sign_in(&call->credentials))
        sign_in(call, &bootstrap);
    return answer(call, &bootstrap);
}
