/* French articles, adjectives, plurals and verbs, by features; and the measure words of Chinese. */
#include <string.h>
#include <strings.h>

#include "write/grammar.h"

static bool ends(const char *word, size_t size, const char *ending)
{
    size_t n = strlen(ending);
    return size >= n && memcmp(word + size - n, ending, n) == 0;
}

/* A vowel or a silent h: the article loses its own. An h aspiré is in a short table. */
static bool elides(const char *word, size_t size)
{
    static const char *const vowels[] = {"a", "e", "i", "o", "u", "y", "é", "è", "ê", "à", "â", "î", "ô", "û", "œ", "É", "È", "À", "Î", "Ô", "A", "E", "I", "O", "U"},
                      *const aspirated[] = {"haut", "hauss", "hasard", "héros", "honte", "hors", "hockey", "hall", "handball", "hollande", "hongrie", "huit", "haine", "halte", "hameau", "hanche", "hangar", "harpe", "hérisson", "onze", "yaourt", "oui", "yen", "yacht", "hausse"};
    for (size_t i = 0; i < sizeof aspirated / sizeof *aspirated; i++)
        if (size >= strlen(aspirated[i]) && strncasecmp(word, aspirated[i], strlen(aspirated[i])) == 0) return false;
    if (size && (*word == 'h' || *word == 'H')) return true;
    for (size_t i = 0; i < sizeof vowels / sizeof *vowels; i++)
        if (size >= strlen(vowels[i]) && memcmp(word, vowels[i], strlen(vowels[i])) == 0) return true;
    return false;
}

void grammar_fr_article(phrase *p, const char *noun, size_t size, bool definite, char before, gender g, bool plural)
{
    bool feminine = g == GENDER_FEMININE, short_one = elides(noun, size);
    if (!definite && before) phrase_add(p, before == 'd' ? (plural && short_one ? "d’" : plural ? "de " : "d’") : "à ");
    if (!definite) {
        if (!(before == 'd' && plural)) phrase_add(p, plural ? "des " : feminine ? "une " : "un ");
        return;
    }
    if (plural) phrase_add(p, before == 'd' ? "des " : before == 'a' ? "aux " : "les ");
    else if (short_one) phrase_add(p, before == 'd' ? "de l’" : before == 'a' ? "à l’" : "l’");
    else if (feminine) phrase_add(p, before == 'd' ? "de la " : before == 'a' ? "à la " : "la ");
    else phrase_add(p, before == 'd' ? "du " : before == 'a' ? "au " : "le ");
}

void grammar_fr_plural(phrase *p, const char *noun, size_t size)
{
    static const char *const by_x[] = {"bijou", "caillou", "chou", "genou", "hibou", "joujou", "pou"}, *const by_s[] = {"bal", "carnaval", "festival", "récital", "régal", "chacal"};
    if (ends(noun, size, "s") || ends(noun, size, "x") || ends(noun, size, "z")) {
        phrase_bytes(p, noun, size);
        return;
    }
    bool x = ends(noun, size, "eau") || ends(noun, size, "au") || ends(noun, size, "eu"), aux = ends(noun, size, "al");
    if (ends(noun, size, "pneu") || ends(noun, size, "bleu") || ends(noun, size, "landau")) x = false;
    for (size_t i = 0; i < sizeof by_x / sizeof *by_x; i++) x = x || (size == strlen(by_x[i]) && memcmp(noun, by_x[i], size) == 0);
    for (size_t i = 0; i < sizeof by_s / sizeof *by_s; i++) aux = aux && !ends(noun, size, by_s[i]);
    if (aux) phrase_format(p, "%.*saux", (int)size - 2, noun);
    else if (ends(noun, size, "travail") || ends(noun, size, "bail") || ends(noun, size, "corail")) phrase_format(p, "%.*saux", (int)size - 3, noun);
    else if (size == 4 && memcmp(noun, "œil", 4) == 0) phrase_add(p, "yeux");
    else phrase_format(p, "%.*s%s", (int)size, noun, x ? "x" : "s");
}

