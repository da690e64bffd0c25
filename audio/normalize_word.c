/* Abbreviations, Roman numerals, codes and signs. */
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

/* ---- abbreviations ---- */

/* When an abbreviation is one. */
typedef enum {
    ALWAYS,       /* with its stop, wherever it stands */
    BARE,         /* the same, and without a stop */
    NAME,         /* before a capitalised word */
    BARE_NAME,    /* the same, and without a stop */
    NUMBER,       /* before a digit */
    AFTER_NUMBER, /* behind an ordinal: 2nd ed. */
    INSIDE,       /* not at the end of the text, where the stop may be a sentence's */
} condition;

typedef struct {
    const char *text, *word;
    condition when;
} abbreviation;

static const abbreviation ABBREVIATIONS[] = {
    {"Mr", "Mr", ALWAYS},
    {"Mrs", "Mrs", ALWAYS},
    {"Ms", "Miz", BARE_NAME},
    {"Mx", "Mix", NAME},
    {"Dr", "Dr", ALWAYS},
    {"Prof", "Professor", BARE_NAME},
    {"Prof", "Professor", ALWAYS},
    {"St", "Saint", BARE_NAME},
    {"St", "Street", ALWAYS},
    {"Mt", "Mount", BARE_NAME},
    {"Ft", "Fort", BARE_NAME},
    {"Gen", "General", NAME},
    {"Gov", "Governor", NAME},
    {"Sen", "Senator", NAME},
    {"Rep", "Representative", NAME},
    {"Capt", "Captain", BARE_NAME},
    {"Lt", "Lieutenant", BARE_NAME},
    {"Col", "Colonel", NAME},
    {"Sgt", "Sergeant", BARE_NAME},
    {"Cmdr", "Commander", BARE_NAME},
    {"Rev", "Reverend", NAME},
    {"Hon", "Honorable", NAME},
    {"Pres", "President", NAME},
    {"Supt", "Superintendent", NAME},
    {"Cpl", "Corporal", NAME},
    {"Maj", "Major", NAME},
    {"Adm", "Admiral", NAME},
    {"Fr", "Father", NAME},
    {"Msgr", "Monsignor", NAME},
    {"Atty", "Attorney", NAME},
    {"Pvt", "Private", NAME},
    {"Mme", "Madame", NAME},
    {"Jr", "Junior", BARE},
    {"Sr", "Senior", ALWAYS},
    {"Esq", "Esquire", ALWAYS},
    {"Messrs", "Messers", BARE},
    {"Ave", "Avenue", ALWAYS},
    {"Blvd", "Boulevard", BARE},
    {"Rd", "Road", BARE},
    {"Ln", "Lane", ALWAYS},
    {"Hwy", "Highway", BARE},
    {"Pkwy", "Parkway", BARE},
    {"Ste", "Suite", NUMBER},
    {"Apt", "Apartment", NUMBER},
    {"apt", "apartment", NUMBER},
    {"Bldg", "Building", BARE},
    {"Sq", "Square", ALWAYS},
    {"Ct", "Court", ALWAYS},
    {"Pl", "Place", ALWAYS},
    {"Rte", "Route", ALWAYS},
    {"Ltd", "Limited", BARE},
    {"Inc", "Incorporated", BARE},
    {"Corp", "Corporation", BARE},
    {"Co", "Company", ALWAYS},
    {"Bros", "Brothers", BARE},
    {"Dept", "Department", BARE},
    {"dept", "department", BARE},
    {"Univ", "University", ALWAYS},
    {"Assn", "Association", BARE},
    {"Govt", "Government", BARE},
    {"govt", "government", BARE},
    {"Intl", "International", BARE},
    {"approx", "approximately", BARE},
    {"est", "established", NUMBER},
    {"Est", "Established", NUMBER},
    {"vs", "versus", BARE},
    {"esp", "especially", ALWAYS},
    {"incl", "including", ALWAYS},
    {"excl", "excluding", ALWAYS},
    {"max", "maximum", INSIDE},
    {"min", "minimum", NUMBER},
    {"temp", "temperature", INSIDE},
    {"avg", "average", BARE},
    {"misc", "miscellaneous", ALWAYS},
    {"ca", "circa", NUMBER},
    {"c", "circa", NUMBER},
    {"vol", "volume", NUMBER},
    {"Vol", "Volume", NUMBER},
    {"vols", "volumes", ALWAYS},
    {"fig", "figure", NUMBER},
    {"Fig", "Figure", NUMBER},
    {"figs", "figures", NUMBER},
    {"Figs", "Figures", NUMBER},
    {"ch", "chapter", NUMBER},
    {"Ch", "Chapter", NUMBER},
    {"sec", "section", NUMBER},
    {"Sec", "Section", NUMBER},
    {"eq", "equation", NUMBER},
    {"Eq", "Equation", NUMBER},
    {"art", "article", NUMBER},
    {"Art", "Article", NUMBER},
    {"p", "page", NUMBER},
    {"pp", "pages", NUMBER},
    {"pg", "page", NUMBER},
    {"ext", "extension", NUMBER},
    {"tel", "telephone", ALWAYS},
    {"Tel", "Telephone", ALWAYS},
    {"ed", "edition", AFTER_NUMBER},
    {"eds", "editors", ALWAYS},
    {"No", "Number", NUMBER},
    {"no", "number", NUMBER},
    {"Nos", "Numbers", NUMBER},
    {"nos", "numbers", NUMBER},
    {"Nr", "Number", NUMBER},
    {"nr", "number", NUMBER},
    {"cf", "compare", ALWAYS},
    {"viz", "namely", ALWAYS},
    {"et al", "et al", ALWAYS},
    {"w/o", "without", BARE},
    {"w/", "with", BARE},
    {"b/c", "because", BARE},
    {"aka", "also known as", BARE},
    {"AKA", "also known as", BARE},
    {"BTW", "by the way", BARE},
    {"IMO", "in my opinion", BARE},
    {"IMHO", "in my humble opinion", BARE},
    {"FYI", "for your information", BARE},
    {"TBD", "to be determined", BARE},
    {"TBA", "to be announced", BARE},
    {"ETA", "E T A", BARE},
    {"Jan", "January", ALWAYS},
    {"Feb", "February", ALWAYS},
    {"Mar", "March", NUMBER},
    {"Apr", "April", ALWAYS},
    {"Jun", "June", NUMBER},
    {"Jul", "July", ALWAYS},
    {"Aug", "August", ALWAYS},
    {"Sep", "September", ALWAYS},
    {"Sept", "September", ALWAYS},
    {"Oct", "October", ALWAYS},
    {"Nov", "November", ALWAYS},
    {"Dec", "December", ALWAYS},
    {"Mon", "Monday", INSIDE},
    {"Tue", "Tuesday", ALWAYS},
    {"Tues", "Tuesday", ALWAYS},
    {"Wed", "Wednesday", INSIDE},
    {"Thu", "Thursday", ALWAYS},
    {"Thur", "Thursday", ALWAYS},
    {"Thurs", "Thursday", ALWAYS},
    {"Fri", "Friday", ALWAYS},
    {"Sat", "Saturday", INSIDE},
    {"Sun", "Sunday", INSIDE},
};

