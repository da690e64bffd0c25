#include "job/job_graph.h"

#include "core/alloc.h"

struct job_graph {
    uint32_t *pending; /* [jobs] */
    size_t *first;     /* [jobs + 1]: where job i's part of `waiting` begins; empty without any needs */
    uint32_t *waiting; /* [needs] */
};

/* Calls see(g, job, need) for every need. */
static bool walk(const job_file *f, job_graph *g, void (*see)(job_graph *g, size_t job, size_t need), status *st)
{
    arena *mem = arena_new(st);
    for (size_t i = 0; mem && i < job_file_count(f); i++) {
        job j;
        if (!job_file_has_needs(f, i)) continue;
        size_t mark = arena_mark(mem);
        if (!job_file_get(f, i, mem, &j, st)) break;
        for (size_t k = 0; k < j.need_count; k++) see(g, i, j.need[k]);
        arena_reset(mem, mark);
    }
    arena_free(mem);
    return status_ok(st);
}

static void count(job_graph *g, size_t i, size_t need)
{
    g->pending[i]++;
    g->first[need + 1]++;
}

/* first[need] moves on as its places fill, to where first[need + 1] stood. */
static void place(job_graph *g, size_t i, size_t need) { g->waiting[g->first[need]++] = (uint32_t)i; }

job_graph *job_graph_new(const job_file *f, status *st)
{
    size_t jobs = job_file_count(f);
    job_graph *g = alloc_zeroed(1, sizeof *g, st);
    if (!g) return NULL;
    g->pending = alloc_zeroed(jobs + 1, sizeof *g->pending, st);
    g->first = alloc_zeroed(jobs + 2, sizeof *g->first, st);
    if (g->pending && g->first && walk(f, g, count, st)) {
        for (size_t i = 0; i < jobs; i++) g->first[i + 1] += g->first[i];
        g->waiting = alloc_array(g->first[jobs] + 1, sizeof *g->waiting, st);
        if (g->waiting && walk(f, g, place, st)) {
            for (size_t i = jobs; i > 0; i--) g->first[i] = g->first[i - 1];
            g->first[0] = 0;
            return g;
        }
    }
    job_graph_free(g);
    return NULL;
}

void job_graph_free(job_graph *g)
{
    if (!g) return;
    alloc_free(g->pending);
    alloc_free(g->first);
    alloc_free(g->waiting);
    alloc_free(g);
}

uint32_t job_graph_pending(const job_graph *g, size_t i) { return g->pending[i]; }

const uint32_t *job_graph_waiting(const job_graph *g, size_t i, size_t *n)
{
    *n = g->first[i + 1] - g->first[i];
    return g->waiting + g->first[i];
}

void job_graph_done(job_graph *g, size_t i)
{
    size_t n;
    const uint32_t *w = job_graph_waiting(g, i, &n);
    for (size_t k = 0; k < n; k++) g->pending[w[k]]--;
}
