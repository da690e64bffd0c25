#include "text/encoder_prompt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/kernel/kernel.h"

enum { MAX_DEPTH = 64 };

/* ---- notation ---- */

typedef struct {
    encoder_prompt_part *part;
    int count;
    char *text; /* where the next part's bytes go: the prompt without its notation, one part after the other */
    int open[MAX_DEPTH]; /* index of the first part inside each bracket that is open */
    char bracket[MAX_DEPTH];
    int depth;
} parser;

static void add_byte(parser *p, char byte)
{
    p->part[p->count].text[p->part[p->count].size++] = byte;
}

/* Ends the part that is being written; an empty one is written on. */
static void end_part(parser *p)
{
    encoder_prompt_part *now = &p->part[p->count];
    if (!now->size) return;
    now[1] = (encoder_prompt_part){.text = now->text + now->size, .weight = 1};
    p->count++;
}

static void multiply(parser *p, int from, float factor)
{
    for (int i = from; i < p->count; i++) p->part[i].weight *= factor;
}

/* ":1.3)" at s: the weight, and its length before the bracket; 0 when it is no weight. */
static size_t read_weight(const char *s, float *weight)
{
    if (*s != ':') return 0;
    char *end;
    double w = strtod(s + 1, &end);
    if (end == s + 1 || !(w > -1e3 && w < 1e3)) return 0;
    while (*end == ' ') end++;
    *weight = (float)w;
    return *end == ')' ? (size_t)(end - s) : 0;
}

static void open_bracket(parser *p, char bracket)
{
    end_part(p);
    p->bracket[p->depth] = bracket;
    p->open[p->depth++] = p->count;
}

static void close_bracket(parser *p, float factor)
{
    end_part(p);
    multiply(p, p->open[--p->depth], factor);
}

static void parse(parser *p, const char *s)
{
    while (*s) {
        float weight;
        size_t n;
        char top = p->depth ? p->bracket[p->depth - 1] : 0;
        if (*s == '\\' && s[1] && strchr("()[]\\", s[1])) {
            add_byte(p, s[1]);
            s += 2;
            continue;
        }
        if ((*s == '(' || *s == '[') && p->depth < MAX_DEPTH) open_bracket(p, *s);
        else if (top == '(' && (n = read_weight(s, &weight)) > 0) {
            close_bracket(p, weight);
            s += n; /* at the bracket, which is skipped below */
        } else if (*s == ')' && top == '(') close_bracket(p, 1.1f);
        else if (*s == ']' && top == '[') close_bracket(p, 1 / 1.1f);
        else add_byte(p, *s);
        s++;
    }
    end_part(p);
    while (p->depth) { /* left open: as if closed here */
        p->depth--;
        multiply(p, p->open[p->depth], p->bracket[p->depth] == '(' ? 1.1f : 1 / 1.1f);
    }
}

/* Neighbours of equal weight become one; their bytes already lie side by side. */
static int join_equal(encoder_prompt_part *part, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (kept && part[kept - 1].weight == part[i].weight) part[kept - 1].size += part[i].size;
        else part[kept++] = part[i];
    }
    return kept;
}

encoder_prompt_part *encoder_prompt_parse(arena *mem, const char *text, int *count, status *st)
{
    size_t size = strlen(text);
    parser p = {.part = arena_alloc(mem, (size + 2) * sizeof *p.part, st), .text = arena_alloc(mem, size + 1, st)};
    if (!p.part || !p.text) return NULL;
    p.part[0] = (encoder_prompt_part){.text = p.text, .weight = 1};
    parse(&p, text);
    *count = join_equal(p.part, p.count);
    return p.part;
}

const char *encoder_prompt_find_tag(const char *text, size_t *size)
{
    static const char *const TAGS[] = {"<lora:", "<lyco:", "<hypernet:"};
    for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<'))
        for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++)
            if (strncasecmp(at, TAGS[i], strlen(TAGS[i])) == 0) {
                const char *end = strchr(at, '>');
                *size = end ? (size_t)(end - at) + 1 : strlen(at);
                return at;
            }
    return NULL;
}

bool encoder_prompt_has_break(const char *text)
{
    for (const char *at = strstr(text, "BREAK"); at; at = strstr(at + 1, "BREAK")) {
        char before = at == text ? ' ' : at[-1], after = at[5];
        if (!isalnum((unsigned char)before) && before != '_' && !isalnum((unsigned char)after) && after != '_') return true;
    }
    return false;
}

/* ---- chunks ---- */

