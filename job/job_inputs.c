#include "job/job_inputs.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/image_model.h"
#include "engine/model_path.h"
#include "job/job_name.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/hash_cache.h"
#include "core/json.h"
#include "core/log.h"

enum { MAX_KNOWN = 64 };

typedef struct {
    char *path;
    struct stat info; /* the file as it was read; a folder's says too little, it is taken to stay for the run */
    hash_hex digest;
} known_digest;

struct job_inputs {
    char *job_path;                 /* of the job file, which names lie beside */
    const option_list *aliases;
    known_digest known[MAX_KNOWN];  /* files that many jobs name are read once */
    size_t known_count;
    char *replaced[MAX_KNOWN];      /* model names that were told not to be here */
    size_t replaced_count;
    char *found[MAX_KNOWN];         /* model names that were found: a million jobs of one model ask once */
    size_t found_count;
};

const char *job_inputs_model(const job *j)
{
    for (size_t i = 0; i < j->option_count; i++)
        if (j->option[i].about & OPTION_MODEL) return j->option[i].value;
    return kind_model(j->kind);
}

job_inputs *job_inputs_new(const char *job_path, const option_list *aliases, status *st)
{
    job_inputs *in = alloc_zeroed(1, sizeof *in, st);
    if (!in) return NULL;
    in->aliases = aliases;
    in->job_path = alloc_string(job_path, strlen(job_path), st);
    for (size_t i = 0; i < aliases->count; i++)
        if (!strchr(aliases->item[i] + (*aliases->item[i] != 0), '='))
            status_set(st, STATUS_USAGE, "--alias: '%s' found, NAME=MODEL wanted", aliases->item[i]);
    if (status_ok(st)) return in;
    job_inputs_free(in);
    return NULL;
}

void job_inputs_free(job_inputs *in)
{
    if (!in) return;
    for (size_t i = 0; i < in->known_count; i++) alloc_free(in->known[i].path);
    for (size_t i = 0; i < in->replaced_count; i++) alloc_free(in->replaced[i]);
    for (size_t i = 0; i < in->found_count; i++) alloc_free(in->found[i]);
    alloc_free(in->job_path);
    alloc_free(in);
}

/* ---- names to paths ---- */

static const char *alias_of(const job_inputs *in, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < in->aliases->count; i++)
        if (strncmp(in->aliases->item[i], name, n) == 0 && in->aliases->item[i][n] == '=') return in->aliases->item[i] + n + 1;
    return name;
}

static char *path_of_model(const char *name, status *st) { return model_path_find(strcmp(name, "heart") == 0 ? "hibari" : name, st); }

/* Is a model of that name here? Where it is, it is looked for once. */
static bool is_here(job_inputs *in, const char *name, status *st)
{
    for (size_t i = 0; i < in->found_count; i++)
        if (strcmp(in->found[i], name) == 0) return true;
    char *path = path_of_model(name, st);
    bool found = path != NULL;
    alloc_free(path);
    if (found && in->found_count < MAX_KNOWN && (in->found[in->found_count] = alloc_string(name, strlen(name), st))) in->found_count++;
    return found;
}

/* Requests name models of elsewhere. */
static const char *model_that_is_here(job_inputs *in, const char *name, request_kind kind, status *st)
{
    for (size_t i = 0; i < in->replaced_count; i++)
        if (strcmp(in->replaced[i], name) == 0) return kind_model(kind);
    status absent = {0};
    if (is_here(in, name, &absent)) return name;
    log_warning("'%s' is no model here: '%s' answers in its place (--alias %s=MODEL names another)", name, kind_model(kind), name);
    if (in->replaced_count < MAX_KNOWN && (in->replaced[in->replaced_count] = alloc_string(name, strlen(name), st))) in->replaced_count++;
    return kind_model(kind);
}

/* Nobody is there to write into a job's pipe, nor to type at its terminal. */
static bool refuse_special(const job_option *o, status *st)
{
    bool file = o->value && o->about & (OPTION_READS | OPTION_NAMED) && file_is_special(o->value);
    int fd = file ? file_open(o->value, st) : -1; /* says what it is; by now it may be a file */
    if (fd >= 0) close(fd);
    return status_ok(st);
}

