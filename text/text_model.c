#include "text/text_model.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "text/text_kind.h"

enum { CONFIG_LIMIT = 1 << 20 };

/* The folder that holds path: path itself, or what stands before its last '/'. */
static char *folder_of(const char *path, status *st)
{
    if (file_is_folder(path)) return alloc_string(path, strlen(path), st);
    const char *slash = strrchr(path, '/');
    return slash ? alloc_string(path, slash == path ? 1 : (size_t)(slash - path), st) : alloc_string(".", 1, st);
}

static bool read_config(gpt_config *c, const text_model *m, const char *folder, status *st)
{
    if (weights_gguf(m->file)) return gpt_config_from_gguf(c, weights_gguf(m->file), weights_path(m->file), st);
    char *path = file_join(folder, "config.json", st);
    size_t size;
    char *text = path ? file_read(path, CONFIG_LIMIT, &size, st) : NULL;
    bool ok = text && text_kind_config(text, size, path, st) && gpt_config_from_json(c, text, size, path, st);
    alloc_free(text);
    alloc_free(path);
    return ok;
}

typedef struct {
    const weights *file;
    const char *folder;
    tokenizer *result;
    status st;
} tokenizer_job;

static void open_tokenizer(void *arg)
{
    tokenizer_job *j = arg;
    const struct gguf *g = weights_gguf(j->file);
    j->result = g ? tokenizer_open_gguf(g, weights_path(j->file), &j->st) : tokenizer_open_folder(j->folder, &j->st);
}

static bool check_fit(const text_model *m, status *st)
{
    int64_t rows = m->gpt->config.vocab;
    if (tokenizer_size(m->tokenizer) <= rows || tokenizer_limit(m->tokenizer, (int32_t)rows)) return true;
    return status_set(st, STATUS_INPUT, "%s: the tokenizer has %d tokens, the model only %lld: they do not belong together",
                      weights_path(m->file), tokenizer_size(m->tokenizer), (long long)m->gpt->config.vocab);
}

static bool open_parts(text_model *m, const char *folder, linear_mode mode, pool *threads, status *st)
{
    gpt_config config;
    if (!text_kind_weights(m->file, st) || !read_config(&config, m, folder, st)) return false;
    tokenizer_job job = {.file = m->file, .folder = folder};
    m->gpt = gpt_new(m->file, &config, mode, threads, &(gpt_beside){open_tokenizer, &job}, st);
    m->tokenizer = job.result;
    if (!status_ok(&job.st)) status_set(st, job.st.code, "%s", job.st.msg);
    if (!m->gpt || !m->tokenizer || !check_fit(m, st)) return false;
    int64_t rows = m->gpt->config.vocab;
    return (m->constraints = constraint_store_new(m->tokenizer, (int32_t)rows, st)) != NULL;
}

bool text_model_open(text_model *m, const char *path, linear_mode mode, pool *threads, status *st)
{
    double begin = log_seconds();
    *m = (text_model){0};
    char *folder = folder_of(path, st);
    bool likely = folder && (!file_is_folder(path) || text_kind_folder(path, st));
    m->file = likely ? weights_open(path, st) : NULL;
    bool ok = m->file && open_parts(m, folder, mode, threads, st);
    alloc_free(folder);
    m->seconds = log_seconds() - begin;
    if (!ok) text_model_close(m);
    return ok;
}

void text_model_close(text_model *m)
{
    constraint_store_free(m->constraints);
    gpt_free(m->gpt);
    tokenizer_free(m->tokenizer);
    weights_close(m->file);
    *m = (text_model){0};
}
