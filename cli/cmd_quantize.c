/* quantize: a GGUF file or a Hugging Face folder in, a GGUF file with smaller weights out.
 *
 * Matrices get the type asked for; norms, biases and everything of one dimension stay f32. The token table and the head
 * decide every token, so below 6 bits the one that makes the output is stored in q6_k, unless --pure is given. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "engine/model_path.h"
#include "engine/options.h"
#include "engine/output_ending.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/gguf_write.h"
#include "core/log.h"
#include "core/quant.h"
#include "core/requantize.h"
#include "core/weights.h"
#include "text/gpt_export.h"
#include "text/tokenizer_export.h"

enum { MAX_CONFIG = 16 << 20 };

typedef struct {
    const char *in, *out, *type_name;
    int64_t threads;
    bool pure;
} settings;

/* Types on offer and their numbers in general.file_type. */
static const struct {
    dtype type;
    uint32_t file_type;
} TYPES[] = {
    {DTYPE_Q8_0, 7},  {DTYPE_Q6_K, 18}, {DTYPE_Q5_K, 16}, {DTYPE_Q5_1, 9}, {DTYPE_Q5_0, 8}, {DTYPE_Q4_K, 14},
    {DTYPE_Q4_1, 3},  {DTYPE_Q4_0, 2},  {DTYPE_F16, 1},   {DTYPE_BF16, 32}, {DTYPE_F32, 0},
};
static const char TYPE_NAMES[] = "q8_0, q6_k, q5_k, q5_1, q5_0, q4_k, q4_1, q4_0, f16, bf16, f32";
enum { TYPE_COUNT = sizeof TYPES / sizeof TYPES[0] };

static bool file_type_of(const char *name, dtype *type, uint32_t *file_type, status *st)
{
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (!name || dtype_from_name(name) != TYPES[i].type) continue;
        *type = TYPES[i].type;
        *file_type = TYPES[i].file_type;
        return true;
    }
    return status_set(st, STATUS_USAGE, "--type: '%s' found, one of %s wanted%s", name ? name : "", TYPE_NAMES,
                      name ? nearest_in(name, TYPE_NAMES).text : "");
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* What is to be written: the tensors under their new names, and the keys. */
typedef struct {
    requantize_job *job;
    int64_t count;
    gguf_writer *writer;
} plan;

/* The type a tensor is stored in. */
static dtype type_for(const requantize_job *j, bool has_head, dtype wanted, bool pure)
{
    dtype now = j->source->type;
    bool floats = now == DTYPE_F32 || now == DTYPE_F16 || now == DTYPE_BF16 || now == DTYPE_F64;
    if (!floats && dtype_of(now)->block == 1) return now;
    if (j->rank < 2 || !ends_with(j->name, ".weight") || ends_with(j->name, "_norm.weight")) return DTYPE_F32;
    if (strcmp(j->name, "position_embd.weight") == 0 || strcmp(j->name, "token_types.weight") == 0)
        return now == DTYPE_F16 || now == DTYPE_BF16 ? now : DTYPE_F32;
    bool makes_output = strcmp(j->name, has_head ? "output.weight" : "token_embd.weight") == 0;
    bool small = wanted == DTYPE_Q4_0 || wanted == DTYPE_Q4_1 || wanted == DTYPE_Q5_0 || wanted == DTYPE_Q5_1 ||
                 wanted == DTYPE_Q4_K || wanted == DTYPE_Q5_K;
    return requantize_type(makes_output && small && !pure ? DTYPE_Q6_K : wanted, j->dim[j->rank - 1]);
}

static bool write_tensors(const plan *p, FILE *out, const settings *s, status *st)
{
    pool *threads = pool_new((int)s->threads, st);
    bool ok = threads != NULL;
    for (int64_t i = 0; ok && i < p->count; i++) {
        const requantize_job *j = &p->job[i];
        size_t bytes;
        log_progress("tensor %lld/%lld of %s", (long long)(i + 1), (long long)p->count, s->out);
        ok = requantize_write(j, threads, out, &bytes, st);
        if (ok) gguf_write_padding(p->writer, out, bytes);
        ok = ok && !ferror(out);
        log_verbose("%-40s %s -> %s", j->name, dtype_of(j->source->type)->name, dtype_of(j->type)->name);
    }
    log_progress_end();
    pool_free(threads);
    return ok;
}

