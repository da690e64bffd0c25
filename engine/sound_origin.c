#include "engine/sound_origin.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"


bool sound_origin_make(sound_origin *to, origin *g, status *st)
{
    *to = (sound_origin){0};
    if (g) {
        to->text[0] = origin_remark(g);
        to->text[1] = origin_label(g);
        to->text[2] = origin_record(g);
        to->text[3] = origin_xmp(g);
        to->tags = (sound_tags){"aigc " AIGC_VERSION, to->text[0], to->text[1], to->text[2], to->text[3]};
    }
    origin_free(g);
    if (status_ok(st)) return true;
    sound_origin_free(to);
    return false;
}

void sound_origin_free(sound_origin *to)
{
    for (int i = 0; i < 4; i++) alloc_free(to->text[i]);
    *to = (sound_origin){0};
}

bool sound_origin_add_voice(origin_files *to, const speak_flags *f, const char *path, const char *assets, status *st)
{
    size_t size = strlen(path) + sizeof ".json";
    char *settings = alloc_array(size, 1, st);
    if (!settings) return false;
    snprintf(settings, size, "%s.json", path);
    origin_files_add(to, "voice", f->voice, path, st);
    if (file_exists(settings)) origin_files_add(to, "voice-config", settings, settings, st);
    if (assets && strcmp(assets, path) != 0) origin_files_add(to, "lexicons", assets, assets, st);
    origin_files_add(to, "pronunciations", f->pronunciations, f->pronunciations, st);
    alloc_free(settings);
    return status_ok(st);
}

origin *sound_origin_of_speech(const speak_flags *f, uint64_t seed, const char *text, size_t size, origin_files *files, status *st)
{
    origin_level level;
    origin *g = origin_level_of(f->metadata, &level, st) ? origin_new("speak", level, st) : NULL;
    if (!g || level == ORIGIN_NONE) return g;
    speak_flags standard = speak_flags_default();
    option table[SPEAK_FLAG_COUNT], defaults[SPEAK_FLAG_COUNT];
    speak_flags_table((speak_flags *)(uintptr_t)f, table);
    speak_flags_table(&standard, defaults);
    origin_seed(g, seed);
    origin_text(g, "text", text, size);
    if (f->label_text) origin_text(g, "label-text", f->label_text, strlen(f->label_text));
    origin_files_record(files, g, st);
    origin_options_set(g, table, defaults);
    return g;
}
