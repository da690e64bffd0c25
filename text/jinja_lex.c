/* From the text of a program to its tokens. White space around tags is decided here, as jinja2's lexer does with trim_blocks
 * (the line's end behind a tag goes) and lstrip_blocks (spaces before a tag that begins its line go). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "text/jinja_syntax.h"
#include "text/tokenizer_unicode.h"
#include "core/utf8.h"

enum { MAX_BRACKETS = JINJA_DEPTH, MAX_NUMBER = 64 };

typedef struct {
    const char *at, *end, *line_start;
    uint32_t line;
    bool line_starting; /* the last match ended with a line's end, or nothing was matched yet */
    bool by_line, line_text; /* an extension's rule; this line holds text or a print */
    const char *name;
    jinja_pool *pool;
    jinja_token *item;
    size_t count, room;
    char bracket[MAX_BRACKETS];
    int brackets;
    status *st;
} lexer;

static bool fail(lexer *l, const char *at, const char *what)
{
    return status_set(l->st, STATUS_INPUT, "%s:%u:%lld: %s", l->name, l->line, (long long)(at - l->line_start) + 1, what);
}

/* Goes on to `to`, counting lines. */
static void advance(lexer *l, const char *to)
{
    for (const char *c; (c = memchr(l->at, '\n', (size_t)(to - l->at)));) {
        l->line++;
        l->at = l->line_start = c + 1;
    }
    l->at = to;
}

static jinja_token *push(lexer *l, jinja_token_kind kind)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 256;
        jinja_token *more = alloc_resize(l->item, room, sizeof *more, l->st);
        if (!more) return NULL;
        l->item = more, l->room = room;
    }
    jinja_token *t = &l->item[l->count++];
    *t = (jinja_token){.kind = kind, .line = l->line, .column = (uint32_t)(l->at - l->line_start) + 1};
    return t;
}

/* Bytes of white space at text, as Python's \s. */
static size_t space_at(const char *text, const char *end)
{
    uint32_t c;
    int n = text < end ? tokenizer_unicode_char(text, (size_t)(end - text), &c) : 0;
    return n > 0 && (tokenizer_unicode_is_space(c) || (c >= 0x1C && c <= 0x1F)) ? (size_t)n : 0;
}

static const char *skip_space(const char *at, const char *end)
{
    for (size_t n; (n = space_at(at, end)) > 0;) at += n;
    return at;
}

static const char *strip_right(const char *from, const char *to)
{
    const char *kept = from;
    for (const char *at = from; at < to;) {
        size_t n = space_at(at, to);
        uint32_t c;
        if (n) at += n;
        else at += tokenizer_unicode_char(at, (size_t)(to - at), &c), kept = at;
    }
    return kept;
}

/* ---- text between tags ---- */

static bool push_data(lexer *l, const char *to)
{
    if (to == l->at) return true;
    const char *line = memrchr(l->at, '\n', (size_t)(to - l->at));
    if (line) l->line_text = false;
    for (const char *c = line ? line + 1 : l->at; c < to; c++) l->line_text = l->line_text || (*c != ' ' && *c != '\t');
    jinja_token *t = push(l, TOKEN_DATA);
    if (t) t->text = l->at, t->size = (size_t)(to - l->at);
    return t != NULL;
}

/* The text up to the tag at `tag` whose sign is `sign`; white space before the tag goes as the sign says. */
static bool data_before(lexer *l, const char *tag, char sign, bool print)
{
    const char *to = tag;
    if (sign == '-') to = strip_right(l->at, tag);
    else if (sign != '+' && !print) {
        const char *line = tag;
        while (line > l->at && line[-1] != '\n') line--;
        if ((line > l->at || l->line_starting) && skip_space(line, tag) == tag) to = line;
    }
    return push_data(l, to);
}

/* Behind the end of a block or comment at `at`, which is the closing mark itself; NULL: it is not there. */
static const char *tag_end(const char *at, const char *end, char first)
{
    char sign = at < end && (*at == '-' || *at == '+') ? *at : 0;
    const char *mark = sign ? at + 1 : at;
    if (end - mark < 2 || mark[0] != first || mark[1] != '}') return NULL;
    mark += 2;
    if (sign == '-') return skip_space(mark, end);
    return !sign && mark < end && *mark == '\n' ? mark + 1 : mark;
}

