/* jinja: runs the Jinja programs that models bring as their chat templates.
 *
 * The language is jinja2's as transformers sets it up: ImmutableSandboxedEnvironment with trim_blocks, lstrip_blocks, loop
 * controls and generation blocks, and its tojson, raise_exception and strftime_now. What a program writes is what it writes
 * there, byte by byte (tests/golden/gen_jinja.py). What is not known here is refused by its name, with line and column.
 *
 * A program is hostile input. Its size, nesting, steps, memory and output are bounded: the worst ends in well under a second
 * with an error.
 *
 * Every byte of a result has an origin: the program's own text, or a string of the variables, whatever was done to it on the
 * way (sliced, joined, stripped, written as JSON). So a caller knows which marks the template wrote and which a person typed.
 *
 * A parsed program does not change: many threads may run it at once.
 *
 * Sources: the Jinja documentation, "Template Designer Documentation" (jinja.palletsprojects.com); transformers,
 * utils/chat_template_utils.py; The Python Language Reference for what the operators and methods give.
 */
#ifndef AIGC_TEXT_JINJA_H
#define AIGC_TEXT_JINJA_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/status.h"

struct json_t;

typedef struct jinja jinja;

/* Parses size bytes of UTF-8; name is for messages, which say name:line:column. NULL with STATUS_INPUT in st. The text may
 * be freed afterwards. */
jinja *jinja_parse(const char *text, size_t size, const char *name, status *st);
void jinja_free(jinja *t); /* NULL is allowed */

/* The same of a language with more filters and functions (text/jinja_extend.h), for other texts than chat templates. */
struct jinja_extension;
jinja *jinja_parse_extended(const char *text, size_t size, const char *name, const struct jinja_extension *extension, status *st);

/* Whether the program mentions this name as a variable anywhere: a template that does not cannot use it. */
bool jinja_mentions(const jinja *t, const char *name);

enum { JINJA_OWN = 0, JINJA_GIVEN = 1 }; /* a byte's origin: the program, or a variable */

typedef struct {
    const char *name;
    const struct json_t *value;
    uint8_t origin;      /* of its strings */
    const char *own_key; /* NULL, or: a string under this key is the program's own where it is a plain word ([A-Za-z0-9_-]+) */
} jinja_variable;

typedef struct {
    const jinja_variable *variable;
    size_t count;
    time_t now; /* for strftime_now, as local time */
    void *data; /* for the functions of an extension */
} jinja_input;

/* What a run wrote: size bytes with a zero behind them, and for each its origin. Freed with jinja_output_free. */
typedef struct {
    char *text;
    uint8_t *origin;
    size_t size;
} jinja_output;

/* Runs the program. False with STATUS_FAIL (the program refused its input, failed, or went over a bound; the message says
 * where) or STATUS_NOMEM in st. */
bool jinja_run(const jinja *t, const jinja_input *in, jinja_output *out, status *st);
void jinja_output_free(jinja_output *out);

#endif
