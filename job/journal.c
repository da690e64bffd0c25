#include "job/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/json.h"
#include "core/log.h"
#include "core/name_hash.h"

enum { CHECK_DIGITS = 16 };
static const size_t MAX_JOURNAL = (size_t)4 << 30;

struct journal {
    int fd;
    char *path;
    arena *mem;              /* the records' strings */
    journal_record *record;
    size_t count, room;
    uint32_t *slot;          /* open hash table: index into record plus 1; 0 is empty */
    size_t slots;            /* a power of two, at least twice count */
};

static uint32_t *slot_of(const journal *j, const char *id)
{
    size_t i = (size_t)name_hash(id, strlen(id)) & (j->slots - 1);
    while (j->slot[i] && strcmp(j->record[j->slot[i] - 1].id, id) != 0) i = (i + 1) & (j->slots - 1);
    return &j->slot[i];
}

static bool make_room(journal *j, status *st)
{
    if (j->count < j->room) return true;
    size_t room = j->room ? 2 * j->room : 64;
    journal_record *grown = alloc_resize(j->record, room, sizeof *grown, st);
    if (!grown) return false;
    j->record = grown;
    uint32_t *slot = alloc_zeroed(2 * room, sizeof *slot, st);
    if (!slot) return false;
    alloc_free(j->slot);
    j->slot = slot, j->slots = 2 * room, j->room = room;
    for (size_t i = 0; i < j->count; i++) *slot_of(j, j->record[i].id) = (uint32_t)i + 1;
    return true;
}

static const char *keep(journal *j, const char *s, status *st)
{
    if (!s) return NULL;
    size_t n = strlen(s) + 1;
    char *copy = arena_alloc(j->mem, n, st);
    if (copy) memcpy(copy, s, n);
    return copy;
}

/* Puts a record, its strings copied, under its id. */
static bool remember(journal *j, const journal_record *r, status *st)
{
    if (!make_room(j, st)) return false;
    journal_record copy = *r;
    copy.id = keep(j, r->id, st);
    copy.error = keep(j, r->error, st);
    for (size_t i = 0; i < r->output_count; i++) copy.output[i].path = keep(j, r->output[i].path, st);
    if (!status_ok(st)) return false;
    uint32_t *slot = slot_of(j, copy.id);
    if (!*slot) *slot = (uint32_t)++j->count;
    j->record[*slot - 1] = copy;
    return true;
}

static bool copy_digest(hash_hex *to, const char *from)
{
    if (!from || strlen(from) != HASH_TEXT - 1) return false;
    memcpy(to->text, from, HASH_TEXT);
    return true;
}

/* The record in one line's JSON; its strings live in root. */
static bool read_record(json_t *root, journal_record *r)
{
    *r = (journal_record){.id = json_string_value(json_object_get(root, "id")),
                          .error = json_string_value(json_object_get(root, "error"))};
    const char *state = json_string_value(json_object_get(root, "state"));
    json_t *outputs = json_object_get(root, "outputs");
    if (!r->id || !state || json_array_size(outputs) > JOURNAL_MAX_OUTPUTS) return false;
    r->done = strcmp(state, "done") == 0;
    if (!copy_digest(&r->inputs, json_string_value(json_object_get(root, "inputs")))) return false;
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        json_t *o = json_array_get(outputs, i);
        r->output[i].path = json_string_value(json_object_get(o, "path"));
        if (!r->output[i].path || !copy_digest(&r->output[i].sha256, json_string_value(json_object_get(o, "sha256"))))
            return false;
        r->output_count++;
    }
    return true;
}

static bool line_holds(const char *line, size_t size, status *st)
{
    hash_hex digest;
    if (size <= CHECK_DIGITS + 1 || line[CHECK_DIGITS] != ' ') return false;
    if (!hash_data(line + CHECK_DIGITS + 1, size - CHECK_DIGITS - 1, &digest, st)) return false;
    return memcmp(digest.text, line, CHECK_DIGITS) == 0;
}

