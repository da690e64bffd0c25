#include "engine/kind.h"

#include <string.h>

#include "engine/run.h"
#include "engine/voice_list.h"

static void end_table(option *table, int count) { table[count] = (option){.type = OPTION_GROUP}; }

static void text_defaults(request_options *v) { v->text = text_options_default(); }

static void text_table(request_options *v, option *table) { end_table(table, text_options_request_table(&v->text, table)); }

static void image_defaults(request_options *v) { v->image = image_options_default(); }

static void image_table(request_options *v, option *table) { end_table(table, image_options_job_table(&v->image, table)); }

static void speak_defaults(request_options *v) { v->speak = speak_flags_default(); }

static void speak_table(request_options *v, option *table) { end_table(table, speak_flags_job_table(&v->speak, table)); }

static void vocode_defaults(request_options *v) { v->vocode = vocode_flags_default(); }

static void vocode_table(request_options *v, option *table) { end_table(table, vocode_flags_job_table(&v->vocode, table)); }

static void embed_defaults(request_options *v) { v->embed = embed_options_default(); }

static void embed_table(request_options *v, option *table) { end_table(table, embed_options_job_table(&v->embed, table)); }

/* ---- what commands may say; those of text and image take all that their jobs in files may ---- */

static option *end_of(option *table)
{
    while (table->name) table++;
    return table;
}

static void text_command(request_options *v, option *table) { text_options_table(&v->text, table); }

static void image_command(request_options *v, option *table) { image_options_table(&v->image, table); }

static void speak_command(request_options *v, option *table)
{
    speak_flags_table(&v->speak, table);
    speak_table(v, end_of(table));
}

static void vocode_command(request_options *v, option *table)
{
    vocode_flags_table(&v->vocode, table);
    vocode_table(v, end_of(table));
}

static const kind_row KINDS[KIND_COUNT] = {
    [KIND_TEXT] = {"text", ".txt", "smollm2", OUTPUT_TEXT, 0, text_defaults, text_table, text_command, run_text, run_text_free},
    [KIND_IMAGE] = {"image", ".png", "icons", OUTPUT_PICTURE, 1, image_defaults, image_table, image_command, run_image, run_image_free},
    [KIND_SPEAK] = {"speak", ".wav", NULL, OUTPUT_SOUND, 1, speak_defaults, speak_table, speak_command, run_speak, run_speak_free},
    [KIND_VOCODE] = {"vocode", ".wav", "", OUTPUT_SOUND, 1, vocode_defaults, vocode_table, vocode_command, run_vocode, run_vocode_free},
    [KIND_EMBED] = {"embed", ".json", "smollm2", OUTPUT_JSON, 0, embed_defaults, embed_table, NULL, run_embed, run_embed_free},
};

const kind_row *kind_of(request_kind kind) { return &KINDS[kind]; }

const char *kind_model(request_kind kind) { return KINDS[kind].model ? KINDS[kind].model : voice_list_usual(); }

const char *kind_name(request_kind kind) { return KINDS[kind].name; }

bool kind_find(const char *name, request_kind *kind)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (strcmp(KINDS[k].name, name) == 0) {
            *kind = (request_kind)k;
            return true;
        }
    return false;
}