/* By an extension's rule the line's end behind a tag stays where the line holds more than tags. */
static const char *keep_line(lexer *l, const char *stop, bool stripped)
{
    if (l->by_line && l->line_text && !stripped && stop[-1] == '\n') return stop - 1;
    if (stop[-1] == '\n') l->line_text = false;
    return stop;
}

static bool comment(lexer *l)
{
    const char *stop = NULL;
    for (const char *at = l->at + 2; !stop; at++) {
        at = memchr(at, '#', (size_t)(l->end - at));
        if (!at || l->end - at < 2) return fail(l, l->at, "a comment that nothing ends; '#}' wanted");
        if (at[1] != '}') continue;
        bool sign = at - 1 >= l->at + 2 && (at[-1] == '-' || at[-1] == '+');
        stop = tag_end(sign ? at - 1 : at, l->end, '#');
        if (stop) stop = keep_line(l, stop, sign);
    }
    l->line_starting = stop[-1] == '\n';
    advance(l, stop);
    return true;
}

/* Whether the tag at `at` (behind "{%" and its sign) is this word and nothing else; *behind is then behind the word. */
static bool is_lone(const char *at, const char *end, const char *word, const char **behind)
{
    size_t n = strlen(word);
    at = skip_space(at, end);
    if ((size_t)(end - at) < n || memcmp(at, word, n) != 0) return false;
    *behind = skip_space(at + n, end);
    return true;
}

/* Text that is taken as it is, up to endraw. `at` is behind "{% raw". */
static bool raw(lexer *l, const char *inside)
{
    advance(l, inside);
    l->line_starting = inside[-1] == '\n';
    for (const char *at = l->at; (at = memmem(at, (size_t)(l->end - at), "{%", 2)); at += 2) {
        char sign = at + 2 < l->end && (at[2] == '-' || at[2] == '+') ? at[2] : 0;
        const char *behind, *stop;
        if (!is_lone(at + (sign ? 3 : 2), l->end, "endraw", &behind) || !(stop = tag_end(behind, l->end, '%'))) continue;
        if (!data_before(l, at, sign, false)) return false;
        l->line_starting = stop[-1] == '\n';
        advance(l, stop);
        return true;
    }
    return fail(l, l->at, "a raw block that nothing ends; '{% endraw %}' wanted");
}

/* ---- inside tags ---- */

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/* One escape of Python's at text, which is behind the backslash; writes what it stands for. Returns the bytes read, −1: it
 * is broken. */
static int unescape(const char *text, size_t size, char out[4], int *written)
{
    static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
    const char *plain = memchr(from, *text, sizeof from - 1);
    *written = 1;
    if (plain) return out[0] = to[plain - from], 1;
    if (*text == '\n') return *written = 0, 1;
    if (*text >= '0' && *text <= '7') {
        uint32_t c = 0;
        int n = 0;
        for (; n < 3 && (size_t)n < size && text[n] >= '0' && text[n] <= '7'; n++) c = c * 8 + (uint32_t)(text[n] - '0');
        return *written = (int)utf8_encode(c, out), n;
    }
    int digits = *text == 'x' ? 2 : *text == 'u' ? 4 : *text == 'U' ? 8 : 0;
    if (*text == 'N') return -1;
    if (!digits) return out[0] = '\\', 0;
    uint32_t c = 0;
    for (int i = 1; i <= digits; i++) {
        int d = (size_t)i < size ? hex_digit(text[i]) : -1;
        if (d < 0) return -1;
        c = c << 4 | (uint32_t)d;
    }
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return -1;
    return *written = (int)utf8_encode(c, out), digits + 1;
}

