#include "engine/kind_options.h"

bool kind_options_init(kind_options *k, const char *kind)
{
    _Static_assert((int)KIND_COMMAND_COUNT >= (int)TEXT_OPTION_COUNT && (int)KIND_COMMAND_COUNT >= (int)IMAGE_OPTION_COUNT, "a table that holds all");
    _Static_assert((int)KIND_COMMAND_COUNT >= 2 * (int)SPEAK_FLAG_COUNT && (int)KIND_COMMAND_COUNT >= 2 * (int)VOCODE_FLAG_COUNT, "a table that holds all");
    request_kind found;
    if (!kind_find(kind, &found) || !kind_of(found)->command) return false;
    kind_of(found)->command(&k->value, k->table);
    return true;
}
