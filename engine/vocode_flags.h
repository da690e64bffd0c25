/* vocode_flags: the flags of vocoding, shared by `aigc vocode` and the vocode jobs of a batch. */
#ifndef AIGC_ENGINE_VOCODE_FLAGS_H
#define AIGC_ENGINE_VOCODE_FLAGS_H

#include <stdint.h>

#include "audio/vocoder.h"
#include "engine/options.h"

typedef struct {
    const char *input, *output, *model, *mel, *metadata;
    int64_t rate, n_fft, hop, iterations, seed, threads;
    double lowest, highest;
    bool htk, raw, force;
    bool only_check; /* all but the sound; no flag of its own */
} vocode_flags;

vocode_flags vocode_flags_default(void);

enum { VOCODE_FLAG_COUNT = 24 };

/* Writes the table of the flags that make up one sound (what a job may say: its "input" too), pointing into f; returns how
 * many entries. */
int vocode_flags_job_table(vocode_flags *f, option *table);

/* The flags of the command line, ended by an entry without a name. */
void vocode_flags_table(vocode_flags *f, option table[VOCODE_FLAG_COUNT]);

/* Who hears of the sound; each may be NULL. */
typedef struct {
    bool (*on_sound)(void *arg, const float *samples, int64_t count, int rate); /* false: it is given up */
    void (*on_record)(void *arg, const char *record, status *st);               /* of its making, a JSON object */
    void *arg;
} vocode_listener;

/* f->input, a mel spectrum (.npy) or a sound, through the vocoder (NULL: Griffin-Lim) into f->output (NULL: no file). l: NULL,
 * or who hears of it. Scratch lies in c->mem. */
bool vocode_flags_run(const vocode_flags *f, const vocoder *v, const vocode_listener *l, op_ctx *c);

#endif
