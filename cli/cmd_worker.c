/* worker: takes jobs from a Redis stream, some at a time, and runs them as a batch; see docs/batch.md.
 *
 * An entry is acknowledged, and its result told, when its output is on the disk. A worker that dies before leaves the entry
 * to another, which makes the same bytes again and puts them in place at once: nobody sees a half one.
 */
#include "cli/arguments.h"
#include "cli/command.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "job/batch.h"
#include "core/interrupt.h"
#include "job/job_line.h"
#include "job/job_queue.h"
#include "provenance/filter.h"
#include "core/alloc.h"
#include "core/log.h"

enum { MOST = 64, WAIT_MILLISECONDS = 1000 };

typedef struct {
    job_message message;
    char *line;        /* the job as it is run; NULL: it cannot be */
    const char *id;    /* of the job, in mem */
    bool told;
    bool alone;        /* it was at fault among others: it is tried without them */
    char fault[sizeof ((status *)0)->msg + 32];
} task;

typedef struct {
    batch_options run;
    const char *group, *name;
    int64_t count, idle, stop_after, deliveries;
    job_queue *queue;
    arena *mem;        /* of the tasks at hand */
    task task[MOST];
    size_t tasks;
    task *row[MOST];   /* by line of the batch that runs */
    size_t rows;
    size_t done, failed, buried;
    status lost;       /* the queue's error, which ends the worker */
} worker;

/* ---- results ---- */

static void count_result(worker *w, task *t, bool first, bool failed)
{
    t->told = true;
    if (!first) log_verbose("%s: another worker finished it", t->message.id);
    else if (failed) w->failed++;
    else w->done++;
}

static void tell(worker *w, task *t, const batch_result *r, const char *error)
{
    const char *pair[12] = {"id", t->id ? t->id : t->message.id, "state", error ? "failed" : "done", "worker", w->name};
    size_t fields = 3;
    bool first;
    if (error) pair[6] = "error", pair[7] = error, fields++;
    else pair[6] = "out", pair[7] = r->output[0].path, pair[8] = "sha256", pair[9] = r->output[0].sha256.text, fields += 2;
    t->told = true;
    if (!job_queue_finish(w->queue, t->message.id, pair, fields, &first, &w->lost)) return;
    count_result(w, t, first, error != NULL);
    for (size_t i = 0; i < w->tasks; i++)
        if (!w->task[i].told) job_queue_keep(w->queue, w->task[i].message.id, &w->lost);
}

/* An entry that ended, or lost, so many workers is not tried by one more. */
static bool bury(worker *w, task *t)
{
    char error[128];
    const char *pair[] = {"id", t->message.id, "state", "failed", "worker", w->name, "error", error};
    bool first;
    if (t->message.deliveries <= w->deliveries) return false;
    snprintf(error, sizeof error, "given to %lld workers, and none of them ended it; it lies in the stream of dead jobs", (long long)t->message.deliveries - 1);
    if (job_queue_bury(w->queue, &t->message, pair, 4, &first, &w->lost)) {
        log_warning("%s: %s", t->message.id, error);
        count_result(w, t, first, true);
        w->buried += first;
    }
    return true;
}

static void on_result(void *arg, const batch_result *r)
{
    worker *w = arg;
    if (r->line >= 1 && r->line <= w->rows) tell(w, w->row[r->line - 1], r, r->error);
}

static void on_fault(void *arg, size_t line, size_t column, const char *message)
{
    worker *w = arg;
    if (line >= 1 && line <= w->rows && !w->row[line - 1]->fault[0]) snprintf(w->row[line - 1]->fault, sizeof w->row[0]->fault, "column %zu: %s", column, message);
}

/* ---- from entries to lines ---- */

/* The job as one line with an id; a job without one is called as its entry. */
static char *line_of(const char *text, const char *id, status *st)
{
    size_t n = strlen(text), size = n + strlen(id) + 16, used = 0;
    char *line = alloc_array(size, 1, st);
    const char *open = strchr(text, '{');
    if (!line) return NULL;
    if (*id) used = (size_t)snprintf(line, size, "{\"id\":\"%s\",", id), text = open + 1;
    for (; *text; text++) line[used++] = (char)(*text == '\n' || *text == '\r' ? ' ' : *text); /* between tokens: a text holds none */
    line[used] = 0;
    return line;
}

