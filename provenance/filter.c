#include "provenance/filter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "provenance/filter_view.h"
#include "provenance/filter_words.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "core/text_out.h"

enum {
    FILE_LIMIT = 16 << 20,
    LONGEST_LINE = 4096,
    MATCH_LIMIT = 10 * 1000 * 1000,
    SHOWN = 80,            /* bytes of what was found */
    WINDOW = 4096,         /* of an output that was looked at: a match may begin there */
};

typedef enum { LEVEL_OFF, LEVEL_WARN, LEVEL_BLOCK } filter_level;

typedef struct {
    char *name;
    filter_level level;
    int sides; /* filter_side, or-ed */
    bool warned;
    bool words, expressions; /* there are such */
} category;

typedef struct {
    size_t category;
    pcre2_code *code;
} rule;

struct filter {
    char *path;
    category *category;
    rule *rule;
    size_t categories, category_room, rules, rule_room;
    pcre2_general_context *memory;
    pcre2_match_context *limits;
    filter_words *words;
    filter_words *alike;  /* those of them that are of another script than Latin, as FILTER_VIEW_ALIKE; NULL: there are none */
    filter_place *place;  /* for each category */
    pthread_mutex_t lock; /* what asking changes: match, places and the categories' warned */
    pcre2_match_data *match;
};

/* ---- the file ---- */

typedef struct {
    filter *f;
    size_t line;
    status *st;
} reader;

static bool grow(void **list, size_t count, size_t *room, size_t size, status *st)
{
    if (count < *room) return true;
    size_t more = *room ? 2 * *room : 16;
    void *grown = alloc_resize(*list, more, size, st);
    if (!grown) return false;
    *list = grown;
    *room = more;
    return true;
}

