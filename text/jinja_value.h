/* jinja_value: what a program computes with: Python's values, and the run they belong to. Used by jinja's files alone.
 *
 * All memory is the run's pool. After an error (jinja_bad) functions return undefined or NULL and change nothing more, so
 * callers check once, at their end.
 */
#ifndef AIGC_TEXT_JINJA_VALUE_H
#define AIGC_TEXT_JINJA_VALUE_H

#include "text/jinja_syntax.h"

typedef enum {
    VALUE_UNDEFINED, /* name: what was looked for */
    VALUE_NONE, VALUE_BOOL, VALUE_INT, VALUE_FLOAT, VALUE_STRING,
    VALUE_LIST, VALUE_TUPLE,
    VALUE_GENERATOR, /* a list that can be walked once and has no length: what map, select … give */
    VALUE_DICT,
    VALUE_KEYS, VALUE_VALUES, VALUE_ITEMS, /* a dict's views */
    VALUE_RANGE, VALUE_NAMESPACE, VALUE_MACRO, VALUE_FUNCTION, VALUE_METHOD, VALUE_LOOP,
    VALUE_ABSENT,    /* an argument that was not given; no program sees it */
} jinja_kind;

/* Bytes of UTF-8, each with its origin: in origin, or whole for all where that is NULL. */
typedef struct {
    const char *text;
    const uint8_t *origin;
    size_t size;
    int64_t chars;  /* −1: not counted yet */
    uint8_t whole;
    bool markup;    /* went through safe: only printing and ~ are known */
} jinja_string;

typedef struct jinja_value jinja_value;
typedef struct jinja_list jinja_list;
typedef struct jinja_dict jinja_dict;
typedef struct jinja_macro jinja_macro;
typedef struct jinja_method jinja_method;
typedef struct jinja_loop jinja_loop;
typedef struct {
    int64_t start, stop, step;
} jinja_range;

struct jinja_value {
    jinja_kind kind;
    union {
        bool b;
        int64_t i; /* also of VALUE_FUNCTION: which one */
        double f;
        jinja_string *s;
        const jinja_string *name;
        jinja_list *list; /* LIST, TUPLE, GENERATOR */
        jinja_dict *dict; /* DICT, its views, NAMESPACE */
        jinja_range *range;
        jinja_macro *macro;
        jinja_method *method;
        jinja_loop *loop;
    };
};

struct jinja_list {
    jinja_value *item;
    size_t count, room;
    bool walked; /* of a generator */
};

typedef struct {
    jinja_value key, value;
} jinja_pair;

/* In the order in which keys came. */
struct jinja_dict {
    jinja_pair *pair;
    size_t count, room;
};

struct jinja_method {
    jinja_value self;
    const char *name; /* zero-terminated, one of the names of jinja_call.c */
};

typedef struct jinja_scope jinja_scope;

struct jinja_macro {
    const jinja_node *node; /* NODE_MACRO or NODE_CALL_BLOCK */
    jinja_scope *scope;     /* where it stands */
};

struct jinja_loop {
    const jinja_node *node;
    jinja_scope *scope;  /* around the loop */
    const jinja_list *items;
    size_t index;
    int depth;
    jinja_value changed; /* the last argument of loop.changed, a tuple; ABSENT before */
};

/* Text that grows, with its origins. */
typedef struct {
    char *text;
    uint8_t *origin; /* NULL while all bytes are of `whole` */
    size_t size, room;
    uint8_t whole;
} jinja_builder;

/* A scope's variables: a few, searched from the last. */
typedef struct {
    int32_t name;
    jinja_value value;
} jinja_binding;

struct jinja_scope {
    jinja_scope *parent;
    jinja_binding *item;
    size_t count, room;
};

typedef struct {
    const jinja *t;
    const jinja_input *in;
    jinja_pool pool;
    jinja_builder *out;
    int64_t steps; /* left */
    int depth;
    size_t given;  /* bytes of text among the variables */
    int32_t loop, caller, varargs, kwargs; /* these names, −1: the program does not have them */
    status *st;
} jinja_context;

enum {
    JINJA_MEMORY = 64 << 20,     /* of a run, and what is proportional to its input */
    JINJA_OUTPUT = 16 << 20,     /* of any one text, and the same */
    JINJA_STEPS = 1 << 20,       /* nodes looked at, and what takes as long */
    JINJA_RUN_DEPTH = 1500,      /* nodes within each other: macros call macros */
    JINJA_RANGE = 100000,        /* jinja2's MAX_RANGE */
};

