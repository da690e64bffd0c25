#include "audio/lexicon.h"

#include <stdint.h>
#include <string.h>

#include "audio/json_scan.h"
#include "audio/word_table.h"
#include "core/alloc.h"

/* A table value is the phonemes themselves, or BY_TAG followed by records {tag, 0, phonemes, 0}, in which the phonemes
 * NO_PHONEMES stand for null. */
enum { BY_TAG = 1, NO_PHONEMES = 2, LONGEST_VALUE = 4096, LONGEST_WORD = 200 };

struct lexicon {
    word_table *table;
};

/* Control characters would be taken for our marks. */
static bool is_clean(json_string s)
{
    for (size_t i = 0; i < s.size; i++)
        if ((unsigned char)s.text[i] < ' ') return false;
    return true;
}

static bool append_record(char *value, size_t *used, json_string tag, json_string phonemes)
{
    if (*used + tag.size + phonemes.size + 2 > LONGEST_VALUE) return false;
    memcpy(value + *used, tag.text, tag.size);
    *used += tag.size;
    value[(*used)++] = 0;
    memcpy(value + *used, phonemes.text, phonemes.size);
    *used += phonemes.size;
    value[(*used)++] = 0;
    return true;
}

static bool add_by_tag(word_table *t, json_scan *s, json_string word, const char *path)
{
    char value[LONGEST_VALUE];
    size_t used = 0;
    value[used++] = BY_TAG;
    json_string tag, phonemes;
    if (!json_scan_object(s)) return false;
    while (json_scan_key(s, &tag)) {
        static const char null_mark[] = {NO_PHONEMES, 0};
        if (json_scan_null(s))
            phonemes = (json_string){null_mark, 1};
        else if (!json_scan_string(s, &phonemes))
            return false;
        else if (!is_clean(phonemes))
            return status_set(s->st, STATUS_INPUT, "%s: '%.*s' has control characters", path, (int)word.size,
                              word.text);
        if (!is_clean(tag) || !append_record(value, &used, tag, phonemes))
            return status_set(s->st, STATUS_INPUT, "%s: the entry '%.*s' is too long", path, (int)word.size, word.text);
    }
    return status_ok(s->st) && word_table_add(t, word.text, word.size, value, used, s->st);
}

static bool fill(word_table *t, char *text, size_t size, const char *path, status *st)
{
    json_scan s = json_scan_start(text, size, path, st);
    json_string word, phonemes;
    if (!json_scan_object(&s)) return false;
    while (json_scan_key(&s, &word)) {
        if (word.size > LONGEST_WORD)
            return status_set(st, STATUS_INPUT, "%s: a word of %zu bytes, at most %d were expected", path, word.size,
                              LONGEST_WORD);
        if (json_scan_null(&s)) continue;
        if (json_scan_peek(&s) == '{') {
            if (!add_by_tag(t, &s, word, path)) return false;
            continue;
        }
        if (!json_scan_string(&s, &phonemes)) return false;
        if (!is_clean(phonemes) || phonemes.size > LONGEST_VALUE)
            return status_set(st, STATUS_INPUT, "%s: the entry '%.*s' is too long or has control characters", path,
                              (int)word.size, word.text);
        if (!word_table_add(t, word.text, word.size, phonemes.text, phonemes.size, st)) return false;
    }
    return json_scan_finish(&s);
}

static lexicon *holding(word_table *table, status *st)
{
    lexicon *l = table ? alloc_zeroed(1, sizeof *l, st) : NULL;
    if (l)
        l->table = table;
    else
        word_table_close(table);
    return l;
}

lexicon *lexicon_open(const char *path, status *st)
{
    return holding(word_table_open(path, "lexicon 1", fill, st), st);
}

lexicon *lexicon_build(char *json, size_t size, const char *name, status *st)
{
    return holding(word_table_build(json, size, name, fill, st), st);
}

void lexicon_close(lexicon *l)
{
    if (!l) return;
    word_table_close(l->table);
    alloc_free(l);
}

size_t lexicon_count(const lexicon *l)
{
    return word_table_count(l->table);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The entry under the word itself or under its other spelling. The dictionaries' words are ASCII. */
static const char *find_value(const lexicon *l, const char *word, size_t size, size_t *value_size)
{
    const char *value = word_table_find(l->table, word, size, value_size);
    if (value || size < 2 || size > LONGEST_WORD) return value;
    size_t upper = 0;
    for (size_t i = 1; i < size; i++) upper += is_upper(word[i]);
    if (upper > 0 || !(is_upper(word[0]) || is_lower(word[0]))) return NULL;
    char other[LONGEST_WORD];
    memcpy(other, word, size);
    other[0] = (char)(other[0] ^ 32);
    return word_table_find(l->table, other, size, value_size);
}

bool lexicon_has(const lexicon *l, const char *word, size_t size)
{
    size_t value_size;
    return find_value(l, word, size, &value_size) != NULL;
}

const char *lexicon_coarse_tag(const char *tag)
{
    if (!tag) return NULL;
    if (strncmp(tag, "VB", 2) == 0) return "VERB";
    if (strncmp(tag, "NN", 2) == 0) return "NOUN";
    if (strncmp(tag, "ADV", 3) == 0 || strncmp(tag, "RB", 2) == 0) return "ADV";
    if (strncmp(tag, "ADJ", 3) == 0 || strncmp(tag, "JJ", 2) == 0) return "ADJ";
    return tag;
}

/* The phonemes recorded under a tag among the records; false when the tag has no record. */
static bool find_record(const char *value, size_t size, const char *tag, lexicon_reading *r)
{
    for (const char *p = value + 1, *end = value + size; tag && p < end;) {
        const char *tag_end = memchr(p, 0, (size_t)(end - p));
        const char *stop = tag_end ? memchr(tag_end + 1, 0, (size_t)(end - tag_end - 1)) : NULL;
        if (!stop) break; /* a forged table */
        if (strcmp(p, tag) == 0) {
            bool none = tag_end[1] == NO_PHONEMES;
            *r = (lexicon_reading){none ? NULL : tag_end + 1, none ? 0 : (size_t)(stop - tag_end - 1)};
            return true;
        }
        p = stop + 1;
    }
    return false;
}

bool lexicon_find(const lexicon *l, const char *word, size_t size, const char *tag, bool clause_end, lexicon_reading *r)
{
    size_t value_size;
    const char *value = find_value(l, word, size, &value_size);
    if (!value) return false;
    *r = (lexicon_reading){value, value_size};
    if (value_size == 0 || value[0] != BY_TAG) return true;
    *r = (lexicon_reading){0};
    if (clause_end && find_record(value, value_size, "None", r)) return true;
    if (find_record(value, value_size, tag, r) || find_record(value, value_size, lexicon_coarse_tag(tag), r))
        return true;
    find_record(value, value_size, "DEFAULT", r);
    return true;
}
