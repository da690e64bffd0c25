#include "core/weights.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/gguf.h"
#include "core/onnx.h"
#include "core/quant.h"
#include "core/safetensors.h"
#include "core/weights_table.h"

struct weights {
    weights_format format;
    char *path;
    weights_table table;
    file_mapping *map; /* one, or one a shard */
    char **map_path;
    int maps;
    gguf *header; /* GGUF only */
    onnx *graph;  /* ONNX only */
    json_text metadata; /* safetensors only */
};

enum { MAX_INDEX = 100000000, MAX_SHARDS = 10000 };

/* Where a folder may keep its tensors, in the order they are looked for. */
static const char *const FOLDER_FILES[] = {
    "model.safetensors",
    "model.safetensors.index.json",
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "model.fp16.safetensors",
    "diffusion_pytorch_model.fp16.safetensors",
};
enum { FOLDER_FILE_COUNT = sizeof FOLDER_FILES / sizeof FOLDER_FILES[0] };

static weights *new_weights(const char *path, status *st)
{
    weights *w = alloc_zeroed(1, sizeof *w, st);
    if (!w) return NULL;
    w->path = alloc_string(path, strlen(path), st);
    w->table.path = w->path;
    if (w->path) return w;
    weights_close(w);
    return NULL;
}

void weights_close(weights *w)
{
    if (!w) return;
    gguf_close(w->header);
    onnx_close(w->graph);
    weights_table_free(&w->table);
    for (int i = 0; i < w->maps; i++) {
        file_unmap(&w->map[i]);
        alloc_free(w->map_path[i]);
    }
    alloc_free(w->map);
    alloc_free(w->map_path);
    alloc_free(w->path);
    alloc_free(w);
}

/* Maps one more file; its path lives as long as w. */
static const file_mapping *add_map(weights *w, const char *path, status *st)
{
    file_mapping *maps = alloc_resize(w->map, (size_t)w->maps + 1, sizeof *maps, st);
    if (!maps) return NULL;
    w->map = maps;
    char **paths = alloc_resize(w->map_path, (size_t)w->maps + 1, sizeof *paths, st);
    if (!paths) return NULL;
    w->map_path = paths;
    char *copy = alloc_string(path, strlen(path), st);
    if (!copy || !file_map(&maps[w->maps], path, st)) {
        alloc_free(copy);
        return NULL;
    }
    paths[w->maps] = copy;
    return &maps[w->maps++];
}

/* ---- one file ---- */

/* A safetensors file has a 64-bit length far below 2⁴⁰, then '{'. */
static bool looks_like_safetensors(const unsigned char *p, size_t size)
{
    return size >= 9 && p[8] == '{' && p[5] == 0 && p[6] == 0 && p[7] == 0;
}

/* What else people hold for a model file, by its first bytes. NULL: unknown. */
static const char *other_kind(const unsigned char *p, size_t size)
{
    if ((size >= 2 && p[0] == 'P' && p[1] == 'K') || (size >= 2 && p[0] == 0x80 && p[1] >= 2 && p[1] <= 5))
        return "a PyTorch pickle (.bin, .ckpt, .pt), which can hold programs and is not read; a .safetensors or .gguf file was wanted";
    if (size >= 4 && (memcmp(p, "lmgg", 4) == 0 || memcmp(p, "tjgg", 4) == 0 || memcmp(p, "fmgg", 4) == 0))
        return "a GGML file of before August 2023; its model is to be had as GGUF, which was wanted";
    if (size >= 4 && memcmp(p, "\x89HDF", 4) == 0) return "a Keras or HDF5 file, which is not read; a .safetensors or .gguf file was wanted";
    if (size >= 8 && memcmp(p + 4, "TFL3", 4) == 0) return "a TensorFlow Lite file, which is not read; an .onnx, .safetensors or .gguf file was wanted";
    if (size >= 40 && memcmp(p, "version https://git-lfs", 23) == 0)
        return "only the pointer that Git LFS puts in a file's place; 'git lfs pull' in its folder gets the file itself";
    if (size >= 9 && (memcmp(p, "<!DOCTYPE", 9) == 0 || memcmp(p, "<!doctype", 9) == 0 || memcmp(p, "<html", 5) == 0))
        return "a web page: what was downloaded is not the model but the page about it";
    if (size >= 2 && p[0] == 0x1F && p[1] == 0x8B) return "packed with gzip; unpack it first";
    return NULL;
}

