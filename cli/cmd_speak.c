/* speak: text to sound. Each sentence is written as soon as it is made: to the sound file, the subtitles and the JSON. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audio/sound_file.h"
#include "audio/speak.h"
#include "engine/cue.h"
#include "provenance/filter.h"
#include "engine/output_ending.h"
#include "engine/request_words.h"
#include "engine/sound_origin.h"
#include "engine/speak_flags.h"
#include "engine/speak_label.h"
#include "engine/voice_list.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "core/rng.h"

enum { MAX_TEXT = 256 << 20 };

static const help_text HELP = {
    "aigc speak [OPTION]… [TEXT]…",
    "Says a text: the words given, -f FILE, or standard input. The sound is written sentence by sentence, to speech.wav unless -o names another "
    "file. [[həlˈO]] in the text is said as these phonemes.",
    {{"aigc speak \"Hello there.\" -o hello.wav",
      "a sound file"},
     {"aigc speak -f book.txt -o book.mp3 --srt book.srt",
      "a file read aloud, and subtitles of it"}},
    NULL};

static bool parse(int argc, char **argv, speak_flags *f, const char **words, int *count, bool *help, status *st)
{
    option table[SPEAK_FLAG_COUNT];
    speak_flags_table(f, table);
    return arguments_parse(table, argc, argv, &HELP, words, count, help, st);
}

/* ---- where the pieces go ---- */
typedef struct {
    sound_file *sound;
    file_output *srt, *vtt;
    bool json, phonemes, ssml;
    bool json_open; /* its beginning is out: the end must follow, whatever comes */
    int64_t number;
    double seconds, started, first_sound, label; /* seconds of the label before all */
    const char *text; /* the input */
} outputs;

static void write_cue(file_output *to, const outputs *o, const speak_piece *p, cue_format format)
{
    const phoneme_sentence *s = p->sentence;
    cue_write(file_stream(to), format, o->number + 1, o->label + p->start, o->label + p->end, o->text + s->from, s->to - s->from, o->ssml);
}

static json_t *json_of_words(const speak_piece *p, double label)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->words; i++) {
        const speak_word *w = &p->word[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:f, s:f, s:b}", "text", w->word->text, "phonemes", w->word->phonemes, "start",
                                              label + w->start, "end", label + w->end, "punctuation", w->word->punctuation));
    }
    return list;
}

static json_t *json_of_symbols(const speak_piece *p, double label, int rate)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < p->symbols; i++) {
        const voice_symbol *s = &p->symbol[i];
        double start = label + p->start + (double)s->from / rate;
        json_array_append_new(list, json_pack("[s#, f, f]", s->text, s->bytes, start, start + (double)s->samples / rate));
    }
    return list;
}

