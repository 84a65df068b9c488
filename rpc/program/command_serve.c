/*
 * serve: contract, store, chain, frontends and sockets wired together, and the maintenance of each
 * minute.
 */
#include "rpc/program/command_serve.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "rest/rest.h"
#include "rest/rest_refuse.h"
#include "rpc/call/chain.h"
#include "rpc/call/idempotency.h"
#include "rpc/call/idempotency_trim.h"
#include "rpc/call/time_floor.h"
#include "rpc/frontend/frontend_stream.h"
#include "rpc/grpc/grpc.h"
#include "rpc/grpc/grpc_refuse.h"
#include "rpc/net/client.h"
#include "rpc/net/origin.h"
#include "rpc/net/server.h"
#include "rpc/program/program.h"
#include "rpc/program/setup_token.h"
#include "rpc/program/store_keys.h"
#include "rpc/services/owner.h"
#include "rpc/services/services.h"
#include "rpc/services/sign_in_limits.h"
#include "storage/feed.h"
#include "storage/feed_trim.h"

/*
 * Each minute writes down what is kept in memory, the clock's floor and the last uses of tokens,
 * and trims the change feed and expired idempotency keys: on a thread of its own, since it waits
 * for the disk.
 */
struct maintenance {
    pthread_t thread;
    pthread_mutex_t lock; /* guards `stop` */
    pthread_cond_t wake;
    bool stop;
    struct frontends *frontends;
    unsigned loops;
    struct feed_trimmer *trimmer;
    struct idempotency_trimmer keys;
};

/* One round of trimming; whether another one is due at once. */
static bool maintenance_trim(struct maintenance *maintenance)
{
    const struct settings *settings = maintenance->frontends->settings;
    const struct feed_limits limits = {.keep_ms = (int64_t)settings->feed_keep_ms,
                                       .keep_rows = settings->feed_keep_rows};
    struct store *store = maintenance->frontends->store;
    bool more = feed_trim(maintenance->trimmer, &limits, clock_wall_ms());

    return idempotency_trim(&maintenance->keys, store, time_floor_believed_ms()) || more;
}

/* Waits for the interval, or for the stop; under the lock. */
static void maintenance_wait(struct maintenance *maintenance)
{
    uint64_t ms = maintenance->frontends->settings->maintenance_interval_ms;
    struct timespec until;
    int ended;

    assert(!maintenance->stop); /* or nobody would wake it */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    ended = pthread_cond_timedwait(&maintenance->wake, &maintenance->lock, &until);
    assert(ended == 0 || ended == ETIMEDOUT); /* else rounds would follow without a rest */
    (void)ended;
}

static void *maintenance_run(void *context)
{
    struct maintenance *maintenance = context;
    bool trims = false;

    pthread_mutex_lock(&maintenance->lock);
    while (!maintenance->stop) {
        if (!trims)
            maintenance_wait(maintenance);
        if (maintenance->stop)
            break;
        pthread_mutex_unlock(&maintenance->lock);
        if (!trims) {
            time_floor_persist(maintenance->frontends->store);
            for (unsigned i = 0; i < maintenance->loops; i++)
                chain_loop_flush(maintenance->frontends->loops[i]);
        }
        trims = maintenance_trim(maintenance);
        pthread_mutex_lock(&maintenance->lock);
    }
    pthread_mutex_unlock(&maintenance->lock);
    return NULL;
}

static void maintenance_free(struct maintenance *maintenance)
{
    if (maintenance->trimmer != NULL)
        feed_trimmer_free(maintenance->trimmer);
    pthread_cond_destroy(&maintenance->wake);
    pthread_mutex_destroy(&maintenance->lock);
}

static bool maintenance_start(struct maintenance *maintenance, struct frontends *frontends,
                              unsigned loops)
{
    *maintenance = (struct maintenance){
        .frontends = frontends, .loops = loops, .trimmer = feed_trimmer_new(frontends->store)};
    pthread_mutex_init(&maintenance->lock, NULL);
    pthread_cond_init(&maintenance->wake, NULL);
    if (maintenance->trimmer != NULL &&
        pthread_create(&maintenance->thread, NULL, maintenance_run, maintenance) == 0)
        return true;
    maintenance_free(maintenance);
    return false;
}