static void read_line(journal *j, const char *line, size_t size, size_t number, status *st)
{
    json_t *root = line_holds(line, size, st) ? json_parse(line + CHECK_DIGITS + 1, size - CHECK_DIGITS - 1, 0, NULL) : NULL;
    journal_record r;
    if (root && read_record(root, &r)) remember(j, &r, st);
    else if (status_ok(st)) log_warning("%s:%zu: damaged record; its job runs again", j->path, number);
    json_decref(root);
}

/* Is this how a record's line begins? What a crash left of the first one must be told from a file that is no journal. */
static bool looks_like_record(const char *line, size_t size)
{
    static const char BEGIN[] = " {\"id\":\"";
    for (size_t i = 0; i < size && i < CHECK_DIGITS + sizeof BEGIN - 1; i++) {
        bool digit = (line[i] >= '0' && line[i] <= '9') || (line[i] >= 'a' && line[i] <= 'f');
        if (i < CHECK_DIGITS ? !digit : line[i] != BEGIN[i - CHECK_DIGITS]) return false;
    }
    return size > CHECK_DIGITS;
}

/* A file whose first line is no record is somebody else's: nothing of it is cut, nothing is added to it. */
static bool is_journal(const journal *j, const char *text, size_t size, status *st)
{
    const char *end = memchr(text, '\n', size);
    size_t n = end ? (size_t)(end - text) : size;
    if (!size || (end ? line_holds(text, n, st) : looks_like_record(text, n))) return true;
    return status_set(st, STATUS_INPUT, "%s:1: no record of a batch found, a journal wanted; it is left as it is (--journal names another file)", j->path);
}

static char *read_whole(const journal *j, size_t *size, status *st)
{
    struct stat info;
    if (fstat(j->fd, &info) != 0) info.st_size = 0;
    if ((uint64_t)info.st_size > MAX_JOURNAL) {
        status_set(st, STATUS_INPUT, "%s: larger than the limit of %zu bytes", j->path, MAX_JOURNAL);
        return NULL;
    }
    char *text = alloc_array((size_t)info.st_size + 1, 1, st);
    size_t n = 0;
    for (ssize_t got = 1; text && got > 0 && n < (size_t)info.st_size; n += (size_t)(got > 0 ? got : 0)) {
        got = pread(j->fd, text + n, (size_t)info.st_size - n, (off_t)n);
        if (got < 0) status_set(st, STATUS_IO, "%s: cannot be read: %s", j->path, strerror(errno));
    }
    *size = n;
    if (status_ok(st)) return text;
    alloc_free(text);
    return NULL;
}

static bool read_all(journal *j, status *st)
{
    size_t size, at = 0, number = 0;
    char *text = read_whole(j, &size, st);
    bool ok = text && is_journal(j, text, size, st);
    while (ok && at < size && status_ok(st)) {
        char *end = memchr(text + at, '\n', size - at);
        if (!end) break;
        read_line(j, text + at, (size_t)(end - text) - at, ++number, st);
        at = (size_t)(end - text) + 1;
    }
    /* What a crash left of a last record must not run into the next one. */
    if (ok && status_ok(st) && at < size && ftruncate(j->fd, (off_t)at) != 0)
        status_set(st, STATUS_IO, "%s: cannot be written: %s", j->path, strerror(errno));
    alloc_free(text);
    return status_ok(st);
}

/* Job folders come from strangers, and journals with them: a link, or a file that has a second name, could be any file of
 * the user's. */
