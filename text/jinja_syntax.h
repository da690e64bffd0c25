/* jinja_syntax: tokens and the tree of a program. Used by jinja's files alone. */
#ifndef AIGC_TEXT_JINJA_SYNTAX_H
#define AIGC_TEXT_JINJA_SYNTAX_H

#include <stdint.h>

#include "text/jinja.h"
#include "text/jinja_pool.h"

/* ---- tokens (jinja_lex.c) ---- */

typedef enum {
    TOKEN_DATA, TOKEN_PRINT_OPEN, TOKEN_PRINT_CLOSE, TOKEN_BLOCK_OPEN, TOKEN_BLOCK_CLOSE,
    TOKEN_NAME, TOKEN_STRING, TOKEN_INTEGER, TOKEN_REAL, TOKEN_OPERATOR, TOKEN_END,
} jinja_token_kind;

/* One or two characters of an operator, so that a switch can tell them: OPERATOR("//"). */
#define JINJA_OP1(a) ((uint16_t)(a))
#define JINJA_OP2(a, b) ((uint16_t)((a) << 8 | (b)))

typedef struct {
    jinja_token_kind kind;
    uint16_t op;         /* of TOKEN_OPERATOR */
    uint32_t line, column;
    const char *text;    /* of DATA, NAME and STRING (escapes resolved) */
    size_t size;
    union {
        int64_t integer;
        double real;
    };
} jinja_token;

/* The tokens of a text, the last one TOKEN_END, in memory of the pool. by_line: the line's end behind a tag goes only where its
 * line holds tags alone (an extension's rule), not always (jinja2's trim_blocks). */
typedef struct {
    jinja_token *item;
    size_t count;
} jinja_tokens;
bool jinja_lex(const char *text, size_t size, const char *name, bool by_line, jinja_pool *pool, jinja_tokens *out, status *st);

/* ---- the tree (jinja_parse.c, jinja_parse_expression.c) ---- */

typedef enum {
    /* expressions: a, b, c and list as said */
    NODE_NONE, NODE_TRUE, NODE_FALSE, NODE_INTEGER, NODE_REAL, NODE_STRING,
    NODE_NAME,      /* name */
    NODE_ATTRIBUTE, /* a.text */
    NODE_ITEM,      /* a[b] */
    NODE_SLICE,     /* a:b:c, each may be NULL; only as b of NODE_ITEM */
    NODE_CALL,      /* a(list of NODE_ARGUMENT) */
    NODE_FILTER,    /* a | text(list); a NULL: the text of a block */
    NODE_TEST,      /* a is text(list) */
    NODE_IF_ELSE,   /* b if a else c, which may be NULL */
    NODE_AND, NODE_OR, NODE_NOT, NODE_NEGATE, NODE_PLUS,
    NODE_BINARY,    /* a op b */
    NODE_COMPARE,   /* a, then list of NODE_OPERAND */
    NODE_OPERAND,   /* op a; op JINJA_IN and JINJA_NOT_IN too */
    NODE_CONCAT,    /* list, joined by ~ */
    NODE_LIST, NODE_TUPLE, /* list */
    NODE_DICT,      /* list of NODE_PAIR */
    NODE_PAIR,      /* a: b */
    NODE_ARGUMENT,  /* a; op ARGUMENT_… */
    NODE_FIELD,     /* name.text as a target: an attribute of a namespace */
    /* statements */
    NODE_DATA,      /* text */
    NODE_PRINT,     /* a */
    NODE_FOR,       /* a in b if c: list, else other; op: recursive */
    NODE_IF,        /* a: list, else other */
    NODE_SET,       /* a = b */
    NODE_SET_BLOCK, /* a = list through the filters b, which may be NULL */
    NODE_MACRO,     /* name(other: NODE_PARAMETER): list; op: USES_… */
    NODE_PARAMETER, /* name = a, which may be NULL */
    NODE_CALL_BLOCK, /* a is the call; other its caller's parameters; list; op as of NODE_MACRO */
    NODE_FILTER_BLOCK, /* b: list */
    NODE_WITH,      /* other: NODE_PAIR; list */
    NODE_GENERATION, /* list */
    NODE_BREAK, NODE_CONTINUE,
    NODE_CHOOSE,    /* other: NODE_BRANCH (list) each; of an extension */
    NODE_BRANCH,
} jinja_node_kind;

enum { JINJA_IN = 1, JINJA_NOT_IN = 2 };
enum { ARGUMENT_PLAIN, ARGUMENT_NAMED, ARGUMENT_STAR, ARGUMENT_STAR_STAR };
enum { USES_CALLER = 1, USES_VARARGS = 2, USES_KWARGS = 4 };

typedef struct jinja_node jinja_node;
struct jinja_node {
    uint8_t kind;
    uint16_t op, depth;  /* depth: of the tree below; op of NODE_FILTER: 1 + its place in the extension's table, or 0 */
    uint32_t line, column;
    int32_t name;        /* an index into the program's names */
    jinja_node *a, *b, *c, *list, *other, *next;
    const char *text;
    size_t size;
    union {
        int64_t integer;
        double real;
    };
};

typedef struct {
    const char *text;
    size_t size;
    int32_t function; /* of the extension, −1: none */
    uint32_t line, column; /* where it stands first */
    bool set; /* somewhere: by set, for, macro, with or as a parameter */
} jinja_name;

enum { JINJA_TEMPLATE_LIMIT = 1 << 20, JINJA_DEPTH = 200 /* of nesting in the text, brackets and blocks */ };

struct jinja {
    char *where; /* for messages */
    jinja_pool pool;
    jinja_node *body;
    jinja_name *name; /* of variables, each once */
    int32_t names, name_room;
    const struct jinja_extension *extension; /* NULL: chat templates' language */
};

/* ---- shared by the parser's two files ---- */

typedef struct {
    jinja *t;
    const jinja_token *at;
    int depth, loops;
    uint16_t uses; /* USES_… seen since the macro began */
    status *st;
} jinja_parser;

/* Sets the error at a token and returns NULL. */
jinja_node *jinja_parse_fail(jinja_parser *p, const jinja_token *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
jinja_node *jinja_parse_node(jinja_parser *p, jinja_node_kind kind, const jinja_token *at);
bool jinja_parse_deeper(jinja_parser *p); /* p->depth-- undoes it */
int32_t jinja_parse_name(jinja_parser *p, const jinja_token *token); /* −1 after an error */

static inline bool jinja_token_is(const jinja_token *t, const char *word)
{
    size_t n = __builtin_strlen(word);
    return t->kind == TOKEN_NAME && t->size == n && __builtin_memcmp(t->text, word, n) == 0;
}
static inline bool jinja_token_op(const jinja_token *t, uint16_t op) { return t->kind == TOKEN_OPERATOR && t->op == op; }
bool jinja_parse_expect_op(jinja_parser *p, uint16_t op);
const char *jinja_token_text(const jinja_token *t, char out[64]); /* for messages */

jinja_node *jinja_parse_expression(jinja_parser *p);
jinja_node *jinja_parse_no_condition(jinja_parser *p); /* an expression without an inline if */
/* Expressions with commas between them are a tuple. `end`: a name that ends it too, or NULL. */
jinja_node *jinja_parse_tuple(jinja_parser *p, bool with_condition, const char *end, bool in_brackets);
jinja_node *jinja_parse_target(jinja_parser *p, const char *end, bool with_fields);
jinja_node *jinja_parse_filters(jinja_parser *p, jinja_node *node, bool at_name);

#endif
