/* Files in memory, by path. */
#include "rest/files.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/header_elements.h"
#include "base/log.h"
#include "base/text.h"
#include "rest/negotiate.h"

/* The documents are large and compressed at each start: most of the gain for little of the time. */
#define GZIP_LEVEL 4
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8
#define GZIP_BYTES_MOST ((size_t)64 << 20)

/* From a try that failed to the next one. */
#define AGAIN_US 1000000

/* The thread writes everything before it moves `state` away from FILE_COMES, and nothing after. */
struct late_form {
    unsigned number; /* of its text */
    atomic_uint state;
    struct arena arena; /* while it is there: of what follows */
    struct slice gzip;
    struct slice etag;
    size_t len; /* of the plain form */
};

struct unfolding {
    z_stream stream;
    char *bytes;
    size_t len; /* of the whole plain form */
};

struct entry {
    struct entry *next;
    struct file file;
};

struct files {
    struct arena *arena;
    struct entry *first;
    files_writer *writer; /* NULL until files__write, and after its end */
    const void *writer_context;
    pthread_mutex_t lock; /* guards the rest */
    pthread_t thread;
    bool is_thread;  /* to be joined */
    bool is_writing; /* the thread has not ended its work */
    int64_t ended_us;
};

struct files *files__new(struct arena *arena)
{
    struct files *files = arena_zalloc(arena, sizeof(*files));

    if (files == NULL)
        return NULL;
    files->arena = arena;
    pthread_mutex_init(&files->lock, NULL);
    return files;
}

static uint64_t digest_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
    return hash ^ hash >> 29;
}

/*
 * Eight bytes a step: tells one content from another, never where somebody could gain by a
 * collision.
 */
static uint64_t digest(struct slice bytes)
{
    uint64_t hash = bytes.len;
    uint64_t word = 0;
    size_t at = 0;

    for (; bytes.len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, bytes.data + at, sizeof(word));
        hash = digest_word(hash, word);
    }
    word = 0;
    memcpy(&word, bytes.data + at, bytes.len - at);
    return digest_word(hash, word);
}

static struct slice make_etag(struct arena *arena, struct slice bytes)
{
    return arena_printf(arena, "\"%016llx\"", (unsigned long long)digest(bytes));
}

/* Empty where memory ended, or where it would not be smaller. */
static struct slice gzip(struct arena *arena, struct slice bytes)
{
    z_stream stream = {0};
    uint8_t *out;
    uLong most;
    bool done;

    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return SLICE_EMPTY;
    most = deflateBound(&stream, (uLong)bytes.len);
    out = arena_alloc(arena, most);
    stream.next_in = (Bytef *)(uintptr_t)bytes.data;
    stream.avail_in = (uInt)bytes.len;
    stream.next_out = out;
    stream.avail_out = (uInt)most;
    done = out != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    most = stream.total_out;
    deflateEnd(&stream);
    return done && most < bytes.len ? slice_make(out, most) : SLICE_EMPTY;
}

/* NULL when the arena failed. */
static struct entry *add(struct files *files, const struct file *file)
{
    struct entry *entry = arena_zalloc(files->arena, sizeof(*entry));

    if (entry == NULL)
        return NULL;
    assert(file->path.len > 0 && file->path.data[0] == '/');
    entry->file = *file;
    entry->next = files->first;
    files->first = entry;
    return entry;
}

struct status files__add(struct files *files, const struct file *file)
{
    struct entry *entry = add(files, file);

    if (entry != NULL && file->etag.len == 0)
        entry->file.etag = make_etag(files->arena, file->bytes);
    return arena_failed(files->arena) ? status_out_of_memory() : status_ok();
}

struct status files__add_late(struct files *files, const struct file *file, unsigned number)
{
    struct late_form *late = arena_zalloc(files->arena, sizeof(*late));
    struct entry *entry = add(files, file);

    assert(number < FILES_LATE_MOST && file->bytes.len == 0 && file->etag.len == 0);
    if (late == NULL || entry == NULL)
        return status_out_of_memory();
    late->number = number;
    atomic_init(&late->state, FILE_COMES);
    entry->file.late = late;
    return status_ok();
}

