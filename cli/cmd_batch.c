/* batch: runs a job file; see docs/batch.md. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/batch.h"
#include "job/batch_options.h"
#include "job/batch_paths.h"
#include "job/batch_plan.h"
#include "job/batch_trial.h"
#include "core/interrupt.h"
#include "engine/options.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"

typedef struct {
    batch_options run;
    const char *shard, *merge;
    bool check, list, plan, schema;
} arguments;

static void tell_checked(const arguments *a, const batch_checker *checker, job_file *f, const char *folder, status *st)
{
    size_t faults = job_file_faults(f), good = job_file_count(f), kinds[KIND_COUNT] = {0}, failed[KIND_COUNT] = {0};
    if (a->check && !batch_trial_run(&a->run, checker, f, folder, failed, st)) return; /* nothing is known of the jobs */
    if (a->check && !batch_plan_fits(&a->run, f, folder, st)) faults++;
    for (size_t i = 0; i < job_file_count(f); i++) kinds[job_file_kind(f, i)]++;
    for (int k = 0; k < KIND_COUNT; k++) kinds[k] -= failed[k], good -= failed[k], faults += failed[k];
    arena *mem = a->list ? arena_new(st) : NULL;
    for (size_t i = 0; mem && i < job_file_count(f); i++) {
        job j;
        size_t start = arena_mark(mem);
        if (!job_file_get(f, i, mem, &j, st)) break;
        printf("%s\t%s\t%s\t%llu\n", j.id, kind_name(j.kind), j.out, (unsigned long long)j.seed);
        arena_reset(mem, start);
    }
    arena_free(mem);
    if (!a->run.quiet) {
        char list[160] = "";
        size_t n = 0;
        for (int k = 0; k < KIND_COUNT; k++)
            if (kinds[k]) n += (size_t)snprintf(list + n, sizeof list - n, "%s%zu %s", n ? ", " : " (", kinds[k], kind_name((request_kind)k));
        log_message("%s: %zu jobs are good%s%s, %zu faults", a->run.job_path, good, list, n ? ")" : "", faults);
    }
    if (faults) status_set(st, STATUS_INPUT, "%s: %zu faults", a->run.job_path, faults);
}

/* --check and --list: every fault with its place, and the jobs. */
static void check_only(const arguments *a, status *st)
{
    batch_checker checker;
    batch_checker_init(&checker, a->run.job_path, NULL, NULL);
    char *folder = batch_paths_folder(&a->run, st), *journal_path = batch_paths_journal(&a->run, st);
    char *answers = folder ? batch_paths_answers(&a->run, folder, st) : NULL;
    job_file_where where = batch_paths_where(&a->run, folder, journal_path, answers);
    job_file *f = answers && journal_path ? job_file_open(a->run.job_path, &where, &checker.hooks, st) : NULL;
    if (f) tell_checked(a, &checker, f, folder, st);
    job_file_close(f);
    alloc_free(folder);
    alloc_free(journal_path);
    alloc_free(answers);
}

/* "2/8", or SLURM's array variables when --shard slurm is said. */
static bool read_shard(arguments *a, status *st)
{
    const char *text = a->shard;
    if (!text) return true;
    char slurm[64];
    if (strcmp(text, "slurm") == 0) {
        const char *id = getenv("SLURM_ARRAY_TASK_ID"), *min = getenv("SLURM_ARRAY_TASK_MIN"), *count = getenv("SLURM_ARRAY_TASK_COUNT");
        if (!id || !count) return status_set(st, STATUS_USAGE, "--shard slurm: SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT are not set");
        snprintf(slurm, sizeof slurm, "%lld/%.20s", atoll(id) - (min ? atoll(min) : 0) + 1, count);
        text = slurm;
    }
    char *end;
    a->run.shard = strtoll(text, &end, 10);
    if (*end == '/') a->run.shards = strtoll(end + 1, &end, 10);
    if (*end || a->run.shards < 1 || a->run.shards > 1000000 || a->run.shard < 1 || a->run.shard > a->run.shards)
        return status_set(st, STATUS_USAGE, "--shard: '%s' found, I/N with 1 <= I <= N wanted", a->shard);
    return true;
}

/* Copies the records of other journals into the job file's own. */
static void merge(const arguments *a, const char **from, int count, status *st)
{
    if (count == 0) status_set(st, STATUS_USAGE, "--merge %s: journals to join are wanted, as in aigc batch --merge all.journal jobs.jsonl.*.journal", a->merge);
    for (int i = 0; i < count && status_ok(st); i++) { /* opened to be written to, one that is not there would be made */
        int fd = file_open(from[i], st);
        if (fd >= 0) close(fd);
    }
    journal *to = status_ok(st) ? journal_open(a->merge, st) : NULL;
    for (int i = 0; to && i < count && status_ok(st); i++) {
        journal *j = journal_open(from[i], st);
        for (size_t k = 0; j && k < journal_count(j) && status_ok(st); k++) {
            const journal_record *have = journal_find(to, journal_at(j, k)->id);
            if (!have || !have->done) journal_add(to, journal_at(j, k), st);
        }
        journal_close(j);
    }
    if (to && !a->run.quiet) log_message("%s: %zu jobs", a->merge, journal_count(to));
    journal_close(to);
}

