#include "text/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernel/kernel.h"

#define COLDEST 1e-5 /* below it the likeliest token is taken, as by 0: logits divided by it would leave f32's range */

typedef struct {
    float logit;
    int32_t id;
} candidate;

struct sample_state {
    sample_options o;
    rng random;
    int64_t vocab;
    int32_t *recent; /* generated so far */
    int64_t recent_count, recent_room;
    int32_t *times;  /* [vocab] how often a token is among the recent ones */
    candidate *left; /* [vocab] */
    float *scratch;  /* [vocab] */
};

sample_options sample_options_plain(void) { return (sample_options){.temperature = 1, .top_p = 1, .repeat_penalty = 1}; }

bool sample_options_check(const sample_options *o, status *st)
{
    const struct {
        const char *name;
        double value, min, max;
    } ranges[] = {
        {"temperature", o->temperature, 0, 100},        {"top-k", (double)o->top_k, 0, 1e9},
        {"top-p", o->top_p, 0, 1},                      {"min-p", o->min_p, 0, 1},
        {"repeat-penalty", o->repeat_penalty, 0.01, 100}, {"presence-penalty", o->presence_penalty, -100, 100},
        {"frequency-penalty", o->frequency_penalty, -100, 100}, {"penalty-window", (double)o->penalty_window, 0, 1e9},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (!(ranges[i].value >= ranges[i].min && ranges[i].value <= ranges[i].max))
            return status_set(st, STATUS_USAGE, "%s is %g, %g to %g wanted", ranges[i].name, ranges[i].value, ranges[i].min, ranges[i].max);
    return true;
}

sample_state *sample_new(const sample_options *o, uint64_t seed, int64_t vocab, status *st)
{
    if (!sample_options_check(o, st)) return NULL;
    sample_state *s = alloc_zeroed(1, sizeof *s, st);
    if (!s) return NULL;
    s->o = *o;
    s->random = rng_seeded(seed);
    s->vocab = vocab;
    s->times = alloc_zeroed((size_t)vocab, sizeof *s->times, st);
    s->left = alloc_array((size_t)vocab, sizeof *s->left, st);
    s->scratch = alloc_array((size_t)vocab, sizeof *s->scratch, st);
    if (s->times && s->left && s->scratch) return s;
    sample_free(s);
    return NULL;
}

void sample_free(sample_state *s)
{
    if (!s) return;
    alloc_free(s->recent);
    alloc_free(s->times);
    alloc_free(s->left);
    alloc_free(s->scratch);
    alloc_free(s);
}

/* ---- penalties ---- */

static int64_t window_start(const sample_state *s)
{
    return s->o.penalty_window && s->recent_count > s->o.penalty_window ? s->recent_count - s->o.penalty_window : 0;
}

static void penalise(sample_state *s, float *logits)
{
    if (s->o.repeat_penalty == 1 && s->o.presence_penalty == 0 && s->o.frequency_penalty == 0) return;
    for (int64_t i = window_start(s); i < s->recent_count; i++) {
        int32_t id = s->recent[i];
        if (s->times[id] < 0) continue; /* done already: its count is kept negated until the end of the loop */
        float repeat = (float)s->o.repeat_penalty;
        logits[id] = logits[id] > 0 ? logits[id] / repeat : logits[id] * repeat;
        logits[id] -= (float)(s->o.presence_penalty + s->o.frequency_penalty * s->times[id]);
        s->times[id] = -s->times[id];
    }
    for (int64_t i = window_start(s); i < s->recent_count; i++)
        if (s->times[s->recent[i]] < 0) s->times[s->recent[i]] = -s->times[s->recent[i]];
}

static bool remember(sample_state *s, int32_t id, status *st)
{
    if (s->recent_count == s->recent_room) {
        int64_t room = s->recent_room ? 2 * s->recent_room : 256;
        int32_t *more = alloc_resize(s->recent, (size_t)room, sizeof *more, st);
        if (!more) return false;
        s->recent = more;
        s->recent_room = room;
    }
    int64_t before = window_start(s);
    s->recent[s->recent_count++] = id;
    s->times[id]++;
    for (int64_t i = before; i < window_start(s); i++) s->times[s->recent[i]]--;
    return true;
}

/* ---- filters ---- */

/* Likelier first; among equals the smaller id. */
static bool before(candidate a, candidate b) { return a.logit > b.logit || (a.logit == b.logit && a.id < b.id); }

static int compare(const void *a, const void *b)
{
    candidate x = *(const candidate *)a, y = *(const candidate *)b;
    return before(x, y) ? -1 : before(y, x) ? 1 : 0;
}

static void sift_down(candidate *heap, int64_t n, int64_t i)
{
    for (int64_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(heap[child], heap[child + 1])) child++;
        if (!before(heap[i], heap[child])) return;
        candidate swap = heap[i];
        heap[i] = heap[child];
        heap[child] = swap;
    }
}

