/* check: what files say of where they came from. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "engine/options.h"
#include "provenance/provenance.h"
#include "core/alloc.h"
#include "core/clean.h"
#include "core/json.h"
#include "core/log.h"
#include "core/utf8.h"

enum { SHOWN = 400 /* bytes of a long text */ };

/* Text from a file: on one line, nothing in it that steers a terminal, and not too much of it. */
static void print_clean(const char *text) { clean_print(stdout, CLEAN_LINE, text, SHOWN); }

static void print_line(const char *name, const char *text)
{
    if (!text) return;
    fputs("  ", stdout);
    clean_padded(stdout, name, 16);
    putchar(' ');
    print_clean(text);
    putchar('\n');
}

static const char *text_at(const json_t *object, const char *name) { return json_string_value(json_object_get(object, name)); }

static void print_members(json_t *object, const char *suffix)
{
    const char *name;
    json_t *value;
    char label[120];
    json_object_foreach(object, name, value) {
        char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        snprintf(label, sizeof label, "%.*s%s", utf8_fit(name, 80), name, suffix);
        print_line(label, text ? text : json_string_value(value));
        alloc_free(text);
    }
}

static void print_record(const json_t *record)
{
    size_t i;
    json_t *file, *seed = json_object_get(record, "seed"), *texts = json_object_get(record, "texts");
    json_array_foreach(json_object_get(record, "files"), i, file) {
        char line[300];
        const char *use = text_at(file, "option"), *name = text_at(file, "name"), *digest = text_at(file, "sha256");
        snprintf(line, sizeof line, "%.*s, SHA-256 %.64s", name ? utf8_fit(name, 150) : 1, name ? name : "?", digest && *digest ? digest : "not known");
        print_line(use ? use : "file", line);
    }
    if (json_is_integer(seed)) printf("  %-16s %" JSON_INTEGER_FORMAT "\n", "seed", json_integer_value(seed));
    if (json_object_size(texts)) print_members(texts, "");
    else print_members(json_object_get(record, "texts_sha256"), " SHA-256");
    char *settings = json_object_size(json_object_get(record, "settings")) ? json_dumps(json_object_get(record, "settings"), JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    print_line("settings", settings);
    alloc_free(settings);
}

static void print_verdict(const char *path, const json_t *report)
{
    const json_t *generated = json_object_get(report, "generated");
    const char *by = text_at(report, "by"), *kind = text_at(json_object_get(report, "origin"), "kind"), *source = text_at(report, "source");
    print_clean(strcmp(path, "-") == 0 ? "standard input" : path);
    if (!generated && !by) printf(": says nothing of where it came from");
    else printf(": %s", json_is_true(generated) ? "AI-generated" : generated ? "made without a trained model" : "made");
    if (by) {
        printf(" by ");
        print_clean(by);
    }
    if (kind) {
        printf(" (");
        print_clean(kind);
        putchar(')');
    }
    if (source && strcmp(source, "compositeWithTrainedAlgorithmicMedia") == 0) printf(", from another picture");
    putchar('\n');
}

static void print_report(const char *path, const json_t *report)
{
    const json_t *record = json_object_get(report, "origin"), *label = json_object_get(report, "label");
    print_verdict(path, report);
    if (record) print_record(record);
    else {
        print_members(json_object_get(report, "xmp"), "");
        print_line("parameters", text_at(report, "parameters"));
        print_members(json_object_get(report, "tags"), "");
    }
    if (label) {
        char line[300];
        const char *producer = text_at(label, "ContentProducer"), *number = text_at(label, "ProduceID"), *mark = text_at(label, "Label");
        snprintf(line, sizeof line, "%.20s, producer '%.100s', number '%.100s'", mark ? mark : "?", producer ? producer : "", number ? number : "");
        utf8_mend(line);
        print_line("AIGC label", line);
    }
    if (json_object_get(report, "comfyui")) print_line("ComfyUI", "its graph is in the file");
    if (json_object_get(report, "c2pa")) print_line("C2PA", "a manifest is in the file (its signature was not verified)");
    char *found = json_object_get(report, "found") ? json_dumps(json_object_get(report, "found"), JSON_COMPACT) : NULL;
    print_line("found in", found);
    alloc_free(found);
    print_line("broken", text_at(report, "broken"));
}

static void check_one(const char *path, bool as_json, status *st)
{
    json_t *report = provenance_read(path, st);
    if (report && as_json) {
        json_t *line = json_pack("{s:s}", "file", path);
        if (line) json_object_update(line, report);
        if (line) json_print(line, JSON_COMPACT | JSON_REAL_PRECISION(15), st);
        else status_set(st, STATUS_FAIL, "--json: the file's name is no UTF-8 text");
        json_decref(line);
    } else if (report) print_report(path, report);
    json_decref(report);
}

static const help_text HELP = {
    "aigc check [OPTION]… FILE…",
    "What pictures, sounds and texts say of where they came from: our records, the AIGC label, XMP, the settings of other programs, C2PA manifests "
    "(not verified). - is standard input. Nothing is proved: tags can be written and removed by anyone.",
    {{"aigc check rocket.png",
      "who made it, from what"},
     {"aigc check --json rocket.png hello.wav",
      "an object for each file, on a line"}},
    "FILE"};

void cmd_check(int argc, char **argv, status *st)
{
    bool as_json = false, help;
    const option table[] = {
        {0, "json", OPTION_FLAG, &as_json, NULL, "a JSON object for each file, on a line", 0, 0, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    const char **paths = alloc_array((size_t)argc, sizeof *paths, st);
    int count;
    if (paths && arguments_parse(table, argc, argv, &HELP, paths, &count, &help, st) && !help) {
        if (count == 0) status_set(st, STATUS_USAGE, "no files given; - is standard input");
        for (int i = 0; i < count; i++) { /* one that cannot be read does not keep the others from it */
            status wrong = {0};
            check_one(paths[i], as_json, &wrong);
            if (!status_ok(&wrong) && !status_ok(st)) log_error("%s", wrong.msg);
            else if (!status_ok(&wrong)) *st = wrong;
        }
    }
    alloc_free(paths);
}
