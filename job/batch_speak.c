/* batch_speak: speak jobs, one after another; the voice stays loaded. */
#include <string.h>

#include "audio/sound_file.h"
#include "job/batch_lane.h"
#include "job/batch_answer.h"
#include "job/batch_options.h"
#include "engine/cue.h"
#include "core/interrupt.h"
#include "engine/request_words.h"
#include "engine/sound_origin.h"
#include "engine/speak_label.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"

enum { MAX_TEXT = 256 << 20 };

struct batch_speak {
    speak *speak;
    char *voice, *assets, *heteronyms, *pronunciations; /* what it was opened with; the last two may be NULL */
    char *called;                          /* what the job that opened it calls the voice */
    origin_files files;                    /* the voice's, for the record in each sound */
};

static void close_voice(batch_speak *s)
{
    speak_close(s->speak);
    alloc_free(s->voice);
    alloc_free(s->assets);
    alloc_free(s->heteronyms);
    alloc_free(s->pronunciations);
    alloc_free(s->called);
    origin_files_free(&s->files);
    *s = (batch_speak){0};
}

static bool same(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

static bool open_voice(batch_lane *lane, batch_speak *s, batch_item *item, const speak_flags *f, status *st)
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
    s->speak = speak_open(&o, batch_lane_threads(lane), st);
    item->loading = log_seconds() - begun;
    return s->speak != NULL;
}

static bool set_flags(const job *j, speak_flags *f, status *st)
{
    batch_option_values v;
    if (!batch_options_set(j, &v, st)) return false;
    *f = v.speak;
    return true;
}

/* Where a job's sentences go. */
typedef struct {
    sound_file *sound;
    file_output *cues[2]; /* SubRip, WebVTT; NULL: not wanted */
    const char *text;
    bool ssml;
    int64_t number;
    double label; /* seconds before the first */
} outputs;

static bool write_piece(void *arg, const speak_piece *p, status *st)
{
    outputs *o = arg;
    const phoneme_sentence *s = p->sentence;
    for (int i = 0; i < 2 && *s->phonemes; i++)
        if (o->cues[i]) cue_write(file_stream(o->cues[i]), i ? CUE_VTT : CUE_SRT, o->number + 1, o->label + p->start, o->label + p->end, o->text + s->from, s->to - s->from, o->ssml);
    o->number++;
    return sound_file_write(o->sound, p->samples, p->count, st) && interrupt_check(st);
}

static bool open_cues(outputs *o, batch_item *item, const speak_flags *f, status *st)
{
    const char *const names[] = {f->srt, f->vtt};
    for (int i = 0; i < 2; i++) {
        const char *path = names[i] ? batch_item_add_named(item, names[i], st) : NULL;
        if (names[i] && !(path && (o->cues[i] = file_create(path, st)))) return false;
    }
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

static bool write_sound(batch_speak *s, batch_item *item, const char *path, const speak_flags *f, const char *text, size_t size, status *st)
{
    sound_origin made;
    outputs o = {.text = text, .ssml = f->ssml};
    if (!sound_origin_make(&made, sound_origin_of_speech(f, item->job.seed, text, size, &s->files, st), st)) return false;
    sound_file *sound = o.sound = sound_file_create(path, (sound_format){.rate = speak_rate(s->speak), .tags = &made.tags}, st);
    bool ok = sound && open_cues(&o, item, f, st) && speak_label_write(f, s->speak, item->job.seed, sound, &o.label, st) &&
              speak_text(s->speak, text, size, write_piece, &o, st);
    close_cues(&o, st); /* the sound last: with it there, all are */
    ok = ok && status_ok(st);
    if (ok) ok = sound_file_commit(sound, st);
    else sound_file_abort(sound);
    sound_origin_free(&made);
    return ok;
}

/* All but the sound. */
static bool check_sound(batch_speak *s, const batch_item *item, const char *path, const speak_flags *f, const char *text, size_t size, status *st)
{
    sound_origin made;
    bool ok = sound_origin_make(&made, sound_origin_of_speech(f, item->job.seed, text, size, &s->files, st), st);
    sound_origin_free(&made);
    return ok && sound_file_check(path, speak_rate(s->speak), st) && speak_check(s->speak, text, size, st) &&
           (!f->label_text || speak_check(s->speak, f->label_text, strlen(f->label_text), st));
}

static void say(batch_lane *lane, batch_speak *s, batch_item *item, const char *path, status *st)
{
    speak_flags f;
    if (!path || !set_flags(&item->job, &f, st)) return;
    size_t size = f.text ? strlen(f.text) : 0;
    char *read = f.text ? NULL : file_read_text(f.file, MAX_TEXT, &size, st);
    const char *text = f.text ? f.text : read;
    voice_settings settings = speak_flags_settings(&f);
    bool ready = text && request_words_speech(&item->filters, &f, text, size, st) && open_voice(lane, s, item, &f, st) &&
                 speak_set(s->speak, &settings, f.sentence_silence, item->job.seed, f.ssml ? PHONEME_SSML : PHONEME_PLAIN, st);
    if (ready && item->only_check) check_sound(s, item, path, &f, text, size, st);
    else if (ready) write_sound(s, item, path, &f, text, size, st);
    alloc_free(read);
}

/* The sound of an OpenAI request lies beside its answer: "ID.mp3". */
static const char *sound_of(batch_item *item, status *st)
{
    char ending[16];
    if (item->job.form == JOB_FORM_OWN) return item->path;
    snprintf(ending, sizeof ending, ".%.10s", item->job.format ? item->job.format : "mp3");
    return batch_item_add_output(item, ending, NULL, st);
}

void batch_speak_run(batch_lane *lane, batch_speak **state)
{
    batch_item *item;
    while ((item = batch_lane_take(lane, JOB_SPEAK, NULL))) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, sizeof **state, &st);
        if (*state) say(lane, *state, item, sound_of(item, &st), &st);
        char *text = status_ok(&st) && item->job.form != JOB_FORM_OWN ? batch_answer_speech(item, &st) : NULL;
        batch_lane_end(lane, item, text, &st);
        alloc_free(text);
    }
}

void batch_speak_free(batch_speak *state)
{
    if (!state) return;
    close_voice(state);
    alloc_free(state);
}
