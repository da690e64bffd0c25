#include "audio/normalize.h"

#include <string.h>

#include "audio/normalize_rules.h"
#include "audio/unicode.h"
#include "core/utf8.h"

/* ---- what the rules share ---- */

uint32_t rule_before(const normalize_source *t, size_t i)
{
    return unicode_before(t->text, i, NULL);
}

uint32_t rule_at(const normalize_source *t, size_t i, size_t *size)
{
    uint32_t c = 0;
    *size = i < t->size ? unicode_decode(t->text + i, t->size - i, &c) : 0;
    return c;
}

static bool is_word_character(uint32_t c)
{
    return c == '_' || unicode_is_digit(c) || unicode_is_letter(c);
}

bool rule_word(const normalize_source *t, size_t i)
{
    size_t size;
    return i < t->size && is_word_character(rule_at(t, i, &size));
}

bool rule_word_before(const normalize_source *t, size_t i)
{
    return i > 0 && is_word_character(rule_before(t, i));
}

bool rule_starts(const normalize_source *t, size_t i, const char *text)
{
    size_t n = strlen(text);
    return i <= t->size && t->size - i >= n && memcmp(t->text + i, text, n) == 0;
}

size_t rule_letters(const normalize_source *t, size_t i)
{
    size_t n = 0;
    while (i + n < t->size && rule_letter(t->text[i + n])) n++;
    return n;
}

size_t rule_skip_space(const normalize_source *t, size_t i)
{
    return i < t->size && t->text[i] == ' ' ? i + 1 : i;
}

void rule_previous_word(const normalize_source *t, size_t i, char word[32])
{
    size_t end = i, start;
    if (end > 0 && t->text[end - 1] == ' ') end--;
    for (start = end; start > 0 && t->text[start - 1] != ' ' && end - start < 31; start--) continue;
    memcpy(word, t->text + start, end - start);
    word[end - start] = 0;
}

size_t rule_range_dash(const normalize_source *t, size_t i)
{
    if (rule_starts(t, i, "..") && rule_digit(t->text[i + 2])) return i + 2;
    if (rule_starts(t, i, "...") && rule_digit(t->text[i + 3])) return i + 3;
    size_t at = i, spaced = t->text[at] == ' ';
    at += spaced;
    size_t n = t->text[at] == '-'                                                              ? 1
               : rule_starts(t, at, "–") || rule_starts(t, at, "—") || rule_starts(t, at, "−") ? 3
                                                                                               : 0;
    if (!n || (n == 3 && spaced && rule_starts(t, at, "—"))) return 0;
    at += n;
    if (spaced != (t->text[at] == ' ')) return 0;
    return at + spaced;
}

bool rule_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (strcmp(list[k], word) == 0) return true;
    return false;
}

bool rule_attributive(const normalize_source *t, size_t i, size_t end)
{
    /* What a measure is not the first part of, and what it often is. */
    static const char *const others[] = {"of",   "for",  "in",    "on",   "at",   "to",    "and",   "or",    "per",   "a",      "an",   "the",  "is",    "was",
                                         "are",  "were", "more",  "less", "off",  "away",  "ago",   "from",  "by",    "with",   "than", "but",  "each",  "every",
                                         "apart", "that", "which", "who",  "left", "later", "before", "after", "north", "south", "east", "west", "above", "below",
                                         "will", "would", "has",  "had",  "if",   "as",    "plus",  "minus", "times", "into",   "over", "under"};
    static const char *const nouns[] = {"bag",    "bags",   "battery", "bill",   "bills",  "note",   "notes",  "coin",    "coins",   "film",   "lens",    "run",    "race",    "walk",
                                        "hike",   "drive",  "house",   "deal",   "plan",   "project", "budget", "loan",   "fund",    "SSD",    "RAM",     "disk",   "card",    "cable",
                                        "pipe",   "tube",   "screen",  "display", "TV",    "monitor", "engine", "motor",  "bulb",    "lamp",   "adapter", "charger", "outlet", "supply",
                                        "bottle", "can",    "box",     "pack",   "tank",   "ladder",  "rope",   "board",  "radius",  "limit",  "ticket",  "tickets", "fine",   "fee",
                                        "camera", "memory", "gun",     "round",  "stamp",  "socket",  "jug",    "jar",    "sack",    "dumbbell", "barbell", "marathon", "sprint", "dash"};
    char word[32], noun[32] = {0};
    if (t->text[end] != ' ' || (t->text[end + 1] == ' ')) return false;
    size_t n = rule_letters(t, end + 1);
    if (n < 2 || n >= sizeof noun) return false;
    memcpy(noun, t->text + end + 1, n);
    if (rule_one_of(noun, others, sizeof others / sizeof *others)) return false;
    rule_previous_word(t, i, word);
    bool article = (word[0] | 32) == 'a' && (!word[1] || ((word[1] | 32) == 'n' && !word[2]));
    return article || rule_one_of(noun, nouns, sizeof nouns / sizeof *nouns);
}

