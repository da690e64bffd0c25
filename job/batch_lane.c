#include "job/batch_lane.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "core/interrupt.h"
#include "core/alloc.h"
#include "core/log.h"

static const size_t STACK = (size_t)8 << 20; /* what a main thread has */

typedef struct {
    batch_item *first, *last;
} queue;

struct batch_lane {
    batch_lanes *all;
    pool *threads;
    pthread_t thread;
    pthread_cond_t given;
    queue waiting;     /* under all->lock: given, not taken yet */
    /* the batch's own */
    size_t at_hand;
    int share;         /* threads it may use now */
    double worked;
};

struct batch_lanes {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    queue back;        /* under lock: ended, not fetched yet */
    bool closed;       /* under lock */
    atomic_bool stopped;
    batch_models *models;
    int64_t parallel;
    int threads, count, running;
    double clock;      /* log_seconds, up to which the lanes' work is counted */
    batch_lane lane[BATCH_LANES];
};

static void push(queue *q, batch_item *item)
{
    item->next = NULL;
    *(q->last ? &q->last->next : &q->first) = item;
    q->last = item;
}

static batch_item *pop(queue *q)
{
    batch_item *item = q->first;
    if (!item) return NULL;
    q->first = item->next;
    if (!q->first) q->last = NULL;
    return item;
}

/* ---- in the lane's thread ---- */

static void give_back(batch_lane *lane, batch_item *item)
{
    item->ended = log_seconds();
    pthread_mutex_lock(&lane->all->lock);
    push(&lane->all->back, item);
    pthread_cond_signal(&lane->all->ended);
    pthread_mutex_unlock(&lane->all->lock);
}

/* Takes the next item if it is wanted. */
static batch_item *take_if(batch_lane *lane, job_kind kind, const char *model)
{
    pthread_mutex_lock(&lane->all->lock);
    batch_item *item = lane->waiting.first;
    bool wanted = item && item->job.kind == kind && (!model || strcmp(batch_item_model(item), model) == 0);
    if (wanted) pop(&lane->waiting);
    pthread_mutex_unlock(&lane->all->lock);
    return wanted ? item : NULL;
}

batch_item *batch_lane_take(batch_lane *lane, job_kind kind, const char *model)
{
    for (batch_item *item; (item = take_if(lane, kind, model));) {
        item->begun = log_seconds();
        if (!atomic_load(&lane->all->stopped) && interrupt_check(&item->result)) return item;
        status_set(&item->result, STATUS_INTERRUPTED, "stopped");
        give_back(lane, item);
    }
    return NULL;
}

void batch_lane_end(batch_lane *lane, batch_item *item, const char *text, const status *result)
{
    item->result = *result;
    if (text && status_ok(&item->result)) {
        size_t n = strlen(text) + 1;
        char *copy = arena_alloc(item->mem, n, &item->result);
        if (copy) memcpy(copy, text, n);
        item->text = copy;
    }
    give_back(lane, item);
}

pool *batch_lane_threads(const batch_lane *lane) { return lane->threads; }

int64_t batch_lane_parallel(const batch_lane *lane) { return lane->all->parallel; }

/* Waits for an item and gives its kind; JOB_KINDS when no more will come. */
static job_kind wait_for_item(batch_lane *lane)
{
    pthread_mutex_lock(&lane->all->lock);
    while (!lane->waiting.first && !lane->all->closed) pthread_cond_wait(&lane->given, &lane->all->lock);
    job_kind kind = lane->waiting.first ? lane->waiting.first->job.kind : JOB_KINDS;
    pthread_mutex_unlock(&lane->all->lock);
    return kind;
}

static void run(batch_lane *lane, job_kind kind)
{
    batch_models *m = lane->all->models;
    switch (kind) {
    case JOB_TEXT: batch_text_run(lane, &m->text); break;
    case JOB_EMBED: batch_embed_run(lane, &m->embed); break;
    case JOB_IMAGE: batch_image_run(lane, &m->image); break;
    case JOB_SPEAK: batch_speak_run(lane, &m->speak); break;
    case JOB_VOCODE: batch_vocode_run(lane, &m->vocode); break;
    case JOB_KINDS: break;
    }
}

static void *lane_main(void *arg)
{
    for (job_kind kind; (kind = wait_for_item(arg)) != JOB_KINDS;) run(arg, kind);
    return NULL;
}

/* ---- in the batch's thread ---- */

