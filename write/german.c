/* German articles, adjectives and verbs, by features. */
#include <string.h>
#include <strings.h>

#include "write/grammar.h"

bool grammar_case_of(const char *name, size_t size, grammar_case *out)
{
    static const char *const names[] = {"nominative", "genitive", "dative", "accusative"};
    for (int i = 0; i < 4; i++)
        if (size && size <= strlen(names[i]) && strncasecmp(names[i], name, size) == 0) return *out = (grammar_case)i, true;
    return false;
}

bool grammar_gender_of(const char *name, size_t size, gender *out)
{
    static const char *const names[] = {"masculine", "feminine", "neuter"};
    for (int i = 0; i < 3; i++)
        if (size && size <= strlen(names[i]) && strncasecmp(names[i], name, size) == 0) return *out = (gender)(GENDER_MASCULINE + i), true;
    return false;
}

/* Rows: masculine, feminine, neuter, plural; columns: the cases. */
static int row_of(gender g, bool plural) { return plural ? 3 : g == GENDER_FEMININE ? 1 : g == GENDER_NEUTER ? 2 : 0; }

const char *grammar_de_article(char how, gender g, grammar_case c, bool plural)
{
    static const char *const der[4][4] = {{"der", "des", "dem", "den"}, {"die", "der", "der", "die"}, {"das", "des", "dem", "das"}, {"die", "der", "den", "die"}},
                      *const ein[4][4] = {{"ein", "eines", "einem", "einen"}, {"eine", "einer", "einer", "eine"}, {"ein", "eines", "einem", "ein"}, {"", "", "", ""}},
                      *const kein[4][4] = {{"kein", "keines", "keinem", "keinen"}, {"keine", "keiner", "keiner", "keine"}, {"kein", "keines", "keinem", "kein"}, {"keine", "keiner", "keinen", "keine"}};
    int row = row_of(g, plural);
    return how == 'd' ? der[row][c] : how == 'k' ? kein[row][c] : ein[row][c];
}

void grammar_de_adjective(phrase *p, const char *adjective, size_t size, char how, gender g, grammar_case c, bool plural)
{
    static const char *const weak[4][4] = {{"e", "en", "en", "en"}, {"e", "en", "en", "e"}, {"e", "en", "en", "e"}, {"en", "en", "en", "en"}},
                      *const mixed[4][4] = {{"er", "en", "en", "en"}, {"e", "en", "en", "e"}, {"es", "en", "en", "es"}, {"en", "en", "en", "en"}},
                      *const strong[4][4] = {{"er", "en", "em", "en"}, {"e", "er", "er", "e"}, {"es", "en", "em", "es"}, {"e", "er", "en", "e"}};
    int row = row_of(g, plural);
    if (how == 'e' && plural) how = '0';
    const char *ending = how == 'd' ? weak[row][c] : how == '0' ? strong[row][c] : mixed[row][c];
    if (size == 4 && strncmp(adjective, "hoch", 4) == 0) phrase_add(p, "hoh");
    else if (size > 3 && strncmp(adjective + size - 2, "el", 2) == 0) phrase_format(p, "%.*sl", (int)size - 2, adjective); /* dunkel, dunkle */
    else if (size > 4 && strncmp(adjective + size - 4, "euer", 4) == 0) phrase_format(p, "%.*sr", (int)size - 2, adjective); /* teuer, teure */
    else phrase_bytes(p, adjective, size && adjective[size - 1] == 'e' ? size - 1 : size);
    phrase_add(p, ending);
}

/* ---- verbs ---- */

typedef struct {
    const char *verb;
    const char *present2, *present3; /* du, er; NULL: regular */
    const char *past;                /* first person; NULL: weak */
    const char *participle;          /* NULL: weak */
    bool by_sein;
} irregular;

