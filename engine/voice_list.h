/* voice_list: the voices that `aigc speak` knows by name: who, in which language, under which licence, how large, and whether they
 * are here or how to get them. */
#ifndef AIGC_ENGINE_VOICE_LIST_H
#define AIGC_ENGINE_VOICE_LIST_H

#include "core/status.h"

/* Prints the table on standard output. */
void voice_list_print(status *st);

/* The voice that speaks where none is named: what AIGC_VOICE says, else Kokoro's af_heart where it is installed, else hibari. */
const char *voice_list_usual(void);

#endif
