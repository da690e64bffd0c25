/* run: what the functions of a report share. Used by write's own files alone.
 *
 * A function given a missing value gives it back, so that the sentence it would stand in can be left out (prose.h).
 */
#ifndef AIGC_WRITE_RUN_H
#define AIGC_WRITE_RUN_H

#include "core/rng.h"
#include "text/jinja_extend.h"
#include "write/calendar.h"
#include "write/grammar.h"
#include "write/prose.h"

enum { RUN_BAGS = 128, RUN_BAG = 64, RUN_MENTIONS = 256 };

/* Alternatives that are drawn without one coming again before all were used. */
typedef struct {
    uint64_t key;
    int last; /* drawn; −1: none yet */
    uint8_t count, used, order[RUN_BAG];
} run_bag;

typedef struct {
    const char *name;
    size_t size;
    char pronoun; /* i he she they: i, h, s, t */
    int pronouns; /* in a row */
} run_mention;

/* The state of one report while it is written. */
typedef struct {
    const locale *locale;
    rng random;
    moment today;
    run_bag *bag;          /* [RUN_BAGS], made when the first is wanted */
    run_mention *mention;  /* [RUN_MENTIONS], the same */
    size_t bags, mentions;
    int last, before_last; /* mentions, −1: none */
    void *report;          /* for bind (report.c) */
    size_t unit;
    bool naming;           /* the output's name is made, not a report */
} run_state;

static inline run_state *run_of(const jinja_context *r) { return r->in->data; }

/* A phrase as a value; an error when it was too long. */
jinja_value run_say(jinja_context *r, const jinja_node *at, const phrase *p);
jinja_value run_say_text(jinja_context *r, const char *text, size_t size); /* copied */

/* The place in a set's bag of n alternatives. */
int64_t run_draw(jinja_context *r, const jinja_node *at, uint64_t key, int64_t n);

/* An argument that was not given, or none. */
static inline bool run_absent(jinja_value v) { return v.kind == VALUE_ABSENT || v.kind == VALUE_NONE; }
static inline bool run_true(jinja_value v) { return v.kind != VALUE_ABSENT && jinja_truth(v); }

/* A number: int or float, finite; else an error that says what was found. */
bool run_number(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, double *out);
bool run_whole(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, int64_t *out);
/* A whole number within bounds, or `otherwise` where it is absent. */
bool run_small(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, int least, int most, int otherwise, int *out);
/* A string; *text is not zero-terminated. */
bool run_string(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, const char **text, size_t *size);
/* One of a function's words; "" where it is absent. An error where it is no string or 32 bytes and more. */
bool run_option(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, char out[32]);
/* A date or time: a string in ISO 8601. */
bool run_moment(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, bool date, moment *out);
bool run_gender(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, gender *out);
bool run_case(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, grammar_case *out);

/* A number as running text has it: small whole ones as words, others as figures. */
void run_count_word(phrase *p, const locale *l, double x, int places, gender g);

/* The tables of function.c. */
extern const jinja_extension RUN_EXTENSION;
extern const jinja_extension_filter RUN_NUMBER_FILTERS[], RUN_WORD_FILTERS[], RUN_DATE_FILTERS[];

#define RUN_FILTER(name) jinja_value run_filter_##name(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a)
#define RUN_FUNCTION(name) jinja_value run_function_##name(jinja_context *r, const jinja_node *at, const jinja_arguments *a)
#define RUN_LAZY(name) jinja_value run_lazy_##name(jinja_context *r, jinja_scope *s, const jinja_node *at)

/* function_number.c */
RUN_FILTER(words); RUN_FILTER(figures); RUN_FILTER(number); RUN_FILTER(ordinal); RUN_FILTER(ordinal_words); RUN_FILTER(times); RUN_FILTER(about); RUN_FILTER(nearly);
RUN_FILTER(percent); RUN_FILTER(money); RUN_FILTER(unit); RUN_FILTER(large);
RUN_FUNCTION(share);
/* function_compare.c */
RUN_FUNCTION(trend); RUN_FUNCTION(direction); RUN_FUNCTION(compare); RUN_FUNCTION(change); RUN_FUNCTION(rank); RUN_FUNCTION(streak); RUN_FUNCTION(newsworthy); RUN_FUNCTION(mean); RUN_FUNCTION(median);
/* function_word.c */
RUN_FILTER(a); RUN_FILTER(plural); RUN_FILTER(possessive); RUN_FILTER(capital); RUN_FILTER(comparative); RUN_FILTER(superlative); RUN_FILTER(verb); RUN_FILTER(listed); RUN_FILTER(slug);
RUN_FILTER(prose); RUN_FILTER(article); RUN_FILTER(adjective);
RUN_FUNCTION(count);
/* function_date.c */
RUN_FILTER(date); RUN_FILTER(time); RUN_FILTER(duration); RUN_FILTER(relative);
RUN_FUNCTION(days_between); RUN_FUNCTION(add_days); RUN_FUNCTION(years_between); RUN_FUNCTION(seconds_between);
/* function_mention.c */
RUN_FILTER(ref); RUN_FUNCTION(entity); RUN_FUNCTION(forget);
RUN_LAZY(choose); RUN_FUNCTION(synonym); RUN_FUNCTION(pick);
/* function_table.c */
RUN_FUNCTION(grouped); RUN_FUNCTION(league);

/* report.c */
void run_bind(jinja_context *r, jinja_scope *s);

#endif
