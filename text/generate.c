/* generate: the sequences, what a pass feeds to each, and what is done with the logits. */
#include "text/generate.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/log.h"
#include "text/draft.h"
#include "text/generate_text.h"

enum {
    KEPT = 4,         /* ended sequences whose keys and values are kept for prompts that begin like them */
    WORTH_SHARING = 16, /* tokens */
};

struct generate_sequence {
    generate_sequence *next; /* in the order of joining */
    generate_request r;
    kv_cache cache;
    tokenizer_ids context;   /* prompt and generated tokens; the first cache.length of them are in the cache */
    sample_state *sampler;
    constraint_state *allowed; /* NULL: everything */
    tokenizer_ids forced;      /* what must come, from next_forced on */
    int64_t next_forced;
    bool begun;                /* what must come first has been looked for */
    tokenizer_ids generated;
    double *logprob;
    tokenizer_bytes text;
    tokenizer_decoder decoder;
    size_t released;         /* text given to on_text */
    bool placed;             /* has looked for a beginning to share */
    int64_t to_read;         /* the first tokens of context were given, not written here */
    int64_t piece;           /* tokens fed in the step under way, */
    int64_t guesses;         /* the last of which are the draft's first ones */
    draft draft;
    draft_record record;
    int64_t shared, shifts, drafted, accepted;
    generate_reason reason;
    double joined, prompt_read, first_token, ended;
};

/* What an ended sequence leaves for others. */
typedef struct {
    kv_cache cache;
    tokenizer_ids context;
    uint64_t age;
} leftover;

struct generator {
    const gpt *model;
    const tokenizer *t;
    generator_options o;
    int64_t vocab; /* tokens that may be picked */
    op_ctx c;
    generate_sequence *first, *last;
    leftover kept[KEPT];
    uint64_t drops;
    tokenizer_ids ends;  /* the tokenizer's end tokens, and */
    uint64_t *mask;      /* room for a set of tokens: once a sequence is constrained */
    gpt_segment *segments;
    generate_sequence **writers; /* for whom the pass gives logits */
    int64_t segment_room;
};

const char *generate_reason_text(generate_reason r)
{
    static const char *const names[] = {"running", "end", "stop", "length", "context", "halted"};
    return names[r];
}

/* ---- joining and leaving ---- */

generator *generator_new(const gpt *model, const tokenizer *t, pool *threads, const generator_options *o, status *st)
{
    generator *g = alloc_zeroed(1, sizeof *g, st);
    if (!g) return NULL;
    g->model = model;
    g->t = t;
    g->o = *o;
    if (g->o.context <= 0 || g->o.context > gpt_context(model)) g->o.context = gpt_context(model);
    if (g->o.pass_rows <= 0) g->o.pass_rows = 512;
    g->vocab = t && tokenizer_size(t) < model->config.vocab ? tokenizer_size(t) : model->config.vocab;
    g->c = (op_ctx){arena_new(st), threads, st};
    if (g->c.mem) return g;
    generator_free(g);
    return NULL;
}

int64_t generator_context(const generator *g) { return g->o.context; }

static void sequence_free(generate_sequence *s)
{
    kv_cache_free(&s->cache);
    tokenizer_ids_free(&s->context);
    tokenizer_ids_free(&s->generated);
    tokenizer_bytes_free(&s->text);
    sample_free(s->sampler);
    constraint_end(s->allowed);
    tokenizer_ids_free(&s->forced);
    alloc_free(s->logprob);
    for (int64_t i = 0; i < s->r.stop_count; i++) alloc_free((char *)(uintptr_t)s->r.stop[i]);
    alloc_free((int32_t *)(uintptr_t)s->r.end);
    alloc_free(s);
}