static bool string(lexer *l)
{
    char quote = *l->at;
    const char *from = l->at + 1, *to = from;
    while (to < l->end && *to != quote) to += *to == '\\' && to + 1 < l->end ? 2 : 1;
    if (to >= l->end) return fail(l, l->at, "a string that nothing ends");
    jinja_token *t = push(l, TOKEN_STRING);
    char *copy = t ? jinja_pool_take(l->pool, (size_t)(to - from) + 1, l->st) : NULL;
    if (!copy) return false;
    t->text = copy;
    while (from < to) {
        if (*from != '\\') {
            copy[t->size++] = *from++;
            continue;
        }
        char out[4];
        int written, n = unescape(from + 1, (size_t)(to - from) - 1, out, &written);
        if (n < 0) return fail(l, from > l->line_start ? from : l->at, "an escape in a string that is not known here (\\N, or broken digits)");
        memcpy(copy + t->size, out, (size_t)written);
        t->size += (size_t)written;
        from += n + 1;
    }
    advance(l, to + 1);
    return true;
}

/* A number; digits may have underscores between them. */
static bool number(lexer *l)
{
    char text[MAX_NUMBER];
    size_t n = 0;
    const char *at = l->at;
    bool real = false, prefixed = at[0] == '0' && at + 1 < l->end && strchr("xXoObB", at[1]) != NULL;
    int base = !prefixed ? 10 : strchr("xX", at[1]) ? 16 : strchr("oO", at[1]) ? 8 : 2;
    if (prefixed) at += 2;
    for (; at < l->end && n < MAX_NUMBER - 1; at++) {
        bool exponent = !prefixed && (*at == 'e' || *at == 'E'), sign = n && (*at == '-' || *at == '+') && (text[n - 1] == 'e' || text[n - 1] == 'E');
        if (*at == '_' && at + 1 < l->end && hex_digit(at[1]) >= 0) continue;
        if (*at == '.' && !real && !prefixed && at + 1 < l->end && at[1] >= '0' && at[1] <= '9') real = true;
        else if (exponent && at + 1 < l->end && ((at[1] >= '0' && at[1] <= '9') || at[1] == '-' || at[1] == '+')) real = true;
        else if (!sign && !(hex_digit(*at) >= 0 && hex_digit(*at) < base)) break;
        text[n++] = *at;
    }
    text[n] = 0;
    jinja_token *t = push(l, real ? TOKEN_REAL : TOKEN_INTEGER);
    if (!t) return false;
    char *stop;
    errno = 0;
    if (real) t->real = strtod(text, &stop);
    else t->integer = strtoll(text, &stop, base);
    if (n == 0 || *stop || n == MAX_NUMBER - 1 || (!real && errno)) return fail(l, l->at, "a number that does not fit into 64 bits");
    if (!real && base == 10 && n > 1 && text[0] == '0' && t->integer) return fail(l, l->at, "a number that begins with 0");
    advance(l, at);
    return true;
}

static bool is_name_start(uint32_t c) { return c == '_' || (tokenizer_unicode_is_word(c) && !tokenizer_unicode_is_numeric(c)); }

/* A name; false without an error where there is none. */
static bool name(lexer *l)
{
    const char *at = l->at;
    uint32_t c;
    for (int n; at < l->end && (n = tokenizer_unicode_char(at, (size_t)(l->end - at), &c)) > 0; at += n)
        if (!(is_name_start(c) || (at > l->at && tokenizer_unicode_is_word(c)))) break;
    if (at == l->at) return false;
    jinja_token *t = push(l, TOKEN_NAME);
    if (!t) return false;
    t->text = l->at, t->size = (size_t)(at - l->at);
    advance(l, at);
    return true;
}

static bool operator(lexer *l)
{
    static const char pairs[][3] = {"//", "**", "==", "!=", ">=", "<="};
    char c = *l->at;
    uint16_t op = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && l->end - l->at > 1; i++)
        if (memcmp(l->at, pairs[i], 2) == 0) op = JINJA_OP2(c, l->at[1]);
    if (!op && (!c || !strchr("+-/*%~[](){}><=.:|,;", c))) return fail(l, l->at, "a character that begins no word of the language");
    if (!op) op = JINJA_OP1(c);
    if (op == '(' || op == '[' || op == '{') {
        if (l->brackets == MAX_BRACKETS) return fail(l, l->at, "brackets within brackets, deeper than is read here");
        l->bracket[l->brackets++] = c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (op == ')' || op == ']' || op == '}') {
        if (!l->brackets || l->bracket[l->brackets - 1] != c) return fail(l, l->at, "a closing bracket that none opened");
        l->brackets--;
    }
    jinja_token *t = push(l, TOKEN_OPERATOR);
    if (!t) return false;
    t->op = op;
    advance(l, l->at + (op > 0xFF ? 2 : 1));
    return true;
}

