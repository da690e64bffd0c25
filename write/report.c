#include "write/report.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/nearest.h"
#include "write/run.h"

/* What a name in a template is bound to. */
enum { BIND_NONE = -1, BIND_JOIN = DATA_COLUMNS, BIND_OPTIONAL = BIND_JOIN + DATA_JOINS, BIND_SPECIAL };
typedef enum { SPECIAL_ROW, SPECIAL_ROWS, SPECIAL_PREVIOUS, SPECIAL_NEXT, SPECIAL_INDEX, SPECIAL_KEY, SPECIAL_TODAY } special;
static const char *const SPECIALS[] = {"row", "rows", "previous", "next", "index", "key", "today"};

typedef struct {
    jinja *t;
    int32_t *bound; /* by name */
} program;

struct report {
    report_options o;
    const data_table *data;
    const schema *schema;
    program body, path;
    jinja_string *key;         /* the columns' and joins' names as keys of rows: shared by all runs, with their lengths known */
    jinja_string **other_key;  /* the same of each joined table */
    char *group_column;
    size_t column;             /* of the groups */
    int64_t id;                /* the column whose value seeds a row, −1: its number */
    uint32_t *order, *begin;   /* groups: rows by group, and where each begins; [groups + 1] */
    size_t units;
    jinja_pool pool;           /* of rows */
    jinja_value rows;          /* of REPORT_ROW, where a template asks for them */
    bool has_rows;
};

/* ---- rows as values ---- */

static jinja_value cell_value(jinja_context *r, const data_table *t, size_t row, size_t column)
{
    const data_cell *c = data_at(t, row, column);
    const char *name = t->column[column].name;
    switch (c->kind) {
    case DATA_TEXT: r->given += c->size; return jinja_text(r, c->text, c->size, JINJA_GIVEN);
    case DATA_INTEGER: return jinja_int(c->integer);
    case DATA_REAL: return jinja_float(c->real);
    case DATA_BOOLEAN: return jinja_bool(c->integer != 0);
    case DATA_NESTED: return jinja_from_json(r, c->nested, &(jinja_variable){.name = name, .origin = JINJA_GIVEN}, 0);
    default: return jinja_new_missing(r, name, strlen(name));
    }
}

static jinja_value plain_row(jinja_context *r, const data_table *t, jinja_string *key, size_t row, size_t more)
{
    jinja_value out = jinja_new_dict(r, VALUE_DICT);
    jinja_pair *pair = jinja_bad(r) ? NULL : jinja_pool_take(&r->pool, (t->columns + more + 1) * sizeof *pair, r->st);
    if (!pair) return (jinja_value){0};
    out.dict->pair = pair, out.dict->room = t->columns + more + 1;
    for (size_t i = 0; i < t->columns; i++) pair[i] = (jinja_pair){{.kind = VALUE_STRING, .s = &key[i]}, cell_value(r, t, row, i)};
    out.dict->count = t->columns;
    return out;
}

static jinja_value joined(jinja_context *r, const report *p, size_t row, size_t k)
{
    const data_join *j = &p->data->join[k];
    if (j->partner[row] == UINT32_MAX) return jinja_new_missing(r, j->name, strlen(j->name));
    return plain_row(r, j->table, p->other_key[k], j->partner[row], 0);
}

static jinja_value row_value(jinja_context *r, const report *p, size_t row)
{
    const data_table *t = p->data;
    jinja_value out = plain_row(r, t, p->key, row, t->joins);
    for (size_t k = 0; k < t->joins && !jinja_bad(r); k++) out.dict->pair[out.dict->count++] = (jinja_pair){{.kind = VALUE_STRING, .s = &p->key[t->columns + k]}, joined(r, p, row, k)};
    return out;
}

static size_t unit_begin(const report *p, size_t unit) { return p->o.per == REPORT_GROUP ? p->begin[unit] : p->o.per == REPORT_ROW ? unit : 0; }
static size_t unit_end(const report *p, size_t unit) { return p->o.per == REPORT_GROUP ? p->begin[unit + 1] : p->o.per == REPORT_ROW ? unit + 1 : p->data->rows; }

size_t report_row(const report *p, size_t unit) { return p->o.per == REPORT_GROUP ? p->order[p->begin[unit]] : p->o.per == REPORT_ROW ? unit : 0; }

static jinja_value list_of_rows(jinja_context *r, const report *p, size_t from, size_t to)
{
    jinja_value out = jinja_new_list(r, VALUE_LIST, to - from);
    for (size_t i = from; i < to && !jinja_bad(r); i++) jinja_push(r, out.list, row_value(r, p, p->order ? p->order[i] : i));
    return out;
}

/* ---- binding ---- */

