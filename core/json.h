/* json: jansson's parser, made safe for the moment when memory ends.
 *
 * jansson 2.14 goes on when the buffer of a token cannot grow: the token lacks a byte, and an assertion of its own ends the
 * program if that byte was the one after a number. Here, while a text is parsed, a small allocation that fails is served
 * from a reserve instead, the parser is told that its input ends, and what it made is dropped. So a parse either has all
 * the memory it asked for or gives nothing. (The reserve is bounded: a number of more than 30,000 digits may exceed it.)
 */
#ifndef AIGC_CORE_JSON_H
#define AIGC_CORE_JSON_H

#include <jansson.h>

#include "core/status.h"

/* Makes jansson take its memory from core/alloc.h. Once, before any other use. */
void json_use_alloc(void);

/* As json_loadb, with its flags. NULL also when memory ended: error (may be NULL) then has line −1 and "out of memory". */
json_t *json_parse(const char *text, size_t size, size_t flags, json_error_t *error);

/* The same of a model's settings, as Python's json writes them: Infinity, -Infinity and NaN, numbers that JSON has not
 * ("lambda_min_clipped": -Infinity), are read as 1e308, -1e308 and 0. */
json_t *json_parse_config(const char *text, size_t size, size_t flags, json_error_t *error);

/* json_parse of a file of at most 256 MiB; one that cannot be read gives line −1 and says why. */
json_t *json_parse_file(const char *path, size_t flags, json_error_t *error);

/* value, with json_dumps' flags, as a text of ours, whoever allocates for jansson: freed with alloc_free. NULL when memory ends. */
char *json_write(const json_t *value, size_t flags);

/* value, with json_dumpf's flags, as a line on stdout. Characters that steer terminals are \u escapes there (core/clean.h). */
bool json_print(const json_t *value, size_t flags, status *st);

#endif
