#include "cli/rerun_files.h"

#include <stdio.h>
#include <string.h>

#include "engine/image_model.h"
#include "engine/model_path.h"
#include "engine/speak_flags.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/hash_cache.h"

const char *rerun_files_with(const option_list *with, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < with->count; i++)
        if (strncmp(with->item[i], name, n) == 0 && with->item[i][n] == '=') return with->item[i] + n + 1;
    return NULL;
}

bool rerun_files_is_option(const char *use) { return strcmp(use, "voice-config") != 0 && strcmp(use, "lexicons") != 0; }

typedef struct {
    const char *use, *name, *digest; /* of the record */
    size_t name_size;                /* without a LoRA's strength */
    bool may_be_folder, is_model;
    char found[160];                 /* what lay where it was looked for */
    status *st;
} search;

/* Has the file at path the digest? path is taken over: returned, or freed. */
static char *prove(search *s, char *path)
{
    status wrong = {0};
    hash_hex digest;
    bool may = path && file_exists(path) && (file_is_folder(path) ? s->may_be_folder && model_path_check(path, &wrong) : !file_is_special(path));
    if (may && hash_cache_path(path, &digest, &wrong)) {
        if (strcmp(digest.text, s->digest) == 0) return path;
        snprintf(s->found, sizeof s->found, "%.60s has the SHA-256 %.64s", path, digest.text);
    }
    alloc_free(path);
    return NULL;
}

static char *in_folder_of(search *s, const char *output)
{
    const char *slash = strrchr(output, '/');
    char *name = alloc_string(s->name, s->name_size, s->st), *folder = slash ? alloc_string(output, (size_t)(slash - output) + 1, s->st) : NULL;
    char *path = name && folder ? file_join(folder, name, s->st) : NULL;
    alloc_free(folder);
    if (!slash) return name;
    alloc_free(name);
    return path;
}

/* A model goes by its short name, so that the new record calls it as the old one does. */
static char *among_models(search *s)
{
    status absent = {0};
    if (!s->is_model) return NULL;
    char *path = prove(s, model_path_find(strcmp(s->name, "heart") == 0 ? "hibari" : s->name, &absent));
    alloc_free(path);
    return path ? alloc_string(s->name, s->name_size, s->st) : NULL;
}

/* The settings beside a voice's file, and the lexicons it is spoken with, follow from where the voice is. */
static char *beside_voice(search *s, const json_t *record, const option *options, const option_list *with, const char *output)
{
    size_t i;
    json_t *file;
    json_array_foreach(json_object_get(record, "files"), i, file) {
        const char *use = json_string_value(json_object_get(file, "option"));
        if (!use || strcmp(use, "voice") != 0) continue;
        char *called = rerun_files_find(record, file, options, with, output, s->st), *path = called ? model_path_find(called, s->st) : NULL, *result = NULL;
        if (path && strcmp(s->use, "lexicons") == 0) result = speak_flags_assets(path);
        else if (path) {
            size_t size = strlen(path) + sizeof ".json";
            result = alloc_array(size, 1, s->st);
            if (result) snprintf(result, size, "%s.json", path);
        }
        alloc_free(called);
        alloc_free(path);
        return prove(s, result);
    }
    return NULL;
}

/* What no option of the kind names as an input is no file of it, whatever a record says. */
static bool check_entry(search *s, const option *options, const char *output)
{
    const option *o = s->use ? options_find(options, s->use) : NULL;
    bool of_voice = s->use && options_find(options, "voice") && !rerun_files_is_option(s->use), is_input = of_voice || (o && (o->about & OPTION_INPUT));
    if (!is_input || !s->name || !s->digest || strchr(s->name, '/') || !*s->name || strcmp(s->name, ".") == 0 || strcmp(s->name, "..") == 0)
        return status_set(s->st, STATUS_INPUT, "%s: its record names a file as no record of ours does", output);
    s->may_be_folder = of_voice ? strcmp(s->use, "lexicons") == 0 : (o->about & OPTION_FOLDER) != 0;
    s->is_model = !of_voice && (o->about & OPTION_NAMED) && (o->about & OPTION_FOLDER);
    if (!*s->digest) return status_set(s->st, STATUS_INPUT, "%s: the %s came from standard input and is not known", output, s->use);
    return true;
}

/* path, with a LoRA's strength behind it. */
static char *with_strength(search *s, char *path)
{
    if (!path || !s->name[s->name_size]) return path;
    size_t size = strlen(path) + strlen(s->name + s->name_size) + 1;
    char *both = alloc_array(size, 1, s->st);
    if (both) snprintf(both, size, "%s%s", path, s->name + s->name_size);
    alloc_free(path);
    return both;
}

char *rerun_files_find(const json_t *record, const json_t *file, const option *options, const option_list *with, const char *output, status *st)
{
    search s = {.use = json_string_value(json_object_get(file, "option")), .name = json_string_value(json_object_get(file, "name")),
                .digest = json_string_value(json_object_get(file, "sha256")), .st = st};
    if (!check_entry(&s, options, output)) return NULL;
    s.name_size = strcmp(s.use, "lora") == 0 ? image_model_lora_name(s.name) : strlen(s.name);
    const char *given = rerun_files_with(with, s.use), *slash = given ? strrchr(given, '/') : NULL;
    if (given && (strlen(slash ? slash + 1 : given) != s.name_size || memcmp(slash ? slash + 1 : given, s.name, s.name_size) != 0)) {
        status_set(st, STATUS_USAGE, "--with %s=%s: the record calls it '%.*s', and so must the file be called", s.use, given, (int)s.name_size, s.name);
        return NULL;
    }
    char *path = given ? prove(&s, alloc_string(given, strlen(given), st)) : NULL;
    if (!path && !given && !rerun_files_is_option(s.use)) path = beside_voice(&s, record, options, with, output);
    else if (!given) {
        if (!path) path = among_models(&s);
        if (!path) path = prove(&s, in_folder_of(&s, output));
        if (!path) path = prove(&s, alloc_string(s.name, s.name_size, st));
    }
    if (path) return with_strength(&s, path);
    if (s.found[0]) status_set(st, STATUS_INPUT, "%s: the %s '%.80s' has changed: %s, %.64s is recorded", output, s.use, s.name, s.found, s.digest);
    else status_set(st, STATUS_INPUT, "%s: the %s '%.80s' (SHA-256 %.64s) is not found; --with %s=FILE says where it lies", output, s.use, s.name, s.digest, s.use);
    return NULL;
}
