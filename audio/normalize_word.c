/* Roman numerals, codes and signs. */
#include <stdio.h>
#include <string.h>

#include "audio/normalize_rules.h"
#include "audio/unicode.h"

/* ---- codes: letters with digits ---- */

size_t normalize_code(const normalize_source *t, size_t i, spoken *out)
{
    if (rule_word_before(t, i) || !rule_letter(t->text[i])) return 0;
    size_t end = i, digits = 0;
    while (rule_letter(t->text[end]) || rule_digit(t->text[end]) ||
           ((t->text[end] == '-' || t->text[end] == '.') && end > i &&
            (rule_digit(t->text[end + 1]) || (t->text[end] == '-' && rule_letter(t->text[end + 1]))))) {
        digits += rule_digit(t->text[end]);
        end++;
    }
    if (digits == 0 || rule_word(t, end)) return 0;
    for (size_t at = i; at < end;) {
        size_t n = rule_letters(t, at);
        if (n > 0) {
            bool version = n == 1 && at == i && t->text[at] == 'v' && rule_digit(t->text[at + 1]);
            bool plural = n == 1 && t->text[at] == 's' && at > i && rule_digit(t->text[at - 1]) && at + 1 == end;
            char name[2] = {(char)(t->text[at] & ~32), 0};
            if (version)
                spoken_add(out, "version");
            else if (plural)
                number_plural(out);
            else if (n == 1)
                spoken_add(out, name);
            else
                spoken_add_bytes(out, t->text + at, n);
            at += n;
        } else if (rule_digit(t->text[at])) {
            char number[41] = {0};
            for (n = 0; n < 40 && rule_digit(t->text[at + n]); n++) number[n] = t->text[at + n];
            number_code(out, number);
            at += n;
        } else {
            if (t->text[at] == '.') spoken_add(out, "point");
            at++;
        }
    }
    return end;
}

/* ---- Roman numerals ---- */

/* Whether a word is one that a ruler's or pope's number follows. */
static bool is_ruler(const char *word)
{
    static const char *const rulers[] = {
        "Pope",      "King",    "Queen",      "Henry",     "Louis",    "Edward",    "George",    "William",
        "Charles",   "James",   "Richard",    "Elizabeth", "Napoleon", "Pius",      "Benedict",  "Leo",
        "Paul",      "Ramses",  "Ramesses",   "Frederick", "Philip",   "Alexander", "Nicholas",  "Peter",
        "Catherine", "Ivan",    "Umberto",    "Emmanuel",  "Gustav",   "Christian", "Ferdinand", "Francis",
        "Innocent",  "Gregory", "Clement",    "Urban",     "Sixtus",   "Victor",    "Mary",      "Robert",
        "David",     "Otto",    "Maximilian", "Leopold",   "Wilhelm",  "Mehmed",    "Murad",     "Selim",
        "Haakon",    "Harald",  "Olaf",       "Carl",      "Albert",   "Margrethe", "Amenhotep", "Thutmose",
        "Xerxes",    "Darius",  "Ptolemy",    "Cleopatra", "Tsar",     "Emperor",   "Felipe",    "Juan",
        "Carlos",    "Alfonso", "Kamehameha"};
    return rule_one_of(word, rulers, sizeof rulers / sizeof *rulers);
}

/* Whether a word is one that parts are counted behind; single: even a lone V or X is a number there. */
static bool is_counted(const char *word, bool single)
{
    static const char *const parts[] = {
        "Chapter", "chapter",      "Part",     "part",     "Act",         "act",     "Scene",   "scene",
        "Volume",  "volume",       "Book",     "book",     "Phase",       "phase",   "Article", "article",
        "War",     "Apollo",       "Gemini",   "Bowl",     "Episode",     "episode", "Rocky",   "Fantasy",
        "Mark",    "Appendix",     "appendix", "Canto",    "Title",       "Quest",   "Round",   "round",
        "Star",    "Civilization", "Saturn",   "Olympiad", "WrestleMania"};
    static const char *const kinds[] = {"Section",  "section",  "Type",  "type",     "Level",  "level",
                                        "Stage",    "stage",    "Class", "class",    "Grade",  "grade",
                                        "Category", "Division", "Tier",  "Schedule", "Panzer", "Factor"};
    return rule_one_of(word, parts, sizeof parts / sizeof *parts) ||
           (!single && rule_one_of(word, kinds, sizeof kinds / sizeof *kinds));
}

