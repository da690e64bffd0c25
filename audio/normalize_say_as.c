/* SSML's say-as: text read as the author says, not as it looks. */
#include <string.h>

#include "audio/normalize.h"
#include "audio/normalize_rules.h"
#include "audio/unicode.h"
#include "core/utf8.h"

static bool is_kind(const char *kind, const char *a, const char *b, const char *c)
{
    return strcmp(kind, a) == 0 || strcmp(kind, b) == 0 || strcmp(kind, c) == 0;
}

/* One character by its name: a figure, a letter (a run of them as initials, A.B.C), or a sign left for normalize_text.
 */
static void say_character(mapped_text *m, const mapped_text *in, size_t i, size_t n, uint32_t c)
{
    char one[5] = {0}, digit[2] = {(char)c, 0};
    if (unicode_is_space(c)) return;
    if (unicode_is_digit(c)) {
        spoken name = {.size = 0};
        number_digits(&name, digit);
        if (m->size > 0) mapped_text_replace(m, in, i, i + n, " ");
        mapped_text_replace(m, in, i, i + n, name.text);
        return;
    }
    one[utf8_encode(unicode_upper(c), one)] = 0;
    bool initials = i > 0 && unicode_is_letter(c) && unicode_is_letter(unicode_before(in->text, i, NULL));
    if (m->size > 0) mapped_text_replace(m, in, i, i + n, initials ? "." : " ");
    mapped_text_replace(m, in, i, i + n, one);
}

static mapped_text say_characters(const mapped_text *in, bool figures_only)
{
    mapped_text m = mapped_text_new(in->mem, in->st);
    for (size_t i = 0; i < in->size;) {
        uint32_t c;
        size_t n = unicode_decode(in->text + i, in->size - i, &c);
        if (!figures_only || unicode_is_digit(c))
            say_character(&m, in, i, n, c);
        else
            mapped_text_copy(&m, in, i, i + n);
        i += n;
    }
    return m;
}

mapped_text normalize_say_as(const mapped_text *in, const char *kind)
{
    if (is_kind(kind, "characters", "spell-out", "verbatim")) return say_characters(in, false);
    if (is_kind(kind, "digits", "telephone", "digit")) return say_characters(in, true);
    bool ordinal = strcmp(kind, "ordinal") == 0, year = strcmp(kind, "year") == 0;
    if (!ordinal && !year && !is_kind(kind, "cardinal", "number", "integer")) return *in;
    normalize_source t = {.text = in->text, .size = in->size};
    mapped_text m = mapped_text_new(in->mem, in->st);
    spoken *words = arena_alloc(in->mem, sizeof *words, in->st);
    for (size_t i = 0; words && i < in->size;) {
        number_text n = {.end = 0};
        if (i == 0 || !rule_digit(in->text[i - 1])) n = number_parse(&t, i);
        if (!n.end) {
            mapped_text_copy(&m, in, i, i + 1);
            i++;
            continue;
        }
        *words = (spoken){.size = 0};
        if (ordinal)
            number_ordinal(words, n.whole[0] ? n.whole : "0");
        else if (year && strlen(n.whole) == 4)
            number_year(words, n.whole);
        else
            number_say(words, &n);
        mapped_text_replace(&m, in, i, n.end, words->text);
        i = n.end;
    }
    return m;
}
