/* English verbs: the forms of irregular ones as a table, of all others by spelling, and the tenses put together from them. */
#include <string.h>
#include <strings.h>

#include "write/grammar.h"

const char GRAMMAR_TENSES[] = "present, past, future, perfect, pluperfect, conditional, infinitive, participle, gerund";

bool grammar_tense(const char *name, size_t size, tense *out)
{
    static const char *const names[] = {"present", "past", "future", "perfect", "pluperfect", "conditional", "infinitive", "participle", "gerund"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0) return *out = (tense)i, true;
    return false;
}

/* Infinitive, past, participle; sorted, for the search. */
static const struct {
    const char *verb, *past, *participle;
} IRREGULAR[] = {
    {"arise", "arose", "arisen"}, {"awake", "awoke", "awoken"}, {"bear", "bore", "borne"}, {"beat", "beat", "beaten"}, {"become", "became", "become"},
    {"begin", "began", "begun"}, {"bend", "bent", "bent"}, {"bet", "bet", "bet"}, {"bid", "bid", "bid"}, {"bind", "bound", "bound"}, {"bite", "bit", "bitten"},
    {"bleed", "bled", "bled"}, {"blow", "blew", "blown"}, {"break", "broke", "broken"}, {"breed", "bred", "bred"}, {"bring", "brought", "brought"},
    {"broadcast", "broadcast", "broadcast"}, {"build", "built", "built"}, {"burst", "burst", "burst"}, {"buy", "bought", "bought"}, {"cast", "cast", "cast"},
    {"catch", "caught", "caught"}, {"choose", "chose", "chosen"}, {"cling", "clung", "clung"}, {"come", "came", "come"}, {"cost", "cost", "cost"},
    {"creep", "crept", "crept"}, {"cut", "cut", "cut"}, {"deal", "dealt", "dealt"}, {"dig", "dug", "dug"}, {"do", "did", "done"}, {"draw", "drew", "drawn"},
    {"drink", "drank", "drunk"}, {"drive", "drove", "driven"}, {"eat", "ate", "eaten"}, {"fall", "fell", "fallen"}, {"feed", "fed", "fed"}, {"feel", "felt", "felt"},
    {"fight", "fought", "fought"}, {"find", "found", "found"}, {"flee", "fled", "fled"}, {"fling", "flung", "flung"}, {"fly", "flew", "flown"},
    {"forbid", "forbade", "forbidden"}, {"forecast", "forecast", "forecast"}, {"foresee", "foresaw", "foreseen"}, {"forget", "forgot", "forgotten"},
    {"forgive", "forgave", "forgiven"}, {"freeze", "froze", "frozen"}, {"get", "got", "got"}, {"give", "gave", "given"}, {"go", "went", "gone"}, {"grind", "ground", "ground"},
    {"grow", "grew", "grown"}, {"hang", "hung", "hung"}, {"have", "had", "had"}, {"hear", "heard", "heard"}, {"hide", "hid", "hidden"}, {"hit", "hit", "hit"},
    {"hold", "held", "held"}, {"hurt", "hurt", "hurt"}, {"keep", "kept", "kept"}, {"kneel", "knelt", "knelt"}, {"know", "knew", "known"}, {"lay", "laid", "laid"},
    {"lead", "led", "led"}, {"leap", "leapt", "leapt"}, {"leave", "left", "left"}, {"lend", "lent", "lent"}, {"let", "let", "let"}, {"lie", "lay", "lain"},
    {"lose", "lost", "lost"}, {"make", "made", "made"}, {"mean", "meant", "meant"}, {"meet", "met", "met"}, {"mislead", "misled", "misled"}, {"mistake", "mistook", "mistaken"},
    {"outdo", "outdid", "outdone"}, {"outgrow", "outgrew", "outgrown"}, {"outrun", "outran", "outrun"}, {"outsell", "outsold", "outsold"}, {"overcome", "overcame", "overcome"},
    {"overrun", "overran", "overrun"}, {"oversee", "oversaw", "overseen"}, {"overtake", "overtook", "overtaken"}, {"overthrow", "overthrew", "overthrown"}, {"pay", "paid", "paid"},
    {"put", "put", "put"}, {"quit", "quit", "quit"}, {"read", "read", "read"}, {"rebuild", "rebuilt", "rebuilt"}, {"rid", "rid", "rid"}, {"ride", "rode", "ridden"},
    {"ring", "rang", "rung"}, {"rise", "rose", "risen"}, {"run", "ran", "run"}, {"say", "said", "said"}, {"see", "saw", "seen"}, {"seek", "sought", "sought"},
    {"sell", "sold", "sold"}, {"send", "sent", "sent"}, {"set", "set", "set"}, {"shake", "shook", "shaken"}, {"shed", "shed", "shed"}, {"shine", "shone", "shone"},
    {"shoot", "shot", "shot"}, {"show", "showed", "shown"}, {"shrink", "shrank", "shrunk"}, {"shut", "shut", "shut"}, {"sing", "sang", "sung"}, {"sink", "sank", "sunk"},
    {"sit", "sat", "sat"}, {"sleep", "slept", "slept"}, {"slide", "slid", "slid"}, {"speak", "spoke", "spoken"}, {"speed", "sped", "sped"}, {"spend", "spent", "spent"},
    {"spin", "spun", "spun"}, {"split", "split", "split"}, {"spread", "spread", "spread"}, {"spring", "sprang", "sprung"}, {"stand", "stood", "stood"}, {"steal", "stole", "stolen"},
    {"stick", "stuck", "stuck"}, {"sting", "stung", "stung"}, {"stride", "strode", "stridden"}, {"strike", "struck", "struck"}, {"strive", "strove", "striven"}, {"swear", "swore", "sworn"},
    {"sweep", "swept", "swept"}, {"swell", "swelled", "swollen"}, {"swim", "swam", "swum"}, {"swing", "swung", "swung"}, {"take", "took", "taken"}, {"teach", "taught", "taught"},
    {"tear", "tore", "torn"}, {"tell", "told", "told"}, {"think", "thought", "thought"}, {"throw", "threw", "thrown"}, {"thrust", "thrust", "thrust"}, {"undergo", "underwent", "undergone"},
    {"understand", "understood", "understood"}, {"undertake", "undertook", "undertaken"}, {"undo", "undid", "undone"}, {"uphold", "upheld", "upheld"}, {"upset", "upset", "upset"},
    {"wake", "woke", "woken"}, {"wear", "wore", "worn"}, {"weave", "wove", "woven"}, {"weep", "wept", "wept"}, {"win", "won", "won"}, {"wind", "wound", "wound"},
    {"withdraw", "withdrew", "withdrawn"}, {"withhold", "withheld", "withheld"}, {"withstand", "withstood", "withstood"}, {"write", "wrote", "written"},
};

