/* chat_loop: a conversation of many turns on a terminal. */
#ifndef AIGC_CLI_CHAT_LOOP_H
#define AIGC_CLI_CHAT_LOOP_H

#include "engine/text_options.h"
#include "text/chat.h"
#include "text/generate.h"
#include "text/text_model.h"

/* Reads lines from stdin and writes answers to stdout until /quit or the end of input. Ctrl-C stops an answer, and at the
 * prompt drops the line. When the context is full the oldest turns are forgotten, and that is said. */
void chat_loop(const text_options *o, const text_model *m, generator *g, const chat_template *t, uint64_t seed, status *st);

#endif
