#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/utf8.h"

enum { MAX_OUTPUTS = 64 }; /* open at once; a fixed table, so that a signal handler can walk it */

struct file_output {
    FILE *stream;
    char *path;      /* NULL for stdout */
    char *temporary; /* the name it has until it is whole, where it has one */
    bool in_place;   /* the target is no regular file */
    int slot;
};

static _Atomic(char *) open_temporary[MAX_OUTPUTS];
static atomic_bool aborted; /* the program ends: what comes now is removed at once */

int file_open(const char *path, status *st)
{
    /* without O_NONBLOCK a pipe's open waits for a writer, a terminal line's for a carrier; of a file it changes nothing */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat info;
    if (fd < 0) status_set(st, STATUS_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    else if (fstat(fd, &info) != 0) status_set(st, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status_set(st, STATUS_INPUT, "%s: a %s, a regular file was wanted", path,
                   S_ISDIR(info.st_mode) ? "folder" : S_ISFIFO(info.st_mode) ? "pipe" : S_ISSOCK(info.st_mode) ? "socket" : "device");
    else return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* The stream to read from; stdin for "-". */
static FILE *open_input(const char *path, bool may_wait, status *st)
{
    if (strcmp(path, "-") == 0) return stdin;
    bool waits = may_wait && file_is_special(path);
    int fd = waits ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : file_open(path, st);
    FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (!f) status_set(st, STATUS_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    if (!f && fd >= 0) close(fd);
    return f;
}

static char *read_input(const char *path, bool may_wait, size_t limit, size_t *size, status *st)
{
    FILE *f = open_input(path, may_wait, st);
    if (!f) return NULL;
    bool is_stdin = f == stdin;
    char *data = NULL;
    size_t used = 0, room = 0;
    for (;;) {
        if (used + 1 >= room) {
            struct stat info;
            size_t expected = !room && fstat(fileno(f), &info) == 0 && info.st_size > 0 ? (size_t)info.st_size : 4096;
            size_t wanted = room ? room * 2 : (expected > limit ? limit : expected) + 2;
            char *grown = alloc_resize(data, wanted, 1, st);
            if (!grown) break;
            data = grown;
            room = wanted;
        }
        size_t n = fread(data + used, 1, room - used - 1, f);
        used += n;
        if (used > limit) {
            status_set(st, STATUS_INPUT, "%s: larger than the limit of %zu bytes", path, limit);
            break;
        }
        if (n == 0) {
            if (ferror(f)) status_set(st, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
            break;
        }
    }
    if (!is_stdin) fclose(f);
    if (!status_ok(st)) {
        alloc_free(data);
        return NULL;
    }
    data[used] = 0;
    *size = used;
    return data;
}

char *file_read(const char *path, size_t limit, size_t *size, status *st) { return read_input(path, false, limit, size, st); }

char *file_read_stream(const char *path, size_t limit, size_t *size, status *st) { return read_input(path, true, limit, size, st); }

/* ---- mapping ---- */

/* The mappings there are, so that a signal handler can tell whose bytes went away. In a table of fixed size whose places are
 * never given back: a handler may read it at any time. */
typedef struct {
    _Atomic uintptr_t start; /* 0: free; 1: being filled */
    _Atomic size_t size;
    char path[200]; /* its end where it is longer */
} mapping_place;
enum { MAX_MAPPINGS = 512 };
static mapping_place mapped[MAX_MAPPINGS];

static void remember_mapping(const file_mapping *m, const char *path)
{
    for (int i = 0; i < MAX_MAPPINGS; i++) {
        uintptr_t none = 0;
        if (!atomic_compare_exchange_strong(&mapped[i].start, &none, 1)) continue;
        size_t n = strlen(path), room = sizeof mapped[i].path - 1;
        snprintf(mapped[i].path, sizeof mapped[i].path, "%s", n > room ? path + (n - room) : path);
        utf8_mend(mapped[i].path);
        atomic_store(&mapped[i].size, m->size);
        atomic_store(&mapped[i].start, (uintptr_t)m->data);
        return;
    }
}

static void forget_mapping(const file_mapping *m)
{
    for (int i = 0; i < MAX_MAPPINGS; i++) {
        uintptr_t start = (uintptr_t)m->data;
        if (atomic_compare_exchange_strong(&mapped[i].start, &start, 0)) return;
    }
}

const char *file_mapped_at(const void *address)
{
    uintptr_t at = (uintptr_t)address;
    for (int i = 0; i < MAX_MAPPINGS; i++) {
        uintptr_t start = atomic_load(&mapped[i].start);
        if (start > 1 && at >= start && at - start < atomic_load(&mapped[i].size)) return mapped[i].path;
    }
    return NULL;
}

/* A mapped file that is now shorter than it was: the kernel's own reading of it (a write from its bytes) fails with an error
 * and without a signal. */
static const char *cut_mapping(void)
{
    struct stat info;
    for (int i = 0; i < MAX_MAPPINGS; i++)
        if (atomic_load(&mapped[i].start) > 1 && stat(mapped[i].path, &info) == 0 && (uint64_t)info.st_size < atomic_load(&mapped[i].size))
            return mapped[i].path;
    return NULL;
}

bool file_map(file_mapping *m, const char *path, status *st)
{
    int fd = file_open(path, st);
    if (fd < 0) return false;
    struct stat info;
    void *data = MAP_FAILED;
    if (fstat(fd, &info) != 0) status_set(st, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    else if (info.st_size == 0) status_set(st, STATUS_INPUT, "%s: the file is empty", path);
    else {
        data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) status_set(st, STATUS_INPUT, "%s: cannot be mapped: %s", path, strerror(errno));
    }
    close(fd);
    if (data == MAP_FAILED) return false;
    *m = (file_mapping){.data = data, .size = (size_t)info.st_size};
    remember_mapping(m, path);
    return true;
}

void file_unmap(file_mapping *m)
{
    if (m->data) {
        forget_mapping(m);
        munmap((void *)(uintptr_t)m->data, m->size);
    }
    *m = (file_mapping){0};
}

/* "FOLDER/.NAME.XXXXXX", or "FOLDER/." for name = NULL. */
static char *beside(const char *path, bool with_name, status *st)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t size = strlen(path) + 9;
    char *s = alloc_array(size, 1, st);
    if (!s) return NULL;
    if (with_name) snprintf(s, size, "%.*s.%s.XXXXXX", (int)(name - path), path, name);
    else snprintf(s, size, "%.*s.", (int)(name - path), path);
    return s;
}

static int claim_slot(char *temporary)
{
    for (int i = 0; i < MAX_OUTPUTS; i++) {
        char *none = NULL;
        if (!atomic_compare_exchange_strong(&open_temporary[i], &none, temporary)) continue;
        if (atomic_load(&aborted)) unlink(temporary);
        return i;
    }
    return -1;
}

/* A file without a name, which even SIGKILL cannot leave behind; −1 where the file system has none. */
static int open_nameless(const char *path, status *st)
{
    char *folder = beside(path, false, st);
    int fd = folder ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666) : -1;
    alloc_free(folder);
    return fd;
}

static mode_t mask; /* of new files; it can be read only by setting it, which other threads must not see */
static pthread_once_t mask_once = PTHREAD_ONCE_INIT;

static void read_mask(void)
{
    mask = umask(077);
    umask(mask);
}

static int open_named(file_output *f, status *st)
{
    f->temporary = beside(f->path, true, st);
    int fd = f->temporary ? mkstemp(f->temporary) : -1;
    if (fd < 0) return -1;
    f->slot = claim_slot(f->temporary);
    pthread_once(&mask_once, read_mask);
    fchmod(fd, 0666 & ~mask); /* mkstemp's 0600 is for secrets */
    return fd;
}

static bool open_output(file_output *f, const char *path, status *st)
{
    if (file_is_folder(path)) return status_set(st, STATUS_IO, "%s: is a folder, a file was wanted", path);
    f->path = alloc_string(path, strlen(path), st);
    if (!f->path) return false;
    struct stat info;
    f->in_place = stat(path, &info) == 0 && !S_ISREG(info.st_mode); /* a device or pipe is written to, never replaced */
    int fd = f->in_place ? open(path, O_WRONLY | O_CLOEXEC) : open_nameless(path, st);
    if (fd < 0 && !f->in_place) fd = open_named(f, st);
    if (fd >= 0 && (f->stream = fdopen(fd, f->in_place ? "wb" : "w+b"))) return true;
    if (fd >= 0) close(fd);
    return status_set(st, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
}

/* Gives the nameless file its name; one that is there already is replaced at once, by way of a temporary name. */
static bool name_output(file_output *f, status *st)
{
    char nameless[40];
    snprintf(nameless, sizeof nameless, "/proc/self/fd/%d", fileno(f->stream));
    if (linkat(AT_FDCWD, nameless, AT_FDCWD, f->path, AT_SYMLINK_FOLLOW) == 0) return true;
    if (errno != EEXIST || !(f->temporary = beside(f->path, true, st))) return false;
    /* mkstemp finds a free name; its empty file gives way to the link */
    int fd = mkstemp(f->temporary);
    if (fd >= 0) close(fd), unlink(f->temporary);
    f->slot = claim_slot(f->temporary);
    return fd >= 0 && linkat(AT_FDCWD, nameless, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW) == 0 &&
           rename(f->temporary, f->path) == 0;
}

file_output *file_create(const char *path, status *st)
{
    file_output *f = alloc_zeroed(1, sizeof *f, st);
    if (!f) return NULL;
    f->slot = -1;
    if (strcmp(path, "-") == 0) f->stream = stdout;
    else if (!open_output(f, path, st)) {
        file_abort(f);
        return NULL;
    }
    return f;
}

FILE *file_stream(file_output *f) { return f->stream; }

static void release(file_output *f)
{
    char *mine = f->temporary; /* unless file_abort_all has taken it: then the program ends, and it must stay readable */
    if (f->slot < 0 || atomic_compare_exchange_strong(&open_temporary[f->slot], &mine, NULL)) alloc_free(f->temporary);
    alloc_free(f->path);
    alloc_free(f);
}

void file_abort(file_output *f)
{
    if (!f) return;
    if (f->path && f->stream) fclose(f->stream);
    if (f->temporary) unlink(f->temporary);
    release(f);
}

bool file_commit(file_output *f, status *st)
{
    errno = 0;
    bool ok = !ferror(f->stream) && fflush(f->stream) == 0;
    if (f->path && !f->in_place) {
        ok = ok && fsync(fileno(f->stream)) == 0;
        ok = ok && (f->temporary ? rename(f->temporary, f->path) == 0 : name_output(f, st));
    }
    if (!ok) {
        const char *cut = cut_mapping();
        if (cut) status_set(st, STATUS_INPUT, "%s: was cut while it was in use", cut);
        status_set(st, STATUS_IO, "%s: cannot be written: %s", f->path ? f->path : "standard output", strerror(errno ? errno : EIO));
        file_abort(f);
        return false;
    }
    if (f->path) fclose(f->stream);
    release(f);
    return true;
}

void file_abort_all(void)
{
    static char taken;
    atomic_store(&aborted, true);
    for (int i = 0; i < MAX_OUTPUTS; i++) {
        char *temporary = atomic_load(&open_temporary[i]);
        if (temporary && atomic_compare_exchange_strong(&open_temporary[i], &temporary, &taken)) unlink(temporary);
    }
}

bool file_write(const char *path, const void *data, size_t size, status *st)
{
    file_output *f = file_create(path, st);
    if (!f) return false;
    fwrite(data, 1, size, file_stream(f)); /* a failure stays in the stream until file_commit */
    return file_commit(f, st);
}

bool file_exists(const char *path) { return access(path, F_OK) == 0; }

bool file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_is_special(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

const char *file_ending(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return dot && dot != name && dot[1] ? dot : name + strlen(name);
}

char *file_join(const char *folder, const char *name, status *st)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *s = alloc_array(size, 1, st);
    if (s) snprintf(s, size, "%s%s%s", folder, folder[0] && folder[strlen(folder) - 1] != '/' ? "/" : "", name);
    return s;
}