static void feminine_of(phrase *p, const char *word, size_t size)
{
    static const struct {
        const char *from, *to;
    } irregular[] = {{"beau", "belle"}, {"nouveau", "nouvelle"}, {"vieux", "vieille"}, {"blanc", "blanche"}, {"franc", "franche"}, {"sec", "sèche"}, {"public", "publique"}, {"grec", "grecque"},
                     {"long", "longue"}, {"doux", "douce"}, {"faux", "fausse"}, {"roux", "rousse"}, {"gros", "grosse"}, {"bas", "basse"}, {"gras", "grasse"}, {"las", "lasse"}, {"gentil", "gentille"}, {"fou", "folle"}, {"mou", "molle"},
                     {"favori", "favorite"}, {"frais", "fraîche"}, {"complet", "complète"}, {"concret", "concrète"}, {"discret", "discrète"}, {"inquiet", "inquiète"}, {"secret", "secrète"}};
    static const struct {
        const char *from, *to;
    } rules[] = {{"e", "e"}, {"er", "ère"}, {"eux", "euse"}, {"teur", "trice"}, {"eur", "euse"}, {"if", "ive"}, {"el", "elle"}, {"eil", "eille"}, {"en", "enne"}, {"on", "onne"}, {"et", "ette"}};
    static const char *const plain_eur[] = {"supérieur", "inférieur", "extérieur", "intérieur", "antérieur", "postérieur", "meilleur", "majeur", "mineur"};
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++)
        if (strlen(irregular[i].from) == size && memcmp(irregular[i].from, word, size) == 0) {
            phrase_add(p, irregular[i].to);
            return;
        }
    for (size_t i = 0; i < sizeof plain_eur / sizeof *plain_eur; i++)
        if (strlen(plain_eur[i]) == size && memcmp(plain_eur[i], word, size) == 0) {
            phrase_format(p, "%se", plain_eur[i]);
            return;
        }
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (ends(word, size, rules[i].from)) {
            phrase_format(p, "%.*s%s", (int)(size - strlen(rules[i].from)), word, rules[i].to);
            return;
        }
    phrase_format(p, "%.*se", (int)size, word);
}

void grammar_fr_adjective(phrase *p, const char *adjective, size_t size, gender g, bool plural)
{
    phrase one = {0};
    if (g == GENDER_FEMININE) feminine_of(&one, adjective, size);
    else phrase_bytes(&one, adjective, size);
    if (plural) grammar_fr_plural(p, one.text, one.size);
    else phrase_add(p, one.text);
}

/* ---- verbs ---- */

static const struct {
    const char *verb, *present[6], *imperfect /* its stem */, *future /* its stem */, *participle;
    bool by_etre;
} VERBS[] = {
    {"être", {"suis", "es", "est", "sommes", "êtes", "sont"}, "ét", "ser", "été", false},
    {"avoir", {"ai", "as", "a", "avons", "avez", "ont"}, "av", "aur", "eu", false},
    {"aller", {"vais", "vas", "va", "allons", "allez", "vont"}, "all", "ir", "allé", true},
    {"faire", {"fais", "fais", "fait", "faisons", "faites", "font"}, "fais", "fer", "fait", false},
    {"pouvoir", {"peux", "peux", "peut", "pouvons", "pouvez", "peuvent"}, "pouv", "pourr", "pu", false},
    {"vouloir", {"veux", "veux", "veut", "voulons", "voulez", "veulent"}, "voul", "voudr", "voulu", false},
    {"devoir", {"dois", "dois", "doit", "devons", "devez", "doivent"}, "dev", "devr", "dû", false},
    {"venir", {"viens", "viens", "vient", "venons", "venez", "viennent"}, "ven", "viendr", "venu", true},
    {"devenir", {"deviens", "deviens", "devient", "devenons", "devenez", "deviennent"}, "deven", "deviendr", "devenu", true},
    {"tenir", {"tiens", "tiens", "tient", "tenons", "tenez", "tiennent"}, "ten", "tiendr", "tenu", false},
    {"prendre", {"prends", "prends", "prend", "prenons", "prenez", "prennent"}, "pren", "prendr", "pris", false},
    {"mettre", {"mets", "mets", "met", "mettons", "mettez", "mettent"}, "mett", "mettr", "mis", false},
    {"battre", {"bats", "bats", "bat", "battons", "battez", "battent"}, "batt", "battr", "battu", false},
    {"perdre", {"perds", "perds", "perd", "perdons", "perdez", "perdent"}, "perd", "perdr", "perdu", false},
    {"voir", {"vois", "vois", "voit", "voyons", "voyez", "voient"}, "voy", "verr", "vu", false},
    {"dire", {"dis", "dis", "dit", "disons", "dites", "disent"}, "dis", "dir", "dit", false},
    {"partir", {"pars", "pars", "part", "partons", "partez", "partent"}, "part", "partir", "parti", true},
    {"croître", {"croîs", "croîs", "croît", "croissons", "croissez", "croissent"}, "croiss", "croîtr", "crû", false},
    {"atteindre", {"atteins", "atteins", "atteint", "atteignons", "atteignez", "atteignent"}, "atteign", "atteindr", "atteint", false},
    {"recevoir", {"reçois", "reçois", "reçoit", "recevons", "recevez", "reçoivent"}, "recev", "recevr", "reçu", false},
};
static const char *const BY_ETRE[] = {"arriver", "entrer", "rester", "tomber", "monter", "retourner", "passer", "rentrer"};