static bool open_file(journal *j, status *st)
{
    struct stat info;
    j->fd = open(j->path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (j->fd < 0 && errno == ELOOP) return status_set(st, STATUS_INPUT, "%s: is a symbolic link, a journal wanted; nothing is written through it", j->path);
    if (j->fd < 0) return status_set(st, STATUS_IO, "%s: cannot be opened: %s", j->path, strerror(errno));
    if (fstat(j->fd, &info) != 0) return status_set(st, STATUS_IO, "%s: cannot be read: %s", j->path, strerror(errno));
    if (!S_ISREG(info.st_mode)) return status_set(st, STATUS_INPUT, "%s: is no regular file, a journal wanted", j->path);
    if (info.st_nlink > 1)
        return status_set(st, STATUS_INPUT, "%s: has %lu names (hard links), one wanted; a copy of it will do", j->path, (unsigned long)info.st_nlink);
    if (flock(j->fd, LOCK_EX | LOCK_NB) != 0) return status_set(st, STATUS_INPUT, "%s: another run is using it", j->path);
    return true;
}

journal *journal_open(const char *path, status *st)
{
    journal *j = alloc_zeroed(1, sizeof *j, st);
    if (!j) return NULL;
    j->fd = -1;
    j->path = alloc_string(path, strlen(path), st);
    j->mem = arena_new(st);
    if (j->path && j->mem && make_room(j, st) && open_file(j, st) && read_all(j, st)) return j;
    journal_close(j);
    return NULL;
}

void journal_close(journal *j)
{
    if (!j) return;
    if (j->fd >= 0) close(j->fd);
    arena_free(j->mem);
    alloc_free(j->path);
    alloc_free(j->record);
    alloc_free(j->slot);
    alloc_free(j);
}

const journal_record *journal_find(const journal *j, const char *id)
{
    uint32_t index = *slot_of(j, id);
    return index ? &j->record[index - 1] : NULL;
}

size_t journal_count(const journal *j) { return j->count; }

const journal_record *journal_at(const journal *j, size_t i) { return &j->record[i]; }

static json_t *write_record(const journal_record *r)
{
    json_t *outputs = json_array();
    for (size_t i = 0; i < r->output_count; i++)
        json_array_append_new(outputs, json_pack("{s:s, s:s}", "path", r->output[i].path, "sha256", r->output[i].sha256.text));
    return json_pack("{s:s, s:s, s:s, s:o, s:s*}", "id", r->id, "state", r->done ? "done" : "failed", "inputs",
                     r->inputs.text, "outputs", outputs, "error", r->error);
}

/* The line of a record, freed with alloc_free. */
static char *format_line(const journal *j, const journal_record *record, size_t *size, status *st)
{
    json_t *root = write_record(record);
    char *text = root ? json_write(root, JSON_COMPACT) : NULL;
    if (root && !text) status_set(st, STATUS_NOMEM, "%s: out of memory for the record of job '%s'", j->path, record->id);
    size_t n = text ? strlen(text) : 0;
    char *line = text ? alloc_array(n + CHECK_DIGITS + 2, 1, st) : NULL;
    hash_hex digest;
    if (line) {
        hash_data(text, n, &digest, st);
        memcpy(line, digest.text, CHECK_DIGITS);
        line[CHECK_DIGITS] = ' ';
        memcpy(line + CHECK_DIGITS + 1, text, n);
        line[CHECK_DIGITS + 1 + n] = '\n';
        *size = n + CHECK_DIGITS + 2;
    } else status_set(st, STATUS_FAIL, "%s: no record can be made of job '%s'", j->path, record->id);
    alloc_free(text);
    json_decref(root);
    return line;
}

bool journal_add(journal *j, const journal_record *record, status *st)
{
    size_t size;
    char *line = format_line(j, record, &size, st);
    if (!line) return false;
    off_t before = lseek(j->fd, 0, SEEK_END);
    errno = 0;
    if (write(j->fd, line, size) != (ssize_t)size || fdatasync(j->fd) != 0) {
        status_set(st, STATUS_IO, "%s: cannot be written: %s", j->path, strerror(errno ? errno : ENOSPC));
        if (before >= 0 && ftruncate(j->fd, before) != 0) log_warning("%s: a torn record stays at its end", j->path);
    }
    alloc_free(line);
    return status_ok(st) && remember(j, record, st);
}