static void maintenance_stop(struct maintenance *maintenance)
{
    pthread_mutex_lock(&maintenance->lock);
    assert(!maintenance->stop);                                  /* it is stopped once */
    assert(!pthread_equal(pthread_self(), maintenance->thread)); /* no thread joins itself */
    maintenance->stop = true;
    pthread_cond_signal(&maintenance->wake);
    pthread_mutex_unlock(&maintenance->lock);
    pthread_join(maintenance->thread, NULL);
    maintenance_free(maintenance);
}

#ifdef DATASTREAM_FAULTS
/*
 * Builds with faults let a test fail an allocation of one request: "x-datastream-fault: 7" the
 * seventh, "7+" that and all later ones. One request at a time on one loop.
 */
static void fault_apply(const struct exchange *exchange)
{
    struct slice value = SLICE_EMPTY;
    uint64_t number = 0;
    bool onward;

    exchange_header(exchange, SLICE("x-datastream-fault"), &value);
    onward = slice_ends_with(value, SLICE("+"));
    value.len -= onward ? 1 : 0;
    slice_to_u64(value, &number);
    arena_fault_arm(exchange->arena, (unsigned long)number, onward);
}
#endif

static void begin(void *context, struct exchange *exchange)
{
    struct frontends *frontends = context;

#ifdef DATASTREAM_FAULTS
    fault_apply(exchange);
#endif
    if (grpc_is_for(frontends->grpc, exchange))
        grpc_begin(frontends->grpc, exchange);
    else
        rest_begin(frontends->rest, exchange);
}

/* Only a whole head tells gRPC from others; a refused one may have lost its content type. */
static bool refuse(void *context, struct exchange *exchange, int status, const char *detail,
                   bool is_cut)
{
    (void)context;
    if (!grpc_takes(exchange))
        return rest_refuse(exchange, status, detail);
    grpc_refuse(exchange, status, detail, is_cut);
    return true;
}

static void turn_ended(void *context, unsigned loop)
{
    const struct frontends *frontends = context;

    assert(loop < frontends->settings->workers); /* each loop has its own part of the chain */
    chain_loop_end_turn(frontends->loops[loop]);
}

static void draining(void *context)
{
    struct frontends *frontends = context;

    __atomic_store_n(&frontends->draining, true, __ATOMIC_RELAXED);
    grpc_drain(frontends->grpc);
    chain_drain(frontends->chain);
}

static struct status frontends_make(struct frontends *frontends, struct program *program,
                                    const struct options *options, struct setup_gate *gate,
                                    struct sign_in_limits *limits, struct arena *arena)
{
    struct chain_options chain = {
        .contract = program->contract,
        .store = program->store,
        .identities = program->identities,
        .settings = &options->settings,
        .handlers = services_handlers(),
        .operations = services_operations(),
        .streams = services_streams(),
        .limit_answer = services_limit_answer,
        .show_again = services_show_again,
        .news = program->news,
        .setup = setup_gate_is_required(gate) ? gate : NULL,
        .sign_in_limits = limits,
    };
    const struct hooks *hooks = NULL;
    struct grpc *grpc = NULL;
    struct rest *rest = NULL;
    struct status status = services_bind(program->contract, arena, &hooks);

    chain.services = hooks;
    memcpy(chain.page_key, program->page_key, sizeof(chain.page_key));
    memcpy(chain.csrf_key, program->csrf_key, sizeof(chain.csrf_key));
    memcpy(chain.replay_key, program->replay_key, sizeof(chain.replay_key));
    chain.secret_keys = program->secret_keys;
    *frontends = (struct frontends){.contract = program->contract,
                                    .calls = &chain_calls,
                                    .settings = &options->settings,
                                    .store = program->store,
                                    .setup = chain.setup};
    if (status_is_ok(status))
        status = chain_new(&chain, arena, &frontends->chain);
    if (status_is_ok(status))
        status = grpc_new(frontends, arena, &grpc);
    if (status_is_ok(status))
        status = rest_new(frontends, arena, &rest);
    frontends->grpc = grpc;
    frontends->rest = rest;
    return status;
}

