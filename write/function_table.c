/* Rows: groups of them, and a league's table from its results. */
#include <string.h>

#include "core/alloc.h"
#include "core/name_index.h"
#include "write/run.h"

/* A member of a row, which must be a dict. */
static jinja_value member(jinja_context *r, const jinja_node *at, const char *what, jinja_value row, const char *name)
{
    if (row.kind != VALUE_DICT) return jinja_fail(r, at, "%s: '%s' found among the rows, a row wanted", what, jinja_type(row));
    const jinja_value *v = jinja_dict_get_text(r, row.dict, name, strlen(name));
    return v ? *v : jinja_fail(r, at, "%s: the rows have no column '%.60s'", what, name);
}

/* The rows as pairs (value, its rows), in the order in which values come first; rows that miss it are left out. */
RUN_FUNCTION(grouped)
{
    static const char *const names[] = {"rows", "by", NULL};
    jinja_value given[2], out = jinja_new_list(r, VALUE_LIST, 0);
    char by[32];
    if (!jinja_bind(r, at, "grouped", a, names, 2, given) || !run_option(r, at, "grouped", given[1], by)) return (jinja_value){0};
    const jinja_list *rows = jinja_members(r, at, given[0]);
    name_index index = {0};
    for (size_t i = 0; rows && i < rows->count && !jinja_bad(r) && jinja_spend(r, 4); i++) {
        jinja_value key = member(r, at, "grouped", rows->item[i], by);
        if (jinja_bad(r) || jinja_missing(key)) continue;
        jinja_value text = jinja_to_string(r, at, key);
        if (jinja_bad(r)) break;
        bool fresh;
        if (!name_index_add(&index, text.s->text, text.s->size, (uint32_t)out.list->count, &fresh, r->st)) break;
        if (fresh) jinja_push(r, out.list, jinja_pair_tuple(r, key, jinja_new_list(r, VALUE_LIST, 0)));
        int64_t place = name_index_find(&index, text.s->text, text.s->size);
        if (!jinja_bad(r)) jinja_push(r, out.list->item[place].list->item[1].list, rows->item[i]);
    }
    name_index_free(&index);
    return jinja_bad(r) ? (jinja_value){0} : out;
}

/* ---- a league ---- */

typedef struct {
    jinja_value name;
    int64_t played, won, drawn, lost, scored, conceded, points;
} team;

typedef struct {
    jinja_context *r;
    const jinja_node *at;
    team *team; /* counted by alloc, freed at the end */
    size_t count, room;
    name_index index;
} standings;

static team *find(standings *t, jinja_value name)
{
    bool fresh;
    if (name.kind != VALUE_STRING) return jinja_fail(t->r, t->at, "league: '%s' found, the name of a team wanted", jinja_type(name)), NULL;
    if (!name_index_add(&t->index, name.s->text, name.s->size, (uint32_t)t->count, &fresh, t->r->st)) return NULL;
    if (!fresh) return &t->team[name_index_find(&t->index, name.s->text, name.s->size)];
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 32;
        team *more = alloc_resize(t->team, room, sizeof *more, t->r->st);
        if (!more) return NULL;
        t->team = more, t->room = room;
    }
    t->team[t->count] = (team){.name = name};
    return &t->team[t->count++];
}

static bool add(standings *t, jinja_value name, int64_t scored, int64_t conceded, int win, int draw)
{
    team *x = find(t, name);
    if (!x) return false;
    x->played++;
    x->scored += scored, x->conceded += conceded;
    x->won += scored > conceded, x->drawn += scored == conceded, x->lost += scored < conceded;
    x->points += scored > conceded ? win : scored == conceded ? draw : 0;
    return true;
}

/* Below 0: x stands before y. By points, goal difference, goals; 0 where all are equal. */
static int64_t standing(const team *x, const team *y)
{
    if (x->points != y->points) return y->points - x->points;
    if (x->scored - x->conceded != y->scored - y->conceded) return (y->scored - y->conceded) - (x->scored - x->conceded);
    return y->scored - x->scored;
}