static bool read_bytes(weights *w, const void *data, size_t size, status *st)
{
    const unsigned char *p = data;
    if (size >= 4 && memcmp(p, "GGUF", 4) == 0) {
        w->format = WEIGHTS_GGUF;
        w->header = gguf_open(data, size, w->path, &w->table, st);
        return w->header != NULL;
    }
    if (looks_like_safetensors(p, size)) {
        w->format = WEIGHTS_SAFETENSORS;
        return safetensors_read(data, size, w->path, &w->table, &w->metadata, st);
    }
    const char *other = other_kind(p, size);
    if (other) return status_set(st, STATUS_INPUT, "%s: %s", w->path, other);
    if (size < 2 || p[0] != 0x08) /* ONNX: field 1 of a protobuf message, the version, comes first */
        return status_set(st, STATUS_INPUT, "%s: neither a GGUF nor a safetensors nor an ONNX file", w->path);
    w->format = WEIGHTS_ONNX;
    w->graph = onnx_open(data, size, w->path, &w->table, st);
    return w->graph != NULL;
}

weights *weights_open_bytes(const void *data, size_t size, const char *name, status *st)
{
    weights *w = new_weights(name, st);
    if (!w) return NULL;
    if (read_bytes(w, data, size, st)) return w;
    weights_close(w);
    return NULL;
}

/* ---- a GGUF in parts ---- */

/* How the parts of a model are named: "NAME-00001-of-00003.gguf". Source: llama.cpp, tools/gguf-split. */
typedef struct {
    const char *path; /* of the part that was named */
    int stem;         /* its bytes before "-00001-of-00003.gguf" */
    uint64_t number, count;
} parts;

/* What a GGUF says of its being a part; count 0 or 1: a whole file. */
static parts parts_of(const gguf *g, const char *path)
{
    parts p = {.path = path};
    if (gguf_get_u64(g, "split.count", &p.count) && !gguf_get_u64(g, "split.no", &p.number)) p.count = 0;
    return p;
}

static char *part_path(const parts *p, uint64_t number, status *st)
{
    size_t size = strlen(p->path) + 1;
    char *path = alloc_array(size, 1, st);
    if (path) snprintf(path, size, "%.*s-%05u-of-%05u.gguf", p->stem, p->path, (unsigned)number + 1, (unsigned)p->count);
    return path;
}

/* Fills p->stem; false when the name is not the part's. */
static bool find_stem(parts *p)
{
    char ending[32];
    size_t n = strlen(p->path);
    size_t m = (size_t)snprintf(ending, sizeof ending, "-%05u-of-%05u.gguf", (unsigned)p->number + 1, (unsigned)p->count);
    if (n < m || strcmp(p->path + n - m, ending) != 0) return false;
    p->stem = (int)(n - m);
    return true;
}

static bool open_part(weights *w, const parts *p, uint64_t number, status *st)
{
    char *path = part_path(p, number, st);
    bool there = path && file_exists(path);
    if (path && !there)
        status_set(st, STATUS_INPUT, "%s: part %u of %u of a split model, and part %u is missing: %s", p->path, (unsigned)p->number + 1, (unsigned)p->count,
                   (unsigned)number + 1, path);
    const file_mapping *m = there ? add_map(w, path, st) : NULL;
    alloc_free(path);
    if (!m) return false;
    path = w->map_path[w->maps - 1];
    w->table.path = path;
    gguf *g = m->size >= 4 ? gguf_open(m->data, m->size, path, &w->table, st) : NULL;
    w->table.path = w->path;
    parts own = g ? parts_of(g, path) : (parts){0};
    if (own.count != p->count || own.number != number)
        status_set(st, STATUS_INPUT, "%s: part %u of %u by its name, part %u of %u by what it says", path, (unsigned)number + 1, (unsigned)p->count,
                   (unsigned)own.number + 1, (unsigned)own.count);
    if (number == 0) w->header = g; /* the first has the model's keys, the others none */
    else gguf_close(g);
    return status_ok(st);
}

