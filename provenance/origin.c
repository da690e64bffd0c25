#include "provenance/origin.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/nearest.h"
#include "core/text_out.h"

enum { ID_DIGITS = 32 };

struct origin {
    origin_level level;
    json_t *record, *texts, *digests, *files, *settings; /* the last four belong to the record */
    status *st;
};

bool origin_level_of(const char *name, origin_level *level, status *st)
{
    static const char *const NAMES[] = {"full", "hash", "none"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, NAMES[i]) == 0) {
            *level = (origin_level)i;
            return true;
        }
    return status_set(st, STATUS_USAGE, "--metadata: '%.60s' found, full, hash or none wanted%s", name, nearest_in(name, "full, hash, none").text);
}

static bool ready(const origin *g) { return g && status_ok(g->st); }

static void check(origin *g, bool ok)
{
    if (!ok) status_set(g->st, STATUS_NOMEM, "out of memory for the record of the output's origin");
}

/* value as object[name]; takes it over. */
static void put(origin *g, json_t *object, const char *name, json_t *value) { check(g, json_object_set_new(object, name, value) == 0); }

origin *origin_new(const char *kind, origin_level level, status *st)
{
    origin *g = alloc_zeroed(1, sizeof *g, st);
    if (!g) return NULL;
    *g = (origin){.level = level, .st = st, .record = json_object(), .texts = json_object(), .digests = json_object(),
                  .files = json_array(), .settings = json_object()};
    const char *producer = getenv("AIGC_PRODUCER");
    put(g, g->record, "generator", json_string("aigc"));
    put(g, g->record, "version", json_string(AIGC_VERSION));
    if (producer && *producer) put(g, g->record, "producer", json_string(producer));
    put(g, g->record, "kind", json_string(kind));
    put(g, g->record, "source", json_string(ORIGIN_GENERATED));
    if (level == ORIGIN_HASH) put(g, g->record, "metadata", json_string("hash"));
    put(g, g->record, "seed", json_null()); /* keeps its place */
    put(g, g->record, "texts", g->texts);
    put(g, g->record, "texts_sha256", g->digests);
    put(g, g->record, "files", g->files);
    put(g, g->record, "settings", g->settings);
    if (status_ok(st)) return g;
    origin_free(g);
    return NULL;
}

void origin_free(origin *g)
{
    if (!g) return;
    json_decref(g->record);
    alloc_free(g);
}

void origin_composite(origin *g)
{
    if (ready(g)) put(g, g->record, "source", json_string(ORIGIN_COMPOSITE));
}

void origin_algorithmic(origin *g)
{
    if (ready(g)) put(g, g->record, "source", json_string(ORIGIN_ALGORITHMIC));
}

static bool by_a_model(const origin *g) { return strcmp(json_string_value(json_object_get(g->record, "source")), ORIGIN_ALGORITHMIC) != 0; }

void origin_seed(origin *g, uint64_t seed)
{
    if (ready(g)) put(g, g->record, "seed", json_integer((json_int_t)seed));
}

void origin_text(origin *g, const char *option, const char *text, size_t size)
{
    hash_hex digest;
    if (!ready(g) || !text || !hash_data(text, size, &digest, g->st)) return;
    put(g, g->digests, option, json_string(digest.text));
    if (g->level != ORIGIN_FULL || size > ORIGIN_LONGEST_TEXT || memchr(text, 0, size)) return;
    json_t *value = json_stringn(text, size); /* NULL: no UTF-8 */
    if (value) put(g, g->texts, option, value);
}

void origin_set(origin *g, const char *option, json_t *value)
{
    if (!ready(g) || !value) {
        if (ready(g)) check(g, false);
        json_decref(value);
        return;
    }
    json_t *before = json_object_get(g->settings, option);
    if (!before) put(g, g->settings, option, value);
    else if (json_is_array(before)) check(g, json_array_append_new(before, value) == 0);
    else {
        json_t *list = json_array();
        check(g, list && json_array_append(list, before) == 0 && json_array_append_new(list, value) == 0);
        put(g, g->settings, option, list);
    }
}

void origin_ended(origin *g, const char *reason)
{
    if (ready(g)) put(g, g->record, "ended", json_string(reason));
}

