/* Statements, and the program as a whole. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "text/jinja_extend.h"

enum { PARSE_MEMORY = 256 << 20, MAX_NAMES = 1 << 10 };

/* ---- what both files of the parser use ---- */

jinja_node *jinja_parse_fail(jinja_parser *p, const jinja_token *at, const char *format, ...)
{
    char what[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    status_set(p->st, STATUS_INPUT, "%s:%u:%u: %s", p->t->where, at->line, at->column, what);
    return NULL;
}

jinja_node *jinja_parse_node(jinja_parser *p, jinja_node_kind kind, const jinja_token *at)
{
    jinja_node *n = jinja_pool_zeroed(&p->t->pool, sizeof *n, p->st);
    if (!n) return NULL;
    n->kind = (uint8_t)kind;
    n->line = at->line, n->column = at->column;
    n->name = -1;
    return n;
}

bool jinja_parse_deeper(jinja_parser *p)
{
    if (++p->depth <= JINJA_DEPTH) return true;
    return jinja_parse_fail(p, p->at, "more than %d blocks or brackets within each other", JINJA_DEPTH) != NULL;
}

/* Names are few; the longest templates have a hundred. */
int32_t jinja_parse_name(jinja_parser *p, const jinja_token *token)
{
    jinja *t = p->t;
    if (jinja_token_is(token, "caller")) p->uses |= USES_CALLER;
    if (jinja_token_is(token, "varargs")) p->uses |= USES_VARARGS;
    if (jinja_token_is(token, "kwargs")) p->uses |= USES_KWARGS;
    for (int32_t i = 0; i < t->names; i++)
        if (t->name[i].size == token->size && memcmp(t->name[i].text, token->text, token->size) == 0) return i;
    if (t->names == t->name_room) {
        int32_t room = t->name_room ? 2 * t->name_room : 32;
        if (room > MAX_NAMES) return jinja_parse_fail(p, token, "more than %d different names", MAX_NAMES), -1;
        jinja_name *more = alloc_resize(t->name, (size_t)room, sizeof *more, p->st);
        if (!more) return -1;
        t->name = more, t->name_room = room;
    }
    t->name[t->names] = (jinja_name){token->text, token->size, jinja_extended_function(t->extension, token->text, token->size), token->line, token->column, false};
    return t->names++;
}

const char *jinja_token_text(const jinja_token *t, char out[64])
{
    static const char *const names[] = {[TOKEN_DATA] = "text", [TOKEN_PRINT_OPEN] = "'{{'", [TOKEN_PRINT_CLOSE] = "'}}'", [TOKEN_BLOCK_OPEN] = "'{%'",
                                        [TOKEN_BLOCK_CLOSE] = "'%}'", [TOKEN_STRING] = "a string", [TOKEN_INTEGER] = "a number",
                                        [TOKEN_REAL] = "a number", [TOKEN_END] = "the end of the template"};
    if (t->kind == TOKEN_NAME) snprintf(out, 64, "'%.*s'", t->size > 40 ? 40 : (int)t->size, t->text);
    else if (t->kind == TOKEN_OPERATOR && t->op > 0xFF) snprintf(out, 64, "'%c%c'", t->op >> 8, t->op & 0xFF);
    else if (t->kind == TOKEN_OPERATOR) snprintf(out, 64, "'%c'", t->op);
    else snprintf(out, 64, "%s", names[t->kind]);
    return out;
}

bool jinja_parse_expect_op(jinja_parser *p, uint16_t op)
{
    if (jinja_token_op(p->at, op)) return p->at++, true;
    char found[64];
    return jinja_parse_fail(p, p->at, "%s found, '%c' wanted", jinja_token_text(p->at, found), op) != NULL;
}

/* ---- statements ---- */

static bool parse_until(jinja_parser *p, const char *const *ends, jinja_node **list);

static bool expect_close(jinja_parser *p)
{
    if (p->at->kind == TOKEN_BLOCK_CLOSE) return p->at++, true;
    char found[64];
    return jinja_parse_fail(p, p->at, "%s found, '%%}' wanted", jinja_token_text(p->at, found)) != NULL;
}

static bool expect_name(jinja_parser *p, const char *word)
{
    if (jinja_token_is(p->at, word)) return p->at++, true;
    char found[64];
    return jinja_parse_fail(p, p->at, "%s found, '%s' wanted", jinja_token_text(p->at, found), word) != NULL;
}

/* The end of this tag, then statements up to one of these tags, p->at being then on its name. */
static bool parse_body(jinja_parser *p, const char *const *ends, jinja_node **list)
{
    if (jinja_token_op(p->at, ':')) p->at++;
    if (!expect_close(p) || !jinja_parse_deeper(p)) return false;
    bool ok = parse_until(p, ends, list);
    p->depth--;
    return ok;
}

/* A body whose end tag is taken too. */
static bool parse_whole_body(jinja_parser *p, const char *end, jinja_node **list)
{
    const char *const ends[] = {end, NULL};
    if (!parse_body(p, ends, list)) return false;
    p->at++;
    return true;
}

static jinja_node *parse_if(jinja_parser *p)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    jinja_node *first = NULL, **place = &first;
    do { /* p->at is on "if" or "elif" */
        jinja_node *n = jinja_parse_node(p, NODE_IF, p->at++);
        if (!n || !(n->a = jinja_parse_tuple(p, false, NULL, false)) || !parse_body(p, ends, &n->list)) return NULL;
        *place = n, place = &n->other;
    } while (jinja_token_is(p->at, "elif"));
    bool otherwise = jinja_token_is(p->at++, "else");
    return !otherwise || parse_whole_body(p, "endif", place) ? first : NULL;
}

