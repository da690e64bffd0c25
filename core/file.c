#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/fence.h"
#include "core/utf8.h"

enum { MAX_OUTPUTS = 64 }; /* open at once; a fixed table, so that a signal handler can walk it */

/* A name that a file has until it is whole; the table of those must be readable in a signal handler. */
typedef struct {
    int folder;    /* held open */
    char name[32]; /* "": it has none */
} temporary;

struct file_output {
    FILE *stream;
    char *path;       /* NULL for stdout */
    const char *name; /* its last part */
    temporary temporary;
    mode_t mode;      /* of the file that is replaced */
    bool replaces;
    bool in_place;    /* a device or pipe: written to, never replaced */
    int slot;
};

static _Atomic(temporary *) open_temporary[MAX_OUTPUTS];
static atomic_bool aborted; /* the program ends: what comes now is removed at once */

/* Whose fault a failure to read is: the machine's, which may pass, or the file's. */
static status_code code_of(int error)
{
    switch (error) {
    case ENOMEM: return STATUS_NOMEM;
    case EMFILE:
    case ENFILE:
    case EIO:
    case ENOSPC:
    case ESTALE: return STATUS_IO;
    default: return STATUS_INPUT;
    }
}

/* Opens the path for reading, behind a fence without following links. */
static int open_to_read(const char *path, status *st)
{
    /* without O_NONBLOCK a pipe's open waits for a writer, a terminal line's for a carrier; of a file it changes nothing */
    enum { HOW = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };
    const char *inside, *name;
    const fence *f = fence_of(path, &inside);
    if (!f) return open(path, HOW);
    int folder = fence_open_folder(f, inside, false, &name, st);
    int fd = folder < 0 ? -1 : openat(folder, name, HOW | O_NOFOLLOW), reason = errno;
    if (folder >= 0) close(folder);
    errno = reason;
    return fd;
}

int file_open(const char *path, status *st)
{
    int fd = open_to_read(path, st);
    struct stat info;
    if (fd < 0) status_set(st, code_of(errno), "%s: cannot be opened: %s", path, strerror(errno));
    else if (fstat(fd, &info) != 0) status_set(st, code_of(errno), "%s: cannot be read: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status_set(st, STATUS_INPUT, "%s: a %s, a regular file was wanted", path,
                   S_ISDIR(info.st_mode) ? "folder" : S_ISFIFO(info.st_mode) ? "pipe" : S_ISSOCK(info.st_mode) ? "socket" : "device");
    else return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* Has a pipe somebody who writes to it, or nobody for so long that nobody comes? *first: a byte that was read to know, or EOF. */
static bool is_written(int fd, int *first)
{
    enum { PATIENCE = 5000 /* milliseconds */ };
    struct pollfd in = {.fd = fd, .events = POLLIN};
    unsigned char byte;
    int n;
    while ((n = poll(&in, 1, PATIENCE)) < 0 && errno == EINTR) {}
    ssize_t got = n == 0 ? read(fd, &byte, 1) : -1; /* the end where there is no writer, nothing yet (EAGAIN) where there is one */
    if (got == 1) *first = byte;
    return got != 0;
}

/* What a user named to be read to its end, pipes and devices too. */
static int open_to_wait(const char *path, int *first, status *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat info;
    if (fd < 0) return fd;
    if (fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode) && !is_written(fd, first)) {
        status_set(st, STATUS_INPUT, "%s: a pipe that nobody writes to, a file or a pipe with a writer was wanted", path);
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

/* The stream to read from; stdin for "-". */
static FILE *open_input(const char *path, bool may_wait, status *st)
{
    if (strcmp(path, "-") == 0) return stdin;
    int first = EOF, fd = may_wait && file_is_special(path) ? open_to_wait(path, &first, st) : file_open(path, st);
    FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (f && first != EOF) ungetc(first, f);
    if (!f) status_set(st, code_of(errno), "%s: cannot be opened: %s", path, strerror(errno));
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
            if (ferror(f)) status_set(st, code_of(errno), "%s: cannot be read: %s", path, strerror(errno));
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

const char *file_skip_mark(const char *text) { return strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text; }

static char *read_text(const char *path, bool any, size_t limit, size_t *size, status *st)
{
    char *text = read_input(path, any, limit, size, st);
    if (!text) return NULL;
    if (*size >= 2 && *size % 2 == 0 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0)) {
        alloc_free(text);
        status_set(st, STATUS_INPUT, "%s: a text in UTF-16 found, UTF-8 wanted; iconv -f UTF-16 -t UTF-8 makes one", strcmp(path, "-") == 0 ? "standard input" : path);
        return NULL;
    }
    size_t mark = (size_t)(file_skip_mark(text) - text);
    memmove(text, text + mark, *size + 1 - mark);
    *size -= mark;
    return text;
}

char *file_read_text(const char *path, size_t limit, size_t *size, status *st) { return read_text(path, false, limit, size, st); }

char *file_read_text_stream(const char *path, size_t limit, size_t *size, status *st) { return read_text(path, true, limit, size, st); }

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
    if (fstat(fd, &info) != 0) status_set(st, code_of(errno), "%s: cannot be read: %s", path, strerror(errno));
    else if (info.st_size == 0) status_set(st, STATUS_INPUT, "%s: the file is empty", path);
    else {
        data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) status_set(st, code_of(errno), "%s: cannot be mapped: %s", path, strerror(errno));
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

/* The folder that the path's last part lies in, held open; *name is that part. −1 with st set. A folder of the user's own may
 * be reached by links, one behind a fence may not. */
static int open_folder(const char *path, const char **name, status *st)
{
    const char *inside, *slash = strrchr(path, '/');
    const fence *f = fence_of(path, &inside);
    if (f) return fence_open_folder(f, inside, false, name, st);
    *name = slash ? slash + 1 : path;
    char *folder = slash ? alloc_string(path, slash == path ? 1 : (size_t)(slash - path), st) : alloc_string(".", 1, st);
    int fd = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0) status_set(st, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
    alloc_free(folder);
    return fd;
}

/* Is the folder that the file is written into still the one that its path names? */
static bool folder_stands(const file_output *f, status *st)
{
    struct stat held, now;
    const char *name;
    int fd = open_folder(f->path, &name, st);
    if (fd < 0) return false;
    bool same = fstat(f->temporary.folder, &held) == 0 && fstat(fd, &now) == 0 && held.st_dev == now.st_dev && held.st_ino == now.st_ino;
    close(fd);
    return same || status_set(st, STATUS_IO, "%s: cannot be written: its folder was exchanged for another one meanwhile", f->path);
}

static bool choose_temporary(file_output *f)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number) return false;
    snprintf(f->temporary.name, sizeof f->temporary.name, ".aigc.%016llx", (unsigned long long)number);
    for (int i = 0; i < MAX_OUTPUTS; i++) {
        temporary *none = NULL;
        if (!atomic_compare_exchange_strong(&open_temporary[i], &none, &f->temporary)) continue;
        f->slot = i;
        break;
    }
    return true;
}

