#include "job/batch_rates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/home.h"
#include "core/json.h"
#include "core/utf8.h"

enum { MAX_RATES = 256, MAX_FILE = 1 << 20, NAME = 400 };
static const double REMEMBERED = 2000; /* jobs: older ones fade */

typedef struct {
    char name[NAME]; /* "KIND THREADS MODEL" */
    batch_rate rate;
} entry;

struct batch_rates {
    int threads;
    bool changed;
    size_t count;
    entry entry[MAX_RATES];
};

/* Freed with alloc_free; NULL when there is no cache folder, which is made. */
static char *rates_path(void)
{
    status ignored = {0};
    return home_cache("rates.json", &ignored);
}

static double number(const json_t *object, const char *key)
{
    double x = json_number_value(json_object_get(object, key));
    return x >= 0 && x < 1e18 ? x : 0; /* the file may hold anything */
}

static void read_all(batch_rates *r)
{
    status absent = {0};
    size_t size;
    char *path = rates_path(), *text = path ? file_read(path, MAX_FILE, &size, &absent) : NULL;
    json_t *root = text ? json_parse(text, size, 0, NULL) : NULL;
    const char *name;
    json_t *o;
    json_object_foreach(root, name, o)
    {
        if (r->count == MAX_RATES || strlen(name) >= NAME) continue;
        entry *e = &r->entry[r->count++];
        snprintf(e->name, NAME, "%s", name);
        e->rate = (batch_rate){number(o, "jobs"), number(o, "units"), number(o, "seconds"), number(o, "bytes"), number(o, "load"), number(o, "memory")};
    }
    json_decref(root);
    alloc_free(text);
    alloc_free(path);
}

batch_rates *batch_rates_open(int threads, status *st)
{
    batch_rates *r = alloc_zeroed(1, sizeof *r, st);
    if (!r) return NULL;
    r->threads = threads;
    read_all(r);
    return r;
}

static void write_all(const batch_rates *r)
{
    status ignored = {0};
    json_t *root = json_object();
    for (size_t i = 0; i < r->count; i++) {
        const batch_rate *x = &r->entry[i].rate;
        json_object_set_new(root, r->entry[i].name, json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "jobs", x->jobs, "units", x->units, "seconds", x->seconds, "bytes",
                                                              x->bytes, "load", x->load, "memory", x->memory));
    }
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL, *path = text ? rates_path() : NULL;
    if (path) file_write(path, text, strlen(text), &ignored);
    alloc_free(path);
    alloc_free(text);
    json_decref(root);
}

void batch_rates_close(batch_rates *r)
{
    if (r && r->changed) write_all(r);
    alloc_free(r);
}

static void name_of(const batch_rates *r, request_kind kind, const char *model, char name[NAME])
{
    snprintf(name, NAME, "%s %d %.*s", kind_name(kind), r->threads, utf8_fit(model, 300), model);
}

const batch_rate *batch_rates_find(const batch_rates *r, request_kind kind, const char *model)
{
    char name[NAME];
    name_of(r, kind, model, name);
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->entry[i].name, name) == 0) return &r->entry[i].rate;
    return NULL;
}

static batch_rate *rate_of(batch_rates *r, request_kind kind, const char *model)
{
    batch_rate *found = (batch_rate *)(uintptr_t)batch_rates_find(r, kind, model);
    if (found || r->count == MAX_RATES) return found;
    name_of(r, kind, model, r->entry[r->count].name);
    return &r->entry[r->count++].rate;
}

void batch_rates_add_job(batch_rates *r, request_kind kind, const char *model, double units, double seconds, double bytes, double memory)
{
    batch_rate *x = rate_of(r, kind, model);
    if (!x) return;
    double fade = x->jobs >= REMEMBERED ? 0.5 : 1;
    x->jobs = fade * x->jobs + 1;
    x->units = fade * x->units + units;
    x->seconds = fade * x->seconds + seconds;
    x->bytes = fade * x->bytes + bytes;
    if (memory > x->memory) x->memory = memory;
    r->changed = true;
}

void batch_rates_add_load(batch_rates *r, request_kind kind, const char *model, double seconds)
{
    batch_rate *x = rate_of(r, kind, model);
    if (!x) return;
    x->load = seconds;
    r->changed = true;
}

/* ---- units ---- */

static double option_number(const job *j, const char *name, double fallback)
{
    for (size_t i = 0; i < j->option_count; i++)
        if (strcmp(j->option[i].name, name) == 0) {
            double x = strtod(j->option[i].value, NULL);
            return x > 0 && x < 1e12 ? x : fallback;
        }
    return fallback;
}

static double characters(const job *j)
{
    double n = 0;
    for (size_t i = 0; i < j->option_count; i++) {
        const char *s = j->option[i].value;
        if (strcmp(j->option[i].name, j->kind == KIND_SPEAK ? "text" : "prompt") != 0) continue;
        for (const char *open; (open = strstr(s, "{{")); s = strstr(open, "}}") ? strstr(open, "}}") + 2 : open + strlen(open)) n += (double)(open - s);
        n += (double)strlen(s);
    }
    return n;
}

double batch_rates_units(const job *j)
{
    switch (j->kind) {
    case KIND_TEXT: return option_number(j, "tokens", 512) * j->choices;
    case KIND_IMAGE: return option_number(j, "steps", 25) / 25 * option_number(j, "width", 512) / 512 * option_number(j, "height", 512) / 512 * j->choices;
    case KIND_SPEAK:
    case KIND_EMBED: return characters(j);
    case KIND_VOCODE:
    case KIND_COUNT: break;
    }
    return 1;
}
