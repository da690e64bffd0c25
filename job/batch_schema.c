/* batch_schema: the JSON Schema of a job file's lines, made from the option tables so that it cannot say anything else. */
#include <stdio.h>
#include <string.h>

#include "job/batch_options.h"
#include "core/json.h"

/* A number may be written as a text too, as a place {{row.N}} is one. */
static json_t *number_schema(const option *o)
{
    json_t *number = json_pack("{s:s}", "type", o->type == OPTION_INT ? "integer" : "number");
    if (o->min < o->max) {
        json_object_set_new(number, "minimum", o->type == OPTION_INT ? json_integer((json_int_t)o->min) : json_real(o->min));
        json_object_set_new(number, "maximum", o->type == OPTION_INT ? json_integer((json_int_t)o->max) : json_real(o->max));
    }
    return json_pack("[o, {s:s}]", number, "type", "string");
}

/* What a message has beside its role is the chat template's affair. */
static json_t *messages_schema(void)
{
    return json_pack("{s:s, s:i, s:{s:s, s:[s], s:{s:{s:s}}}}", "type", "array", "minItems", 1, "items", "type", "object", "required", "role", "properties", "role", "type", "string");
}

static json_t *option_schema(const option *o)
{
    json_t *s = NULL;
    switch (o->type) {
    case OPTION_FLAG: s = json_pack("{s:[{s:s}, {s:[s, s]}]}", "anyOf", "type", "boolean", "enum", "true", "false"); break;
    case OPTION_INT:
    case OPTION_REAL: s = json_pack("{s:o}", "anyOf", number_schema(o)); break;
    case OPTION_STRING:
        if (strcmp(o->name, "tools") == 0) s = json_pack("{s:[s, s], s:{s:s}}", "type", "string", "array", "items", "type", "object");
        else if (strcmp(o->name, "json-schema") == 0) s = json_pack("{s:[s, s]}", "type", "string", "object");
        else s = json_pack("{s:[s, s, s]}", "type", "string", "number", "boolean");
        break;
    case OPTION_LIST:
        if (strcmp(o->name, "messages") == 0) s = messages_schema();
        else s = json_pack("{s:[{s:s}, {s:s, s:{s:s}, s:i}]}", "anyOf", "type", "string", "type", "array", "items", "type", "string", "maxItems", OPTION_LIST_MAX);
        break;
    case OPTION_GROUP: break;
    }
    json_object_set_new(s, "description", json_string(o->help));
    return s;
}

/* Both spellings of a name. */
static void add_option(json_t *properties, const option *o)
{
    char other[64];
    json_t *s = option_schema(o);
    snprintf(other, sizeof other, "%s", o->name);
    for (char *c = other; *c; c++)
        if (*c == '-') *c = '_';
    if (strcmp(other, o->name) != 0) json_object_set(properties, other, s);
    json_object_set_new(properties, o->name, s);
}

static json_t *options_schema(request_kind kind)
{
    request_options v;
    option table[KIND_OPTION_COUNT];
    json_t *properties = json_object();
    kind_of(kind)->table(&v, table);
    for (const option *o = table; o->name; o++)
        if (o->type != OPTION_GROUP) add_option(properties, o);
    if (!json_object_get(properties, "seed")) json_object_set_new(properties, "seed", json_pack("{s:[s, s]}", "type", "integer", "string"));
    return properties;
}

static void describe(json_t *properties, const char *name, json_t *schema, const char *text)
{
    json_object_set_new(schema, "description", json_string(text));
    json_object_set_new(properties, name, schema);
}

static json_t *job_schema(request_kind kind)
{
    json_t *p = options_schema(kind);
    describe(p, "kind", json_pack("{s:s}", "const", kind_name(kind)), "what is made");
    describe(p, "id", json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", 1000), "its name, unique in the file; line-N when absent");
    describe(p, "out", json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", 4000), "the output's path inside the output folder");
    describe(p, "needs", json_pack("{s:s, s:{s:s}, s:i}", "type", "array", "items", "type", "string", "maxItems", JOB_MAX_NEEDS), "ids of jobs that must be done before");
    describe(p, "repeat", json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum", 1, "maximum", 100000), "how often, with seeds counted up");
    return json_pack("{s:s, s:s, s:[s], s:b, s:o}", "title", kind_name(kind), "type", "object", "required", "kind", "additionalProperties", 0, "properties", p);
}

/* Defaults may hold options of any kind. */
static json_t *defaults_schema(void)
{
    json_t *all = json_object(), *kinds = json_array();
    for (int k = KIND_COUNT; k-- > 0;) {
        json_t *p = options_schema((request_kind)k);
        json_object_update_missing(all, p);
        json_decref(p);
    }
    for (int k = 0; k < KIND_COUNT; k++) json_array_append_new(kinds, json_string(kind_name((request_kind)k)));
    return json_pack("{s:s, s:s, s:[s], s:b, s:{s:{s:s, s:b, s:o}, s:{s:o}}}", "title", "defaults", "type", "object", "required", "defaults",
                     "additionalProperties", 0, "properties", "defaults", "type", "object", "additionalProperties", 0, "properties", all, "kind", "enum", kinds);
}

static json_t *request_schema(void)
{
    return json_pack("{s:s, s:s, s:[s, s, s], s:b, s:{s:{s:s}, s:{s:s}, s:{s:[s, s, s, s, s]}, s:{s:s}}}", "title", "OpenAI batch request", "type", "object", "required",
                     "custom_id", "url", "body", "additionalProperties", 0, "properties", "custom_id", "type", "string", "method", "const", "POST", "url", "enum",
                     "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/images/generations", "/v1/audio/speech", "body", "type", "object");
}

void batch_options_print_schema(status *st)
{
    json_t *lines = json_array();
    json_array_append_new(lines, defaults_schema());
    json_array_append_new(lines, json_pack("{s:s, s:s, s:[s], s:b, s:{s:{s:s, s:s}}}", "title", "rows", "type", "object", "required", "rows", "additionalProperties", 0,
                                           "properties", "rows", "type", "string", "description", "a CSV or JSONL file: every job below is made once for each row"));
    for (int k = 0; k < KIND_COUNT; k++) json_array_append_new(lines, job_schema((request_kind)k));
    json_array_append_new(lines, request_schema());
    json_t *root = json_pack("{s:s, s:s, s:s, s:o}", "$schema", "https://json-schema.org/draft/2020-12/schema", "title", "A line of a job file of aigc batch",
                             "description", "Printed by 'aigc batch --schema'. Lines that begin with -- (AUTOMATIC1111's prompts) are no JSON.", "oneOf", lines);
    if (!root || json_array_size(lines) != KIND_COUNT + 3) status_set(st, STATUS_NOMEM, "out of memory for the schema");
    else json_print(root, JSON_INDENT(1) | JSON_REAL_PRECISION(9), st);
    json_decref(root);
}
