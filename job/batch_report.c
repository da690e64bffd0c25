#include "job/batch_report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/log.h"

enum { MAX_SHOWN = 20 }; /* failures told as they happen; all are in the journal */

size_t batch_report_count(const batch_report *r, batch_end end)
{
    size_t n = 0;
    for (int k = 0; k < KIND_COUNT; k++) n += r->ended[k][end];
    return n;
}

size_t batch_report_total(const batch_report *r)
{
    size_t n = 0;
    for (int k = 0; k < KIND_COUNT; k++) n += r->total[k];
    return n;
}

size_t batch_report_ended(const batch_report *r)
{
    size_t n = 0;
    for (int end = 0; end < BATCH_ENDS; end++) n += batch_report_count(r, (batch_end)end);
    return n;
}

static size_t ended_of(const batch_report *r, int kind) { return r->ended[kind][BATCH_DONE] + r->ended[kind][BATCH_SKIPPED] + r->ended[kind][BATCH_FAILED]; }

static void print_event(json_t *event)
{
    char *line = event ? json_dumps(event, JSON_COMPACT) : NULL;
    if (line) fprintf(stderr, "%s\n", line);
    alloc_free(line);
    json_decref(event);
}

void batch_report_begin(batch_report *r, const char *folder)
{
    r->begun = r->last = log_seconds();
    if (!r->json) return;
    json_t *kinds = json_object();
    for (int k = 0; k < KIND_COUNT; k++)
        if (r->total[k]) json_object_set_new(kinds, kind_name((request_kind)k), json_integer((json_int_t)r->total[k]));
    print_event(json_pack("{s:s, s:s*, s:I, s:o}", "event", "begin", "folder", folder, "jobs", (json_int_t)batch_report_total(r), "kinds", kinds));
}

/* What is left of each kind takes as long as that kind took so far; of kinds not begun, as the mean of all. */
static double time_left(const batch_report *r)
{
    double spent = 0, run = 0, left = 0;
    for (int k = 0; k < KIND_COUNT; k++) spent += r->spent[k], run += (double)(r->ended[k][BATCH_DONE] + r->ended[k][BATCH_FAILED]);
    for (int k = 0; k < KIND_COUNT; k++) {
        double mine = (double)(r->ended[k][BATCH_DONE] + r->ended[k][BATCH_FAILED]), open = (double)(r->total[k] - ended_of(r, k));
        left += open * (mine > 0 ? r->spent[k] / mine : run > 0 ? spent / run : 0);
    }
    return left;
}

/* "16/51, 61 a minute, 35 s left, 1 failed (12/40 text, 3/10 image)": what matters most first, for narrow terminals. */
static void show_progress(const batch_report *r)
{
    char kinds[160] = "", failures[40] = "";
    size_t n = 0, ended = 0, failed = batch_report_count(r, BATCH_FAILED), run = failed + batch_report_count(r, BATCH_DONE);
    double seconds = r->last - r->begun;
    for (int k = 0; k < KIND_COUNT; k++) {
        ended += ended_of(r, k);
        if (r->total[k]) n += (size_t)snprintf(kinds + n, sizeof kinds - n, "%s%zu/%zu %s", n ? ", " : "", ended_of(r, k), r->total[k], kind_name((request_kind)k));
    }
    if (failed) snprintf(failures, sizeof failures, ", %zu failed", failed);
    if (run && seconds > 0)
        log_progress("%zu/%zu, %.0f a minute, %.0f s left%s (%s)", ended, batch_report_total(r), 60 * (double)run / seconds, time_left(r), failures, kinds);
}

void batch_report_remark(batch_report *r, const job *j, const char *remark)
{
    if (!r->json && r->remarks++ < MAX_SHOWN) log_warning("%s:%zu: job '%s': %s", r->job_path, j->line, j->id, remark);
}

void batch_report_job(batch_report *r, const job *j, batch_end end, int attempts, double seconds, double spent, bool cut, const char *error)
{
    static const char *const STATES[BATCH_ENDS] = {"done", "skipped", "failed"};
    r->ended[j->kind][end]++;
    r->spent[j->kind] += spent;
    r->cut += cut;
    r->last = log_seconds();
    if (r->json)
        print_event(json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:f, s:o*, s:s*}", "event", "job", "id", j->id, "kind", kind_name(j->kind), "state", STATES[end],
                              "out", j->out, "line", (json_int_t)j->line, "attempts", attempts, "seconds", seconds, "cut", cut ? json_true() : NULL, "error", error));
    else if (error && batch_report_count(r, BATCH_FAILED) <= MAX_SHOWN) log_error("%s:%zu: job '%s': %s", r->job_path, j->line, j->id, error);
    if (!r->json) show_progress(r);
}

void batch_report_failure(const batch_report *r, const job *j, const char *error)
{
    if (r->json || r->quiet) return;
    log_message("  %6zu  %-6s %-24.60s %s", j->line, kind_name(j->kind), j->id, error ? error : "");
}

void batch_report_end(const batch_report *r, size_t faults, bool interrupted)
{
    size_t total = batch_report_total(r), done = batch_report_count(r, BATCH_DONE), skipped = batch_report_count(r, BATCH_SKIPPED),
           failed = batch_report_count(r, BATCH_FAILED), open = total - batch_report_ended(r);
    log_progress_end();
    if (r->json) {
        print_event(json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:f}", "event", "end", "done", (json_int_t)done, "skipped", (json_int_t)skipped,
                              "failed", (json_int_t)failed, "open", (json_int_t)open, "faults", (json_int_t)faults, "cut", (json_int_t)r->cut, "interrupted", interrupted,
                              "seconds", log_seconds() - r->begun));
        return;
    }
    if (r->quiet) return;
    char rest[60] = "", cut[60] = "";
    if (open) snprintf(rest, sizeof rest, ", %zu not run", open);
    if (r->cut) snprintf(cut, sizeof cut, ", %zu texts cut by their length", r->cut);
    log_message("%s%zu jobs: %zu done, %zu were done before, %zu failed%s%s; %.1f s", interrupted ? "interrupted; the same command goes on. " : "", total, done,
                skipped, failed, rest, cut, log_seconds() - r->begun);
}
