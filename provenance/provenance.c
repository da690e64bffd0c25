#include "provenance/provenance.h"

#include <stdio.h>
#include <string.h>

#include "provenance/tag_reader.h"
#include "provenance/xmp.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "provenance/origin.h"
#include "core/text_out.h"
#include "core/utf8.h"
#include "text/text_buffer.h"

enum { STDIN_LIMIT = 512 << 20, SIDECAR_LIMIT = 16 << 20 };

typedef struct {
    json_t *report;
    status *st;
} gatherer;

/* What is no UTF-8 becomes U+FFFD. */
static json_t *text_of(const char *text, size_t size, status *st)
{
    text_buffer b = {0};
    json_t *value = json_stringn(text, size);
    if (!value && text_buffer_append_utf8(&b, text, size, st)) value = json_stringn(b.data, b.size);
    text_buffer_free(&b);
    return value;
}

/* The first of a name counts: later ones cannot hide it. Takes value over. */
static void keep(gatherer *g, const char *name, json_t *value)
{
    if (json_object_get(g->report, name)) json_decref(value);
    else if (!value || json_object_set_new(g->report, name, value) != 0) status_set(g->st, STATUS_NOMEM, "out of memory for the report");
}

static json_t *list_of(gatherer *g, const char *name)
{
    if (!json_object_get(g->report, name)) keep(g, name, json_array());
    return json_object_get(g->report, name);
}

static void found(gatherer *g, const tag_reader_tag *tag)
{
    json_t *list = list_of(g, "found");
    char place[128];
    snprintf(place, sizeof place, "%s %s", tag->place, tag->key);
    if (list) json_array_append_new(list, json_string(place));
}

/* ---- single tags ---- */

static void add_record(gatherer *g, const char *text, size_t size)
{
    json_t *record = json_parse(text, size, 0, NULL);
    const char *generator = json_string_value(json_object_get(record, "generator"));
    if (generator && strcmp(generator, "aigc") == 0) keep(g, "origin", record);
    else json_decref(record);
}

static void add_label(gatherer *g, const char *text, size_t size)
{
    json_t *label = json_parse(text, size, 0, NULL), *inner = json_object_get(label, "AIGC");
    if (!inner) inner = json_object_get(label, "aigc"); /* some write {"AIGC": {…}} */
    if (json_is_object(inner)) {
        json_incref(inner);
        json_decref(label);
        label = inner;
    }
    if (json_object_get(label, "Label")) keep(g, "label", label);
    else json_decref(label);
}

static void add_xmp(gatherer *g, const tag_reader_tag *tag)
{
    json_t *xmp = xmp_read(tag->value, tag->size, g->st);
    const char *label = json_string_value(json_object_get(xmp, "AIGC")), *record = json_string_value(json_object_get(xmp, "origin"));
    if (label) add_label(g, label, strlen(label));
    if (record) add_record(g, record, strlen(record));
    json_object_del(xmp, "AIGC");
    json_object_del(xmp, "origin");
    if (json_object_size(xmp)) keep(g, "xmp", xmp);
    else json_decref(xmp);
}

static void add_sidecar(gatherer *g, const char *text, size_t size)
{
    json_t *root = json_parse(text, size, 0, NULL), *label = json_object_get(root, "AIGC"), *record = json_object_get(root, "origin");
    const char *generator = json_string_value(json_object_get(record, "generator"));
    if (json_object_get(label, "Label")) keep(g, "label", json_incref(label));
    if (generator && strcmp(generator, "aigc") == 0) keep(g, "origin", json_incref(record));
    json_decref(root);
}

/* ComfyUI writes its graphs as JSON under these names; a prompt of words is another's. */
static bool is_graph(const tag_reader_tag *tag)
{
    return (strcmp(tag->key, "prompt") == 0 || strcmp(tag->key, "workflow") == 0) && tag->size && tag->value[0] == '{';
}

/* The web UI's settings, in PNG under a name of their own, elsewhere as the comment that the format has. */
static bool is_parameters(const tag_reader_tag *tag)
{
    static const char *const COMMENTS[] = {"UserComment", "comment", "Comment", "Description"};
    bool comment = false;
    for (size_t i = 0; i < sizeof COMMENTS / sizeof COMMENTS[0]; i++) comment = comment || strcmp(tag->key, COMMENTS[i]) == 0;
    return strcmp(tag->key, "parameters") == 0 || (comment && memmem(tag->value, tag->size, "Steps: ", 7));
}

/* Where a container has one comment alone (AIFF), that is the record. */
static bool is_record(const tag_reader_tag *tag)
{
    static const char BEGIN[] = "{\"generator\":\"aigc\"";
    return strcmp(tag->key, "Comment") == 0 && tag->size > sizeof BEGIN && memcmp(tag->value, BEGIN, sizeof BEGIN - 1) == 0;
}

static void add_other(gatherer *g, const tag_reader_tag *tag)
{
    static const char *const TOLD[] = {"Software", "UserComment", "Comment", "COMMENT", "SOFTWARE", "comment", "ENCODER", "ISFT", "ICMT", "COMM", "TSSE", "Title",
                                       "Description", "Author", "Source", "invokeai_metadata", "sd-metadata", "Dream", "generation_data", "dream"};
    for (size_t i = 0; i < sizeof TOLD / sizeof TOLD[0]; i++) {
        if (strcmp(tag->key, TOLD[i]) != 0 || !tag->size) continue;
        if (!json_object_get(g->report, "tags")) keep(g, "tags", json_object());
        json_t *tags = json_object_get(g->report, "tags");
        if (tags && !json_object_get(tags, tag->key)) json_object_set_new(tags, tag->key, text_of(tag->value, tag->size, g->st));
        found(g, tag);
        return;
    }
}

