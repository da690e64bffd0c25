#include "engine/text_constraint.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "text/text_buffer.h"

enum { MOST_FILE = 16 << 20 };

bool text_constraint_is_text(const char *name, const char *value)
{
    if (strcmp(name, "grammar") == 0) return strstr(value, "::=") != NULL;
    const char *first = value + strspn(value, " \t\r\n");
    return strcmp(name, "json-schema") == 0 && (*first == '{' || strcmp(first, "true") == 0);
}

/* The options as a source; *own is freed by the caller. false: none is given, or an error is set. */
static bool source_of(const text_options *o, constraint_source *s, char **own, status *st)
{
    const char *name = o->json_schema ? "json-schema" : "grammar", *value = o->json_schema ? o->json_schema : o->grammar;
    *own = NULL;
    *s = (constraint_source){0};
    if (value) {
        *s = (constraint_source){.kind = o->json_schema ? ANSWER_SCHEMA : ANSWER_GRAMMAR, .where = value, .text = value, .size = strlen(value)};
        if (text_constraint_is_text(name, value)) s->where = o->json_schema ? "--json-schema" : "--grammar";
        else s->text = *own = file_read_text_stream(value, MOST_FILE, &s->size, st);
        return s->text != NULL;
    }
    if (o->regex) *s = (constraint_source){.kind = ANSWER_REGEX, .where = "--regex", .text = o->regex, .size = strlen(o->regex)};
    else if (o->choices.count) *s = (constraint_source){.kind = ANSWER_CHOICE, .where = "--choice", .choice = o->choices.item, .choices = o->choices.count};
    return o->regex || o->choices.count;
}

static bool check_choices(const text_options *o, status *st)
{
    size_t bad;
    for (size_t i = 0; i < o->choices.count; i++) {
        if (!*o->choices.item[i]) return status_set(st, STATUS_USAGE, "--choice: an empty text");
        if (!text_is_utf8(o->choices.item[i], strlen(o->choices.item[i]), &bad)) return status_set(st, STATUS_USAGE, "--choice: byte %zu is no UTF-8", bad);
    }
    return true;
}

bool text_constraint_check(const text_options *o, status *st)
{
    int given = (o->json_schema != NULL) + (o->grammar != NULL) + (o->regex != NULL) + (o->choices.count > 0);
    constraint_source s;
    char *own;
    if (given > 1) return status_set(st, STATUS_USAGE, "one of --json-schema, --grammar, --regex and --choice wanted, %d found", given);
    if (given && o->ignore_end) return status_set(st, STATUS_USAGE, "--ignore-end goes with none of --json-schema, --grammar, --regex, --choice");
    if (!check_choices(o, st) || !source_of(o, &s, &own, st)) return status_ok(st);
    automaton *a = constraint_source_read(&s, &(constraint_thoughts){0}, NULL, st);
    automaton_free(a);
    alloc_free(own);
    return a != NULL;
}

constraint *text_constraint_get(const text_options *o, constraint_store *store, const constraint_thoughts *first, status *st)
{
    constraint_source s;
    char *own;
    if (!source_of(o, &s, &own, st)) return NULL;
    constraint *c = constraint_store_get(store, &s, first, st);
    alloc_free(own);
    return c;
}
