/* sound_file: sound from and to files, by libsndfile; the only user of sndfile.h.
 *
 * Written is one channel of 16 bits: .wav, .flac, .ogg (Vorbis), .opus, .mp3, .aiff by the file's name (without an ending: WAV); "-" streams WAV to
 * stdout, piece by piece, with the length field that says "until the end" (0xFFFFFFFF); raw is the samples alone,
 * little-endian, to a file of any name or to stdout, and has no place for tags. A file appears under its name only when it is whole (core/file.h).
 */
#ifndef AIGC_AUDIO_SOUND_FILE_H
#define AIGC_AUDIO_SOUND_FILE_H

#include "audio/sound_tags.h"
#include "core/tensor.h"

typedef struct sound_file sound_file;

typedef struct {
    int rate;            /* samples a second */
    bool raw;
    const sound_tags *tags; /* stored with the sound, or NULL; must stay until it is committed */
} sound_format;

/* The endings that say a format, as ".wav, .flac, …". */
const char *sound_file_endings(void);

/* NULL with st set: STATUS_USAGE for a name whose ending is no known format. */
sound_file *sound_file_create(const char *path, sound_format format, status *st);

/* Can such a file be written at this rate? Asked without writing anything. */
bool sound_file_check(const char *path, int rate, status *st);

/* Samples in [−1, 1]; what lies beyond is clipped. What goes to stdout has left the program on return. */
bool sound_file_write(sound_file *f, const float *samples, int64_t count, status *st);

bool sound_file_commit(sound_file *f, status *st); /* frees f, also on failure */
void sound_file_abort(sound_file *f);              /* NULL is allowed */

/* The whole of a sound as [n], channels averaged, at the rate found. NULL with STATUS_INPUT in st. */
tensor *sound_file_read(arena *mem, const char *path, int *rate, status *st);

#endif