/* Signals stay the main thread's. */
static bool start_threads(batch_lanes *l, status *st)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGBUS); /* a thread's own fault: blocked, it would kill without a word */
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (l->running < l->count && pthread_create(&l->lane[l->running].thread, &attributes, lane_main, &l->lane[l->running]) == 0) l->running++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return l->running == l->count || status_set(st, STATUS_NOMEM, "no thread can be started for the jobs");
}

batch_lanes *batch_lanes_start(batch_models *models, int threads, int64_t parallel, status *st)
{
    batch_lanes *l = alloc_zeroed(1, sizeof *l, st);
    if (!l) return NULL;
    l->models = models;
    l->parallel = parallel;
    l->threads = pool_count(threads);
    l->count = l->threads > 1 ? BATCH_LANES : 1;
    l->clock = log_seconds();
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->ended, NULL);
    for (int i = 0; i < l->count; i++) {
        if (!models->threads[i]) models->threads[i] = pool_new(l->threads, st);
        l->lane[i].all = l;
        l->lane[i].threads = models->threads[i];
        pthread_cond_init(&l->lane[i].given, NULL);
    }
    if (status_ok(st) && start_threads(l, st)) return l;
    batch_lanes_free(l);
    return NULL;
}

void batch_lanes_free(batch_lanes *l)
{
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    l->closed = true;
    for (int i = 0; i < l->count; i++) pthread_cond_signal(&l->lane[i].given);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->running; i++) pthread_join(l->lane[i].thread, NULL);
    for (int i = 0; i < l->count; i++) pthread_cond_destroy(&l->lane[i].given);
    pthread_cond_destroy(&l->ended);
    pthread_mutex_destroy(&l->lock);
    alloc_free(l);
}

int batch_lanes_count(const batch_lanes *l) { return l->count; }

int batch_lanes_of(const batch_lanes *l, job_kind kind) { return kind == JOB_TEXT || kind == JOB_EMBED ? 0 : l->count - 1; }

size_t batch_lanes_at_hand(const batch_lanes *l, int lane) { return l->lane[lane].at_hand; }

double batch_lanes_worked(const batch_lanes *l, int lane) { return l->lane[lane].worked; }

/* Counts the work since the last time, by the shares that held until now. */
static void count_work(batch_lanes *l)
{
    double now = log_seconds();
    for (int i = 0; i < l->count; i++)
        if (l->lane[i].at_hand) l->lane[i].worked += (now - l->clock) * l->lane[i].share / l->threads;
    l->clock = now;
}

/* All threads to the only lane with work, half of them each when both have some. */
static void share_out(batch_lanes *l)
{
    int busy = 0;
    for (int i = 0; i < l->count; i++) busy += l->lane[i].at_hand > 0;
    for (int i = 0; i < l->count; i++) {
        int share = busy < 2 ? l->threads : i == 0 ? l->threads / 2 : l->threads - l->threads / 2;
        if (share != l->lane[i].share) pool_limit(l->lane[i].threads, share);
        l->lane[i].share = share;
    }
}

void batch_lanes_give(batch_lanes *l, batch_item *item)
{
    batch_lane *lane = &l->lane[batch_lanes_of(l, item->job.kind)];
    count_work(l);
    lane->at_hand++;
    share_out(l);
    pthread_mutex_lock(&l->lock);
    push(&lane->waiting, item);
    pthread_cond_signal(&lane->given);
    pthread_mutex_unlock(&l->lock);
}

batch_item *batch_lanes_wait(batch_lanes *l)
{
    size_t at_hand = 0;
    for (int i = 0; i < l->count; i++) at_hand += l->lane[i].at_hand;
    if (!at_hand) return NULL;
    share_out(l); /* a lane may have run out of work */
    pthread_mutex_lock(&l->lock);
    while (!l->back.first) pthread_cond_wait(&l->ended, &l->lock);
    batch_item *item = pop(&l->back);
    pthread_mutex_unlock(&l->lock);
    count_work(l);
    l->lane[batch_lanes_of(l, item->job.kind)].at_hand--;
    return item;
}

void batch_lanes_stop(batch_lanes *l) { atomic_store(&l->stopped, true); }

void batch_models_free(batch_models *m)
{
    batch_text_free(m->text);
    batch_embed_free(m->embed);
    batch_image_free(m->image);
    batch_speak_free(m->speak);
    batch_vocode_free(m->vocode);
    for (int i = 0; i < BATCH_LANES; i++) pool_free(m->threads[i]);
    *m = (batch_models){0};
}