/* The k likeliest, sorted, into s->left: a heap with the least likely of them on top. */
static int64_t keep_likeliest(sample_state *s, const float *logits, int64_t k)
{
    int64_t n = 0;
    for (int64_t id = 0; id < s->vocab; id++) {
        candidate c = {logits[id], (int32_t)id};
        if (n < k) {
            s->left[n++] = c;
            if (n == k) for (int64_t i = k / 2; i-- > 0;) sift_down(s->left, k, i);
        } else if (c.logit > s->left[0].logit) {
            s->left[0] = c;
            sift_down(s->left, k, 0);
        }
    }
    qsort(s->left, (size_t)n, sizeof *s->left, compare);
    return n;
}

static int64_t keep_above(sample_state *s, const float *logits, float bar)
{
    int64_t n = 0;
    for (int64_t id = 0; id < s->vocab; id++)
        if (logits[id] >= bar && logits[id] > -INFINITY) s->left[n++] = (candidate){logits[id], (int32_t)id}; /* what a constraint ruled out is none */
    return n;
}

/* How many of the n sorted candidates reach `share` of `total` together, or −1 when all of them do not. */
static int64_t reach(const sample_state *s, int64_t n, float top, double share, double total)
{
    double mass = 0;
    for (int64_t i = 0; i < n; i++) {
        mass += exp((double)(s->left[i].logit - top));
        if (mass >= share * total) return i + 1;
    }
    return -1;
}

/* Without a top-k the nucleus is searched among ever more tokens below the likeliest, so that few are sorted. */
static int64_t keep_nucleus(sample_state *s, const float *logits, float top)
{
    kernel_get()->exp_sub(s->scratch, logits, top, s->vocab);
    double total = (double)kernel_get()->sum(s->scratch, s->vocab);
    for (float depth = 6;; depth *= 2) {
        int64_t n = keep_above(s, logits, top - depth);
        qsort(s->left, (size_t)n, sizeof *s->left, compare);
        int64_t kept = reach(s, n, top, s->o.top_p, total);
        if (kept > 0) return kept;
        if (depth > 1000) return n;
    }
}

/* What the filters leave, in s->left. */
static int64_t filter(sample_state *s, const float *logits, float top)
{
    int64_t n;
    if (s->o.top_k > 0 && s->o.top_k < s->vocab) {
        n = keep_likeliest(s, logits, s->o.top_k);
        double total = 0;
        for (int64_t i = 0; i < n; i++) total += exp((double)(s->left[i].logit - top));
        int64_t kept = s->o.top_p < 1 ? reach(s, n, top, s->o.top_p, total) : n;
        if (kept > 0) n = kept;
    } else if (s->o.top_p < 1) n = keep_nucleus(s, logits, top);
    else n = keep_above(s, logits, s->o.min_p > 0 ? top + (float)log(s->o.min_p) : -INFINITY);
    if (s->o.min_p > 0) {
        float bar = top + (float)log(s->o.min_p);
        int64_t kept = 0;
        for (int64_t i = 0; i < n; i++)
            if (s->left[i].logit >= bar) s->left[kept++] = s->left[i];
        n = kept;
    }
    return n;
}

static int32_t draw(sample_state *s, int64_t n, float top)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += exp((double)(s->left[i].logit - top));
    double mark = rng_uniform(&s->random) * total;
    for (int64_t i = 0; i < n; i++) {
        mark -= exp((double)(s->left[i].logit - top));
        if (mark < 0) return s->left[i].id;
    }
    return s->left[0].id; /* rounding ate the last one's share */
}

/* The largest logit, and where it is first: a stretch that has it is searched only after all have been looked at. */
static float likeliest(const float *logits, int64_t n, int32_t *id)
{
    enum { STRETCH = 1024 };
    int64_t in = 0;
    float top = -INFINITY;
    for (int64_t i = 0; i < n; i += STRETCH) {
        float most = kernel_get()->max(logits + i, n - i < STRETCH ? n - i : STRETCH);
        if (most > top) top = most, in = i;
    }
    while (in < n && logits[in] != top) in++;
    *id = (int32_t)in;
    return top;
}

int32_t sample_pick(sample_state *s, float *logits, status *st)
{
    int32_t id;
    penalise(s, logits);
    float top = likeliest(logits, s->vocab, &id); /* none that is no number */
    if (!isfinite(top)) {
        status_set(st, STATUS_INPUT, "the model gave no finite logits; its weights may be damaged");
        return -1;
    }
    if (s->o.temperature >= COLDEST) {
        for (int64_t i = 0; i < s->vocab; i++) logits[i] = logits[i] == logits[i] ? logits[i] : -INFINITY;
        kernel_get()->scale(logits, logits, (float)(1 / s->o.temperature), s->vocab);
        top = kernel_get()->max(logits, s->vocab);
        id = draw(s, filter(s, logits, top), top);
    }
    return remember(s, id, st) ? id : -1;
}

bool sample_take(sample_state *s, int32_t id, status *st) { return remember(s, id, st); }

double sample_logprob(const float *logits, int64_t n, int32_t token, float *scratch)
{
    float top = kernel_get()->max(logits, n);
    kernel_get()->exp_sub(scratch, logits, top, n);
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += (double)scratch[i];
    return (double)(logits[token] - top) - log(total);
}
