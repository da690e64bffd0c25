/* rerun: makes an output again from the record in it or beside it, and compares. The record may be a stranger's: it gives
 * numbers, flags and words to the subcommand, but names no file to write and no file to read whose digest it does not know. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/kind_options.h"
#include "engine/text_constraint.h"
#include "provenance/provenance.h"
#include "cli/rerun_files.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "provenance/origin.h"
#include "core/text_out.h"
#include "text/chat.h"

enum { MOST_WORDS = 1024, LEFT_SECONDS = 10 };
static const char FOLDER[] = "aigc-rerun-"; /* in the folder of temporary files, with six characters more */

typedef struct {
    const char *path, *output; /* output NULL: a temporary file */
    option_list with;
    int64_t threads;
} rerun_flags;

typedef struct {
    const rerun_flags *f;
    const json_t *record;
    const char *kind, *target;
    kind_options options; /* of the kind */
    char *word[MOST_WORDS];
    int words;
    status *st;
} rerun;

static const char *text_at(const json_t *object, const char *name) { return json_string_value(json_object_get(object, name)); }

/* ---- the command line ---- */

__attribute__((format(printf, 2, 3))) static bool add_word(rerun *r, const char *format, ...)
{
    va_list arguments;
    if (r->words == MOST_WORDS) return status_set(r->st, STATUS_INPUT, "%s: its record has too many settings", r->f->path);
    va_start(arguments, format);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *word = n >= 0 ? alloc_array((size_t)n + 1, 1, r->st) : NULL;
    if (!word) return false;
    va_start(arguments, format);
    vsnprintf(word, (size_t)n + 1, format, arguments);
    va_end(arguments);
    r->word[r->words++] = word;
    return true;
}

/* No name of a file: one of a few words, a template that comes along, or tools that stand there as JSON. */
static bool is_harmless(const option *o, const char *text)
{
    const char *name = o->name;
    return (o->about & OPTION_CHOICE) || (strcmp(name, "chat-template") == 0 && (chat_builtin(text) || strcmp(text, "tool_use") == 0)) || (strcmp(name, "tools") == 0 && *text == '[') ||
           text_constraint_is_text(name, text);
}

/* A number of many digits is text in a record. */
static bool is_number(const json_t *value)
{
    char *end;
    const char *text = json_string_value(value);
    return json_is_number(value) || (text && strspn(text, "0123456789+-.eE") == strlen(text) && (strtod(text, &end), end != text && !*end));
}

static bool fits(const option *o, const json_t *value)
{
    switch (o->type) {
    case OPTION_FLAG: return json_is_true(value);
    case OPTION_INT: return json_is_integer(value);
    case OPTION_REAL: return is_number(value);
    case OPTION_STRING:
    case OPTION_LIST: return json_is_string(value) && is_harmless(o, json_string_value(value));
    case OPTION_GROUP: break;
    }
    return false;
}

static bool add_setting(rerun *r, const option *table, const char *name, const json_t *value)
{
    const option *o = options_find(table, name);
    if (!o || !option_is_setting(o)) return status_set(r->st, STATUS_INPUT, "%s: its record has the setting '%.60s', which no record of ours has", r->f->path, name);
    if (!fits(o, value)) return status_set(r->st, STATUS_INPUT, "%s: its record has the setting '%.60s' with a value that no record of ours has", r->f->path, name);
    if (json_is_true(value)) return add_word(r, "--%s", name);
    if (json_is_integer(value)) return add_word(r, "--%s=%" JSON_INTEGER_FORMAT, name, json_integer_value(value));
    if (json_is_real(value)) return add_word(r, "--%s=%.15g", name, json_real_value(value));
    return add_word(r, "--%s=%s", name, json_string_value(value));
}

