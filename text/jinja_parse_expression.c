/* Expressions, by jinja2's grammar: a filter or test binds closest, then unary minus, **, * / // %, ~, + −, comparisons, not,
 * and, or, the inline if. */
#include <string.h>

#include "text/jinja_extend.h"

static jinja_node *parse_unary(jinja_parser *p, bool with_filters);
static jinja_node *parse_primary(jinja_parser *p, bool with_fields);

static bool skip_name(jinja_parser *p, const char *word)
{
    bool found = jinja_token_is(p->at, word);
    p->at += found;
    return found;
}

static bool skip_op(jinja_parser *p, uint16_t op)
{
    bool found = jinja_token_op(p->at, op);
    p->at += found;
    return found;
}

/* ---- operators ---- */

/* A node over a and b (which may be NULL where it is not needed); NULL where one of them failed. */
static jinja_node *join(jinja_parser *p, jinja_node_kind kind, const jinja_token *at, jinja_node *a, jinja_node *b)
{
    jinja_node *n = a && b ? jinja_parse_node(p, kind, at) : NULL;
    if (!n) return NULL;
    int depth = 1 + (a->depth > b->depth ? a->depth : b->depth);
    /* A chain such as a + b + c leans to the left: each of its members is one deeper. */
    if (depth > 4 * JINJA_DEPTH) return jinja_parse_fail(p, at, "an expression with more than %d operators within each other", 4 * JINJA_DEPTH);
    n->a = a, n->b = b, n->depth = (uint16_t)depth;
    return n;
}

static jinja_node *parse_power(jinja_parser *p)
{
    jinja_node *left = parse_unary(p, true);
    while (left && jinja_token_op(p->at, JINJA_OP2('*', '*'))) {
        const jinja_token *at = p->at++;
        left = join(p, NODE_BINARY, at, left, parse_unary(p, true));
        if (left) left->op = at->op;
    }
    return left;
}

static jinja_node *parse_product(jinja_parser *p)
{
    jinja_node *left = parse_power(p);
    while (left && p->at->kind == TOKEN_OPERATOR && (p->at->op == '*' || p->at->op == '/' || p->at->op == '%' || p->at->op == JINJA_OP2('/', '/'))) {
        const jinja_token *at = p->at++;
        left = join(p, NODE_BINARY, at, left, parse_power(p));
        if (left) left->op = at->op;
    }
    return left;
}

static jinja_node *parse_concat(jinja_parser *p)
{
    const jinja_token *at = p->at;
    jinja_node *first = parse_product(p);
    if (!first || !jinja_token_op(p->at, '~')) return first;
    jinja_node *n = jinja_parse_node(p, NODE_CONCAT, at), **end = first ? &first->next : NULL;
    if (!n) return NULL;
    n->list = first;
    while (skip_op(p, '~')) {
        if (!(*end = parse_product(p))) return NULL;
        end = &(*end)->next;
    }
    return n;
}

static jinja_node *parse_sum(jinja_parser *p)
{
    jinja_node *left = parse_concat(p);
    while (left && (jinja_token_op(p->at, '+') || jinja_token_op(p->at, '-'))) {
        const jinja_token *at = p->at++;
        left = join(p, NODE_BINARY, at, left, parse_concat(p));
        if (left) left->op = at->op;
    }
    return left;
}

/* The comparison at hand, or 0. */
static uint16_t comparison(jinja_parser *p)
{
    static const uint16_t ops[] = {JINJA_OP2('=', '='), JINJA_OP2('!', '='), '<', '>', JINJA_OP2('<', '='), JINJA_OP2('>', '=')};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (skip_op(p, ops[i])) return ops[i];
    if (skip_name(p, "in")) return JINJA_IN;
    if (!jinja_token_is(p->at, "not") || !jinja_token_is(p->at + 1, "in")) return 0;
    p->at += 2;
    return JINJA_NOT_IN;
}

