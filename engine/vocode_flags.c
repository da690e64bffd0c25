#include "engine/vocode_flags.h"

#include <math.h>
#include <string.h>

#include "audio/mel.h"
#include "audio/sound_file.h"
#include "engine/sound_origin.h"
#include "core/npy.h"
#include "core/weights.h"

vocode_flags vocode_flags_default(void)
{
    return (vocode_flags){.n_fft = 1024, .hop = 256, .iterations = 60, .metadata = "full"};
}

/* What the sound is made of. */
static int sound_table(vocode_flags *f, option *table)
{
    const option all[] = {
        {'m', "model", OPTION_STRING, &f->model, "FILE", "HiFi-GAN, MelGAN or Vocos, .safetensors or .onnx (none: Griffin-Lim)", 0, 0, NULL, .about = OPTION_NAMED | OPTION_MODEL | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER},
        {0, "metadata", OPTION_STRING, &f->metadata, "HOW", "what the file says of its making (full)", 0, 0, NULL, "full, hash, none", .about = OPTION_HOW | OPTION_LOADS},
        {0, "", OPTION_GROUP, NULL, NULL, "The mel spectrum: natural logarithms of magnitudes", 0, 0, NULL},
        {0, "rate", OPTION_INT, &f->rate, "HZ", "of the sound that comes out (22050; a sound's own)", 1000, 192000, NULL},
        {0, "n-fft", OPTION_INT, &f->n_fft, "N", "points of its transform (1024)", 16, 8192, NULL},
        {0, "hop", OPTION_INT, &f->hop, "N", "samples between frames (256, or the model's)", 1, 8192, NULL},
        {0, "fmin", OPTION_REAL, &f->lowest, "HZ", "lowest frequency (0)", 0, 96000, NULL},
        {0, "fmax", OPTION_REAL, &f->highest, "HZ", "highest frequency (half the rate, at most 8000)", 1, 96000, NULL},
        {0, "htk", OPTION_FLAG, &f->htk, NULL, "HTK's mel scale instead of Slaney's", 0, 0, NULL},
        {0, "iterations", OPTION_INT, &f->iterations, "N", "of Griffin-Lim (60)", 0, 10000, NULL},
        {'s', "seed", OPTION_INT, &f->seed, "N", "of Griffin-Lim's first phases (0)", 0, (double)OPTION_MOST_SEED, NULL, .about = OPTION_APART},
    };
    memcpy(table, all, sizeof all);
    return (int)(sizeof all / sizeof *all);
}

int vocode_flags_job_table(vocode_flags *f, option *table)
{
    table[0] = (option){0, "input", OPTION_STRING, &f->input, "FILE", "a mel spectrum (.npy) or a sound", 0, 0, NULL, .about = OPTION_READS | OPTION_INPUT};
    return 1 + sound_table(f, table + 1);
}

void vocode_flags_table(vocode_flags *f, option table[VOCODE_FLAG_COUNT])
{
    const option rest[] = {
        {0, "", OPTION_GROUP, NULL, NULL, "Output", 0, 0, NULL},
        {'o', "output", OPTION_STRING, &f->output, "FILE", "the sound, in the format that its ending says; without one, and for -, standard output, WAV (vocoded.wav)", 0, 0, NULL, sound_file_endings(), .about = OPTION_WRITES},
        {0, "force", OPTION_FLAG, &f->force, NULL, "without -o: overwrite a vocoded.wav that is there", 0, 0, NULL, .about = OPTION_APART},
        {0, "mel", OPTION_STRING, &f->mel, "FILE", "write the mel spectrum too (.npy, [frames, bands])", 0, 0, NULL, .about = OPTION_WRITES},
        {0, "raw", OPTION_FLAG, &f->raw, NULL, "samples alone: 16 bits, little-endian, one channel; to .raw, .pcm, .s16, .s16le or a name without an ending (vocoded.raw)", 0, 0, NULL, .about = OPTION_APART},
        {'t', "threads", OPTION_INT, &f->threads, "N", "threads (0: one for each core)", 0, 1024, NULL, .about = OPTION_APART},
        {0},
    };
    memcpy(table + sound_table(f, table), rest, sizeof rest);
}

static bool ends_with(const char *s, const char *ending)
{
    size_t n = strlen(s), m = strlen(ending);
    return n >= m && strcmp(s + n - m, ending) == 0;
}

