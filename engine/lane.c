#include "engine/lane.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/log.h"

static const size_t STACK = (size_t)8 << 20; /* what a main thread has */

typedef struct {
    request *first, *last;
} queue;

struct lane {
    lanes *all;
    pool *threads;
    pthread_t thread;
    pthread_cond_t given;
    /* under all->lock */
    queue waiting;     /* given, not taken yet */
    size_t at_hand;    /* given, not ended or fetched yet */
    int share;         /* threads it may use now */
    double worked;
};

struct lanes {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    queue back;        /* under lock, as what follows: ended, not fetched yet */
    bool closed;
    double clock;      /* log_seconds, up to which the lanes' work is counted */
    atomic_bool stopped;
    lane_models *models;
    int64_t parallel;
    log_sink log;      /* of who started them */
    int threads, count, running;
    lane lane[LANE_COUNT];
};

static void push(queue *q, request *r)
{
    r->next = NULL;
    *(q->last ? &q->last->next : &q->first) = r;
    q->last = r;
}

static request *pop(queue *q)
{
    request *r = q->first;
    if (!r) return NULL;
    q->first = r->next;
    if (!q->first) q->last = NULL;
    return r;
}

/* ---- shares: all under the lock ---- */

/* Counts the work since the last time, by the shares that held until now. */
static void count_work(lanes *all)
{
    double now = log_seconds();
    for (int i = 0; i < all->count; i++)
        if (all->lane[i].at_hand) all->lane[i].worked += (now - all->clock) * all->lane[i].share / all->threads;
    all->clock = now;
}

/* All threads to the only lane with work, half of them each when both have some. */
static void share_out(lanes *all)
{
    int busy = 0;
    for (int i = 0; i < all->count; i++) busy += all->lane[i].at_hand > 0;
    for (int i = 0; i < all->count; i++) {
        int share = busy < 2 ? all->threads : i == 0 ? all->threads / 2 : all->threads - all->threads / 2;
        if (share != all->lane[i].share) pool_limit(all->lane[i].threads, share);
        all->lane[i].share = share;
    }
}

/* ---- in the lane's thread ---- */

/* Back to those who fetch it, or told of: then it is theirs at once, and its lane has one less. */
static void give_back(lane *l, request *q)
{
    q->ended = log_seconds();
    pthread_mutex_lock(&l->all->lock);
    if (!q->on_end) {
        push(&l->all->back, q);
        pthread_cond_signal(&l->all->ended);
    } else {
        count_work(l->all);
        l->at_hand--;
        share_out(l->all);
    }
    pthread_mutex_unlock(&l->all->lock);
    if (q->on_end) q->on_end(q);
}

/* Takes the next request if it is wanted. */
static request *take_if(lane *l, request_kind kind, const char *model)
{
    pthread_mutex_lock(&l->all->lock);
    request *q = l->waiting.first;
    bool wanted = q && q->kind == kind && (!model || strcmp(q->model, model) == 0);
    if (wanted) pop(&l->waiting);
    pthread_mutex_unlock(&l->all->lock);
    return wanted ? q : NULL;
}

request *lane_take(lane *l, request_kind kind, const char *model)
{
    for (request *q; (q = take_if(l, kind, model));) {
        q->begun = log_seconds();
        if (!atomic_load(&l->all->stopped) && request_goes_on(q, &q->result)) return q;
        status_set(&q->result, STATUS_INTERRUPTED, "stopped");
        give_back(l, q);
    }
    return NULL;
}

void lane_end(lane *l, request *q, const status *result)
{
    if (status_ok(&q->result)) q->result = *result; /* an error of who listens stays */
    give_back(l, q);
}

void lane_each(lane *l, request_kind kind, void **state, size_t size, void (*one)(lane *l, void *state, request *q, status *st))
{
    for (request *q; (q = lane_take(l, kind, NULL));) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, size, &st);
        if (*state) one(l, *state, q, &st);
        lane_end(l, q, &st);
    }
}

pool *lane_threads(const lane *l) { return l->threads; }

int64_t lane_parallel(const lane *l) { return l->all->parallel; }

/* Waits for a request and gives its kind; KIND_COUNT when no more will come. */
static request_kind wait_for_one(lane *l)
{
    pthread_mutex_lock(&l->all->lock);
    while (!l->waiting.first && !l->all->closed) pthread_cond_wait(&l->given, &l->all->lock);
    request_kind kind = l->waiting.first ? l->waiting.first->kind : KIND_COUNT;
    pthread_mutex_unlock(&l->all->lock);
    return kind;
}

static void *lane_main(void *arg)
{
    lane *l = arg;
    log_set_sink(l->all->log);
    for (request_kind kind; (kind = wait_for_one(l)) != KIND_COUNT;) kind_of(kind)->run(l, &l->all->models->state[kind]);
    return NULL;
}