static struct status loops_make(struct frontends *frontends, unsigned count, struct arena *arena)
{
    assert(count > 0 && count == frontends->settings->workers);
    assert(frontends->loops == NULL && frontends->chain != NULL);
    frontends->loops = arena_array(arena, count, sizeof(frontends->loops[0]));
    frontends->wakers = arena_array(arena, count, sizeof(frontends->wakers[0]));
    if (arena_failed(arena))
        return status_out_of_memory();
    for (unsigned i = 0; i < count; i++) {
        frontends->loops[i] = chain_loop_new(frontends->chain);
        if (frontends->loops[i] == NULL)
            return status_out_of_memory();
        chain_loop_gather(frontends->loops[i]);
    }
    return status_ok();
}

static void loops_free(struct frontends *frontends, unsigned count)
{
    for (unsigned i = 0; frontends->loops != NULL && i < count; i++)
        if (frontends->loops[i] != NULL)
            chain_loop_free(frontends->loops[i]);
}

static void print_ready(const struct server *server)
{
    printf("ready");
    for (size_t i = 0; server_address(server, i) != NULL; i++) {
        const char *address = server_address(server, i);

        printf(strncmp(address, "unix:", 5) == 0 ? " %s" : " http://%s", address);
    }
    printf("\n");
    fflush(stdout);
}

static unsigned loops_wanted(const struct settings *settings)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (settings->workers != 0)
        return (unsigned)settings->workers;
    return cores < 1 ? 1 : (unsigned)cores;
}

static struct status serve(struct frontends *frontends, struct options *options,
                           const struct proxies *proxies, struct arena *arena)
{
    struct server_options listen = {
        .settings = &options->settings,
        .listen_count = options->listen_count,
        .insecure_listen = options->insecure_listen,
        .proxies = proxies,
        .begin = begin,
        .refuse = refuse,
        .turn_ended = turn_ended,
        .draining = draining,
        .context = frontends,
    };
    unsigned workers = loops_wanted(&options->settings);
    struct server *server;
    struct maintenance maintenance;
    struct status status;

    memcpy(listen.listen, options->listen, sizeof(listen.listen));
    options->settings.workers = workers;
    status = loops_make(frontends, workers, arena);
    if (status_is_ok(status) && !maintenance_start(&maintenance, frontends, workers))
        status = status_const(STATUS_UNAVAILABLE, SLICE("A thread could not be started."));
    else if (status_is_ok(status)) {
        status = server_start(&listen, arena, &server);
        if (status_is_ok(status)) {
            print_ready(server);
            rest_write_documents(frontends->rest);
            server_run(server);
            server_free(server);
            rest_write_documents_end(frontends->rest);
            grpc_end(frontends->grpc);
        }
        maintenance_stop(&maintenance);
    }
    loops_free(frontends, workers);
    return status;
}

/* An organization that nobody owns: of a store that is older than users. */
static void warn_without_owner(const struct program *program, struct store_view *view,
                               const struct store_row *row, struct arena *arena)
{
    struct slice key = SLICE_EMPTY;
    struct slice user = SLICE_EMPTY;
    char id[UUID_TEXT_LEN];
    struct uuid organization;

    if (row->key.len != sizeof(organization.bytes))
        return;
    memcpy(organization.bytes, row->key.data, sizeof(organization.bytes));
    if (owner_key(arena, program->contract, &organization, row->value, &key) && key.len > 0 &&
        store_get(view, FAMILY_USERS, key, &user) == STORE_FOUND &&
        owner_has_role(arena, program->identities, user))
        return;
    uuid_format(&organization, id);
    log_event(LOG_WARNING, "owner_missing", LOG_STR("organization", slice_make(id, sizeof(id))),
              LOG_CSTR("remedy", "datastreamd owner-reset"));
}

#define ORGANIZATIONS_WARNED_MOST 100

/* A store without an organization waits for its setup. */
static struct status setup_prepare(struct program *program, const struct options *options,
                                   struct arena *arena, struct setup_gate *gate)
{
    static const char last[16 + 1] =
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    struct store_view *view = store_view_open(program->store, arena);
    struct store_rows rows = {0};
    struct status status;

    if (view == NULL)
        return status_out_of_memory();
    if (store_scan(view, FAMILY_ORGANIZATIONS, SLICE_EMPTY, slice_make(last, 16), false,
                   ORGANIZATIONS_WARNED_MOST, &rows) != STORE_FOUND)
        return status_const(STATUS_UNAVAILABLE, SLICE("The store cannot be read."));
    for (size_t i = 0; i < rows.count; i++)
        warn_without_owner(program, view, &rows.rows[i], arena);
    if (rows.count > 0) {
        setup_token__forget(options, arena);
        return status_ok();
    }
    status = store_keys__expect_organization(program, arena);
    if (!status_is_ok(status))
        return status;
    assert(program->secret_keys.data_count > 0); /* of the organization that is expected */
    gate->organization = program->secret_keys.data[0].organization;
    return setup_token__begin(options, arena, gate);
}