static bool print_json(const outputs *o, const speak_piece *p, int rate, status *st)
{
    json_t *sentence = json_pack("{s:I, s:I, s:s, s:f, s:f, s:o, s:o}", "from", (json_int_t)p->sentence->from, "to", (json_int_t)p->sentence->to,
                                 "phonemes", p->sentence->phonemes, "start", o->label + p->start, "end", o->label + p->end, "words",
                                 json_of_words(p, o->label), "symbols", json_of_symbols(p, o->label, rate));
    if (!sentence) return status_set(st, STATUS_NOMEM, "out of memory for the JSON of a sentence");
    fputs(o->number ? ",\n " : "\n ", stdout);
    json_dumpf(sentence, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(sentence);
    return true;
}

typedef struct {
    outputs *to;
    const speak *from;
} writer;

static bool write_piece(void *arg, const speak_piece *p, status *st)
{
    writer *w = arg;
    outputs *o = w->to;
    if (o->phonemes && *p->sentence->phonemes) printf("%s\n", p->sentence->phonemes);
    if (o->sound && !sound_file_write(o->sound, p->samples, p->count, st)) return false;
    if (o->first_sound == 0 && p->count) o->first_sound = log_seconds();
    if (o->srt && *p->sentence->phonemes) write_cue(o->srt, o, p, CUE_SRT);
    if (o->vtt && *p->sentence->phonemes) write_cue(o->vtt, o, p, CUE_VTT);
    if (o->json && !print_json(o, p, speak_rate(w->from), st)) return false;
    o->number++;
    o->seconds += (double)p->count / speak_rate(w->from);
    log_progress("spoken %.0f s", o->seconds);
    return true;
}

static bool write_label(void *arg, const float *samples, int64_t count, status *st) { return sound_file_write(arg, samples, count, st); }

static bool open_outputs(outputs *o, const speak_flags *f, const speak *s, const sound_tags *tags, status *st)
{
    o->json = f->json;
    o->phonemes = f->phonemes;
    o->ssml = f->ssml;
    if (!f->phonemes) o->sound = sound_file_create(f->output, (sound_format){.rate = speak_rate(s), .raw = f->raw, .tags = tags}, st);
    if (f->srt && status_ok(st)) o->srt = file_create(f->srt, st);
    if (f->vtt && status_ok(st)) o->vtt = file_create(f->vtt, st);
    if (o->vtt) fputs("WEBVTT\n\n", file_stream(o->vtt));
    return status_ok(st);
}

static void close_outputs(outputs *o, status *st)
{
    if (o->sound && status_ok(st)) sound_file_commit(o->sound, st);
    else sound_file_abort(o->sound);
    file_output *beside[] = {o->srt, o->vtt};
    for (int i = 0; i < 2; i++) {
        if (beside[i] && status_ok(st)) file_commit(beside[i], st);
        else file_abort(beside[i]);
    }
}

/* The end of the object, whether or not all sentences are in it. */
static void end_json(const outputs *o, const status *st)
{
    json_t *error = status_ok(st) ? NULL : json_string(st->msg);
    char *text = error ? json_dumps(error, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
    printf("],\n \"seconds\":%.6f%s%s}\n", o->seconds, text ? ",\"error\":" : "", text ? text : "");
    alloc_free(text);
    json_decref(error);
}

static void tell_timings(const outputs *o, double loaded)
{
    double spent = log_seconds() - loaded;
    if (o->first_sound == 0) log_verbose("loaded in %.0f ms; no sound in %.0f ms", 1000 * (loaded - o->started), 1000 * spent);
    else
        log_verbose("loaded in %.0f ms; first sound %.0f ms after that; %.2f s of sound in %.0f ms (%.4f of real time)", 1000 * (loaded - o->started),
                    1000 * (o->first_sound - loaded), o->seconds, 1000 * spent, o->seconds > 0 ? spent / o->seconds : 0.0);
}

/* ---- the command ---- */

/* The words joined by spaces, the file, or standard input. */
static char *read_text(const speak_flags *f, const char **words, int count, size_t *size, status *st)
{
    if (count > 0 && f->file) {
        status_set(st, STATUS_USAGE, "text is given twice: as words and with --file");
        return NULL;
    }
    if (count == 0 && !f->file && isatty(STDIN_FILENO)) {
        status_set(st, STATUS_USAGE, "no text: give it as words, as in aigc speak \"Hello there.\" -o hello.wav, with -f FILE, or on standard input; --help lists the options");
        return NULL;
    }
    if (count == 0) return file_read_text_stream(f->file ? f->file : "-", MAX_TEXT, size, st);
    size_t total = 0;
    for (int i = 0; i < count; i++) total += strlen(words[i]) + 1;
    char *text = alloc_array(total, 1, st), *to = text;
    for (int i = 0; text && i < count; i++) {
        size_t n = strlen(words[i]);
        memcpy(to, words[i], n);
        to += n;
        *to++ = i + 1 < count ? ' ' : 0;
    }
    *size = total - 1;
    return text;
}

static void run(const speak_flags *f, const char *text, size_t size, status *st)
{
    char *path = speak_flags_voice(f, st), *assets = path ? speak_flags_assets(path) : NULL, *heteronyms = speak_flags_heteronyms();
    pool *threads = path ? pool_new((int)f->threads, st) : NULL;
    speak_options o = {.voice = path, .assets = assets, .heteronyms = heteronyms, .pronunciations = f->pronunciations, .markup = f->ssml ? PHONEME_SSML : PHONEME_PLAIN,
                       .settings = speak_flags_settings(f),
                       .sentence_silence = f->sentence_silence, .seed = (uint64_t)f->seed, .phonemes_only = f->phonemes};
    outputs to = {.text = text, .started = log_seconds()};
    origin_files files = {0}; /* looked at while the voice is loaded */
    if (threads && !f->phonemes && !f->raw && strcmp(f->metadata, "none") != 0) sound_origin_add_voice(&files, f, path, assets, st);
    speak *s = threads && status_ok(st) ? speak_open(&o, threads, st) : NULL;
    sound_origin made = {0};
    bool tags = s && !f->phonemes && !f->raw;
    if (tags) sound_origin_make(&made, sound_origin_of_speech(f, (uint64_t)f->seed, text, size, &files, st), st);
    if (s && status_ok(st) && open_outputs(&to, f, s, tags ? &made.tags : NULL, st)) {
        double loaded = log_seconds();
        if (to.sound && speak_label_write(f, s, (uint64_t)f->seed, write_label, to.sound, &to.label, st)) to.seconds = to.label;
        if (f->json && status_ok(st)) to.json_open = printf("{\"rate\":%d,\"seed\":%" PRId64 ",\"sentences\":[", speak_rate(s), f->seed) > 0;
        if (status_ok(st)) speak_text(s, text, size, write_piece, &(writer){&to, s}, st);
        tell_timings(&to, loaded);
    }
    log_progress_end();
    close_outputs(&to, st);
    if (to.json_open) end_json(&to, st);
    sound_origin_free(&made);
    origin_files_free(&files);
    speak_close(s);
    pool_free(threads);
    alloc_free(path);
    alloc_free(assets);
    alloc_free(heteronyms);
}

/* The ending says the format, samples without a header too. */
static bool is_raw_name(const char *path)
{
    static const char *const RAW[] = {".raw", ".pcm", ".s16", ".s16le"};
    for (size_t i = 0; path && i < sizeof RAW / sizeof RAW[0]; i++)
        if (strcmp(file_ending(path), RAW[i]) == 0) return true;
    return false;
}

static bool check_flags(speak_flags *f, status *st)
{
    f->raw = f->raw || is_raw_name(f->output);
    bool to_stdout = f->output && strcmp(f->output, "-") == 0;
    if (f->json && (to_stdout || f->phonemes))
        return status_set(st, STATUS_USAGE, "--json prints on standard output, and so does %s: only one can", f->phonemes ? "--phonemes" : "-o -");
    if (!output_ending_check(f->raw ? OUTPUT_SAMPLES : OUTPUT_SOUND, "-o", f->output, st) || !output_ending_check(OUTPUT_SRT, "--srt", f->srt, st) ||
        !output_ending_check(OUTPUT_VTT, "--vtt", f->vtt, st))
        return false;
    if (!f->output) {
        f->output = f->raw ? "speech.raw" : "speech.wav";
        if (!f->phonemes && !output_default_check(f->output, f->force, st)) return false;
    }
    if (!f->seed_given) f->seed = (int64_t)rng_fresh_seed();
    return true;
}

static bool pass_filter(const speak_flags *f, const char *text, size_t size, status *st)
{
    if (!f->filter) return true;
    filter *list = filter_open(f->filter, st);
    bool ok = list && request_words_speech(&(filter_lists){{list}}, f, text, size, st);
    filter_close(list);
    if (st->code == STATUS_REFUSED && f->json) filter_print_refusal(st);
    return ok;
}

void cmd_speak(int argc, char **argv, status *st)
{
    speak_flags f = speak_flags_default();
    const char **words = alloc_zeroed((size_t)argc, sizeof *words, st);
    int count = 0;
    bool help = false;
    bool parsed = words && parse(argc, argv, &f, words, &count, &help, st) && !help;
    if (parsed && f.list_voices) voice_list_print(st);
    else if (parsed && check_flags(&f, st)) {
        size_t size = 0;
        char *text = read_text(&f, words, count, &size, st);
        if (text && pass_filter(&f, text, size, st)) run(&f, text, size, st);
        alloc_free(text);
        if (status_ok(st) && !f.phonemes && !f.seed_given) log_message("%s: seed %" PRId64, f.output, f.seed);
    }
    alloc_free(words);
}
