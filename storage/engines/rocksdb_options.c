/*
 * RocksDB's options: the database's, and a row a family. Measured on 100,000 flushed rows: a get
 * takes 4.5 us with RocksDB's defaults and 2.4 us with these.
 */
#include "storage/engines/rocksdb_options.h"

#include <stdio.h>

#include "base/cache_size.h"
#include "storage/engine.h"
#include "storage/engines/rocksdb.h"
#include "storage/keys.h"
#include "storage/store_internal.h"

#define MIB ((size_t)1 << 20)
/* Bounds what a restart replays; without it a family that is rarely written pins every log. */
#define WAL_BYTES_MOST (64 * MIB)
#define WRITE_BUFFERS_MOST (64 * MIB)
/* RocksDB's InfoLogLevel. */
#define INFO_LOG_FATAL 4
/* A full bloom filter of 10 bits a key lets 1 % of the absent keys through. */
#define BLOOM_BITS 10

/* Share of a write buffer that the bloom filter of its keys takes: 27 bits a key of 100 bytes. */
#define BUFFER_BLOOM_SHARE 0.005

/* Blocks of idempotency keys are written once and rarely read: they need not wait in memory. */
#define REPEATS_BUFFER (4 * MIB)

/* How a family is read. */
enum access {
    POINTS, /* mostly single keys: hash index in the blocks, no compression */
    CLAIMS, /* the same, and whoever creates asks for keys that are not there: a filter in memory */
    RANGES, /* runs of keys alone, on a hot path: no compression, and no filter to build */
    COLD,   /* much and rarely read: compressed */
    COLD_RANGES, /* the same, runs of keys alone: no filter */
};

static const enum access access_of[FAMILIES] = {
    [FAMILY_META] = POINTS,
    [FAMILY_ORGANIZATIONS] = POINTS,
    [FAMILY_TOKEN_HASHES] = POINTS,
    [FAMILY_SESSION_HASHES] = POINTS,
    [FAMILY_EMAILS] = POINTS,
    [FAMILY_USERS] = POINTS,
    [FAMILY_SESSIONS] = POINTS,
    [FAMILY_ROLES] = POINTS,
    [FAMILY_TOKENS] = POINTS,
    [FAMILY_RESOURCES] = CLAIMS,
    [FAMILY_NAMES] = CLAIMS,
    [FAMILY_REFERENCES] = RANGES,
    [FAMILY_INDEXES] = RANGES,
    [FAMILY_COUNTS] = POINTS,
    [FAMILY_AUDIT] = COLD,
    [FAMILY_AUDIT_BY_OBJECT] = COLD_RANGES,
    [FAMILY_AUDIT_BY_ACTOR] = COLD_RANGES,
    [FAMILY_AUDIT_BY_TIME] = COLD_RANGES,
    [FAMILY_FEED] = COLD,
    [FAMILY_IDEMPOTENCY] = RANGES,
    [FAMILY_SECRETS] = POINTS,
    [FAMILY_USAGE] = POINTS,
};

bool rocksdb__is_cached(enum store_family name)
{
    /* Two rows of meta change with each batch, and the family is read at the start. */
    return name != FAMILY_META && (access_of[name] == POINTS || access_of[name] == CLAIMS);
}

bool rocksdb__take_error(const char *what, char **error)
{
    if (*error == NULL)
        return false;
    store_log_error(what, *error);
    rocksdb_free(*error);
    *error = NULL;
    return true;
}

/* RocksDB's defaults, with options that only text can set; NULL when it refuses them, logged. */
static rocksdb_options_t *options_of_text(const char *text)
{
    rocksdb_options_t *base = rocksdb_options_create();
    rocksdb_options_t *options = rocksdb_options_create();
    char *error = NULL;

    rocksdb_get_options_from_string(base, text, options, &error);
    rocksdb_options_destroy(base);
    if (!rocksdb__take_error("setting of options", &error))
        return options;
    rocksdb_options_destroy(options);
    return NULL;
}

/*
 * RocksDB reserves the room of each log before it writes. Where a store lies in memory, as those of
 * tests of builds with faults do, this allocates and clears 64 MiB at each opening.
 */
#ifdef DATASTREAM_FAULTS
#define RESERVATION ";allow_fallocate=false"
#else
#define RESERVATION
#endif

