#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

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
    case OPTION_STRING: *(const char **)o->value = text; return true;
    case OPTION_LIST: {
        option_list *list = o->value;
        if (list->count == OPTION_LIST_MAX)
            return status_set(st, STATUS_USAGE, "--%s: given more than %d times", o->name, OPTION_LIST_MAX);
        list->item[list->count++] = text;
        return true;
    }
    case OPTION_GROUP: break;
    }
    return true;
}

bool options_set(const option *table, const char *name, const char *value, status *st)
{
    const option *o = find_name(table, name, strlen(name));
    if (!o) return status_set(st, STATUS_USAGE, "'%s' is no option here", name);
    if (!value && o->type != OPTION_FLAG) return status_set(st, STATUS_USAGE, "--%s: a value is wanted", o->name);
    return set_value(o, value, st);
}

/* One --name, --name=value or --no-name at argv[*i]; moves *i over a value in the next word. */
static bool parse_long(const option *table, int argc, char **argv, int *i, status *st)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const option *o = find_name(table, name, n);
    if (!o && n > 3 && strncmp(name, "no-", 3) == 0 && !equals) {
        o = find_name(table, name + 3, n - 3);
        if (o && o->type == OPTION_FLAG) return set_value(o, "false", st);
        o = NULL;
    }
    if (!o) return status_set(st, STATUS_USAGE, "unknown option '%s'; --help lists them", argv[*i]);
    if (equals) return set_value(o, equals + 1, st);
    if (o->type == OPTION_FLAG) return set_value(o, NULL, st);
    if (*i + 1 >= argc) return status_set(st, STATUS_USAGE, "--%s: a value is wanted", o->name);
    return set_value(o, argv[++*i], st);
}

static bool parse_letters(const option *table, int argc, char **argv, int *i, status *st)
{
    for (const char *s = argv[*i] + 1; *s; s++) {
        const option *o = find_letter(table, *s);
        if (!o) return status_set(st, STATUS_USAGE, "unknown option '-%c'; --help lists them", *s);
        if (o->type == OPTION_FLAG) {
            if (!set_value(o, NULL, st)) return false;
            continue;
        }
        if (s[1]) return set_value(o, s + 1, st);
        if (*i + 1 >= argc) return status_set(st, STATUS_USAGE, "-%c: a value is wanted", *s);
        return set_value(o, argv[++*i], st);
    }
    return true;
}

bool options_parse(const option *table, int argc, char **argv, const char *usage, const char **positional,
                   int *positional_count, bool *help, status *st)
{
    *positional_count = 0;
    *help = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0 || (strcmp(word, "-h") == 0 && !find_letter(table, 'h'))) {
            options_print_help(table, usage);
            *help = true;
            return true;
        }
        if (strcmp(word, "--") == 0) {
            while (++i < argc) positional[(*positional_count)++] = argv[i];
            return true;
        }
        if (word[0] != '-' || !word[1]) positional[(*positional_count)++] = word;
        else if (!(word[1] == '-' ? parse_long : parse_letters)(table, argc, argv, &i, st)) return false;
    }
    return true;
}

bool options_parse_word(const option *table, int argc, char **argv, const char *usage, const char **word, bool *help, status *st)
{
    const char **found = alloc_array((size_t)argc, sizeof *found, st);
    int count = 0;
    bool ok = found && options_parse(table, argc, argv, usage, found, &count, help, st);
    if (ok && !*help && count == 1 && !*word) *word = found[0];
    else if (ok && !*help && count > 0) ok = status_set(st, STATUS_USAGE, "'%s' is one word too many; a text with spaces needs quotes", found[count - 1]);
    alloc_free(found);
    return ok;
}

void options_print_help(const option *table, const char *usage)
{
    printf("usage: %s\n", usage);
    for (const option *o = table; o->name; o++) {
        if (o->type == OPTION_GROUP) {
            printf("\n%s\n", o->help);
            continue;
        }
        char left[80], letter[5] = "    ";
        if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, o->metavar ? " " : "", o->metavar ? o->metavar : "");
        printf("%-34s %s%s\n", left, strlen(left) > 34 ? "\n                                   " : "", o->help);
    }
    printf("      --help                       this text\n");
}
