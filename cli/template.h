/* template: texts with places to fill, "Dear {{row.name}}, …". */
#ifndef AIGC_CLI_TEMPLATE_H
#define AIGC_CLI_TEMPLATE_H

#include <stddef.h>

#include "core/arena.h"
#include "core/status.h"

/* The value of a place, its name without braces and outer spaces (n bytes, not terminated); NULL with st set when there
 * is none. */
typedef const char *(*template_lookup)(void *context, const char *name, size_t n, status *st);

/* Does the text hold any place? */
bool template_has_places(const char *text);

/* The text with every {{name}} replaced by lookup's value, in mem. A "{{" that is not closed is an error; "\{{" gives
 * "{{". With mem = NULL nothing is built: only the lookups are made, to check them, and text comes back. */
const char *template_fill(const char *text, template_lookup lookup, void *context, arena *mem, status *st);

#endif
