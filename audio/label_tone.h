/* label_tone: the rhythm that says "made by AI" without words: the letters A and I in Morse code, short long, short short,
 * as GB 45438-2025 (5.3) takes it for sounds. */
#ifndef AIGC_AUDIO_LABEL_TONE_H
#define AIGC_AUDIO_LABEL_TONE_H

#include <stdint.h>

/* How many samples it takes at this rate, with the silence behind it. */
int64_t label_tone_length(int rate);

/* Writes them, in [−1, 1]. */
void label_tone_write(float *to, int rate);

#endif