static bool add_settings(rerun *r)
{
    const char *name;
    json_t *value, *item;
    size_t i;
    json_object_foreach(json_object_get(r->record, "settings"), name, value) {
        if (!json_is_array(value)) {
            if (!add_setting(r, r->options.table, name, value)) return false;
            continue;
        }
        json_array_foreach(value, i, item)
            if (!add_setting(r, r->options.table, name, item)) return false;
    }
    return true;
}

/* The words of the user by the option's name; those that the record keeps only the digest of come from --with. */
static char *find_text(rerun *r, const char *name, const char *digest)
{
    const char *recorded = text_at(json_object_get(r->record, "texts"), name), *path = rerun_files_with(&r->f->with, name);
    hash_hex found;
    size_t size = recorded ? strlen(recorded) : 0;
    char *text = recorded ? alloc_string(recorded, size, r->st) : path ? file_read(path, 256 << 20, &size, r->st) : NULL;
    if (!text) {
        status_set(r->st, STATUS_INPUT, "%s: its record holds only the SHA-256 of the %s; --with %s=FILE gives the words", r->f->path, name, name);
        return NULL;
    }
    if (hash_data(text, size, &found, r->st) && strcmp(found.text, digest) == 0) return text;
    status_set(r->st, STATUS_INPUT, "%s: the %s of %s is not the one that is recorded", r->f->path, name, path ? path : "its record");
    alloc_free(text);
    return NULL;
}

static bool add_texts(rerun *r, char **spoken)
{
    bool is_image = strcmp(r->kind, "image") == 0;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(r->record, "texts_sha256"), name, value) {
        const option *o = options_find(r->options.table, name);
        if (!o || !(o->about & OPTION_RECORDED))
            return status_set(r->st, STATUS_INPUT, "%s: its record has '%.60s', which aigc %s cannot be given", r->f->path, name, r->kind);
        char *text = find_text(r, name, json_is_string(value) ? json_string_value(value) : "");
        if (!text) return false;
        if (strcmp(name, "text") == 0) *spoken = text;
        else {
            add_word(r, "--%s=%s", name, text);
            alloc_free(text);
        }
    }
    if (is_image && !json_object_get(json_object_get(r->record, "texts_sha256"), "prompt")) add_word(r, "--prompt=");
    return status_ok(r->st);
}

static bool add_files(rerun *r, char **input)
{
    size_t i;
    json_t *file;
    json_array_foreach(json_object_get(r->record, "files"), i, file) {
        const char *use = text_at(file, "option");
        char *path = rerun_files_find(r->record, file, r->options.table, &r->f->with, r->f->path, r->st);
        if (!path) return false;
        if (strcmp(use, "input") == 0 && !*input) {
            *input = path;
            continue;
        }
        if (rerun_files_is_option(use)) add_word(r, "--%s=%s", use, path);
        alloc_free(path);
    }
    return status_ok(r->st);
}

static bool make_words(rerun *r)
{
    char *spoken = NULL, *input = NULL;
    const json_t *seed = json_object_get(r->record, "seed");
    bool ok = add_word(r, "%s", r->kind) && add_files(r, &input) && add_settings(r) && add_texts(r, &spoken);
    if (ok) ok = add_word(r, "--seed=%" JSON_INTEGER_FORMAT, json_integer_value(seed)) && add_word(r, "--threads=%" PRId64, r->f->threads) &&
                 add_word(r, "--metadata=%s", text_at(r->record, "metadata") ? "hash" : "full") && add_word(r, "--output=%s", r->target);
    if (ok) ok = add_word(r, "--quiet");
    if (ok && (spoken || input)) ok = add_word(r, "--") && add_word(r, "%s", spoken ? spoken : input);
    alloc_free(spoken);
    alloc_free(input);
    return ok;
}

/* ---- running and comparing ---- */

static const struct {
    const char *kind;
    void (*run)(int argc, char **argv, status *st);
} KINDS[] = {{"text", cmd_text}, {"image", cmd_image}, {"speak", cmd_speak}, {"vocode", cmd_vocode}};

