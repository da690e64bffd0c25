/* options: what a request may say, as a table: it takes values from the command line (cli/arguments.h) and from job files, prints
 * help and schema, and tells all others what each option is about.
 *
 * A table ends with an entry whose name is NULL. Both spellings of a name work (length-scale, length_scale). Strings point
 * to where they were given, behind a byte order mark.
 */
#ifndef AIGC_ENGINE_OPTIONS_H
#define AIGC_ENGINE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nearest.h"
#include "core/status.h"

typedef enum {
    OPTION_FLAG,   /* bool: --name sets it, --no-name clears it */
    OPTION_INT,    /* int64_t within [min, max] */
    OPTION_REAL,   /* double within [min, max]; NaN and infinities are refused */
    OPTION_STRING, /* const char * */
    OPTION_LIST,   /* option_list: each use adds one */
    OPTION_GROUP,  /* no flag: `help` is a heading in the help text */
} option_type;

/* What an option is about, for all who have to know: job files and their fingerprints, the filter, records and `rerun`. Every
 * text (OPTION_STRING, OPTION_LIST) is one of the first six. */
enum {
    OPTION_READS = 1,    /* names a file to read; a job's is meant relative to its job file */
    OPTION_NAMED = 2,    /* names a model, a part of one, a template: a short name or a path */
    OPTION_WRITES = 4,   /* names a file to write, inside a batch's output folder */
    OPTION_WORDS = 8,    /* words that a model, a voice or a picture gets: the filter judges them */
    OPTION_CHOICE = 16,  /* one of a few words, or what names no file: a stranger's record may give it */
    OPTION_HOW = 32,     /* a text that changes how it runs or what is told of it, not what comes out */
    OPTION_MODEL = 64,   /* tells which model or voice */
    OPTION_LOADS = 128,  /* an open model depends on it */
    OPTION_INPUT = 256,  /* a file that a record keeps by name and digest, and `rerun` finds again */
    OPTION_FOLDER = 512, /* what it names may be a folder */
    OPTION_RECORDED = 1024,  /* a text that a record keeps, or its digest, apart from the settings */
    OPTION_APART = 2048, /* no setting in a record, for another reason: it is kept otherwise, or changes no byte */
};

/* The largest seed: below 2⁶³, so that JSON's integers hold it, and one that `max`, a double, holds too. */
#define OPTION_MOST_SEED UINT64_C(9223372036854774784)

enum { OPTION_LIST_MAX = 64, OPTION_TABLE_MAX = 96 };
typedef struct {
    const char *item[OPTION_LIST_MAX];
    size_t count;
} option_list;

typedef struct option {
    char letter;         /* 0: none */
    const char *name;
    option_type type;
    void *value;
    const char *metavar; /* "N", "FILE"; NULL for a flag */
    const char *help;    /* one line; the default belongs in it */
    double min, max;     /* OPTION_INT and OPTION_REAL; both 0: any */
    bool *given;         /* set when the flag is used; NULL where nobody asks */
    const char *values;  /* what it may be, or some of it: "full, hash, none"; shown after the help. The command checks it */
    unsigned about;      /* OPTION_READS and so on */
} option;

/* The option of that name, - and _ alike; NULL: there is none. */
const option *options_find(const option *table, const char *name);

/* Is it one of a record's settings: what is neither a file, nor a text kept apart, nor without any effect on the bytes? */
bool option_is_setting(const option *o);

/* Sets one option by its long name from text: value NULL is a bare flag. */
bool options_set(const option *table, const char *name, const char *value, status *st);

/* The same of a row of the table. */
bool option_set(const option *o, const char *value, status *st);

/* Those options about something (OPTION_LOADS), by name and value, as one text: the same text for the same values. Freed with
 * alloc_free. */
char *options_key(const option *table, unsigned about, status *st);

/* The options that every command has, ended by an entry without a name: for help alone, they point nowhere. */
const option *options_common(void);

/* "; did you mean 'seed'?", or "": the end of a message about a name that no option has. */
nearest_hint options_near(const option *table, const char *name);
/* The same for name[0 … size), with `before` ("--") in front of what is meant. */
nearest_hint options_near_name(const option *table, const char *before, const char *name, size_t size);
/* As options_find, for name[0 … size). */
const option *options_find_name(const option *table, const char *name, size_t size);

#endif