void generator_free(generator *g)
{
    if (!g) return;
    for (generate_sequence *s = g->first, *next; s; s = next) {
        next = s->next;
        sequence_free(s);
    }
    for (int i = 0; i < KEPT; i++) {
        kv_cache_free(&g->kept[i].cache);
        tokenizer_ids_free(&g->kept[i].context);
    }
    tokenizer_ids_free(&g->ends);
    alloc_free(g->mask);
    alloc_free(g->segments);
    alloc_free(g->writers);
    arena_free(g->c.mem);
    alloc_free(g);
}

/* Room for so many more. */
static bool reserve_ids(tokenizer_ids *ids, int64_t more, status *st)
{
    if (ids->room - ids->count >= more) return true;
    int64_t room = 2 * ids->room + 64;
    int32_t *id = alloc_resize(ids->id, (size_t)room, sizeof *id, st);
    if (!id) return false;
    ids->id = id;
    ids->room = room;
    return true;
}

static bool append_id(tokenizer_ids *ids, int32_t id, status *st)
{
    if (!reserve_ids(ids, 1, st)) return false;
    ids->id[ids->count++] = id;
    return true;
}

static bool check_prompt(const generator *g, const generate_request *r, status *st)
{
    if (r->prompt_count < 1) return status_set(st, STATUS_FAIL, "the prompt is empty");
    if (r->prompt_count > g->o.context)
        return status_set(st, STATUS_FAIL, "the prompt has %lld tokens, but the context has room for %lld", (long long)r->prompt_count,
                          (long long)g->o.context);
    for (int64_t i = 0; i < r->prompt_count; i++)
        if (r->prompt[i] < 0 || r->prompt[i] >= g->model->config.vocab)
            return status_set(st, STATUS_FAIL, "token %d of the prompt is none of the model's %lld", r->prompt[i],
                              (long long)g->model->config.vocab);
    if (r->stop_count > GENERATE_MAX_STOPS) return status_set(st, STATUS_USAGE, "more than %d stop texts", GENERATE_MAX_STOPS);
    return true;
}

/* Copies of what the request points to. */
static bool own_request(generate_sequence *s, const generate_request *r, status *st)
{
    s->r = *r;
    s->r.prompt = NULL;
    s->r.constraint = NULL; /* its state keeps it */
    s->r.stop_count = 0;
    s->r.end = NULL;
    for (int64_t i = 0; i < r->prompt_count; i++)
        if (!append_id(&s->context, r->prompt[i], st)) return false;
    s->to_read = r->prompt_count;
    for (int64_t i = 0; i < r->stop_count; i++) {
        char *copy = alloc_string(r->stop[i], strlen(r->stop[i]), st);
        if (!copy) return false;
        s->r.stop[s->r.stop_count++] = copy;
    }
    int32_t *end = alloc_array((size_t)r->end_count, sizeof *end, st);
    if (!end) return false;
    if (r->end_count) memcpy(end, r->end, (size_t)r->end_count * sizeof *end);
    s->r.end = end;
    return true;
}

/* What constrained sequences need. */
static bool constrain(generator *g, generate_sequence *s, constraint *wanted, status *st)
{
    if (!wanted) return true;
    if (!g->t) return status_set(st, STATUS_FAIL, "a constraint needs a tokenizer");
    for (int32_t id = 0; !g->mask && id < g->vocab; id++)
        if (tokenizer_is_end(g->t, id) && !append_id(&g->ends, id, st)) return false;
    if (!g->mask) g->mask = alloc_array(((size_t)g->vocab + 63) / 64, sizeof *g->mask, st);
    return g->mask && (s->allowed = constraint_begin(wanted, st));
}

generate_sequence *generator_add(generator *g, const generate_request *r, status *st)
{
    if (!check_prompt(g, r, st)) return NULL;
    generate_sequence *s = alloc_zeroed(1, sizeof *s, st);
    if (!s) return NULL;
    s->joined = log_seconds();
    if (!own_request(s, r, st) || !gpt_new_cache(g->model, &s->cache, g->o.context, st) ||
        !(s->sampler = sample_new(&r->sample, r->seed, g->vocab, st)) || !constrain(g, s, r->constraint, st)) {
        sequence_free(s);
        return NULL;
    }
    if (r->tokens == 0) s->reason = GENERATE_LENGTH, s->prompt_read = s->first_token = s->ended = log_seconds();
    *(g->last ? &g->last->next : &g->first) = s;
    g->last = s;
    return s;
}