/* Whether text[end …] lets the abbreviation stand; stop: a full stop was read. */
static bool stands(const normalize_source *t, size_t i, size_t end, bool stop, condition when)
{
    size_t next = rule_skip_space(t, end), size;
    bool at_end = next >= t->size;
    char word[32];
    switch (when) {
    case ALWAYS:
        return stop;
    case BARE:
        return true;
    case NAME:
        return stop && next > end && unicode_is_upper(rule_at(t, next, &size));
    case BARE_NAME:
        return next > end && unicode_is_upper(rule_at(t, next, &size));
    case NUMBER:
        return stop && rule_digit(t->text[next]);
    case AFTER_NUMBER:
        rule_previous_word(t, i, word);
        return stop && (rule_digit(word[0]) || strcmp(word, "revised") == 0 || strcmp(word, "rev") == 0);
    case INSIDE:
        return stop && !at_end &&
               (rule_digit(t->text[next]) || t->text[end] == ',' || unicode_is_upper(rule_at(t, next, &size)));
    }
    return false;
}

/* "Elm Dr.": a street's drive, not a doctor. */
static bool is_drive(const normalize_source *t, size_t i, size_t end)
{
    char word[32];
    size_t size;
    rule_previous_word(t, i, word);
    return rule_capital(word[0]) && strlen(word) > 2 && !unicode_is_upper(rule_at(t, rule_skip_space(t, end), &size));
}