static jinja_node *parse_comparison(jinja_parser *p)
{
    const jinja_token *at = p->at;
    jinja_node *first = parse_sum(p), *n = NULL, **end = NULL;
    uint16_t op;
    if (!first) return NULL;
    for (const jinja_token *here = p->at; (op = comparison(p)); here = p->at) {
        if (!n) {
            if (!(n = jinja_parse_node(p, NODE_COMPARE, at))) return NULL;
            n->a = first, n->depth = (uint16_t)(first->depth + 1), end = &n->list;
        }
        jinja_node *operand = jinja_parse_node(p, NODE_OPERAND, here);
        if (!operand || !(operand->a = parse_sum(p))) return NULL;
        operand->op = op;
        *end = operand, end = &operand->next;
    }
    return n ? n : first;
}

static jinja_node *parse_not(jinja_parser *p)
{
    if (!jinja_token_is(p->at, "not")) return parse_comparison(p);
    const jinja_token *at = p->at++;
    if (!jinja_parse_deeper(p)) return NULL;
    jinja_node *a = parse_not(p);
    p->depth--;
    return join(p, NODE_NOT, at, a, a);
}

static jinja_node *parse_and(jinja_parser *p)
{
    jinja_node *left = parse_not(p);
    for (const jinja_token *at = p->at; left && skip_name(p, "and"); at = p->at) left = join(p, NODE_AND, at, left, parse_not(p));
    return left;
}

jinja_node *jinja_parse_no_condition(jinja_parser *p)
{
    if (!jinja_parse_deeper(p)) return NULL;
    jinja_node *left = parse_and(p);
    for (const jinja_token *at = p->at; left && skip_name(p, "or"); at = p->at) left = join(p, NODE_OR, at, left, parse_and(p));
    p->depth--;
    return left;
}

jinja_node *jinja_parse_expression(jinja_parser *p)
{
    jinja_node *value = jinja_parse_no_condition(p);
    while (value && jinja_token_is(p->at, "if")) {
        const jinja_token *at = p->at++;
        jinja_node *test = jinja_parse_no_condition(p), *otherwise = NULL;
        if (test && skip_name(p, "else")) {
            if (!jinja_parse_deeper(p)) return NULL;
            otherwise = jinja_parse_expression(p);
            p->depth--;
            if (!otherwise) return NULL;
        }
        value = join(p, NODE_IF_ELSE, at, test, value);
        if (value) value->c = otherwise;
    }
    return value;
}

/* ---- arguments, filters, tests, what follows a value ---- */

static jinja_node *parse_argument(jinja_parser *p, uint16_t before)
{
    jinja_node *n = jinja_parse_node(p, NODE_ARGUMENT, p->at);
    if (!n) return NULL;
    if (skip_op(p, '*')) n->op = ARGUMENT_STAR;
    else if (skip_op(p, JINJA_OP2('*', '*'))) n->op = ARGUMENT_STAR_STAR;
    else if (p->at->kind == TOKEN_NAME && jinja_token_op(p->at + 1, '=')) {
        n->op = ARGUMENT_NAMED;
        n->text = p->at->text, n->size = p->at->size;
        p->at += 2;
    }
    if (n->op < before || (n->op == before && n->op >= ARGUMENT_STAR)) return jinja_parse_fail(p, p->at, "arguments out of order: plain ones, then NAME=, *, **");
    n->a = jinja_parse_expression(p);
    return n->a ? n : NULL;
}

/* The arguments in brackets, p->at being on the opening one. */
static bool parse_arguments(jinja_parser *p, jinja_node **list)
{
    uint16_t before = ARGUMENT_PLAIN;
    if (!jinja_parse_expect_op(p, '(')) return false;
    while (!jinja_token_op(p->at, ')')) {
        jinja_node *n = parse_argument(p, before);
        if (!n) return false;
        before = n->op;
        *list = n, list = &n->next;
        if (!jinja_token_op(p->at, ')') && !jinja_parse_expect_op(p, ',')) return false;
    }
    p->at++;
    return true;
}

static jinja_node *parse_call(jinja_parser *p, jinja_node *callee)
{
    jinja_node *n = join(p, NODE_CALL, p->at, callee, callee);
    return n && parse_arguments(p, &n->list) ? n : NULL;
}