/* Chooses the types and writes the file. The plan's keys are there already. */
static void write_file(const plan *p, dtype type, uint32_t file_type, const settings *s, status *st)
{
    bool has_head = false;
    for (int64_t i = 0; i < p->count; i++) has_head |= strcmp(p->job[i].name, "output.weight") == 0;
    gguf_write_u32(p->writer, "general.quantization_version", 2);
    gguf_write_u32(p->writer, "general.file_type", file_type);
    for (int64_t i = 0; i < p->count; i++) {
        requantize_job *j = &p->job[i];
        j->type = type_for(j, has_head, type, s->pure);
        gguf_write_tensor(p->writer, j->name, j->type, j->rank, j->dim);
    }
    file_output *out = status_ok(st) ? file_create(s->out, st) : NULL;
    if (!out) return;
    bool written = gguf_write_header(p->writer, file_stream(out)) && write_tensors(p, file_stream(out), s, st);
    if (written || ferror(file_stream(out))) file_commit(out, st);
    else file_abort(out);
}

/* ---- GGUF in: every key and every tensor under its own name ---- */

static bool key_is(const gguf_value *v, const char *key) { return v->key.size == strlen(key) && memcmp(v->key.text, key, v->key.size) == 0; }

static bool plan_gguf(plan *p, const weights *w, status *st)
{
    const gguf *g = weights_gguf(w);
    for (int64_t i = 0; i < gguf_value_count(g); i++) {
        const gguf_value *v = gguf_value_at(g, i);
        bool of_parts = v->key.size > 6 && memcmp(v->key.text, "split.", 6) == 0; /* what is written is whole */
        if (!of_parts && !key_is(v, "general.file_type") && !key_is(v, "general.quantization_version")) gguf_write_copy(p->writer, v);
    }
    p->job = alloc_zeroed((size_t)weights_count(w), sizeof *p->job, st);
    if (!p->job) return false;
    p->count = weights_count(w);
    for (int64_t i = 0; i < p->count; i++) {
        requantize_job *j = &p->job[i];
        j->source = weights_at(w, i, &j->name);
        j->rank = j->source->rank;
        memcpy(j->dim, j->source->dim, sizeof j->dim);
    }
    return true;
}

static void quantize_gguf(const weights *w, dtype type, uint32_t file_type, const settings *s, status *st)
{
    plan p = {.writer = gguf_write_new(st)};
    if (p.writer && plan_gguf(&p, w, st)) write_file(&p, type, file_type, s, st);
    gguf_write_free(p.writer);
    alloc_free(p.job);
}

/* ---- a Hugging Face folder in: renamed, with the config and the tokenizer as keys ---- */

static bool is_there(const char *folder, const char *name, status *st)
{
    char *path = file_join(folder, name, st);
    bool there = path && file_exists(path);
    alloc_free(path);
    return there;
}

static bool read_config(gpt_config *c, const char *folder, status *st)
{
    size_t size;
    char *path = file_join(folder, "config.json", st);
    char *text = path ? file_read(path, MAX_CONFIG, &size, st) : NULL;
    bool ok = text && gpt_config_from_json(c, text, size, path, st);
    alloc_free(text);
    alloc_free(path);
    return ok;
}

static bool plan_tokenizer(plan *p, const char *folder, int64_t rows, status *st)
{
    if (!is_there(folder, "tokenizer.json", st) && !is_there(folder, "vocab.json", st)) {
        log_warning("%s: no tokenizer.json and no vocab.json: the file will have no tokenizer", folder);
        return status_ok(st);
    }
    tokenizer *t = tokenizer_open_folder(folder, st);
    if (t && rows > 0 && rows < INT32_MAX) tokenizer_limit(t, (int32_t)rows);
    bool ok = t && tokenizer_export(t, rows, p->writer, folder, st);
    tokenizer_free(t);
    return ok;
}

