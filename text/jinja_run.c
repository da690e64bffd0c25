/* Statements: what a program writes, and its loops, macros and blocks. */
#include <string.h>

#include "core/alloc.h"
#include "text/jinja_extend.h"

typedef enum { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE } flow;

static flow run_list(jinja_context *r, jinja_scope *s, const jinja_node *list);

static jinja_scope *new_scope(jinja_context *r, jinja_scope *parent)
{
    jinja_scope *s = jinja_bad(r) ? NULL : jinja_pool_zeroed(&r->pool, sizeof *s, r->st);
    if (s) s->parent = parent;
    return s;
}

/* The text that a list of statements writes. */
static jinja_value capture(jinja_context *r, jinja_scope *s, const jinja_node *list)
{
    jinja_builder b = {0}, *out = r->out;
    r->out = &b;
    run_list(r, s, list);
    r->out = out;
    return jinja_built(r, &b);
}

/* ---- set ---- */

static void assign_field(jinja_context *r, jinja_scope *s, const jinja_node *n, jinja_value v)
{
    const jinja_value *ns = jinja_scope_find(r, s, n->name);
    if (jinja_bad(r)) return;
    if (!ns || ns->kind != VALUE_NAMESPACE) jinja_fail(r, n, "'%.*s' is no namespace, so no member of it can be set", (int)r->t->name[n->name].size, r->t->name[n->name].text);
    else if (n->size && n->text[0] == '_') jinja_fail(r, n, "a namespace's member cannot begin with '_'");
    else jinja_dict_set(r, ns->dict, jinja_text(r, n->text, n->size, JINJA_OWN), v);
}

static void assign(jinja_context *r, jinja_scope *s, const jinja_node *target, jinja_value v)
{
    if (jinja_bad(r)) return;
    if (target->kind == NODE_FIELD) assign_field(r, s, target, v);
    if (target->kind == NODE_NAME) jinja_scope_set(r, s, target->name, v);
    if (target->kind != NODE_TUPLE) return;
    const jinja_list *all = jinja_members(r, target, v);
    size_t count = 0;
    for (const jinja_node *m = target->list; m; m = m->next) count++;
    if (!all) return;
    if (all->count != count) {
        jinja_fail(r, target, "%zu names for %zu values", count, all->count);
        return;
    }
    count = 0;
    for (const jinja_node *m = target->list; m; m = m->next) assign(r, s, m, all->item[count++]);
}

static void set_block(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_scope *inner = new_scope(r, s);
    jinja_value text = inner ? capture(r, inner, n->list) : (jinja_value){0};
    if (!jinja_bad(r)) assign(r, s, n->a, jinja_evaluate_filters(r, inner, n->b, text));
}

/* ---- loops ---- */

/* The members for which the loop's test holds. */
static const jinja_list *loop_items(jinja_context *r, jinja_scope *s, const jinja_node *n, jinja_value v)
{
    const jinja_list *all = jinja_members(r, n->b, v);
    if (!all || !n->c) return all;
    jinja_value kept = jinja_new_list(r, VALUE_LIST, 0);
    jinja_scope *inner = new_scope(r, s);
    for (size_t i = 0; inner && i < all->count && !jinja_bad(r); i++) {
        inner->count = 0;
        assign(r, inner, n->a, all->item[i]);
        if (jinja_truth(jinja_evaluate(r, inner, n->c))) jinja_push(r, kept.list, all->item[i]);
    }
    return jinja_bad(r) ? NULL : kept.list;
}