static jinja_value special_value(jinja_context *r, const report *p, size_t unit, special s)
{
    size_t row = report_row(p, unit);
    phrase today = {0};
    switch (s) {
    case SPECIAL_ROW: return row_value(r, p, row);
    case SPECIAL_PREVIOUS: return row > 0 ? row_value(r, p, row - 1) : jinja_new_missing(r, "previous", 8);
    case SPECIAL_NEXT: return row + 1 < p->data->rows ? row_value(r, p, row + 1) : jinja_new_missing(r, "next", 4);
    case SPECIAL_INDEX: return jinja_int((int64_t)unit + 1);
    case SPECIAL_KEY: return cell_value(r, p->data, row, p->column);
    case SPECIAL_TODAY:
        calendar_date(&today, p->o.locale, p->o.today, "iso");
        return run_say_text(r, today.text, today.size);
    default: break;
    }
    if (p->o.per == REPORT_ROW) { /* all rows, made once; what a run may spend grows with them */
        r->given += 16 * p->data->rows * p->data->columns;
        return p->rows;
    }
    return list_of_rows(r, p, unit_begin(p, unit), unit_end(p, unit));
}

void run_bind(jinja_context *r, jinja_scope *s)
{
    const run_state *run = run_of(r);
    const report *p = run->report;
    const program *body = run->naming ? &p->path : &p->body;
    for (int32_t i = 0; i < body->t->names && !jinja_bad(r); i++) {
        int32_t b = body->bound[i];
        jinja_value v;
        if (b == BIND_NONE) continue;
        if (b < BIND_JOIN) v = cell_value(r, p->data, report_row(p, run->unit), (size_t)b);
        else if (b < BIND_OPTIONAL) v = joined(r, p, report_row(p, run->unit), (size_t)(b - BIND_JOIN));
        else if (b == BIND_OPTIONAL) v = jinja_new_missing(r, body->t->name[i].text, body->t->name[i].size);
        else v = special_value(r, p, run->unit, (special)(b - BIND_SPECIAL));
        jinja_scope_set(r, s, i, v);
    }
}

static bool unknown_name(const report *p, const jinja *t, const jinja_name *name, bool a_column, status *st)
{
    char word[64];
    snprintf(word, sizeof word, "%.*s", name->size > 60 ? 60 : (int)name->size, name->text);
    if (a_column)
        return status_set(st, STATUS_INPUT, "%s:%u:%u: '%s' is a column of each row; here a report is written of %s: rows[0].%s, or a loop over rows", t->where, name->line, name->column, word,
                          p->o.per == REPORT_ALL ? "all rows" : "each group", word);
    nearest n = {.word = word};
    for (size_t i = 0; i < p->data->columns; i++) nearest_try(&n, p->data->column[i].variable, strlen(p->data->column[i].variable));
    for (size_t i = 0; i < sizeof SPECIALS / sizeof *SPECIALS; i++) nearest_try(&n, SPECIALS[i], strlen(SPECIALS[i]));
    for (const jinja_extension_function *f = RUN_EXTENSION.function; f->name; f++) nearest_try(&n, f->name, strlen(f->name));
    return status_set(st, STATUS_INPUT, "%s:%u:%u: '%s' is no column of %s, and nothing sets it%s%s%s", t->where, name->line, name->column, word, p->data->path, n.best ? "; did you mean '" : "", n.best ? n.best : "",
                      n.best ? "'?" : "");
}

/* What a name means, or BIND_NONE where the program itself knows; *fault: nothing does. */
static int32_t meaning(const report *p, const jinja_name *name, bool *a_column, bool *fault)
{
    static const char *const own[] = {"loop", "caller", "varargs", "kwargs"};
    int64_t column = data_find(p->data, name->text, name->size);
    *a_column = *fault = false;
    if (column >= 0 && (p->o.per == REPORT_ROW || (p->o.per == REPORT_GROUP && (size_t)column == p->column))) return (int32_t)column;
    for (size_t k = 0; p->o.per == REPORT_ROW && k < p->data->joins; k++)
        if (strlen(p->data->join[k].name) == name->size && memcmp(p->data->join[k].name, name->text, name->size) == 0) return BIND_JOIN + (int32_t)k;
    for (int32_t k = 0; k < (int32_t)(sizeof SPECIALS / sizeof *SPECIALS); k++) {
        if (strlen(SPECIALS[k]) != name->size || memcmp(SPECIALS[k], name->text, name->size) != 0) continue;
        if (k == SPECIAL_KEY && p->o.per != REPORT_GROUP) continue;
        if ((k == SPECIAL_ROW || k == SPECIAL_PREVIOUS || k == SPECIAL_NEXT) && p->o.per != REPORT_ROW) continue;
        return BIND_SPECIAL + k;
    }
    if (p->o.per == REPORT_ROW && schema_optional(p->schema, name->text, name->size)) return BIND_OPTIONAL;
    if (name->set || name->function >= 0 || jinja_find_function(name->text, name->size) >= 0) return BIND_NONE;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strlen(own[i]) == name->size && memcmp(own[i], name->text, name->size) == 0) return BIND_NONE;
    *fault = true;
    *a_column = column >= 0;
    return BIND_NONE;
}

