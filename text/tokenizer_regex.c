#include "text/tokenizer_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"

enum {
    MAX_PATTERN = 4096,
    MATCH_LIMIT = 1000 * 1000,  /* steps from one place: a sound expression needs a few for each byte of the match */
    WINDOW = 256,               /* places that one call of the library tries */
    LOOK_EVERY = 64,            /* calls between two looks at the clock */
    JIT_STACK_START = 32 << 10,
    JIT_STACK_LIMIT = 1 << 20,
};

struct tokenizer_regex {
    pcre2_general_context *memory;
    pcre2_code *code;
};

/* The library limits the steps from one place alone; what a text may cost altogether is bounded by a clock. A sound
 * expression takes some 50 ns a byte. */
static const double LEAST_SECONDS = 1, SECONDS_A_BYTE = 5e-6;

struct tokenizer_regex_buffers {
    double seconds, used_before; /* that may be spent; the thread's clock at the beginning */
    int calls;
    pcre2_general_context *memory;
    pcre2_match_context *context;
    pcre2_match_data *match;
    pcre2_jit_stack *stack;
};

/* White_Space, as a class's inside. */
static const char SPACES[] = "\\t-\\r \\x85\\xA0\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}";

/* The expression with \s and \S spelled out. A \S inside a class has no spelling as a list and stays as it is. */
static size_t translate(const char *from, size_t size, char *to, size_t room)
{
    size_t used = 0;
    int depth = 0; /* of [ ] */
    for (size_t i = 0; i < size && used + sizeof SPACES + 4 < room; i++) {
        if (from[i] == '\\' && i + 1 < size) {
            i++;
            bool spell = from[i] == 's' || (from[i] == 'S' && !depth);
            if (!spell) {
                to[used++] = '\\';
                to[used++] = from[i];
                continue;
            }
            if (!depth) to[used++] = '[';
            if (from[i] == 'S') to[used++] = '^';
            memcpy(to + used, SPACES, sizeof SPACES - 1);
            used += sizeof SPACES - 1;
            if (!depth) to[used++] = ']';
            continue;
        }
        if (from[i] == '[' && depth == 0) {
            depth = 1;
            to[used++] = from[i];
            if (i + 1 < size && from[i + 1] == '^') to[used++] = from[++i];
            if (i + 1 < size && from[i + 1] == ']') to[used++] = from[++i]; /* a ] in the first place stands for itself */
            continue;
        }
        if (from[i] == ']') depth = 0;
        to[used++] = from[i];
    }
    return used;
}

tokenizer_regex *tokenizer_regex_new(const char *pattern, size_t size, const char *where, status *st)
{
    if (size > MAX_PATTERN) {
        status_set(st, STATUS_INPUT, "%s: a regular expression of %zu bytes, at most %d are supported", where, size,
                   MAX_PATTERN);
        return NULL;
    }
    size_t room = MAX_PATTERN * sizeof SPACES;
    char *translated = alloc_array(room, 1, st);
    tokenizer_regex *r = translated ? alloc_zeroed(1, sizeof *r, st) : NULL;
    if (!r) {
        alloc_free(translated);
        return NULL;
    }
    size_t translated_size = translate(pattern, size, translated, room);
    r->memory = pcre2_general_context_create(alloc_for_library_with, alloc_free_with, NULL);
    pcre2_compile_context *context = r->memory ? pcre2_compile_context_create(r->memory) : NULL;
    int error = 0;
    PCRE2_SIZE at = 0;
    if (context)
        r->code = pcre2_compile((PCRE2_SPTR)translated, translated_size, PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT,
                                &error, &at, context);
    if (!context || error == PCRE2_ERROR_HEAP_FAILED) status_set(st, STATUS_NOMEM, "out of memory: a regular expression");
    else if (!r->code) {
        char reason[160] = "";
        pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof reason);
        status_set(st, STATUS_INPUT, "%s: the regular expression '%.*s' is not understood: %s", where,
                   (int)(size < 160 ? size : 160), pattern, reason);
    } else {
        pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* where it cannot, the interpreter finds the same */
    }
    pcre2_compile_context_free(context);
    alloc_free(translated);
    if (r->code) return r;
    tokenizer_regex_free(r);
    return NULL;
}

