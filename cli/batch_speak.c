/* batch_speak: speak jobs, one after another; the voice stays loaded. */
#include <stdio.h>
#include <string.h>

#include "audio/sound_file.h"
#include "cli/batch.h"
#include "cli/speak_flags.h"
#include "core/alloc.h"
#include "core/file.h"

enum { MAX_TEXT = 256 << 20 };

struct batch_speak {
    speak *speak;
    char *voice, *assets, *pronunciations; /* what it was opened with; the last may be NULL */
};

static void close_voice(batch_speak *s)
{
    speak_close(s->speak);
    alloc_free(s->voice);
    alloc_free(s->assets);
    alloc_free(s->pronunciations);
    *s = (batch_speak){0};
}

static bool same(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

static bool open_voice(batch *b, batch_speak *s, const speak_flags *f, status *st)
{
    char *path = speak_flags_voice(f, st);
    if (path && s->speak && same(path, s->voice) && same(f->pronunciations, s->pronunciations)) {
        alloc_free(path);
        return true;
    }
    close_voice(s);
    s->voice = path;
    s->assets = path ? speak_flags_assets(path) : NULL;
    s->pronunciations = f->pronunciations ? alloc_string(f->pronunciations, strlen(f->pronunciations), st) : NULL;
    if (!status_ok(st)) return false;
    speak_options o = {.voice = s->voice, .assets = s->assets, .pronunciations = s->pronunciations, .settings = speak_flags_settings(f)};
    s->speak = speak_open(&o, batch_threads(b), st);
    return s->speak != NULL;
}

static bool set_flags(const job *j, speak_flags *f, status *st)
{
    option table[SPEAK_FLAG_COUNT];
    *f = speak_flags_default();
    int count = speak_flags_job_table(f, table);
    table[count] = (option){.type = OPTION_GROUP};
    for (size_t i = 0; i < j->option_count; i++)
        if (!options_set(table, j->option[i].name, j->option[i].value, st)) return false;
    if (f->text && f->file) return status_set(st, STATUS_USAGE, "both \"text\" and \"file\"");
    return f->text || (f->file && strcmp(f->file, "-") != 0) || status_set(st, STATUS_USAGE, "no \"text\" and no \"file\"");
}

static bool write_piece(void *arg, const speak_piece *piece, status *st) { return sound_file_write(arg, piece->samples, piece->count, st); }

static bool write_sound(batch_speak *s, const batch_item *item, const speak_flags *f, const char *text, size_t size, status *st)
{
    char comment[160];
    snprintf(comment, sizeof comment, "aigc %s speak --voice %.40s --seed %llu", AIGC_VERSION, f->voice, (unsigned long long)item->job.seed);
    sound_file *sound = sound_file_create(item->path, (sound_format){.rate = speak_rate(s->speak), .comment = comment}, st);
    if (!sound) return false;
    if (speak_text(s->speak, text, size, write_piece, sound, st)) return sound_file_commit(sound, st);
    sound_file_abort(sound);
    return false;
}

static void say(batch *b, batch_speak *s, const batch_item *item, status *st)
{
    speak_flags f;
    if (!set_flags(&item->job, &f, st) || !open_voice(b, s, &f, st)) return;
    voice_settings settings = speak_flags_settings(&f);
    if (!speak_set(s->speak, &settings, f.sentence_silence, item->job.seed, f.ssml ? PHONEME_SSML : PHONEME_PLAIN, st)) return;
    size_t size = f.text ? strlen(f.text) : 0;
    char *read = f.text ? NULL : file_read(f.file, MAX_TEXT, &size, st);
    if (f.text || read) write_sound(s, item, &f, f.text ? f.text : read, size, st);
    alloc_free(read);
}

bool batch_speak_run(batch *b, batch_speak **state)
{
    batch_item *item;
    while (!batch_stopped(b) && (item = batch_take(b, JOB_SPEAK, NULL))) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, sizeof **state, &st);
        if (*state) say(b, *state, item, &st);
        batch_finish(b, item, NULL, &st);
    }
    return !batch_stopped(b);
}

void batch_speak_free(batch_speak *state)
{
    if (!state) return;
    close_voice(state);
    alloc_free(state);
}
