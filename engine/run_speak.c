/* run_speak: texts as sound, one after another; the voice stays loaded. */
#include <string.h>

#include "audio/sound_file.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "engine/cue.h"
#include "engine/request_words.h"
#include "engine/run.h"
#include "engine/sound_origin.h"
#include "engine/speak_label.h"

enum { MAX_TEXT = 256 << 20 };

typedef struct {
    speak *speak;
    char *voice, *assets, *heteronyms, *pronunciations; /* what it was opened with; the last two may be NULL */
    char *called;                          /* what the request that opened it calls the voice */
    origin_files files;                    /* the voice's, for the record in each sound */
} run_state;

static void close_voice(run_state *s)
{
    speak_close(s->speak);
    alloc_free(s->voice);
    alloc_free(s->assets);
    alloc_free(s->heteronyms);
    alloc_free(s->pronunciations);
    alloc_free(s->called);
    origin_files_free(&s->files);
    *s = (run_state){0};
}

static bool same(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

static bool open_voice(lane *l, run_state *s, request *q, const speak_flags *f, status *st)
{
    char *path = speak_flags_voice(f, st);
    if (path && s->speak && same(path, s->voice) && same(f->voice, s->called) && same(f->pronunciations, s->pronunciations)) {
        alloc_free(path);
        return true;
    }
    close_voice(s);
    s->voice = path;
    s->assets = path ? speak_flags_assets(path) : NULL;
    s->heteronyms = speak_flags_heteronyms();
    s->called = alloc_string(f->voice, strlen(f->voice), st);
    if (path) sound_origin_add_voice(&s->files, f, path, s->assets, st);
    s->pronunciations = f->pronunciations ? alloc_string(f->pronunciations, strlen(f->pronunciations), st) : NULL;
    if (!status_ok(st)) return false;
    speak_options o = {.voice = s->voice, .assets = s->assets, .heteronyms = s->heteronyms, .pronunciations = s->pronunciations, .settings = speak_flags_settings(f)};
    double begun = log_seconds();
    s->speak = speak_open(&o, lane_threads(l), st);
    q->loading = log_seconds() - begun;
    return s->speak != NULL;
}

/* Where a request's sentences go. */
typedef struct {
    request *q;
    sound_file *sound;    /* NULL: to no file */
    file_output *cues[2]; /* SubRip, WebVTT; NULL: not wanted */
    const char *text;
    bool ssml;
    int rate;
    int64_t number;
    double label; /* seconds before the first */
} outputs;

static bool write_samples(void *arg, const float *samples, int64_t count, status *st)
{
    outputs *o = arg;
    if (o->sound && !sound_file_write(o->sound, samples, count, st)) return false;
    if (count && o->q->on_sound && !o->q->on_sound(o->q, samples, count, o->rate)) atomic_store(&o->q->cancelled, true);
    return request_goes_on(o->q, st);
}

static bool write_piece(void *arg, const speak_piece *p, status *st)
{
    outputs *o = arg;
    const phoneme_sentence *s = p->sentence;
    for (int i = 0; i < 2 && *s->phonemes; i++)
        if (o->cues[i]) cue_write(file_stream(o->cues[i]), i ? CUE_VTT : CUE_SRT, o->number + 1, o->label + p->start, o->label + p->end, o->text + s->from, s->to - s->from, o->ssml);
    o->number++;
    return write_samples(o, p->samples, p->count, st);
}

static bool open_cues(outputs *o, const speak_flags *f, status *st)
{
    const char *const paths[] = {f->srt, f->vtt};
    for (int i = 0; i < 2; i++)
        if (paths[i] && !(o->cues[i] = file_create(paths[i], st))) return false;
    if (o->cues[1]) fputs("WEBVTT\n\n", file_stream(o->cues[1]));
    return true;
}

static void close_cues(outputs *o, status *st)
{
    for (int i = 0; i < 2; i++) {
        if (o->cues[i] && status_ok(st)) file_commit(o->cues[i], st);
        else file_abort(o->cues[i]);
    }
}

static bool write_sound(run_state *s, request *q, const speak_flags *f, const char *text, size_t size, status *st)
{
    sound_origin made;
    outputs o = {.q = q, .text = text, .ssml = f->ssml, .rate = speak_rate(s->speak)};
    if (!sound_origin_make(&made, sound_origin_of_speech(f, q->seed, text, size, &s->files, st), st)) return false;
    if (q->path[0]) o.sound = sound_file_create(q->path[0], (sound_format){.rate = o.rate, .tags = &made.tags}, st);
    bool ok = status_ok(st) && open_cues(&o, f, st) && speak_label_write(f, s->speak, q->seed, write_samples, &o, &o.label, st) &&
              speak_text(s->speak, text, size, write_piece, &o, st);
    if (ok && q->on_record && made.tags.record) q->on_record(q, made.tags.record, st);
    close_cues(&o, st); /* the sound last: with it there, all are */
    ok = ok && status_ok(st);
    if (ok && o.sound) ok = sound_file_commit(o.sound, st);
    else sound_file_abort(o.sound);
    sound_origin_free(&made);
    return ok;
}

/* All but the sound. */
static bool check_sound(run_state *s, const request *q, const speak_flags *f, const char *text, size_t size, status *st)
{
    sound_origin made;
    bool ok = sound_origin_make(&made, sound_origin_of_speech(f, q->seed, text, size, &s->files, st), st);
    sound_origin_free(&made);
    return ok && (!q->path[0] || sound_file_check(q->path[0], speak_rate(s->speak), st)) && speak_check(s->speak, text, size, st) &&
           (!f->label_text || speak_check(s->speak, f->label_text, strlen(f->label_text), st));
}

static void say(lane *l, void *state, request *q, status *st)
{
    run_state *s = state;
    const speak_flags *f = &q->options.speak;
    size_t size = f->text ? strlen(f->text) : 0;
    char *read = f->text ? NULL : file_read_text(f->file, MAX_TEXT, &size, st);
    const char *text = f->text ? f->text : read;
    voice_settings settings = speak_flags_settings(f);
    bool ready = text && request_words_speech(&q->filters, f, text, size, st) && open_voice(l, s, q, f, st) &&
                 speak_set(s->speak, &settings, f->sentence_silence, q->seed, f->ssml ? PHONEME_SSML : PHONEME_PLAIN, st);
    if (ready && q->only_check) check_sound(s, q, f, text, size, st);
    else if (ready) write_sound(s, q, f, text, size, st);
    alloc_free(read);
}

void run_speak(lane *l, void **state) { lane_each(l, KIND_SPEAK, state, sizeof(run_state), say); }

void run_speak_free(void *state)
{
    run_state *s = state;
    if (!s) return;
    close_voice(s);
    alloc_free(s);
}