typedef struct {
    const char *stem;
    size_t size;       /* of the first word */
    const char *rest;  /* with its space: " over" */
    size_t rest_size;
    int irregular;     /* −1: none */
} verb;

static bool is_vowel(char c) { return strchr("aeiou", c) != NULL && c; }

/* The last consonant is doubled: stop, admit, but not enter, order, visit, follow, fix. */
static bool doubles(const char *s, size_t n)
{
    static const char *const stressed[] = {"admit", "commit", "permit", "submit", "omit", "transmit", "refer", "prefer", "confer", "infer", "defer", "transfer", "occur", "incur", "recur", "regret", "begin",
                                           "forget", "control", "compel", "expel", "propel", "rebel", "equip", "deter", "cancel", "travel", "level", "label", "model", "signal", "total", "rival", "fuel", "channel", "tunnel", "quarrel", "upset", "outrun", "rerun"};
    if (n < 2 || is_vowel(s[n - 1]) || strchr("wxy", s[n - 1]) || !is_vowel(s[n - 2]) || (n > 2 && is_vowel(s[n - 3]) && !(s[n - 3] == 'u' && n > 3 && s[n - 4] == 'q'))) return false;
    int vowels = 0;
    for (size_t i = 0; i < n; i++) vowels += is_vowel(s[i]) && !(i && s[i] == 'u' && s[i - 1] == 'q');
    if (vowels == 1) return true;
    for (size_t i = 0; i < sizeof stressed / sizeof *stressed; i++)
        if (strlen(stressed[i]) == n && strncmp(stressed[i], s, n) == 0) return true;
    return false;
}

static void third_person(phrase *p, const verb *v)
{
    const char *s = v->stem;
    size_t n = v->size;
    if (n == 4 && strncmp(s, "have", 4) == 0) phrase_add(p, "has");
    else if (n > 1 && s[n - 1] == 'y' && !is_vowel(s[n - 2])) phrase_format(p, "%.*sies", (int)n - 1, s);
    else if (n > 1 && (strchr("sxzo", s[n - 1]) || (s[n - 1] == 'h' && (s[n - 2] == 'c' || s[n - 2] == 's'))) && !(s[n - 1] == 'o' && is_vowel(s[n - 2]))) phrase_format(p, "%.*ses", (int)n, s);
    else phrase_format(p, "%.*ss", (int)n, s);
}

static void regular_past(phrase *p, const verb *v)
{
    const char *s = v->stem;
    size_t n = v->size;
    if (s[n - 1] == 'e') phrase_format(p, "%.*sd", (int)n, s);
    else if (n > 1 && s[n - 1] == 'y' && !is_vowel(s[n - 2])) phrase_format(p, "%.*sied", (int)n - 1, s);
    else if (n > 1 && s[n - 1] == 'c') phrase_format(p, "%.*sked", (int)n, s);
    else phrase_format(p, "%.*s%.*sed", (int)n, s, doubles(s, n), s + n - 1);
}

static bool is_be(const verb *v) { return v->size == 2 && strncmp(v->stem, "be", 2) == 0; }

static void past(phrase *p, const verb *v, bool plural_or_you)
{
    if (is_be(v)) phrase_add(p, plural_or_you ? "were" : "was");
    else if (v->irregular >= 0) phrase_add(p, IRREGULAR[v->irregular].past);
    else regular_past(p, v);
}

