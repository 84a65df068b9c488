/* The table of the handlers that have methods of their own; all other methods are the engine's. */
#include "rpc/services/services.h"

#include <assert.h>

#include "rpc/services/api_token.h"
#include "rpc/services/api_token_change.h"
#include "rpc/services/api_token_revoke.h"
#include "rpc/services/audit_export.h"
#include "rpc/services/audit_log.h"
#include "rpc/services/authorization.h"
#include "rpc/services/contract_values.h"
#include "rpc/services/guard.h"
#include "rpc/services/introspection.h"
#include "rpc/services/kinds/director.h"
#include "rpc/services/kinds/director_check_in.h"
#include "rpc/services/kinds/kinds.h"
#include "rpc/services/organization.h"
#include "rpc/services/organization_transfer.h"
#include "rpc/services/organization_update.h"
#include "rpc/services/password_change.h"
#include "rpc/services/permission_list.h"
#include "rpc/services/preview.h"
#include "rpc/services/resource/credential.h"
#include "rpc/services/resource/disclosure.h"
#include "rpc/services/resource/judge_plan.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/resource_activity.h"
#include "rpc/services/resource/stored.h"
#include "rpc/services/role.h"
#include "rpc/services/role_clone.h"
#include "rpc/services/role_update.h"
#include "rpc/services/session.h"
#include "rpc/services/setup.h"
#include "rpc/services/sign_in.h"
#include "rpc/services/user.h"
#include "rpc/services/user_change.h"
#include "rpc/services/watch.h"

#define AUTHORIZATION "datastream.v1.AuthorizationService."
#define API_TOKENS "datastream.v1.ApiTokenService."
#define ROLES "datastream.v1.RoleService."
#define ORGANIZATION "datastream.v1.OrganizationService."
#define SESSIONS "datastream.v1.SessionService."
#define USERS "datastream.v1.UserService."

const struct handler_entry *services_handlers(void)
{
    static const struct handler_entry handlers[] = {
        {API_TOKENS "CreateApiToken", api_token__create},
        {API_TOKENS "ListApiTokens", api_token__list},
        {API_TOKENS "GetApiToken", api_token__get},
        {API_TOKENS "UpdateApiToken", api_token__update},
        {API_TOKENS "DeleteApiToken", api_token__delete},
        {API_TOKENS "RevokeMatchingApiTokens", api_token__revoke_matching},
        {API_TOKENS "RegenerateApiToken", api_token__regenerate},
        {API_TOKENS "DisableApiToken", api_token__disable},
        {API_TOKENS "EnableApiToken", api_token__enable},
        {API_TOKENS "ListApiTokenActivityLogs", resource_list_activity},
        {ROLES "CreateRole", role__create},
        {ROLES "ListRoles", role__list},
        {ROLES "GetRole", role__get},
        {ROLES "UpdateRole", role__update},
        {ROLES "DeleteRole", role__delete},
        {ROLES "CloneRole", role__clone},
        {ROLES "GetRoleUsage", role__usage},
        {ROLES "ListPermissions", permission__list},
        {SESSIONS "SignIn", session__sign_in},
        {SESSIONS "GetSession", session__get},
        {SESSIONS "SignOut", session__sign_out},
        {SESSIONS "ChangePassword", session__change_password},
        {SESSIONS "ListSessions", session__list},
        {SESSIONS "EndSession", session__end},
        {USERS "CreateUser", user__create},
        {USERS "ListUsers", user__list},
        {USERS "GetUser", user__get},
        {USERS "UpdateUser", user__update},
        {USERS "DeleteUser", user__delete},
        {USERS "DisableUser", user__disable},
        {USERS "EnableUser", user__enable},
        {USERS "ResetUserPassword", user__reset_password},
        {USERS "EndUserSessions", user__end_sessions},
        {ORGANIZATION "GetOrganization", organization__get},
        {ORGANIZATION "UpdateOrganization", organization__update},
        {ORGANIZATION "TransferOwnership", organization__transfer},
        {"datastream.v1.DirectorService.CheckInDirector", director__check_in},
        {AUTHORIZATION "WhoAmI", authorization__who_am_i},
        {AUTHORIZATION "VerifyToken", authorization__verify_token},
        {AUTHORIZATION "CheckPermissions", authorization__check_permissions},
        {"datastream.v1.SetupService.CreateFirstOrganization", setup__create_first_organization},
        {"datastream.v1.IntrospectionService.IntrospectToken", introspection__introspect},
        {"datastream.v1.AuditService.ListAuditLogs", audit_log__list},
        {"datastream.v1.ApiPreviewService.PreviewApiCall", preview__call},
        {NULL, NULL},
    };

    return handlers;
}

call_handler *const *services_operations(void)
{
    return resource_operations();
}

void services_limit_answer(struct call *call)
{
    disclosure_limit(call);
}

void services_show_again(struct call *call, uint64_t revision)
{
    static const struct {
        const char *method;
        void (*show_again)(struct call *call, uint64_t revision);
    } rows[] = {
        {API_TOKENS "CreateApiToken", api_token__show_again},
        {API_TOKENS "RegenerateApiToken", api_token__show_again},
        {USERS "CreateUser", user__show_again},
        {USERS "ResetUserPassword", user__show_again},
    };

    if (call->method->operation == OPERATION_CREATE ||
        call->method->operation == OPERATION_REGENERATE)
        credentials_show_again(call);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (slice_equal(call->method->full_name, slice_from_cstr(rows[i].method)))
            rows[i].show_again(call, revision);
}

const struct stream_entry *services_streams(void)
{
    static const struct stream_entry streams[] = {
        {"datastream.v1.ChangeService.Watch", &watch_changes},
        {"datastream.v1.AuditService.ExportAuditLogs", &audit_export},
        {NULL, NULL},
    };

    return streams;
}

void services_register_kinds(void)
{
    static const struct typed_kind *const kinds[] = {&api_token_kind, &role_kind, &user_kind, NULL};

    object_register_kinds(kinds);
}

struct status services_bind(const struct contract *contract, struct arena *arena,
                            const struct hooks **ret_hooks)
{
    struct hooks *hooks = NULL;
    struct status status = contract_values__check(contract, arena);

    if (status_is_ok(status))
        status = hooks_bind(contract, kinds__hooks(), SLICE("vault-secrets"),
                            SLICE("vault-providers"), arena, &hooks);
    if (!status_is_ok(status))
        return status;
    assert(hooks != NULL && hooks->guard == NULL);
    hooks->guard = guard__check_credential;
    hooks->stored = stored_bind(contract, hooks, arena);
    if (hooks->stored == NULL)
        return status_out_of_memory();
    status = judge_plans_bind(contract, arena, &hooks->plans);
    if (status_is_ok(status))
        *ret_hooks = hooks;
    return status;
}
