/* quantize: a model file in, a GGUF file with smaller weights out.
 *
 * Matrices get the type asked for; norms, biases and everything of one dimension stay f32. The token table and the head
 * decide every token, so below 6 bits the one that makes the output is stored in q6_k, unless --pure is given. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/model_path.h"
#include "cli/options.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/gguf_write.h"
#include "core/log.h"
#include "core/quant.h"
#include "core/requantize.h"
#include "core/weights.h"

typedef struct {
    const char *in, *out, *type_name;
    int64_t threads;
    bool pure, quiet, verbose;
} settings;

/* Types on offer and their numbers in general.file_type. */
static const struct {
    dtype type;
    uint32_t file_type;
} TYPES[] = {
    {DTYPE_Q8_0, 7},  {DTYPE_Q6_K, 18}, {DTYPE_Q5_K, 16}, {DTYPE_Q5_1, 9}, {DTYPE_Q5_0, 8}, {DTYPE_Q4_K, 14},
    {DTYPE_Q4_1, 3},  {DTYPE_Q4_0, 2},  {DTYPE_F16, 1},   {DTYPE_BF16, 32}, {DTYPE_F32, 0},
};
enum { TYPE_COUNT = sizeof TYPES / sizeof TYPES[0] };

static bool file_type_of(const char *name, dtype *type, uint32_t *file_type, status *st)
{
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (!name || dtype_from_name(name) != TYPES[i].type) continue;
        *type = TYPES[i].type;
        *file_type = TYPES[i].file_type;
        return true;
    }
    return status_set(st, STATUS_USAGE, "--type: '%s' found, one of q8_0, q6_k, q5_k, q5_1, q5_0, q4_k, q4_1, q4_0, f16, bf16, f32 wanted",
                      name ? name : "");
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* The type a tensor is stored in. */
static dtype type_for(const weights *w, const char *name, const tensor *x, dtype wanted, bool pure)
{
    bool floats = x->type == DTYPE_F32 || x->type == DTYPE_F16 || x->type == DTYPE_BF16 || x->type == DTYPE_F64;
    bool numbers = floats || dtype_of(x->type)->block > 1;
    if (!numbers) return x->type;
    if (x->rank < 2 || !ends_with(name, ".weight") || ends_with(name, "_norm.weight")) return DTYPE_F32;
    if (strcmp(name, "position_embd.weight") == 0 || strcmp(name, "token_types.weight") == 0) return floats ? x->type : DTYPE_F32;
    bool makes_output = strcmp(name, "output.weight") == 0 ||
                        (strcmp(name, "token_embd.weight") == 0 && !weights_find(w, "output.weight"));
    bool small = wanted == DTYPE_Q4_0 || wanted == DTYPE_Q4_1 || wanted == DTYPE_Q5_0 || wanted == DTYPE_Q5_1 ||
                 wanted == DTYPE_Q4_K || wanted == DTYPE_Q5_K;
    return requantize_type(makes_output && small && !pure ? DTYPE_Q6_K : wanted, x->dim[x->rank - 1]);
}

static bool key_is(const gguf_value *v, const char *key) { return v->key.size == strlen(key) && memcmp(v->key.text, key, v->key.size) == 0; }

static void copy_metadata(gguf_writer *to, const gguf *from, uint32_t file_type)
{
    for (int64_t i = 0; i < gguf_value_count(from); i++) {
        const gguf_value *v = gguf_value_at(from, i);
        if (!key_is(v, "general.file_type") && !key_is(v, "general.quantization_version")) gguf_write_copy(to, v);
    }
    gguf_write_u32(to, "general.quantization_version", 2);
    gguf_write_u32(to, "general.file_type", file_type);
}

