#include "audio/label_tone.h"

#include <math.h>
#include <string.h>

static const double UNIT = 0.08, PITCH = 880, FADE = 0.008, LOUDNESS = 0.25; /* seconds, Hz, seconds, of full scale */

/* ITU-R M.1677: a dash lasts three dots, a gap inside a letter one, between letters three. */
static const char RHYTHM[] = "#.###...#.#....";

int64_t label_tone_length(int rate) { return (int64_t)(UNIT * rate) * (int64_t)(sizeof RHYTHM - 1); }

void label_tone_write(float *to, int rate)
{
    int64_t unit = (int64_t)(UNIT * rate), fade = (int64_t)(FADE * rate) + 1;
    const double step = 2 * 3.14159265358979323846 * PITCH / rate;
    memset(to, 0, (size_t)label_tone_length(rate) * sizeof *to);
    for (int64_t from = 0; RHYTHM[from];) {
        int64_t n = (int64_t)strspn(RHYTHM + from, "#");
        for (int64_t i = 0; i < n * unit; i++) { /* faded in and out, so that it does not click */
            int64_t edge = i < n * unit - 1 - i ? i : n * unit - 1 - i;
            double gain = edge < fade ? (double)edge / (double)fade : 1;
            to[from * unit + i] = (float)(LOUDNESS * gain * sin(step * (double)i));
        }
        from += n ? n : 1;
    }
}