static jinja_node *parse_for(jinja_parser *p)
{
    static const char *const ends[] = {"endfor", "else", NULL};
    jinja_node *n = jinja_parse_node(p, NODE_FOR, p->at++);
    if (!n || !(n->a = jinja_parse_target(p, "in", false)) || !expect_name(p, "in") || !(n->b = jinja_parse_tuple(p, false, "recursive", false))) return NULL;
    if (jinja_token_is(p->at, "if")) {
        p->at++;
        if (!(n->c = jinja_parse_expression(p))) return NULL;
    }
    if (jinja_token_is(p->at, "recursive")) p->at++, n->op = 1;
    p->loops++;
    bool ok = parse_body(p, ends, &n->list);
    p->loops--;
    if (!ok) return NULL;
    bool otherwise = jinja_token_is(p->at++, "else");
    return !otherwise || parse_whole_body(p, "endfor", &n->other) ? n : NULL;
}

static jinja_node *parse_set(jinja_parser *p)
{
    jinja_node *n = jinja_parse_node(p, NODE_SET, p->at++);
    if (!n || !(n->a = jinja_parse_target(p, NULL, true))) return NULL;
    if (jinja_token_op(p->at, '=')) {
        p->at++;
        n->b = jinja_parse_tuple(p, true, NULL, false);
        return n->b ? n : NULL;
    }
    n->kind = NODE_SET_BLOCK;
    if (jinja_token_op(p->at, '|') && !(n->b = jinja_parse_filters(p, NULL, false))) return NULL;
    return parse_whole_body(p, "endset", &n->list) ? n : NULL;
}

static bool parse_parameters(jinja_parser *p, jinja_node **list)
{
    bool defaults = false;
    if (!jinja_parse_expect_op(p, '(')) return false;
    while (!jinja_token_op(p->at, ')')) {
        char found[64];
        if (p->at->kind != TOKEN_NAME) return jinja_parse_fail(p, p->at, "%s found, a parameter's name wanted", jinja_token_text(p->at, found)) != NULL;
        jinja_node *n = jinja_parse_node(p, NODE_PARAMETER, p->at);
        if (!n || (n->name = jinja_parse_name(p, p->at++)) < 0) return false;
        p->t->name[n->name].set = true;
        if (jinja_token_op(p->at, '=')) {
            p->at++;
            defaults = true;
            if (!(n->a = jinja_parse_expression(p))) return false;
        } else if (defaults) return jinja_parse_fail(p, p->at, "a parameter without a default behind one that has a default") != NULL;
        *list = n, list = &n->next;
        if (!jinja_token_op(p->at, ')') && !jinja_parse_expect_op(p, ',')) return false;
    }
    p->at++;
    return true;
}