static bool see(void *arg, const tag_reader_tag *tag)
{
    gatherer *g = arg;
    bool known = true;
    if (strcmp(tag->key, "XMP") == 0) add_xmp(g, tag);
    else if (strcmp(tag->key, "C2PA") == 0) keep(g, "c2pa", json_true());
    else if (strcmp(tag->key, "AIGC") == 0 || strcmp(tag->key, "aigc") == 0) add_label(g, tag->value, tag->size);
    else if (strcmp(tag->key, "AIGC_ORIGIN") == 0 || is_record(tag)) add_record(g, tag->value, tag->size);
    else if (strcmp(tag->key, "AIGC_SIDECAR") == 0) add_sidecar(g, tag->value, tag->size);
    else if (is_parameters(tag)) keep(g, "parameters", text_of(tag->value, tag->size, g->st));
    else if (is_graph(tag)) json_array_append_new(list_of(g, "comfyui"), json_string(tag->key));
    else known = false;
    if (known) found(g, tag);
    else add_other(g, tag);
    return status_ok(g->st);
}

/* ---- what follows from them ---- */

static const char *text_at(const json_t *object, const char *name) { return json_string_value(json_object_get(object, name)); }

static const char *last_part(const char *uri)
{
    const char *slash = uri ? strrchr(uri, '/') : NULL;
    return slash ? slash + 1 : uri;
}

/* "…, Version: v1.10.1" of A1111's last line; what has none is its format all the same. */
static json_t *by_parameters(const char *text)
{
    const char *version = strstr(text, "Version: ");
    if (!version) return json_string("AUTOMATIC1111's web UI or one like it");
    version += 9;
    size_t n = strcspn(version, ",\n");
    json_t *value = strncmp(version, "aigc", 4) == 0 ? json_stringn(version, n) : json_sprintf("AUTOMATIC1111's web UI or one like it, %.*s", (int)utf8_cut(version, n, 40), version);
    return value ? value : json_string("AUTOMATIC1111's web UI or one like it");
}

static void conclude(gatherer *g)
{
    const json_t *r = g->report, *record = json_object_get(r, "origin"), *xmp = json_object_get(r, "xmp"), *label = json_object_get(r, "label");
    const char *source = text_at(record, "source"), *parameters = text_at(r, "parameters"), *system = text_at(xmp, "AISystemUsed");
    if (!source) source = last_part(text_at(xmp, "DigitalSourceType"));
    bool settings = parameters && strstr(parameters, "Steps: "), graph = json_object_get(r, "comfyui") != NULL;
    const char *mark = text_at(label, "Label");
    if (source) keep(g, "source", json_string(source));
    if ((source && (strcmp(source, ORIGIN_GENERATED) == 0 || strcmp(source, ORIGIN_COMPOSITE) == 0)) || settings || graph || system ||
        (mark && strcmp(mark, "1") == 0))
        keep(g, "generated", json_true());
    else if (source) keep(g, "generated", json_false());
    const char *version = text_at(record, "version"), *tool = text_at(xmp, "CreatorTool"), *producer = text_at(label, "ContentProducer");
    if (version) keep(g, "by", json_sprintf("aigc %s", version));
    else if (system) keep(g, "by", json_string(system));
    else if (graph) keep(g, "by", json_string("ComfyUI"));
    else if (settings) keep(g, "by", by_parameters(parameters));
    else if (producer && *producer) keep(g, "by", json_string(producer));
    else if (tool) keep(g, "by", json_string(tool));
}

static void look(gatherer *g, const void *data, size_t size)
{
    tag_reader_result result = {0};
    if (!tag_reader_run(data, size, see, g, &result, g->st)) return;
    if (result.container) keep(g, "container", json_string(result.container));
    if (result.broken) keep(g, "broken", json_string(result.broken));
}

static json_t *finish(gatherer *g)
{
    if (status_ok(g->st)) conclude(g);
    if (status_ok(g->st)) return g->report;
    json_decref(g->report);
    return NULL;
}

json_t *provenance_read_bytes(const void *data, size_t size, status *st)
{
    gatherer g = {json_object(), st};
    look(&g, data, size);
    return finish(&g);
}

static void look_beside(gatherer *g, const char *path)
{
    status ignored = {0};
    size_t size;
    text_out beside = {.st = g->st};
    text_out_format(&beside, "%s.origin.json", path);
    char *text = beside.data && file_exists(beside.data) ? file_read(beside.data, SIDECAR_LIMIT, &size, &ignored) : NULL;
    if (text) {
        tag_reader_tag tag = {.place = "beside:", .key = ".origin.json"};
        add_sidecar(g, text, size);
        found(g, &tag);
    }
    alloc_free(text);
    text_out_free(&beside);
}

json_t *provenance_read(const char *path, status *st)
{
    gatherer g = {json_object(), st};
    file_mapping file = {0};
    size_t size = 0;
    bool is_stdin = strcmp(path, "-") == 0;
    char *read = is_stdin ? file_read(path, STDIN_LIMIT, &size, st) : NULL;
    if (read) look(&g, read, size);
    else if (!is_stdin && file_map(&file, path, st)) look(&g, file.data, file.size);
    if (!is_stdin && status_ok(st) && !json_object_get(g.report, "origin")) look_beside(&g, path);
    file_unmap(&file);
    alloc_free(read);
    return finish(&g);
}
