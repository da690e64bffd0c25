#include "job/batch_words.h"

#include <string.h>

#include "job/batch_options.h"
#include "job/job_path.h"
#include "job/journal.h"
#include "engine/output_ending.h"
#include "engine/request.h"
#include "text/text_buffer.h"

/* The value of an option; NULL: the job has none of that name. */
static const char *value_of(const job *j, const char *name)
{
    for (size_t i = 0; i < j->option_count; i++)
        if (strcmp(j->option[i].name, name) == 0) return j->option[i].value;
    return NULL;
}

static size_t count_of(const job *j, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < j->option_count; i++) n += strcmp(j->option[i].name, name) == 0;
    return n;
}

/* None of the others (ended by NULL) may stand beside `name`. */
static bool stands_alone(const job *j, const char *name, const char *const *others, const char **at, status *st)
{
    for (; *others; others++) {
        if (!value_of(j, *others)) continue;
        *at = *others;
        return status_set(st, STATUS_USAGE, "both \"%s\" and \"%s\": one of them is wanted", name, *others);
    }
    return true;
}

/* A job has one of these, first of all the two that people write. */
static bool has_one(const job *j, const char *a, const char *b, status *st)
{
    return value_of(j, a) || value_of(j, b) || status_set(st, STATUS_USAGE, "no \"%s\" and no \"%s\"", a, b);
}

/* "-" would be the program's own standard input. */
static bool reads_a_file(const job *j, const char **at, status *st)
{
    const char *file = value_of(j, "file");
    *at = "file";
    return !file || strcmp(file, "-") != 0 || status_set(st, STATUS_USAGE, "\"file\": stdin is not a job's");
}

static bool check_text(const job *j, const char **at, status *st)
{
    static const char *const BESIDE_MESSAGES[] = {"prompt", "file", "system", "task", "field", "examples", "raw", "token-ids", NULL};
    static const char *const BESIDE_IDS[] = {"prompt", "file", "system", "task", "field", "examples", NULL};
    if (value_of(j, "messages")) return stands_alone(j, "messages", BESIDE_MESSAGES, at, st);
    size_t ids = count_of(j, "token-ids"), texts = ids ? ids : j->form == JOB_FORM_COMPLETION ? count_of(j, "prompt") : 1;
    if (texts * j->choices > REQUEST_TEXTS)
        return status_set(st, STATUS_USAGE, "%zu texts in one request, at most %d wanted", texts * j->choices, REQUEST_TEXTS);
    *at = "token-ids";
    if (ids > 1 && j->form == JOB_FORM_OWN) return status_set(st, STATUS_USAGE, "\"token-ids\": %zu found, one text as \"1 2 3\" wanted", ids);
    if (ids) return stands_alone(j, "token-ids", BESIDE_IDS, at, st);
    return reads_a_file(j, at, st) && (*at = NULL, has_one(j, "prompt", "file", st));
}

static bool check_image(const job *j, const char **at, status *st)
{
    *at = NULL;
    if (j->choices >= JOURNAL_MAX_OUTPUTS) return status_set(st, STATUS_USAGE, "%u pictures in one request, at most %d wanted", j->choices, JOURNAL_MAX_OUTPUTS - 1);
    return value_of(j, "prompt") || status_set(st, STATUS_USAGE, "no \"prompt\"");
}

/* Subtitles are an output of the job: named as one, before anything runs. */
static bool check_subtitles(const job *j, const char *name, output_kind kind, const char **at, status *st)
{
    const char *path = value_of(j, name);
    bool waits = false;
    for (size_t i = 0; i < j->option_count; i++) waits |= strcmp(j->option[i].name, name) == 0 && j->option[i].waits;
    *at = name;
    if (!path) return true;
    if (j->form != JOB_FORM_OWN) return status_set(st, STATUS_USAGE, "\"%s\": a request has one sound and no other file", name);
    if (waits) return status_set(st, STATUS_USAGE, "\"%s\": a name is wanted that no other job's result makes", name);
    return job_path_check(path, st) && output_ending_check(kind, name, path, st);
}

static bool check_speak(const job *j, const char **at, status *st)
{
    static const char *const BESIDE_TEXT[] = {"file", NULL};
    if (!has_one(j, "text", "file", st) || !reads_a_file(j, at, st)) return false;
    if (value_of(j, "text") && !stands_alone(j, "text", BESIDE_TEXT, at, st)) return false;
    return check_subtitles(j, "srt", OUTPUT_SRT, at, st) && check_subtitles(j, "vtt", OUTPUT_VTT, at, st);
}

static bool check_embed(const job *j, const char **at, status *st)
{
    static const char *const BESIDE_PROMPT[] = {"file", "token-ids", NULL}, *const BESIDE_IDS[] = {"file", NULL};
    if (value_of(j, "prompt")) return stands_alone(j, "prompt", BESIDE_PROMPT, at, st);
    if (value_of(j, "token-ids")) return stands_alone(j, "token-ids", BESIDE_IDS, at, st);
    return has_one(j, "prompt", "file", st) && reads_a_file(j, at, st);
}

static bool check_utf8(const job *j, const char **at, status *st)
{
    size_t bad;
    if (!text_is_utf8(j->id, strlen(j->id), &bad)) return status_set(st, STATUS_USAGE, "\"id\": byte %zu is no UTF-8", bad);
    *at = "out";
    if (!text_is_utf8(j->out, strlen(j->out), &bad)) return status_set(st, STATUS_USAGE, "\"out\": byte %zu is no UTF-8", bad);
    for (size_t i = 0; i < j->option_count; i++) {
        const char *value = j->option[i].value;
        *at = j->option[i].name;
        if (!text_is_utf8(value, strlen(value), &bad)) return status_set(st, STATUS_USAGE, "\"%s\": byte %zu (0x%02X) is no UTF-8", *at, bad, (unsigned char)value[bad]);
    }
    *at = NULL;
    return true;
}

/* The answers to requests are named by the program. */
static bool check_ending(const job *j, const char **at, status *st)
{
    if (j->form != JOB_FORM_OWN || output_ending_check(kind_of(j->kind)->output, "\"out\"", j->out, st)) return true;
    *at = "out";
    return false;
}

bool batch_words_check(void *context, const job *j, const char **at, status *st)
{
    (void)context;
    *at = NULL;
    if (!check_utf8(j, at, st) || !check_ending(j, at, st)) return false;
    switch (j->kind) {
    case KIND_TEXT: return check_text(j, at, st);
    case KIND_IMAGE: return check_image(j, at, st);
    case KIND_SPEAK: return check_speak(j, at, st);
    case KIND_EMBED: return check_embed(j, at, st);
    case KIND_VOCODE: return value_of(j, "input") || status_set(st, STATUS_USAGE, "no \"input\"");
    case KIND_COUNT: break;
    }
    return true;
}