/* Takes the entry's job apart far enough to know that it stands for itself. */
static void read_task(worker *w, task *t, status *st)
{
    job_line fields;
    status wrong = {0};
    const char *text = t->message.job;
    size_t n = strlen(text);
    while (*text == ' ' || *text == '\n' || *text == '\t' || *text == '\r') text++, n--;
    if (*text != '{') status_set(&wrong, STATUS_USAGE, "the field \"job\" with a JSON object wanted");
    else if (job_line_read(&fields, text, n, w->mem, &wrong)) {
        if (fields.is_defaults || fields.rows || fields.repeat > 1 || fields.need_count)
            status_set(&wrong, STATUS_USAGE, "one job wanted, without \"defaults\", \"rows\", \"repeat\" and \"needs\"");
        else t->line = line_of(text, fields.id ? "" : t->message.id, st);
        t->id = fields.id ? fields.id : t->message.id;
    }
    if (wrong.code) snprintf(t->fault, sizeof t->fault, "%s", wrong.msg);
}

/* ---- a round ---- */

/* Runs those tasks whose ids are all different; of tasks with one id, the first. They are different people's, and none is to
 * feel the others: a fault that only lies between them (two outputs of one name) goes away when each is tried alone. */
static void run_some(worker *w, status *st)
{
    size_t size = 0, used = 0;
    w->rows = 0;
    for (size_t i = 0; i < w->tasks; i++) {
        bool twice = !w->task[i].line || w->task[i].told || (w->rows && (w->row[0]->alone || w->task[i].alone));
        for (size_t k = 0; k < w->rows && !twice; k++) twice = strcmp(w->row[k]->id, w->task[i].id) == 0;
        if (twice) continue;
        w->row[w->rows++] = &w->task[i];
        size += strlen(w->task[i].line) + 1;
    }
    char *text = alloc_array(size + 1, 1, st);
    for (size_t i = 0; text && i < w->rows; i++) used += (size_t)snprintf(text + used, size + 1 - used, "%s\n", w->row[i]->line);
    if (text) {
        status failed = {0};
        w->run.job_text = text;
        w->run.job_size = used;
        batch_run(&w->run, &failed);
        if (failed.code != STATUS_PARTIAL && failed.code != STATUS_INTERRUPTED && !status_ok(&failed)) *st = failed;
        for (size_t i = 0; i < w->rows && status_ok(st); i++) /* what has no result has a fault, or Ctrl-C came */
            if (!w->row[i]->told && w->rows > 1 && w->row[i]->fault[0]) w->row[i]->alone = true, w->row[i]->fault[0] = 0;
            else if (!w->row[i]->told && (w->row[i]->fault[0] || !interrupt_asked())) tell(w, w->row[i], NULL, w->row[i]->fault[0] ? w->row[i]->fault : "not run");
    }
    alloc_free(text);
}

static bool work_left(const worker *w)
{
    for (size_t i = 0; i < w->tasks; i++)
        if (!w->task[i].told) return true;
    return false;
}

static void do_round(worker *w, job_message *m, size_t count, status *st)
{
    size_t mark = arena_mark(w->mem);
    w->tasks = count;
    for (size_t i = 0; i < count; i++) w->task[i] = (task){.message = m[i]};
    for (size_t i = 0; i < count && status_ok(st); i++)
        if (!bury(w, &w->task[i])) read_task(w, &w->task[i], st);
    for (size_t i = 0; i < count && status_ok(st); i++)
        if (w->task[i].fault[0]) tell(w, &w->task[i], NULL, w->task[i].fault);
    while (status_ok(st) && status_ok(&w->lost) && !interrupt_asked() && work_left(w)) run_some(w, st);
    for (size_t i = 0; i < count; i++) {
        job_message_free(&w->task[i].message);
        alloc_free(w->task[i].line);
    }
    w->tasks = 0;
    arena_reset(w->mem, mark);
}

static void work(worker *w, status *st)
{
    job_message m[MOST];
    double last = log_seconds();
    while (status_ok(st) && status_ok(&w->lost) && !interrupt_asked()) {
        double asked = log_seconds();
        size_t count = job_queue_take(w->queue, m, (size_t)w->count, w->idle * 1000, WAIT_MILLISECONDS, &w->lost);
        size_t ended = w->done + w->failed - w->buried;
        if (count) do_round(w, m, count, st);
        if (w->done + w->failed - w->buried > ended) last = log_seconds();
        else if (w->stop_after && log_seconds() - last >= (double)w->stop_after) break;
        else if (log_seconds() - asked < WAIT_MILLISECONDS / 2000.0) nanosleep(&(struct timespec){0, 100000000}, NULL); /* a server that does not wait, or offers the same again and again */
    }
    if (status_ok(st)) *st = w->lost;
    if (interrupt_asked()) *st = (status){.code = STATUS_INTERRUPTED};
    log_message("%zu jobs done, %zu failed", w->done, w->failed);
}

