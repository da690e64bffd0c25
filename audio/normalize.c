#include "audio/normalize.h"

mapped_text normalize_text(const mapped_text *text, const normalize_options *options)
{
    (void)options;
    return *text;
}