/* A name with dots, as filters and tests may have: no known one has any. */
static bool parse_word(jinja_parser *p, jinja_node *n, const char *what)
{
    if (p->at->kind != TOKEN_NAME) {
        char found[64];
        jinja_parse_fail(p, p->at, "%s found, the name of a %s wanted", jinja_token_text(p->at, found), what);
        return false;
    }
    n->text = p->at->text, n->size = p->at->size;
    n->line = p->at->line, n->column = p->at->column;
    p->at++;
    return true;
}

/* at_name: the first filter has no | before it ({% filter upper %}). */
jinja_node *jinja_parse_filters(jinja_parser *p, jinja_node *node, bool at_name)
{
    while (at_name || skip_op(p, '|')) {
        jinja_node *n = node ? join(p, NODE_FILTER, p->at, node, node) : jinja_parse_node(p, NODE_FILTER, p->at);
        if (!n || !parse_word(p, n, "filter")) return NULL;
        n->op = (uint16_t)(1 + jinja_extended_filter(p->t->extension, n->text, n->size));
        if (jinja_token_op(p->at, '(') && !parse_arguments(p, &n->list)) return NULL;
        node = n;
        at_name = false;
    }
    return node;
}

static jinja_node *parse_subscript(jinja_parser *p)
{
    const jinja_token *at = p->at;
    jinja_node *from = NULL, *to = NULL, *step = NULL;
    if (!jinja_token_op(p->at, ':') && !(from = jinja_parse_expression(p))) return NULL;
    if (!skip_op(p, ':')) return from;
    bool ends = jinja_token_op(p->at, ']') || jinja_token_op(p->at, ',');
    if (!ends && !jinja_token_op(p->at, ':') && !(to = jinja_parse_expression(p))) return NULL;
    if (skip_op(p, ':') && !jinja_token_op(p->at, ']') && !jinja_token_op(p->at, ',') && !(step = jinja_parse_expression(p))) return NULL;
    jinja_node *n = jinja_parse_node(p, NODE_SLICE, at);
    if (n) n->a = from, n->b = to, n->c = step;
    return n;
}

static jinja_node *parse_postfix(jinja_parser *p, jinja_node *node)
{
    while (node && p->at->kind == TOKEN_OPERATOR) {
        const jinja_token *at = p->at;
        if (at->op == '(') node = parse_call(p, node);
        else if (at->op == '[') {
            p->at++;
            jinja_node *subscript = parse_subscript(p);
            if (subscript && jinja_token_op(p->at, ',')) return jinja_parse_fail(p, p->at, "a subscript with a comma is not known here");
            node = join(p, NODE_ITEM, at, node, subscript);
            if (node && !jinja_parse_expect_op(p, ']')) return NULL;
        } else if (at->op == '.') {
            p->at++;
            if (p->at->kind == TOKEN_INTEGER) {
                jinja_node *index = jinja_parse_node(p, NODE_INTEGER, p->at);
                if (index) index->integer = p->at++->integer;
                node = join(p, NODE_ITEM, at, node, index);
                continue;
            }
            node = join(p, NODE_ATTRIBUTE, at, node, node);
            if (node && !parse_word(p, node, "member")) return NULL;
        } else break;
    }
    return node;
}

static bool begins_argument(const jinja_token *t)
{
    if (t->kind == TOKEN_NAME) return !jinja_token_is(t, "else") && !jinja_token_is(t, "or") && !jinja_token_is(t, "and");
    return t->kind == TOKEN_STRING || t->kind == TOKEN_INTEGER || t->kind == TOKEN_REAL ||
           (t->kind == TOKEN_OPERATOR && (t->op == '(' || t->op == '[' || t->op == '{'));
}

/* p->at is behind "is". */
static jinja_node *parse_test(jinja_parser *p, const jinja_token *at, jinja_node *node)
{
    bool negated = skip_name(p, "not");
    jinja_node *n = join(p, NODE_TEST, at, node, node);
    if (!n || !parse_word(p, n, "test")) return NULL;
    if (jinja_token_op(p->at, '(')) {
        if (!parse_arguments(p, &n->list)) return NULL;
    } else if (begins_argument(p->at)) {
        if (jinja_token_is(p->at, "is")) return jinja_parse_fail(p, p->at, "tests cannot follow each other; 'and' wanted");
        if (!(n->list = jinja_parse_node(p, NODE_ARGUMENT, p->at))) return NULL;
        n->list->a = parse_postfix(p, parse_primary(p, false));
        if (!n->list->a) return NULL;
    }
    return negated ? join(p, NODE_NOT, at, n, n) : n;
}