static bool run_again(rerun *r)
{
    log_level level = log_get_level();
    if (log_get_level() == LOG_VERBOSE)
        for (int i = 0; i < r->words; i++) fprintf(stderr, "%s%s", r->word[i], i + 1 < r->words ? " " : "\n");
    for (size_t k = 0; k < sizeof KINDS / sizeof KINDS[0]; k++)
        if (strcmp(KINDS[k].kind, r->kind) == 0) KINDS[k].run(r->words, r->word, r->st);
    log_set_level(level);
    return status_ok(r->st);
}

/* Is byte `at` of the file one of a WAV file's two lengths? On standard output they say "until the end", and what was made
 * again may say how long. */
static bool is_open_length(const file_mapping *m, size_t at)
{
    const unsigned char *p = m->data;
    if (m->size < 48 || memcmp(p, "RIFF\xFF\xFF\xFF\xFF", 8) != 0 || at < 4) return false;
    if (at < 8) return true;
    for (size_t first = at - 3; first <= at; first++)
        if (first >= 16 && first + 4 <= m->size && memcmp(p + first - 4, "data\xFF\xFF\xFF\xFF", 8) == 0) return true;
    return false;
}

static bool same_bytes(const char *path, const char *again, status *st)
{
    file_mapping a = {0}, b = {0};
    if (file_map(&a, path, st) && file_map(&b, again, st)) {
        const unsigned char *x = a.data, *y = b.data;
        size_t n = a.size < b.size ? a.size : b.size, at = 0;
        while (at < n && (x[at] == y[at] || is_open_length(&a, at))) at++;
        if (at < n || a.size != b.size)
            status_set(st, STATUS_FAIL, "%s: differs from what was made again, first at byte %zu (%zu and %zu bytes long)", path, at + 1, a.size, b.size);
    }
    file_unmap(&a);
    file_unmap(&b);
    return status_ok(st);
}

static void make_again(const rerun_flags *f, const json_t *record, const char *target, status *st)
{
    rerun *r = alloc_zeroed(1, sizeof *r, st);
    if (!r) return;
    r->f = f, r->record = record, r->kind = text_at(record, "kind"), r->target = target, r->st = st;
    const char *version = text_at(record, "version"), *producer = text_at(record, "producer");
    if (!r->kind || !kind_options_init(&r->options, r->kind)) status_set(st, STATUS_INPUT, "%s: its record is of the kind '%.40s', text, image, speak or vocode wanted", f->path, r->kind ? r->kind : "");
    else if (!json_is_integer(json_object_get(record, "seed")))
        status_set(st, STATUS_INPUT, "%s: its record says that it is generated and no more (--metadata none)", f->path);
    if (status_ok(st) && version && strcmp(version, AIGC_VERSION) != 0)
        log_warning("%s was made by version %.40s, this is %s: the bytes may differ", f->path, version, AIGC_VERSION);
    if (producer) setenv("AIGC_PRODUCER", producer, 1);
    else unsetenv("AIGC_PRODUCER");
    if (status_ok(st) && make_words(r) && run_again(r) && same_bytes(f->path, target, st)) log_message("%s: made again, byte for byte", f->path);
    for (int i = 0; i < r->words; i++) alloc_free(r->word[i]);
    alloc_free(r);
}

/* Removes base/name, a folder like ours, unless the run it belongs to still holds its lock; one that is a moment old may not be
 * locked yet. */
static void clear_if_left(int base, const char *name)
{
    struct stat info;
    int fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool left = fd >= 0 && fstat(fd, &info) == 0 && info.st_uid == geteuid() && info.st_mtime + LEFT_SECONDS < time(NULL) && flock(fd, LOCK_EX | LOCK_NB) == 0;
    DIR *d = left ? fdopendir(fd) : NULL;
    for (struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, "again", 5) == 0 || strncmp(e->d_name, ".aigc.", 6) == 0) unlinkat(fd, e->d_name, 0);
    if (left) unlinkat(base, name, AT_REMOVEDIR);
    if (d) closedir(d);
    else if (fd >= 0) close(fd);
}

