/*
 * The gRPC frontend between an exchange and a chain that are played: what is answered when, also
 * when any one allocation fails.
 */
#include "google/protobuf/descriptor.pb-c.h"
#include "proto/contract/contract_find.h"
#include "tests/support/played/grpc.h"

/* -- tests --------------------------------------------------------------------------------------
 */

static void content_types_of_grpc_are_taken(void **state)
{
    static const struct {
        struct slice value;
        bool wanted;
    } cases[] = {
        {SLICE_INIT("application/grpc"), true},
        {SLICE_INIT("Application/GRPC"), true},
        {SLICE_INIT("application/grpc+proto"), true},
        {SLICE_INIT("application/grpc+Proto;x=y"), true},
        {SLICE_INIT("application/grpc;charset=utf-8"), true},
        {SLICE_INIT("application/grpc-web"), false},
        {SLICE_INIT("application/grpc-web+proto"), false},
        {SLICE_INIT("application/grpc+json"), false},
        {SLICE_INIT("application/grpc+proton"), false},
        {SLICE_INIT("application/grp"), false},
        {SLICE_INIT("application/json"), false},
        {SLICE_INIT(""), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct header header = {SLICE_INIT("content-type"), cases[i].value};
        struct exchange exchange = {.head = {.headers = &header, .header_count = 1}};

        if (grpc_takes(&exchange) != cases[i].wanted)
            fail_msg("%.*s", SLICE_ARG(cases[i].value));
    }
    assert_false(grpc_takes(&(struct exchange){0}));
}

static void other_versions_and_methods_are_refused_as_http(void **state)
{
    (void)state;
    played()->exchange->head.version = HTTP_1_1;
    played()->exchange->head.method = SLICE("POST");
    grpc_begin(played_grpc, played()->exchange);
    assert_int_equal(played()->status, 415);
    assert_true(played_sent(SLICE("x-request-id")).len > 0);
    assert_int_equal(played_sent(SLICE("allow")).len, 0);
    played_close_exchange();
    played_teardown(NULL);
    played_setup(NULL);
    played()->exchange->head.version = HTTP_2;
    played()->exchange->head.method = SLICE("GET");
    grpc_begin(played_grpc, played()->exchange);
    assert_int_equal(played()->status, 405);
    assert_true(played_sent(SLICE("x-request-id")).len > 0);
    assert_true(slice_equal(played_sent(SLICE("allow")), SLICE("POST")));
    played_close_exchange();
}

/* The path of a method is nothing else's, whatever the content type. */
static void method_with_another_content_type_is_refused_as_http(void **state)
{
    static const struct {
        struct slice method, type;
        int wanted;
    } cases[] = {
        {SLICE_INIT("POST"), SLICE_INIT("application/json"), 415},
        {SLICE_INIT("POST"), SLICE_INIT("application/grpc-web"), 415},
        {SLICE_INIT("POST"), SLICE_INIT("application/grpc+json"), 415},
        {SLICE_INIT("POST"), SLICE_INIT(""), 415},
        {SLICE_INIT("GET"), SLICE_INIT(""), 405},
        {SLICE_INIT("PUT"), SLICE_INIT("application/grpc"), 405},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request_head *head;

        played_setup(state);
        head = &played()->exchange->head;
        head->version = HTTP_2;
        head->method = cases[i].method;
        head->path = SLICE(GET);
        if (cases[i].type.len > 0)
            played_add_header(SLICE("content-type"), cases[i].type);
        assert_true(grpc_is_for(played_grpc, played()->exchange));
        grpc_begin(played_grpc, played()->exchange);
        assert_int_equal(played()->status, cases[i].wanted);
        assert_int_equal(played_sent(SLICE("grpc-status")).len, 0);
        played_close_exchange();
        head->path = SLICE("/api/v1/devices");
        assert_int_equal(grpc_is_for(played_grpc, played()->exchange),
                         grpc_takes(played()->exchange));
        played_teardown(state);
    }
    played_setup(state);
}

static void path_with_a_query_is_no_method(void **state)
{
    static const struct slice queries[] = {SLICE_INIT("x=1"), SLICE_INIT("")};

    for (size_t i = 0; i < 2; i++) {
        played_setup(state);
        played()->exchange->head.query = queries[i];
        played_begin(SLICE(GET));
        assert_refused("12");
        assert_int_equal(chain_played.opens, 0);
        played_close_exchange();
        played_teardown(state);
    }
    played_setup(state);
}

static void unknown_methods_are_unimplemented(void **state)
{
    static const struct slice paths[] = {
        SLICE_INIT("/datastream.v1.ApiTokenService/getApiToken"),
        SLICE_INIT("/datastream.v1.ApiTokenService/GetApiToken/"),
        SLICE_INIT("/datastream.v1.ApiTokenService/Get%41piToken"),
        SLICE_INIT("/nobody.Service/Method"),
        SLICE_INIT("/"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        played_setup(NULL);
        played_begin(paths[i]);
        assert_refused("12");
        assert_int_equal(chain_played.opens, 0);
        assert_true(played_sent(SLICE("x-request-id")).len > 0);
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}

/* A contract of somebody else's service, of which one method takes a stream of requests. */
static struct slice foreign_set(struct arena *arena)
{
    Google__Protobuf__FileDescriptorSet set = GOOGLE__PROTOBUF__FILE_DESCRIPTOR_SET__INIT;
    Google__Protobuf__FileDescriptorProto file = GOOGLE__PROTOBUF__FILE_DESCRIPTOR_PROTO__INIT;
    Google__Protobuf__DescriptorProto message = GOOGLE__PROTOBUF__DESCRIPTOR_PROTO__INIT;
    Google__Protobuf__ServiceDescriptorProto service =
        GOOGLE__PROTOBUF__SERVICE_DESCRIPTOR_PROTO__INIT;
    Google__Protobuf__MethodDescriptorProto one = GOOGLE__PROTOBUF__METHOD_DESCRIPTOR_PROTO__INIT;
    Google__Protobuf__MethodDescriptorProto many = GOOGLE__PROTOBUF__METHOD_DESCRIPTOR_PROTO__INIT;

    one.name = arena_cstr(arena, SLICE("TakeOne"));
    many.name = arena_cstr(arena, SLICE("TakeMany"));
    message.name = arena_cstr(arena, SLICE("Nothing"));
    one.input_type = one.output_type = many.input_type = many.output_type = arena_cstr(
        arena, SLICE(".someone.Nothing"));
    many.has_client_streaming = many.client_streaming = 1;
    service.name = arena_cstr(arena, SLICE("Else"));
    service.n_method = 2;
    service.method = (Google__Protobuf__MethodDescriptorProto *[]){&one, &many};
    file.name = arena_cstr(arena, SLICE("someone.proto"));
    file.package = arena_cstr(arena, SLICE("someone"));
    file.syntax = arena_cstr(arena, SLICE("proto3"));
    file.n_message_type = file.n_service = 1;
    file.message_type = (Google__Protobuf__DescriptorProto *[]){&message};
    file.service = (Google__Protobuf__ServiceDescriptorProto *[]){&service};
    set.n_file = 1;
    set.file = (Google__Protobuf__FileDescriptorProto *[]){&file};
    return message_pack(arena, &set.base);
}

static void methods_that_nobody_runs_are_unimplemented(void **state)
{
    static const struct slice paths[] = {SLICE_INIT("/someone.Else/TakeOne"),
                                         SLICE_INIT("/someone.Else/TakeMany")};
    struct grpc *shared = played_grpc;
    struct frontends foreign = played_frontends;
    struct arena arena;

    arena_init(&arena, NULL, (size_t)64 << 20);
    foreign.runners = NULL; /* of another contract */
    assert_true(status_is_ok(contract_load(foreign_set(&arena), &arena, &foreign.contract)));
    assert_true(contract_method(foreign.contract, paths[1])->client_streaming);
    assert_true(status_is_ok(grpc_new(&foreign, &arena, &played_grpc)));
    for (size_t i = 0; i < 2; i++) {
        played_setup(state);
        played_begin(paths[i]);
        assert_refused("12");
        assert_false(played()->accepted);
        assert_int_equal(chain_played.opens, 0);
        played_close_exchange();
        played_teardown(state);
    }
    played_setup(state);
    played_grpc = shared;
    arena_done(&arena);
}

static const struct slice get_body = SLICE_INIT("\0\0\0\0\6\12\4abcd");

static void unary_call_is_answered(void **state)
{
    (void)state;
    for (size_t size = 1; size <= get_body.len; size++) {
        played_setup(NULL);
        played_add_header(SLICE("x-request-id"), SLICE("my-id"));
        played_begin(SLICE(GET));
        played_send_pieces(get_body, size);
        assert_int_equal(chain_played.runs, 0); /* not before the end */
        played_body_end();
        assert_int_equal(chain_played.runs, 1);
        assert_answered();
        assert_true(slice_equal(played()->last, get_body)); /* the id is field 1 there too */
        assert_true(slice_equal(played_sent(SLICE("x-request-id")), SLICE("my-id")));
        assert_int_equal(played()->consumed, get_body.len);
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}

static void caller_is_refused_before_the_body_is_read(void **state)
{
    (void)state;
    chain_played.open_status = status_const(STATUS_UNAUTHENTICATED, SLICE("Who are you?"));
    played_begin(SLICE(GET));
    assert_refused("16");
    assert_false(played()->accepted);
    assert_int_equal(played_sent(SLICE("grpc-status-details-bin")).len, 0);
    played_close_exchange();
}

static void details_of_a_status_are_sent(void **state)
{
    struct status_detail detail = {.type = DETAIL_ERROR_INFO, .subject = SLICE_INIT("DENIED")};

    (void)state;
    chain_played.open_status = status_const(STATUS_PERMISSION_DENIED, SLICE("100 % no"));
    chain_played.open_status.details = &detail;
    played_begin(SLICE(GET));
    assert_refused("7");
    assert_true(slice_equal(played_sent(SLICE("grpc-message")), SLICE("100 %25 no")));
    assert_true(played_sent(SLICE("grpc-status-details-bin")).len > 0);
    played_close_exchange();
}

static void status_of_the_handler_is_sent(void **state)
{
    (void)state;
    chain_played.run_status = status_const(STATUS_NOT_FOUND, SLICE("There is none."));
    played_begin(SLICE(GET));
    played_send_body(get_body);
    assert_int_equal(chain_played.runs, 1);
    assert_refused("5");
    played_close_exchange();
}

static void wrong_bodies_run_no_handler(void **state)
{
    static const struct {
        struct slice body;
        const char *code;
    } cases[] = {
        {SLICE_INIT(""), "12"},                     /* none */
        {SLICE_INIT("\0\0\0\0\0\0\0\0\0\0"), "12"}, /* two */
        {SLICE_INIT("\0\0\0\0\0\0"), "12"},         /* begins a second */
        {SLICE_INIT("\0\0\0"), "13"},               /* ends within */
        {SLICE_INIT("\0\0\0\0\6\12\4abc"), "13"},   /* ends within */
        {SLICE_INIT("\2\0\0\0\0"), "13"},           /* flag */
        {SLICE_INIT("\1\0\0\0\0"), "13"},           /* compressed by nothing */
        {SLICE_INIT("\0\0\1\206\241"), "8"},        /* 100,001 bytes */
        {SLICE_INIT("\0\377\377\377\377"), "8"},    /* 4 GiB */
        {SLICE_INIT("\0\0\0\0\2\12\4"), "13"},      /* does not parse */
        {SLICE_INIT("\0\0\0\0\3\12\1\377"), "13"},  /* not UTF-8 */
        {SLICE_INIT("\0\0\0\0\5\12\3a\0b"), "3"},   /* NUL */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        played_setup(NULL);
        played_begin(SLICE(GET));
        played_send_body(cases[i].body);
        assert_refused(cases[i].code);
        assert_int_equal(chain_played.runs, 0);
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}

static void failures_of_parsing_name_the_field(void **state)
{
    (void)state;
    played_begin(SLICE(GET));
    played_send_body(SLICE("\0\0\0\0\3\12\1\377"));
    assert_true(slice_equal(played_sent(SLICE("grpc-message")),
                            SLICE("The message cannot be parsed: the string id is not UTF-8.")));
    played_close_exchange();
}

static void unknown_fields_are_dropped(void **state)
{
    (void)state;
    played_begin(SLICE(GET));
    played_send_body(SLICE("\0\0\0\0\14\12\4abcd\372\1\1x\10\5"));
    assert_answered();
    assert_true(slice_equal(played()->last, get_body));
    played_close_exchange();
}

/* -- compression ------------------------------------------------------------------------------ */

static void compressed_requests_are_unfolded(void **state)
{
    static const struct {
        enum encoding encoding;
        struct slice name;
    } cases[] = {{ENCODING_GZIP, SLICE_INIT("gzip")}, {ENCODING_DEFLATE, SLICE_INIT("deflate")}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct slice body;

        played_setup(NULL);
        body = compress__deflate(played()->exchange->arena, cases[i].encoding,
                                 slice_from(get_body, FRAME_PREFIX_LEN), FRAME_PREFIX_LEN);
        frame__write_prefix((char *)body.data, true, body.len - FRAME_PREFIX_LEN);
        played_add_header(SLICE("grpc-encoding"), cases[i].name);
        played_begin(SLICE(GET));
        played_send_body(body);
        assert_answered();
        assert_true(slice_equal(played()->last, get_body));
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}

static void compressed_request_may_not_unfold_beyond_the_bound(void **state)
{
    char *zeros = arena_zalloc(played()->exchange->arena, 100001);
    struct slice body = compress__deflate(played()->exchange->arena, ENCODING_GZIP,
                                          slice_make(zeros, 100001), 5);

    (void)state;
    frame__write_prefix((char *)body.data, true, body.len - FRAME_PREFIX_LEN);
    played_add_header(SLICE("grpc-encoding"), SLICE("gzip"));
    played_begin(SLICE(GET));
    played_send_body(body);
    assert_refused("8");
    played_close_exchange();
}

static void unsupported_encoding_is_told_what_is_taken(void **state)
{
    (void)state;
    played_add_header(SLICE("grpc-encoding"), SLICE("snappy"));
    played_begin(SLICE(GET));
    assert_refused("12");
    assert_true(
        slice_equal(played_sent(SLICE("grpc-accept-encoding")), SLICE("identity,gzip,deflate")));
    assert_false(played()->accepted);
    played_close_exchange();
}

static void answers_with_a_credential_are_never_compressed(void **state)
{
    (void)state;
    chain_played.response_len = 5000;
    chain_played.keep_plain = true;
    played_add_header(SLICE("grpc-accept-encoding"), SLICE("gzip"));
    played_begin(SLICE(GET));
    played_send_body(get_body);
    assert_answered();
    assert_int_equal(played_sent(SLICE("grpc-encoding")).len, 0);
    assert_int_equal(played()->last.data[0], 0);
    played_close_exchange();
}

static void metadata_of_the_chain_are_initial_metadata(void **state)
{
    static struct call_metadata pair = {.name = SLICE_INIT("deprecation"),
                                        .value = SLICE_INIT("true")};

    (void)state;
    chain_played.metadata = &pair;
    played_begin(SLICE(GET));
    played_send_body(get_body);
    assert_answered();
    assert_true(slice_equal(played_sent(SLICE("deprecation")), SLICE("true")));
    played_close_exchange();
}

static void a_cookie_is_no_credential_of_grpc(void **state)
{
    (void)state;
    played_add_header(SLICE("cookie"), SLICE("datastream=dss_x; datastream=dss_y"));
    played_add_header(SLICE("authorization"), SLICE("bearer  dsa_x"));
    played_begin(SLICE(GET));
    played_send_body(get_body);
    assert_answered();
    assert_null(chain_played.credentials.session.data);
    assert_true(slice_equal(chain_played.credentials.bearer, SLICE("dsa_x")));
    played_close_exchange();
}

static void answers_are_compressed_only_for_clients_that_ask(void **state)
{
    static const struct {
        struct slice accepts;
        size_t len;
        struct slice wanted;
    } cases[] = {
        {SLICE_INIT("identity,gzip"), 5000, SLICE_INIT("gzip")},
        {SLICE_INIT("deflate"), 5000, SLICE_INIT("deflate")},
        {SLICE_INIT("deflate, gzip"), 5000, SLICE_INIT("gzip")},
        {SLICE_INIT("identity"), 5000, SLICE_INIT("")},
        {SLICE_INIT("br"), 5000, SLICE_INIT("")},
        {SLICE_INIT("gzip"), 500, SLICE_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice message = SLICE_EMPTY;

        played_setup(NULL);
        chain_played.response_len = cases[i].len;
        played_add_header(SLICE("grpc-accept-encoding"), cases[i].accepts);
        played_begin(SLICE(GET));
        played_send_body(get_body);
        assert_answered();
        assert_true(slice_equal(played_sent(SLICE("grpc-encoding")), cases[i].wanted));
        assert_int_equal(played()->last.data[0], cases[i].wanted.len > 0);
        if (cases[i].wanted.len > 0) {
            assert_int_equal(compress__inflate(played()->exchange->arena,
                                               encoding__by_name(cases[i].wanted),
                                               slice_from(played()->last, 5), 10000, &message),
                             INFLATE_OK);
            assert_true(played()->last.len < 200);
        } else {
            message = slice_from(played()->last, 5);
        }
        assert_true(message.len > cases[i].len);
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}

static void too_large_answer_is_refused(void **state)
{
    (void)state;
    chain_played.response_len = 99990; /* and 10 bytes of tags, lengths and the id */
    played_begin(SLICE(GET));
    played_send_body(get_body);
    assert_answered();
    assert_int_equal(played()->last.len, FRAME_PREFIX_LEN + 100000);
    played_close_exchange();
    played_teardown(NULL);
    played_setup(NULL);
    chain_played.response_len = 99991;
    played_begin(SLICE(GET));
    played_send_body(get_body);
    assert_refused("8");
    played_close_exchange();
}

/* Both parts of an answer as a client reads them: the texts of two fields. */
static void assert_parts(struct slice message, size_t record, size_t description)
{
    const struct message_type *type = chain_played.call->method->output;
    const struct field *last_used_ip = message_field_by_name(type, SLICE("last_used_ip"));
    const struct field *text = message_field_by_name(type, SLICE("description"));
    const struct field *id = message_field_by_name(type, SLICE("id"));
    ProtobufCMessage *read = message_unpack(played()->exchange->arena, type, message);

    assert_non_null(read);
    assert_int_equal(read->n_unknown_fields, 0);
    assert_int_equal(field_get_string(read, last_used_ip).len, record);
    assert_int_equal(field_get_string(read, text).len, description);
    assert_string_equal(field_get_string(read, id).data, "abcd");
}

/*
 * Records come before the message beside them, as elements of a field or as they are, and count
 * with it; the bound is 100,000 bytes.
 */
static void answers_with_records_are_bounded_too(void **state)
{
    static char bytes[100001];
    const struct field field = {.number = 16}; /* last_used_ip */
    static const struct {
        size_t record, description;
        bool is_element, is_answered;
    } cases[] = {
        {3, 40, true, true},         {3, 600, true, true}, /* more than the packer's first room */
        {600, 40, true, true}, /* what comes before does not fit there */
        {600, 600, true, true},      {0, 40, true, true},
        {50000, 49985, true, true}, /* 5 bytes of its tag and length, and 10 beside the text */
        {50000, 49986, true, false}, {99996, 0, true, false},
        {100000, 0, false, true}, /* the record is the whole message */
        {100001, 0, false, false},
    };

    (void)state;
    memset(bytes, 'r', sizeof(bytes));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct slice body = slice_make(bytes, cases[i].record);
        const struct call_records records = {
            .field = cases[i].is_element ? &field : NULL, .bodies = &body, .count = 1};

        played_setup(NULL);
        chain_played.records = &records;
        chain_played.response_len = cases[i].description;
        played_begin(SLICE(GET));
        played_send_body(get_body);
        if (!cases[i].is_answered) {
            assert_refused("8");
        } else {
            struct slice message = slice_from(played()->last, FRAME_PREFIX_LEN);

            assert_answered();
            if (cases[i].is_element)
                assert_parts(message, cases[i].record, cases[i].description);
            else
                assert_true(slice_equal(message, body));
        }
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}

/* -- metadata and deadlines ---------------------------------------------------------------------
 */

static void too_much_metadata_is_refused(void **state)
{
    (void)state;
    played()->exchange->head.header_bytes = played_settings.max_metadata_bytes + 1;
    played_begin(SLICE(GET));
    assert_refused("8");
    assert_int_equal(chain_played.opens, 0);
    played_close_exchange();
}

static void deadlines_are_set_from_the_head(void **state)
{
    static const struct {
        struct slice text;
        const char *code; /* NULL: goes on */
        uint64_t ms;
    } cases[] = {
        {SLICE_INIT("250m"), NULL, 250},
        {SLICE_INIT("2H"), NULL, 7200000},
        {SLICE_INIT("0S"), "4", 0},
        {SLICE_INIT("soon"), "13", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        played_setup(NULL);
        played_add_header(SLICE("grpc-timeout"), cases[i].text);
        played_begin(SLICE(GET));
        if (cases[i].code != NULL)
            assert_refused(cases[i].code);
        else
            assert_true(played()->timeout_ms == cases[i].ms);
        assert_int_equal(chain_played.opens, cases[i].code == NULL);
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}

static void calls_without_a_deadline_get_the_servers(void **state)
{
    (void)state;
    played_begin(SLICE(GET));
    assert_true(played()->timeout_ms == played_settings.request_timeout_ms);
    played_close_exchange();
}

static void passed_deadline_answers_and_cancels(void **state)
{
    (void)state;
    chain_played.waits = true;
    played_begin(SLICE(GET));
    played_send_body(get_body);
    assert_false(played()->ended);
    played_timeout();
    assert_refused("4");
    assert_true(chain_played.call->cancelled);
    played_finish(chain_played.call); /* too late to be heard */
    assert_refused("4");
    played_close_exchange();
}

static void passed_deadline_of_a_client_cuts_a_stuck_answer(void **state)
{
    (void)state;
    played_add_header(SLICE("grpc-timeout"), SLICE("1S"));
    played_begin(SLICE(GET));
    played_send_body(get_body);
    assert_answered();
    played_timeout();
    assert_true(played()->was_reset);
    assert_int_equal(played()->answers, 1);
    played_close_exchange();
}

static void servers_own_deadline_leaves_a_given_answer(void **state)
{
    (void)state;
    played_begin(SLICE(GET));
    played_send_body(get_body);
    played_timeout();
    assert_false(played()->was_reset);
    assert_answered();
    played_close_exchange();
}

static void closed_exchange_cancels_and_hears_nothing_more(void **state)
{
    (void)state;
    chain_played.waits = true;
    played_begin(SLICE(GET));
    played_send_body(get_body);
    played_close_exchange();
    assert_true(chain_played.call->cancelled);
    played_finish(chain_played.call);
    assert_int_equal(played()->answers, 0);
}

/* -- health -------------------------------------------------------------------------------------
 */

#define HEALTH_CHECK "/grpc.health.v1.Health/Check"

static void health_is_answered_without_the_chain(void **state)
{
    static const struct {
        struct slice body;
        bool draining;
        const char *code; /* NULL: answered */
        struct slice wanted;
    } cases[] = {
        {SLICE_INIT("\0\0\0\0\0"), false, NULL, SLICE_INIT("\0\0\0\0\2\10\1")},
        {SLICE_INIT("\0\0\0\0\0"), true, NULL, SLICE_INIT("\0\0\0\0\2\10\2")},
        {SLICE_INIT("\0\0\0\0\37\12\35"
                    "datastream.v1.ApiTokenService"),
         false, NULL, SLICE_INIT("\0\0\0\0\2\10\1")},
        {SLICE_INIT("\0\0\0\0\10\12\6nobody"), false, "5", SLICE_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        played_setup(NULL);
        played_frontends.draining = cases[i].draining;
        played_begin(SLICE(HEALTH_CHECK));
        played_send_body(cases[i].body);
        played_frontends.draining = false;
        assert_int_equal(chain_played.runs, 0);
        if (cases[i].code != NULL) {
            assert_refused(cases[i].code);
        } else {
            assert_answered();
            assert_true(slice_equal(played()->last, cases[i].wanted));
        }
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}

/* -- memory -------------------------------------------------------------------------------------
 */

#ifdef DATASTREAM_FAULTS
/*
 * Whether an allocation failed in the call; then RESOURCE_EXHAUSTED must be what was answered, or
 * what says that the change was stored.
 */
static bool call_with_fault(unsigned long number, bool onward, bool is_stored)
{
    const struct field field = {.number = 16};
    const struct slice body = SLICE("10.0.0.1");
    const struct call_records records = {.field = &field, .bodies = &body, .count = 1};
    bool failed;

    played_setup(NULL);
    chain_played.is_stored = is_stored;
    chain_played.response_len = 5000;
    chain_played.records = onward ? &records : NULL;
    played_add_header(SLICE("grpc-accept-encoding"), SLICE("gzip"));
    played_add_header(SLICE("trace-bin"), SLICE("AAEC"));
    arena_fault_set(number, onward);
    played_begin(SLICE(GET));
    played_send_pieces(get_body, 6);
    if (!played()->ended)
        played_body_end();
    arena_fault_set(0, false);
    failed = arena_failed(played()->exchange->arena);
    if (failed)
        assert_refused(is_stored && chain_played.runs > 0 ? "13" : "8");
    else
        assert_answered();
    assert_int_equal(played()->holds, 0);
    played_close_exchange();
    played_teardown(NULL);
    return failed;
}

static void any_failed_allocation_is_said(void **state)
{
    (void)state;
    for (int mode = 0; mode < 4; mode++) {
        unsigned long number = 1;

        while (call_with_fault(number, mode % 2 != 0, mode >= 2))
            number++;
        assert_true(number > 10);
    }
    played_setup(NULL);
}

static void refusals_survive_failed_allocations(void **state)
{
    struct status_detail detail = {.type = DETAIL_ERROR_INFO, .subject = SLICE_INIT("DENIED")};
    bool failed = true;

    (void)state;
    for (unsigned long number = 1; failed; number++) {
        played_setup(NULL);
        chain_played.open_status = status_const(STATUS_PERMISSION_DENIED, SLICE("100 % no"));
        chain_played.open_status.details = &detail;
        arena_fault_set(number, false);
        played_begin(SLICE(GET));
        arena_fault_set(0, false);
        failed = arena_failed(played()->exchange->arena);
        assert_refused(failed ? "8" : "7");
        played_close_exchange();
        played_teardown(NULL);
    }
    played_setup(NULL);
}
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, played_setup, played_teardown)
    const struct CMUnitTest tests[] = {
        TEST(content_types_of_grpc_are_taken),
        TEST(other_versions_and_methods_are_refused_as_http),
        TEST(method_with_another_content_type_is_refused_as_http),
        TEST(path_with_a_query_is_no_method),
        TEST(unknown_methods_are_unimplemented),
        TEST(methods_that_nobody_runs_are_unimplemented),
        TEST(unary_call_is_answered),
        TEST(caller_is_refused_before_the_body_is_read),
        TEST(details_of_a_status_are_sent),
        TEST(status_of_the_handler_is_sent),
        TEST(wrong_bodies_run_no_handler),
        TEST(failures_of_parsing_name_the_field),
        TEST(unknown_fields_are_dropped),
        TEST(compressed_requests_are_unfolded),
        TEST(compressed_request_may_not_unfold_beyond_the_bound),
        TEST(unsupported_encoding_is_told_what_is_taken),
        TEST(answers_with_a_credential_are_never_compressed),
        TEST(metadata_of_the_chain_are_initial_metadata),
        TEST(a_cookie_is_no_credential_of_grpc),
        TEST(answers_are_compressed_only_for_clients_that_ask),
        TEST(too_large_answer_is_refused),
        TEST(answers_with_records_are_bounded_too),
        TEST(too_much_metadata_is_refused),
        TEST(deadlines_are_set_from_the_head),
        TEST(calls_without_a_deadline_get_the_servers),
        TEST(passed_deadline_answers_and_cancels),
        TEST(passed_deadline_of_a_client_cuts_a_stuck_answer),
        TEST(servers_own_deadline_leaves_a_given_answer),
        TEST(closed_exchange_cancels_and_hears_nothing_more),
        TEST(health_is_answered_without_the_chain),
#ifdef DATASTREAM_FAULTS
        TEST(any_failed_allocation_is_said),
        TEST(refusals_survive_failed_allocations),
#endif
    };

    return cmocka_run_group_tests(tests, played_group_setup, played_group_teardown);
}
