/* speak_flags: the flags of speech, shared by `aigc speak` and the speak jobs of a batch. */
#ifndef AIGC_ENGINE_SPEAK_FLAGS_H
#define AIGC_ENGINE_SPEAK_FLAGS_H

#include <stdint.h>

#include "audio/speak.h"
#include "engine/options.h"

typedef struct {
    const char *text, *file, *output, *voice, *speaker, *pronunciations, *srt, *vtt, *metadata, *label_text, *filter;
    double speed, length_scale, noise_scale, noise_w, sentence_silence;
    int64_t seed, threads;
    bool raw, json, phonemes, ssml, label, force, list_voices;
    bool seed_given, noise_scale_given, noise_w_given;
} speak_flags;

speak_flags speak_flags_default(void);

enum { SPEAK_FLAG_COUNT = 40 };

/* Writes the table of the flags that make up one sound (what a job may say: its "text" too), pointing into f; returns how
 * many entries. */
int speak_flags_job_table(speak_flags *f, option *table);

/* The flags of the command line, ended by an entry without a name. */
void speak_flags_table(speak_flags *f, option table[SPEAK_FLAG_COUNT]);

voice_settings speak_flags_settings(const speak_flags *f);

/* The path of the voice. Freed with alloc_free. */
char *speak_flags_voice(const speak_flags *f, status *st);

/* Where the lexicons for the voice at `path` lie: with the default voice. NULL where that is absent: espeak-ng may do
 * without. Freed with alloc_free. */
char *speak_flags_assets(const char *path);

/* The table that chooses among a heteronym's pronunciations, which comes along with the program; NULL where it is absent.
 * Freed with alloc_free. */
char *speak_flags_heteronyms(void);

#endif