static const help_text HELP = {
    "aigc batch [OPTION]… JOBFILE",
    "Runs the jobs of a file, texts, pictures and speech, each model loaded once: a JSON object a line. Run again after any end, it goes on where it "
    "was. JOBFILE is a file, not standard input: what is done is kept beside it, in JOBFILE.journal.",
    {{"aigc batch --out-dir out jobs.jsonl",
      "runs the jobs, outputs in out/"},
     {"aigc batch --check jobs.jsonl",
      "tells every fault of the file, runs nothing"}},
    "FILE"};

static const help_text PLAN = {
    "aigc plan [OPTION]… JOBFILE",
    "What a job file will take, before anything is run: jobs, model loads, time, outputs and memory, from what earlier runs measured on this machine.",
    {{"aigc plan jobs.jsonl",
      "a table by kind and model"},
     {"aigc plan --json jobs.jsonl",
      "the same as an object"}},
    "FILE"};

/* `aigc plan` is `aigc batch --dry-run`. */
void cmd_batch(int argc, char **argv, status *st)
{
    arguments a = {.run = {.parallel = 16}, .plan = strcmp(argv[0], "plan") == 0};
    const option table[] = {
        {0, "what", OPTION_GROUP, NULL, NULL, "What to run:", 0, 0, NULL},
        {0, "check", OPTION_FLAG, &a.check, NULL, "tell every fault of the job file, run nothing", 0, 0, NULL},
        {0, "dry-run", OPTION_FLAG, &a.plan, NULL, "tell what the run will take, as aigc plan does, run nothing", 0, 0, NULL},
        {0, "list", OPTION_FLAG, &a.list, NULL, "list the jobs (id, kind, output, seed), run nothing", 0, 0, NULL},
        {0, "schema", OPTION_FLAG, &a.schema, NULL, "print the JSON Schema of a job file's lines, run nothing", 0, 0, NULL},
        {0, "force", OPTION_FLAG, &a.run.force, NULL, "run also what the journal says is done", 0, 0, NULL},
        {0, "shard", OPTION_STRING, &a.shard, "I/N", "only this machine's part of N; 'slurm' takes it from the array job", 0, 0, NULL},
        {0, "merge", OPTION_STRING, &a.merge, "JOURNAL", "join the journals given as arguments into this one, run nothing", 0, 0, NULL},
        {0, "retry-failed", OPTION_FLAG, &a.run.retry_failed, NULL, "of what an earlier run recorded, run again what failed; nothing new", 0, 0, NULL},
        {0, "where", OPTION_GROUP, NULL, NULL, "Where:", 0, 0, NULL},
        {'o', "out-dir", OPTION_STRING, &a.run.out_folder, "FOLDER", "where outputs go (the job file's folder)", 0, 0, NULL},
        {0, "journal", OPTION_STRING, &a.run.journal_path, "FILE", "what is done (JOBFILE.journal)", 0, 0, NULL},
        {0, "answers", OPTION_STRING, &a.run.answers_path, "FILE", "answers to OpenAI requests (JOBFILE.output.jsonl, with the outputs)", 0, 0, NULL},
        {0, "how", OPTION_GROUP, NULL, NULL, "How:", 0, 0, NULL},
        {0, "retries", OPTION_INT, &a.run.retries, "N", "more tries of a job that failed for want of memory or disk (0)", 0, 100, NULL},
        {0, "fail-fast", OPTION_FLAG, &a.run.fail_fast, NULL, "stop at the first failure", 0, 0, NULL},
        {0, "parallel", OPTION_INT, &a.run.parallel, "N", "text jobs that share a pass over the model (16)", 1, 64, NULL},
        {0, "filter", OPTION_STRING, &a.run.filter, "FILE", "hold words and texts of all jobs against this list, beside their own \"filter\"", 0, 0, NULL},
        {0, "alias", OPTION_LIST, &a.run.aliases, "NAME=MODEL", "run jobs that name this model with that one; repeatable", 0, 0, NULL},
        {'t', "threads", OPTION_INT, &a.run.threads, "N", "0: one for each core (0); the outputs do not depend on it", 0, 1024, NULL},
        {0, "json", OPTION_FLAG, &a.run.json, NULL, "a JSON line on stderr for every job that ends; of a plan, one object on stdout", 0, 0, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    const char **words = alloc_array((size_t)argc, sizeof *words, st);
    int count;
    bool help;
    if (words && arguments_parse(table, argc, argv, a.plan ? &PLAN : &HELP, words, &count, &help, st) && !help) {
        a.run.quiet = log_get_level() == LOG_QUIET;
        if (a.schema) batch_options_print_schema(st);
        else if (a.merge) merge(&a, words, count, st);
        else if (count != 1) status_set(st, STATUS_USAGE, "%d job files found, one wanted, as in aigc batch jobs.jsonl; --help lists the options", count);
        else if (strcmp(words[0], "-") == 0) status_set(st, STATUS_USAGE, "-: a job file is wanted, not standard input: what is done is kept beside it, so that the run can go on");
        else if (read_shard(&a, st)) {
            a.run.job_path = words[0];
            if (a.check || a.list) check_only(&a, st);
            else if (a.plan) batch_plan(&a.run, st);
            else {
                interrupt_install();
                batch_run(&a.run, st);
            }
        }
    }
    alloc_free(words);
}