static bool prepare(report *p, program *g, const char *text, size_t size, const char *name, status *st)
{
    if (memchr(text, PROSE_MISSING, size)) return status_set(st, STATUS_INPUT, "%s: the byte 1, a control character, in a template", name);
    g->t = jinja_parse_extended(text, size, name, &RUN_EXTENSION, st);
    g->bound = g->t ? alloc_array((size_t)g->t->names + 1, sizeof *g->bound, st) : NULL;
    if (!g->bound) return false;
    for (int32_t i = 0; i < g->t->names; i++) {
        bool a_column, fault;
        g->bound[i] = meaning(p, &g->t->name[i], &a_column, &fault);
        if (fault) return unknown_name(p, g->t, &g->t->name[i], a_column, st);
        p->has_rows = p->has_rows || g->bound[i] == BIND_SPECIAL + SPECIAL_ROWS;
    }
    return true;
}

/* ---- groups ---- */

static bool find_groups(report *p, status *st)
{
    const data_table *t = p->data;
    int64_t column = data_find(t, p->o.group, strlen(p->o.group));
    if (column < 0) {
        nearest n = {.word = p->o.group};
        for (size_t i = 0; i < t->columns; i++) nearest_try(&n, t->column[i].name, strlen(t->column[i].name));
        return status_set(st, STATUS_USAGE, "--per: %s has no column '%.80s'%s%s%s ('row' and 'all' are no columns)", t->path, p->o.group, n.best ? "; did you mean '" : "", n.best ? n.best : "", n.best ? "'?" : "");
    }
    p->column = (size_t)column;
    name_index index = {0};
    bool ok = true, fresh;
    uint32_t *group = alloc_array(t->rows + 1, sizeof *group, st), *count = group ? alloc_zeroed(t->rows + 2, sizeof *count, st) : NULL;
    char (*digits)[DATA_KEY] = count ? alloc_array(t->rows + 1, DATA_KEY, st) : NULL;
    ok = digits && (p->order = alloc_array(t->rows + 1, sizeof *p->order, st)) && (p->begin = alloc_zeroed(t->rows + 2, sizeof *p->begin, st));
    for (size_t i = 0; ok && i < t->rows; i++) { /* in the order in which groups come first; rows without a key are in none */
        size_t size;
        const char *text = data_key(data_at(t, i, p->column), digits[i], &size);
        group[i] = UINT32_MAX;
        if (!text) continue;
        ok = name_index_add(&index, text, size, (uint32_t)p->units, &fresh, st);
        if (ok && fresh) p->units++;
        if (ok) count[group[i] = (uint32_t)name_index_find(&index, text, size)]++;
    }
    for (size_t g = 0; ok && g < p->units; g++) p->begin[g + 1] = p->begin[g] + count[g];
    for (size_t g = 0; ok && g < p->units; g++) count[g] = p->begin[g];
    for (size_t i = 0; ok && i < t->rows; i++)
        if (group[i] != UINT32_MAX) p->order[count[group[i]]++] = (uint32_t)i;
    name_index_free(&index);
    alloc_free(group);
    alloc_free(count);
    alloc_free(digits);
    return ok;
}

/* ---- opening ---- */

static jinja_string *keys_of(const data_table *t, status *st)
{
    jinja_string *key = alloc_zeroed(t->columns + t->joins + 1, sizeof *key, st);
    for (size_t i = 0; key && i < t->columns + t->joins; i++) {
        const char *name = i < t->columns ? t->column[i].name : t->join[i - t->columns].name;
        key[i] = (jinja_string){.text = name, .size = strlen(name), .chars = -1, .whole = JINJA_GIVEN};
        jinja_chars(NULL, &key[i]); /* now, since threads share them */
    }
    return key;
}

/* Counts the characters of all strings: later they are read by many threads. */
static void settle(jinja_value v, int depth)
{
    if (depth > 100) return;
    if (v.kind == VALUE_STRING || v.kind == VALUE_UNDEFINED) {
        if (v.s) jinja_chars(NULL, v.s);
    } else if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE)
        for (size_t i = 0; i < v.list->count; i++) settle(v.list->item[i], depth + 1);
    else if (v.kind == VALUE_DICT)
        for (size_t i = 0; i < v.dict->count; i++) settle(v.dict->pair[i].key, depth + 1), settle(v.dict->pair[i].value, depth + 1);
}

