/* See shapes.h. */
#include "tests/support/shapes.h"
#include "proto/contract/contract_find.h"

const struct shape_type shape_types[] = {
    {"double", 1},  {"float", 2},   {"int64", 3}, {"uint64", 4},    {"int32", 5},
    {"fixed64", 6}, {"fixed32", 7}, {"bool", 8},  {"string", 9},    {"message", 11},
    {"bytes", 12},  {"uint32", 13}, {"enum", 14}, {"sfixed32", 15}, {"sfixed64", 16},
    {"sint32", 17}, {"sint64", 18},
};

const struct field *shape_field(const struct message_type *shape, uint32_t number)
{
    const struct field *field = message_field_by_number(shape, number);

    assert(field != NULL);
    return field;
}

Google__Protobuf__FieldDescriptorProto *shape_add_field(struct arena *arena,
                                                        Google__Protobuf__DescriptorProto *message,
                                                        const char *name, int number, int type)
{
    Google__Protobuf__FieldDescriptorProto *field = arena_alloc(arena, sizeof(*field));

    google__protobuf__field_descriptor_proto__init(field);
    field->name = arena_cstr(arena, slice_from_cstr(name));
    field->has_number = field->has_label = field->has_type = 1;
    field->number = number;
    field->label = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL;
    field->type = (Google__Protobuf__FieldDescriptorProto__Type)type;
    if (type == 11)
        field->type_name = arena_cstr(arena, SLICE(".shapes.Shape"));
    if (type == 14)
        field->type_name = arena_cstr(arena, SLICE(".shapes.Color"));
    message->field[message->n_field++] = field;
    return field;
}

static Google__Protobuf__DescriptorProto *shape_new_message(struct arena *arena, const char *name)
{
    Google__Protobuf__DescriptorProto *message = arena_alloc(arena, sizeof(*message));

    google__protobuf__descriptor_proto__init(message);
    message->name = arena_cstr(arena, slice_from_cstr(name));
    message->field = arena_array(arena, 128, sizeof(*message->field));
    message->oneof_decl = arena_array(arena, 32, sizeof(*message->oneof_decl));
    message->nested_type = arena_array(arena, 4, sizeof(*message->nested_type));
    return message;
}

static void shape_add_oneof(struct arena *arena, Google__Protobuf__DescriptorProto *message,
                            const char *name)
{
    Google__Protobuf__OneofDescriptorProto *oneof = arena_alloc(arena, sizeof(*oneof));

    google__protobuf__oneof_descriptor_proto__init(oneof);
    oneof->name = arena_cstr(arena, slice_from_cstr(name));
    message->oneof_decl[message->n_oneof_decl++] = oneof;
}

static void shape_add_group(struct arena *arena, Google__Protobuf__DescriptorProto *message,
                            const char *prefix, int base)
{
    for (size_t i = 0; i < SHAPE_TYPES; i++) {
        struct slice name = arena_printf(arena, "%s_%s", prefix, shape_types[i].name);
        Google__Protobuf__FieldDescriptorProto *field = shape_add_field(
            arena, message, name.data, base + (int)i, shape_types[i].type);

        if (base == REPEATED)
            field->label = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
        if (base == CHOICE)
            field->has_oneof_index = 1;
        if (base != OPTIONAL)
            continue;
        field->has_proto3_optional = field->proto3_optional = 1;
        field->has_oneof_index = 1;
        field->oneof_index = (int)message->n_oneof_decl;
        shape_add_oneof(arena, message, arena_printf(arena, "_%s", name.data).data);
    }
}

void shape_add_map(struct arena *arena, Google__Protobuf__DescriptorProto *message,
                   const char *name, const char *entry_name, int number, int key, int value)
{
    Google__Protobuf__DescriptorProto *entry = shape_new_message(arena, entry_name);
    Google__Protobuf__FieldDescriptorProto *field;

    entry->options = arena_alloc(arena, sizeof(*entry->options));
    google__protobuf__message_options__init(entry->options);
    entry->options->has_map_entry = entry->options->map_entry = 1;
    shape_add_field(arena, entry, "key", 1, key);
    shape_add_field(arena, entry, "value", 2, value);
    message->nested_type[message->n_nested_type++] = entry;
    field = shape_add_field(arena, message, name, number, 11);
    field->label = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    field->type_name = arena_cstr(arena, arena_printf(arena, ".shapes.Shape.%s", entry_name));
}

