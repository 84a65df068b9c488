/*
 * The settings of an organization, as the handlers that keep to them read them: through the call's
 * view, from the record of the organization, never from a cache.
 */
#ifndef DATASTREAM_RPC_SERVICES_ORGANIZATION_SETTINGS_H
#define DATASTREAM_RPC_SERVICES_ORGANIZATION_SETTINGS_H

#include "datastream/storage/v1/records.pb-c.h"
#include "rpc/call/call.h"
#include "rpc/services/organization.h"

/* What holds until an organization says something else. */
#define SESSION_IDLE_SECONDS_DEFAULT 1800
#define SESSION_ABSOLUTE_SECONDS_DEFAULT 43200
#define PASSWORD_LENGTH_DEFAULT 10

/* Plain. Lives as long as the call. */
struct organization_settings {
    struct uuid organization;
    struct slice name;
    int64_t token_lifetime_ms;   /* most that an API token may work; 0 for no maximum */
    int64_t session_idle_ms;     /* a session ends after so long without use */
    int64_t session_absolute_ms; /* and after so long however it is used */
    unsigned password_length;    /* least characters of a password */
    uint64_t revision;           /* of the record */
};

/*
 * Reads the settings of an organization: the caller's, or that of a user who signs in. DATA_LOSS
 * when there is no such organization or its record cannot be read, UNAVAILABLE by the store.
 */
struct status organization_settings__read(struct call *call, const struct uuid *organization,
                                          struct organization_settings *ret_settings);

/* Makes it a condition of the commit that the settings are as they were read. */
void organization_settings__require(struct call *call,
                                    const struct organization_settings *settings);

/*
 * Violations where an API token would work until `expire_ms` (milliseconds since 1970, 0 for no
 * end): longer than the organization's maximum. At the field that gave the end: `has_preset` says
 * that it was `expiration`.
 */
void organization_settings__check_lifetime(struct call *call,
                                           const struct organization_settings *settings,
                                           int64_t expire_ms, bool has_preset,
                                           struct violations *violations);

/* Reads an organization. DATA_LOSS, UNAVAILABLE by the store, or out of memory. */
struct status organization__read(struct call *call, const struct uuid *id,
                                 struct organization *ret_organization);

/* The least characters of a password. */
unsigned organization__password_length(const Datastream__Storage__V1__OrganizationRecord *record);

#endif