static bool make_rows(report *p, status *st)
{
    run_state state = {.locale = p->o.locale};
    jinja_input in = {.data = &state};
    jinja_context r = {.t = p->body.t, .in = &in, .steps = INT64_MAX / 2, .st = st};
    r.pool.limit = SIZE_MAX / 64;
    p->rows = list_of_rows(&r, p, 0, p->data->rows);
    p->pool = r.pool;
    if (status_ok(st)) settle(p->rows, 0);
    return status_ok(st);
}

report *report_open(const char *text, size_t size, const char *name, const data_table *data, const schema *s, const report_options *o, status *st)
{
    report *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return NULL;
    p->o = *o, p->data = data, p->schema = s;
    const char *unique = schema_unique(s);
    p->id = unique ? data_find(data, unique, strlen(unique)) : data_find(data, "id", 2);
    bool ok = (p->key = keys_of(data, st)) && (p->other_key = alloc_zeroed(DATA_JOINS, sizeof *p->other_key, st));
    for (size_t k = 0; ok && k < data->joins; k++) ok = (p->other_key[k] = keys_of(data->join[k].table, st)) != NULL;
    p->units = o->per == REPORT_ROW ? data->rows : o->per == REPORT_ALL ? 1 : 0;
    ok = ok && (o->per != REPORT_GROUP || find_groups(p, st));
    ok = ok && prepare(p, &p->body, text, size, name, st) && (!o->pattern || prepare(p, &p->path, o->pattern, strlen(o->pattern), "-o", st));
    ok = ok && (!p->has_rows || o->per != REPORT_ROW || make_rows(p, st));
    if (ok) return p;
    report_close(p);
    return NULL;
}

void report_close(report *p)
{
    if (!p) return;
    jinja_free(p->body.t);
    jinja_free(p->path.t);
    alloc_free(p->body.bound);
    alloc_free(p->path.bound);
    for (size_t k = 0; p->other_key && k < DATA_JOINS; k++) alloc_free(p->other_key[k]);
    alloc_free(p->other_key);
    alloc_free(p->key);
    alloc_free(p->order);
    alloc_free(p->begin);
    jinja_pool_free(&p->pool);
    alloc_free(p);
}

size_t report_count(const report *p) { return p->units; }

/* ---- running ---- */

static uint64_t seed_of(const report *p, size_t unit)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    char digits[DATA_KEY];
    size_t size = 0;
    const char *text = NULL;
    if (p->o.per == REPORT_GROUP) text = data_key(data_at(p->data, report_row(p, unit), p->column), digits, &size);
    else if (p->o.per == REPORT_ROW && p->id >= 0) text = data_key(data_at(p->data, unit, (size_t)p->id), digits, &size);
    if (!text) size = (size_t)snprintf(digits, sizeof digits, "#%zu", unit), text = digits;
    for (size_t i = 0; i < size; i++) h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return h ^ (p->o.seed * UINT64_C(0x9E3779B97F4A7C15));
}

static bool run(const report *p, const program *g, size_t unit, jinja_output *out, status *st)
{
    run_state state = {.locale = p->o.locale, .random = rng_seeded(seed_of(p, unit)), .today = {.day = p->o.today, .has_date = true}, .last = -1, .before_last = -1,
                       .report = (void *)(uintptr_t)p, .unit = unit, .naming = g == &p->path};
    jinja_input in = {.now = (time_t)(p->o.today * 86400 + 43200), .data = &state};
    if (jinja_run(g->t, &in, out, st)) return true;
    if (st->code == STATUS_FAIL && p->data->rows) {
        char what[sizeof st->msg], where[DATA_WHERE];
        memcpy(what, st->msg, sizeof what);
        data_where(p->data, report_row(p, unit), 0, where);
        if (p->o.per == REPORT_ALL) snprintf(st->msg, sizeof st->msg, "%.470s", what);
        else snprintf(st->msg, sizeof st->msg, "%.300s (%.160s)", what, where);
    }
    return false;
}

bool report_write(const report *p, size_t unit, text_out *out, size_t *left_out, status *st)
{
    jinja_output text;
    if (!run(p, &p->body, unit, &text, st)) return false;
    if (p->o.raw) prose_raw(text.text, text.size, out);
    else prose_report(text.text, text.size, left_out, out);
    jinja_output_free(&text);
    return status_ok(out->st);
}

char *report_path(const report *p, size_t unit, status *st)
{
    jinja_output text;
    if (!run(p, &p->path, unit, &text, st)) return NULL;
    char *path = NULL;
    if (memchr(text.text, PROSE_MISSING, text.size)) {
        char where[DATA_WHERE];
        data_where(p->data, report_row(p, unit), p->id >= 0 ? (size_t)p->id : 0, where);
        status_set(st, STATUS_INPUT, "%s: a value of the output's name is missing", where);
    } else path = alloc_string(text.text, text.size, st);
    jinja_output_free(&text);
    return path;
}
