/* template: texts with places to fill, "Dear {{row.name}}, …". What comes into a place is data: it is never looked at for
 * places of its own. */
#ifndef AIGC_JOB_TEMPLATE_H
#define AIGC_JOB_TEMPLATE_H

#include <stddef.h>

#include "core/arena.h"
#include "core/status.h"

enum { TEMPLATE_MOST_PLACES = 1000, TEMPLATE_MOST_BYTES = 16 << 20 };

/* The value of a place, its name without braces and outer spaces (n bytes, not terminated); NULL with st set when there
 * is none. It is asked for once for each place. */
typedef const char *(*template_lookup)(void *context, const char *name, size_t n, status *st);

/* The text with every {{name}} replaced by lookup's value, in mem; the text itself when there is nothing to replace. "\{{"
 * gives "{{". A "{{" that is not closed is an error, and so are more places or a longer result than the limits above. With
 * mem = NULL nothing is built: only the lookups are made, to check them, and text comes back. */
const char *template_fill(const char *text, template_lookup lookup, void *context, arena *mem, status *st);

#endif