static struct status listeners_check(const struct options *options, struct arena *arena)
{
    struct server_options listen = {
        .listen_count = options->listen_count,
        .insecure_listen = options->insecure_listen,
    };

    memcpy(listen.listen, options->listen, sizeof(listen.listen));
    return server_check(&listen, arena);
}

/*
 * What the options say of proxies, and of the server as browsers see it: empty where they are
 * silent.
 */
static struct status proxies_read(const struct options *options, struct arena *arena,
                                  struct slice *ret_origin, struct proxies *ret_proxies)
{
    if (options->public_url != NULL &&
        !origin_parse(arena, slice_from_cstr(options->public_url), ret_origin))
        return status_make(arena, STATUS_INVALID_ARGUMENT,
                           "The flag --public-url must be a scheme and an authority, such as "
                           "https://data.example.com, not \"%s\".",
                           options->public_url);
    if (options->trusted_proxies == NULL)
        return status_ok();
    return proxies_parse(arena, slice_from_cstr(options->trusted_proxies), ret_proxies);
}

static struct status limits_make(const struct settings *settings,
                                 struct sign_in_limits **ret_limits)
{
    const struct sign_in_bounds bounds = {
        .account = (unsigned)settings->max_failed_sign_ins,
        .source = (unsigned)settings->max_source_failed_sign_ins,
    };
    uint8_t seed[32];

    if (!random_fill(seed, sizeof(seed)))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    *ret_limits = sign_in_limits_new(&bounds, seed);
    return *ret_limits == NULL ? status_out_of_memory() : status_ok();
}

/* Everything that may log runs in here. */
static struct status run(struct options *options, struct arena *arena)
{
    struct program program;
    struct frontends frontends = {0};
    struct slice origin = SLICE_EMPTY;
    struct proxies proxies = {0};
    struct setup_gate gate = {.required = false};
    struct sign_in_limits *limits = NULL;
    struct status status = listeners_check(options, arena);

    if (status_is_ok(status))
        status = proxies_read(options, arena, &origin, &proxies);
    if (status_is_ok(status))
        status = program__open(options, STORE_FOR_SETUP, arena, &program);
    if (!status_is_ok(status))
        return status;
    status = setup_prepare(&program, options, arena, &gate);
    if (status_is_ok(status))
        status = time_floor_load(program.store, arena);
    if (status_is_ok(status))
        status = program__choose_engine(&program, options, arena);
    if (status_is_ok(status))
        time_floor_persist(program.store);
    if (status_is_ok(status))
        status = limits_make(&options->settings, &limits);
    if (status_is_ok(status))
        status = frontends_make(&frontends, &program, options, &gate, limits, arena);
    if (status_is_ok(status)) {
        log_event(LOG_INFO, "start", LOG_CSTR("version", DATASTREAM_VERSION),
                  LOG_CSTR("key_file", options->key_file),
                  LOG_STR("key_id", slice_make(program.wrapping.id, KEY_ID_LEN)),
                  LOG_INT("revision", store_revision(program.store)));
        frontends.public_origin = origin;
        status = serve(&frontends, options, options->trusted_proxies == NULL ? NULL : &proxies,
                       arena);
    }
    if (frontends.chain != NULL)
        chain_free(frontends.chain);
    sign_in_limits_free(limits);
    if (status_is_ok(status) && !store_is_read_only(program.store))
        time_floor_persist(program.store);
    program__close(&program);
    log_event(LOG_INFO, "stop", LOG_CSTR("version", DATASTREAM_VERSION));
    return status;
}

int command__serve(const struct options *given, struct arena *arena)
{
    struct options options = *given;
    struct status status = log_start((size_t)options.settings.max_log_queue_kib << 10)
                               ? run(&options, arena)
                               : status_const(STATUS_UNAVAILABLE,
                                              SLICE("A thread could not be started."));

    log_stop();
    return status_is_ok(status) ? 0 : program__fail(status);
}
