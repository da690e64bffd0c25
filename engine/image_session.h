/* image_session: a loaded picture model that draws one picture after another. */
#ifndef AIGC_ENGINE_IMAGE_SESSION_H
#define AIGC_ENGINE_IMAGE_SESSION_H

#include "engine/image_model.h"
#include "engine/image_options.h"

typedef struct image_session image_session;

/* Opens the model that o names, for that model's options alone (model, parts, exact). NULL on error. */
image_session *image_session_open(const image_options *o, pool *threads, status *st);
void image_session_close(image_session *s); /* NULL is allowed */

/* What one picture was made of: o with the model's own values where o left them open. */
typedef struct {
    int64_t width, height; /* of the file */
    int64_t steps;
    double guidance;
    sampler_method method;
    uint64_t seed;
    double seconds;
} image_result;

/* The next picture is the last: each network leaves memory when its work is done. The U-Net's pages are then the decoder's,
 * so the most that is ever resident falls, and fewer pages have to be had from the system. */
void image_session_last(image_session *s);

struct image_origin;

/* Who hears of the pictures that are drawn; each may be NULL. */
typedef struct {
    bool (*on_step)(void *arg, int step, int steps, status *st); /* false with st set: it is given up */
    void (*on_picture)(void *arg, const picture *p, const struct image_origin *record, const image_result *r, status *st);
    void *arg;
} image_listener;
void image_session_listen(image_session *s, const image_listener *l); /* copied; NULL: nobody */

/* Draws o->prompt with this seed and writes it to path ("-": stdout) as PNG, whole or not at all; NULL: to no file. */
bool image_session_draw(image_session *s, const image_options *o, uint64_t seed, const char *path, image_result *result, status *st);

/* All that image_session_draw does before the networks run, and after them on a black picture: the same errors, and nothing is
 * written. */
bool image_session_check(image_session *s, const image_options *o, uint64_t seed, status *st);

/* Whether the model lists what it knows (image_words) and no word of the prompt is in the list; the remark that says so, and
 * names what is spelled like it, is then in text. */
enum { IMAGE_SESSION_DOUBT = 320 }; /* bytes that are always enough */
bool image_session_doubts(const image_session *s, const char *prompt, char *text, size_t size);

const char *image_session_model_path(const image_session *s);

#endif