/* The tokens of a tag up to its end. l->at is behind the opening mark and its sign. */
static bool tag(lexer *l, bool print)
{
    for (;;) {
        advance(l, skip_space(l->at, l->end));
        if (l->at == l->end) return fail(l, l->at, print ? "the text ends within '{{'; '}}' wanted" : "the text ends within '{%'; '%}' wanted");
        const char *stop = NULL;
        if (!l->brackets && !print && (stop = tag_end(l->at, l->end, '%'))) stop = keep_line(l, stop, *l->at == '-');
        if (!stop && print && !l->brackets && l->end - l->at > 2 && memcmp(l->at, "-}}", 3) == 0) stop = skip_space(l->at + 3, l->end);
        else if (!stop && print && !l->brackets && l->end - l->at > 1 && memcmp(l->at, "}}", 2) == 0) stop = l->at + 2;
        if (stop) {
            if (!push(l, print ? TOKEN_PRINT_CLOSE : TOKEN_BLOCK_CLOSE)) return false;
            l->line_starting = stop[-1] == '\n';
            advance(l, stop);
            return true;
        }
        bool ok = *l->at == '"' || *l->at == '\'' ? string(l) : *l->at >= '0' && *l->at <= '9' ? number(l) : name(l) || (status_ok(l->st) && operator(l));
        if (!ok) return false;
    }
}

static bool next(lexer *l)
{
    const char *at = l->at;
    while (at < l->end && !(*at == '{' && at + 1 < l->end && (at[1] == '{' || at[1] == '%' || at[1] == '#'))) at++;
    if (at == l->end) {
        if (!push_data(l, at)) return false;
        advance(l, at);
        return true;
    }
    char kind = at[1], sign = at + 2 < l->end && (at[2] == '-' || at[2] == '+') ? at[2] : 0;
    if (!data_before(l, at, sign, kind == '{')) return false;
    advance(l, at);
    if (kind == '#') return comment(l);
    l->line_text = l->line_text || kind == '{';
    const char *inside = at + (sign ? 3 : 2), *behind;
    if (kind == '%' && is_lone(inside, l->end, "raw", &behind)) {
        if (l->end - behind >= 3 && memcmp(behind, "-%}", 3) == 0) return raw(l, skip_space(behind + 3, l->end));
        if (l->end - behind >= 2 && memcmp(behind, "%}", 2) == 0) return raw(l, behind + 2);
    }
    if (!push(l, kind == '{' ? TOKEN_PRINT_OPEN : TOKEN_BLOCK_OPEN)) return false;
    advance(l, inside);
    return tag(l, kind == '{');
}

/* Every kind of line's end becomes \n; one at the very end goes. */
static size_t normalise(const char *text, size_t size, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n') continue;
        out[n++] = text[i] == '\r' ? '\n' : text[i];
    }
    return n && out[n - 1] == '\n' ? n - 1 : n;
}

bool jinja_lex(const char *text, size_t size, const char *where, bool by_line, jinja_pool *pool, jinja_tokens *out, status *st)
{
    if (size > JINJA_TEMPLATE_LIMIT) return status_set(st, STATUS_INPUT, "%s: a template of %zu bytes, at most %d are read", where, size, JINJA_TEMPLATE_LIMIT);
    size_t valid = tokenizer_unicode_valid(text, size);
    if (valid < size) return status_set(st, STATUS_INPUT, "%s: byte %zu of the template (0x%02X) is no UTF-8", where, valid, (unsigned char)text[valid]);
    char *copy = jinja_pool_take(pool, size + 1, st);
    if (!copy) return false;
    size = normalise(text, size, copy);
    lexer l = {.at = copy, .end = copy + size, .line_start = copy, .line = 1, .line_starting = true, .by_line = by_line, .name = where, .pool = pool, .st = st};
    while (l.at < l.end)
        if (!next(&l)) break;
    if (status_ok(st)) push(&l, TOKEN_END);
    *out = (jinja_tokens){l.item, l.count};
    if (status_ok(st)) return true;
    alloc_free(l.item);
    *out = (jinja_tokens){0};
    return false;
}