static bool add_rule(reader *r, const char *pattern, size_t size)
{
    filter *f = r->f;
    int error;
    size_t place;
    if (!grow((void **)&f->rule, f->rules, &f->rule_room, sizeof *f->rule, r->st)) return false;
    pcre2_compile_context *context = pcre2_compile_context_create(f->memory);
    pcre2_code *code = context ? pcre2_compile((PCRE2_SPTR)pattern, size, PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_MATCH_INVALID_UTF, &error, &place, context) : NULL;
    pcre2_compile_context_free(context);
    if (!code) {
        PCRE2_UCHAR why[120] = "out of memory";
        if (context) pcre2_get_error_message(error, why, sizeof why);
        return status_set(r->st, STATUS_INPUT, "%s:%zu: no expression that can be used: %s", f->path, r->line, (char *)why);
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it everything works, only slower */
    f->rule[f->rules++] = (rule){f->categories - 1, code};
    f->category[f->categories - 1].expressions = true;
    return true;
}

static bool wrong(reader *r, const char *what) { return status_set(r->st, STATUS_INPUT, "%s:%zu: %s", r->f->path, r->line, what); }

/* The words as FILTER_VIEW_ALIKE, where they have that form. */
static bool add_alike(reader *r, const char *line)
{
    filter *f = r->f;
    text_out alike = {.st = r->st};
    bool viewed = filter_view(FILTER_VIEW_ALIKE, line, strlen(line), &alike) && alike.size;
    if (viewed && !f->alike) f->alike = filter_words_new(r->st);
    if (viewed && f->alike) filter_words_add(f->alike, alike.data, alike.size, f->categories - 1, r->st);
    text_out_free(&alike);
    return status_ok(r->st);
}

static bool add_words(reader *r, const char *line)
{
    filter *f = r->f;
    text_out plain = {.st = r->st};
    bool viewed = filter_view(FILTER_VIEW_PLAIN, line, strlen(line), &plain) && plain.size;
    bool added = status_ok(r->st) && filter_words_add(f->words, viewed ? plain.data : line, viewed ? plain.size : strlen(line), f->categories - 1, r->st);
    text_out_free(&plain);
    f->category[f->categories - 1].words = true;
    return added ? add_alike(r, line) : !status_ok(r->st) ? false : wrong(r, "no word on the line: letters, digits or signs wanted beside dashes and _");
}

/* "[NAME LEVEL]" or "[NAME LEVEL SIDE]"; the brackets are gone. */
static bool open_category(reader *r, char *text)
{
    static const char *const LEVELS[] = {"off", "warn", "block"};
    char name[80] = "", level[16] = "", side[16] = "", more[2] = "";
    int n = sscanf(text, "%79s %15s %15s %1s", name, level, side, more), found = -1;
    for (int i = 0; i < 3; i++)
        if (strcmp(level, LEVELS[i]) == 0) found = i;
    int sides = !*side ? FILTER_PROMPT | FILTER_OUTPUT : strcmp(side, "prompt") == 0 ? FILTER_PROMPT : strcmp(side, "output") == 0 ? FILTER_OUTPUT : 0;
    if (n < 2 || n > 3 || found < 0 || !sides) return wrong(r, "[NAME off|warn|block] wanted, with prompt or output behind it for one side alone");
    filter *f = r->f;
    if (!grow((void **)&f->category, f->categories, &f->category_room, sizeof *f->category, r->st)) return false;
    char *copy = alloc_string(name, strlen(name), r->st);
    if (copy) f->category[f->categories++] = (category){.name = copy, .level = (filter_level)found, .sides = sides};
    return copy != NULL;
}

/* line without blanks around it. */
static bool read_line(reader *r, char *line, size_t n)
{
    if (n == 0 || line[0] == '#') return true;
    if (line[0] == '[') {
        if (line[n - 1] != ']') return wrong(r, "a ] is missing");
        line[n - 1] = 0;
        return open_category(r, line + 1);
    }
    if (!r->f->categories) return wrong(r, "a [NAME LEVEL] line is wanted before the first words");
    if (r->f->category[r->f->categories - 1].level == LEVEL_OFF) return true;
    if (line[0] == '/') return n >= 3 && line[n - 1] == '/' ? add_rule(r, line + 1, n - 2) : wrong(r, "a / is missing at its end");
    return add_words(r, line);
}

static bool read_all(filter *f, char *text, status *st)
{
    reader r = {.f = f, .st = st};
    bool ok = true;
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3; /* a byte order mark */
    for (char *next = text; ok && *next;) {
        char *line = next;
        size_t n = strcspn(line, "\n");
        next = line + n + (line[n] == '\n');
        line[n] = 0;
        r.line++;
        if (n > LONGEST_LINE) ok = wrong(&r, "the line is longer than 4096 bytes");
        while (n && strchr(" \t\r", line[n - 1])) line[--n] = 0;
        while (n && strchr(" \t", *line)) line++, n--;
        ok = ok && read_line(&r, line, n);
    }
    if (!ok || !filter_words_ready(f->words, st) || (f->alike && !filter_words_ready(f->alike, st))) return false;
    f->place = alloc_zeroed(f->categories + 1, sizeof *f->place, st);
    return f->place != NULL;
}

filter *filter_open(const char *path, status *st)
{
    filter *f = alloc_zeroed(1, sizeof *f, st);
    size_t size;
    if (f) pthread_mutex_init(&f->lock, NULL);
    char *text = f ? file_read_text(path, FILE_LIMIT, &size, st) : NULL;
    if (text && memchr(text, 0, size)) status_set(st, STATUS_INPUT, "%s: byte %zu is zero; text wanted", path, (size_t)((char *)memchr(text, 0, size) - text));
    if (text && status_ok(st)) {
        f->path = alloc_string(path, strlen(path), st);
        f->words = filter_words_new(st);
        f->memory = pcre2_general_context_create(alloc_for_library_with, alloc_free_with, NULL);
        f->limits = f->memory ? pcre2_match_context_create(f->memory) : NULL;
        f->match = f->memory ? pcre2_match_data_create(1, f->memory) : NULL;
        if (!f->limits || !f->match) status_set(st, STATUS_NOMEM, "out of memory for a filter");
        else pcre2_set_match_limit(f->limits, MATCH_LIMIT);
    }
    bool ok = text && status_ok(st) && read_all(f, text, st);
    alloc_free(text);
    if (ok) return f;
    filter_close(f);
    return NULL;
}

void filter_close(filter *f)
{
    if (!f) return;
    pthread_mutex_destroy(&f->lock);
    for (size_t i = 0; i < f->rules; i++) pcre2_code_free(f->rule[i].code);
    for (size_t i = 0; i < f->categories; i++) alloc_free(f->category[i].name);
    filter_words_free(f->words);
    filter_words_free(f->alike);
    pcre2_match_data_free(f->match);
    pcre2_match_context_free(f->limits);
    pcre2_general_context_free(f->memory);
    alloc_free(f->category);
    alloc_free(f->rule);
    alloc_free(f->place);
    alloc_free(f->path);
    alloc_free(f);
}

/* ---- asking it ---- */

/* What was found, on one line without control characters, whole characters only. */
static void show(char *to, const char *from, size_t n)
{
    bool cut = n > SHOWN;
    if (cut) {
        n = SHOWN;
        while (n && ((unsigned char)from[n] & 0xC0) == 0x80) n--;
    }
    for (size_t i = 0; i < n; i++) to[i] = (unsigned char)from[i] < ' ' || from[i] == 127 ? ' ' : from[i];
    memcpy(to + n, cut ? "…" : "", cut ? 4 : 1);
}

static bool judge(filter *f, category *c, const char *what, const char *found, size_t n, status *st)
{
    char words[SHOWN + 8];
    show(words, found, n);
    if (c->level == LEVEL_BLOCK)
        return status_set(st, STATUS_REFUSED, "refused by the filter %s: %s has '%s', category '%s'", f->path, what, words, c->name);
    if (!c->warned) log_warning("the filter %s warns: %s has '%s', category '%s'", f->path, what, words, c->name);
    c->warned = true;
    return true;
}

static bool is_asked(const category *c, filter_side side) { return c->level != LEVEL_OFF && c->sides & (int)side; }

/* The expressions of a category, whose rules begin at *i. */
static bool hold_expressions(filter *f, size_t k, size_t *i, bool asked, const char *what, const char *text, size_t size, size_t begin, status *st)
{
    category *c = &f->category[k];
    for (; *i < f->rules && f->rule[*i].category == k; ++*i) {
        if (!asked) continue;
        int n = pcre2_match(f->rule[*i].code, (PCRE2_SPTR)text, size, begin, 0, f->match, f->limits);
        if (n == PCRE2_ERROR_NOMATCH) continue;
        if (n < 0) return status_set(st, STATUS_FAIL, "the filter %s: an expression of the category '%s' takes too many steps on %s", f->path, c->name, what);
        const size_t *place = pcre2_get_ovector_pointer(f->match);
        if (!judge(f, c, what, text + place[0], place[1] - place[0], st)) return false;
    }
    return true;
}

/* The text in one of its forms; PLAIN: also as it stands. */
static bool hold_against(filter *f, filter_view_kind kind, filter_side side, const char *what, const char *text, size_t size, size_t begin, status *st)
{
    bool alike = kind == FILTER_VIEW_ALIKE; /* the words that have this form; expressions have none */
    for (size_t k = 0; k < f->categories; k++) f->place[k].wanted = f->category[k].words && is_asked(&f->category[k], side);
    filter_words_find(alike ? f->alike : f->words, text, size, begin, f->place, f->categories);
    for (size_t k = 0, i = 0; k < f->categories; k++) {
        category *c = &f->category[k];
        if (!hold_expressions(f, k, &i, is_asked(c, side) && !alike, what, text, size, begin, st)) return false;
        const filter_place *p = &f->place[k];
        if (p->found && !judge(f, c, what, text + p->from, p->to - p->from, st)) return false;
    }
    return true;
}

bool filter_pass(filter *f, filter_side side, const char *what, const char *text, size_t size, size_t from, status *st)
{
    if (!f) return true;
    size_t begin = from > WINDOW ? from - WINDOW : 0;
    while (begin && from - begin < 2 * WINDOW && !strchr(" \t\r\n", text[begin - 1])) begin--; /* not within a word */
    while (begin && ((unsigned char)text[begin] & 0xC0) == 0x80) begin--;
    pthread_mutex_lock(&f->lock);
    bool passes = hold_against(f, FILTER_VIEW_PLAIN, side, what, text, size, begin, st);
    for (int kind = 0; passes && kind < FILTER_VIEWS; kind++) {
        text_out view = {.st = st};
        if (kind == FILTER_VIEW_ALIKE && !f->alike) continue;
        if (filter_view((filter_view_kind)kind, text + begin, size - begin, &view) && view.size) passes = hold_against(f, (filter_view_kind)kind, side, what, view.data, view.size, 0, st);
        passes = passes && status_ok(st);
        text_out_free(&view);
    }
    pthread_mutex_unlock(&f->lock);
    return passes;
}

static bool blocks_prompts(const filter *f)
{
    for (size_t i = 0; f && i < f->categories; i++)
        if (f->category[i].level == LEVEL_BLOCK && f->category[i].sides & FILTER_PROMPT) return true;
    return false;
}

bool filter_lists_pass(const filter_lists *l, filter_side side, const char *what, const char *text, size_t size, status *st)
{
    for (size_t i = 0; i < FILTER_LISTS; i++)
        if (!filter_pass(l->list[i], side, what, text, size, 0, st)) return false;
    return true;
}

bool filter_lists_unreadable(const filter_lists *l, const char *what, status *st)
{
    for (size_t i = 0; i < FILTER_LISTS; i++)
        if (blocks_prompts(l->list[i]))
            return status_set(st, STATUS_REFUSED, "refused by the filter %s: %s: sounds that are spelled out cannot be held against words", l->list[i]->path, what);
    return true;
}

bool filter_has_output(const filter *f)
{
    for (size_t i = 0; f && i < f->categories; i++) {
        const category *c = &f->category[i];
        if (is_asked(c, FILTER_OUTPUT) && (c->words || c->expressions)) return true;
    }
    return false;
}

size_t filter_certain(const char *text, size_t size)
{
    for (size_t i = size; i > 0; i--) {
        if (text[i - 1] == '\n') return i;
        if (i < size && strchr(".!?", text[i - 1]) && strchr(" \t\r", text[i]) && text[i]) return i;
    }
    return 0;
}

void filter_print_refusal(const status *st)
{
    json_t *line = json_pack("{s:s}", "refused", st->msg);
    status ignored = {0}; /* the refusal is told all the same */
    if (line) json_print(line, JSON_COMPACT, &ignored);
    json_decref(line);
}
