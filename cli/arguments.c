#include "cli/arguments.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"

enum { COMMON_COUNT = 3 };

static const option *find_letter(const option *table, char letter)
{
    for (const option *o = table; o->name; o++)
        if (o->type != OPTION_GROUP && o->letter == letter) return o;
    return NULL;
}

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
    memcpy(p->common, options_common(), sizeof p->common);
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
    return option_set(o, text, st);
}

static const option *find_long(const parser *p, const char *name, size_t n)
{
    const option *o = options_find_name(p->table, name, n);
    return o ? o : options_find_name(p->common, name, n);
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
    if (!o) return status_set(st, STATUS_USAGE, "unknown option '%.100s'%s (--help lists them)", p->argv[p->at], options_near_name(p->table, "--", name, n).text);
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

bool arguments_parse(const option *table, int argc, char **argv, const help_text *text, const char **positional,
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

bool arguments_parse_word(const option *table, int argc, char **argv, const help_text *text, const char **word, bool *help, status *st)
{
    const char **found = alloc_array((size_t)argc, sizeof *found, st);
    int count = 0;
    bool ok = found && arguments_parse(table, argc, argv, text, found, &count, help, st);
    if (ok && !*help && count == 1 && !*word) *word = found[0];
    else if (ok && !*help && count > 0) ok = status_set(st, STATUS_USAGE, "'%s' is one word too many; a text with spaces needs quotes", found[count - 1]);
    alloc_free(found);
    return ok;
}