/* Weights that did not find a place are worth a word. */
static void warn_of_rest(const gpt_export *e, const weights *w, bool tied)
{
    const char *first = NULL;
    int64_t count = 0;
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        const tensor *x = weights_at(w, i, &name);
        bool used = !ends_with(name, ".weight") || (tied && ends_with(name, "lm_head.weight"));
        for (int64_t k = 0; k < e->count && !used; k++) used = e->job[k].source == x;
        if (used) continue;
        if (!count++) first = name;
    }
    if (count) log_warning("%lld tensors are no part of the text model and are left out, the first is '%s'", (long long)count, first);
}

static void quantize_folder(const weights *w, const char *folder, dtype type, uint32_t file_type, const settings *s, status *st)
{
    gpt_config config;
    gpt_export e = {0};
    if (!read_config(&config, folder, st)) return;
    plan p = {.writer = gguf_write_new(st)};
    if (p.writer && gpt_export_keys(&config, p.writer, folder, st) && plan_tokenizer(&p, folder, config.vocab, st) &&
        gpt_export_tensors(&e, w, &config, st)) {
        warn_of_rest(&e, w, config.tied);
        p.job = e.job;
        p.count = e.count;
        write_file(&p, type, file_type, s, st);
    }
    gpt_export_free(&e);
    gguf_write_free(p.writer);
}

static void run(const settings *s, status *st)
{
    dtype type = DTYPE_F32;
    uint32_t file_type = 0;
    if (!s->type_name) return (void)status_set(st, STATUS_USAGE, "--type is wanted, one of %s", TYPE_NAMES);
    if (!file_type_of(s->type_name, &type, &file_type, st)) return;
    char *path = model_path_find(s->in, st);
    if (path && file_same(path, s->out)) status_set(st, STATUS_USAGE, "%s: the model itself; another file to write is wanted", s->out);
    weights *w = path && status_ok(st) ? weights_open(path, st) : NULL;
    if (w && weights_format_of(w) == WEIGHTS_GGUF) quantize_gguf(w, type, file_type, s, st);
    else if (w && file_is_folder(path)) quantize_folder(w, path, type, file_type, s, st);
    else if (w) status_set(st, STATUS_INPUT, "%s: a GGUF file or a folder with config.json is wanted", s->in);
    weights_close(w);
    alloc_free(path);
}

static const help_text HELP = {
    "aigc quantize [OPTION]… --type TYPE IN OUT",
    "Writes a GGUF file with smaller weights from a GGUF file or a Hugging Face folder. Norms, biases and what has one dimension stay in f32.",
    {{"aigc quantize --type q8_0 smollm2 smollm2-q8.gguf",
      "8 bits a weight"},
     {"aigc quantize --type q4_0 --pure smollm2 smollm2-q4.gguf",
      "4 bits a weight, the head too"}},
    "MODEL"};

void cmd_quantize(int argc, char **argv, status *st)
{
    settings s = {0};
    const option table[] = {
        {0, "type", OPTION_STRING, &s.type_name, "TYPE", "what the weights become", 0, 0, NULL, TYPE_NAMES},
        {0, "pure", OPTION_FLAG, &s.pure, NULL, "the same type for the token table and the head (default: q6_k below 6 bits)", 0, 0, NULL},
        {'t', "threads", OPTION_INT, &s.threads, "N", "threads (default: one a core)", 0, 1024, NULL},
        {0},
    };
    const char **words = alloc_array((size_t)argc, sizeof *words, st);
    int count;
    bool help;
    if (!words) return;
    if (arguments_parse(table, argc, argv, &HELP, words, &count, &help, st) && !help) {
        if (count != 2) status_set(st, STATUS_USAGE, "a model and the file to write are wanted, %d words given; --help tells more", count);
        else if (output_ending_check(OUTPUT_MODEL, "the file to write", words[1], st)) {
            s.in = words[0];
            s.out = words[1];
            run(&s, st);
        }
    }
    alloc_free(words);
}