struct status files_add_rows(struct files *files, const struct file_row *rows,
                             const struct header *headers, size_t header_count)
{
    struct status status = status_ok();

    for (const struct file_row *row = rows; row->path != NULL && status_is_ok(status); row++) {
        struct file file = {
            .path = slice_from_cstr(row->path),
            .content_type = slice_from_cstr(row->content_type),
            .cache_control = slice_from_cstr(row->cache_control),
            .etag = slice_from_cstr(row->etag),
            .bytes = row->bytes,
            .gzip = row->gzip,
            .brotli = row->brotli,
            .headers = headers,
            .header_count = header_count,
        };

        status = files__add(files, &file);
    }
    return status;
}

/* Keeps what is served of the text; empty: there is none. */
static void late_form_write(const struct file *file, struct slice text)
{
    struct late_form *late = file->late;
    struct arena scratch; /* zlib's bound is far above what comes out */
    bool is_there = false;

    if (text.len > 0) {
        arena_init(&late->arena, NULL, GZIP_BYTES_MOST);
        arena_init(&scratch, NULL, GZIP_BYTES_MOST);
        late->gzip = arena_copy(&late->arena, gzip(&scratch, text));
        arena_done(&scratch);
        late->etag = make_etag(&late->arena, text);
        late->len = text.len;
        is_there = late->gzip.len > 0 && late->etag.len > 0;
        if (!is_there)
            arena_done(&late->arena);
    }
    if (!is_there)
        log_event(LOG_ERROR, "document.failed", LOG_STR("path", file->path),
                  LOG_CSTR("reason", "out of memory"));
    atomic_store_explicit(&late->state, is_there ? FILE_IS_THERE : FILE_FAILED,
                          memory_order_release);
}

static void *write_all(void *context)
{
    struct files *files = context;
    struct slice texts[FILES_LATE_MOST] = {0};
    struct arena scratch;
    struct status status;

    arena_init(&scratch, NULL, files->arena->limit);
    status = files->writer(files->writer_context, &scratch, texts);
    for (struct entry *entry = files->first; entry != NULL; entry = entry->next) {
        const struct late_form *late = entry->file.late;

        if (late != NULL && files__state(&entry->file) == FILE_COMES)
            late_form_write(&entry->file, status_is_ok(status) ? texts[late->number] : SLICE_EMPTY);
    }
    arena_done(&scratch);
    pthread_mutex_lock(&files->lock);
    files->is_writing = false;
    files->ended_us = clock_monotonic_us();
    pthread_mutex_unlock(&files->lock);
    return NULL;
}

/* The caller holds the lock. Whether a thread was started. */
static bool start_writing(struct files *files)
{
    files->is_thread = pthread_create(&files->thread, NULL, write_all, files) == 0;
    files->is_writing = files->is_thread;
    return files->is_thread;
}

void files__write(struct files *files, files_writer *writer, const void *context)
{
    bool is_started;

    assert(files->writer == NULL);
    files->writer = writer;
    files->writer_context = context;
    pthread_mutex_lock(&files->lock);
    is_started = start_writing(files);
    pthread_mutex_unlock(&files->lock);
    if (!is_started)
        write_all(files);
}

static void move_late(struct files *files, enum file_state from, enum file_state to)
{
    for (struct entry *entry = files->first; entry != NULL; entry = entry->next)
        if (entry->file.late != NULL && files__state(&entry->file) == from)
            atomic_store_explicit(&entry->file.late->state, to, memory_order_release);
}

bool files__write_again(struct files *files)
{
    bool is_writing;

    pthread_mutex_lock(&files->lock);
    if (!files->is_writing && clock_monotonic_us() - files->ended_us >= AGAIN_US) {
        if (files->is_thread) /* it has let go of the lock, which was the last that it did */
            pthread_join(files->thread, NULL);
        move_late(files, FILE_FAILED, FILE_COMES);
        if (!start_writing(files)) {
            move_late(files, FILE_COMES, FILE_FAILED);
            files->ended_us = clock_monotonic_us();
        }
    }
    is_writing = files->is_writing;
    pthread_mutex_unlock(&files->lock);
    return is_writing;
}

void files__write_end(struct files *files)
{
    if (files->writer == NULL)
        return;
    if (files->is_thread)
        pthread_join(files->thread, NULL);
    files->is_thread = false;
    files->writer = NULL;
    for (struct entry *entry = files->first; entry != NULL; entry = entry->next)
        if (entry->file.late != NULL && files__state(&entry->file) == FILE_IS_THERE)
            arena_done(&entry->file.late->arena);
}