static bool before(const team *x, const team *y)
{
    int64_t order = standing(x, y);
    if (order) return order < 0;
    size_t n = x->name.s->size < y->name.s->size ? x->name.s->size : y->name.s->size;
    int names = memcmp(x->name.s->text, y->name.s->text, n);
    return names ? names < 0 : x->name.s->size < y->name.s->size;
}

static bool sort(standings *t) /* a league is small: by insertion */
{
    for (size_t i = 1; i < t->count; i++) {
        team x = t->team[i];
        size_t k = i;
        for (; k > 0 && before(&x, &t->team[k - 1]); k--) t->team[k] = t->team[k - 1];
        t->team[k] = x;
        if (!jinja_spend(t->r, 1 + (i - k) / 4)) return false;
    }
    return true;
}

static jinja_value line_of(jinja_context *r, const team *t, int64_t place)
{
    jinja_value d = jinja_new_dict(r, VALUE_DICT);
    const struct {
        const char *name;
        int64_t value;
    } members[] = {{"place", place}, {"played", t->played}, {"won", t->won}, {"drawn", t->drawn}, {"lost", t->lost}, {"scored", t->scored}, {"conceded", t->conceded},
                   {"difference", t->scored - t->conceded}, {"points", t->points}};
    if (jinja_bad(r)) return d;
    jinja_dict_set(r, d.dict, jinja_literal(r, "team"), t->name);
    for (size_t i = 0; i < sizeof members / sizeof *members && !jinja_bad(r); i++) jinja_dict_set(r, d.dict, jinja_literal(r, members[i].name), jinja_int(members[i].value));
    return d;
}

/* league(rows, home='home', away='away', home_goals='home_goals', away_goals='away_goals', win=3, draw=1): the standings, first
 * place first; equal in points, difference and goals share a place. A match without both results has not been played. */
RUN_FUNCTION(league)
{
    static const char *const names[] = {"rows", "home", "away", "home_goals", "away_goals", "win", "draw", NULL};
    jinja_value given[7], out = jinja_new_list(r, VALUE_LIST, 0);
    char column[4][32];
    int win, draw;
    standings t = {.r = r, .at = at};
    if (!jinja_bind(r, at, "league", a, names, 1, given) || !run_small(r, at, "league", given[5], 0, 100, 3, &win) || !run_small(r, at, "league", given[6], 0, 100, 1, &draw)) return (jinja_value){0};
    for (int i = 0; i < 4; i++) {
        if (!run_option(r, at, "league", given[1 + i], column[i])) return (jinja_value){0};
        if (!*column[i]) memcpy(column[i], names[1 + i], strlen(names[1 + i]) + 1);
    }
    const jinja_list *rows = jinja_members(r, at, given[0]);
    for (size_t i = 0; rows && i < rows->count && !jinja_bad(r) && jinja_spend(r, 4); i++) {
        jinja_value v[4];
        int64_t goals[2];
        bool played = true;
        for (int k = 0; k < 4 && !jinja_bad(r); k++) v[k] = member(r, at, "league", rows->item[i], column[k]), played = played && !jinja_missing(v[k]);
        if (jinja_bad(r) || !played) continue;
        if (!run_whole(r, at, "league", v[2], &goals[0]) || !run_whole(r, at, "league", v[3], &goals[1])) break;
        if (!add(&t, v[0], goals[0], goals[1], win, draw) || !add(&t, v[1], goals[1], goals[0], win, draw)) break;
    }
    int64_t place = 0;
    if (!jinja_bad(r) && sort(&t))
        for (size_t i = 0; i < t.count && !jinja_bad(r); i++) {
            if (!i || standing(&t.team[i - 1], &t.team[i])) place = (int64_t)i + 1;
            jinja_push(r, out.list, line_of(r, &t.team[i], place));
        }
    name_index_free(&t.index);
    alloc_free(t.team);
    return jinja_bad(r) ? (jinja_value){0} : out;
}