static void run_loop(jinja_context *r, jinja_scope *s, const jinja_node *n, jinja_value v, int depth)
{
    const jinja_list *items = jinja_bad(r) ? NULL : loop_items(r, s, n, v);
    jinja_scope *inner = new_scope(r, s);
    jinja_loop *loop = items && inner ? jinja_pool_zeroed(&r->pool, sizeof *loop, r->st) : NULL;
    if (!loop) return;
    *loop = (jinja_loop){.node = n, .scope = s, .items = items, .depth = depth, .changed = jinja_absent()};
    if (!items->count) run_list(r, inner, n->other);
    /* The members can be those of a list that is in no one else's hands: no program changes a list. */
    for (; loop->index < items->count && jinja_spend(r, 1); loop->index++) {
        inner->count = 0;
        if (r->loop >= 0) jinja_scope_set(r, inner, r->loop, (jinja_value){.kind = VALUE_LOOP, .loop = loop});
        assign(r, inner, n->a, items->item[loop->index]);
        if (jinja_bad(r) || run_list(r, inner, n->list) == FLOW_BREAK) break;
    }
}

jinja_value jinja_call_loop(jinja_context *r, const jinja_node *at, const jinja_loop *l, const jinja_arguments *a)
{
    static const char *const names[] = {"iterable", NULL};
    jinja_value items;
    if (!l->node->op) return jinja_fail(r, at, "a loop that is not marked recursive cannot be called");
    if (!jinja_bind(r, at, "loop", a, names, 1, &items)) return (jinja_value){0};
    if (r->depth >= JINJA_RUN_DEPTH) return jinja_fail(r, at, "loops within each other, deeper than is followed here");
    jinja_builder b = {0}, *out = r->out;
    r->out = &b;
    run_loop(r, l->scope, l->node, items, l->depth + 1);
    r->out = out;
    return jinja_built(r, &b);
}

/* ---- macros ---- */

static bool is_parameter(jinja_context *r, const jinja_node *list, jinja_value key)
{
    for (; list; list = list->next) {
        const jinja_name *name = &r->t->name[list->name];
        if (key.s->size == name->size && memcmp(key.s->text, name->text, name->size) == 0) return true;
    }
    return false;
}

/* What was given beyond the parameters: into varargs, kwargs and caller, where the macro uses them; else it is an error. */
static bool bind_rest(jinja_context *r, const jinja_node *at, const jinja_node *n, const jinja_arguments *a, size_t used, jinja_scope *s)
{
    jinja_value rest = jinja_new_list(r, VALUE_TUPLE, 0), named = jinja_new_dict(r, VALUE_DICT), caller = jinja_undefined(r, "caller", 6);
    if (a->count > used && !(n->op & USES_VARARGS)) return jinja_fail(r, at, "the macro takes %zu arguments, %zu are given", used, a->count), false;
    for (size_t i = used; i < a->count; i++) jinja_push(r, rest.list, a->item[i]);
    for (size_t i = 0; i < a->named.count && !jinja_bad(r); i++) {
        jinja_pair p = a->named.pair[i];
        if (is_parameter(r, n->other, p.key)) continue;
        if (jinja_is(p.key, "caller") && (n->op & USES_CALLER)) caller = p.value;
        else if (n->op & USES_KWARGS) jinja_dict_set(r, named.dict, p.key, p.value);
        else jinja_fail(r, at, "the macro takes no argument '%.*s'", (int)(p.key.s->size > 60 ? 60 : p.key.s->size), p.key.s->text);
    }
    if ((n->op & USES_CALLER) && !is_parameter(r, n->other, jinja_literal(r, "caller"))) jinja_scope_set(r, s, r->caller, caller);
    if (n->op & USES_VARARGS) jinja_scope_set(r, s, r->varargs, rest);
    if (n->op & USES_KWARGS) jinja_scope_set(r, s, r->kwargs, named);
    return !jinja_bad(r);
}

