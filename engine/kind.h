/* kind: what can be made, one row of a table for each kind; who knows a kind knows it from here.
 *
 * A new kind is its options and its runner in files of its own, and a row (docs/adding-a-kind.md).
 */
#ifndef AIGC_ENGINE_KIND_H
#define AIGC_ENGINE_KIND_H

#include "engine/embed_options.h"
#include "engine/image_options.h"
#include "engine/options.h"
#include "engine/output_ending.h"
#include "engine/speak_flags.h"
#include "engine/text_options.h"
#include "engine/vocode_flags.h"

typedef enum { KIND_TEXT, KIND_IMAGE, KIND_SPEAK, KIND_VOCODE, KIND_EMBED, KIND_COUNT } request_kind;

/* What a request may say, by its kind. */
typedef union {
    text_options text;
    image_options image;
    speak_flags speak;
    vocode_flags vocode;
    embed_options embed;
} request_options;

enum { KIND_OPTION_COUNT = 64, KIND_COMMAND_COUNT = 128 };

typedef struct lane lane;

typedef struct {
    const char *name;    /* "text", as jobs and records say it */
    const char *ending;  /* of an output without a name of its own */
    const char *model;   /* the default; "": none is needed; NULL: the usual voice */
    output_kind output;  /* which endings an output may have */
    int lane;            /* 0: what waits for memory (words, vectors), 1: what computes (pictures, sounds); see engine/lane.h */
    void (*defaults)(request_options *v);
    void (*table)(request_options *v, option *table); /* writes the table of a request's options, pointing into v, ended by an entry
                                                         without a name; at most KIND_OPTION_COUNT */
    void (*command)(request_options *v, option *table); /* the same of all that its command and its jobs may say; at most
                                                           KIND_COMMAND_COUNT. NULL: it has no command of its own, and no record */
    void (*run)(lane *l, void **state); /* does the lane's requests of this kind until the next is of another or there is none */
    void (*free)(void *state);          /* what run keeps from one time to the next: open models. NULL is allowed */
} kind_row;

const kind_row *kind_of(request_kind kind);
const char *kind_name(request_kind kind); /* "text", … */

/* The default model, which for voices depends on what is installed (engine/voice_list.h). */
const char *kind_model(request_kind kind);

/* By its name; false: no such kind. */
bool kind_find(const char *name, request_kind *kind);

#endif
