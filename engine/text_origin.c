#include "engine/text_origin.h"

#include <string.h>
#include <sys/stat.h>

#include "engine/text_constraint.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/text_out.h"


/* A template by name and tools written out are settings; files are recorded as files. */
static bool is_template_file(const text_options *o) { return o->chat_template && !chat_builtin(o->chat_template) && file_exists(o->chat_template); }
static bool is_tools_file(const text_options *o) { return o->tools && o->tools[strspn(o->tools, " \t\r\n")] != '['; }

static bool is_constraint_file(const char *name, const char *value) { return value && !text_constraint_is_text(name, value); }

static void add_settings(origin *g, const text_options *o, const text_request *q)
{
    text_options used = *o, standard = text_options_default();
    option table[TEXT_OPTION_COUNT], defaults[TEXT_OPTION_COUNT];
    if (used.on_length && strcmp(used.on_length, "sentence") != 0) used.on_length = NULL; /* the others change no byte */
    used.sample.temperature = q->request.sample.temperature;
    if (is_template_file(o)) used.chat_template = NULL;
    if (is_tools_file(o)) used.tools = NULL;
    if (is_constraint_file("json-schema", o->json_schema)) used.json_schema = NULL;
    if (is_constraint_file("grammar", o->grammar)) used.grammar = NULL;
    text_options_table(&used, table);
    text_options_table(&standard, defaults);
    origin_options_set(g, table, defaults);
}

origin *text_origin_of(const text_options *o, const text_request *q, uint64_t seed, const char *input, origin_files *model, status *st)
{
    origin_level level;
    origin *g = origin_level_of(o->metadata, &level, st) ? origin_new("text", level, st) : NULL;
    if (!g || level == ORIGIN_NONE) return g;
    origin_files given = {.at_once = true};
    origin_seed(g, seed);
    if (input) origin_text(g, "prompt", input, strlen(input));
    if (o->system) origin_text(g, "system", o->system, strlen(o->system));
    origin_files_add(&given, "examples", o->examples, o->examples, st);
    if (is_template_file(o)) origin_files_add(&given, "chat-template", o->chat_template, o->chat_template, st);
    if (is_tools_file(o)) origin_files_add(&given, "tools", o->tools, o->tools, st);
    if (is_constraint_file("json-schema", o->json_schema)) origin_files_add(&given, "json-schema", o->json_schema, o->json_schema, st);
    if (is_constraint_file("grammar", o->grammar)) origin_files_add(&given, "grammar", o->grammar, o->grammar, st);
    if (origin_files_record(model, g, st)) origin_files_record(&given, g, st);
    origin_files_free(&given);
    add_settings(g, o, q);
    return g;
}

bool text_origin_write_beside(const char *output, origin *g, status *st)
{
    struct stat info;
    if (stat(output, &info) == 0 && !S_ISREG(info.st_mode)) return true;
    text_out path = {.st = st};
    text_out_format(&path, "%s.origin.json", output);
    char *text = origin_sidecar(g);
    bool ok = text && path.data && file_write(path.data, text, strlen(text), st);
    alloc_free(text);
    text_out_free(&path);
    return ok;
}
