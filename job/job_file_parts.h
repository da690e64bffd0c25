/* job_file_parts: a job file as its own files see it: job_file.c reads the lines, job_make.c makes jobs of them, job_check.c
 * looks at what lies between jobs. */
#ifndef AIGC_JOB_JOB_FILE_PARTS_H
#define AIGC_JOB_JOB_FILE_PARTS_H

#include "job/job_file.h"
#include "job/job_line.h"
#include "job/job_path.h"
#include "job/table.h"
#include "core/file.h"

enum { JOB_MAX_TEMPLATES = 256, JOB_MAX_DEFAULTS = 64, JOB_MAX_JOBS = 4000000 };
#define JOB_MAX_BYTES ((uint64_t)8 << 30)
#define JOB_NO_ROW UINT32_MAX

/* A job until it is asked for. */
typedef struct {
    uint64_t id_hash, out_hash; /* under the process's key: equal hashes are taken for equal names */
    uint32_t text;   /* index into lines */
    uint32_t row;    /* of the table, or JOB_NO_ROW */
    uint32_t repeat; /* 0: not repeated; else from 1 */
    uint8_t kind;
    bool has_needs, left_out;
    bool has_more;   /* other outputs than "out": subtitles */
    bool has_files;  /* options that name files to read */
} job_entry;

/* A set of names: an open hash table. */
typedef struct {
    const char **name;
    size_t slots, count;
} job_names;

/* Adds the name, copied into mem unless that is NULL; *there: it was there already. */
bool job_names_add(job_names *s, const char *name, arena *mem, bool *there, status *st);

/* A line that holds jobs. */
typedef struct {
    size_t offset;
    uint32_t size, number;
    uint32_t defaults; /* how many of the defaults stand above it */
} job_text;

typedef struct {
    size_t offset;
    uint32_t size;
} job_span;

/* A picture of a request, which lies beside the answer. */
typedef struct {
    uint64_t hash;
    uint32_t entry;
} job_picture;

struct job_file {
    file_mapping file;
    bool is_mapped;
    char *path;
    job_file_where where;
    job_path_absent absent; /* below where.out_folder */
    uint64_t bytes; /* of all jobs' lines, defaults and cells: what making each of them once reads */
    const char *answers; /* the folder that the answers to OpenAI requests lie in, with '/' */
    bool has_requests;
    table *rows;
    const char *rows_path;
    bool rows_failed; /* told: what its columns come into is not told too */
    const char *last_folder;
    job_names folders; /* that outputs lie in, below the output folder */
    job_text *line;
    size_t lines, line_room;
    job_entry *entry;
    size_t entries, entry_room;
    job_picture *picture;
    size_t pictures, picture_room;
    job_span *defaults;
    size_t default_count, default_room;
    const char *template_id[JOB_MAX_TEMPLATES]; /* the ids of the lines below "rows", as written */
    size_t templates;
    uint32_t *id_slot, *out_slot; /* open hash tables of entry index plus 1 */
    size_t slots;
    size_t faults;
    job_refused *refused;
    size_t refused_count, refused_room;
    arena *mem;     /* what lives as long as the file */
    arena *scratch; /* reset for every job */
    job_file_hooks hooks;
};

/* Counts a fault of that line, reports it, and where the line is a request keeps it for the answer. */
void job_file_fault(job_file *f, const job_text *line, size_t column, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reads the entry's line into fields and makes the job, all but the indices of its needs; fields->column tells where a fault
 * is. Strings go into mem. */
bool job_make(const job_file *f, const job_entry *e, arena *mem, job *j, job_line *fields, status *st);

/* The same from fields that were read already. */
bool job_make_of(const job_file *f, const job_entry *e, arena *mem, job *j, job_line *fields, status *st);

/* Job i with its needs, and its line. */
bool job_make_whole(const job_file *f, size_t i, arena *mem, job *j, job_line *fields, status *st);

/* Names of entry i, in mem; "" when memory ends. */
const char *job_make_id(const job_file *f, size_t i, arena *mem);
const char *job_make_out(const job_file *f, size_t i, arena *mem);

/* Makes the hash tables of ids and outputs; names that come twice are faults. */
bool job_check_names(job_file *f, status *st);

/* Needs that are missing, wait for a faulty job or go in a circle are faults; then all jobs with faults are taken out. */
bool job_check_needs(job_file *f, status *st);

#endif