void generator_halt(generator *g, generate_sequence *s)
{
    (void)g;
    if (s->reason != GENERATE_RUNNING) return;
    s->reason = GENERATE_HALTED;
    s->ended = log_seconds();
}

/* Tokens that were read and tokens that were written have keys and values of other last bits (op_ctx.bulk), so what was
 * written here is read anew by a prompt that goes on from it: a text is the same whoever came before it. */
static int64_t shareable(const generator *g, const generate_sequence *s)
{
    return gpt_has_bulk(g->model) ? s->to_read : s->context.count;
}

/* Keeps the keys and values of a sequence that leaves, in place of the oldest kept ones. */
static void keep(generator *g, generate_sequence *s)
{
    s->context.count = shareable(g, s);
    kv_cache_truncate(&s->cache, s->context.count);
    if (s->cache.length < WORTH_SHARING) return;
    leftover *oldest = &g->kept[0];
    for (int i = 1; i < KEPT; i++)
        if (g->kept[i].age < oldest->age) oldest = &g->kept[i];
    kv_cache_free(&oldest->cache);
    tokenizer_ids_free(&oldest->context);
    *oldest = (leftover){s->cache, s->context, ++g->drops};
    s->cache = (kv_cache){0};
    s->context = (tokenizer_ids){0};
}

void generator_drop(generator *g, generate_sequence *s)
{
    generate_sequence *before = NULL;
    for (generate_sequence *i = g->first; i != s; i = i->next) before = i;
    *(before ? &before->next : &g->first) = s->next;
    if (g->last == s) g->last = before;
    keep(g, s);
    sequence_free(s);
}

generate_result generate_result_of(const generate_sequence *s)
{
    double end = s->reason == GENERATE_RUNNING ? log_seconds() : s->ended;
    return (generate_result){
        .reason = s->reason, .token = s->generated.id, .logprob = s->r.logprobs ? s->logprob : NULL, .count = s->generated.count,
        .text = s->text.data ? s->text.data : "", .text_size = s->text.size, .prompt_count = s->r.prompt_count, .shared = s->shared,
        .shifts = s->shifts, .drafted = s->drafted, .accepted = s->accepted, .prompt_seconds = s->prompt_read - s->joined, .first_token_seconds = s->first_token - s->joined,
        .seconds = end - s->joined,
    };
}

/* ---- shared beginnings ---- */

static int64_t common(const tokenizer_ids *a, const tokenizer_ids *b, int64_t most)
{
    int64_t n = a->count < most ? a->count : most, i = 0;
    while (i < n && a->id[i] == b->id[i]) i++;
    return i;
}

typedef struct {
    const kv_cache *cache; /* the best to share now, and how much of it */
    int64_t now;
    int64_t soon;          /* what the best will be when a running sequence has read its prompt */
} donor;

/* context: its first `count` tokens are, or will be, in cache. */
static void consider(donor *best, const generate_sequence *s, const kv_cache *cache, const tokenizer_ids *context, int64_t count, bool grows)
{
    int64_t same = common(&s->context, context, count), most = s->context.count - 1; /* the last token is needed for its logits */
    if (same > most) same = most;
    int64_t now = same < cache->length ? same : cache->length;
    if (now > best->now) best->now = now, best->cache = cache;
    if (grows && same > best->soon) best->soon = same;
}