void origin_file(origin *g, const char *option, const char *called, const hash_hex *digest)
{
    if (!ready(g)) return;
    size_t n = strlen(called);
    while (n > 1 && called[n - 1] == '/') n--;
    const char *name = called;
    for (size_t i = 0; i + 1 < n; i++)
        if (called[i] == '/') name = called + i + 1;
    json_t *text = json_stringn(name, n - (size_t)(name - called)), *file = json_object();
    if (!text) text = json_string("?"); /* a name that is no UTF-8 */
    put(g, file, "option", json_string(option));
    put(g, file, "name", text);
    put(g, file, "sha256", json_string(digest->text));
    check(g, json_array_append_new(g->files, file) == 0);
}

/* ---- text forms ---- */

/* What may be told at this level, without what is empty. */
json_t *origin_json(origin *g)
{
    if (!ready(g)) return NULL;
    static const char *const ALWAYS[] = {"generator", "version", "producer", "kind", "source"};
    json_t *told = json_object();
    for (size_t i = 0; i < sizeof ALWAYS / sizeof ALWAYS[0]; i++) {
        json_t *value = json_object_get(g->record, ALWAYS[i]);
        if (value) put(g, told, ALWAYS[i], json_incref(value));
    }
    const char *name;
    json_t *value;
    if (g->level != ORIGIN_NONE)
        json_object_foreach(g->record, name, value) {
            bool empty = json_is_null(value) || (json_is_object(value) && !json_object_size(value)) || (json_is_array(value) && !json_array_size(value));
            if (!empty && !json_object_get(told, name)) put(g, told, name, json_incref(value));
        }
    if (status_ok(g->st)) return told;
    json_decref(told);
    return NULL;
}

/* j (taken over) as text, in memory of our own whatever jansson's allocator is. */
static char *dump(origin *g, json_t *j, size_t flags)
{
    char *text = j ? json_write(j, flags | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15)) : NULL;
    check(g, text != NULL);
    json_decref(j);
    if (status_ok(g->st)) return text;
    alloc_free(text);
    return NULL;
}

char *origin_record(origin *g)
{
    return ready(g) ? dump(g, origin_json(g), JSON_COMPACT) : NULL;
}

static const char *producer_of(const origin *g)
{
    const char *producer = json_string_value(json_object_get(g->record, "producer"));
    return producer ? producer : "aigc";
}

/* Without a record to be told there is no number: it would be a hash of the prompt. */
static void number_of(origin *g, char number[ID_DIGITS + 1])
{
    hash_hex digest = {{0}};
    char *record = g->level == ORIGIN_NONE ? NULL : origin_record(g);
    if (record) hash_data(record, strlen(record), &digest, g->st);
    memcpy(number, digest.text, ID_DIGITS);
    number[ID_DIGITS] = 0;
    alloc_free(record);
}

static json_t *label_of(origin *g)
{
    char number[ID_DIGITS + 1];
    number_of(g, number);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Label", "1", "ContentProducer", producer_of(g), "ProduceID", number, "ReservedCode1", "",
                     "ContentPropagator", "", "PropagateID", "", "ReservedCode2", "");
}

char *origin_label(origin *g)
{
    return ready(g) && by_a_model(g) ? dump(g, label_of(g), JSON_COMPACT) : NULL;
}

char *origin_sidecar(origin *g)
{
    if (!ready(g)) return NULL;
    json_t *label = label_of(g), *record = origin_json(g);
    char *text = dump(g, json_pack("{s:o*, s:o*}", "AIGC", label, "origin", record), JSON_INDENT(2));
    text_out t = {.st = g->st};
    if (text) text_out_format(&t, "%s\n", text);
    alloc_free(text);
    return text_out_take(&t);
}

/* The name of the model, or of the voice; NULL when there is none. */
static const char *model_of(const origin *g)
{
    size_t i;
    json_t *file;
    json_array_foreach(g->files, i, file) {
        const char *option = json_string_value(json_object_get(file, "option"));
        if (option && (strcmp(option, "model") == 0 || strcmp(option, "voice") == 0)) return json_string_value(json_object_get(file, "name"));
    }
    return NULL;
}

char *origin_remark(origin *g)
{
    if (!ready(g)) return NULL;
    text_out t = {.st = g->st};
    const char *model = model_of(g);
    json_t *seed = json_object_get(g->record, "seed");
    text_out_format(&t, "%s by aigc %s %s", by_a_model(g) ? "AI-generated" : "Made", AIGC_VERSION, json_string_value(json_object_get(g->record, "kind")));
    if (model && g->level != ORIGIN_NONE) text_out_format(&t, ", %s", model);
    if (json_is_integer(seed) && g->level != ORIGIN_NONE) text_out_format(&t, ", seed %" JSON_INTEGER_FORMAT, json_integer_value(seed));
    return text_out_take(&t);
}

