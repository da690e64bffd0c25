#include "core/config.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"

struct config_file {
    json_t *root;
    char *path;
    status *st;
};

enum { CONFIG_LIMIT = 64 << 20 };

config_file *config_open(const char *path, status *st)
{
    size_t size;
    char *text = file_read(path, CONFIG_LIMIT, &size, st);
    if (!text) return NULL;
    json_error_t error;
    json_t *root = json_parse_config(text, size, JSON_REJECT_DUPLICATES, &error);
    alloc_free(text);
    if (!root) {
        status_set(st, STATUS_INPUT, "%s:%d:%d: not valid JSON: %s", path, error.line, error.column, error.text);
        return NULL;
    }
    config_file *c = json_is_object(root) ? alloc_zeroed(1, sizeof *c, st) : NULL;
    char *copy = c ? alloc_string(path, strlen(path), st) : NULL;
    if (!copy) {
        status_set(st, STATUS_INPUT, "%s: a JSON object was wanted", path);
        json_decref(root);
        alloc_free(c);
        return NULL;
    }
    *c = (config_file){root, copy, st};
    return c;
}

void config_close(config_file *c)
{
    if (!c) return;
    json_decref(c->root);
    alloc_free(c->path);
    alloc_free(c);
}

const char *config_path(const config_file *c) { return c->path; }

/* The value under key; NULL when it is absent, null, or an error has been recorded. */
static const json_t *value_of(const config_file *c, const char *key)
{
    const json_t *v = status_ok(c->st) ? json_object_get(c->root, key) : NULL;
    return json_is_null(v) ? NULL : v;
}

bool config_has(const config_file *c, const char *key) { return value_of(c, key) != NULL; }

bool config_is_null(const config_file *c, const char *key) { return json_is_null(json_object_get(c->root, key)); }

void config_refuse(config_file *c, const char *key, const char *found, const char *wanted)
{
    status_set(c->st, STATUS_INPUT, "%s: \"%s\": %s found, %s wanted", c->path, key, found, wanted);
}

static void wrong(config_file *c, const char *key, const json_t *v, const char *wanted)
{
    char found[64] = "";
    size_t n = json_dumpb(v, found, sizeof found - 1, JSON_ENCODE_ANY | JSON_COMPACT);
    found[n < sizeof found ? n : 0] = 0;
    config_refuse(c, key, found[0] ? found : "a long value", wanted);
}

static bool take_int(config_file *c, const char *key, const json_t *v, int64_t min, int64_t max, int64_t *out)
{
    if (json_is_integer(v) && json_integer_value(v) >= min && json_integer_value(v) <= max) {
        *out = json_integer_value(v);
        return true;
    }
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a whole number from %lld to %lld", (long long)min, (long long)max);
    wrong(c, key, v, wanted);
    return false;
}

static bool take_real(config_file *c, const char *key, const json_t *v, double min, double max, double *out)
{
    double x = json_number_value(v);
    if (json_is_number(v) && isfinite(x) && x >= min && x <= max) {
        *out = x;
        return true;
    }
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a number from %g to %g", min, max);
    wrong(c, key, v, wanted);
    return false;
}

int64_t config_int(config_file *c, const char *key, int64_t fallback, int64_t min, int64_t max)
{
    const json_t *v = value_of(c, key);
    int64_t x = fallback;
    return v && take_int(c, key, v, min, max, &x) ? x : fallback;
}

double config_real(config_file *c, const char *key, double fallback, double min, double max)
{
    const json_t *v = value_of(c, key);
    double x = fallback;
    return v && take_real(c, key, v, min, max, &x) ? x : fallback;
}

bool config_bool(config_file *c, const char *key, bool fallback)
{
    const json_t *v = value_of(c, key);
    if (!v) return fallback;
    if (json_is_boolean(v)) return json_is_true(v);
    wrong(c, key, v, "true or false");
    return fallback;
}

const char *config_string(config_file *c, const char *key, const char *fallback)
{
    const json_t *v = value_of(c, key);
    if (!v) return fallback;
    if (json_is_string(v)) return json_string_value(v);
    wrong(c, key, v, "a string");
    return fallback;
}

/* How many values key holds, at most room; 0 when there are none, or after an error. */
static int list_size(config_file *c, const char *key, int room)
{
    const json_t *v = value_of(c, key);
    if (!v) return 0;
    if (!json_is_array(v)) return 1;
    size_t n = json_array_size(v);
    if (n >= 1 && n <= (size_t)room) return (int)n;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a list of 1 to %d values", room);
    wrong(c, key, v, wanted);
    return 0;
}

static const json_t *list_item(const config_file *c, const char *key, int i)
{
    const json_t *v = json_object_get(c->root, key);
    return json_is_array(v) ? json_array_get(v, (size_t)i) : v;
}

int config_ints(config_file *c, const char *key, int64_t *values, int room, int64_t min, int64_t max)
{
    int n = list_size(c, key, room);
    for (int i = 0; i < n; i++)
        if (!take_int(c, key, list_item(c, key, i), min, max, &values[i])) return 0;
    return n;
}

int config_reals(config_file *c, const char *key, double *values, int room, double min, double max)
{
    int n = list_size(c, key, room);
    for (int i = 0; i < n; i++)
        if (!take_real(c, key, list_item(c, key, i), min, max, &values[i])) return 0;
    return n;
}

int config_strings(config_file *c, const char *key, const char **values, int room)
{
    int n = list_size(c, key, room);
    for (int i = 0; i < n; i++) {
        const json_t *v = list_item(c, key, i);
        if (!json_is_string(v)) {
            wrong(c, key, v, "a list of strings");
            return 0;
        }
        values[i] = json_string_value(v);
    }
    return n;
}
