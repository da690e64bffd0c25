#include "write/prose.h"

#include <string.h>

#include "core/utf8.h"
#include "text/tokenizer_unicode.h"

static const char DASH[] = "—";

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static size_t char_size(const char *s, size_t size)
{
    size_t n = utf8_length(s, size);
    return n ? n : 1;
}

void prose_raw(const char *text, size_t size, text_out *out)
{
    for (size_t i = 0; i < size;) {
        const char *mark = memchr(text + i, PROSE_MISSING, size - i);
        size_t to = mark ? (size_t)(mark - text) : size;
        text_out_bytes(out, text + i, to - i);
        if (mark) text_out_add(out, DASH);
        i = to + 1;
    }
}

/* ---- sentences ---- */

static bool is_abbreviation(const char *text, size_t end)
{
    static const char *const known[] = {"Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Sr", "Jr", "vs", "No", "Nr", "Mt", "Gen", "Col", "Capt", "Lt", "Sgt", "Rev", "Hon", "Sen", "Rep", "Gov", "Ltd", "Inc", "Co", "Corp",
                                        "Jan", "Feb", "Mar", "Apr", "Aug", "Sept", "Oct", "Nov", "Dec", "approx", "ca", "bzw", "z.B", "d.h", "usw", "Str", "a.m", "p.m", "e.g", "i.e", "Mme", "Mlle", "M"};
    size_t from = end;
    while (from > 0 && !is_blank(text[from - 1]) && text[from - 1] != '(') from--;
    size_t n = end - from;
    if (n == 1 && ((text[from] >= 'A' && text[from] <= 'Z') || (text[from] >= 'a' && text[from] <= 'z'))) return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == n && memcmp(known[i], text + from, n) == 0) return true;
    /* 3. Mai: a number and a point before a word in German; in English a sentence that ends with a year goes on with a capital
     * too, so only one or two digits count */
    size_t digits = 0;
    while (digits < n && text[from + digits] >= '0' && text[from + digits] <= '9') digits++;
    return n && digits == n && n <= 2;
}

static bool is_closing(const char *s, size_t size, size_t *n)
{
    static const char *const marks[] = {"\"", "'", ")", "]", "”", "’", "»", "“", "*", "_", "」", "』", "）"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        *n = strlen(marks[i]);
        if (size >= *n && memcmp(s, marks[i], *n) == 0) return true;
    }
    return false;
}

/* What may begin a sentence: no lower-case letter and no sign that goes on. */
static bool may_begin(const char *s, size_t size)
{
    uint32_t c;
    if (!size) return true;
    if (*s == PROSE_MISSING) return true;
    if (tokenizer_unicode_char(s, size, &c) <= 0) return true;
    return tokenizer_unicode_kind_of(c) != UNICODE_LOWER && c != ',' && c != ';' && c != ':';
}

/* Where the sentence at `from` ends: behind its sign and closing quotes. any_letter: the next may begin in lower case. */
static size_t sentence_end(const char *text, size_t size, size_t from, bool any_letter)
{
    for (size_t i = from, n; i < size; i += n) {
        n = char_size(text + i, size - i);
        bool wide = n == 3 && (memcmp(text + i, "。", 3) == 0 || memcmp(text + i, "！", 3) == 0 || memcmp(text + i, "？", 3) == 0);
        if (!wide && text[i] != '.' && text[i] != '!' && text[i] != '?' && !(n == 3 && memcmp(text + i, "…", 3) == 0)) continue;
        size_t end = i + n, close, next;
        while (end < size && (text[end] == '.' || text[end] == '!' || text[end] == '?')) end++;
        while (end < size && is_closing(text + end, size - end, &close)) end += close;
        for (next = end; next < size && is_blank(text[next]);) next++;
        if (wide || next == size) return wide ? end : size;
        if (next == end) continue; /* 3.5, example.org */
        if (text[i] == '.' && is_abbreviation(text, i)) continue;
        if (any_letter || may_begin(text + next, size - next)) return end;
    }
    return size;
}

/* A sign before which no blank stands. (A French one has its narrow no-break space, which is no blank here.) */
static bool hugs(const char *s, size_t size)
{
    if (strchr(".,;:!?)", *s)) return size < 2 || *s != '.' || s[1] < '0' || s[1] > '9'; /* .5 */
    static const char *const wide[] = {"，", "。", "；", "：", "！", "？", "）", "、", "’s"};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (size >= strlen(wide[i]) && memcmp(s, wide[i], strlen(wide[i])) == 0) return true;
    return false;
}

/* Writes a word's first letter as a capital. Whether it did: what is no letter in a case goes as it is. */
static size_t write_capital(const char *s, size_t size, text_out *out)
{
    uint32_t c;
    char upper[4];
    size_t word = 0;
    while (word < size && !is_blank(s[word])) word++;
    for (size_t i = 0, n; i < word; i += n) {
        n = char_size(s + i, word - i);
        if (tokenizer_unicode_char(s + i, word - i, &c) <= 0) return 0;
        if (tokenizer_unicode_kind_of(c) == UNICODE_UPPER || s[i] == '/' || s[i] == '@') return 0; /* iPhone, a path */
    }
    int n = tokenizer_unicode_char(s, size, &c);
    if (n <= 0 || tokenizer_unicode_kind_of(c) != UNICODE_LOWER) return 0;
    if (c < 0x80) upper[0] = (char)(c - 'a' + 'A'), text_out_bytes(out, upper, 1);
    else if ((c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) || (c >= 0x430 && c <= 0x44F)) text_out_bytes(out, upper, utf8_encode(c - 0x20, upper));
    else return 0;
    return (size_t)n;
}