/* Text of an XML element: markup escaped, and what XML 1.0 has no place for made a space. */
static void add_escaped(text_out *t, const char *text)
{
    for (const char *s = text; *s; s++) {
        unsigned char b = (unsigned char)*s;
        if (b == '<') text_out_add(t, "&lt;");
        else if (b == '>') text_out_add(t, "&gt;");
        else if (b == '&') text_out_add(t, "&amp;");
        else if (b == '\r') text_out_add(t, "&#13;");
        else if (b < ' ' && b != '\t' && b != '\n') text_out_add(t, " ");
        else if (b == 0xEF && (unsigned char)s[1] == 0xBF && (unsigned char)s[2] >= 0xBE) { /* U+FFFE, U+FFFF */
            text_out_add(t, " ");
            s += 2;
        } else text_out_bytes(t, s, 1);
    }
}

static void add_property(text_out *t, const char *name, const char *value)
{
    if (!value) return;
    text_out_format(t, "   <%s>", name);
    add_escaped(t, value);
    text_out_format(t, "</%s>\n", name);
}

static void add_iptc(origin *g, text_out *t)
{
    text_out source = {.st = g->st}, system = {.st = g->st};
    text_out_format(&source, ORIGIN_SOURCE_PREFIX "%s", json_string_value(json_object_get(g->record, "source")));
    const char *model = g->level == ORIGIN_NONE ? NULL : model_of(g);
    text_out_format(&system, "aigc%s%s", model ? ", " : "", model ? model : "");
    add_property(t, "Iptc4xmpExt:DigitalSourceType", source.data);
    if (by_a_model(g)) {
        add_property(t, "Iptc4xmpExt:AISystemUsed", system.data);
        add_property(t, "Iptc4xmpExt:AISystemVersionUsed", AIGC_VERSION);
    }
    if (g->level == ORIGIN_FULL) add_property(t, "Iptc4xmpExt:AIPromptInformation", json_string_value(json_object_get(g->texts, "prompt")));
    text_out_free(&source);
    text_out_free(&system);
}

char *origin_xmp(origin *g)
{
    if (!ready(g)) return NULL;
    char *label = origin_label(g), *record = origin_record(g);
    text_out t = {.st = g->st};
    text_out_add(&t, "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
                     "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
                     "  <rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:Iptc4xmpExt=\"" ORIGIN_NS_IPTC "\""
                     " xmlns:TC260=\"" ORIGIN_NS_TC260 "\" xmlns:aigc=\"" ORIGIN_NS_OWN "\">\n");
    add_property(&t, "xmp:CreatorTool", "aigc " AIGC_VERSION);
    add_iptc(g, &t);
    add_property(&t, "TC260:AIGC", label);
    add_property(&t, "aigc:origin", record);
    text_out_add(&t, "  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>");
    alloc_free(label);
    alloc_free(record);
    return text_out_take(&t);
}

size_t origin_front_matter_size(const char *text, size_t size)
{
    static const char BEGIN[] = "---\nAIGC:\n", END[] = "\n---\n";
    if (size < sizeof BEGIN - 1 || memcmp(text, BEGIN, sizeof BEGIN - 1) != 0) return 0;
    const char *end = memmem(text + sizeof BEGIN - 2, size - (sizeof BEGIN - 2), END, sizeof END - 1);
    return end ? (size_t)(end - text) + sizeof END - 1 : 0;
}

/* JSON in ASCII is YAML too (YAML 1.2, section 1.3). */
char *origin_front_matter(origin *g)
{
    if (!ready(g)) return NULL;
    text_out t = {.st = g->st};
    json_t *label = label_of(g), *value;
    const char *name;
    check(g, label != NULL);
    text_out_add(&t, "---\nAIGC:\n");
    json_object_foreach(label, name, value) {
        char *text = dump(g, json_incref(value), JSON_ENCODE_ANY);
        if (text) text_out_format(&t, "  %s: %s\n", name, text);
        alloc_free(text);
    }
    char *record = origin_record(g);
    if (record) text_out_format(&t, "origin: %s\n---\n", record);
    alloc_free(record);
    json_decref(label);
    return text_out_take(&t);
}
