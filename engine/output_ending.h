/* output_ending: what the ending of an output's name promises must be what is written into it.
 *
 * A name without an ending and "-" promise nothing: they get the kind's usual format (PNG, WAV, text …).
 */
#ifndef AIGC_ENGINE_OUTPUT_ENDING_H
#define AIGC_ENGINE_OUTPUT_ENDING_H

#include "core/status.h"

typedef enum {
    OUTPUT_TEXT,    /* text of any sort: every ending but those of pictures, sounds, models, archives and office files */
    OUTPUT_PICTURE, /* .png */
    OUTPUT_SOUND,   /* what audio/sound_file.h writes */
    OUTPUT_SAMPLES, /* samples without a header: .raw, .pcm, .s16, .s16le */
    OUTPUT_SRT,
    OUTPUT_VTT,
    OUTPUT_ARRAY,   /* .npy */
    OUTPUT_JSON,    /* .json */
    OUTPUT_MODEL,   /* .gguf */
} output_kind;

/* Whether the kind may be written to `path`; else STATUS_USAGE that names the option (such as "-o"), what was found and what
 * is wanted. Letters of either case do. path NULL is good. */
bool output_ending_check(output_kind kind, const char *option, const char *path, status *st);

/* Whether a file that nobody named may be written: where it is there already, only with --force. STATUS_USAGE else. */
bool output_default_check(const char *path, bool force, status *st);

#endif
