/* Names, formulas and shouted words: letters that stand for other words than they spell. */
#include <string.h>

#include "audio/normalize_rules.h"
#include "audio/unicode.h"

/* Names that neither spelling nor letter by letter gives. */
static const char *const RESPELT[][2] = {
    {"MoMA", "Moma"},   {"README", "read me"}, {"PhDs", "PHDs"},   {"AWS", "A.W.S."},     {"JSON", "Jason"},
    {"YAML", "yammel"},   {"GUI", "gooey"},   {"SaaS", "sass"},      {"IoT", "I O T"},   {"IaaS", "I A A S"},  {"LaTeX", "lay tech"},
    {"NASDAQ", "Nasdaq"}, {"UNICEF", "Unicef"}, {"UNESCO", "Unesco"}, {"COBOL", "Cobol"}, {"sudo", "soo doo"}, {"nginx", "engine X"},
    {"PostgreSQL", "Postgres Q L"}, {"MySQL", "my S Q L"}, {"SQLite", "S Q Lite"}, {"iOS", "I O S"}, {"macOS", "mac O S"}, {"WiFi", "wifi"},
};

const char *rule_respelt(const char *word, size_t size)
{
    for (size_t k = 0; k < sizeof RESPELT / sizeof *RESPELT; k++)
        if (strlen(RESPELT[k][0]) == size && memcmp(RESPELT[k][0], word, size) == 0) return RESPELT[k][1];
    return NULL;
}

/* ---- formulas ---- */

static int lowered_digit(const normalize_source *t, size_t i)
{
    size_t size;
    uint32_t c = rule_at(t, i, &size);
    return c >= 0x2080 && c <= 0x2089 ? (int)(c - 0x2080) : -1;
}

/* H₂O, C₆H₁₂O₆: letters by name, lowered digits as numbers. */
static size_t say_formula(const normalize_source *t, size_t i, spoken *out)
{
    size_t at = i, numbers = 0;
    while (rule_letter(t->text[at]) || lowered_digit(t, at) >= 0) {
        if (rule_letter(t->text[at])) {
            char name[2] = {(char)(t->text[at++] & ~32), 0};
            spoken_add(out, name);
            continue;
        }
        char digits[8] = {0};
        for (size_t n = 0; n < sizeof digits - 1 && lowered_digit(t, at) >= 0; n++, at += 3) digits[n] = (char)('0' + lowered_digit(t, at));
        number_cardinal(out, digits);
        numbers++;
    }
    return numbers > 0 && rule_capital(t->text[i]) && !rule_word(t, at) ? at : 0;
}

/* f(x) */
static size_t say_function(const normalize_source *t, size_t i, spoken *out)
{
    if (!strchr("fghFGPp", t->text[i]) || t->text[i + 1] != '(' || !rule_letter(t->text[i + 2]) || t->text[i + 3] != ')') return 0;
    char of[2] = {(char)(t->text[i] & ~32), 0}, variable[2] = {(char)(t->text[i + 2] & ~32), 0};
    spoken_add(out, of);
    spoken_add(out, "of");
    spoken_add(out, variable);
    return i + 4;
}

/* ---- shouted sentences ---- */

/* Capitals alone, in two words or more. */
static bool is_shouted(const normalize_source *t)
{
    size_t words = 0, longest = 0;
    for (size_t i = 0; i < t->size;) {
        size_t n = rule_letters(t, i);
        for (size_t k = 0; k < n; k++)
            if (!rule_capital(t->text[i + k])) return false;
        words += n > 0;
        if (n > longest) longest = n;
        i += n ? n : 1;
    }
    return words > 1 && longest > 2;
}

/* A small word that would be spelt out as somebody's initials: IT, US, ME. Behind THE it is the initials after all. */
static size_t say_shouted(const normalize_source *t, size_t i, size_t n, spoken *out)
{
    static const char *const small[] = {"IT", "US", "ME", "AM", "AS", "AT", "BE", "BY", "DO", "GO", "HE", "IF", "IN", "IS", "MY", "NO", "OF", "ON", "OR", "SO",
                                        "TO", "UP", "WE", "WHO", "MAY", "CAN", "ALL", "ARE", "AND", "OUT", "NOW", "THE", "AN", "OH", "HI", "ID", "OK", "WAS", "HAS",
                                        "HAD", "HIM", "HER", "HIS", "SHE", "YOU", "NOT", "BUT", "FOR", "ANY", "ONE", "TWO", "NEW", "OLD", "OUR", "SEE", "WAY", "DAY",
                                        "THEM", "THEY", "THIS", "THAT", "WITH", "FROM", "HAVE", "WILL", "YOUR", "WHAT", "WHEN", "THEN", "THAN", "SOME", "OVER", "INTO",
                                        "JUST", "LIKE", "MORE", "ONLY", "VERY", "WERE", "BEEN", "THERE", "THEIR", "WHERE", "WHICH", "COULD", "WOULD"};
    char word[32], lower[8] = {0};
    if (n < 2 || n > 5) return 0;
    memcpy(lower, t->text + i, n);
    if (!rule_one_of(lower, small, sizeof small / sizeof *small) || strcmp(lower, "OK") == 0 || strcmp(lower, "ID") == 0) return 0;
    rule_previous_word(t, i, word);
    bool noun = strcmp(lower, "US") == 0 || strcmp(lower, "IT") == 0 || strcmp(lower, "WHO") == 0;
    if ((noun && strcmp(word, "THE") == 0) || !is_shouted(t)) return 0;
    for (size_t k = 0; k < n; k++) lower[k] = (char)(lower[k] | 32);
    spoken_add(out, lower);
    return i + n;
}

size_t normalize_name(const normalize_source *t, size_t i, spoken *out)
{
    if (rule_word_before(t, i) || rule_before(t, i) == '\'') return 0;
    size_t n = rule_letters(t, i), end = say_formula(t, i, out);
    if (end) return end;
    *out = (spoken){.size = 0};
    if (n == 1) return say_function(t, i, out);
    if (rule_word(t, i + n) || t->text[i + n] == '\'') return 0;
    const char *respelt = rule_respelt(t->text + i, n);
    if (!respelt) return say_shouted(t, i, n, out);
    spoken_add(out, respelt);
    return i + n;
}

/* ---- streets ---- */

/* 500 W 42nd St, 12 N. Main Street */
size_t normalize_direction(const normalize_source *t, size_t i, spoken *out)
{
    static const char *const streets[] = {"St", "St.", "Street", "Ave", "Ave.", "Avenue", "Rd", "Rd.", "Road", "Blvd", "Blvd.", "Boulevard", "Dr", "Dr.", "Ln", "Lane", "Way"};
    static const struct {
        char letter;
        const char *name;
    } directions[] = {{'N', "North"}, {'S', "South"}, {'E', "East"}, {'W', "West"}};
    size_t at = i + 1 + (t->text[i + 1] == '.');
    char word[32];
    rule_previous_word(t, i, word);
    if (rule_word_before(t, i) || t->text[at] != ' ' || !rule_digit(word[0])) return 0;
    for (int words = 0; words < 4 && t->text[at] == ' '; words++) {
        char next[32] = {0};
        size_t n = 0;
        for (at++; t->text[at] && !strchr(" ,;", t->text[at]) && n < sizeof next - 1;) next[n++] = t->text[at++];
        if (words == 0 || !rule_one_of(next, streets, sizeof streets / sizeof *streets)) continue;
        for (int k = 0; k < 4; k++)
            if (directions[k].letter == t->text[i]) {
                spoken_add(out, directions[k].name);
                return i + 1 + (t->text[i + 1] == '.');
            }
    }
    return 0;
}
