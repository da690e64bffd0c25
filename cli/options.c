#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"

static bool same_name(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char x = a[i] == '_' ? '-' : a[i], y = b[i] == '_' ? '-' : b[i];
        if (x != y || !x) return false;
    }
    return b[n] == 0;
}

static const option *find_name(const option *table, const char *name, size_t n)
{
    for (const option *o = table; o->name; o++)
        if (o->type != OPTION_GROUP && same_name(name, o->name, n)) return o;
    return NULL;
}

const option *options_find(const option *table, const char *name) { return find_name(table, name, strlen(name)); }

bool option_is_setting(const option *o)
{
    return o->type != OPTION_GROUP && !(o->about & (OPTION_READS | OPTION_WRITES | OPTION_HOW | OPTION_MODEL | OPTION_RECORDED | OPTION_APART));
}

static const option *find_letter(const option *table, char letter)
{
    for (const option *o = table; o->name; o++)
        if (o->type != OPTION_GROUP && o->letter == letter) return o;
    return NULL;
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

static bool set_value(const option *o, const char *text, status *st)
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
static nearest_hint near_name(const option *table, const char *before, const char *name, size_t size)
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

nearest_hint options_near(const option *table, const char *name) { return near_name(table, "", name, strlen(name)); }

bool options_set(const option *table, const char *name, const char *value, status *st)
{
    const option *o = find_name(table, name, strlen(name));
    if (!o) return status_set(st, STATUS_USAGE, "'%s' is no option here%s", name, options_near(table, name).text);
    if (!value && o->type != OPTION_FLAG) return status_set(st, STATUS_USAGE, "--%s: a value is wanted", o->name);
    return set_value(o, value, st);
}

/* ---- the command line ---- */

static bool common_quiet, common_verbose, common_help; /* never read: where options_common() points for those who print it */
static const option COMMON[] = {
    {'q', "quiet", OPTION_FLAG, &common_quiet, NULL, "errors alone on stderr: no remarks, warnings and progress", 0, 0, NULL, NULL, 0},
    {'v', "verbose", OPTION_FLAG, &common_verbose, NULL, "say more on stderr: what is opened, how long it takes", 0, 0, NULL, NULL, 0},
    {'h', "help", OPTION_FLAG, &common_help, NULL, "this text", 0, 0, NULL, NULL, 0},
    {0},
};
enum { COMMON_COUNT = 3 };

const option *options_common(void) { return COMMON; }

typedef struct {
    const option *table;
    option common[COMMON_COUNT + 1];
    bool quiet, verbose, help;
    const char *given[OPTION_TABLE_MAX], *common_given[COMMON_COUNT]; /* the text that each option was given */
    int argc;
    char **argv;
    int at; /* in argv */
} parser;

static void begin(parser *p, const option *table, int argc, char **argv)
{
    *p = (parser){.table = table, .argc = argc, .argv = argv, .at = 1};
    memcpy(p->common, COMMON, sizeof p->common);
    p->common[0].value = &p->quiet;
    p->common[1].value = &p->verbose;
    p->common[2].value = &p->help;
}

/* Sets an option, which has not been given yet unless it may be repeated. text NULL: a bare flag. */
static bool use(parser *p, const option *o, const char *text, status *st)
{
    bool is_common = o >= p->common && o < p->common + COMMON_COUNT;
    size_t place = (size_t)(o - (is_common ? p->common : p->table));
    if (!is_common && place >= OPTION_TABLE_MAX) return status_set(st, STATUS_FAIL, "--%s: a table of more than %d options", o->name, OPTION_TABLE_MAX);
    const char **before = is_common ? &p->common_given[place] : &p->given[place], *now = text ? text : "true";
    if (*before && o->type != OPTION_LIST && !(o->type == OPTION_FLAG && strcmp(*before, now) == 0))
        return status_set(st, STATUS_USAGE, "--%s: given twice, as '%.100s' and as '%.100s'; one is wanted", o->name, *before, now);
    *before = now;
    return set_value(o, text, st);
}

static const option *find_long(const parser *p, const char *name, size_t n)
{
    const option *o = find_name(p->table, name, n);
    return o ? o : find_name(p->common, name, n);
}

/* One --name, --name=value or --no-name; moves over a value in the next word. */
static bool parse_long(parser *p, status *st)
{
    const char *name = p->argv[p->at] + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const option *o = find_long(p, name, n);
    if (!o && n > 3 && strncmp(name, "no-", 3) == 0 && !equals) {
        o = find_long(p, name + 3, n - 3);
        if (o && o->type == OPTION_FLAG) return use(p, o, "false", st);
        o = NULL;
    }
    if (!o) return status_set(st, STATUS_USAGE, "unknown option '%.100s'%s (--help lists them)", p->argv[p->at], near_name(p->table, "--", name, n).text);
    if (equals) return use(p, o, equals + 1, st);
    if (o->type == OPTION_FLAG) return use(p, o, NULL, st);
    if (p->at + 1 >= p->argc) return status_set(st, STATUS_USAGE, "--%s: a value is wanted", o->name);
    return use(p, o, p->argv[++p->at], st);
}

static bool parse_letters(parser *p, status *st)
{
    for (const char *s = p->argv[p->at] + 1; *s; s++) {
        const option *o = find_letter(p->table, *s);
        if (!o) o = find_letter(p->common, *s);
        if (!o) return status_set(st, STATUS_USAGE, "unknown option '-%c' (--help lists them)", *s);
        if (o->type == OPTION_FLAG) {
            if (!use(p, o, NULL, st)) return false;
            continue;
        }
        if (s[1]) return use(p, o, s + 1, st);
        if (p->at + 1 >= p->argc) return status_set(st, STATUS_USAGE, "-%c: a value is wanted", *s);
        return use(p, o, p->argv[++p->at], st);
    }
    return true;
}

bool options_parse(const option *table, int argc, char **argv, const help_text *text, const char **positional,
                   int *positional_count, bool *help, status *st)
{
    parser p;
    begin(&p, table, argc, argv);
    *positional_count = 0;
    *help = false;
    for (; p.at < argc && !p.help; p.at++) {
        const char *word = argv[p.at];
        if (strcmp(word, "--") == 0) {
            while (++p.at < argc) positional[(*positional_count)++] = file_skip_mark(argv[p.at]);
            break;
        }
        if (word[0] != '-' || !word[1]) positional[(*positional_count)++] = file_skip_mark(word);
        else if (!(word[1] == '-' ? parse_long : parse_letters)(&p, st)) return false;
    }
    *help = p.help;
    if (p.help) help_print(text, table);
    if (p.quiet && p.verbose) return status_set(st, STATUS_USAGE, "--quiet and --verbose: one of them is wanted");
    log_set_level(p.quiet ? LOG_QUIET : p.verbose ? LOG_VERBOSE : LOG_NORMAL);
    return true;
}

bool options_parse_word(const option *table, int argc, char **argv, const help_text *text, const char **word, bool *help, status *st)
{
    const char **found = alloc_array((size_t)argc, sizeof *found, st);
    int count = 0;
    bool ok = found && options_parse(table, argc, argv, text, found, &count, help, st);
    if (ok && !*help && count == 1 && !*word) *word = found[0];
    else if (ok && !*help && count > 0) ok = status_set(st, STATUS_USAGE, "'%s' is one word too many; a text with spaces needs quotes", found[count - 1]);
    alloc_free(found);
    return ok;
}