static const irregular IRREGULAR[] = {
    {"beginnen", NULL, NULL, "begann", "begonnen", false}, {"bekommen", NULL, NULL, "bekam", "bekommen", false}, {"bieten", NULL, NULL, "bot", "geboten", false},
    {"bleiben", NULL, NULL, "blieb", "geblieben", true}, {"brechen", "brichst", "bricht", "brach", "gebrochen", false}, {"bringen", NULL, NULL, "brachte", "gebracht", false},
    {"denken", NULL, NULL, "dachte", "gedacht", false}, {"essen", "isst", "isst", "aß", "gegessen", false}, {"fahren", "fährst", "fährt", "fuhr", "gefahren", true},
    {"fallen", "fällst", "fällt", "fiel", "gefallen", true}, {"finden", NULL, NULL, "fand", "gefunden", false}, {"fliegen", NULL, NULL, "flog", "geflogen", true},
    {"geben", "gibst", "gibt", "gab", "gegeben", false}, {"gehen", NULL, NULL, "ging", "gegangen", true}, {"gewinnen", NULL, NULL, "gewann", "gewonnen", false},
    {"halten", "hältst", "hält", "hielt", "gehalten", false}, {"helfen", "hilfst", "hilft", "half", "geholfen", false}, {"kommen", NULL, NULL, "kam", "gekommen", true},
    {"lassen", "lässt", "lässt", "ließ", "gelassen", false}, {"laufen", "läufst", "läuft", "lief", "gelaufen", true}, {"lesen", "liest", "liest", "las", "gelesen", false},
    {"liegen", NULL, NULL, "lag", "gelegen", false}, {"nehmen", "nimmst", "nimmt", "nahm", "genommen", false}, {"rufen", NULL, NULL, "rief", "gerufen", false},
    {"scheinen", NULL, NULL, "schien", "geschienen", false}, {"schießen", NULL, NULL, "schoss", "geschossen", false}, {"schlagen", "schlägst", "schlägt", "schlug", "geschlagen", false},
    {"schließen", NULL, NULL, "schloss", "geschlossen", false}, {"schreiben", NULL, NULL, "schrieb", "geschrieben", false}, {"sehen", "siehst", "sieht", "sah", "gesehen", false},
    {"sinken", NULL, NULL, "sank", "gesunken", true}, {"sprechen", "sprichst", "spricht", "sprach", "gesprochen", false}, {"stehen", NULL, NULL, "stand", "gestanden", false},
    {"steigen", NULL, NULL, "stieg", "gestiegen", true}, {"treffen", "triffst", "trifft", "traf", "getroffen", false}, {"tragen", "trägst", "trägt", "trug", "getragen", false},
    {"treten", "trittst", "tritt", "trat", "getreten", true}, {"trinken", NULL, NULL, "trank", "getrunken", false}, {"unterliegen", NULL, NULL, "unterlag", "unterlegen", true},
    {"verlieren", NULL, NULL, "verlor", "verloren", false}, {"wachsen", "wächst", "wächst", "wuchs", "gewachsen", true}, {"ziehen", NULL, NULL, "zog", "gezogen", false},
};
static const struct {
    const char *verb, *present[6], *past[6], *participle;
    bool by_sein;
} WHOLE[] = {
    {"sein", {"bin", "bist", "ist", "sind", "seid", "sind"}, {"war", "warst", "war", "waren", "wart", "waren"}, "gewesen", true},
    {"haben", {"habe", "hast", "hat", "haben", "habt", "haben"}, {"hatte", "hattest", "hatte", "hatten", "hattet", "hatten"}, "gehabt", false},
    {"werden", {"werde", "wirst", "wird", "werden", "werdet", "werden"}, {"wurde", "wurdest", "wurde", "wurden", "wurdet", "wurden"}, "geworden", true},
    {"können", {"kann", "kannst", "kann", "können", "könnt", "können"}, {"konnte", "konntest", "konnte", "konnten", "konntet", "konnten"}, "gekonnt", false},
    {"müssen", {"muss", "musst", "muss", "müssen", "müsst", "müssen"}, {"musste", "musstest", "musste", "mussten", "musstet", "mussten"}, "gemusst", false},
};

static int whole_of(const char *verb, size_t size)
{
    for (int i = 0; i < (int)(sizeof WHOLE / sizeof *WHOLE); i++)
        if (strlen(WHOLE[i].verb) == size && strncmp(WHOLE[i].verb, verb, size) == 0) return i;
    return -1;
}

static const irregular *irregular_of(const char *verb, size_t size)
{
    for (size_t i = 0; i < sizeof IRREGULAR / sizeof *IRREGULAR; i++)
        if (strlen(IRREGULAR[i].verb) == size && strncmp(IRREGULAR[i].verb, verb, size) == 0) return &IRREGULAR[i];
    return NULL;
}

static size_t stem_of(const char *verb, size_t size) { return size > 2 && verb[size - 1] == 'n' ? (verb[size - 2] == 'e' ? size - 2 : size - 1) : size; }