static jinja_node *parse_filters_and_tests(jinja_parser *p, jinja_node *node)
{
    while (node) {
        const jinja_token *at = p->at;
        if (jinja_token_op(at, '|')) node = jinja_parse_filters(p, node, false);
        else if (skip_name(p, "is")) node = parse_test(p, at, node);
        else if (jinja_token_op(at, '(')) node = parse_call(p, node);
        else break;
    }
    return node;
}

static jinja_node *parse_unary(jinja_parser *p, bool with_filters)
{
    const jinja_token *at = p->at;
    jinja_node *node;
    if (jinja_token_op(at, '-') || jinja_token_op(at, '+')) {
        p->at++;
        if (!jinja_parse_deeper(p)) return NULL;
        jinja_node *a = parse_unary(p, false);
        p->depth--;
        node = join(p, at->op == '-' ? NODE_NEGATE : NODE_PLUS, at, a, a);
    } else node = parse_primary(p, false);
    node = parse_postfix(p, node);
    return with_filters ? parse_filters_and_tests(p, node) : node;
}

/* ---- values ---- */

static jinja_node *parse_list(jinja_parser *p)
{
    jinja_node *n = jinja_parse_node(p, NODE_LIST, p->at++), **end = n ? &n->list : NULL;
    while (n && !jinja_token_op(p->at, ']')) {
        if (!(*end = jinja_parse_expression(p))) return NULL;
        end = &(*end)->next;
        if (!jinja_token_op(p->at, ']') && !jinja_parse_expect_op(p, ',')) return NULL;
    }
    if (n) p->at++;
    return n;
}

static jinja_node *parse_dict(jinja_parser *p)
{
    jinja_node *n = jinja_parse_node(p, NODE_DICT, p->at++), **end = n ? &n->list : NULL;
    while (n && !jinja_token_op(p->at, '}')) {
        jinja_node *pair = jinja_parse_node(p, NODE_PAIR, p->at);
        if (!pair || !(pair->a = jinja_parse_expression(p)) || !jinja_parse_expect_op(p, ':') || !(pair->b = jinja_parse_expression(p))) return NULL;
        *end = pair, end = &pair->next;
        if (!jinja_token_op(p->at, '}') && !jinja_parse_expect_op(p, ',')) return NULL;
    }
    if (n) p->at++;
    return n;
}

static jinja_node *parse_name(jinja_parser *p, bool with_fields)
{
    static const struct {
        const char *word;
        jinja_node_kind kind;
    } constants[] = {{"true", NODE_TRUE}, {"True", NODE_TRUE}, {"false", NODE_FALSE}, {"False", NODE_FALSE}, {"none", NODE_NONE}, {"None", NODE_NONE}};
    const jinja_token *at = p->at++;
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (jinja_token_is(at, constants[i].word)) return jinja_parse_node(p, constants[i].kind, at);
    bool field = with_fields && jinja_token_op(p->at, '.') && p->at[1].kind == TOKEN_NAME;
    jinja_node *n = jinja_parse_node(p, field ? NODE_FIELD : NODE_NAME, at);
    if (!n || (n->name = jinja_parse_name(p, at)) < 0) return NULL;
    if (!field) return n;
    n->text = p->at[1].text, n->size = p->at[1].size;
    p->at += 2;
    return n;
}

/* Strings side by side are one. */
static jinja_node *parse_strings(jinja_parser *p)
{
    jinja_node *n = jinja_parse_node(p, NODE_STRING, p->at);
    const jinja_token *from = p->at;
    size_t size = 0;
    for (; p->at->kind == TOKEN_STRING; p->at++) size += p->at->size;
    char *text = n ? jinja_pool_take(&p->t->pool, size + 1, p->st) : NULL;
    if (!text) return NULL;
    n->text = text;
    for (; from < p->at; from++) {
        memcpy(text + n->size, from->text, from->size);
        n->size += from->size;
    }
    return n;
}

