#include "core/home.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"

static char *base_of(const char *variable, const char *below, status *st)
{
    const char *given = getenv(variable), *home = getenv("HOME");
    if (given && *given == '/') return alloc_string(given, strlen(given), st);
    return home && *home == '/' ? file_join(home, below, st) : NULL;
}

/* folder/name; frees folder, which may be NULL. */
static char *inside(char *folder, const char *name, status *st)
{
    char *path = folder ? file_join(folder, name, st) : NULL;
    alloc_free(folder);
    return path;
}

/* folder, made when it is missing; NULL, and folder freed, where that fails. */
static char *made(char *folder)
{
    if (folder && (mkdir(folder, 0700) == 0 || errno == EEXIST)) return folder;
    alloc_free(folder);
    return NULL;
}

char *home_data(const char *name, status *st) { return inside(inside(base_of("XDG_DATA_HOME", ".local/share", st), "aigc", st), name, st); }

char *home_cache(const char *name, status *st)
{
    char *base = made(base_of("XDG_CACHE_HOME", ".cache", st));
    return inside(made(inside(base, "aigc", st)), name, st);
}