/* Fills chunk number `at` with up to positions − 2 tokens between the first and the last; the rest is padding. */
static void fill_chunk(encoder_prompt_tokens *out, int64_t at, const int32_t *id, const float *weight, int64_t n)
{
    int32_t *to = out->id + at * out->positions;
    float *w = out->weight + at * out->positions;
    for (int64_t i = 0; i < out->positions; i++) to[i] = out->pad, w[i] = 1;
    to[0] = out->first;
    to[n + 1] = out->last;
    for (int64_t i = 0; i < n; i++) {
        to[i + 1] = id[i];
        w[i + 1] = weight[i];
        if (weight[i] != 1) out->weighted = true;
    }
}

static bool cut_into_chunks(arena *mem, encoder_prompt_tokens *out, const tokenizer *t, const tokenizer_ids *ids, const float *weight, status *st)
{
    tokenizer_special special = tokenizer_special_ids(t);
    int64_t room = out->positions - 2;
    if (special.bos < 0 || special.eos < 0 || room < 1)
        return status_set(st, STATUS_INPUT, "the text encoder's tokenizer has no first and last token, or no places for others");
    out->first = special.bos;
    out->last = special.eos;
    if (out->pad < 0) out->pad = special.pad >= 0 ? special.pad : special.eos;
    out->chunks = ids->count ? (ids->count + room - 1) / room : 1;
    size_t places = (size_t)(out->chunks * out->positions);
    out->id = arena_alloc(mem, places * sizeof *out->id, st);
    out->weight = arena_alloc(mem, places * sizeof *out->weight, st);
    if (!out->id || !out->weight) return false;
    for (int64_t k = 0; k < out->chunks; k++) {
        int64_t left = ids->count - k * room;
        fill_chunk(out, k, ids->id + k * room, weight + k * room, left < room ? left : room);
    }
    return true;
}

bool encoder_prompt_tokenize(arena *mem, encoder_prompt_tokens *out, const tokenizer *t, int64_t positions, int32_t pad, const char *text, status *st)
{
    int count;
    *out = (encoder_prompt_tokens){.positions = positions, .pad = pad};
    encoder_prompt_part *part = encoder_prompt_parse(mem, text, &count, st);
    /* A token has at least one byte, or at most a few for one that the vocabulary lacks: room for four a byte. */
    float *weight = part ? arena_alloc(mem, (strlen(text) * 4 + 1) * sizeof *weight, st) : NULL;
    tokenizer_ids ids = {0};
    for (int i = 0; weight && i < count; i++) {
        int64_t from = ids.count;
        if (!tokenizer_encode(t, part[i].text, part[i].size, 0, &ids, st)) break;
        for (int64_t k = from; k < ids.count && k < (int64_t)strlen(text) * 4; k++) weight[k] = part[i].weight;
    }
    if (weight && ids.count > (int64_t)strlen(text) * 4) status_set(st, STATUS_INPUT, "the tokenizer makes too many tokens of the prompt");
    bool ok = weight && status_ok(st) && cut_into_chunks(mem, out, t, &ids, weight, st);
    tokenizer_ids_free(&ids);
    return ok;
}

/* ---- encoding ---- */

/* Multiplies each token's vector by its weight, then all by one factor that restores their mean. z: [1, T, C] */
static void weigh(tensor *z, const float *weight)
{
    const kernel_table *k = kernel_get();
    int64_t C = z->dim[2], n = tensor_count(z);
    float before = k->sum(z->data, n);
    for (int64_t t = 0; t < z->dim[1]; t++) k->scale(tensor_f32(z) + t * C, tensor_f32(z) + t * C, weight[t], C);
    float after = k->sum(z->data, n);
    if (after != 0) k->scale(z->data, z->data, before / after, n);
}

tensor *encoder_prompt_encode(op_ctx *c, const encoder *e, const encoder_prompt_tokens *tokens, int64_t chunks, int64_t skip)
{
    int64_t T = tokens->positions, C = encoder_config_of(e)->width, total = chunks > tokens->chunks ? chunks : tokens->chunks;
    tensor *y = op_new(c, SHAPE(1, total * T, C));
    int32_t *empty = y ? arena_alloc(c->mem, (size_t)T * sizeof *empty, c->st) : NULL;
    float *ones = empty ? arena_alloc(c->mem, (size_t)T * sizeof *ones, c->st) : NULL;
    if (!ones) return NULL;
    encoder_prompt_tokens nothing = *tokens;
    nothing.id = empty;
    nothing.weight = ones;
    fill_chunk(&nothing, 0, NULL, NULL, 0);
    size_t mark = arena_mark(c->mem);
    for (int64_t k = 0; k < total; k++) {
        bool written = k < tokens->chunks;
        tensor *z = encoder_forward(c, e, written ? tokens->id + k * T : empty, T, skip);
        if (!z) return NULL;
        if (written && tokens->weighted) weigh(z, tokens->weight + k * T);
        memcpy(tensor_f32(y) + k * T * C, z->data, tensor_bytes(z));
        arena_reset(c->mem, mark);
    }
    return y;
}