/* A lone I behind a ruler's name is "the first" only where it cannot be the pronoun. */
static bool is_first(const normalize_source *t, size_t end)
{
    return end >= t->size || strchr(",.;:!?)'", t->text[end]) || rule_starts(t, end, " of ") ||
           rule_starts(t, end, " was ") || rule_starts(t, end, " and ");
}

/* Page xiv. */
static size_t say_small_roman(const normalize_source *t, size_t i, size_t n, spoken *out)
{
    static const char *const parts[] = {"Page", "page", "Pages", "pages", "p.", "pp.", "Chapter", "chapter", "Section", "section", "Vol.", "vol.", "Part", "part"};
    char word[32], capitals[12] = {0}, digits[12];
    rule_previous_word(t, i, word);
    if (!rule_one_of(word, parts, sizeof parts / sizeof *parts)) return 0;
    for (size_t k = 0; k < n; k++) {
        if (!strchr("ivxlc", t->text[i + k])) return 0;
        capitals[k] = (char)(t->text[i + k] & ~32);
    }
    int value = number_roman(capitals, n);
    if (value == 0 || value > 399) return 0;
    snprintf(digits, sizeof digits, "%d", value);
    number_cardinal(out, digits);
    return i + n;
}

size_t normalize_roman(const normalize_source *t, size_t i, spoken *out)
{
    size_t n = rule_letters(t, i);
    char word[32], digits[12];
    if (n == 0 || n > 9 || rule_word_before(t, i) || rule_word(t, i + n) || (i > 0 && rule_before(t, i) != ' '))
        return 0;
    int value = number_roman(t->text + i, n);
    if (value == 0) return say_small_roman(t, i, n, out);
    if (value > 3999) return 0;
    snprintf(digits, sizeof digits, "%d", value);
    rule_previous_word(t, i, word);
    if (t->text[i + n] == '\'' && n == 1) return 0; /* I'm, I'd */
    if (is_ruler(word) && strcmp(word, "King") != 0 && strcmp(word, "Queen") != 0 && strcmp(word, "Pope") != 0) {
        if ((n == 1 && t->text[i] != 'I' && t->text[i] != 'V' && t->text[i] != 'X') ||
            (n == 1 && t->text[i] == 'I' && !is_first(t, i + n)) || value > 40)
            return 0;
        spoken_add(out, "the");
        number_ordinal(out, digits);
        return i + n;
    }
    bool single_counts = n > 1 || t->text[i] == 'I' || t->text[i] == 'V' || t->text[i] == 'X';
    if (single_counts && is_counted(word, n == 1 && t->text[i] != 'I')) {
        number_cardinal(out, digits);
        return i + n;
    }
    /* XIX century; and II, III, IV … behind any other name */
    if (n > 1 && rule_starts(t, i + n, " century")) {
        number_ordinal(out, digits);
        return i + n;
    }
    /* The XXIII Olympic Games */
    if (n >= 3 && strspn(t->text + i, "IVX") == n && (strcmp(word, "The") == 0 || strcmp(word, "the") == 0) && t->text[i + n] == ' ' &&
        rule_capital(t->text[i + n + 1])) {
        number_ordinal(out, digits);
        return i + n;
    }
    static const char *const plain[] = {"II", "III", "IV",   "VI",  "VII", "VIII", "IX",
                                        "XI", "XII", "XIII", "XIV", "XV",  "XVI"};
    char numeral[12] = {0};
    memcpy(numeral, t->text + i, n);
    if (!rule_capital(word[0]) || !word[1] || !rule_one_of(numeral, plain, sizeof plain / sizeof *plain)) return 0;
    number_cardinal(out, digits);
    return i + n;
}

/* ---- signs ---- */

typedef struct {
    const char *sign, *words;
} sign_name;

