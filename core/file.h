/* file: reading with a limit, mapping, and writing so that nothing half written is ever seen.
 *
 * Paths are as the user gave them; messages name them. A path "-" is stdin or stdout where a function says so.
 */
#ifndef AIGC_CORE_FILE_H
#define AIGC_CORE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

/* A regular file, opened for reading; its descriptor, or −1 with STATUS_INPUT in st. What is none (a pipe, a device, a folder)
 * is refused, and never waited for. Behind a fence (core/fence.h) no link is followed. */
int file_open(const char *path, status *st);

/* The whole of a regular file ("-": stdin) as one block with a zero byte after its *size bytes; freed with alloc_free. Files
 * over `limit` bytes are refused. */
char *file_read(const char *path, size_t limit, size_t *size, status *st);

/* As file_read, of anything that a user may name to be read to its end: a pipe or a device too, which is waited for; a
 * pipe that nobody writes to for five seconds is refused. */
char *file_read_stream(const char *path, size_t limit, size_t *size, status *st);

/* Both of a text: a byte order mark before it is left out, and UTF-16 is refused by name. */
char *file_read_text(const char *path, size_t limit, size_t *size, status *st);
char *file_read_text_stream(const char *path, size_t limit, size_t *size, status *st);

/* Past the byte order mark that a UTF-8 text may begin with. */
const char *file_skip_mark(const char *text);

/* A read-only private mapping of a regular file. An empty file is refused. */
typedef struct {
    const void *data;
    size_t size;
} file_mapping;
bool file_map(file_mapping *m, const char *path, status *st);
void file_unmap(file_mapping *m);

/* The path of the mapped file that an address lies in, or NULL. A file that is cut while it is mapped (or whose disk fails)
 * raises SIGBUS where it is read; its handler asks here. Safe in a signal handler. */
const char *file_mapped_at(const void *address);

/* A file that appears under its name only when it is whole: it is written without a name (O_TMPFILE; where the file system
 * has no such files, under a hidden name of its own in the same folder), synced, and named by file_commit. file_abort, and a
 * signal by way of file_abort_all, leaves nothing behind. "-" writes to stdout. Write with the FILE; its errors are reported
 * by file_commit.
 *
 * A file that is there is replaced, and keeps its permissions; a link is replaced, not followed; a device or a pipe is
 * written to. Behind a fence (core/fence.h) all but regular files are refused. The folder is held open
 * from the beginning; when its path names another one at the end, nothing is written. */
typedef struct file_output file_output;
file_output *file_create(const char *path, status *st);
file_output *file_create_regular(const char *path, status *st); /* links, devices and pipes are refused, as behind a fence */
FILE *file_stream(file_output *f);
bool file_commit(file_output *f, status *st); /* frees f, also on failure */
/* Why a stream failed that cannot say it any more: the next write, to an output that is given up, fails alike. An errno. */
int file_error(FILE *stream);
void file_abort(file_output *f);              /* NULL is allowed */

/* Many outputs at the cost of one: all are written out, their file systems synced once, then each gets its name in turn.
 * Frees all of them. False: what has no name by then is given up; *named (may be NULL) says how many at the front have one. */
bool file_commit_all(file_output **f, size_t count, size_t *named, status *st);

/* Removes the temporary files of all outputs not yet committed. Safe in a signal handler. */
void file_abort_all(void);

/* The whole of a small output in one call: file_create, write, file_commit. */
bool file_write(const char *path, const void *data, size_t size, status *st);

bool file_exists(const char *path);
bool file_is_folder(const char *path);
bool file_is_special(const char *path); /* neither file nor folder: a pipe, a device; to open one may wait for ever */

/* Do both paths lead to one file or folder that is there, behind all links? */
bool file_same(const char *a, const char *b);

/* Where the ending of a path's last part begins, dot and all (".png"); "" when it has none (a first dot hides a file). */
const char *file_ending(const char *path);

/* "folder/name", freed with alloc_free. */
char *file_join(const char *folder, const char *name, status *st);

#endif