/* A sentence with single blanks; line breaks stay where `lines`. */
static void write_sentence(const char *s, size_t size, bool lines, bool capital, text_out *out)
{
    size_t i = 0, close;
    while (i < size && is_blank(s[i])) i++;
    while (capital && i < size && (is_closing(s + i, size - i, &close) || *(s + i) == '(')) {
        size_t n = s[i] == '(' ? 1 : close;
        text_out_bytes(out, s + i, n);
        i += n;
    }
    if (capital && i < size) i += write_capital(s + i, size - i, out);
    while (i < size) {
        if (!is_blank(s[i])) {
            size_t to = i;
            while (to < size && !is_blank(s[to])) to++;
            text_out_bytes(out, s + i, to - i);
            i = to;
            continue;
        }
        bool line = false, hard = false;
        size_t blanks = 0;
        while (i < size && is_blank(s[i])) {
            if (s[i] == '\n') hard = hard || blanks >= 2, line = true;
            blanks = s[i] == ' ' ? blanks + 1 : 0;
            i++;
        }
        if (i == size || hugs(s + i, size - i)) continue;
        text_out_add(out, lines && line ? (hard ? "  \n" : "\n") : " ");
    }
}

static void paragraph(const char *text, size_t size, bool lines, bool capitals, size_t *left_out, text_out *out)
{
    bool any = false, wide = false, broken = false;
    for (size_t from = 0, to; from < size; from = to) {
        to = sentence_end(text, size, from, capitals);
        size_t first = from;
        bool line = false;
        while (first < to && is_blank(text[first])) line = line || text[first] == '\n', first++;
        if (first == to) break;
        broken = broken || (any && line);
        if (memchr(text + first, PROSE_MISSING, to - first)) {
            if (left_out) ++*left_out;
            continue;
        }
        if (any && !(wide && first == from)) text_out_add(out, lines && broken ? "\n" : " ");
        broken = false;
        write_sentence(text + first, to - first, lines, capitals, out);
        wide = to >= 3 && (unsigned char)text[to - 3] >= 0xE0;
        any = true;
    }
}

void prose_paragraph(const char *text, size_t size, bool capitals, size_t *left_out, text_out *out) { paragraph(text, size, false, capitals, left_out, out); }

/* ---- a whole report ---- */

/* A line of a table, list, heading, quote or HTML. */
static bool is_structured(const char *s, size_t size)
{
    size_t i = 0;
    if (!size) return false;
    if (strchr("|#<>{}[", *s)) return true;
    if ((*s == '-' || *s == '*' || *s == '+') && size > 1 && (s[1] == ' ' || s[1] == *s)) return true;
    while (i < size && s[i] >= '0' && s[i] <= '9') i++;
    return i && i < 4 && i + 1 < size && (s[i] == '.' || s[i] == ')') && s[i + 1] == ' ';
}

static void write_line(const char *s, size_t size, text_out *out)
{
    size_t end = size;
    while (end > 0 && (s[end - 1] == ' ' || s[end - 1] == '\t' || s[end - 1] == '\r')) end--;
    if (size - end >= 2 && s[size - 1] == ' ' && s[size - 2] == ' ') end += 2; /* a Markdown line break */
    prose_raw(s, end, out);
    text_out_add(out, "\n");
}

void prose_report(const char *text, size_t size, size_t *left_out, text_out *out)
{
    bool fence = false, gap = false;
    size_t begun = out->size;
    for (size_t at = 0, next; at < size; at = next) {
        const char *stop = memchr(text + at, '\n', size - at);
        size_t end = stop ? (size_t)(stop - text) : size, first = at;
        next = stop ? end + 1 : size;
        while (first < end && is_blank(text[first])) first++;
        bool empty = first == end, mark = end - first >= 3 && memcmp(text + first, "```", 3) == 0;
        if (empty && !fence) {
            gap = true;
            continue;
        }
        size_t before = out->size;
        if (gap && out->size > begun) text_out_add(out, "\n");
        if (fence || mark || first - at >= 4 || (first < end && text[at] == '\t') || is_structured(text + first, end - first)) {
            if (mark) fence = !fence;
            write_line(text + at, end - at, out);
            gap = false;
            continue;
        }
        /* plain lines up to an empty or structured one are a paragraph */
        while (next < size) {
            const char *line_stop = memchr(text + next, '\n', size - next);
            size_t line_end = line_stop ? (size_t)(line_stop - text) : size, f = next;
            while (f < line_end && is_blank(text[f])) f++;
            if (f == line_end || is_structured(text + f, line_end - f) || (line_end - f >= 3 && memcmp(text + f, "```", 3) == 0)) break;
            end = line_end;
            next = line_stop ? line_end + 1 : size;
        }
        size_t here = out->size;
        paragraph(text + at, end - at, true, false, left_out, out);
        if (out->size > here) {
            text_out_add(out, "\n");
            gap = false;
        } else if (out->data) out->data[out->size = before] = 0, gap = true;
    }
}