static bool write_tensors(const weights *w, const requantize_job *job, const gguf_writer *writer, FILE *out, const settings *s, status *st)
{
    pool *threads = pool_new((int)s->threads, st);
    bool ok = threads != NULL;
    int64_t count = weights_count(w);
    for (int64_t i = 0; ok && i < count; i++) {
        size_t bytes;
        log_progress("%s: tensor %lld of %lld", s->out, (long long)(i + 1), (long long)count);
        ok = requantize_write(&job[i], threads, out, &bytes, st);
        if (ok) gguf_write_padding(writer, out, bytes);
        ok = ok && !ferror(out);
        log_verbose("%-40s %s -> %s", job[i].name, dtype_of(job[i].source->type)->name, dtype_of(job[i].type)->name);
    }
    log_progress_end();
    pool_free(threads);
    return ok;
}

static void quantize_gguf(const weights *w, dtype type, uint32_t file_type, const settings *s, status *st)
{
    int64_t count = weights_count(w);
    requantize_job *job = alloc_zeroed((size_t)count, sizeof *job, st);
    gguf_writer *writer = job ? gguf_write_new(st) : NULL;
    if (writer) copy_metadata(writer, weights_gguf(w), file_type);
    for (int64_t i = 0; writer && i < count; i++) {
        requantize_job *j = &job[i];
        j->source = weights_at(w, i, &j->name);
        j->type = type_for(w, j->name, j->source, type, s->pure);
        j->rank = j->source->rank;
        memcpy(j->dim, j->source->dim, sizeof j->dim);
        gguf_write_tensor(writer, j->name, j->type, j->rank, j->dim);
    }
    file_output *out = writer && status_ok(st) ? file_create(s->out, st) : NULL;
    if (out && gguf_write_header(writer, file_stream(out))) {
        bool written = write_tensors(w, job, writer, file_stream(out), s, st);
        if (written || ferror(file_stream(out))) file_commit(out, st);
        else file_abort(out);
    } else {
        file_abort(out);
    }
    gguf_write_free(writer);
    alloc_free(job);
}

static void run(const settings *s, status *st)
{
    dtype type = DTYPE_F32;
    uint32_t file_type = 0;
    if (!file_type_of(s->type_name, &type, &file_type, st)) return;
    char *path = model_path_find(s->in, st);
    weights *w = path ? weights_open(path, st) : NULL;
    alloc_free(path);
    if (!w) return;
    if (weights_format_of(w) == WEIGHTS_GGUF) quantize_gguf(w, type, file_type, s, st);
    else status_set(st, STATUS_INPUT, "%s: a GGUF file is wanted", s->in);
    weights_close(w);
}

void cmd_quantize(int argc, char **argv, status *st)
{
    settings s = {0};
    const option table[] = {
        {0, "type", OPTION_STRING, &s.type_name, "TYPE", "q8_0, q6_k, q5_k, q5_1, q5_0, q4_k, q4_1, q4_0, f16, bf16 or f32", 0, 0, NULL},
        {0, "pure", OPTION_FLAG, &s.pure, NULL, "the same type for the token table and the head (default: q6_k below 6 bits)", 0, 0, NULL},
        {'t', "threads", OPTION_INT, &s.threads, "N", "threads (default: one a core)", 0, 1024, NULL},
        {'q', "quiet", OPTION_FLAG, &s.quiet, NULL, "no progress", 0, 0, NULL},
        {'v', "verbose", OPTION_FLAG, &s.verbose, NULL, "tell each tensor's type", 0, 0, NULL},
        {0},
    };
    const char **words = alloc_array((size_t)argc, sizeof *words, st);
    int count;
    bool help;
    if (!words) return;
    if (options_parse(table, argc, argv, "aigc quantize [OPTION]… --type TYPE IN OUT", words, &count, &help, st) && !help) {
        if (s.quiet || s.verbose) log_set_level(s.quiet ? LOG_QUIET : LOG_VERBOSE);
        if (count == 2) {
            s.in = words[0];
            s.out = words[1];
            run(&s, st);
        } else {
            status_set(st, STATUS_USAGE, "a model and the file to write are wanted, %d words given; --help tells more", count);
        }
    }
    alloc_free(words);
}