/* Opens all parts in place of the one that was opened. */
static bool open_parts(weights *w, parts p, status *st)
{
    if (p.count > MAX_SHARDS || p.number >= p.count)
        return status_set(st, STATUS_INPUT, "%s: split.no is %llu and split.count %llu, at most %d parts are supported", w->path, (unsigned long long)p.number,
                          (unsigned long long)p.count, MAX_SHARDS);
    if (!find_stem(&p))
        return status_set(st, STATUS_INPUT, "%s: part %u of %u of a split model; its parts are found by names that end in -%05u-of-%05u.gguf, which this one's does not",
                          w->path, (unsigned)p.number + 1, (unsigned)p.count, (unsigned)p.number + 1, (unsigned)p.count);
    gguf_close(w->header);
    w->header = NULL;
    weights_table_free(&w->table);
    w->table = (weights_table){.path = w->path};
    file_unmap(&w->map[--w->maps]);
    alloc_free(w->map_path[w->maps]);
    for (uint64_t i = 0; i < p.count; i++)
        if (!open_part(w, &p, i, st)) return false;
    uint64_t tensors;
    if (gguf_get_u64(w->header, "split.tensors.count", &tensors) && tensors != (uint64_t)w->table.count)
        return status_set(st, STATUS_INPUT, "%s: the parts hold %lld tensors, %llu wanted", w->path, (long long)w->table.count, (unsigned long long)tensors);
    return true;
}

/* ---- shards ---- */

/* A shard's name must stay in the index's own folder. */
static bool plain_name(json_text s)
{
    return s.size > 0 && !s.escaped && s.text[0] != '.' && !memchr(s.text, '/', s.size) && !memchr(s.text, 0, s.size);
}

static bool open_shard(weights *w, const char *index_path, json_text name, status *st)
{
    const char *slash = strrchr(index_path, '/');
    size_t folder = slash ? (size_t)(slash + 1 - index_path) : 0;
    char *path = alloc_array(folder + name.size + 1, 1, st);
    if (!path) return false;
    memcpy(path, index_path, folder);
    memcpy(path + folder, name.text, name.size);
    path[folder + name.size] = 0;
    const file_mapping *m = add_map(w, path, st);
    alloc_free(path);
    if (!m) return false;
    w->table.path = w->map_path[w->maps - 1];
    bool ok = safetensors_read(m->data, m->size, w->table.path, &w->table, &w->metadata, st);
    w->table.path = w->path;
    return ok;
}

/* Opens each file that the map names, at its first mention. */
static bool open_shards(weights *w, json_cursor *c, const char *path, status *st)
{
    name_index seen = {0};
    json_text key, file;
    bool ok = json_cursor_enter(c, '{');
    while (ok && json_cursor_more(c, '}') && json_cursor_key(c, &key) && json_cursor_string(c, &file)) {
        bool fresh = false;
        if (!plain_name(file))
            ok = status_set(st, STATUS_INPUT, "%s: '%s' is no file name beside the index", path, weights_name_text(file.text, file.size).text);
        else if (seen.count >= MAX_SHARDS) ok = status_set(st, STATUS_INPUT, "%s: more than %d files are named", path, MAX_SHARDS);
        else ok = name_index_add(&seen, file.text, file.size, (uint32_t)seen.count, &fresh, st);
        if (ok && fresh) ok = open_shard(w, path, file, st);
    }
    name_index_free(&seen);
    return ok;
}

/* Every tensor that the map names must have been found. Names with escapes are left to the model that asks for them. */
static bool check_map(const weights *w, json_cursor c, const char *path, status *st)
{
    json_text key, file;
    json_cursor_enter(&c, '{');
    while (json_cursor_more(&c, '}') && json_cursor_key(&c, &key) && json_cursor_string(&c, &file))
        if (!key.escaped && weights_table_find(&w->table, key.text, key.size) < 0)
            return status_set(st, STATUS_INPUT, "%s: tensor '%s' is in none of the files", path, weights_name_text(key.text, key.size).text);
    return true;
}

static bool read_index(weights *w, const char *path, json_cursor *c, status *st)
{
    json_text key;
    bool found = false;
    if (!json_cursor_enter(c, '{')) return false;
    while (json_cursor_more(c, '}') && json_cursor_key(c, &key)) {
        if (found || !json_cursor_is(key, "weight_map")) {
            if (!json_cursor_skip(c)) return false;
            continue;
        }
        found = true;
        json_cursor map = *c;
        if (!open_shards(w, c, path, st) || json_cursor_bad(c) || !check_map(w, map, path, st)) return false;
    }
    if (!json_cursor_end(c)) return false;
    return found || status_set(st, STATUS_INPUT, "%s: no 'weight_map' in it: not an index of safetensors files", path);
}