/* Takes over what another sequence has computed of the same beginning. false: it is worth waiting for one that is about to. */
static bool place(generator *g, generate_sequence *s, status *st)
{
    donor best = {0};
    for (int i = 0; i < KEPT; i++) consider(&best, s, &g->kept[i].cache, &g->kept[i].context, g->kept[i].context.count, false);
    for (generate_sequence *o = g->first; o != s; o = o->next) /* only earlier ones are waited for: none waits in a circle */
        consider(&best, s, &o->cache, &o->context, shareable(g, o), o->reason == GENERATE_RUNNING);
    if (best.soon >= best.now + WORTH_SHARING) return false;
    s->placed = true;
    if (best.now < WORTH_SHARING) return true;
    s->shared = best.now;
    return kv_cache_share(&s->cache, best.cache, best.now, st) || true; /* failure is in st; the step sees it */
}

/* ---- one token ---- */

static void finish(generate_sequence *s, generate_reason reason)
{
    s->reason = reason;
    s->ended = log_seconds();
}

static bool is_end(const generator *g, const generate_sequence *s, int32_t id)
{
    if (s->r.ignore_end) return false;
    for (int64_t i = 0; i < s->r.end_count; i++)
        if (s->r.end[i] == id) return true;
    return g->t && tokenizer_is_end(g->t, id);
}

/* Gives on_text what became certain. */
static void release(generate_sequence *s, size_t certain)
{
    if (certain <= s->released) return;
    size_t from = s->released;
    s->released = certain;
    if (s->r.on_text && !s->r.on_text(s->r.arg, s->text.data + from, certain - from) && s->reason == GENERATE_RUNNING)
        finish(s, GENERATE_HALTED);
}

static bool terminate_text(generate_sequence *s, status *st)
{
    if (s->text.size == s->text.room) {
        char *more = alloc_resize(s->text.data, s->text.room + 64, 1, st);
        if (!more) return false;
        s->text.data = more;
        s->text.room += 64;
    }
    s->text.data[s->text.size] = 0;
    return true;
}

/* A text that ends within a character ends with U+FFFD in its place. */
static bool mend_tail(generate_sequence *s, status *st)
{
    s->text.size -= generate_text_broken_tail(s->text.data, s->text.size);
    static const char replacement[] = "\xEF\xBF\xBD";
    for (int i = 0; i < 3; i++) {
        if (!terminate_text(s, st)) return false;
        s->text.data[s->text.size++] = replacement[i];
    }
    return terminate_text(s, st);
}

static bool add_text(generator *g, generate_sequence *s, int32_t id, status *st)
{
    if (!g->t) return true;
    size_t certain;
    if (!tokenizer_decode(g->t, &s->decoder, &id, 1, &s->text, st) || !terminate_text(s, st)) return false;
    if (generate_text_scan(s->text.data, s->text.size, s->released, s->r.stop, s->r.stop_count, &certain)) {
        s->text.size = certain;
        s->text.data[certain] = 0;
        finish(s, GENERATE_STOP);
    }
    release(s, certain);
    return true;
}

/* The context is full: the middle goes, the rest is read anew, so that what follows is exactly what a prompt of the
 * remaining tokens gives. */
static void shift(const generator *g, generate_sequence *s)
{
    int64_t keep_first = s->r.keep < g->o.context / 2 ? s->r.keep : g->o.context / 2;
    int64_t dropped = (s->context.count - keep_first + 1) / 2;
    memmove(s->context.id + keep_first, s->context.id + keep_first + dropped,
            (size_t)(s->context.count - keep_first - dropped) * sizeof(int32_t));
    s->context.count -= dropped;
    kv_cache_truncate(&s->cache, keep_first);
    s->to_read = s->context.count;
    s->shifts++;
}

static bool add_logprob(generator *g, generate_sequence *s, const float *logits, int32_t id, status *st)
{
    double *more = alloc_resize(s->logprob, (size_t)s->generated.count + 1, sizeof *more, st);
    float *scratch = more ? arena_alloc(g->c.mem, (size_t)g->vocab * sizeof *scratch, st) : NULL;
    if (more) s->logprob = more;
    if (!scratch) return false;
    more[s->generated.count] = sample_logprob(logits, g->vocab, id, scratch);
    return true;
}

