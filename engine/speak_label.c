#include "engine/speak_label.h"

#include <string.h>

#include "audio/label_tone.h"
#include "core/alloc.h"

typedef struct {
    speak_label_writer write;
    void *arg;
    int64_t samples;
} label_writer;

static bool write_piece(void *arg, const speak_piece *p, status *st)
{
    label_writer *w = arg;
    w->samples += p->count;
    return w->write(w->arg, p->samples, p->count, st);
}

static bool write_tone(label_writer *w, int rate, status *st)
{
    w->samples = label_tone_length(rate);
    float *tone = alloc_array((size_t)w->samples, sizeof *tone, st);
    if (tone) label_tone_write(tone, rate);
    bool ok = tone && w->write(w->arg, tone, w->samples, st);
    alloc_free(tone);
    return ok;
}

static bool say(const speak_flags *f, speak *s, uint64_t seed, label_writer *w, status *st)
{
    voice_settings settings = speak_flags_settings(f);
    return speak_set(s, &settings, f->sentence_silence, seed, PHONEME_PLAIN, st) && speak_text(s, f->label_text, strlen(f->label_text), write_piece, w, st) &&
           speak_set(s, &settings, f->sentence_silence, seed, f->ssml ? PHONEME_SSML : PHONEME_PLAIN, st);
}

bool speak_label_write(const speak_flags *f, speak *s, uint64_t seed, speak_label_writer write, void *arg, double *seconds, status *st)
{
    label_writer w = {write, arg, 0};
    bool ok = f->label_text ? say(f, s, seed, &w, st) : !f->label || write_tone(&w, speak_rate(s), st);
    *seconds = (double)w.samples / speak_rate(s);
    return ok;
}