static bool open_index(weights *w, const char *path, status *st)
{
    size_t size;
    char *text = file_read(path, MAX_INDEX, &size, st);
    if (!text) return false;
    w->format = WEIGHTS_SAFETENSORS;
    json_cursor c = json_cursor_begin(text, size);
    bool ok = read_index(w, path, &c, st);
    if (json_cursor_bad(&c)) ok = status_set(st, STATUS_INPUT, "%s: byte %zu: %s was wanted", path, (size_t)(c.at - text), c.wanted);
    alloc_free(text);
    return ok;
}

/* ---- paths ---- */

static bool is_index(const unsigned char *p, size_t size)
{
    size_t i = 0;
    while (i < size && (p[i] == ' ' || p[i] == '\n' || p[i] == '\r' || p[i] == '\t')) i++;
    return i < size && p[i] == '{';
}

static bool open_file(weights *w, const char *path, status *st)
{
    const file_mapping *m = add_map(w, path, st);
    if (!m) return false;
    if (!is_index(m->data, m->size)) {
        if (!read_bytes(w, m->data, m->size, st)) return false;
        parts p = w->header ? parts_of(w->header, path) : (parts){0};
        return p.count < 2 || open_parts(w, p, st);
    }
    file_unmap(&w->map[--w->maps]);
    alloc_free(w->map_path[w->maps]);
    return open_index(w, path, st);
}

/* The first of FOLDER_FILES that is there, or NULL; freed with alloc_free. */
static char *find_in_folder(const char *folder, status *st)
{
    for (int i = 0; i < FOLDER_FILE_COUNT; i++) {
        char *path = file_join(folder, FOLDER_FILES[i], st);
        if (!path || file_exists(path)) return path;
        alloc_free(path);
    }
    return NULL;
}

bool weights_in_folder(const char *path, status *st)
{
    char *file = file_is_folder(path) ? find_in_folder(path, st) : NULL;
    alloc_free(file);
    return file != NULL;
}

/* What else may lie in a folder: a GGUF (the first by name; of a split model its first part alone counts, and a vision
 * projector beside a model is none) or a pickle. */
typedef struct {
    int ggufs;
    char gguf[256], pickle[256];
} folder_names;

static bool ends_in(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n > m && strcmp(name + n - m, ending) == 0;
}

static folder_names look_in_folder(const char *folder, status *st)
{
    folder_names found = {0};
    DIR *d = opendir(folder);
    if (!d) status_set(st, STATUS_INPUT, "%s: cannot be opened: %s", folder, strerror(errno));
    for (const struct dirent *e; d && (e = readdir(d));) {
        unsigned part = 1, count;
        const char *name = e->d_name, *of = strstr(name, "-of-");
        if (of && of - name >= 6) sscanf(of - 6, "-%5u-of-%5u.gguf", &part, &count);
        if (ends_in(name, ".gguf") && part == 1 && !strstr(name, "mmproj")) {
            if (!found.ggufs++ || strcmp(name, found.gguf) < 0) snprintf(found.gguf, sizeof found.gguf, "%s", name);
        } else if (ends_in(name, ".bin") || ends_in(name, ".ckpt") || ends_in(name, ".pt") || ends_in(name, ".pth")) {
            if (!found.pickle[0] || strcmp(name, found.pickle) < 0) snprintf(found.pickle, sizeof found.pickle, "%s", name);
        }
    }
    if (d) closedir(d);
    return found;
}

static bool open_folder(weights *w, const char *folder, status *st)
{
    char *path = find_in_folder(folder, st);
    if (path) {
        bool ok = open_file(w, path, st);
        alloc_free(path);
        return ok;
    }
    if (!status_ok(st)) return false;
    folder_names names = look_in_folder(folder, st);
    if (names.ggufs == 1) {
        path = file_join(folder, names.gguf, st);
        bool ok = path && open_file(w, path, st);
        alloc_free(path);
        return ok;
    }
    if (names.ggufs > 1) return status_set(st, STATUS_INPUT, "%s: a folder with %d GGUF models; name one of them, such as %s", folder, names.ggufs, names.gguf);
    if (names.pickle[0])
        return status_set(st, STATUS_INPUT, "%s: a folder with PyTorch pickles (%s), which can hold programs and are not read; %s was wanted", folder, names.pickle,
                          FOLDER_FILES[0]);
    return status_set(st, STATUS_INPUT, "%s: no %s, %s, %s or GGUF file in the folder", folder, FOLDER_FILES[0], FOLDER_FILES[1], FOLDER_FILES[2]);
}