static inline bool jinja_bad(const jinja_context *r) { return !status_ok(r->st); }

/* Sets the error, at the node's place (NULL: the program's). Returns undefined. */
jinja_value jinja_fail(jinja_context *r, const jinja_node *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Takes n steps; false with an error when none are left. Work that grows with a value's size counts as a step for 16 bytes;
 * whatever walks bytes takes them itself, so that no caller can forget it. */
bool jinja_spend(jinja_context *r, size_t n);

/* ---- making values (jinja_value.c) ---- */

static inline jinja_value jinja_none(void) { return (jinja_value){.kind = VALUE_NONE}; }
static inline jinja_value jinja_bool(bool b) { return (jinja_value){.kind = VALUE_BOOL, .b = b}; }
static inline jinja_value jinja_int(int64_t i) { return (jinja_value){.kind = VALUE_INT, .i = i}; }
static inline jinja_value jinja_float(double f) { return (jinja_value){.kind = VALUE_FLOAT, .f = f}; }
static inline jinja_value jinja_absent(void) { return (jinja_value){.kind = VALUE_ABSENT}; }
jinja_value jinja_undefined(jinja_context *r, const char *name, size_t size);

jinja_value jinja_text(jinja_context *r, const char *text, size_t size, uint8_t origin); /* not copied */
jinja_value jinja_literal(jinja_context *r, const char *text);                           /* the program's own; not copied */
jinja_value jinja_part(jinja_context *r, const jinja_string *s, size_t from, size_t to); /* bytes from … to − 1 of s */
jinja_value jinja_new_list(jinja_context *r, jinja_kind kind, size_t room);
bool jinja_push(jinja_context *r, jinja_list *l, jinja_value v);
jinja_value jinja_new_dict(jinja_context *r, jinja_kind kind);
bool jinja_dict_set(jinja_context *r, jinja_dict *d, jinja_value key, jinja_value value);
const jinja_value *jinja_dict_get(jinja_context *r, const jinja_dict *d, jinja_value key); /* NULL: not there */
const jinja_value *jinja_dict_get_text(jinja_context *r, const jinja_dict *d, const char *key, size_t size);
jinja_value jinja_pair_tuple(jinja_context *r, jinja_value a, jinja_value b);
jinja_value jinja_from_json(jinja_context *r, const struct json_t *json, const jinja_variable *v, int depth);

void jinja_build(jinja_context *r, jinja_builder *b, const char *text, size_t size, const uint8_t *origin, uint8_t whole);
void jinja_build_string(jinja_context *r, jinja_builder *b, const jinja_string *s);
void jinja_build_text(jinja_context *r, jinja_builder *b, const char *text); /* the program's own */
jinja_value jinja_built(jinja_context *r, const jinja_builder *b);

/* ---- what values are (jinja_value.c) ---- */

const char *jinja_type(jinja_value v); /* Python's name of it */
bool jinja_is(jinja_value v, const char *text); /* a string of these bytes */
bool jinja_truth(jinja_value v);
bool jinja_number(jinja_value v, double *out);      /* bool, int or float */
bool jinja_integer(jinja_value v, int64_t *out);    /* bool or int */
bool jinja_equal(jinja_context *r, jinja_value a, jinja_value b);
/* −1, 0, 1; an error where Python has no order. */
int jinja_order(jinja_context *r, const jinja_node *at, jinja_value a, jinja_value b);
bool jinja_contains(jinja_context *r, const jinja_node *at, jinja_value item, jinja_value in);
bool jinja_has_length(jinja_value v);
int64_t jinja_length(jinja_context *r, jinja_value v); /* −1: it has none */
int64_t jinja_chars(jinja_context *r, jinja_string *s); /* counted once; r NULL: outside a run, nothing is paid */
size_t jinja_char_size(const char *text, size_t size); /* bytes of the first character; a faulty byte is one */
size_t jinja_char_offset(jinja_context *r, jinja_string *s, int64_t index); /* the byte where a character begins */
/* All members as a new list's items; an error for what cannot be walked. */
jinja_list *jinja_members(jinja_context *r, const jinja_node *at, jinja_value v);
jinja_value jinja_range_at(const jinja_range *r, int64_t i);

/* a.name, a[key] */
jinja_value jinja_get_attribute(jinja_context *r, const jinja_node *at, jinja_value a, const char *name, size_t size);
jinja_value jinja_get_item(jinja_context *r, const jinja_node *at, jinja_value a, jinja_value key);

/* ---- writing values (jinja_write.c) ---- */

void jinja_write(jinja_context *r, const jinja_node *at, jinja_builder *b, jinja_value v); /* str() */
void jinja_write_repr(jinja_context *r, const jinja_node *at, jinja_builder *b, jinja_value v, int depth);
jinja_value jinja_to_string(jinja_context *r, const jinja_node *at, jinja_value v);
size_t jinja_float_text(double x, char out[40]); /* as Python's repr of a float */

/* ---- calls (jinja_call.c) ---- */

typedef struct {
    jinja_value *item;
    size_t count;
    jinja_dict named; /* keys are strings */
} jinja_arguments;

/* The arguments by the parameters' names ("chars" …, NULL ends them); what is not given is ABSENT in out. The first
 * `required` must be there. `what` is for messages. */
bool jinja_bind(jinja_context *r, const jinja_node *at, const char *what, const jinja_arguments *a, const char *const *names, int required, jinja_value *out);
jinja_value jinja_call_function(jinja_context *r, const jinja_node *at, int64_t which, const jinja_arguments *a);
int64_t jinja_find_function(const char *name, size_t size); /* −1: none; −2: one of jinja2's that is not known here */
/* A method by its name: the name's own copy, or NULL. *refused: Python has it, and it is not known here, or forbidden. */
const char *jinja_find_method(jinja_value self, const char *name, size_t size, bool *refused);
jinja_value jinja_call_method(jinja_context *r, const jinja_node *at, const jinja_method *m, const jinja_arguments *a);
jinja_value jinja_string_method(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a);
jinja_value jinja_format_braces(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a); /* the method format */
jinja_value jinja_format_percent(jinja_context *r, const jinja_node *at, const jinja_string *format, jinja_value values);
jinja_value jinja_string_trim(jinja_context *r, const jinja_string *s, const jinja_string *chars, bool left, bool right);
jinja_value jinja_string_replace(jinja_context *r, const jinja_string *s, const jinja_string *old, const jinja_string *fresh, int64_t count);
/* The first one from byte `from` on, or NULL: also where the steps are spent. */
const char *jinja_string_find(jinja_context *r, const jinja_string *s, size_t from, const jinja_string *what);
jinja_list *jinja_string_lines(jinja_context *r, const jinja_string *s, bool keep_ends);
/* Upper, lower, title or capital case, by the letter u, l, t, c or s (swapped). */
jinja_value jinja_string_case(jinja_context *r, const jinja_string *s, char how);
bool jinja_string_is_case(jinja_context *r, const jinja_string *s, bool upper);
bool jinja_string_is_digits(jinja_context *r, const jinja_string *s);
bool jinja_is_space(const char *text, size_t size); /* the first character is white space to Python */

/* ---- filters and tests (jinja_filter.c, jinja_filter_list.c, jinja_json.c, jinja_test.c) ---- */

typedef jinja_value (*jinja_filter)(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a);
jinja_value jinja_apply_filter(jinja_context *r, const jinja_node *at, const char *name, size_t size, jinja_value v, const jinja_arguments *a);
jinja_filter jinja_find_list_filter(const char *name, size_t size);
bool jinja_apply_test(jinja_context *r, const jinja_node *at, const char *name, size_t size, jinja_value v, const jinja_arguments *a);
jinja_value jinja_tojson(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a);

/* ---- evaluation (jinja_evaluate.c, jinja_run.c) ---- */

jinja_value jinja_evaluate(jinja_context *r, jinja_scope *s, const jinja_node *n);
jinja_value jinja_evaluate_filters(jinja_context *r, jinja_scope *s, const jinja_node *n, jinja_value base);
bool jinja_evaluate_arguments(jinja_context *r, jinja_scope *s, const jinja_node *list, jinja_arguments *a);
jinja_value jinja_call(jinja_context *r, const jinja_node *at, jinja_value callee, const jinja_arguments *a);
jinja_value jinja_binary(jinja_context *r, const jinja_node *at, uint16_t op, jinja_value a, jinja_value b);
jinja_value jinja_slice(jinja_context *r, const jinja_node *at, jinja_value v, jinja_value from, jinja_value to, jinja_value step);
jinja_value jinja_call_macro(jinja_context *r, const jinja_node *at, const jinja_macro *m, const jinja_arguments *a);
jinja_value jinja_call_loop(jinja_context *r, const jinja_node *at, const jinja_loop *l, const jinja_arguments *a);
const jinja_value *jinja_scope_find(jinja_context *r, const jinja_scope *s, int32_t name);
void jinja_scope_set(jinja_context *r, jinja_scope *s, int32_t name, jinja_value v);

#endif