static void participle(phrase *p, const verb *v)
{
    if (is_be(v)) phrase_add(p, "been");
    else if (v->irregular >= 0) phrase_add(p, IRREGULAR[v->irregular].participle);
    else regular_past(p, v);
}

static void gerund(phrase *p, const verb *v)
{
    const char *s = v->stem;
    size_t n = v->size;
    if (n > 2 && s[n - 1] == 'e' && s[n - 2] == 'i') phrase_format(p, "%.*sying", (int)n - 2, s);
    else if (n > 2 && s[n - 1] == 'e' && !strchr("eoy", s[n - 2])) phrase_format(p, "%.*sing", (int)n - 1, s);
    else if (n > 1 && s[n - 1] == 'c') phrase_format(p, "%.*sking", (int)n, s);
    else phrase_format(p, "%.*s%.*sing", (int)n, s, doubles(s, n), s + n - 1);
}

static verb read_verb(const char *text, size_t size)
{
    verb v = {.stem = text, .size = size, .irregular = -1};
    const char *space = memchr(text, ' ', size);
    if (space) v.size = (size_t)(space - text), v.rest = space, v.rest_size = size - v.size;
    size_t from = 0, to = sizeof IRREGULAR / sizeof *IRREGULAR;
    while (from < to) {
        size_t middle = (from + to) / 2;
        int order = strncmp(text, IRREGULAR[middle].verb, v.size);
        if (!order && IRREGULAR[middle].verb[v.size]) order = -1;
        if (!order) return v.irregular = (int)middle, v;
        if (order < 0) to = middle;
        else from = middle + 1;
    }
    return v;
}

static const char *have(const verb_form *f, bool past_form) { return past_form ? "had" : f->person == 3 && !f->plural ? "has" : "have"; }
static const char *be(const verb_form *f, bool past_form)
{
    bool many = f->plural || f->person == 2;
    return past_form ? (many ? "were" : "was") : many ? "are" : f->person == 1 ? "am" : "is";
}

/* The main verb's bare form, or what passive and progressive put in its place. */
static void bare(phrase *p, const verb *v, const verb_form *f)
{
    if (f->progressive) {
        phrase_word(p, f->passive ? "be being " : "be ");
        if (f->passive) participle(p, v);
        else gerund(p, v);
    } else if (f->passive) {
        phrase_word(p, "be ");
        participle(p, v);
    } else {
        if (p->size) phrase_add(p, " ");
        phrase_bytes(p, v->stem, v->size);
    }
}

/* Behind has or had. */
static void perfect(phrase *p, const verb *v, const verb_form *f)
{
    phrase_word(p, f->progressive ? "been " : f->passive ? "been " : "");
    if (f->progressive && f->passive) phrase_add(p, "being ");
    if (f->progressive && !f->passive) gerund(p, v);
    else participle(p, v);
}

static void simple(phrase *p, const verb *v, const verb_form *f, bool past_form)
{
    const char *not = f->negative ? " not" : "";
    if (f->passive || f->progressive) {
        phrase_format(p, "%s%s ", be(f, past_form), not);
        if (f->passive && f->progressive) phrase_add(p, "being ");
        if (f->passive) participle(p, v);
        else gerund(p, v);
    } else if (is_be(v)) phrase_format(p, "%s%s", be(f, past_form), not);
    else if (f->negative) {
        phrase_format(p, "%s not ", past_form ? "did" : f->person == 3 && !f->plural ? "does" : "do");
        phrase_bytes(p, v->stem, v->size);
    } else if (past_form) past(p, v, f->plural);
    else if (f->person == 3 && !f->plural) third_person(p, v);
    else phrase_bytes(p, v->stem, v->size);
}

void grammar_en_verb(phrase *p, const char *text, size_t size, verb_form f)
{
    if (!size) return;
    verb v = read_verb(text, size);
    if (!v.size) return;
    phrase q = {0};
    switch (f.tense) {
    case TENSE_PRESENT: simple(&q, &v, &f, false); break;
    case TENSE_PAST: simple(&q, &v, &f, true); break;
    case TENSE_FUTURE: phrase_add(&q, f.negative ? "will not" : "will"), bare(&q, &v, &f); break;
    case TENSE_CONDITIONAL: phrase_add(&q, f.negative ? "would not" : "would"), bare(&q, &v, &f); break;
    case TENSE_PERFECT: phrase_format(&q, "%s%s", have(&f, false), f.negative ? " not" : ""), perfect(&q, &v, &f); break;
    case TENSE_PLUPERFECT: phrase_format(&q, "%s%s", have(&f, true), f.negative ? " not" : ""), perfect(&q, &v, &f); break;
    case TENSE_INFINITIVE:
        if (f.negative) phrase_add(&q, "not to");
        else phrase_add(&q, "to");
        bare(&q, &v, &f);
        break;
    case TENSE_PARTICIPLE: participle(&q, &v); break;
    case TENSE_GERUND: gerund(&q, &v); break;
    }
    phrase_add(p, q.text);
    if (v.rest_size) phrase_bytes(p, v.rest, v.rest_size);
}