weights *weights_open(const char *path, status *st)
{
    weights *w = new_weights(path, st);
    if (!w) return NULL;
    if ((file_is_folder(path) ? open_folder : open_file)(w, path, st)) return w;
    weights_close(w);
    return NULL;
}

/* ---- access ---- */

weights_format weights_format_of(const weights *w) { return w->format; }
const char *weights_path(const weights *w) { return w->path; }
const gguf *weights_gguf(const weights *w) { return w->header; }
const onnx *weights_onnx(const weights *w) { return w->graph; }

const char *weights_metadata(const weights *w, size_t *size)
{
    *size = w->metadata.size;
    return w->metadata.text;
}

uint64_t weights_file_bytes(const weights *w)
{
    uint64_t bytes = 0;
    for (int i = 0; i < w->maps; i++) bytes += w->map[i].size;
    return bytes;
}

int64_t weights_count(const weights *w) { return w->table.count; }

const tensor *weights_at(const weights *w, int64_t i, const char **name)
{
    if (name) *name = w->table.entry[i].name;
    return &w->table.entry[i].value;
}

const tensor *weights_find(const weights *w, const char *name)
{
    int64_t i = weights_table_find(&w->table, name, strlen(name));
    return i < 0 ? NULL : &w->table.entry[i].value;
}

static bool shape_fits(const tensor *x, int rank, const int64_t *dim)
{
    if (x->rank != rank) return false;
    for (int i = 0; i < rank; i++)
        if (dim[i] != -1 && x->dim[i] != dim[i]) return false;
    return true;
}

const tensor *weights_need(const weights *w, status *st, const char *name, int rank, const int64_t *dim)
{
    const tensor *x = weights_find(w, name);
    if (!x) {
        status_set(st, STATUS_INPUT, "%s: tensor '%s' is missing", w->path, name);
        return NULL;
    }
    if (shape_fits(x, rank, dim)) return x;
    char found[128], wanted[128];
    tensor want = {.rank = rank < TENSOR_MAX_RANK ? rank : TENSOR_MAX_RANK};
    for (int i = 0; i < want.rank; i++) want.dim[i] = dim[i];
    status_set(st, STATUS_INPUT, "%s: tensor '%s' has shape %s, %s wanted%s", w->path, name, tensor_shape_text(x, found, sizeof found),
               tensor_shape_text(&want, wanted, sizeof wanted), strchr(wanted, '-') ? " (-1: any size)" : "");
    return NULL;
}

const float *weights_f32(arena *mem, const tensor *x, status *st)
{
    if (!x) return NULL;
    if (x->type == DTYPE_F32 && (uintptr_t)x->data % sizeof(float) == 0) return x->data;
    int64_t count = tensor_count(x);
    size_t bytes;
    if (!dtype_bytes(DTYPE_F32, count, &bytes)) {
        status_set(st, STATUS_NOMEM, "a tensor of %lld elements is too large", (long long)count);
        return NULL;
    }
    float *values = arena_alloc(mem, bytes, st);
    if (!values) return NULL;
    if (quant_dequantize(x->type, x->data, values, count)) return values;
    status_set(st, STATUS_FAIL, "a tensor of %lld elements has no whole number of %s blocks", (long long)count, dtype_of(x->type)->name);
    return NULL;
}

void weights_release(const weights *w, const tensor *x)
{
    /* Reading a page maps its neighbours too, as far as they lie in one folio: they go with it, and come back if read. */
    const uintptr_t margin = (uintptr_t)4 << 20;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)x->data, to = from + tensor_bytes(x);
    for (int i = 0; i < w->maps; i++) {
        uintptr_t start = (uintptr_t)w->map[i].data;
        uintptr_t end = start + w->map[i].size;
        if (from < start || to > end) continue;
        from = from - start > margin ? (from - margin) / page * page : start;
        to = end - to > margin ? to + margin : end;
        madvise((void *)from, to - from, MADV_DONTNEED);
        return;
    }
}

void weights_release_all(const weights *w)
{
    for (int i = 0; i < w->maps; i++) madvise((void *)(uintptr_t)w->map[i].data, w->map[i].size, MADV_DONTNEED);
}
