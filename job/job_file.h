/* job_file: the jobs of a JSONL job file (docs/batch.md), checked before any of them runs.
 *
 * A line is one of
 *     {"defaults": {option: value, …}}                  for the jobs below it; with "kind": for that kind alone
 *     {"rows": "data.csv"}                              every job below it is made once for each row
 *     {"id", "kind", …the subcommand's options…, "out", "needs": [ids], "repeat": N}
 *     {"custom_id", "method", "url", "body"}            an OpenAI batch request (job/job_openai.h)
 *     --prompt "…" --steps 20                           a picture, as AUTOMATIC1111's prompts-from-file has it (job/job_a1111.h)
 * Empty lines are skipped. In any string {{row.COLUMN}} takes a column, {{ID.text}} and {{ID.file}} another job's result.
 * The file is mapped; a job takes some 40 bytes until it is asked for, so a million of them are no burden.
 */
#ifndef AIGC_JOB_JOB_FILE_H
#define AIGC_JOB_JOB_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/kind.h"
#include "core/arena.h"
#include "core/status.h"

/* Whose form the line has, and so which the answer: ours, whose output is the product itself, or a request to one of
 * OpenAI's endpoints, whose output is a line of OpenAI's batch output format. */
typedef enum { JOB_FORM_OWN, JOB_FORM_CHAT, JOB_FORM_COMPLETION, JOB_FORM_EMBEDDING, JOB_FORM_IMAGE, JOB_FORM_SPEECH } job_form;

enum { JOB_MAX_OPTIONS = 64, JOB_MAX_NEEDS = 64 };

typedef struct {
    const char *name, *value; /* by the long name; a list option comes once for each item */
    bool waits;               /* the value takes other jobs' results: job_file_fill gives it */
    unsigned about;           /* what the option is about (engine/options.h) */
} job_option;

typedef struct {
    const char *id;
    request_kind kind;
    job_form form;
    uint32_t choices;   /* of an OpenAI request ("n"), else 1 */
    const char *format; /* of an OpenAI request ("response_format", "encoding_format"), else NULL */
    const char *out; /* inside the output folder; always there */
    size_t line;     /* in the job file, from 1 */
    uint64_t seed;   /* "seed", + k for the k-th repetition; without one made from the id, so that a run repeats */
    job_option option[JOB_MAX_OPTIONS]; /* without "seed" */
    size_t option_count;
    size_t need[JOB_MAX_NEEDS]; /* indices of the jobs whose results this one takes or waits for */
    size_t need_count;
} job;

typedef struct job_file job_file;

/* The kind's option of that name; NULL with st set where it has none. Called for every option. */
typedef const option *(*job_file_find_option)(void *context, request_kind kind, const char *name, status *st);

/* Is this value good for the option of that name, which the kind has? */
typedef bool (*job_file_check)(void *context, request_kind kind, const char *name, const char *value, status *st);

/* Is the job as a whole one that can be run, as far as its own words tell? Values may still hold places for other jobs' results.
 * Where it is not, *at is the option at fault, or NULL. */
typedef bool (*job_file_check_whole)(void *context, const job *j, const char **at, status *st);

/* Told every fault: its place (column 0: the whole line) and what was wanted. */
typedef void (*job_file_report)(void *context, size_t line, size_t column, const char *message);

typedef struct {
    job_file_find_option find;
    job_file_check check;
    job_file_check_whole whole; /* NULL: nobody asks */
    job_file_report report;     /* NULL: faults are only counted */
    void *context;              /* of all */
} job_file_hooks;

/* What the jobs may and may not touch. */
enum { JOB_FILE_JOBS, JOB_FILE_JOURNAL, JOB_FILE_ANSWERS, JOB_FILE_FILTER, JOB_FILE_TAKEN }; /* what the run reads or, from journal to answers, writes */
typedef struct {
    const char *out_folder;            /* where "out" will lie (checked for symbolic links); NULL: nowhere */
    const char *taken[JOB_FILE_TAKEN]; /* files that the run itself reads or writes, which no output may be; NULL where there is none */
    bool alone;                        /* the jobs are different people's: none may name another */
} job_file_where;

/* Opens and checks the whole file. Faults in jobs are reported and counted, and those jobs left out; NULL with st set
 * when the file itself cannot be read or memory ends. The strings of `where` are needed until it returns. */
job_file *job_file_open(const char *path, const job_file_where *where, const job_file_hooks *hooks, status *st);
/* The same from bytes in memory, which must outlive it; path is a name for messages, and "rows" lie beside it. */
job_file *job_file_open_bytes(const char *path, const void *data, size_t size, const job_file_where *where, const job_file_hooks *hooks, status *st);
void job_file_close(job_file *f);

size_t job_file_count(const job_file *f);
size_t job_file_faults(const job_file *f);
request_kind job_file_kind(const job_file *f, size_t i);
bool job_file_has_needs(const job_file *f, size_t i);
bool job_file_has_requests(const job_file *f); /* any request of a form that is not our own, also one with a fault */

/* A request (an OpenAI batch file's line) that was left out because of a fault: it has an answer all the same. */
typedef struct {
    size_t line;
    const char *custom_id; /* NULL: none can be read */
    const char *message;   /* which fault */
} job_refused;

/* Those requests in the order of their lines; *count of them. */
const job_refused *job_file_refused(const job_file *f, size_t *count);

/* Where job i's line says this option; 0: it does not (its defaults may). Scratch lies in mem. */
size_t job_file_column(const job_file *f, size_t i, const char *name, arena *mem);

/* The index of the job whose output has this name, or SIZE_MAX. */
size_t job_file_find_out(const job_file *f, const char *out);

/* The same of the output that has this path, as it is spelt, where outputs go to `folder`. */
size_t job_file_find_path(const job_file *f, const char *folder, const char *path);

/* Job i whole, its strings in mem; values that wait for other jobs are as they were written. */
bool job_file_get(const job_file *f, size_t i, arena *mem, job *out, status *st);

/* Fills the places of a value of job i that waits: {{ID.text}} and {{ID.file}} by lookup(context, job index, "text" or "file"). */
typedef const char *(*job_file_result)(void *context, size_t job, const char *what, status *st);
const char *job_file_fill(const job_file *f, size_t i, const char *text, job_file_result lookup, void *context, arena *mem, status *st);

/* The index of the job of that id, or SIZE_MAX. */
size_t job_file_find(const job_file *f, const char *id);

#endif
