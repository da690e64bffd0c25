/* English nouns and adjectives: plural, article, possessive, comparison. */
#include <string.h>
#include <strings.h>

#include "write/grammar.h"

typedef struct {
    const char *from, *to;
} pair;

static bool ends(const char *word, size_t size, const char *ending)
{
    size_t n = strlen(ending);
    return size >= n && strncasecmp(word + size - n, ending, n) == 0;
}

static bool is_vowel(char c) { return c && strchr("aeiouAEIOU", c) != NULL; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80; }

/* Words whose plural no rule makes; also as the end of a longer one behind a space or hyphen. */
static const pair PLURALS[] = {
    {"man", "men"},           {"woman", "women"},       {"child", "children"},     {"person", "people"},      {"foot", "feet"},         {"tooth", "teeth"},
    {"goose", "geese"},       {"mouse", "mice"},        {"ox", "oxen"},            {"die", "dice"},           {"penny", "pence"},       {"sheep", "sheep"},
    {"fish", "fish"},         {"deer", "deer"},         {"series", "series"},      {"species", "species"},    {"aircraft", "aircraft"}, {"spacecraft", "spacecraft"},
    {"crossroads", "crossroads"}, {"headquarters", "headquarters"}, {"means", "means"}, {"news", "news"},     {"information", "information"}, {"data", "data"},
    {"salmon", "salmon"},     {"trout", "trout"},       {"cod", "cod"},            {"swine", "swine"},        {"offspring", "offspring"}, {"analysis", "analyses"},
    {"basis", "bases"},       {"crisis", "crises"},     {"thesis", "theses"},      {"hypothesis", "hypotheses"}, {"axis", "axes"},      {"oasis", "oases"},
    {"diagnosis", "diagnoses"}, {"emphasis", "emphases"}, {"synthesis", "syntheses"}, {"parenthesis", "parentheses"}, {"phenomenon", "phenomena"}, {"criterion", "criteria"},
    {"bacterium", "bacteria"}, {"datum", "data"},       {"medium", "media"},       {"stratum", "strata"},     {"erratum", "errata"},    {"cactus", "cacti"},
    {"nucleus", "nuclei"},    {"stimulus", "stimuli"},  {"alumnus", "alumni"},     {"radius", "radii"},       {"fungus", "fungi"},      {"larva", "larvae"},
    {"vertebra", "vertebrae"}, {"alga", "algae"},       {"matrix", "matrices"},    {"vertex", "vertices"},    {"index", "indices"},     {"appendix", "appendices"},
    {"quiz", "quizzes"},      {"half", "halves"},       {"calf", "calves"},        {"loaf", "loaves"},        {"leaf", "leaves"},       {"thief", "thieves"},
    {"sheaf", "sheaves"},     {"shelf", "shelves"},     {"self", "selves"},        {"elf", "elves"},          {"wolf", "wolves"},       {"knife", "knives"},
    {"life", "lives"},        {"wife", "wives"},        {"scarf", "scarves"},      {"hoof", "hooves"},        {"hero", "heroes"},       {"potato", "potatoes"},
    {"tomato", "tomatoes"},   {"echo", "echoes"},       {"veto", "vetoes"},        {"torpedo", "torpedoes"},  {"embargo", "embargoes"}, {"volcano", "volcanoes"},
    {"tornado", "tornadoes"}, {"mosquito", "mosquitoes"}, {"buffalo", "buffaloes"}, {"cargo", "cargoes"},     {"domino", "dominoes"},   {"mango", "mangoes"},
    {"passer-by", "passers-by"}, {"runner-up", "runners-up"}, {"mother-in-law", "mothers-in-law"}, {"son-in-law", "sons-in-law"}, {"is", "are"}, {"was", "were"},
    {"has", "have"},          {"this", "these"},        {"that", "those"},         {"it", "they"},            {"its", "their"},         {"stomach", "stomachs"},
    {"monarch", "monarchs"},  {"patriarch", "patriarchs"}, {"epoch", "epochs"},   {"loch", "lochs"},          {"bus", "buses"},         {"gas", "gases"},
    {"German", "Germans"},    {"Roman", "Romans"},      {"human", "humans"},       {"Norman", "Normans"},     {"staff", "staff"},       {"police", "police"},
};