static jinja_node *parse_brackets(jinja_parser *p)
{
    p->at++;
    jinja_node *n = jinja_parse_tuple(p, true, NULL, true);
    return n && jinja_parse_expect_op(p, ')') ? n : NULL;
}

static jinja_node *parse_primary(jinja_parser *p, bool with_fields)
{
    const jinja_token *at = p->at;
    jinja_node *n = NULL;
    if (at->kind == TOKEN_NAME) return parse_name(p, with_fields);
    if (at->kind == TOKEN_STRING) return parse_strings(p);
    if (at->kind == TOKEN_INTEGER || at->kind == TOKEN_REAL) {
        n = jinja_parse_node(p, at->kind == TOKEN_REAL ? NODE_REAL : NODE_INTEGER, at);
        if (n && at->kind == TOKEN_REAL) n->real = at->real;
        else if (n) n->integer = at->integer;
        p->at++;
        return n;
    }
    if (!jinja_token_op(at, '(') && !jinja_token_op(at, '[') && !jinja_token_op(at, '{')) {
        char found[64];
        return jinja_parse_fail(p, at, "%s found, a value wanted", jinja_token_text(at, found));
    }
    if (!jinja_parse_deeper(p)) return NULL;
    n = at->op == '(' ? parse_brackets(p) : at->op == '[' ? parse_list(p) : parse_dict(p);
    p->depth--;
    return n;
}

/* ---- tuples and targets ---- */

static bool ends_tuple(const jinja_parser *p, const char *end)
{
    return p->at->kind == TOKEN_PRINT_CLOSE || p->at->kind == TOKEN_BLOCK_CLOSE || jinja_token_op(p->at, ')') || (end && jinja_token_is(p->at, end));
}

typedef jinja_node *(*parse_member)(jinja_parser *p);
static jinja_node *parse_plain(jinja_parser *p) { return parse_primary(p, false); }
static jinja_node *parse_field(jinja_parser *p) { return parse_primary(p, true); }

static jinja_node *parse_members(jinja_parser *p, parse_member member, const char *end, bool in_brackets)
{
    const jinja_token *at = p->at;
    jinja_node *first = NULL, **last = &first;
    bool tuple = false;
    while (!ends_tuple(p, end)) {
        if (!(*last = member(p))) return NULL;
        last = &(*last)->next;
        if (!skip_op(p, ',')) break;
        tuple = true;
    }
    if (first && !tuple) return first;
    if (!tuple && !in_brackets) {
        char found[64];
        return jinja_parse_fail(p, p->at, "%s found, an expression wanted", jinja_token_text(p->at, found));
    }
    jinja_node *n = jinja_parse_node(p, NODE_TUPLE, at);
    if (n) n->list = first;
    return n;
}

jinja_node *jinja_parse_tuple(jinja_parser *p, bool with_condition, const char *end, bool in_brackets)
{
    return parse_members(p, with_condition ? jinja_parse_expression : jinja_parse_no_condition, end, in_brackets);
}

static bool is_target(const jinja_node *n)
{
    if (n->kind != NODE_TUPLE) return n->kind == NODE_NAME || n->kind == NODE_FIELD;
    for (const jinja_node *m = n->list; m; m = m->next)
        if (!is_target(m)) return false;
    return true;
}

static void mark_set(jinja_parser *p, const jinja_node *n)
{
    if (n->kind == NODE_NAME) p->t->name[n->name].set = true;
    if (n->kind == NODE_TUPLE)
        for (const jinja_node *m = n->list; m; m = m->next) mark_set(p, m);
}

jinja_node *jinja_parse_target(jinja_parser *p, const char *end, bool with_fields)
{
    const jinja_token *at = p->at;
    jinja_node *n = parse_members(p, with_fields ? parse_field : parse_plain, end, false);
    if (n && is_target(n)) mark_set(p, n);
    return !n || is_target(n) ? n : jinja_parse_fail(p, at, "only names (and namespace members, by set) can be assigned to");
}
