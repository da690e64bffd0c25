/* kind_options: all options of the commands that make something, with what each is about, by the kind that a record tells. */
#ifndef AIGC_ENGINE_KIND_OPTIONS_H
#define AIGC_ENGINE_KIND_OPTIONS_H

#include "engine/image_options.h"
#include "engine/options.h"
#include "engine/speak_flags.h"
#include "engine/text_options.h"
#include "engine/vocode_flags.h"

enum { KIND_OPTIONS_MOST = 128 };

/* Its table points into itself: it must not be moved. */
typedef struct {
    union {
        text_options text;
        image_options image;
        speak_flags speak;
        vocode_flags vocode;
    } value;
    option table[KIND_OPTIONS_MOST]; /* ended by an entry without a name */
} kind_options;

/* The options of "text", "image", "speak" or "vocode": those of the command line, then those of its jobs. False: no such kind. */
bool kind_options_init(kind_options *k, const char *kind);

#endif
