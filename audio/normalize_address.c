/* Telephone numbers, web and mail addresses, hashtags. */
#include <string.h>
#include <strings.h>

#include "audio/normalize_rules.h"

enum { MOST_GROUPS = 8, GROUP_ROOM = 12 };

/* ---- telephone and other grouped numbers ---- */

typedef struct {
    char digits[MOST_GROUPS][GROUP_ROOM];
    size_t count[MOST_GROUPS], groups;
    bool bracket;
    char mark; /* what stands between groups: the first such */
    size_t end;
} number_groups;

static size_t read_group(const normalize_source *t, size_t i, number_groups *g)
{
    bool bracket = t->text[i] == '(';
    size_t n = 0, at = i + bracket;
    char *digits = g->digits[g->groups];
    while (rule_digit(t->text[at]) && n + 1 < GROUP_ROOM) digits[n++] = t->text[at++];
    digits[n] = 0;
    if (n == 0 || rule_digit(t->text[at]) || (bracket && t->text[at] != ')')) return 0;
    g->bracket = g->bracket || bracket;
    g->count[g->groups++] = n;
    return at + bracket;
}

static void read_groups(const normalize_source *t, size_t i, number_groups *g)
{
    size_t at = read_group(t, i, g);
    while (at && g->groups < MOST_GROUPS) {
        g->end = at;
        char mark = t->text[at];
        bool joined = mark == '-' || mark == '.' || mark == ' ';
        if (joined && mark == ' ' && t->text[at + 1] == ' ') break;
        if (!joined && !(t->text[at - 1] == ')' && rule_digit(mark))) break;
        if (joined && !g->mark && t->text[at - 1] != ')') g->mark = mark;
        if (joined && g->mark && mark != g->mark && t->text[at - 1] != ')' && !g->bracket) break;
        at = read_group(t, at + joined, g);
    }
}

/* Whether the sizes of the groups are those of a telephone or card number. */
static bool is_number_plan(const number_groups *g, bool plus)
{
    size_t digits = 0;
    const size_t *n = g->count;
    for (size_t k = 0; k < g->groups; k++) digits += n[k];
    if (plus) return digits >= 7 && digits <= 15;
    if (g->bracket) return digits >= 7 && digits <= 12 && g->groups >= 2 && n[0] >= 3;
    bool ten = g->groups == 3 && n[0] == 3 && n[1] == 3 && n[2] == 4;
    bool card = g->groups == 4 && n[0] == 4 && n[1] == 4 && n[2] == 4 && n[3] == 4;
    bool british = g->groups >= 2 && g->digits[0][0] == '0' && n[0] >= 3 && digits >= 10 && digits <= 11;
    if (g->mark == '-')
        return (g->groups == 2 && (n[0] == 3 || n[0] == 5) && n[1] == 4) || (g->groups >= 3 && digits >= 7);
    return ten || card || british;
}

size_t normalize_phone(const normalize_source *t, size_t i, spoken *out)
{
    uint32_t before = rule_before(t, i);
    if (rule_word_before(t, i) || before == '.' || before == '-' || before == '$' || before == '#') return 0;
    bool plus = t->text[i] == '+';
    number_groups g = {.groups = 0};
    read_groups(t, i + plus, &g);
    if (g.groups == 0 || g.end == 0 || rule_word(t, g.end) || t->text[g.end] == '%') return 0;
    size_t words = t->text[g.end] == '-' ? rule_letters(t, g.end + 1) : 0;
    if (words >= 3 && g.groups == 2 && g.count[0] == 1 && g.count[1] == 3 && rule_capital(t->text[g.end + 1])) { /* 1-800-FLOWERS */
        number_digits(out, g.digits[0]);
        spoken_join(out, ",");
        (strcmp(g.digits[1] + 1, "00") == 0 ? number_cardinal : number_digits)(out, g.digits[1]);
        spoken_join(out, ",");
        spoken_add_bytes(out, t->text + g.end + 1, words);
        return g.end + 1 + words;
    }
    bool counts = !is_number_plan(&g, plus); /* 3-2-1 */
    if (counts && (g.groups < 3 || g.mark != '-' || plus || g.bracket)) return 0;
    if (t->text[g.end] == '.' && rule_digit(t->text[g.end + 1])) return 0;
    if (counts) {
        for (size_t k = 0; k < g.groups; k++) number_cardinal(out, g.digits[k]);
        return g.end;
    }
    if (plus) spoken_add(out, "plus");
    for (size_t k = 0; k < g.groups; k++) {
        if (k > 0) spoken_join(out, ",");
        if (strcmp(g.digits[k], "800") == 0)
            number_cardinal(out, g.digits[k]); /* a free line */
        else
            number_digits(out, g.digits[k]);
    }
    return g.end;
}

/* ---- addresses ---- */

