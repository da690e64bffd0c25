/* run: the runners of all kinds, each in its own file (run_text.c, run_image.c, …), for the table in kind.c.
 *
 * Each does the lane's requests of its kind until the next is of another kind or there is none; what it keeps open from one
 * time to the next is its state, NULL in the beginning.
 */
#ifndef AIGC_ENGINE_RUN_H
#define AIGC_ENGINE_RUN_H

#include "engine/lane.h"

void run_text(lane *l, void **state);
void run_text_free(void *state);
void run_image(lane *l, void **state);
void run_image_free(void *state);
void run_speak(lane *l, void **state);
void run_speak_free(void *state);
void run_vocode(lane *l, void **state);
void run_vocode_free(void *state);
void run_embed(lane *l, void **state);
void run_embed_free(void *state);

#endif