/* ---- for who asks ---- */

/* Signals stay the main thread's. */
static bool start_threads(lanes *all, status *st)
{
    pthread_attr_t attributes;
    sigset_t every, before;
    sigfillset(&every);
    sigdelset(&every, SIGBUS); /* a thread's own fault: blocked, it would kill without a word */
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    while (all->running < all->count && pthread_create(&all->lane[all->running].thread, &attributes, lane_main, &all->lane[all->running]) == 0) all->running++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return all->running == all->count || status_set(st, STATUS_NOMEM, "no thread can be started for the requests");
}

lanes *lanes_start(lane_models *models, int threads, int64_t parallel, status *st)
{
    lanes *all = alloc_zeroed(1, sizeof *all, st);
    if (!all) return NULL;
    all->models = models;
    all->parallel = parallel;
    all->threads = pool_count(threads);
    all->count = all->threads > 1 ? LANE_COUNT : 1;
    all->clock = log_seconds();
    all->log = log_get_sink();
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->ended, NULL);
    for (int i = 0; i < all->count; i++) {
        if (!models->threads[i]) models->threads[i] = pool_new(all->threads, st);
        all->lane[i].all = all;
        all->lane[i].threads = models->threads[i];
        pthread_cond_init(&all->lane[i].given, NULL);
    }
    if (status_ok(st) && start_threads(all, st)) return all;
    lanes_free(all);
    return NULL;
}

void lanes_free(lanes *all)
{
    if (!all) return;
    pthread_mutex_lock(&all->lock);
    all->closed = true;
    for (int i = 0; i < all->count; i++) pthread_cond_signal(&all->lane[i].given);
    pthread_mutex_unlock(&all->lock);
    for (int i = 0; i < all->running; i++) pthread_join(all->lane[i].thread, NULL);
    for (int i = 0; i < all->count; i++) pthread_cond_destroy(&all->lane[i].given);
    pthread_cond_destroy(&all->ended);
    pthread_mutex_destroy(&all->lock);
    alloc_free(all);
}

int lanes_count(const lanes *all) { return all->count; }

int lanes_of(const lanes *all, request_kind kind)
{
    int which = kind_of(kind)->lane;
    return which < all->count ? which : all->count - 1;
}

size_t lanes_at_hand(lanes *all, int which)
{
    pthread_mutex_lock(&all->lock);
    size_t n = all->lane[which].at_hand;
    pthread_mutex_unlock(&all->lock);
    return n;
}

double lanes_worked(lanes *all, int which)
{
    pthread_mutex_lock(&all->lock);
    double worked = all->lane[which].worked;
    pthread_mutex_unlock(&all->lock);
    return worked;
}

void lanes_give(lanes *all, request *q)
{
    lane *l = &all->lane[lanes_of(all, q->kind)];
    pthread_mutex_lock(&all->lock);
    count_work(all);
    l->at_hand++;
    share_out(all);
    push(&l->waiting, q);
    pthread_cond_signal(&l->given);
    pthread_mutex_unlock(&all->lock);
}

request *lanes_wait(lanes *all)
{
    size_t at_hand = 0;
    request *q = NULL;
    pthread_mutex_lock(&all->lock);
    for (int i = 0; i < all->count; i++) at_hand += all->lane[i].at_hand;
    if (at_hand) {
        share_out(all); /* a lane may have run out of work */
        while (!all->back.first) pthread_cond_wait(&all->ended, &all->lock);
        q = pop(&all->back);
        count_work(all);
        all->lane[lanes_of(all, q->kind)].at_hand--;
    }
    pthread_mutex_unlock(&all->lock);
    return q;
}

bool lanes_withdraw(lanes *all, request *q)
{
    lane *l = &all->lane[lanes_of(all, q->kind)];
    request *before = NULL, *found;
    pthread_mutex_lock(&all->lock);
    for (found = l->waiting.first; found && found != q; found = found->next) before = found;
    if (found) {
        *(before ? &before->next : &l->waiting.first) = q->next;
        if (l->waiting.last == q) l->waiting.last = before;
    }
    pthread_mutex_unlock(&all->lock);
    if (!found) return false;
    q->begun = log_seconds();
    status_set(&q->result, STATUS_INTERRUPTED, "cancelled");
    give_back(l, q);
    return true;
}

void lanes_stop(lanes *all) { atomic_store(&all->stopped, true); }

void lane_models_free(lane_models *m)
{
    for (int k = 0; k < KIND_COUNT; k++) kind_of((request_kind)k)->free(m->state[k]);
    for (int i = 0; i < LANE_COUNT; i++) pool_free(m->threads[i]);
    *m = (lane_models){0};
}