void grammar_en_plural(phrase *p, const char *noun, size_t size)
{
    for (size_t i = 0; i < sizeof PLURALS / sizeof *PLURALS; i++) {
        size_t n = strlen(PLURALS[i].from);
        if (!ends(noun, size, PLURALS[i].from)) continue;
        bool whole = size == n || noun[size - n - 1] == ' ' || noun[size - n - 1] == '-';
        bool compound = !whole && n >= 3 && (strcmp(PLURALS[i].from, "man") == 0 || strcmp(PLURALS[i].from, "woman") == 0 || strcmp(PLURALS[i].from, "child") == 0 || strcmp(PLURALS[i].from, "shelf") == 0 ||
                                             strcmp(PLURALS[i].from, "wife") == 0 || strcmp(PLURALS[i].from, "fish") == 0) &&
                        !ends(noun, size, "human") && !ends(noun, size, "german") && !ends(noun, size, "roman") && !ends(noun, size, "norman") && !ends(noun, size, "shaman") && !ends(noun, size, "talisman");
        if (!whole && !compound) continue;
        phrase_bytes(p, noun, size - n);
        if (is_upper(noun[size - n]) && !is_upper(PLURALS[i].to[0])) {
            char first = (char)(PLURALS[i].to[0] - 'a' + 'A');
            phrase_bytes(p, &first, 1);
            phrase_add(p, PLURALS[i].to + 1);
        } else phrase_add(p, PLURALS[i].to);
        return;
    }
    char before = size > 1 ? noun[size - 2] : 0;
    bool capitals = size > 1 && is_upper(noun[size - 1]) && is_upper(before);
    if (capitals || (size && noun[size - 1] >= '0' && noun[size - 1] <= '9')) { /* MPs, 1990s */
        phrase_bytes(p, noun, size);
        phrase_add(p, "s");
    } else if (ends(noun, size, "y") && !is_vowel(before) && !(is_upper(noun[0]) && memchr(noun, ' ', size) == NULL)) { /* but the Kennedys */
        phrase_bytes(p, noun, size - 1);
        phrase_add(p, "ies");
    } else if (ends(noun, size, "quy")) {
        phrase_bytes(p, noun, size - 1);
        phrase_add(p, "ies");
    } else {
        phrase_bytes(p, noun, size);
        phrase_add(p, ends(noun, size, "s") || ends(noun, size, "x") || ends(noun, size, "z") || ends(noun, size, "ch") || ends(noun, size, "sh") ? "es" : "s");
    }
}

/* ---- a or an ---- */

static bool begins(const char *word, size_t size, const char *with)
{
    size_t n = strlen(with);
    return size >= n && strncasecmp(word, with, n) == 0;
}

/* How a figure begins to be said: 8, 80, 800 … and 11 and 18 (thousand …) with a vowel. */
static bool figure_with_vowel(const char *word, size_t size)
{
    size_t digits = 0;
    for (size_t i = 0; i < size && ((word[i] >= '0' && word[i] <= '9') || word[i] == ','); i++) digits += word[i] != ',';
    return word[0] == '8' || (digits % 3 == 2 && word[0] == '1' && (word[1] == '1' || word[1] == '8'));
}

const char *grammar_en_article(const char *word, size_t size)
{
    static const char *const silent[] = {"hour", "honest", "honour", "honor", "heir"},
                      *const said_you[] = {"uni", "use", "usu", "uti", "ure", "ubi", "eu", "ewe", "uk", "ufo", "u.", "uten", "once", "one", "oneself"},
                      *const not_you[] = {"unim", "unin", "unid", "unil", "unir", "unif", "usher", "utter", "urg", "urb", "urn", "euc"};
    size_t letters = 0;
    while (size && !is_letter(*word) && !(*word >= '0' && *word <= '9')) word++, size--;
    if (!size) return "a";
    if (*word >= '0' && *word <= '9') return figure_with_vowel(word, size) ? "an" : "a";
    while (letters < size && (is_letter(word[letters]) || word[letters] == '-')) letters++;
    if (size > 1 && word[1] == '-' && *word != 'u' && *word != 'U') return strchr("aefhilmnorsxAEFHILMNORSX", *word) ? "an" : "a"; /* an x-ray */
    bool capitals = letters > 0;
    for (size_t i = 0; i < letters; i++) capitals = capitals && is_upper(word[i]);
    if (capitals && (letters == 1 || letters <= 3 || !is_vowel(word[1]))) { /* letters one by one: an MP, a UN vote, an F, a NATO */
        bool word_like = letters >= 4 && (is_vowel(word[0]) != is_vowel(word[1]));
        if (!word_like) return strchr("AEFHILMNORSX", *word) ? "an" : "a";
    }
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (begins(word, size, silent[i])) return "an";
    if (!is_vowel(*word)) {
        static const char *const accented[] = {"é", "É", "ä", "Ä", "ö", "Ö", "á", "Á", "å", "Å", "ó", "Ó", "í", "Í", "ê", "è", "â", "à", "ø", "Ø"};
        for (size_t i = 0; i < sizeof accented / sizeof *accented; i++)
            if (begins(word, size, accented[i])) return "an";
        return "a";
    }
    /* "uni" is you-ni but for un- before a word of its own (uninjured); "one" and "once" begin with a w */
    bool you = false;
    for (size_t i = 0; i < sizeof said_you / sizeof *said_you; i++) {
        size_t n = strlen(said_you[i]);
        bool whole = strcmp(said_you[i], "one") == 0 || strcmp(said_you[i], "uk") == 0;
        if (begins(word, size, said_you[i]) && (!whole || letters == n || word[n] == '-')) you = true;
    }
    for (size_t i = 0; i < sizeof not_you / sizeof *not_you; i++)
        if (begins(word, size, not_you[i]) && !begins(word, size, "unif") && !begins(word, size, "unilat")) you = false;
    return you ? "a" : "an";
}

