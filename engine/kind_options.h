/* kind_options: all options of the commands that make something, with what each is about, by the kind that a record tells. */
#ifndef AIGC_ENGINE_KIND_OPTIONS_H
#define AIGC_ENGINE_KIND_OPTIONS_H

#include "engine/kind.h"

/* Its table points into itself: it must not be moved. */
typedef struct {
    request_options value;
    option table[KIND_COMMAND_COUNT]; /* ended by an entry without a name */
} kind_options;

/* The options of "text", "image", "speak" or "vocode": those of the command line, then those of its jobs. False: no such kind. */
bool kind_options_init(kind_options *k, const char *kind);

#endif
