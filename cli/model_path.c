#include "cli/model_path.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

/* Short names and what samples/models.sh unpacks for them, relative to the models folder. */
static const struct {
    const char *name, *file;
} KNOWN[] = {
    {"smollm2", "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"},
    {"gemma3", "gemma3/gemma-3-270m-q4_k_m.gguf"},
    {"hibari", "hibari"},
    {"joe", "joe/en_US-joe-medium.onnx"},
    {"icons", "icons"},
};

char *model_path_folder(status *st)
{
    const char *folder = getenv("AIGC_MODELS");
    if (folder && *folder) return alloc_string(folder, strlen(folder), st);
    const char *data = getenv("XDG_DATA_HOME");
    if (data && *data) return file_join(data, "aigc/models", st);
    const char *home = getenv("HOME");
    return file_join(home && *home ? home : "/", ".local/share/aigc/models", st);
}

char *model_path_find(const char *name, status *st)
{
    if (file_exists(name)) return alloc_string(name, strlen(name), st);
    if (!*name || strchr(name, '/')) {
        status_set(st, STATUS_INPUT, "%s: no such model file or folder", name);
        return NULL;
    }
    const char *file = name;
    bool known = false;
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        if (strcmp(name, KNOWN[i].name) == 0) file = KNOWN[i].file, known = true;
    char *folder = model_path_folder(st);
    char *path = folder ? file_join(folder, file, st) : NULL;
    if (path && !file_exists(path)) {
        if (known) status_set(st, STATUS_INPUT, "%s: not found at %s; 'sh samples/models.sh %s' gets it", name, path, name);
        else status_set(st, STATUS_INPUT, "%s: no such file, and no model of that name in %s", name, folder);
        alloc_free(path);
        path = NULL;
    }
    alloc_free(folder);
    return path;
}