void grammar_en_possessive(phrase *p, const char *noun, size_t size, bool plural)
{
    phrase_bytes(p, noun, size);
    phrase_add(p, plural && ends(noun, size, "s") ? "’" : "’s");
}

/* ---- comparison ---- */

static int vowel_groups(const char *word, size_t size)
{
    int groups = 0;
    for (size_t i = 0; i < size; i++) {
        bool vowel = is_vowel(word[i]) || (word[i] == 'y' && i > 0);
        groups += vowel && !(i && (is_vowel(word[i - 1]) || (word[i - 1] == 'y' && i > 1)));
    }
    if (size > 2 && word[size - 1] == 'e' && !is_vowel(word[size - 2]) && word[size - 2] != 'l' && groups > 1) groups--;
    return groups;
}

void grammar_en_comparative(phrase *p, const char *word, size_t size, bool superlative)
{
    static const struct {
        const char *word, *more, *most;
    } irregular[] = {{"good", "better", "best"}, {"well", "better", "best"}, {"bad", "worse", "worst"}, {"badly", "worse", "worst"}, {"far", "farther", "farthest"}, {"many", "more", "most"},
                     {"much", "more", "most"},   {"little", "less", "least"}, {"few", "fewer", "fewest"}, {"late", "later", "latest"}, {"old", "older", "oldest"}};
    static const char *const two[] = {"quiet", "narrow", "clever", "simple", "gentle", "shallow", "hollow", "able", "noble", "humble"};
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++)
        if (strlen(irregular[i].word) == size && strncasecmp(irregular[i].word, word, size) == 0) {
            phrase_add(p, superlative ? irregular[i].most : irregular[i].more);
            return;
        }
    int groups = vowel_groups(word, size);
    bool short_word = groups <= 1 || (groups == 2 && ends(word, size, "y") && !ends(word, size, "ly"));
    for (size_t i = 0; i < sizeof two / sizeof *two; i++) short_word = short_word || (strlen(two[i]) == size && strncasecmp(two[i], word, size) == 0);
    if (ends(word, size, "early") || ends(word, size, "friendly") || ends(word, size, "lively") || ends(word, size, "lonely")) short_word = true;
    if (ends(word, size, "ed") || ends(word, size, "ing") || memchr(word, '-', size)) short_word = false;
    if (!short_word) {
        phrase_format(p, "%s %.*s", superlative ? "most" : "more", (int)size, word);
        return;
    }
    const char *ending = superlative ? "est" : "er";
    char last = word[size - 1], before = size > 1 ? word[size - 2] : 0, third = size > 2 ? word[size - 3] : 0;
    if (last == 'e') phrase_format(p, "%.*s%s", (int)size, word, ending + 1);
    else if (last == 'y' && !is_vowel(before)) phrase_format(p, "%.*si%s", (int)size - 1, word, ending);
    else if (groups == 1 && !is_vowel(last) && !strchr("wxy", last) && is_vowel(before) && !is_vowel(third)) phrase_format(p, "%.*s%c%s", (int)size, word, last, ending);
    else phrase_format(p, "%.*s%s", (int)size, word, ending);
}
