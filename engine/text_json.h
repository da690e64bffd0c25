/* text_json: what the text commands print with --json. The objects are the caller's (json_decref); NULL: no memory. */
#ifndef AIGC_ENGINE_TEXT_JSON_H
#define AIGC_ENGINE_TEXT_JSON_H

#include <jansson.h>

#include "text/generate.h"
#include "text/text_model.h"
#include "text/thoughts.h"

/* {"model", "architecture", "load_seconds"} */
json_t *text_json_run(const text_model *m, const char *path, double load_seconds);

/* {"text", "thoughts" where there are any, "tokens", "logprobs" where asked for, "prompt_tokens", "stop_reason", "seed", "timings"} */
json_t *text_json_result(const generate_result *r, thoughts_start start, uint64_t seed, status *st);

/* A string of bytes that may not be UTF-8: those become U+FFFD. */
json_t *text_json_string(const char *text, size_t size, status *st);

/* A model's name: the last part of its path. */
json_t *text_json_name(const char *path, status *st);

/* JSON has no NaN and no infinity: they become null. */
json_t *text_json_number(double x);

#endif