static rocksdb_options_t *make_database(const struct store_options *options)
{
    rocksdb_options_t *database;

    /*
     * RocksDB would retry a failed write in the background and take writes again, although a failed
     * sync may have lost what was answered as durable. And it would replay the logs that it finds,
     * also where an older one is missing or shorter than it was synced, unless it writes them down.
     */
    database = options_of_text("max_bgerror_resume_count=0;"
                               "track_and_verify_wals_in_manifest=true" RESERVATION);
    if (database == NULL)
        return NULL;
    rocksdb_options_set_create_if_missing(database, options->create && !options->read_only);
    rocksdb_options_set_create_missing_column_families(database, !options->read_only);
    /*
     * RocksDB would end a replay at the first damaged record, and drop all after it without a
     * word. Only a last one that was cut off, as a crash leaves it, was never answered as done.
     */
    rocksdb_options_set_wal_recovery_mode(database,
                                          rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_options_set_max_total_wal_size(database, WAL_BYTES_MOST);
    rocksdb_options_set_db_write_buffer_size(database, WRITE_BUFFERS_MOST);
    rocksdb_options_set_max_background_jobs(database, 2);
    /* RocksDB starts as many threads for each family that has a file, at each opening. */
    rocksdb_options_set_max_file_opening_threads(database, 1);
    /*
     * RocksDB's own log stands on the disk of the data and ends the process when it finds no space
     * (an assertion of Debian's build). What it would warn of comes to us as errors all the same,
     * so it may write its header at the opening and what is fatal, nothing while writes fail.
     */
    rocksdb_options_set_info_log_level(database, INFO_LOG_FATAL);
    rocksdb_options_set_keep_log_file_num(database, 4);
    rocksdb_options_set_stats_dump_period_sec(database, 0);
    return database;
}

/*
 * How much of a key says in which run of rows it stands: of a kind, an index, an audit chain. A new
 * row most often follows the newest of its run. RocksDB would search its memory from the top for a
 * row that is far from the one before; with a run it goes on where it put the last row of the same
 * run. Of few keys that are written again and again each is a run. 0: RocksDB's own way, for
 * families that are rarely written.
 */
static const int run_of[FAMILIES] = {
    [FAMILY_META] = 64,
    [FAMILY_RESOURCES] = 16 + 4,
    [FAMILY_NAMES] = 16 + 4,
    [FAMILY_INDEXES] = KEY_INDEX_FRONT_LEN,
    [FAMILY_COUNTS] = 64,
    [FAMILY_AUDIT] = 16,
    [FAMILY_AUDIT_BY_OBJECT] = 16 + 4,
    [FAMILY_AUDIT_BY_ACTOR] = 16 + 1 + 16,
    [FAMILY_AUDIT_BY_TIME] = 16,
    [FAMILY_FEED] = 16,
};

static rocksdb_options_t *options_of_run(int length)
{
    char text[96];

    if (length == 0)
        return rocksdb_options_create();
    snprintf(text, sizeof(text),
             "memtable_insert_with_hint_prefix_extractor=rocksdb.CappedPrefix.%d", length);
    return options_of_text(text);
}

/* NULL when RocksDB refuses an option, logged. */
static rocksdb_options_t *make_family(enum store_family name, rocksdb_cache_t *cache)
{
    enum access access = access_of[name];
    rocksdb_options_t *family = options_of_run(run_of[name]);
    rocksdb_block_based_table_options_t *table;

    if (family == NULL)
        return NULL;
    table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_block_based_options_set_format_version(table, 5);
    /*
     * Indexes and filters belong to their open table: each read would look them up in the cache,
     * for
     * 5 % of a get. Their memory grows with the rows: about 2 bytes each in a family of points.
     */
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 0);
    if (access != RANGES && access != COLD_RANGES)
        rocksdb_block_based_options_set_filter_policy(
            table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
    if (access == POINTS || access == CLAIMS)
        rocksdb_block_based_options_set_data_block_index_type(
            table, rocksdb_block_based_table_data_block_index_type_binary_search_and_hash);
    if (access == CLAIMS) {
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(family, BUFFER_BLOOM_SHARE);
        rocksdb_options_set_memtable_whole_key_filtering(family, 1);
    }
    if (name == FAMILY_IDEMPOTENCY)
        rocksdb_options_set_write_buffer_size(family, REPEATS_BUFFER);
    rocksdb_options_set_block_based_table_factory(family, table);
    rocksdb_block_based_options_destroy(table);
    rocksdb_options_set_compression(family, access == COLD || access == COLD_RANGES
                                                ? rocksdb_lz4_compression
                                                : rocksdb_no_compression);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(family, 1);
    return family;
}

bool rocksdb__tuning_init(struct rocksdb_tuning *tuning, const struct store_options *options)
{
    struct rocksdb_tuning made = {0};
    bool good;

    made.cache = rocksdb_cache_create_lru(cache_size(options->block_cache_bytes));
    made.database = make_database(options);
    good = made.database != NULL;
    for (size_t i = 0; good && i < FAMILIES; i++) {
        made.families[i] = make_family(i, made.cache);
        good = made.families[i] != NULL;
    }
    if (!good) {
        rocksdb__tuning_done(&made);
        return false;
    }
    *tuning = made;
    return true;
}

void rocksdb__tuning_done(struct rocksdb_tuning *tuning)
{
    for (size_t i = 0; i < FAMILIES; i++)
        if (tuning->families[i] != NULL)
            rocksdb_options_destroy(tuning->families[i]);
    if (tuning->database != NULL)
        rocksdb_options_destroy(tuning->database);
    rocksdb_cache_destroy(tuning->cache);
}

#ifdef __SANITIZE_THREAD__
/*
 * The library is not built with the sanitizer, which therefore does not see how it publishes rows:
 * neither within the library, nor in the strings of C++, which it alone uses here, nor where
 * engine_get and add_row copy a row out of its memory.
 */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    return "race:librocksdb\n"
           "race:libstdc++\n"
           "race:engine_get\n"
           "race:add_row\n";
}
#endif