void tokenizer_regex_free(tokenizer_regex *r)
{
    if (!r) return;
    pcre2_code_free(r->code);
    pcre2_general_context_free(r->memory);
    alloc_free(r);
}

static double thread_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

tokenizer_regex_buffers *tokenizer_regex_buffers_new(size_t text_size, status *st)
{
    tokenizer_regex_buffers *b = alloc_zeroed(1, sizeof *b, st);
    if (!b) return NULL;
    b->seconds = LEAST_SECONDS + SECONDS_A_BYTE * (double)text_size;
    b->used_before = thread_seconds();
    b->memory = pcre2_general_context_create(alloc_for_library_with, alloc_free_with, NULL);
    if (b->memory) {
        b->context = pcre2_match_context_create(b->memory);
        b->match = pcre2_match_data_create(1, b->memory);
        b->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_LIMIT, b->memory); /* NULL without JIT: none needed */
    }
    if (!b->context || !b->match) {
        status_set(st, STATUS_NOMEM, "out of memory: buffers of a regular expression");
        tokenizer_regex_buffers_free(b);
        return NULL;
    }
    pcre2_set_match_limit(b->context, MATCH_LIMIT);
    if (b->stack) pcre2_jit_stack_assign(b->context, NULL, b->stack);
    return b;
}

void tokenizer_regex_buffers_free(tokenizer_regex_buffers *b)
{
    if (!b) return;
    pcre2_jit_stack_free(b->stack);
    pcre2_match_data_free(b->match);
    pcre2_match_context_free(b->context);
    pcre2_general_context_free(b->memory);
    alloc_free(b);
}

/* PCRE2's answer for the places from `from` up to WINDOW behind it; *last tells that there are no more. */
static int search_window(const tokenizer_regex *r, tokenizer_regex_buffers *b, const char *text, size_t size, size_t from, bool *last)
{
    *last = size - from <= WINDOW;
    pcre2_set_offset_limit(b->context, *last ? PCRE2_UNSET : from + WINDOW);
    return pcre2_match(r->code, (PCRE2_SPTR)text, size, from, PCRE2_NO_UTF_CHECK, b->match, b->context);
}

int tokenizer_regex_find(const tokenizer_regex *r, tokenizer_regex_buffers *b, const char *text, size_t size, size_t from,
                         size_t *begin, size_t *end, status *st)
{
    bool last;
    int found;
    while ((found = search_window(r, b, text, size, from, &last)) == PCRE2_ERROR_NOMATCH || ++b->calls % LOOK_EVERY == 0) {
        if (thread_seconds() - b->used_before > b->seconds) {
            status_set(st, STATUS_INPUT, "a regular expression of the tokenizer takes more than %.0f s for this text: it is not followed", b->seconds);
            return -1;
        }
        if (found != PCRE2_ERROR_NOMATCH) break;
        if (last) return 0;
        from += WINDOW;
        while ((text[from] & 0xC0) == 0x80) from--; /* a character's first byte; those before it were tried */
    }
    if (found < 0) {
        char reason[160] = "";
        pcre2_get_error_message(found, (PCRE2_UCHAR *)reason, sizeof reason);
        status_set(st, STATUS_INPUT, "a regular expression of the tokenizer fails at byte %zu of the text: %s", from, reason);
        return -1;
    }
    const PCRE2_SIZE *range = pcre2_get_ovector_pointer(b->match);
    *begin = range[0];
    *end = range[1] > range[0] ? range[1] : range[0]; /* \K can set the start behind the end */
    return 1;
}