/* The body of a macro or call block, in which break and continue have no loop, and which is asked what it uses. */
static bool parse_function_body(jinja_parser *p, jinja_node *n, const char *end)
{
    uint16_t uses = p->uses;
    int loops = p->loops;
    p->uses = 0, p->loops = 0;
    bool ok = parse_whole_body(p, end, &n->list);
    n->op = p->uses;
    p->uses |= uses, p->loops = loops;
    return ok;
}

static jinja_node *parse_macro(jinja_parser *p)
{
    char found[64];
    jinja_node *n = jinja_parse_node(p, NODE_MACRO, p->at++);
    if (p->at->kind != TOKEN_NAME) return jinja_parse_fail(p, p->at, "%s found, the macro's name wanted", jinja_token_text(p->at, found));
    if (!n || (n->name = jinja_parse_name(p, p->at++)) < 0 || !parse_parameters(p, &n->other)) return NULL;
    p->t->name[n->name].set = true;
    return parse_function_body(p, n, "endmacro") ? n : NULL;
}

static jinja_node *parse_call_block(jinja_parser *p)
{
    jinja_node *n = jinja_parse_node(p, NODE_CALL_BLOCK, p->at++);
    if (!n || (jinja_token_op(p->at, '(') && !parse_parameters(p, &n->other))) return NULL;
    const jinja_token *at = p->at;
    if (!(n->a = jinja_parse_expression(p))) return NULL;
    if (n->a->kind != NODE_CALL) return jinja_parse_fail(p, at, "a call block wants a call, such as {%% call name() %%}");
    return parse_function_body(p, n, "endcall") ? n : NULL;
}

static jinja_node *parse_filter_block(jinja_parser *p)
{
    jinja_node *n = jinja_parse_node(p, NODE_FILTER_BLOCK, p->at++);
    if (!n || !(n->b = jinja_parse_filters(p, NULL, true))) return NULL;
    return parse_whole_body(p, "endfilter", &n->list) ? n : NULL;
}

static jinja_node *parse_with(jinja_parser *p)
{
    jinja_node *n = jinja_parse_node(p, NODE_WITH, p->at++), **end = n ? &n->other : NULL;
    while (n && p->at->kind != TOKEN_BLOCK_CLOSE) {
        if (n->other && !jinja_parse_expect_op(p, ',')) return NULL;
        jinja_node *pair = jinja_parse_node(p, NODE_PAIR, p->at);
        char found[64];
        if (p->at->kind != TOKEN_NAME) return jinja_parse_fail(p, p->at, "%s found, a name wanted", jinja_token_text(p->at, found));
        if (!pair || !(pair->a = jinja_parse_node(p, NODE_NAME, p->at)) || (pair->a->name = jinja_parse_name(p, p->at++)) < 0) return NULL;
        p->t->name[pair->a->name].set = true;
        if (!jinja_parse_expect_op(p, '=') || !(pair->b = jinja_parse_expression(p))) return NULL;
        *end = pair, end = &pair->next;
    }
    return n && parse_whole_body(p, "endwith", &n->list) ? n : NULL;
}

/* A body that is taken as it is: which of its tokens a model is trained on does not matter here. Names set in it stay there. */
static jinja_node *parse_generation(jinja_parser *p)
{
    jinja_node *n = jinja_parse_node(p, NODE_GENERATION, p->at++);
    return n && parse_whole_body(p, "endgeneration", &n->list) ? n : NULL;
}

static jinja_node *parse_loop_control(jinja_parser *p)
{
    const jinja_token *at = p->at++;
    if (!p->loops) return jinja_parse_fail(p, at, "'%.*s' outside a loop", (int)at->size, at->text);
    return jinja_parse_node(p, jinja_token_is(at, "break") ? NODE_BREAK : NODE_CONTINUE, at);
}

/* {% choose %} … {% or %} … {% endchoose %}: an extension's. */
static jinja_node *parse_choose(jinja_parser *p)
{
    static const char *const ends[] = {"or", "endchoose", NULL};
    jinja_node *n = jinja_parse_node(p, NODE_CHOOSE, p->at), **end = n ? &n->other : NULL;
    if (!n || !p->t->extension || !p->t->extension->choose) return n ? jinja_parse_fail(p, p->at, "the tag 'choose' is not known here") : NULL;
    do { /* p->at is on "choose" or "or" */
        jinja_node *branch = jinja_parse_node(p, NODE_BRANCH, p->at++);
        if (!branch || !parse_body(p, ends, &branch->list)) return NULL;
        *end = branch, end = &branch->next;
        n->integer++;
    } while (jinja_token_is(p->at, "or"));
    p->at++;
    return n;
}