static int known_verb(const char *verb, size_t size)
{
    for (int i = 0; i < (int)(sizeof VERBS / sizeof *VERBS); i++)
        if (strlen(VERBS[i].verb) == size && memcmp(VERBS[i].verb, verb, size) == 0) return i;
    return -1;
}

/* Verbs on -er and the second group on -ir; g and c soften before a and o. */
static bool regular(phrase *p, const char *verb, size_t size, tense t, int form)
{
    static const char *const er[] = {"e", "es", "e", "ons", "ez", "ent"}, *const ir[] = {"is", "is", "it", "issons", "issez", "issent"},
                      *const past[] = {"ais", "ais", "ait", "ions", "iez", "aient"}, *const future[] = {"ai", "as", "a", "ons", "ez", "ont"};
    bool first = ends(verb, size, "er"), second = ends(verb, size, "ir");
    if (!first && !second) return false;
    int stem = (int)size - 2;
    const char *ending = t == TENSE_PAST ? past[form] : first ? er[form] : ir[form];
    if (t == TENSE_FUTURE) phrase_format(p, "%.*s%s", (int)size, verb, future[form]);
    else if (t == TENSE_PARTICIPLE) phrase_format(p, "%.*s%s", stem, verb, first ? "é" : "i");
    else if (!first) phrase_format(p, "%.*s%s%s", stem, verb, t == TENSE_PAST ? "iss" : "", ending);
    else if (verb[stem - 1] == 'g' && strchr("ao", ending[0])) phrase_format(p, "%.*se%s", stem, verb, ending);
    else if (verb[stem - 1] == 'c' && strchr("ao", ending[0])) phrase_format(p, "%.*sç%s", stem - 1, verb, ending);
    else phrase_format(p, "%.*s%s", stem, verb, ending);
    return true;
}

static bool participle_of(phrase *p, const char *verb, size_t size)
{
    int k = known_verb(verb, size);
    if (k < 0) return regular(p, verb, size, TENSE_PARTICIPLE, 0);
    phrase_add(p, VERBS[k].participle);
    return true;
}

bool grammar_fr_verb(phrase *p, const char *verb, size_t size, verb_form f, gender subject)
{
    static const char *const past[] = {"ais", "ais", "ait", "ions", "iez", "aient"}, *const future[] = {"ai", "as", "a", "ons", "ez", "ont"};
    int k = known_verb(verb, size), form = f.person - 1 + (f.plural ? 3 : 0);
    if (f.progressive || f.negative || f.passive || size < 4) return false;
    switch (f.tense) {
    case TENSE_PRESENT: case TENSE_PAST: case TENSE_FUTURE:
        if (k < 0) return regular(p, verb, size, f.tense, form);
        if (f.tense == TENSE_PRESENT) phrase_add(p, VERBS[k].present[form]);
        else phrase_format(p, "%s%s", f.tense == TENSE_PAST ? VERBS[k].imperfect : VERBS[k].future, (f.tense == TENSE_PAST ? past : future)[form]);
        return true;
    case TENSE_PERFECT: case TENSE_PLUPERFECT: {
        bool etre = k >= 0 && VERBS[k].by_etre;
        for (size_t i = 0; i < sizeof BY_ETRE / sizeof *BY_ETRE; i++) etre = etre || (strlen(BY_ETRE[i]) == size && memcmp(BY_ETRE[i], verb, size) == 0);
        phrase q = {0};
        if (!participle_of(&q, verb, size)) return false;
        if (f.tense == TENSE_PERFECT) phrase_add(p, VERBS[etre ? 0 : 1].present[form]);
        else phrase_format(p, "%s%s", VERBS[etre ? 0 : 1].imperfect, past[form]);
        phrase_format(p, " %s%s%s", q.text, etre && subject == GENDER_FEMININE ? "e" : "", etre && f.plural ? "s" : "");
        return true;
    }
    case TENSE_PARTICIPLE: return participle_of(p, verb, size);
    case TENSE_INFINITIVE: phrase_bytes(p, verb, size); return true;
    default: return false;
    }
}

