#include "engine/image_origin.h"

#include <string.h>

#include "engine/image_text.h"
#include "core/alloc.h"
#include "core/file.h"


/* FILE:STRENGTH -> FILE, as image_model reads it. Freed with alloc_free. */
static char *lora_path(const char *text, status *st)
{
    size_t n = image_model_lora_name(text);
    return alloc_string(text, n, st);
}

bool image_origin_add_model(origin_files *f, const image_options *o, const char *path, const char *vae_path, const char *words_path, status *st)
{
    origin_files_add(f, "model", o->model, path, st);
    origin_files_add(f, "vae", o->vae, vae_path, st);
    origin_files_add(f, "config", o->config, o->config, st);
    origin_files_add(f, "tokenizer", o->tokenizer, words_path, st);
    for (size_t i = 0; i < o->lora.count && status_ok(st); i++) {
        char *name = lora_path(o->lora.item[i], st);
        origin_files_add(f, "lora", o->lora.item[i], name, st);
        alloc_free(name);
    }
    return status_ok(st);
}

static void add_text(origin *g, const char *name, const char *text)
{
    if (text && *text) origin_text(g, name, text, strlen(text));
}

/* What is not in use is not recorded: the strength without a picture to leave, a caption's place without a caption. */
static void add_settings(origin *g, const image_options *o)
{
    image_options used = *o, standard = image_options_default();
    option table[IMAGE_OPTION_COUNT], defaults[IMAGE_OPTION_COUNT];
    if (!o->init) used.strength = standard.strength = 0;
    if (!o->caption) used.caption_place = NULL, used.caption_size = standard.caption_size = 0;
    image_options_table(&used, table);
    image_options_table(&standard, defaults);
    origin_options_set(g, table, defaults);
}

static void add_files(origin *g, const image_options *o, origin_files *model, status *st)
{
    origin_files given = {.at_once = true};
    origin_files_add(&given, "init-img", o->init, o->init, st);
    origin_files_add(&given, "mask", o->mask, o->mask, st);
    origin_files_add(&given, "noise", o->noise, o->noise, st);
    if (o->caption || o->label) origin_files_add(&given, "font", o->font, o->font, st);
    if (origin_files_record(model, g, st)) origin_files_record(&given, g, st);
    origin_files_free(&given);
}

static void add_chunk(image_origin *to, const char *keyword, char *text)
{
    if (!text) return;
    to->text[to->count] = text;
    to->chunk[to->count++] = (image_file_text){keyword, text};
}

bool image_origin_make(image_origin *to, const image_options *o, const image_result *r, origin_files *model, const char *model_path, status *st)
{
    origin_level level;
    *to = (image_origin){0};
    origin *g = origin_level_of(o->metadata, &level, st) ? origin_new("image", level, st) : NULL;
    if (!g) return false;
    if (o->init) origin_composite(g);
    if (level != ORIGIN_NONE) {
        origin_seed(g, r->seed);
        add_text(g, "prompt", o->prompt);
        add_text(g, "negative-prompt", o->negative);
        add_text(g, "caption", o->caption);
        add_text(g, "label-text", o->label_text);
        add_files(g, o, model, st);
        add_settings(g, o);
    }
    if (level != ORIGIN_NONE) to->record = origin_record(g);
    add_chunk(to, "XML:com.adobe.xmp", origin_xmp(g));
    if (level != ORIGIN_NONE && status_ok(st)) {
        hash_hex digest;
        bool single = !file_is_folder(model_path) && origin_files_digest(model, "model", &digest, st);
        add_chunk(to, "parameters", image_text_parameters(o, r, o->width, o->height, model_path, single ? digest.text : NULL, level == ORIGIN_FULL, st));
    }
    origin_free(g);
    if (status_ok(st)) return true;
    image_origin_free(to);
    return false;
}

void image_origin_free(image_origin *to)
{
    for (int i = 0; i < to->count; i++) alloc_free(to->text[i]);
    alloc_free(to->record);
    *to = (image_origin){0};
}
