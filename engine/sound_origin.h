/* sound_origin: where a sound came from, as the tags of its file; for speech and vocoders. */
#ifndef AIGC_ENGINE_SOUND_ORIGIN_H
#define AIGC_ENGINE_SOUND_ORIGIN_H

#include "audio/sound_tags.h"
#include "engine/origin_options.h"
#include "engine/speak_flags.h"

/* The tags and what they point to; an empty one (all zero) has none. */
typedef struct {
    sound_tags tags;
    char *text[4];
} sound_origin;

/* g (taken over) as tags. */
bool sound_origin_make(sound_origin *to, origin *g, status *st);
void sound_origin_free(sound_origin *to);

/* Adds the voice at `path`, what belongs to it, and the user's pronunciations. */
bool sound_origin_add_voice(origin_files *to, const speak_flags *f, const char *path, const char *assets, status *st);

/* The record of one speech with this seed. */
origin *sound_origin_of_speech(const speak_flags *f, uint64_t seed, const char *text, size_t size, origin_files *files, status *st);

#endif