/* ---- Chinese ---- */

const char *grammar_zh_measure(const char *noun, size_t size)
{
    static const struct {
        const char *noun, *measure; /* the end of the noun */
    } measures[] = {
        {"书", "本"}, {"杂志", "本"}, {"词典", "本"}, {"纸", "张"}, {"票", "张"}, {"桌子", "张"}, {"照片", "张"}, {"地图", "张"}, {"床", "张"}, {"狗", "只"}, {"猫", "只"}, {"鸟", "只"}, {"鸡", "只"}, {"手", "只"},
        {"马", "匹"}, {"牛", "头"}, {"猪", "头"}, {"鱼", "条"}, {"路", "条"}, {"河", "条"}, {"裤子", "条"}, {"消息", "条"}, {"新闻", "条"}, {"船", "艘"}, {"车", "辆"}, {"汽车", "辆"}, {"火车", "列"}, {"自行车", "辆"}, {"飞机", "架"},
        {"房子", "座"}, {"山", "座"}, {"桥", "座"}, {"城市", "座"}, {"楼", "栋"}, {"公司", "家"}, {"银行", "家"}, {"商店", "家"}, {"饭店", "家"}, {"医院", "家"}, {"学校", "所"}, {"大学", "所"}, {"树", "棵"}, {"花", "朵"}, {"草", "棵"},
        {"衣服", "件"}, {"事", "件"}, {"礼物", "件"}, {"行李", "件"}, {"产品", "件"}, {"椅子", "把"}, {"刀", "把"}, {"伞", "把"}, {"钥匙", "把"}, {"笔", "支"}, {"歌", "首"}, {"诗", "首"}, {"电影", "部"}, {"手机", "部"}, {"小说", "部"},
        {"电脑", "台"}, {"机器", "台"}, {"电视", "台"}, {"文章", "篇"}, {"报道", "篇"}, {"论文", "篇"}, {"信", "封"}, {"邮件", "封"}, {"茶", "杯"}, {"咖啡", "杯"}, {"水", "杯"}, {"酒", "杯"}, {"饭", "碗"}, {"鞋", "双"}, {"袜子", "双"}, {"筷子", "双"},
        {"老师", "位"}, {"客人", "位"}, {"医生", "位"}, {"教授", "位"}, {"球员", "名"}, {"学生", "名"}, {"员工", "名"}, {"工人", "名"}, {"记者", "名"}, {"观众", "名"}, {"比赛", "场"}, {"雨", "场"}, {"地震", "次"}, {"会议", "次"}, {"进球", "个"},
        {"报纸", "份"}, {"文件", "份"}, {"报告", "份"}, {"合同", "份"}, {"钱", "笔"}, {"交易", "笔"}, {"课", "节"}, {"药", "片"}, {"面包", "片"}, {"石头", "块"}, {"糖", "块"}, {"布", "块"}, {"灯", "盏"}, {"门", "扇"}, {"井", "口"}, {"星", "颗"}, {"牙", "颗"},
    };
    const char *best = "个";
    size_t longest = 0;
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
        if (strlen(measures[i].noun) > longest && ends(noun, size, measures[i].noun)) best = measures[i].measure, longest = strlen(measures[i].noun);
    return best;
}