static const char *const DOMAINS[] = {"com",  "org", "net", "edu", "gov", "io", "co", "uk", "de", "fr",
                                      "info", "biz", "us",  "ca",  "au",  "tv", "me", "ly", "ai", "app",
                                      "dev",  "eu",  "ch",  "jp",  "nl",  "it", "es", "in"};
static const char *const FILE_TYPES[] = {
    "pdf",  "txt", "docx", "html", "htm", "jpg", "jpeg", "png",  "gif", "svg", "mp3", "mp4", "wav",  "csv", "py",
    "js",   "ts",  "cpp",  "json", "xml", "yml", "yaml", "md",   "sh",  "exe", "zip", "tar", "gz",   "doc", "xls",
    "xlsx", "ppt", "pptx", "bat",  "ini", "log", "cfg",  "conf", "dll", "iso", "css", "sql", "onnx", "gguf"};

static bool is_listed(const char *word, size_t n, const char *const *list, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (strlen(list[k]) == n && strncasecmp(list[k], word, n) == 0) return true;
    return false;
}

/* Where a chunk of address characters ends, without marks of the sentence behind it. */
static size_t address_end(const normalize_source *t, size_t i)
{
    size_t end = i;
    while (end < t->size && t->text[end] > ' ' && (unsigned char)t->text[end] < 0x80 &&
           !strchr("\"<>()[]{}|", t->text[end]))
        end++;
    while (end > i && strchr(".,;:!?'", t->text[end - 1])) end--;
    return end;
}

/* Letters are said as a word where they can be one, else by name: ASCII words without a vowel, and file types. */
static void say_letters(spoken *out, const char *text, size_t n, bool spell)
{
    bool vowel = false;
    const char *respelt = rule_respelt(text, n);
    if (respelt && !spell) {
        spoken_add(out, respelt);
        return;
    }
    for (size_t k = 0; k < n; k++) vowel = vowel || strchr("aeiouyAEIOUY", text[k]);
    if (!spell && vowel && n > 1) {
        spoken_add_bytes(out, text, n);
        return;
    }
    for (size_t k = 0; k < n; k++) {
        char letter[2] = {(char)(text[k] & ~32), 0};
        spoken_add(out, letter);
    }
}

static bool is_spelt(const char *word, size_t n)
{
    static const char *const spelt[] = {"uk",   "us",    "io",  "tv",   "eu",  "ai", "edu",
                                        "http", "https", "pdf", "html", "mp3", "www"};
    return is_listed(word, n, spelt, sizeof spelt / sizeof *spelt);
}

/* The parts of an address from i to end: words, numbers, and the names of the signs between. */
static void say_address(const normalize_source *t, size_t i, size_t end, spoken *out)
{
    static const struct {
        char sign;
        const char *name;
    } names[] = {{'.', "dot"},        {'@', "at"},        {'/', "slash"},         {'-', "dash"},
                 {'_', "underscore"}, {':', "colon"},     {'?', "question mark"}, {'=', "equals"},
                 {'&', "and"},        {'#', "hash"},      {'%', "percent"},       {'+', "plus"},
                 {'~', "tilde"},      {'*', "star"},      {'$', "dollar"},        {'!', "bang"},
                 {',', "comma"},      {';', "semicolon"}, {'\\', "backslash"}};
    while (i < end) {
        size_t n = rule_letters(t, i);
        if (i + n > end) n = end - i;
        if (n > 0) {
            say_letters(out, t->text + i, n, is_spelt(t->text + i, n));
            i += n;
            continue;
        }
        if (rule_digit(t->text[i])) {
            char digits[40] = {0};
            for (n = 0; i + n < end && rule_digit(t->text[i + n]) && n < sizeof digits - 1; n++)
                digits[n] = t->text[i + n];
            if (n <= 2 && digits[0] != '0')
                number_cardinal(out, digits);
            else
                number_code(out, digits);
            i += n;
            continue;
        }
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (names[k].sign == t->text[i]) spoken_add(out, names[k].name);
        i++;
    }
}

/* A domain: labels of letters, digits and hyphens with stops between, the last one known. Returns its end. */
static size_t domain_end(const normalize_source *t, size_t i, size_t end, bool any_last)
{
    size_t at = i, label = i, labels = 0;
    while (at <= end) {
        char c = at < end ? t->text[at] : 0;
        if (rule_letter(c) || rule_digit(c) || c == '-') {
            at++;
            continue;
        }
        if (at == label) return 0;
        labels++;
        if (c == '.' && at + 1 < end) {
            label = ++at;
            continue;
        }
        bool known = any_last ? at - label >= 2
                              : is_listed(t->text + label, at - label, DOMAINS, sizeof DOMAINS / sizeof *DOMAINS);
        return labels >= 2 && known && rule_letter(t->text[label]) ? at : 0;
    }
    return 0;
}