/* Called once the temporary name is there: the program may have begun to end before. */
static void drop_if_aborted(const file_output *f)
{
    if (atomic_load(&aborted)) unlinkat(f->temporary.folder, f->temporary.name, 0);
}

/* A file without a name, which even SIGKILL cannot leave behind; where the file system has none, one with a temporary name. */
static int open_unfinished(file_output *f)
{
    mode_t mode = f->replaces ? 0600 : 0666;
    int fd = openat(f->temporary.folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (fd < 0 && choose_temporary(f)) {
        fd = openat(f->temporary.folder, f->temporary.name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, mode);
        drop_if_aborted(f);
    }
    return fd;
}

/* The file that is replaced keeps its group and permissions; a group that cannot be given gets none. */
static void keep_permissions(const file_output *f, int fd, gid_t group)
{
    mode_t mode = f->mode & 0777;
    if (fchown(fd, (uid_t)-1, group) != 0) mode &= (mode_t)~070;
    fchmod(fd, mode);
}

static bool is_allowed(const file_output *f, const struct stat *info, bool regular, status *st)
{
    if (S_ISDIR(info->st_mode)) return status_set(st, STATUS_IO, "%s: is a folder, a file was wanted", f->path);
    if (!regular || S_ISREG(info->st_mode)) return true;
    return status_set(st, STATUS_INPUT, "%s: is a %s, a regular file wanted; nothing is written through it", f->path,
                      S_ISLNK(info->st_mode) ? "symbolic link" : S_ISFIFO(info->st_mode) ? "pipe" : S_ISSOCK(info->st_mode) ? "socket" : "device");
}

/* regular: what lies there must be a regular file, as it must behind a fence. */
static bool open_output(file_output *f, const char *path, bool regular, status *st)
{
    const char *inside;
    struct stat info = {0};
    f->path = alloc_string(path, strlen(path), st);
    if (!f->path || (f->temporary.folder = open_folder(f->path, &f->name, st)) < 0) return false;
    regular = regular || fence_of(path, &inside);
    bool there = fstatat(f->temporary.folder, f->name, &info, regular ? AT_SYMLINK_NOFOLLOW : 0) == 0;
    if (there && !is_allowed(f, &info, regular, st)) return false;
    f->in_place = there && !S_ISREG(info.st_mode);
    f->replaces = there && !f->in_place;
    f->mode = info.st_mode;
    int fd = f->in_place ? openat(f->temporary.folder, f->name, O_WRONLY | O_NOCTTY | O_CLOEXEC) : open_unfinished(f);
    if (fd >= 0 && f->replaces) keep_permissions(f, fd, info.st_gid);
    if (fd >= 0 && (f->stream = fdopen(fd, f->in_place ? "wb" : "w+b"))) return true;
    if (fd >= 0) close(fd);
    return status_set(st, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
}

/* Gives the nameless file its name; one that is there already is replaced at once, by way of a temporary name. */
static bool name_output(file_output *f)
{
    char nameless[40];
    int folder = f->temporary.folder;
    snprintf(nameless, sizeof nameless, "/proc/self/fd/%d", fileno(f->stream));
    if (linkat(AT_FDCWD, nameless, folder, f->name, AT_SYMLINK_FOLLOW) == 0) return true;
    if (errno != EEXIST || !choose_temporary(f)) return false;
    bool linked = linkat(AT_FDCWD, nameless, folder, f->temporary.name, AT_SYMLINK_FOLLOW) == 0;
    if (linked) drop_if_aborted(f);
    return linked && renameat(folder, f->temporary.name, folder, f->name) == 0;
}

static file_output *create(const char *path, bool regular, status *st)
{
    file_output *f = alloc_zeroed(1, sizeof *f, st);
    if (!f) return NULL;
    f->slot = f->temporary.folder = -1;
    if (strcmp(path, "-") == 0) f->stream = stdout;
    else if (!open_output(f, path, regular, st)) {
        file_abort(f);
        return NULL;
    }
    return f;
}

file_output *file_create(const char *path, status *st) { return create(path, false, st); }

file_output *file_create_regular(const char *path, status *st) { return create(path, true, st); }

FILE *file_stream(file_output *f) { return f->stream; }

static void release(file_output *f)
{
    temporary *mine = &f->temporary;
    alloc_free(f->path);
    /* when file_abort_all has taken it the program ends, and it must stay readable */
    if (f->slot >= 0 && !atomic_compare_exchange_strong(&open_temporary[f->slot], &mine, NULL)) return;
    if (f->temporary.folder >= 0) close(f->temporary.folder);
    alloc_free(f);
}

void file_abort(file_output *f)
{
    if (!f) return;
    if (f->path && f->stream) fclose(f->stream);
    if (f->temporary.name[0]) unlinkat(f->temporary.folder, f->temporary.name, 0);
    release(f);
}

int file_error(FILE *stream)
{
    char byte = 0;
    int fd = fileno(stream);
    errno = 0;
    return fd >= 0 && write(fd, &byte, 1) < 0 && errno ? errno : EIO;
}

/* synced: by whoever calls. */
static bool commit(file_output *f, bool synced, status *st)
{
    errno = 0;
    bool ok = !ferror(f->stream) && fflush(f->stream) == 0;
    if (f->path && !f->in_place) {
        ok = ok && (synced || fsync(fileno(f->stream)) == 0) && folder_stands(f, st);
        ok = ok && (f->temporary.name[0] ? renameat(f->temporary.folder, f->temporary.name, f->temporary.folder, f->name) == 0 : name_output(f));
    }
    if (!ok) {
        int why = errno ? errno : file_error(f->stream);
        const char *cut = cut_mapping();
        if (cut) status_set(st, STATUS_INPUT, "%s: was cut while it was in use", cut);
        status_set(st, STATUS_IO, "%s: cannot be written: %s", f->path ? f->path : "standard output", strerror(why));
        file_abort(f);
        return false;
    }
    if (f->path) fclose(f->stream);
    release(f);
    return true;
}

bool file_commit(file_output *f, status *st) { return commit(f, false, st); }

/* Syncs the file systems that the outputs lie on; false: at least one could not be. */
static bool sync_all(file_output **f, size_t count)
{
    dev_t done = 0;
    bool any = false, ok = true;
    for (size_t i = 0; i < count; i++) {
        struct stat info;
        if (!f[i]->path || f[i]->in_place) continue;
        int fd = fileno(f[i]->stream);
        if (ferror(f[i]->stream) || fflush(f[i]->stream) != 0 || fstat(fd, &info) != 0) continue; /* its commit says so */
        if (any && info.st_dev == done) continue;
        ok = syncfs(fd) == 0 && ok;
        done = info.st_dev, any = true;
    }
    return ok;
}

bool file_commit_all(file_output **f, size_t count, size_t *named, status *st)
{
    enum { FEW = 3 }; /* a sync of each costs less than one of all that is on the disk */
    bool ok = true, synced = false;
    size_t done = 0;
    for (size_t i = 0; i < count; i++) /* written out before the sync, which is told once for all */
        if (f[i]->stream) fflush(f[i]->stream);
    if (count > FEW) synced = sync_all(f, count);
    for (size_t i = 0; i < count; i++) {
        if (ok) ok = commit(f[i], synced, st), done += ok;
        else file_abort(f[i]);
    }
    if (named) *named = done;
    return ok;
}

void file_abort_all(void)
{
    static temporary taken;
    atomic_store(&aborted, true);
    for (int i = 0; i < MAX_OUTPUTS; i++) {
        temporary *t = atomic_load(&open_temporary[i]);
        if (t && atomic_compare_exchange_strong(&open_temporary[i], &t, &taken)) unlinkat(t->folder, t->name, 0);
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

bool file_same(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
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