static Google__Protobuf__EnumDescriptorProto *shape_color(struct arena *arena)
{
    static const struct {
        const char *name;
        int number;
    } values[] = {{"RED", 0}, {"GREEN", 5}, {"BLUE", -1}, {"VERDE", 5}, {"AZURE", 6}};
    Google__Protobuf__EnumDescriptorProto *color = arena_alloc(arena, sizeof(*color));

    google__protobuf__enum_descriptor_proto__init(color);
    color->name = arena_cstr(arena, SLICE("Color"));
    color->n_value = sizeof(values) / sizeof(values[0]);
    color->value = arena_array(arena, color->n_value, sizeof(*color->value));
    for (size_t i = 0; i < color->n_value; i++) {
        color->value[i] = arena_alloc(arena, sizeof(*color->value[i]));
        google__protobuf__enum_value_descriptor_proto__init(color->value[i]);
        color->value[i]->name = arena_cstr(arena, slice_from_cstr(values[i].name));
        color->value[i]->has_number = 1;
        color->value[i]->number = values[i].number;
    }
    return color;
}

Google__Protobuf__FileDescriptorProto *shapes_file(struct arena *arena)
{
    Google__Protobuf__FileDescriptorProto *file = arena_alloc(arena, sizeof(*file));
    Google__Protobuf__DescriptorProto *shape = shape_new_message(arena, "Shape");

    google__protobuf__file_descriptor_proto__init(file);
    file->name = arena_cstr(arena, SLICE("shapes.proto"));
    file->package = arena_cstr(arena, SLICE("shapes"));
    file->syntax = arena_cstr(arena, SLICE("proto3"));
    shape_add_oneof(arena, shape, "choice");
    /* Declared against the order of numbers: the order of members is that of the declaration. */
    shape_add_group(arena, shape, "choice", CHOICE);
    shape_add_group(arena, shape, "repeated", REPEATED);
    shape_add_group(arena, shape, "optional", OPTIONAL);
    shape_add_group(arena, shape, "plain", PLAIN);
    shape_add_map(arena, shape, "text_to_shape", "TextToShapeEntry", TEXT_TO_SHAPE, 9, 11);
    shape_add_map(arena, shape, "int_to_text", "IntToTextEntry", INT_TO_TEXT, 5, 9);
    file->message_type = arena_array(arena, 1, sizeof(*file->message_type));
    file->message_type[file->n_message_type++] = shape;
    file->enum_type = arena_array(arena, 1, sizeof(*file->enum_type));
    file->enum_type[file->n_enum_type++] = shape_color(arena);
    return file;
}

Google__Protobuf__FileDescriptorSet *embedded_set(struct arena *arena)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    struct slice bytes = embedded_contract();
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        &allocator, bytes.len, (const uint8_t *)bytes.data);
    Google__Protobuf__FileDescriptorProto **files;

    assert(set != NULL);
    files = arena_array(arena, set->n_file + 8, sizeof(*files));
    memcpy(files, set->file, set->n_file * sizeof(*files));
    set->file = files;
    return set;
}

const struct contract *load_shapes(struct arena *arena)
{
    Google__Protobuf__FileDescriptorSet *set = embedded_set(arena);
    const struct contract *contract = NULL;
    struct status status;

    set->file[set->n_file++] = shapes_file(arena);
    status = contract_load(message_pack(arena, &set->base), arena, &contract);
    if (!status_is_ok(status)) {
        fprintf(stderr, "%.*s\n", SLICE_ARG(status.message));
        abort();
    }
    return contract;
}

const struct message_type *find_shape(const struct contract *contract)
{
    const struct message_type *shape = contract_message(contract, SLICE("shapes.Shape"));

    assert(shape != NULL);
    return shape;
}