/* Leaves a token among those that may be picked, or takes it out. */
static void set_allowed(const generator *g, int32_t id, bool allowed)
{
    if (id < 0 || id >= g->vocab) return;
    uint64_t bit = UINT64_C(1) << id % 64;
    if (allowed) g->mask[id / 64] |= bit;
    else g->mask[id / 64] &= ~bit;
}

/* Takes what the constraint does not allow out of the logits; tokens that end the text are allowed where it may end. false with a
 * good status: there is nothing to pick. */
static bool mask_logits(generator *g, generate_sequence *s, float *logits, status *st)
{
    bool may_end = constraint_may_end(s->allowed) && !s->r.ignore_end;
    if (!constraint_mask(s->allowed, g->mask, st)) return false;
    for (int64_t i = 0; i < g->ends.count; i++) set_allowed(g, g->ends.id[i], may_end);
    for (int64_t i = 0; i < s->r.end_count; i++) set_allowed(g, s->r.end[i], may_end);
    uint64_t any = 0;
    for (int64_t i = 0; i < g->vocab; i += 64) {
        uint64_t word = g->mask[i / 64];
        int64_t n = g->vocab - i < 64 ? g->vocab - i : 64;
        any |= word;
        if (word == 0) {
            for (int64_t j = 0; j < n; j++) logits[i + j] = -INFINITY;
        } else if (word != UINT64_MAX) {
            for (int64_t j = 0; j < n; j++) logits[i + j] = word >> j & 1 ? logits[i + j] : -INFINITY;
        }
    }
    if (any) return true;
    if (!constraint_may_end(s->allowed)) return status_set(st, STATUS_FAIL, "no token of the model's vocabulary goes on with what the grammar allows");
    finish(s, GENERATE_END);
    release(s, s->text.size);
    return false;
}

/* One more token of the text, and whether it was the last. */
static bool add_token(generator *g, generate_sequence *s, int32_t id, status *st)
{
    if (!append_id(&s->generated, id, st) || !append_id(&s->context, id, st)) return false;
    if (s->generated.count == 1) s->first_token = log_seconds();
    if (is_end(g, s, id)) finish(s, GENERATE_END);
    else if (!add_text(g, s, id, st)) return false;
    if (s->allowed && s->reason == GENERATE_RUNNING) {
        if (!constraint_take(s->allowed, id, st)) return false;
        if (constraint_must_end(s->allowed)) finish(s, GENERATE_END);
    }
    if (s->reason == GENERATE_RUNNING && s->r.tokens > 0 && s->generated.count >= s->r.tokens) finish(s, GENERATE_LENGTH);
    if (s->reason == GENERATE_RUNNING && s->context.count > g->o.context) {
        if (s->r.shift) shift(g, s);
        else finish(s, GENERATE_CONTEXT);
    }
    if (s->reason == GENERATE_RUNNING || s->reason == GENERATE_STOP || s->reason == GENERATE_HALTED) return true;
    if (s->text.size && generate_text_broken_tail(s->text.data, s->text.size) && !mend_tail(s, st)) return false;
    release(s, s->text.size);
    return true;
}

/* What must come next. Where each token has a pass it waits for its own, else it is written at once. */
static bool add_forced(generator *g, generate_sequence *s, status *st)
{
    while (s->allowed && s->reason == GENERATE_RUNNING) {
        if (s->next_forced == s->forced.count) {
            s->next_forced = s->forced.count = 0;
            if (!constraint_forced(s->allowed, g->t, &s->forced, st)) return false;
        }
        if (s->next_forced == s->forced.count || s->r.logprobs || s->r.one_by_one) return true;
        int32_t id = s->forced.id[s->next_forced++];
        if (!sample_take(s->sampler, id, st) || !add_token(g, s, id, st)) return false;
    }
    return true;
}

