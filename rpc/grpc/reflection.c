/* Answers of server reflection. */
#include "rpc/grpc/reflection.h"
#include "proto/contract/contract_find.h"

/* Numbers of ServerReflectionRequest's fields. */
enum {
    REQUEST_HOST = 1,
    REQUEST_FILE_BY_FILENAME = 3,
    REQUEST_FILE_CONTAINING_SYMBOL = 4,
    REQUEST_FILE_CONTAINING_EXTENSION = 5,
    REQUEST_ALL_EXTENSION_NUMBERS = 6,
    REQUEST_LIST_SERVICES = 7,
};

/* Numbers of ExtensionRequest's fields. */
enum { EXTENSION_TYPE = 1, EXTENSION_NUMBER = 2 };

/* Numbers of ServerReflectionResponse's fields. */
enum {
    RESPONSE_HOST = 1,
    RESPONSE_REQUEST = 2,
    RESPONSE_FILES = 4,
    RESPONSE_NUMBERS = 5,
    RESPONSE_SERVICES = 6,
    RESPONSE_ERROR = 7,
};

/* Numbers within those answers. */
enum {
    FILES_FILE = 1,
    NUMBERS_TYPE = 1,
    NUMBERS_NUMBER = 2,
    SERVICES_SERVICE = 1,
    SERVICE_NAME = 1,
    ERROR_CODE = 1,
    ERROR_MESSAGE = 2,
};

/* One answer in the making. */
struct making {
    const struct reflection_index *index;
    struct arena *arena;
    const struct message_type *input;
    const struct message_type *output;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
};

/* The answer's message of the oneof's member; NULL when the arena failed. */
static ProtobufCMessage *put_answer(const struct making *making, uint32_t number,
                                    const struct message_type **ret_type)
{
    const struct field *field = message_field_by_number(making->output, number);
    ProtobufCMessage *answer = message_new(making->arena, field->message);

    if (answer == NULL)
        return NULL;
    field_set_message(making->response, field, answer);
    *ret_type = field->message;
    return answer;
}

static void answer_error(const struct making *making, enum status_code code, struct slice text)
{
    const struct message_type *type;
    ProtobufCMessage *answer = put_answer(making, RESPONSE_ERROR, &type);

    if (answer == NULL)
        return;
    field_set_int(answer, message_field_by_number(type, ERROR_CODE), code);
    field_set_string(making->arena, answer, message_field_by_number(type, ERROR_MESSAGE), text);
}

static void answer_unknown(const struct making *making, const char *what, struct slice name)
{
    answer_error(making, STATUS_NOT_FOUND,
                 arena_printf(making->arena, "Unknown %s %.*s.", what, SLICE_ARG(name)));
}

static void answer_file(const struct making *making, const struct reflection_file *file)
{
    const struct message_type *type;
    ProtobufCMessage *answer = put_answer(making, RESPONSE_FILES, &type);
    size_t capacity = 0;

    for (size_t i = 0; answer != NULL && i < file->import_count; i++) {
        struct slice bytes = making->index->files[file->imports[i]].bytes;
        ProtobufCBinaryData *element = field_append(
            making->arena, answer, message_field_by_number(type, FILES_FILE), &capacity);

        if (element == NULL)
            return;
        element->len = bytes.len;
        element->data = (uint8_t *)(uintptr_t)bytes.data; /* only read, for packing */
    }
}

static void answer_symbol(const struct making *making, struct slice name)
{
    const struct reflection_symbol *symbol = reflection_index__symbol(making->index, name);

    if (symbol == NULL)
        answer_unknown(making, "symbol", name);
    else
        answer_file(making, &making->index->files[symbol->file]);
}

static void answer_extension(const struct making *making, const struct field *field)
{
    const struct message_type *type = field->message;
    const ProtobufCMessage *asked = field_get_message(making->request, field);
    struct slice name = field_get_string(asked, message_field_by_number(type, EXTENSION_TYPE));
    int32_t number = (int32_t)field_get_int(asked, message_field_by_number(type, EXTENSION_NUMBER));
    const struct reflection_extension *extension = reflection_index__extension(making->index, name,
                                                                               number);

    if (extension == NULL)
        answer_error(making, STATUS_NOT_FOUND,
                     arena_printf(making->arena, "Unknown extension %d of %.*s.", (int)number,
                                  SLICE_ARG(name)));
    else
        answer_file(making, &making->index->files[extension->file]);
}

