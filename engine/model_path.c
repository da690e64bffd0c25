#include "engine/model_path.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/kokoro_voice.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/home.h"

enum { MOST_NAMES = 4096 }; /* of a folder that are looked at */

/* Short names and what samples/models.sh unpacks for them, relative to the models folder. */
static const struct {
    const char *name, *file;
} KNOWN[] = {
    {"smollm2", "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"},
    {"qwen-coder", "qwen-coder/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"},
    {"gemma3", "gemma3/gemma-3-270m-q4_k_m.gguf"},
    {"hibari", "hibari"},
    {"kokoro", "kokoro"},
    {"joe", "joe/en_US-joe-medium.onnx"},
    {"icons", "icons"},
    {"heteronyms", "heteronyms/heteronyms.json.gz"},
};

#define WHERE "; 'sh samples/models.sh smollm2 hibari' gets the default models, docs/models.md says where to get others"

char *model_path_folder(status *st)
{
    const char *folder = getenv("AIGC_MODELS");
    if (folder && *folder) return alloc_string(folder, strlen(folder), st);
    return home_data("models", st);
}

/* folder/file when that exists; NULL otherwise, without an error. Frees folder. */
static char *look_in(char *folder, const char *file, status *st)
{
    char *path = folder ? file_join(folder, file, st) : NULL;
    alloc_free(folder);
    if (path && file_exists(path)) return path;
    alloc_free(path);
    return NULL;
}

/* The models that come along with what lies at `place` (its last part is cut off): in the source tree beside the build folder,
 * installed, or in one folder with the library. */
static char *look_beside(char *place, const char *file, status *st)
{
    static const char *const PLACES[] = {"../samples/models", "../share/aigc/models", "../../share/aigc/models", "models"};
    char *slash = strrchr(place, '/');
    if (!slash) return NULL;
    *slash = 0;
    for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
        char *path = look_in(file_join(place, PLACES[i], st), file, st);
        if (path || !status_ok(st)) return path;
    }
    return NULL;
}

/* Beside the library, where this is part of one, then beside the program. */
static char *look_beside_program(const char *file, status *st)
{
    char place[PATH_MAX];
    Dl_info library;
    bool found = dladdr(look_in, &library) && library.dli_fname && strstr(library.dli_fname, ".so") && realpath(library.dli_fname, place);
    char *path = found ? look_beside(place, file, st) : NULL;
    ssize_t n = path || !status_ok(st) ? 0 : readlink("/proc/self/exe", place, sizeof place - 1);
    if (n <= 0) return path;
    place[n] = 0;
    return look_beside(place, file, st);
}

char *model_path_find(const char *name, status *st)
{
    if (file_exists(name)) return alloc_string(name, strlen(name), st);
    if (!*name || strchr(name, '/')) {
        status_set(st, STATUS_INPUT, "%s: no such model file or folder" WHERE, name);
        return NULL;
    }
    if (kokoro_voice_is_name(name)) name = "kokoro"; /* the model that the voice is of */
    const char *file = name;
    bool known = false;
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        if (strcmp(name, KNOWN[i].name) == 0) file = KNOWN[i].file, known = true;
    char *path = look_in(model_path_folder(st), file, st);
    if (!path && status_ok(st)) path = look_beside_program(file, st);
    if (path || !status_ok(st)) return path;
    char *folder = model_path_folder(st);
    if (!folder) status_set(st, STATUS_INPUT, "%s: HOME is not set, so there is no folder of models; AIGC_MODELS=FOLDER names one", name);
    else if (strcmp(name, "icons") == 0) status_set(st, STATUS_INPUT, "icons: not found in %s nor beside the program; it lies in the source tree at samples/models/icons", folder);
    else if (known) status_set(st, STATUS_INPUT, "%s: not found in %s; 'sh samples/models.sh %s' gets it, docs/models.md names others", name, folder, name);
    else status_set(st, STATUS_INPUT, "%s: no such file, and no model of that name in %s" WHERE, name, folder);
    alloc_free(folder);
    return NULL;
}

const char *model_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool ends_with(const char *s, const char *ending)
{
    size_t n = strlen(s), m = strlen(ending);
    return n >= m && strcmp(s + n - m, ending) == 0;
}

static bool is_of_a_model(const char *name)
{
    static const char *const NAMES[] = {"model_index.json", "config.json", "tokenizer.json", "vocab.json"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(name, NAMES[i]) == 0) return true;
    return ends_with(name, ".gguf") || ends_with(name, ".safetensors") || ends_with(name, ".onnx");
}

static bool is_model_folder(const char *path)
{
    DIR *d = opendir(path);
    bool found = false;
    int seen = 0;
    for (struct dirent *e; d && !found && seen++ < MOST_NAMES && (e = readdir(d));) found = is_of_a_model(e->d_name);
    if (d) closedir(d);
    return found;
}

/* GGUF; safetensors: a length far below 2⁴⁰, then '{'; ONNX: a protobuf's first field. */
static bool begins_as_weights(const char *path, status *st)
{
    unsigned char p[9] = {0};
    int fd = file_is_special(path) ? -1 : file_open(path, st);
    ssize_t n = fd >= 0 ? read(fd, p, sizeof p) : 0;
    if (fd >= 0) close(fd);
    return (n >= 4 && memcmp(p, "GGUF", 4) == 0) || (n == 9 && p[8] == '{' && !p[5] && !p[6] && !p[7]) || (n >= 2 && p[0] == 0x08);
}

bool model_path_check(const char *path, status *st)
{
    if (file_is_folder(path))
        return is_model_folder(path) || status_set(st, STATUS_INPUT, "%s: no model found in the folder, weights (.gguf, .safetensors, .onnx) or a config.json wanted", path);
    return begins_as_weights(path, st) || status_set(st, STATUS_INPUT, "%s: neither a GGUF nor a safetensors nor an ONNX file", path);
}
