/* Times constraints: reading each schema, and a mask for each token of texts that are valid under it.
 * usage: constraint MODEL.gguf SCHEMAS.json TEXTS.jsonl     (constraint.sh makes the files; a line of TEXTS is [schema's number, text]) */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/log.h"
#include "core/weights.h"
#include "tests/bench/median.h"
#include "text/constraint_source.h"

typedef struct {
    double *value;
    int count, room;
} samples;

static void add(samples *s, double value)
{
    if (s->count == s->room) s->value = realloc(s->value, (size_t)(s->room = 2 * s->room + 1024) * sizeof *s->value);
    s->value[s->count++] = value;
}

static void show(const char *what, samples *s, double scale, const char *unit)
{
    double sum = 0;
    if (!s->count) return;
    median(s->value, s->count);
    for (int i = 0; i < s->count; i++) sum += s->value[i];
    printf("%-28s %8d: median %9.2f %s, mean %9.2f, 99 %% %9.2f, most %9.2f\n", what, s->count, scale * s->value[s->count / 2], unit, scale * sum / s->count,
           scale * s->value[(int)(0.99 * s->count)], scale * s->value[s->count - 1]);
}

typedef struct {
    tokenizer *k;
    token_trie *trie;
    samples read, warm, mask, first, take, forced;
    int64_t tokens, allowed, forced_tokens, failed;
} bench;

static void run_text(bench *b, constraint *c, const char *text, size_t size, uint64_t *mask, bool fresh, status *st)
{
    tokenizer_ids ids = {0}, forced = {0};
    constraint_state *s = constraint_begin(c, st);
    if (!s || !tokenizer_encode(b->k, text, size, 0, &ids, st)) return;
    for (int64_t i = 0; i < ids.count && status_ok(st); i++) {
        double start = log_seconds();
        constraint_mask(s, mask, st);
        double masked = log_seconds();
        if (!(mask[ids.id[i] / 64] >> ids.id[i] % 64 & 1)) {
            b->failed++;
            break;
        }
        constraint_take(s, ids.id[i], st);
        double taken = log_seconds();
        forced.count = 0;
        constraint_forced(s, b->k, &forced, st);
        add(&b->mask, masked - start);
        if (getenv("SLOW") && masked - start > 1e-3) printf("%.2f ms at token %lld of %.200s\n", 1e3 * (masked - start), (long long)i, text);
        if (fresh) add(&b->first, masked - start);
        add(&b->take, taken - masked);
        add(&b->forced, log_seconds() - taken);
        b->forced_tokens += forced.count > 0;
        b->tokens++;
    }
    tokenizer_ids_free(&ids);
    tokenizer_ids_free(&forced);
    constraint_end(s);
}

int main(int argc, char **argv)
{
    status st = {0};
    bench b = {0};
    json_error_t error;
    json_use_alloc();
    if (argc != 4) return fprintf(stderr, "usage: constraint MODEL.gguf SCHEMAS.json TEXTS.jsonl\n"), 2;
    weights *w = weights_open(argv[1], &st);
    b.k = w ? tokenizer_open_gguf(weights_gguf(w), argv[1], &st) : NULL;
    double start = log_seconds();
    b.trie = b.k ? token_trie_new(b.k, tokenizer_size(b.k), &st) : NULL;
    if (!b.trie) return fprintf(stderr, "%s\n", st.msg), 1;
    printf("%d tokens in a tree of %d nodes: %.1f ms\n", b.trie->tokens, b.trie->nodes, 1e3 * (log_seconds() - start));
    json_t *schemas = json_parse_file(argv[2], JSON_DECODE_ANY, &error);
    constraint **made = calloc(json_array_size(schemas), sizeof *made);
    uint64_t *mask = calloc((size_t)b.trie->vocab / 64 + 1, sizeof *mask);
    bool *used = calloc(json_array_size(schemas), 1);
    for (size_t i = 0; i < json_array_size(schemas) && status_ok(&st); i++) {
        char *text = json_dumps(json_array_get(schemas, i), JSON_ENCODE_ANY);
        start = log_seconds();
        automaton *a = constraint_source_read(&(constraint_source){.kind = ANSWER_SCHEMA, .where = "schema", .text = text, .size = strlen(text)}, &(constraint_thoughts){0}, b.k, &st);
        double read = log_seconds();
        made[i] = a ? constraint_new(a, b.trie, &st) : NULL;
        if (made[i]) constraint_warm(made[i], 0.02, &st);
        add(&b.read, read - start);
        add(&b.warm, log_seconds() - read);
        alloc_free(text);
    }
    FILE *texts = fopen(argv[3], "r");
    char *line = NULL;
    size_t room = 0;
    while (texts && status_ok(&st) && getline(&line, &room, texts) > 0) {
        json_t *pair = json_parse(line, strlen(line), 0, &error);
        size_t i = (size_t)json_integer_value(json_array_get(pair, 0));
        const json_t *text = json_array_get(pair, 1);
        run_text(&b, made[i], json_string_value(text), json_string_length(text), mask, !used[i], &st);
        used[i] = true;
        json_decref(pair);
    }
    if (!status_ok(&st)) return fprintf(stderr, "%s\n", st.msg), 1;
    show("schema to automaton", &b.read, 1e3, "ms");
    show("looking ahead", &b.warm, 1e3, "ms");
    show("mask, first text of each", &b.first, 1e6, "us");
    show("mask, all", &b.mask, 1e6, "us");
    show("taking a token", &b.take, 1e6, "us");
    show("looking for forced ones", &b.forced, 1e6, "us");
    printf("%lld tokens, %lld places with forced tokens behind them, %lld texts refused\n", (long long)b.tokens, (long long)b.forced_tokens, (long long)b.failed);
    return b.failed != 0;
}