static bool bind_parameters(jinja_context *r, const jinja_node *at, const jinja_node *n, const jinja_arguments *a, jinja_scope *s)
{
    size_t used = 0, parameters = 0;
    for (const jinja_node *p = n->other; p && !jinja_bad(r); p = p->next, parameters++) {
        const jinja_name *name = &r->t->name[p->name];
        const jinja_value *given = jinja_dict_get_text(r, &a->named, name->text, name->size);
        if (given && used < a->count) return jinja_fail(r, at, "the argument '%.*s' is given twice", (int)name->size, name->text), false;
        if (used < a->count) jinja_scope_set(r, s, p->name, a->item[used++]);
        else if (given) jinja_scope_set(r, s, p->name, *given);
        else jinja_scope_set(r, s, p->name, p->a ? jinja_evaluate(r, s, p->a) : jinja_undefined(r, name->text, name->size));
    }
    return !jinja_bad(r) && bind_rest(r, at, n, a, parameters < a->count ? parameters : a->count, s);
}

jinja_value jinja_call_macro(jinja_context *r, const jinja_node *at, const jinja_macro *m, const jinja_arguments *a)
{
    jinja_scope *s = new_scope(r, m->scope);
    if (r->depth >= JINJA_RUN_DEPTH) return jinja_fail(r, at, "macros within each other, deeper than is followed here");
    return s && bind_parameters(r, at, m->node, a, s) ? capture(r, s, m->node->list) : (jinja_value){0};
}

static jinja_value new_macro(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_macro *m = jinja_bad(r) ? NULL : jinja_pool_take(&r->pool, sizeof *m, r->st);
    if (!m) return (jinja_value){0};
    *m = (jinja_macro){n, s};
    return (jinja_value){.kind = VALUE_MACRO, .macro = m};
}

/* {% call name(…) %}: the call with the body as its argument `caller`. */
static void call_block(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_arguments a;
    jinja_value callee = jinja_evaluate(r, s, n->a->a);
    if (jinja_bad(r) || !jinja_evaluate_arguments(r, s, n->a->list, &a)) return;
    jinja_dict_set(r, &a.named, jinja_literal(r, "caller"), new_macro(r, s, n));
    jinja_value v = jinja_bad(r) ? (jinja_value){0} : jinja_call(r, n->a, callee, &a);
    if (!jinja_bad(r)) jinja_write(r, n, r->out, v);
}

/* ---- the others ---- */

static flow run_with(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_scope *inner = new_scope(r, s);
    for (const jinja_node *p = n->other; p && inner && !jinja_bad(r); p = p->next) jinja_scope_set(r, inner, p->a->name, jinja_evaluate(r, s, p->b));
    return inner && !jinja_bad(r) ? run_list(r, inner, n->list) : FLOW_ON;
}

static flow run_if(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    while (n && n->kind == NODE_IF) { /* an elif is an if alone in the other's place; so is an if in an else, and no matter */
        if (jinja_truth(jinja_evaluate(r, s, n->a))) return jinja_bad(r) ? FLOW_ON : run_list(r, s, n->list);
        if (jinja_bad(r) || !n->other || n->other->kind != NODE_IF || n->other->next) return jinja_bad(r) ? FLOW_ON : run_list(r, s, n->other);
        n = n->other;
    }
    return FLOW_ON;
}

static void filter_block(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_scope *inner = new_scope(r, s);
    jinja_value v = inner ? capture(r, inner, n->list) : (jinja_value){0};
    if (!jinja_bad(r)) v = jinja_evaluate_filters(r, inner, n->b, v);
    if (!jinja_bad(r)) jinja_write(r, n, r->out, v);
}

static void print(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_value v = jinja_evaluate(r, s, n->a);
    if (!jinja_bad(r)) jinja_write(r, n->a, r->out, v);
}

