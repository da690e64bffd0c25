#include "engine/kind_options.h"

#include <string.h>

bool kind_options_init(kind_options *k, const char *kind)
{
    _Static_assert((int)KIND_OPTIONS_MOST >= 2 * (int)TEXT_OPTION_COUNT && (int)KIND_OPTIONS_MOST >= 2 * (int)IMAGE_OPTION_COUNT, "a table that holds all");
    _Static_assert((int)KIND_OPTIONS_MOST >= 2 * (int)SPEAK_FLAG_COUNT && (int)KIND_OPTIONS_MOST >= 2 * (int)VOCODE_FLAG_COUNT, "a table that holds all");
    int count = 0;
    option *all = k->table;
    if (strcmp(kind, "text") == 0) text_options_table(&k->value.text, all);
    else if (strcmp(kind, "image") == 0) image_options_table(&k->value.image, all);
    else if (strcmp(kind, "speak") == 0) speak_flags_table(&k->value.speak, all);
    else if (strcmp(kind, "vocode") == 0) vocode_flags_table(&k->value.vocode, all);
    else return false;
    while (all[count].name) count++;
    if (strcmp(kind, "text") == 0) count += text_options_job_table(&k->value.text, all + count);
    else if (strcmp(kind, "image") == 0) count += image_options_job_table(&k->value.image, all + count);
    else if (strcmp(kind, "speak") == 0) count += speak_flags_job_table(&k->value.speak, all + count);
    else count += vocode_flags_job_table(&k->value.vocode, all + count);
    all[count] = (option){0};
    return true;
}
