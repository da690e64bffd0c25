#include "engine/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/text_out.h"

static bool same_name(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char x = a[i] == '_' ? '-' : a[i], y = b[i] == '_' ? '-' : b[i];
        if (x != y || !x) return false;
    }
    return b[n] == 0;
}

const option *options_find_name(const option *table, const char *name, size_t n)
{
    for (const option *o = table; o->name; o++)
        if (o->type != OPTION_GROUP && same_name(name, o->name, n)) return o;
    return NULL;
}

const option *options_find(const option *table, const char *name) { return options_find_name(table, name, strlen(name)); }

bool option_is_setting(const option *o)
{
    return o->type != OPTION_GROUP && !(o->about & (OPTION_READS | OPTION_WRITES | OPTION_HOW | OPTION_MODEL | OPTION_RECORDED | OPTION_APART));
}

static bool set_number(const option *o, const char *text, status *st)
{
    char *end = NULL;
    bool ranged = o->min < o->max;
    errno = 0;
    double number;
    if (o->type == OPTION_INT) {
        long long n = strtoll(text, &end, 10);
        number = (double)n;
        if (end != text && !*end && errno == 0 && (!ranged || (number >= o->min && number <= o->max))) {
            *(int64_t *)o->value = n;
            return true;
        }
        if (ranged)
            return status_set(st, STATUS_USAGE, "--%s: '%s' found, a whole number from %.0f to %.0f wanted", o->name,
                              text, o->min, o->max);
        return status_set(st, STATUS_USAGE, "--%s: '%s' found, a whole number wanted", o->name, text);
    }
    number = strtod(text, &end);
    if (end != text && !*end && isfinite(number) && (!ranged || (number >= o->min && number <= o->max))) {
        *(double *)o->value = number;
        return true;
    }
    if (ranged)
        return status_set(st, STATUS_USAGE, "--%s: '%s' found, a number from %g to %g wanted", o->name, text, o->min,
                          o->max);
    return status_set(st, STATUS_USAGE, "--%s: '%s' found, a number wanted", o->name, text);
}

bool option_set(const option *o, const char *text, status *st)
{
    if (o->given) *o->given = true;
    switch (o->type) {
    case OPTION_FLAG:
        if (!text || strcmp(text, "true") == 0) *(bool *)o->value = true;
        else if (strcmp(text, "false") == 0) *(bool *)o->value = false;
        else return status_set(st, STATUS_USAGE, "--%s: '%s' found, no value wanted", o->name, text);
        return true;
    case OPTION_INT:
    case OPTION_REAL: return set_number(o, text, st);
    case OPTION_STRING: *(const char **)o->value = file_skip_mark(text); return true;
    case OPTION_LIST: {
        option_list *list = o->value;
        if (list->count == OPTION_LIST_MAX)
            return status_set(st, STATUS_USAGE, "--%s: given more than %d times", o->name, OPTION_LIST_MAX);
        list->item[list->count++] = file_skip_mark(text);
        return true;
    }
    case OPTION_GROUP: break;
    }
    return true;
}

/* The names that the command has and every command has. */
nearest_hint options_near_name(const option *table, const char *before, const char *name, size_t size)
{
    char typed[64];
    nearest_hint hint = {""};
    nearest n = {.word = typed};
    snprintf(typed, sizeof typed, "%.*s", (int)(size < sizeof typed ? size : sizeof typed - 1), name);
    for (const option *o = table; o->name; o++)
        if (o->type != OPTION_GROUP) nearest_try(&n, o->name, strlen(o->name));
    for (const option *o = options_common(); o->name; o++) nearest_try(&n, o->name, strlen(o->name));
    if (n.best) snprintf(hint.text, sizeof hint.text, "; did you mean '%s%s'?", before, n.best);
    return hint;
}

nearest_hint options_near(const option *table, const char *name) { return options_near_name(table, "", name, strlen(name)); }

bool options_set(const option *table, const char *name, const char *value, status *st)
{
    const option *o = options_find_name(table, name, strlen(name));
    if (!o) return status_set(st, STATUS_USAGE, "'%s' is no option here%s", name, options_near(table, name).text);
    if (!value && o->type != OPTION_FLAG) return status_set(st, STATUS_USAGE, "--%s: a value is wanted", o->name);
    return option_set(o, value, st);
}

char *options_key(const option *table, unsigned about, status *st)
{
    text_out to = {.st = st};
    for (const option *o = table; o->name; o++) {
        if (o->type == OPTION_GROUP || !(o->about & about)) continue;
        const option_list *list = o->value;
        if (o->type == OPTION_FLAG) text_out_format(&to, "%s=%d\n", o->name, *(const bool *)o->value);
        else if (o->type == OPTION_INT) text_out_format(&to, "%s=%" PRId64 "\n", o->name, *(const int64_t *)o->value);
        else if (o->type == OPTION_REAL) text_out_format(&to, "%s=%.17g\n", o->name, *(const double *)o->value);
        else if (o->type == OPTION_STRING) {
            const char *value = *(const char *const *)o->value;
            if (value) text_out_format(&to, "%s=%s\n", o->name, value);
        } else
            for (size_t i = 0; i < list->count; i++) text_out_format(&to, "%s=%s\n", o->name, list->item[i]);
    }
    return text_out_take(&to);
}

static bool common_quiet, common_verbose, common_help; /* never read: where options_common() points for those who print it */
static const option COMMON[] = {
    {'q', "quiet", OPTION_FLAG, &common_quiet, NULL, "errors alone on stderr: no remarks, warnings and progress", 0, 0, NULL, NULL, 0},
    {'v', "verbose", OPTION_FLAG, &common_verbose, NULL, "say more on stderr: what is opened, how long it takes", 0, 0, NULL, NULL, 0},
    {'h', "help", OPTION_FLAG, &common_help, NULL, "this text", 0, 0, NULL, NULL, 0},
    {0},
};
const option *options_common(void) { return COMMON; }