static flow run(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    switch (n->kind) {
    case NODE_DATA: jinja_build(r, r->out, n->text, n->size, NULL, JINJA_OWN); break;
    case NODE_PRINT: print(r, s, n); break;
    case NODE_FOR: run_loop(r, s, n, jinja_evaluate(r, s, n->b), 0); break;
    case NODE_IF: return run_if(r, s, n);
    case NODE_SET: assign(r, s, n->a, jinja_evaluate(r, s, n->b)); break;
    case NODE_SET_BLOCK: set_block(r, s, n); break;
    case NODE_MACRO: jinja_scope_set(r, s, n->name, new_macro(r, s, n)); break;
    case NODE_CALL_BLOCK: call_block(r, s, n); break;
    case NODE_FILTER_BLOCK: filter_block(r, s, n); break;
    case NODE_WITH: return run_with(r, s, n);
    case NODE_GENERATION: {
        jinja_scope *inner = new_scope(r, s);
        return inner ? run_list(r, inner, n->list) : FLOW_ON;
    }
    case NODE_CHOOSE: {
        const jinja_node *branch = n->other;
        for (int64_t k = r->t->extension->choose(r, n, n->integer); k > 0; k--) branch = branch->next;
        return run_list(r, s, branch->list);
    }
    case NODE_BREAK: return FLOW_BREAK;
    case NODE_CONTINUE: return FLOW_CONTINUE;
    default: jinja_fail(r, n, "no statement");
    }
    return FLOW_ON;
}

static flow run_list(jinja_context *r, jinja_scope *s, const jinja_node *list)
{
    flow f = FLOW_ON;
    r->depth++;
    if (list && r->depth > JINJA_RUN_DEPTH) jinja_fail(r, list, "blocks within each other, deeper than is followed here");
    for (; list && f == FLOW_ON && jinja_spend(r, 1); list = list->next) f = run(r, s, list);
    r->depth--;
    return f;
}

/* ---- a whole run ---- */

static int32_t name_of(const jinja *t, const char *text, size_t size)
{
    for (int32_t i = 0; i < t->names; i++)
        if (t->name[i].size == size && memcmp(t->name[i].text, text, size) == 0) return i;
    return -1;
}

/* The variables that the program mentions; the bounds grow with them. */
static jinja_scope *bind_variables(jinja_context *r)
{
    jinja_scope *s = new_scope(r, NULL);
    for (size_t i = 0; s && i < r->in->count && !jinja_bad(r); i++) {
        const jinja_variable *v = &r->in->variable[i];
        int32_t name = name_of(r->t, v->name, strlen(v->name));
        if (name >= 0) jinja_scope_set(r, s, name, jinja_from_json(r, v->value, v, 0));
    }
    if (s && r->t->extension && r->t->extension->bind) r->t->extension->bind(r, s);
    r->pool.limit = JINJA_MEMORY + 8 * r->pool.used + 32 * r->given;
    r->steps = JINJA_STEPS + (int64_t)(4 * r->pool.used + r->given);
    return s;
}

static bool hand_out(jinja_context *r, const jinja_builder *b, jinja_output *out)
{
    *out = (jinja_output){.size = b->size};
    out->text = alloc_string(b->size ? b->text : "", b->size, r->st);
    out->origin = out->text ? alloc_array(b->size + 1, 1, r->st) : NULL;
    if (!out->origin) {
        jinja_output_free(out);
        return false;
    }
    if (b->origin) memcpy(out->origin, b->origin, b->size);
    else memset(out->origin, b->whole, b->size);
    return true;
}

bool jinja_run(const jinja *t, const jinja_input *in, jinja_output *out, status *st)
{
    jinja_builder text = {0};
    jinja_context r = {.t = t, .in = in, .out = &text, .steps = INT64_MAX / 2, .st = st, .loop = name_of(t, "loop", 4), .caller = name_of(t, "caller", 6),
                       .varargs = name_of(t, "varargs", 7), .kwargs = name_of(t, "kwargs", 6)};
    *out = (jinja_output){0};
    r.pool.limit = SIZE_MAX / 64;
    jinja_scope *given = bind_variables(&r), *top = new_scope(&r, given);
    if (top) run_list(&r, top, t->body);
    bool ok = status_ok(st) && hand_out(&r, &text, out);
    jinja_pool_free(&r.pool);
    return ok;
}

void jinja_output_free(jinja_output *out)
{
    alloc_free(out->text);
    alloc_free(out->origin);
    *out = (jinja_output){0};
}