static const sign_name SIGNS[] = {
    {"°", "degrees"},
    {"℃", "degrees Celsius"},
    {"℉", "degrees Fahrenheit"},
    {"~~", ""},
    {"¢", "cents"},
    {"§§", "sections"},
    {"§", "section"},
    {"¶", "paragraph"},
    {"±", "plus or minus"},
    {"×", "times"},
    {"÷", "divided by"},
    {"√", "square root of"},
    {"∞", "infinity"},
    {"≈", "approximately"},
    {"≠", "is not equal to"},
    {"≤", "less than or equal to"},
    {"≥", "greater than or equal to"},
    {"∑", "sum of"},
    {"π", "pi"},
    {"∈", "in"},
    {"™", ""},
    {"®", ""},
    {"©", "copyright"},
    {"•", ""},
    {"·", ""},
    {"→", "to"},
    {"⇒", "implies"},
    {"←", ""},
    {"↑", "up"},
    {"↓", "down"},
    {"★", "star"},
    {"☆", "star"},
    {"✓", "check"},
    {"✔", "check"},
    {"♥", "heart"},
    {"❤", "heart"},
    {"…", NULL},
    {"²", "squared"},
    {"³", "cubed"},
    {"µ", "micro"},
    {"№", "number"},
    {"‰", "per mille"},
    {"^", "to the power of"},
    {"\\", ""},
    {"_", ""},
    {"*", ""},
    {"`", ""},
    {"😀", "grinning face"},
    {"😃", "grinning face"},
    {"😄", "grinning face"},
    {"😁", "beaming face"},
    {"😂", "tears of joy"},
    {"🤣", "rolling on the floor laughing"},
    {"😊", "smiling face"},
    {"🙂", "smiling face"},
    {"😉", "winking face"},
    {"😍", "heart eyes"},
    {"😘", "blowing a kiss"},
    {"😎", "sunglasses"},
    {"😢", "crying face"},
    {"😭", "crying face"},
    {"😡", "angry face"},
    {"🤔", "thinking face"},
    {"👍", "thumbs up"},
    {"👎", "thumbs down"},
    {"👏", "applause"},
    {"🙏", "folded hands"},
    {"💪", "strong"},
    {"🔥", "fire"},
    {"🎉", "party popper"},
    {"🚀", "rocket"},
    {"⭐", "star"},
    {"💯", "hundred"},
    {"☕", "coffee"},
    {"🎂", "birthday cake"},
    {"☀", "sun"},
    {"⚠", "warning"},
    {"✅", "check mark"},
    {"❌", "cross mark"},
};

static const sign_name GREEK[] = {
    {"α", "alpha"}, {"β", "beta"},  {"γ", "gamma"}, {"δ", "delta"},  {"ε", "epsilon"}, {"ζ", "zeta"},   {"η", "eta"},
    {"θ", "theta"}, {"ι", "iota"},  {"κ", "kappa"}, {"λ", "lambda"}, {"μ", "mu"},      {"ν", "nu"},     {"ξ", "xi"},
    {"π", "pi"},    {"ρ", "rho"},   {"σ", "sigma"}, {"τ", "tau"},    {"υ", "upsilon"}, {"φ", "phi"},    {"χ", "chi"},
    {"ψ", "psi"},   {"ω", "omega"}, {"Γ", "gamma"}, {"Δ", "delta"},  {"Θ", "theta"},   {"Λ", "lambda"}, {"Ξ", "xi"},
    {"Π", "pi"},    {"Σ", "sigma"}, {"Φ", "phi"},   {"Ψ", "psi"},    {"Ω", "omega"},
};

/* C++, C#, F#. */
static size_t say_language(const normalize_source *t, size_t i, spoken *out)
{
    if (!rule_word_before(t, i)) return 0;
    bool alone = i >= 1 && (i == 1 || !rule_letter(t->text[i - 2]));
    if (t->text[i] == '#' && alone && rule_capital(t->text[i - 1]) && !rule_word(t, i + 1)) {
        spoken_add(out, "sharp");
        return i + 1;
    }
    if (rule_starts(t, i, "++") && !rule_word(t, i + 2)) {
        spoken_add(out, "plus plus");
        return i + 2;
    }
    return 0;
}