/* [bands, F], or [1, bands, F] as models write it, or [F, bands] -> [F, bands] */
static tensor *arrange(op_ctx *c, const tensor *x, int64_t bands, const char *path)
{
    int64_t rows = x && x->rank >= 2 ? x->dim[x->rank - 2] : 0, columns = x && x->rank >= 1 ? x->dim[x->rank - 1] : 0;
    if (!x) return NULL;
    if (x->rank < 2 || x->rank > 3 || (x->rank == 3 && x->dim[0] != 1) || (rows != bands && columns != bands) || rows < 1 || columns < 1) {
        char shape[96];
        status_set(c->st, STATUS_INPUT, "%s: a mel spectrum of shape %s found, [%lld, frames] or [frames, %lld] wanted", path,
                   tensor_shape_text(x, shape, sizeof shape), (long long)bands, (long long)bands);
        return NULL;
    }
    const float *from = weights_f32(c->mem, x, c->st);
    bool turned = columns != bands;
    int64_t frames = turned ? columns : rows;
    tensor *y = from ? op_new(c, SHAPE(frames, bands)) : NULL;
    for (int64_t f = 0; y && f < frames; f++)
        for (int64_t b = 0; b < bands; b++) {
            float value = from[turned ? b * frames + f : f * bands + b];
            tensor_f32(y)[f * bands + b] = value >= -50.0f && value <= 50.0f ? value : value > 50.0f ? 50.0f : -50.0f; /* NaN: silence */
        }
    return y;
}

/* Where the sound came from: made by a model from what another made, or by calculation alone. */
static bool make_tags(sound_origin *to, const vocode_flags *f, status *st)
{
    origin_level level;
    origin *g = origin_level_of(f->metadata, &level, st) ? origin_new("vocode", level, st) : NULL;
    if (g && !f->model) origin_algorithmic(g);
    if (g && level != ORIGIN_NONE) {
        vocode_flags standard = vocode_flags_default();
        option table[VOCODE_FLAG_COUNT], usual[VOCODE_FLAG_COUNT];
        origin_files files = {0}, given = {.at_once = true};
        vocode_flags_table((vocode_flags *)(uintptr_t)f, table);
        vocode_flags_table(&standard, usual);
        origin_seed(g, (uint64_t)f->seed);
        origin_files_add(&files, "model", f->model, f->model, st);
        origin_files_add(&given, "input", f->input, f->input, st);
        if (origin_files_record(&files, g, st)) origin_files_record(&given, g, st);
        origin_files_free(&files);
        origin_files_free(&given);
        origin_options_set(g, table, usual);
    }
    return sound_origin_make(to, g, st);
}

static bool check_output(const vocode_flags *f, int rate, status *st)
{
    sound_origin made = {0};
    bool ok = (!f->output || sound_file_check(f->output, rate, st)) && make_tags(&made, f, st);
    sound_origin_free(&made);
    return ok;
}

static bool give_out(const vocode_flags *f, const tensor *y, int rate, const vocode_listener *l, status *st)
{
    sound_origin made = {0};
    if (!f->raw && !make_tags(&made, f, st)) return false;
    sound_file *out = f->output ? sound_file_create(f->output, (sound_format){.rate = rate, .raw = f->raw, .tags = f->raw ? NULL : &made.tags}, st) : NULL;
    bool ok = status_ok(st) && (!out || sound_file_write(out, y->data, tensor_count(y), st));
    if (ok && l && l->on_record && made.tags.record) l->on_record(l->arg, made.tags.record, st);
    if (ok && l && l->on_sound && !l->on_sound(l->arg, y->data, tensor_count(y), rate)) status_set(st, STATUS_INTERRUPTED, "cancelled");
    if (status_ok(st) && out) sound_file_commit(out, st);
    else sound_file_abort(out);
    sound_origin_free(&made);
    return status_ok(st);
}

bool vocode_flags_run(const vocode_flags *f, const vocoder *v, const vocode_listener *l, op_ctx *c)
{
    const char *input = f->input;
    int rate = f->rate ? (int)f->rate : 22050;
    bool is_sound = !ends_with(input, ".npy");
    int own_rate = rate;
    tensor *sound = is_sound && !op_failed(c) ? sound_file_read(c->mem, input, &own_rate, c->st) : NULL;
    if (sound && !f->rate) rate = own_rate;
    if (sound && rate != own_rate) status_set(c->st, STATUS_USAGE, "--rate: %d found, the sound has %d Hz", rate, own_rate);
    mel_options o = {.rate = rate, .n_fft = f->n_fft, .hop = v ? vocoder_hop(v) : f->hop, .bands = v ? vocoder_bands(v) : 80,
                     .lowest = f->lowest, .highest = f->highest > 0 ? f->highest : fmin((double)rate / 2, 8000), .htk = f->htk};
    mel m = {0};
    if (!op_failed(c) && mel_init(&m, o, c->st)) {
        tensor *x = sound ? mel_spectrum(c, &m, sound) : arrange(c, npy_read(c->mem, input, c->st), o.bands, input);
        if (x && f->mel) npy_write(f->mel, x, c->st);
        if (x && f->only_check && check_output(f, rate, c->st) && v) vocoder_check(v, x, c->st);
        tensor *y = f->only_check ? NULL : v ? vocoder_run(c, v, x) : mel_griffin_lim(c, &m, x, (int)f->iterations, (uint64_t)f->seed);
        if (y && op_finite(c, y)) give_out(f, y, rate, l, c->st);
    }
    mel_free(&m);
    return !op_failed(c);
}