bool rule_in_equation(const normalize_source *t, size_t i)
{
    while (i < t->size && (rule_digit(t->text[i]) || strchr(" .,()+-*/^xX×÷", t->text[i]) || (unsigned char)t->text[i] >= 0x80)) i++;
    return i < t->size && t->text[i] == '=';
}

size_t rule_by(const normalize_source *t, size_t i, spoken *out)
{
    size_t at = rule_skip_space(t, i), n = t->text[at] == 'x' || t->text[at] == 'X' ? 1 : rule_starts(t, at, "×") ? 2 : 0;
    size_t next = n ? rule_skip_space(t, at + n) : 0;
    if (!n || !rule_digit(t->text[next])) return 0;
    spoken_add(out, "by");
    return next;
}

/* ---- characters made alike ---- */

/* Quotes, dashes and digits of other scripts in their plain form; a letter and its combining mark as one letter, a long
 * vowel's stroke left out; white space as single spaces; none at the ends. */
static mapped_text plain_text(const mapped_text *in)
{
    mapped_text m = mapped_text_new(in->mem, in->st);
    for (size_t i = 0; i < in->size;) {
        uint32_t c;
        size_t n = unicode_decode(in->text + i, in->size - i, &c);
        char room[8];
        const char *form = NULL;
        uint32_t mark = 0, letter, stroke;
        for (size_t more; i + n < in->size; n += more) {
            more = unicode_decode(in->text + i + n, in->size - i - n, &mark);
            uint32_t composed = mark >= 0x300 && mark < 0x370 ? unicode_compose(c, mark) : 0;
            if (!composed) break;
            c = composed;
            room[utf8_encode(c, room)] = 0;
            form = room;
        }
        if (unicode_decompose(c, &letter, &stroke) && stroke == 0x304 && letter < 0x80) {
            room[0] = (char)letter;
            room[1] = 0;
            form = room;
        }
        if (unicode_is_space(c))
            form = m.size > 0 && m.text[m.size - 1] != ' ' ? " " : "";
        else if (c == 0x2019 || c == 0x02BC)
            form = "'";
        else if (c == 0x2010 || c == 0x2011 || c == 0x2012)
            form = "-";
        else if (c == 0x2015)
            form = "—";
        else if (c == 0x200B || c == 0x200D || c == 0xFEFF || c == 0xAD || (c >= 0xFE00 && c <= 0xFE0F))
            form = "";
        else if (c >= 0xFF01 && c <= 0xFF5E)
            form = unicode_compatible(c, room);
        else if ((c >= 0x660 && c <= 0x669) || (c >= 0x6F0 && c <= 0x6F9) || (c >= 0x966 && c <= 0x96F)) {
            room[0] = (char)('0' + (c & 0xF) - (c >= 0x966 ? 6 : 0));
            room[1] = 0;
            form = room;
        }
        if (form)
            mapped_text_replace(&m, in, i, i + n, form);
        else
            mapped_text_copy(&m, in, i, i + n);
        i += n;
    }
    while (m.size > 0 && m.text[m.size - 1] == ' ') m.text[--m.size] = 0;
    return m;
}

