/* draft: the lookup, and what it was worth so far. */
#include "text/draft.h"

/* What a row adds to a pass, in passes of one row: as measured from 2 to 16 rows (docs/speed.md). */
#define ROW_COST 0.16

/* A record begins as if so many drafted tokens had been seen, with these shares right (by the matches' classes; measured on
 * summaries, lists, stories and answers). */
#define FIRST_TRIED 8.0
static const double first_right[DRAFT_CLASSES] = {0.2, 0.4, 0.7};
#define KEPT 0.95 /* of a record when a token is added */

/* How many tokens before a and before b are alike, at most DRAFT_MATCH_MOST. b is the later place. */
static int64_t alike(const int32_t *id, int64_t a, int64_t b)
{
    int64_t n = 0;
    while (n < DRAFT_MATCH_MOST && n < a && id[a - 1 - n] == id[b - 1 - n]) n++;
    return n;
}

draft draft_find(const int32_t *id, int64_t count)
{
    draft d = {0};
    int64_t from = 0;
    int32_t last = count ? id[count - 1] : 0;
    for (int64_t i = count - 1; i > 0 && d.match < DRAFT_MATCH_MOST; i--) {
        if (id[i - 1] != last) continue;
        int64_t n = alike(id, i, count);
        if (n > d.match) d.match = n, from = i;
    }
    if (d.match < DRAFT_MATCH_LEAST) return (draft){0};
    for (; d.count < DRAFT_MOST; d.count++) {
        int64_t at = from + d.count;
        d.token[d.count] = at < count ? id[at] : d.token[at - count];
    }
    return d;
}

static int class_of(const draft *d)
{
    int64_t c = d->match - DRAFT_MATCH_LEAST;
    return c < DRAFT_CLASSES ? (int)c : DRAFT_CLASSES - 1;
}

static double share_right(const draft_record *r, int c)
{
    if (r->tried[c] == 0) return first_right[c];
    return r->right[c] / r->tried[c];
}

draft_pass draft_pass_of(int64_t rows) { return (draft_pass){rows, 1 + ROW_COST * (double)(rows - 1), (double)rows}; }

int64_t draft_take(draft_pass *p, const draft_record *r, const draft *d, int64_t most)
{
    if (!d->count) return 0;
    double share = share_right(r, class_of(d)), chance = share;
    int64_t n = 0;
    for (; n < most && n < d->count && chance * p->cost > p->tokens * ROW_COST; n++) {
        p->rows++;
        p->cost += ROW_COST;
        p->tokens += chance;
        chance *= share;
    }
    return n;
}

void draft_learn(draft_record *r, const draft *d, const int32_t *came, int64_t count)
{
    if (!d->count) return;
    int c = class_of(d);
    if (r->tried[c] == 0) r->right[c] = FIRST_TRIED * first_right[c], r->tried[c] = FIRST_TRIED;
    bool right = true;
    for (int64_t i = 0; right && i < count && i < d->count; i++) {
        right = d->token[i] == came[i];
        r->right[c] = KEPT * r->right[c] + right;
        r->tried[c] = KEPT * r->tried[c] + 1;
    }
}
