/* fence: a folder beneath which names that strangers gave may be opened.
 *
 * The folder is held open, and a name is walked a part at a time, each opened in the folder before it and never through a
 * symbolic link. So nothing outside is reached, whatever is linked, renamed or swapped meanwhile; and in contrast to
 * openat2's RESOLVE_BENEATH, which does the same in one call, the walk tells which part is the link and works on every
 * kernel. core/file asks for each path that it opens whether it lies behind a fence.
 *
 * Fences are put up and taken down by one thread while no other opens files.
 */
#ifndef AIGC_CORE_FENCE_H
#define AIGC_CORE_FENCE_H

#include "core/status.h"

typedef struct fence fence;

/* The folder is the user's own: links on the way to it are followed. */
fence *fence_new(const char *folder, status *st);
void fence_free(fence *f); /* NULL is allowed */

/* The fence that path lies behind: its folder's name, as it was given, begins the path. *inside: what follows. NULL: none. */
const fence *fence_of(const char *path, const char **inside);

/* Opens the folder that the last part of `inside` lies in, and makes what is missing on the way when `make` is set; *name is
 * the last part. The caller closes it. −1 with STATUS_INPUT that names the part in the way, or STATUS_IO. */
int fence_open_folder(const fence *f, const char *inside, bool make, const char **name, status *st);

#endif