static void run(worker *w, const char *url, status *st)
{
    lane_models models = {0};
    char name[128] = "";
    if (!w->name) {
        gethostname(name, 64);
        name[63] = 0;
        snprintf(name + strlen(name), 32, "-%ld", (long)getpid());
        w->name = name;
    }
    w->run.models = &models;
    w->run.on_result = on_result;
    w->run.on_fault = on_fault;
    w->run.arg = w;
    w->run.quiet = true;
    w->run.job_path = "redis";
    w->mem = arena_new(st);
    if (w->mem && w->run.filter) filter_close(filter_open(w->run.filter, st)); /* a bad list is told before a job is taken */
    w->run.inputs = w->mem && status_ok(st) ? job_inputs_new(w->run.job_path, &w->run.aliases, st) : NULL;
    w->queue = w->run.inputs ? job_queue_open(url, w->group, w->name, st) : NULL;
    if (w->queue) {
        interrupt_install();
        log_message("worker %s: waiting for jobs", w->name);
        work(w, st);
    }
    job_queue_close(w->queue);
    lane_models_free(&models);
    job_inputs_free(w->run.inputs);
    arena_free(w->mem);
}

static const help_text HELP = {
    "aigc worker [OPTION]… redis://HOST[:PORT]/STREAM",
    "Takes jobs from a Redis stream, shared by any number of machines, and runs them as a batch does. A job is the field job of an entry, a line of a "
    "job file; its result goes to STREAM:results.",
    {{"aigc worker --out-dir out redis://localhost/jobs",
      "waits for jobs until Ctrl-C"},
     {"aigc worker --stop-after 60 redis://localhost/jobs",
      "ends when there was no job for a minute"}},
    NULL};

void cmd_worker(int argc, char **argv, status *st)
{
    worker *w = alloc_zeroed(1, sizeof *w, st);
    if (!w) return;
    *w = (worker){.run = {.parallel = 16, .out_folder = "."}, .group = "aigc", .count = 16, .idle = 600, .deliveries = 5};
    const option table[] = {
        {0, "what", OPTION_GROUP, NULL, NULL, "What to take:", 0, 0, NULL},
        {0, "group", OPTION_STRING, &w->group, "NAME", "the consumer group; workers of one group share the jobs (aigc)", 0, 0, NULL},
        {0, "name", OPTION_STRING, &w->name, "NAME", "of this worker, different from all others' (HOST-PID)", 0, 0, NULL},
        {0, "count", OPTION_INT, &w->count, "N", "jobs at a time (16)", 1, MOST, NULL},
        {0, "claim-after", OPTION_INT, &w->idle, "SECONDS", "take over jobs whose worker has shown no life for so long (600)", 1, 86400, NULL},
        {0, "deliveries", OPTION_INT, &w->deliveries, "N", "give up a job that ended so many workers: it goes to STREAM:dead (5)", 1, 1000, NULL},
        {0, "stop-after", OPTION_INT, &w->stop_after, "SECONDS", "end when there was no job for so long, 0: never (0)", 0, 86400, NULL},
        {0, "how", OPTION_GROUP, NULL, NULL, "How:", 0, 0, NULL},
        {'o', "out-dir", OPTION_STRING, &w->run.out_folder, "FOLDER", "where outputs go (.)", 0, 0, NULL},
        {0, "retries", OPTION_INT, &w->run.retries, "N", "more tries of a job that failed for want of memory or disk (0)", 0, 100, NULL},
        {0, "parallel", OPTION_INT, &w->run.parallel, "N", "text jobs that share a pass over the model (16)", 1, 64, NULL},
        {0, "alias", OPTION_LIST, &w->run.aliases, "NAME=MODEL", "run jobs that name this model with that one; repeatable", 0, 0, NULL},
        {0, "filter", OPTION_STRING, &w->run.filter, "FILE", "hold words and texts of all jobs against this list, beside their own", 0, 0, NULL},
        {'t', "threads", OPTION_INT, &w->run.threads, "N", "0: one for each core (0); the outputs do not depend on it", 0, 1024, NULL},
        {0, "json", OPTION_FLAG, &w->run.json, NULL, "a JSON line on stderr for every job that ends", 0, 0, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    const char **words = alloc_array((size_t)argc, sizeof *words, st);
    int count;
    bool help;
    if (words && arguments_parse(table, argc, argv, &HELP, words, &count, &help, st) && !help) {
        if (count == 1) run(w, words[0], st);
        else status_set(st, STATUS_USAGE, "%d streams found, one wanted: redis://HOST[:PORT]/STREAM", count);
    }
    alloc_free(words);
    alloc_free(w);
}