static jinja_node *parse_statement(jinja_parser *p)
{
    static const struct {
        const char *name;
        jinja_node *(*parse)(jinja_parser *p);
    } tags[] = {{"if", parse_if}, {"for", parse_for}, {"set", parse_set}, {"macro", parse_macro}, {"call", parse_call_block},
                {"filter", parse_filter_block}, {"with", parse_with}, {"generation", parse_generation}, {"break", parse_loop_control},
                {"continue", parse_loop_control}, {"choose", parse_choose}};
    char found[64];
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (jinja_token_is(p->at, tags[i].name)) return tags[i].parse(p);
    return jinja_parse_fail(p, p->at, "the tag %s is not known here", jinja_token_text(p->at, found));
}

static bool is_end(const jinja_parser *p, const char *const *ends)
{
    for (; ends && *ends; ends++)
        if (jinja_token_is(p->at, *ends)) return true;
    return false;
}

static bool missing_end(jinja_parser *p, const char *const *ends)
{
    char wanted[100] = "";
    for (const char *const *e = ends; e && *e; e++) {
        size_t used = strlen(wanted);
        snprintf(wanted + used, sizeof wanted - used, "%s'%s'", e == ends ? "" : " or ", *e);
    }
    return jinja_parse_fail(p, p->at, "the template ends, %s wanted", wanted) != NULL;
}

/* One piece of text, one print or one statement. */
static jinja_node *parse_piece(jinja_parser *p)
{
    const jinja_token *at = p->at++;
    jinja_node *n;
    if (at->kind == TOKEN_DATA) {
        if ((n = jinja_parse_node(p, NODE_DATA, at))) n->text = at->text, n->size = at->size;
        return n;
    }
    if (at->kind == TOKEN_BLOCK_OPEN) {
        n = parse_statement(p);
        return n && expect_close(p) ? n : NULL;
    }
    char found[64];
    n = jinja_parse_node(p, NODE_PRINT, at);
    if (!n || !(n->a = jinja_parse_tuple(p, true, NULL, false))) return NULL;
    if (p->at->kind != TOKEN_PRINT_CLOSE) return jinja_parse_fail(p, p->at, "%s found, '}}' wanted", jinja_token_text(p->at, found));
    p->at++;
    return n;
}

static bool parse_until(jinja_parser *p, const char *const *ends, jinja_node **list)
{
    while (p->at->kind != TOKEN_END) {
        if (p->at->kind == TOKEN_BLOCK_OPEN && ends) {
            p->at++;
            if (is_end(p, ends)) return true;
            p->at--;
        }
        if (!(*list = parse_piece(p))) return false;
        list = &(*list)->next;
    }
    return !ends || missing_end(p, ends);
}

jinja *jinja_parse(const char *text, size_t size, const char *name, status *st) { return jinja_parse_extended(text, size, name, NULL, st); }

jinja *jinja_parse_extended(const char *text, size_t size, const char *name, const jinja_extension *extension, status *st)
{
    jinja *t = alloc_zeroed(1, sizeof *t, st);
    if (!t) return NULL;
    t->pool.limit = PARSE_MEMORY;
    t->extension = extension;
    jinja_tokens tokens = {0};
    bool ok = (t->where = alloc_string(name, strlen(name), st)) && jinja_lex(text, size, t->where, extension != NULL, &t->pool, &tokens, st);
    if (ok) {
        jinja_parser p = {.t = t, .at = tokens.item, .st = st};
        ok = parse_until(&p, NULL, &t->body);
    }
    alloc_free(tokens.item);
    if (ok) return t;
    jinja_free(t);
    return NULL;
}

void jinja_free(jinja *t)
{
    if (!t) return;
    jinja_pool_free(&t->pool);
    alloc_free(t->name);
    alloc_free(t->where);
    alloc_free(t);
}

bool jinja_mentions(const jinja *t, const char *name)
{
    size_t n = strlen(name);
    for (int32_t i = 0; i < t->names; i++)
        if (t->name[i].size == n && memcmp(t->name[i].text, name, n) == 0) return true;
    return false;
}