size_t normalize_abbreviation(const normalize_source *t, size_t i, spoken *out)
{
    if (rule_word_before(t, i) || rule_before(t, i) == '.' || rule_before(t, i) == '\'' || !rule_letter(t->text[i]))
        return 0;
    for (size_t k = 0; k < sizeof ABBREVIATIONS / sizeof *ABBREVIATIONS; k++) {
        const abbreviation *a = &ABBREVIATIONS[k];
        size_t n = strlen(a->text), end = i + n;
        if (!rule_starts(t, i, a->text)) continue;
        bool stop = t->text[end] == '.';
        if ((a->text[n - 1] != '/' && rule_word(t, end)) || t->text[end] == '\'' || (t->text[end] == '-' && !stop))
            continue;
        if (stop && rule_letter(t->text[end + 1])) continue;
        if (!stands(t, i, end + stop, stop, a->when)) continue;
        bool drive = strcmp(a->text, "Dr") == 0 && is_drive(t, i, end + stop);
        spoken_add(out, drive ? "Drive" : a->word);
        /* A stop at the very end closes the sentence too. */
        return end + (stop && end + 1 < t->size);
    }
    return 0;
}

/* ---- Roman numerals ---- */

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (strcmp(list[k], word) == 0) return true;
    return false;
}

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
    return is_one_of(word, rulers, sizeof rulers / sizeof *rulers);
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
    return is_one_of(word, parts, sizeof parts / sizeof *parts) ||
           (!single && is_one_of(word, kinds, sizeof kinds / sizeof *kinds));
}

/* A lone I behind a ruler's name is "the first" only where it cannot be the pronoun. */
static bool is_first(const normalize_source *t, size_t end)
{
    return end >= t->size || strchr(",.;:!?)'", t->text[end]) || rule_starts(t, end, " of ") ||
           rule_starts(t, end, " was ") || rule_starts(t, end, " and ");
}

size_t normalize_roman(const normalize_source *t, size_t i, spoken *out)
{
    size_t n = rule_letters(t, i);
    char word[32], digits[12];
    if (n == 0 || n > 9 || rule_word_before(t, i) || rule_word(t, i + n) || (i > 0 && rule_before(t, i) != ' '))
        return 0;
    int value = number_roman(t->text + i, n);
    if (value == 0 || value > 3999) return 0;
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
    static const char *const plain[] = {"II", "III", "IV",   "VI",  "VII", "VIII", "IX",
                                        "XI", "XII", "XIII", "XIV", "XV",  "XVI"};
    char numeral[12] = {0};
    memcpy(numeral, t->text + i, n);
    if (!rule_capital(word[0]) || !word[1] || !is_one_of(numeral, plain, sizeof plain / sizeof *plain)) return 0;
    number_cardinal(out, digits);
    return i + n;
}

/* ---- signs ---- */

typedef struct {
    const char *sign, *words;
} sign_name;

static const sign_name SIGNS[] = {
    {"°", "degrees"},
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
        if (next < t->size && rule_digit(t->text[next]))
            spoken_add(out, "less than");
        else if (between)
            spoken_add(out, "less than");
        break;
    case '>':
        if (next < t->size && rule_digit(t->text[next]))
            spoken_add(out, "greater than");
        else if (between)
            spoken_add(out, "greater than");
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

size_t normalize_symbol(const normalize_source *t, size_t i, spoken *out)
{
    size_t end = say_language(t, i, out), size;
    if (end) return end;
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