static void answer_numbers(const struct making *making, struct slice name)
{
    const struct reflection_symbol *symbol = reflection_index__symbol(making->index, name);
    const struct reflection_extension *extensions;
    const struct message_type *type;
    ProtobufCMessage *answer;
    size_t count, capacity = 0;

    if (symbol == NULL || !symbol->is_message) {
        answer_unknown(making, "message", name);
        return;
    }
    answer = put_answer(making, RESPONSE_NUMBERS, &type);
    if (answer == NULL)
        return;
    field_set_string(making->arena, answer, message_field_by_number(type, NUMBERS_TYPE), name);
    extensions = reflection_index__extensions(making->index, name, &count);
    for (size_t i = 0; i < count; i++) {
        int32_t *element = field_append(making->arena, answer,
                                        message_field_by_number(type, NUMBERS_NUMBER), &capacity);

        if (element == NULL)
            return;
        *element = extensions[i].number;
    }
}

static void answer_services(const struct making *making)
{
    const struct message_type *type;
    ProtobufCMessage *answer = put_answer(making, RESPONSE_SERVICES, &type);
    size_t capacity = 0;

    for (size_t i = 0; answer != NULL && i < making->index->symbol_count; i++) {
        const struct field *field = message_field_by_number(type, SERVICES_SERVICE);
        ProtobufCMessage *service, **element;

        if (!making->index->symbols[i].is_service)
            continue;
        element = field_append(making->arena, answer, field, &capacity);
        service = message_new(making->arena, field->message);
        if (element == NULL || service == NULL)
            return;
        *element = service;
        field_set_string(making->arena, service,
                         message_field_by_number(field->message, SERVICE_NAME),
                         making->index->symbols[i].name);
    }
}

/* The member of the oneof that is set; NULL for none that is known. */
static const struct field *asked_for(const struct making *making)
{
    for (uint32_t number = REQUEST_FILE_BY_FILENAME; number <= REQUEST_LIST_SERVICES; number++) {
        const struct field *field = message_field_by_number(making->input, number);

        if (field_is_set(making->request, field))
            return field;
    }
    return NULL;
}

static void answer_file_name(const struct making *making, struct slice name)
{
    const struct reflection_file *file = reflection_index__file(making->index, name);

    if (file == NULL)
        answer_unknown(making, "file", name);
    else
        answer_file(making, file);
}

static void answer(const struct making *making)
{
    const struct field *field = asked_for(making);

    switch (field == NULL ? 0 : field->number) {
    case REQUEST_FILE_BY_FILENAME:
        answer_file_name(making, field_get_string(making->request, field));
        break;
    case REQUEST_FILE_CONTAINING_SYMBOL:
        answer_symbol(making, field_get_string(making->request, field));
        break;
    case REQUEST_FILE_CONTAINING_EXTENSION:
        answer_extension(making, field);
        break;
    case REQUEST_ALL_EXTENSION_NUMBERS:
        answer_numbers(making, field_get_string(making->request, field));
        break;
    case REQUEST_LIST_SERVICES:
        answer_services(making);
        break;
    default:
        answer_error(making, STATUS_UNIMPLEMENTED,
                     SLICE("The reflection request is empty or of an unknown kind."));
    }
}

ProtobufCMessage *reflection__answer(const struct reflection_index *index, struct arena *arena,
                                     const struct method *method, ProtobufCMessage *request)
{
    struct making making = {
        .index = index,
        .arena = arena,
        .input = method->input,
        .output = method->output,
        .request = request,
        .response = message_new(arena, method->output),
    };

    if (making.response == NULL)
        return NULL;
    field_set_string(
        arena, making.response, message_field_by_number(method->output, RESPONSE_HOST),
        field_get_string(request, message_field_by_number(method->input, REQUEST_HOST)));
    field_set_message(making.response, message_field_by_number(method->output, RESPONSE_REQUEST),
                      request);
    answer(&making);
    return arena_failed(arena) ? NULL : making.response;
}