/* ---- the rules in turn ---- */

/* The rules that may begin with a character of each kind, the more particular first. */
static normalize_rule *const AT_DIGIT[] = {
    normalize_date,   normalize_phone,     normalize_address,  normalize_time,     normalize_duration, normalize_money,
    normalize_height, normalize_day_month, normalize_fraction, normalize_quantity, NULL};
static normalize_rule *const AT_LETTER[] = {normalize_address,
                                            normalize_name,
                                            normalize_direction,
                                            normalize_month_day,
                                            normalize_abbreviation,
                                            normalize_roman,
                                            normalize_money,
                                            normalize_code,
                                            NULL};
static normalize_rule *const AT_SIGN[] = {
    normalize_phone, normalize_tag, normalize_money, normalize_fraction, normalize_quantity, normalize_symbol, NULL};

static size_t read_one(const normalize_source *t, size_t i, uint32_t c, spoken *out)
{
    normalize_rule *const *rule = unicode_is_digit(c)                ? AT_DIGIT
                                  : c < 0x80 && unicode_is_letter(c) ? AT_LETTER
                                                                     : AT_SIGN;
    for (; *rule; rule++) {
        out->size = 0;
        out->text[0] = 0;
        out->full = false;
        size_t end = (*rule)(t, i, out);
        if (end > i && end <= t->size && !out->full) return end;
    }
    return 0;
}

/* Words in place of in[i … end), set off from what is beside them. */
static void write_words(mapped_text *m, const mapped_text *in, size_t i, size_t end, const spoken *words)
{
    bool mark = words->text[0] && strchr(",.;:!?", words->text[0]);
    uint32_t before = unicode_before(m->text, m->size, NULL);
    if (words->size == 0 ? before != ' ' && before != 0 : !mark && is_word_character(before))
        mapped_text_replace(m, in, i, end, " ");
    mapped_text_replace(m, in, i, end, words->text);
    uint32_t next = 0;
    if (end < in->size) unicode_decode(in->text + end, in->size - end, &next);
    if (words->size > 0 && (is_word_character(next) || next == '.' + 0u)) {
        bool stop = next == '.' && (end + 1 >= in->size || in->text[end + 1] == ' ' ||
                                    !is_word_character((unsigned char)in->text[end + 1]));
        if (!stop) mapped_text_replace(m, in, i, end, " ");
    }
}

/* Single spaces, none at the ends or before a mark. */
static mapped_text tidy(const mapped_text *in)
{
    mapped_text m = mapped_text_new(in->mem, in->st);
    for (size_t i = 0; i < in->size; i++) {
        if (in->text[i] == ' ') {
            size_t next = i;
            while (next < in->size && in->text[next] == ' ') next++;
            if (m.size == 0 || next == in->size || strchr(",.;:!?", in->text[next])) {
                i = next - 1;
                continue;
            }
            mapped_text_copy(&m, in, i, i + 1);
            i = next - 1;
        } else {
            mapped_text_copy(&m, in, i, i + 1);
        }
    }
    return m;
}

mapped_text normalize_text(const mapped_text *text, const normalize_options *options)
{
    mapped_text in = plain_text(text), m = mapped_text_new(text->mem, text->st);
    spoken *words = arena_alloc(text->mem, sizeof *words, text->st);
    if (!words || !status_ok(text->st)) return m;
    normalize_source t = {.text = in.text, .size = in.size, .british = options->british};
    for (size_t i = 0; i < in.size && status_ok(text->st);) {
        uint32_t c;
        size_t n = unicode_decode(in.text + i, in.size - i, &c), end = c == ' ' ? 0 : read_one(&t, i, c, words);
        if (end) {
            write_words(&m, &in, i, end, words);
            i = end;
            continue;
        }
        mapped_text_copy(&m, &in, i, i + n);
        i += n;
    }
    return tidy(&m);
}