/* Signs of comparison and the plus are read between or before things, not as arrows or in mark-up. */
static size_t say_comparison(const normalize_source *t, size_t i, spoken *out)
{
    static const sign_name two[] = {{"<=", "less than or equal to"},
                                    {">=", "greater than or equal to"},
                                    {"!=", "is not equal to"},
                                    {"==", "equals"},
                                    {"->", "to"},
                                    {"=>", "to"},
                                    {"&&", "and"}};
    for (size_t k = 0; k < sizeof two / sizeof *two; k++)
        if (rule_starts(t, i, two[k].sign)) {
            spoken_add(out, two[k].words);
            return i + 2;
        }
    size_t next = rule_skip_space(t, i + 1);
    bool between = next < t->size && i > 0;
    switch (t->text[i]) {
    case '=':
        if (between) spoken_add(out, "equals");
        break;
    case '<':
        if (between || (next < t->size && rule_digit(t->text[next]))) spoken_add(out, "less than");
        break;
    case '>':
        if (between || (next < t->size && rule_digit(t->text[next]))) spoken_add(out, "greater than");
        break;
    case '~':
        if (next < t->size && (between || rule_digit(t->text[next]))) spoken_add(out, "about");
        break;
    case '+':
        if (!rule_digit(t->text[next]) &&
            !(rule_word_before(t, i) && rule_before(t, i) < 0x80 && rule_digit(t->text[i - 1])))
            return 0;
        spoken_add(out, "plus");
        break;
    case '|':
        spoken_join(out, ",");
        break;
    case '#':
        spoken_add(out, "hashtag");
        break;
    default:
        return 0;
    }
    return i + 1;
}

/* Raised or lowered digits behind a letter: x⁵ is a power, note² a note, CO₂ a number. */
static size_t say_raised(const normalize_source *t, size_t i, spoken *out)
{
    raised_digits d;
    size_t word = i, end = rule_word_before(t, i) && !rule_digit(t->text[i - 1]) ? rule_raised(t, i, true, &d) : 0;
    if (!end) return 0;
    while (word > 0 && rule_letter(t->text[word - 1])) word--;
    if (!d.lowered && i - word < 3) rule_say_power(&d, out); /* a variable or a unit */
    else number_cardinal(out, d.digits);
    return end;
}

size_t normalize_symbol(const normalize_source *t, size_t i, spoken *out)
{
    size_t end = say_language(t, i, out), size;
    if (end) return end;
    end = say_raised(t, i, out);
    if (end) return end;
    if (t->text[i] == '-' && rule_before(t, i) == ' ' && t->text[i + 1] == ' ' &&
        (rule_in_equation(t, i + 1) || (rule_digit(t->text[i + 2]) && memchr(t->text, '=', i)))) {
        spoken_add(out, "minus");
        return i + 1;
    }
    if (rule_starts(t, i, "](")) { /* [words](address): the words are enough */
        size_t close = i + 2;
        while (close < t->size && t->text[close] != ')' && t->text[close] != ' ') close++;
        if (t->text[close] == ')') return close + 1;
    }
    if ((t->text[i] == '*' || t->text[i] == '-' || t->text[i] == '/') && i > 0 && rule_digit(t->text[i - 1]) &&
        rule_digit(t->text[i + 1])) {
        spoken_add(out, t->text[i] == '*' ? "times" : t->text[i] == '-' ? "minus" : "slash");
        return i + 1;
    }
    if (rule_starts(t, i, "--")) {
        while (t->text[i] == '-') i++;
        spoken_add(out, "—");
        return i;
    }
    for (size_t k = 0; k < sizeof GREEK / sizeof *GREEK; k++)
        if (rule_starts(t, i, GREEK[k].sign) && !unicode_is_letter(rule_at(t, i + 2, &size)) &&
            !rule_word_before(t, i)) {
            spoken_add(out, GREEK[k].words);
            return i + 2;
        }
    for (size_t k = 0; k < sizeof SIGNS / sizeof *SIGNS; k++) {
        if (!rule_starts(t, i, SIGNS[k].sign) || !SIGNS[k].words) continue;
        spoken_add(out, SIGNS[k].words);
        return i + strlen(SIGNS[k].sign);
    }
    return say_comparison(t, i, out);
}
