#include "core/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"

enum { MAX_FENCES = 8 };

struct fence {
    char *folder;
    int fd;
};

static fence *standing[MAX_FENCES];

fence *fence_new(const char *folder, status *st)
{
    int slot = 0;
    while (slot < MAX_FENCES && standing[slot]) slot++;
    fence *f = alloc_zeroed(1, sizeof *f, st);
    if (!f) return NULL;
    f->folder = alloc_string(folder, strlen(folder), st);
    f->fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0) status_set(st, STATUS_IO, "%s: cannot be opened: %s", folder, strerror(errno));
    else if (slot == MAX_FENCES) status_set(st, STATUS_FAIL, "%s: more than %d output folders", folder, MAX_FENCES);
    if (status_ok(st)) return standing[slot] = f;
    fence_free(f);
    return NULL;
}

void fence_free(fence *f)
{
    if (!f) return;
    for (int i = 0; i < MAX_FENCES; i++)
        if (standing[i] == f) standing[i] = NULL;
    if (f->fd >= 0) close(f->fd);
    alloc_free(f->folder);
    alloc_free(f);
}

const fence *fence_of(const char *path, const char **inside)
{
    for (int i = 0; i < MAX_FENCES; i++) {
        size_t n = standing[i] ? strlen(standing[i]->folder) : 0;
        if (!n || strncmp(path, standing[i]->folder, n) != 0 || path[n] != '/') continue;
        *inside = path + n + 1;
        return standing[i];
    }
    return NULL;
}

/* Why the part (n bytes of inside from its beginning) cannot be entered; errno says what open met. */
static void tell(const fence *f, int at, const char *name, const char *inside, size_t n, status *st)
{
    struct stat info;
    int reason = errno;
    bool there = fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && S_ISLNK(info.st_mode))
        status_set(st, STATUS_INPUT, "%s/%.*s: is a symbolic link; nothing is written through it", f->folder, (int)n, inside);
    else if (there && !S_ISDIR(info.st_mode)) status_set(st, STATUS_INPUT, "%s/%.*s: is a file, a folder wanted", f->folder, (int)n, inside);
    else status_set(st, STATUS_IO, "%s/%.*s: cannot be opened: %s", f->folder, (int)n, inside, strerror(reason));
}

/* One part further down: the folder `name` in `at`, which is closed. */
static int enter(const fence *f, int at, const char *name, const char *inside, size_t n, bool make, status *st)
{
    enum { HOW = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    int next = openat(at, name, HOW);
    if (next < 0 && errno == ENOENT && make && (mkdirat(at, name, 0777) == 0 || errno == EEXIST)) next = openat(at, name, HOW);
    if (next < 0) tell(f, at, name, inside, n, st);
    close(at);
    return next;
}

int fence_open_folder(const fence *f, const char *inside, bool make, const char **name, status *st)
{
    char part[256];
    const char *from = inside;
    int at = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
    if (at < 0) status_set(st, STATUS_IO, "%s: cannot be opened: %s", f->folder, strerror(errno));
    for (const char *end; at >= 0 && (end = strchr(from, '/')); from = end + 1) {
        size_t n = (size_t)(end - from);
        bool odd = n == 0 || n >= sizeof part || (from[0] == '.' && (n == 1 || (n == 2 && from[1] == '.')));
        if (odd) {
            status_set(st, STATUS_INPUT, "%s/%.80s: is no path inside the folder", f->folder, inside);
            close(at);
            return -1;
        }
        memcpy(part, from, n);
        part[n] = 0;
        at = enter(f, at, part, inside, (size_t)(end - inside), make, st);
    }
    *name = from;
    return at;
}