bool job_inputs_resolve_option(job_inputs *in, const job *j, job_option *o, arena *mem, status *st)
{
    if (o->about & OPTION_READS) o->value = job_name_beside(in->job_path, o->value, mem, st);
    else if (o->about & OPTION_NAMED) {
        if (o->about & OPTION_MODEL) o->value = alias_of(in, o->value);
        const char *path = *o->value ? job_name_beside(in->job_path, o->value, mem, st) : NULL;
        if (path && path != o->value && file_exists(path)) o->value = path;
        else if ((o->about & OPTION_MODEL) && j->form != JOB_FORM_OWN) o->value = model_that_is_here(in, o->value, j->kind, st);
    }
    return o->value && refuse_special(o, st);
}

bool job_inputs_resolve(job_inputs *in, job *j, arena *mem, status *st)
{
    for (size_t i = 0; i < j->option_count; i++)
        if (!j->option[i].waits && !job_inputs_resolve_option(in, j, &j->option[i], mem, st)) return false;
    return status_ok(st);
}

/* ---- the digest ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A model's digest is remembered between runs. */
static bool digest_of_file(job_inputs *in, const char *path, bool is_model, hash_hex *out, status *st)
{
    struct stat info = {0};
    size_t i = 0;
    stat(path, &info);
    while (i < in->known_count && strcmp(in->known[i].path, path) != 0) i++;
    if (i < in->known_count && same_file(&in->known[i].info, &info)) {
        *out = in->known[i].digest;
        return true;
    }
    if ((is_model || file_is_folder(path)) && !model_path_check(path, st)) return false;
    if (!(is_model ? hash_cache_path : hash_path)(path, out, st)) return false;
    if (i == in->known_count && (i == MAX_KNOWN || !(in->known[i].path = alloc_string(path, strlen(path), st)))) return status_ok(st);
    in->known[i].info = info;
    in->known[i].digest = *out;
    if (i == in->known_count) in->known_count++;
    return true;
}

bool job_inputs_find_model(job_inputs *in, const job *j, status *st)
{
    const char *name = job_inputs_model(j);
    return !*name || is_here(in, name, st);
}

static bool digest_of_model(job_inputs *in, const char *name, hash_hex *out, status *st)
{
    *out = (hash_hex){{0}};
    if (!*name) return true;
    char *path = path_of_model(name, st);
    bool ok = path && digest_of_file(in, path, true, out, st);
    alloc_free(path);
    return ok;
}

size_t job_inputs_path_size(const job_option *o) { return strcmp(o->name, "lora") == 0 ? image_model_lora_name(o->value) : strlen(o->value); }

/* [name, value] or, for a file, [name, what stands behind it, digest]. */
static json_t *describe(job_inputs *in, const job_option *o, status *st)
{
    hash_hex digest;
    status unread = {0}; /* what cannot be read is told by the one who reads it */
    if (o->about & OPTION_MODEL) return json_pack("[s]", o->name); /* its digest stands in front */
    if (o->about & (OPTION_READS | OPTION_NAMED)) {
        char *path = alloc_string(o->value, job_inputs_path_size(o), st);
        const char *rest = path ? o->value + strlen(path) : "";
        json_t *found = path && file_exists(path) && digest_of_file(in, path, false, &digest, &unread) ? json_pack("[s, s, s]", o->name, rest, digest.text) : NULL;
        alloc_free(path);
        if (found) return found;
    }
    return json_pack("[s, s]", o->name, o->value);
}

bool job_inputs_digest(job_inputs *in, const job *j, hash_hex *out, status *st)
{
    hash_hex model;
    if (!digest_of_model(in, job_inputs_model(j), &model, st)) return false;
    json_t *all = json_array();
    for (size_t i = 0; i < j->option_count && status_ok(st); i++) json_array_append_new(all, describe(in, &j->option[i], st));
    bool whole = json_array_size(all) == j->option_count;
    json_t *root = json_pack("[s, s, i, i, s*, I, s, s, o]", AIGC_VERSION, kind_name(j->kind), (int)j->form, (int)j->choices, j->format,
                             (json_int_t)j->seed, model.text, j->out, all);
    char *text = root ? json_write(root, JSON_COMPACT) : NULL;
    if (root && !text) status_set(st, STATUS_NOMEM, "out of memory for the inputs of job '%s'", j->id);
    bool ok = whole && text && hash_data(text, strlen(text), out, st);
    if (!ok) status_set(st, STATUS_FAIL, "job '%s': its inputs have no digest (is a value no UTF-8?)", j->id);
    alloc_free(text);
    json_decref(root);
    return ok;
}