enum file_state files__state(const struct file *file)
{
    if (file->late == NULL)
        return FILE_IS_THERE;
    return (enum file_state)atomic_load_explicit(&file->late->state, memory_order_acquire);
}

const struct file *files_find(const struct files *files, struct slice path)
{
    for (const struct entry *entry = files->first; entry != NULL; entry = entry->next)
        if (slice_equal(entry->file.path, path))
            return &entry->file;
    return NULL;
}

/* What one line of Accept-Encoding says of the coding: 1 takes it, -1 refuses it, 0 neither. */
static int line_accepts(struct slice list, struct slice coding)
{
    struct slice element;

    while (header_next_element(&list, &element)) {
        struct slice parameters = element;
        struct slice name;

        if (header_next_part(&parameters, &name) && slice_equal_ignore_case(name, coding))
            return accept__weight(element) == 0 ? -1 : 1;
    }
    return 0;
}

/* By RFC 9110 12.5.3; "*" alone is no reason to compress. Lines are one list. */
static bool accepts_encoding(const struct header *headers, size_t count, struct slice coding)
{
    for (size_t i = 0; i < count; i++) {
        int answer = slice_equal(headers[i].name, SLICE("accept-encoding"))
                         ? line_accepts(headers[i].value, coding)
                         : 0;

        if (answer != 0)
            return answer > 0;
    }
    return false;
}

struct slice files__choose(struct arena *arena, const struct file *file,
                           const struct header *headers, size_t header_count,
                           struct slice *ret_encoding, struct slice *ret_etag)
{
    const struct late_form *late = file->late;
    const struct slice forms[] = {file->brotli, late == NULL ? file->gzip : late->gzip};
    const struct slice names[] = {SLICE("br"), SLICE("gzip")};
    struct slice etag = late == NULL ? file->etag : late->etag;

    assert(files__state(file) == FILE_IS_THERE);
    assert(etag.len >= 2); /* its quotes */
    *ret_encoding = SLICE_EMPTY;
    *ret_etag = etag;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i].len == 0 || !accepts_encoding(headers, header_count, names[i]))
            continue;
        *ret_encoding = names[i];
        *ret_etag = arena_printf(arena, "\"%.*s-%.*s\"", (int)(etag.len - 2), etag.data + 1,
                                 SLICE_ARG(names[i]));
        return forms[i];
    }
    return file->bytes;
}

static voidpf zlib_alloc(voidpf arena, uInt items, uInt size)
{
    return arena_alloc(arena, (size_t)items * size);
}

static void zlib_free(voidpf arena, voidpf memory)
{
    (void)arena, (void)memory; /* freed with the arena */
}

struct unfolding *files__unfold(struct arena *arena, const struct file *file)
{
    const struct late_form *late = file->late;
    struct unfolding *unfolding = arena_zalloc(arena, sizeof(*unfolding));
    char *bytes;

    assert(late != NULL && files__state(file) == FILE_IS_THERE);
    bytes = arena_alloc(arena, late->len + 1); /* one more, so that the end is seen */
    if (unfolding == NULL || bytes == NULL)
        return NULL;
    unfolding->bytes = bytes;
    unfolding->len = late->len;
    unfolding->stream = (z_stream){
        .zalloc = zlib_alloc,
        .zfree = zlib_free,
        .opaque = arena,
        .next_in = (z_const Bytef *)late->gzip.data,
        .avail_in = (uInt)late->gzip.len,
        .next_out = (Bytef *)bytes,
    };
    return inflateInit2(&unfolding->stream, GZIP_WINDOW) == Z_OK ? unfolding : NULL;
}

bool unfolding__next(struct unfolding *unfolding, size_t most, struct slice *ret_bytes)
{
    z_stream *stream = &unfolding->stream;
    size_t left = unfolding->len + 1 - stream->total_out;
    int result;

    *ret_bytes = slice_make(unfolding->bytes, unfolding->len);
    stream->avail_out = (uInt)(left < most ? left : most);
    result = inflate(stream, Z_NO_FLUSH);
    if (result == Z_OK)
        return false;
    if (result != Z_STREAM_END || stream->total_out != unfolding->len)
        *ret_bytes = SLICE_EMPTY;
    inflateEnd(stream);
    return true;
}