/* What runs that were killed have left. */
static void clear_left(const char *base)
{
    DIR *d = opendir(base);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, FOLDER, sizeof FOLDER - 1) == 0) clear_if_left(dirfd(d), e->d_name);
    if (d) closedir(d);
}

/* A folder of our own for what is only compared; its file has the ending that says the format. */
static void make_in_folder(const rerun_flags *f, const json_t *record, status *st)
{
    const char *base = getenv("TMPDIR"), *slash = strrchr(f->path, '/'), *dot = strrchr(slash ? slash : f->path, '.');
    text_out folder = {.st = st}, target = {.st = st}, beside = {.st = st};
    int lock = -1;
    if (!base || !*base) base = "/tmp";
    clear_left(base);
    text_out_format(&folder, "%s/%sXXXXXX", base, FOLDER);
    if (status_ok(st) && !mkdtemp(folder.data)) status_set(st, STATUS_IO, "%s: cannot be made: %s", folder.data, strerror(errno));
    else if (status_ok(st)) {
        lock = open(folder.data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (lock >= 0) flock(lock, LOCK_EX | LOCK_NB);
        text_out_format(&target, "%s/again%s", folder.data, dot ? dot : "");
        text_out_format(&beside, "%s.origin.json", target.data ? target.data : "");
        if (status_ok(st)) make_again(f, record, target.data, st);
        if (target.data) unlink(target.data);
        if (beside.data) unlink(beside.data);
        rmdir(folder.data);
        if (lock >= 0) close(lock);
    }
    text_out_free(&folder);
    text_out_free(&target);
    text_out_free(&beside);
}

static void run_file(const rerun_flags *f, status *st)
{
    json_t *report = provenance_read(f->path, st), *record = json_object_get(report, "origin");
    if (report && !record) status_set(st, STATUS_INPUT, "%s: holds no record of aigc, nor lies one beside it", f->path);
    if (record && f->output && file_same(f->path, f->output)) status_set(st, STATUS_USAGE, "-o %s: the file itself, which is to be compared", f->output);
    else if (record && f->output) make_again(f, record, f->output, st);
    else if (record) make_in_folder(f, record, st);
    json_decref(report);
}

static const help_text HELP = {
    "aigc rerun [OPTION]… FILE",
    "Makes an output again from the record in it or beside it, and compares: exit code 0 when every byte agrees, 1 when one differs, 3 when it cannot "
    "be made. FILE is a file, not standard input.",
    {{"aigc rerun rocket.png",
      "draws it again and compares"},
     {"aigc rerun -v -o again.png rocket.png",
      "keeps what is made again and shows the command"}},
    "FILE"};

void cmd_rerun(int argc, char **argv, status *st)
{
    rerun_flags f = {0};
    const option table[] = {
        {'o', "output", OPTION_STRING, &f.output, "FILE", "keep what is made again (it is only compared)", 0, 0, NULL},
        {0, "with", OPTION_LIST, &f.with, "NAME=FILE", "where a file of the record lies (model, voice, init-img, …), or the words it lacks (prompt, text, …); repeatable", 0, 0, NULL},
        {'t', "threads", OPTION_INT, &f.threads, "N", "0: one for each core (0); the bytes do not depend on it", 0, 1024, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    const char **paths = alloc_array((size_t)argc, sizeof *paths, st);
    int count;
    bool help;
    if (paths && arguments_parse(table, argc, argv, &HELP, paths, &count, &help, st) && !help) {
        f.path = count == 1 ? paths[0] : NULL;
        if (count != 1) status_set(st, STATUS_USAGE, "%d files found, one wanted, as in aigc rerun rocket.png; --help lists the options", count);
        else if (strcmp(f.path, "-") == 0) status_set(st, STATUS_USAGE, "-: a file is wanted, not standard input");
        else run_file(&f, st);
    }
    alloc_free(paths);
}
