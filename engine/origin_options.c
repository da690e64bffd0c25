#include "engine/origin_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

/* A number with more than 15 digits would not come back from JSON as it was; as text it does. */
static json_t *real(double x)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", x);
    if (strtod(text, NULL) == x) return json_real(x);
    snprintf(text, sizeof text, "%.17g", x);
    return json_string(text);
}

/* What is no UTF-8 cannot be told, but its digest can. */
static void set_text(origin *g, const char *name, const char *text)
{
    json_t *value = json_string(text);
    if (value) origin_set(g, name, value);
    else origin_text(g, name, text, strlen(text));
}

static void set_one(origin *g, const option *o, const option *standard)
{
    bool given = o->given && *o->given;
    switch (o->type) {
    case OPTION_FLAG:
        if (*(const bool *)o->value) origin_set(g, o->name, json_true());
        break;
    case OPTION_INT: {
        int64_t value = *(const int64_t *)o->value;
        if (given || value || value != *(const int64_t *)standard->value) origin_set(g, o->name, json_integer(value));
        break;
    }
    case OPTION_REAL: {
        double value = *(const double *)o->value, usual = *(const double *)standard->value;
        if (given || value < 0 || value > 0 || value < usual || value > usual) origin_set(g, o->name, real(value));
        break;
    }
    case OPTION_STRING: {
        const char *value = *(const char *const *)o->value;
        if (value) set_text(g, o->name, value);
        break;
    }
    case OPTION_LIST: {
        const option_list *list = o->value;
        for (size_t i = 0; i < list->count; i++) set_text(g, o->name, list->item[i]);
        break;
    }
    case OPTION_GROUP: break;
    }
}

void origin_options_set(origin *g, const option *table, const option *defaults)
{
    for (size_t i = 0; table[i].name; i++)
        if (option_is_setting(&table[i])) set_one(g, &table[i], &defaults[i]);
}

/* ---- files ---- */

bool origin_files_add(origin_files *f, const char *name, const char *called, const char *path, status *st)
{
    if (!called || !path || !status_ok(st)) return status_ok(st);
    if (f->count == ORIGIN_FILES_MAX) return status_set(st, STATUS_USAGE, "--%s: more than %d files", name, ORIGIN_FILES_MAX);
    char *copy = alloc_string(called, strlen(called), st);
    bool known = copy && strcmp(path, "-") != 0 && !file_is_special(path);
    hash_task *task = known && !f->at_once ? hash_task_start(path, st) : NULL;
    f->file[f->count].digest = (hash_hex){{0}};
    if (known && f->at_once) hash_path(path, &f->file[f->count].digest, st);
    f->file[f->count].option = name;
    f->file[f->count].called = copy;
    f->file[f->count++].task = task;
    return status_ok(st);
}

bool origin_files_digest(const origin_files *f, const char *name, hash_hex *out, status *st)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->file[i].option, name) != 0) continue;
        *out = f->file[i].digest;
        return (!f->file[i].task || hash_task_wait(f->file[i].task, out, st)) && out->text[0];
    }
    return false;
}

bool origin_files_record(origin_files *f, origin *g, status *st)
{
    for (size_t i = 0; i < f->count && status_ok(st); i++) {
        hash_hex digest = f->file[i].digest;
        if (f->file[i].task) hash_task_wait(f->file[i].task, &digest, st);
        if (status_ok(st)) origin_file(g, f->file[i].option, f->file[i].called, &digest);
    }
    return status_ok(st);
}

void origin_files_free(origin_files *f)
{
    for (size_t i = 0; i < f->count; i++) {
        hash_task_free(f->file[i].task);
        alloc_free(f->file[i].called);
    }
    *f = (origin_files){.at_once = f->at_once};
}
