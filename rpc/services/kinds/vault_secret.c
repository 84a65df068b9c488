/* Vault secrets: who keeps the credential. */
#include "rpc/call/answers.h"
#include "rpc/services/kinds/kinds.h"
#include "rpc/services/kinds/members.h"

enum { STATUS, EXTERNAL, PROVIDER_ID, PROVIDER_TYPE, TYPE_OF_PROVIDER };

static const char *const fields[] = {
    [STATUS] = "status",
    [EXTERNAL] = "external",
    [PROVIDER_ID] = "external.provider_id",
    [PROVIDER_TYPE] = "provider_type",
    [TYPE_OF_PROVIDER] = "vault-providers/type",
    NULL,
};

/* The words of the two enums differ. */
static const struct {
    const char *provider, *kind;
} words[] = {
    {"AZUREVAULT", "AZURE_KEY_VAULT"},
    {"CYBERARK", "CYBERARK"},
    {"HASHICORPVAULT", "HASHICORP"},
};

static struct slice kind_of(const struct hook *hook, const ProtobufCMessage *provider)
{
    const struct field *type = hook->fields[TYPE_OF_PROVIDER];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (field_get_int(provider, type) ==
            members__enum_number(type, slice_from_cstr(words[i].provider)))
            return slice_from_cstr(words[i].kind);
    return SLICE("UNSPECIFIED");
}

static struct status compute(const struct hook *hook, struct call *call, ProtobufCMessage **objects,
                             size_t count)
{
    const struct field *kind = hook->fields[PROVIDER_TYPE];
    struct status status = status_ok();

    for (size_t i = 0; i < count; i++) {
        ProtobufCMessage *external = field_get_message(objects[i], hook->fields[EXTERNAL]);
        ProtobufCMessage *provider = NULL;
        enum store_found found;

        field_clear(objects[i], kind);
        if (external == NULL) {
            /* A value is never in the message; that there is one, the status says. */
            if (field_get_int(objects[i], hook->fields[STATUS]) ==
                members__enum_number(hook->fields[STATUS], SLICE("SET")))
                field_set_int(objects[i], kind, members__enum_number(kind, SLICE("VIRTUALMETRIC")));
            continue;
        }
        found = members__read(call, hook->fields[TYPE_OF_PROVIDER]->parent->kind,
                              field_get_string(external, hook->fields[PROVIDER_ID]), &provider);
        if (found == STORE_FOUND)
            field_set_int(objects[i], kind, members__enum_number(kind, kind_of(hook, provider)));
        else if (found != STORE_ABSENT)
            status = call_store_status(found);
    }
    return status;
}

static const char *const computed_from[] = {"status", "external", NULL};

const struct kind_hooks vault_secret_hooks = {.collection = "vault-secrets",
                                              .fields = fields,
                                              .compute = compute,
                                              .computed_from = computed_from};