/* The token that these logits give, or −1: nothing could be picked and the text has ended, or an error is in st. */
static int32_t pick(generator *g, generate_sequence *s, float *logits, status *st)
{
    if (s->next_forced < s->forced.count) {
        int32_t id = s->forced.id[s->next_forced++];
        return sample_take(s->sampler, id, st) ? id : -1;
    }
    return s->allowed && !mask_logits(g, s, logits, st) ? -1 : sample_pick(s->sampler, logits, st);
}

static bool take_token(generator *g, generate_sequence *s, float *logits, status *st)
{
    if (s->prompt_read == 0) s->prompt_read = log_seconds();
    float *as_given = logits;
    if (s->r.logprobs) { /* the sampler changes its row */
        as_given = arena_alloc(g->c.mem, (size_t)g->vocab * sizeof *as_given, st);
        if (!as_given) return false;
        memcpy(as_given, logits, (size_t)g->vocab * sizeof *as_given);
    }
    int32_t id = pick(g, s, logits, st);
    if (id < 0) return status_ok(st);
    return (!s->r.logprobs || add_logprob(g, s, as_given, id, st)) && add_token(g, s, id, st) && add_forced(g, s, st);
}

/* The token of the sequence's first row of logits, and those of its drafted rows for as long as the draft came true. */
static bool take_tokens(generator *g, generate_sequence *s, float *logits, status *st)
{
    int64_t before = s->generated.count, read = s->context.count, shifts = s->shifts, right = 0;
    for (;;) { /* `right` drafted tokens came true: the row behind them is worth something */
        if (!take_token(g, s, logits + right * g->model->config.vocab, st)) return false;
        if (s->reason != GENERATE_RUNNING || s->shifts != shifts) break;
        int64_t came = s->context.count - read;
        while (right < came && right < s->guesses && s->draft.token[right] == s->context.id[read + right]) right++;
        if (right < came) break;
    }
    s->accepted += right;
    draft_learn(&s->record, &s->draft, s->generated.id + before, s->generated.count - before);
    s->drafted += s->guesses;
    s->draft.count = s->guesses = 0;
    int64_t fed = read + right < s->context.count ? read + right : s->context.count - 1;
    kv_cache_rewind(&s->cache, fed); /* the last token was not fed, and what was fed behind it did not come true */
    return true;
}

/* What must come before anything is picked is read with the prompt. */
static bool begin(generator *g, generate_sequence *s, status *st)
{
    s->begun = true;
    if (!add_forced(g, s, st)) return false;
    s->to_read = s->context.count;
    if (s->reason != GENERATE_RUNNING) s->prompt_read = log_seconds();
    return true;
}

/* ---- one pass ---- */

static bool make_room(generator *g, int64_t count, status *st)
{
    if (count <= g->segment_room) return true;
    gpt_segment *segments = alloc_resize(g->segments, (size_t)count, sizeof *segments, st);
    if (segments) g->segments = segments;
    generate_sequence **writers = segments ? alloc_resize(g->writers, (size_t)count, sizeof *writers, st) : NULL;
    if (!writers) return false;
    g->writers = writers;
    g->segment_room = count;
    return true;
}

/* How much each sequence feeds: those with one token to feed first, the rest of the pass to prompts in their order. */
static int64_t share_out(generator *g, status *st)
{
    int64_t left = g->o.pass_rows, running = 0;
    for (generate_sequence *s = g->first; s; s = s->next) {
        s->piece = 0;
        if (s->reason != GENERATE_RUNNING) continue;
        if (!s->begun && !begin(g, s, st)) return 0;
        if (s->reason != GENERATE_RUNNING) continue;
        running++;
        if (!s->placed && !place(g, s, st)) continue;
        if (s->context.count - s->cache.length == 1) s->piece = 1, left--;
    }
    for (generate_sequence *s = g->first; s; s = s->next) {
        int64_t pending = s->context.count - s->cache.length;
        if (s->reason != GENERATE_RUNNING || !s->placed || s->piece || left <= 0) continue;
        s->piece = pending < left ? pending : left;
        left -= s->piece;
    }
    return running;
}