/* Stems on t, d, and on m or n behind another consonant, take an e before t and st: arbeitet, öffnet. */
static bool wants_e(const char *s, size_t n)
{
    if (n < 2) return false;
    if (s[n - 1] == 't' || s[n - 1] == 'd') return true;
    return (s[n - 1] == 'm' || s[n - 1] == 'n') && !strchr("aeiourlhmn", s[n - 2]) && !((unsigned char)s[n - 2] & 0x80);
}

static void present(phrase *p, const char *verb, size_t size, const irregular *x, int form)
{
    static const char *const endings[] = {"e", "st", "t", "en", "t", "en"};
    size_t n = stem_of(verb, size);
    if (x && form == 1 && x->present2) phrase_add(p, x->present2);
    else if (x && form == 2 && x->present3) phrase_add(p, x->present3);
    else if (form == 3 || form == 5) phrase_bytes(p, verb, size);
    else {
        bool s = form == 1 && n && (strchr("sxz", verb[n - 1]) || (n > 1 && memcmp(verb + n - 2, "ß", 2) == 0));
        phrase_format(p, "%.*s%s%s", (int)n, verb, form != 0 && wants_e(verb, n) ? "e" : "", s ? "t" : endings[form]);
    }
}

static void past_form(phrase *p, const char *verb, size_t size, const irregular *x, int form)
{
    static const char *const strong[] = {"", "st", "", "en", "t", "en"}, *const weak[] = {"te", "test", "te", "ten", "tet", "ten"};
    size_t n = stem_of(verb, size);
    if (x && x->past) {
        size_t m = strlen(x->past);
        bool mixed = x->past[m - 1] == 'e', e = !mixed && (form == 1 || form == 4) && (wants_e(x->past, m) || x->past[m - 1] == 's' || (m > 1 && memcmp(x->past + m - 2, "ß", 2) == 0));
        phrase_format(p, "%s%s%s", x->past, e && !(form == 4 && strchr("s", x->past[m - 1])) ? "e" : "", mixed && form >= 3 && form != 4 ? "n" : strong[form]);
    } else phrase_format(p, "%.*s%s%s", (int)n, verb, wants_e(verb, n) ? "e" : "", weak[form]);
}

static void participle(phrase *p, const char *verb, size_t size, const irregular *x)
{
    static const char *const without_ge[] = {"be", "ver", "er", "ent", "zer", "ge", "miss", "über", "unter"};
    size_t n = stem_of(verb, size);
    if (x) {
        phrase_add(p, x->participle);
        return;
    }
    bool ge = !(n > 2 && strncmp(verb + n - 2, "ier", 3) == 0) && !(n > 3 && strncmp(verb + n - 3, "ier", 3) == 0);
    for (size_t i = 0; i < sizeof without_ge / sizeof *without_ge; i++) ge = ge && !(size > strlen(without_ge[i]) + 3 && strncmp(verb, without_ge[i], strlen(without_ge[i])) == 0);
    phrase_format(p, "%s%.*s%st", ge ? "ge" : "", (int)n, verb, wants_e(verb, n) ? "e" : "");
}

bool grammar_de_verb(phrase *p, const char *verb, size_t size, verb_form f)
{
    int whole = whole_of(verb, size), form = f.person - 1 + (f.plural ? 3 : 0);
    const irregular *x = irregular_of(verb, size);
    bool by_sein = whole >= 0 ? WHOLE[whole].by_sein : x && x->by_sein;
    if (f.progressive || f.negative || f.passive || size < 3) return false;
    switch (f.tense) {
    case TENSE_PRESENT:
        if (whole >= 0) phrase_add(p, WHOLE[whole].present[form]);
        else present(p, verb, size, x, form);
        return true;
    case TENSE_PAST:
        if (whole >= 0) phrase_add(p, WHOLE[whole].past[form]);
        else past_form(p, verb, size, x, form);
        return true;
    case TENSE_PERFECT: case TENSE_PLUPERFECT: {
        int auxiliary = by_sein ? 0 : 1;
        phrase_format(p, "%s ", f.tense == TENSE_PERFECT ? WHOLE[auxiliary].present[form] : WHOLE[auxiliary].past[form]);
    } /* fall through */
    case TENSE_PARTICIPLE:
        if (whole >= 0) phrase_add(p, WHOLE[whole].participle);
        else participle(p, verb, size, x);
        return true;
    case TENSE_FUTURE:
        phrase_format(p, "%s ", WHOLE[2].present[form]);
        phrase_bytes(p, verb, size);
        return true;
    case TENSE_INFINITIVE: phrase_bytes(p, verb, size); return true;
    default: return false;
    }
}