static bool is_ip_number(const normalize_source *t, size_t i, size_t end)
{
    size_t groups = 0, digits = 0;
    for (; i <= end; i++) {
        if (i < end && rule_digit(t->text[i])) {
            if (++digits > 3) return false;
        } else {
            if (digits == 0 || (i < end && t->text[i] != '.')) return false;
            digits = 0;
            groups++;
        }
    }
    return groups == 4;
}

static void say_ip_number(const normalize_source *t, size_t i, size_t end, spoken *out)
{
    for (; i < end; i++) {
        char digit[2] = {t->text[i], 0};
        if (digit[0] == '.')
            spoken_add(out, "dot");
        else
            number_digits(out, digit);
    }
}

size_t normalize_address(const normalize_source *t, size_t i, spoken *out)
{
    uint32_t before = rule_before(t, i);
    if (rule_word_before(t, i) || before == '.' || before == '-' || before == '/' || before == '@') return 0;
    size_t end = address_end(t, i), start = i;
    const char *scheme = end > i ? memchr(t->text + i, ':', end - i) : NULL;
    bool web = scheme && strncmp(scheme, "://", 3) == 0;
    if (web) start = (size_t)(scheme - t->text) + 3;
    if (end <= start) return 0;
    if (is_ip_number(t, start, end)) {
        say_ip_number(t, start, end, out);
        return end;
    }
    const char *at_sign = memchr(t->text + start, '@', end - start);
    if (!web && at_sign && at_sign > t->text + start) {
        size_t domain = (size_t)(at_sign - t->text) + 1;
        if (domain_end(t, domain, end, true) != end) return 0;
        say_address(t, start, end, out);
        return end;
    }
    if (web || strncmp(t->text + start, "www.", 4) == 0) {
        while (end > start && t->text[end - 1] == '/') end--;
        say_address(t, start, end, out);
        return end + (t->text[end] == '/');
    }
    size_t domain = domain_end(t, start, end, false);
    if (domain && (domain == end || t->text[domain] == '/' || t->text[domain] == ':')) {
        say_address(t, start, end, out);
        return end;
    }
    /* report.pdf, setup.py */
    const char *stop = memchr(t->text + start, '.', end - start);
    if (!stop || stop == t->text + start || memchr(stop + 1, '.', (size_t)(t->text + end - stop) - 1)) return 0;
    size_t type = (size_t)(stop - t->text) + 1;
    if (!is_listed(t->text + type, end - type, FILE_TYPES, sizeof FILE_TYPES / sizeof *FILE_TYPES)) return 0;
    say_address(t, start, type, out);
    bool word = end - type >= 3 && (strchr("eEoOiI", t->text[type + 1]) || rule_starts(t, type, "tar"));
    if (rule_letters(t, type) == end - type)
        say_letters(out, t->text + type, end - type, !word);
    else
        say_address(t, type, end, out);
    return end;
}

/* ---- tags ---- */

/* One word or number of a tag. */
static void say_tag_part(const normalize_source *t, size_t start, size_t end, spoken *out)
{
    if (rule_letter(t->text[start])) spoken_add_bytes(out, t->text + start, end - start);
    char digits[24] = {0};
    if (!rule_digit(t->text[start]) || end - start >= sizeof digits) return;
    memcpy(digits, t->text + start, end - start);
    digits[strspn(digits, "0123456789")] = 0;
    number_code(out, digits);
}

size_t normalize_tag(const normalize_source *t, size_t i, spoken *out)
{
    char sign = t->text[i];
    if ((sign != '#' && sign != '@') || rule_word_before(t, i) || rule_before(t, i) == '&') return 0;
    if (sign == '#' && i == 0) { /* a heading */
        size_t end = strspn(t->text, "#");
        if (t->text[end] == ' ') return end + 1;
    }
    if (sign == '#' && rule_digit(t->text[i + 1])) {
        spoken_add(out, "number");
        return i + 1;
    }
    size_t at = i + 1, start = at;
    if (!rule_letter(t->text[at])) return 0;
    spoken_add(out, sign == '#' ? "hashtag" : "at");
    while (rule_letter(t->text[at]) || rule_digit(t->text[at]) || t->text[at] == '_') {
        char here = t->text[at], next = t->text[at + 1];
        bool last = !(rule_letter(next) || rule_digit(next) || next == '_');
        bool ends = last || (rule_letter(here) && !rule_capital(here) && rule_capital(next)) ||
                    rule_letter(here) != rule_letter(next) ||
                    (rule_capital(here) && rule_capital(next) && rule_letter(t->text[at + 2]) &&
                     !rule_capital(t->text[at + 2]));
        at++;
        if (!ends) continue;
        say_tag_part(t, start, at, out);
        start = at;
    }
    return at;
}