static bool is_reading(const generate_sequence *s) { return s->cache.length < s->to_read; }

/* Adds drafted tokens to the pieces of the sequences that write, behind their contexts. None goes past the
 * last token that is wanted, nor past the context, where the text ends or the context shifts. */
static void add_drafts(generator *g, status *st)
{
    int64_t rows = 0, most = g->o.pass_rows < OP_LINEAR_FEW_ROWS ? g->o.pass_rows : OP_LINEAR_FEW_ROWS;
    for (generate_sequence *s = g->first; s; s = s->next)
        if (!is_reading(s) || !gpt_has_bulk(g->model)) rows += s->piece;
    draft_pass pass = draft_pass_of(rows);
    for (generate_sequence *s = g->first; s && pass.rows < most && status_ok(st); s = s->next) {
        if (s->piece != 1 || is_reading(s) || s->r.one_by_one) continue; /* what must come was added: a row of its own for each is no gain */
        int64_t left = most - pass.rows, room = g->o.context - s->context.count, wanted = s->r.tokens - s->generated.count - 1;
        if (room < left) left = room;
        if (s->r.tokens > 0 && wanted < left) left = wanted;
        s->draft = draft_find(s->context.id, s->context.count);
        s->guesses = draft_take(&pass, &s->record, &s->draft, left);
        if (!reserve_ids(&s->context, s->guesses, st)) return;
        memcpy(s->context.id + s->context.count, s->draft.token, (size_t)s->guesses * sizeof(int32_t));
        s->piece += s->guesses;
    }
}

/* Which sequences of a step share a pass. */
typedef enum { ALL, READING, WRITING } pass_kind;

/* One pass over the pieces of those sequences, and the tokens that follow. */
static void run_pass(generator *g, pass_kind kind, status *st)
{
    int64_t segments = 0, writers = 0;
    for (generate_sequence *s = g->first; s; s = s->next) {
        if (!s->piece || (kind != ALL && is_reading(s) != (kind == READING))) continue;
        bool wanted = s->cache.length + s->piece == s->context.count + s->guesses;
        gpt_keep keep = !wanted ? GPT_KEEP_NONE : s->guesses ? GPT_KEEP_ALL : GPT_KEEP_LAST;
        g->segments[segments++] = (gpt_segment){&s->cache, s->context.id + s->cache.length, s->piece, keep};
        if (wanted) g->writers[writers++] = s;
        s->piece = 0;
    }
    if (!segments || !status_ok(st)) return;
    size_t mark = arena_mark(g->c.mem);
    g->c.bulk = kind == READING;
    tensor *hidden = gpt_forward(&g->c, g->model, g->segments, segments, NULL);
    g->c.bulk = false;
    tensor *logits = writers ? gpt_logits(&g->c, g->model, hidden) : NULL;
    for (int64_t i = 0, row = 0; i < writers && status_ok(st); i++) {
        float *own = tensor_f32(logits) + row * g->model->config.vocab;
        row += 1 + g->writers[i]->guesses;
        take_tokens(g, g->writers[i], own, st);
    }
    arena_reset(g->c.mem, mark);
}

bool generator_step(generator *g, status *st)
{
    int64_t running = share_out(g, st);
    if (running == 0 || !status_ok(st) || !make_room(g, running, st)) return false;
    add_drafts(g, st);
    g->c.st = st;
    if (gpt_has_bulk(g->model)) {
        run_pass(g, WRITING, st);
        run_pass(g, READING, st);
    } else run_pass(g, ALL, st);
    return status_ok(st);
}
