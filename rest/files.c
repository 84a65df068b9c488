/* Files in memory, by path. */
#include "rest/files.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/header_elements.h"
#include "base/text.h"
#include "rest/negotiate.h"

/* The documents are large and compressed at each start: most of the gain for little of the time. */
#define GZIP_LEVEL 4
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8
#define GZIP_BYTES_MOST ((size_t)64 << 20)

/* Written by the thread before `is_ready` is, and not after. */
struct late_form {
    struct slice bytes; /* empty where compressing gains nothing */
    atomic_bool is_ready;
    /* Held by who copies the plain form, and by the thread while it is given back. */
    pthread_mutex_t plain_lock;
};

struct unfolding {
    z_stream stream;
    char *bytes;
    size_t len; /* of the whole plain form */
    bool is_whole;
};

struct entry {
    struct entry *next;
    struct file file;
};

struct files {
    struct arena *arena;
    struct entry *first;
    struct arena compressed; /* the thread's, for the gzip forms */
    pthread_t thread;
    bool is_compressing;
};

struct files *files__new(struct arena *arena)
{
    struct files *files = arena_zalloc(arena, sizeof(*files));

    if (files != NULL)
        files->arena = arena;
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

/* Empty where it would not be smaller, or zlib has no memory: then the plain form serves. */
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

/* NULL when the arena failed. Nothing of it is freed: a lock of this kind holds nothing. */
static struct late_form *late_form_new(struct arena *arena)
{
    struct late_form *late = arena_zalloc(arena, sizeof(*late));

    if (late != NULL)
        pthread_mutex_init(&late->plain_lock, NULL);
    return late;
}

struct status files__add(struct files *files, const struct file *file, bool compress)
{
    struct entry *entry = arena_zalloc(files->arena, sizeof(*entry));

    if (entry == NULL)
        return status_out_of_memory();
    assert(file->path.len > 0 && file->path.data[0] == '/');
    entry->file = *file;
    if (file->etag.len == 0)
        entry->file.etag = make_etag(files->arena, file->bytes);
    if (compress)
        entry->file.late = late_form_new(files->arena);
    entry->next = files->first;
    files->first = entry;
    return arena_failed(files->arena) ? status_out_of_memory() : status_ok();
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

        status = files__add(files, &file, false);
    }
    return status;
}

/* Gives the pages that lie wholly within the bytes back to the system; nobody reads them again. */
static void give_back(struct slice bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)bytes.data + page - 1) & ~(page - 1);
    uintptr_t to = ((uintptr_t)bytes.data + bytes.len) & ~(page - 1);

    if (to > from)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

static void *compress_all(void *context)
{
    struct files *files = context;

    for (struct entry *entry = files->first; entry != NULL; entry = entry->next) {
        struct late_form *late = entry->file.late;
        struct arena scratch; /* zlib's bound is far above what comes out */

        if (late == NULL)
            continue;
        arena_init(&scratch, NULL, GZIP_BYTES_MOST);
        late->bytes = arena_copy(&files->compressed, gzip(&scratch, entry->file.bytes));
        arena_done(&scratch);
        if (late->bytes.len == 0)
            continue;
        pthread_mutex_lock(&late->plain_lock);
        atomic_store_explicit(&late->is_ready, true, memory_order_release);
        give_back(entry->file.bytes);
        pthread_mutex_unlock(&late->plain_lock);
    }
    return NULL;
}

void files__compress(struct files *files)
{
    arena_init(&files->compressed, NULL, GZIP_BYTES_MOST);
    files->is_compressing = pthread_create(&files->thread, NULL, compress_all, files) == 0;
}

void files__compress_end(struct files *files)
{
    if (!files->is_compressing)
        return;
    files->is_compressing = false;
    pthread_join(files->thread, NULL);
    arena_done(&files->compressed);
}

static bool is_ready(const struct late_form *late)
{
    return atomic_load_explicit(&late->is_ready, memory_order_acquire);
}

/* Empty where there is none, or not yet. */
static struct slice gzip_form(const struct file *file)
{
    if (file->late == NULL)
        return file->gzip;
    return is_ready(file->late) ? file->late->bytes : SLICE_EMPTY;
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
    const struct slice forms[] = {file->brotli, gzip_form(file)};
    const struct slice names[] = {SLICE("br"), SLICE("gzip")};

    assert(file->etag.len >= 2); /* its quotes */
    *ret_encoding = SLICE_EMPTY;
    *ret_etag = file->etag;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i].len == 0 || !accepts_encoding(headers, header_count, names[i]))
            continue;
        *ret_encoding = names[i];
        *ret_etag = arena_printf(arena, "\"%.*s-%.*s\"", (int)(file->etag.len - 2),
                                 file->etag.data + 1, SLICE_ARG(names[i]));
        return forms[i];
    }
    return file->late == NULL ? file->bytes : SLICE_EMPTY;
}

/* Copies the plain form while it is there: false when it was given back. */
static bool copy_plain(struct unfolding *unfolding, const struct file *file)
{
    if (is_ready(file->late))
        return false;
    pthread_mutex_lock(&file->late->plain_lock);
    unfolding->is_whole = !is_ready(file->late);
    if (unfolding->is_whole)
        memcpy(unfolding->bytes, file->bytes.data, file->bytes.len);
    pthread_mutex_unlock(&file->late->plain_lock);
    return unfolding->is_whole;
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
    struct unfolding *unfolding = arena_zalloc(arena, sizeof(*unfolding));
    char *bytes = arena_alloc(arena, file->bytes.len + 1); /* one more, so that the end is seen */

    assert(file->late != NULL);
    if (unfolding == NULL || bytes == NULL)
        return NULL;
    unfolding->bytes = bytes;
    unfolding->len = file->bytes.len;
    if (copy_plain(unfolding, file))
        return unfolding;
    unfolding->stream = (z_stream){
        .zalloc = zlib_alloc,
        .zfree = zlib_free,
        .opaque = arena,
        .next_in = (z_const Bytef *)file->late->bytes.data,
        .avail_in = (uInt)file->late->bytes.len,
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
    if (unfolding->is_whole)
        return true;
    stream->avail_out = (uInt)(left < most ? left : most);
    result = inflate(stream, Z_NO_FLUSH);
    if (result == Z_OK)
        return false;
    if (result != Z_STREAM_END || stream->total_out != unfolding->len)
        *ret_bytes = SLICE_EMPTY;
    inflateEnd(stream);
    return true;
}
