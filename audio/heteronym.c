#include "audio/heteronym.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audio/json_scan.h"
#include "audio/unicode.h"
#include "audio/word_table.h"
#include "core/alloc.h"
#include "core/utf8.h"

/* Keys of the table: "=" word → its classes, each {own u16, like u16, us, 0, gb, 0}; a feature → {class u16, weight i8} …
 * Values of features are in twentieths. */
enum { MOST_CLASSES = 1000, NAME_ROOM = 40, MOST_CHOICES = 8, NO_LIKE = 0xFFFF, LONGEST_WORD = 40, LONGEST_FEATURE = 200,
       MOST_FEATURES = 120, AROUND = 12, FULL = 20 };

struct heteronym {
    word_table *table;
};

/* ---- reading the file ---- */

typedef struct {
    word_table *table;
    json_scan scan;
    int count;
    char name[MOST_CLASSES][NAME_ROOM];
} class_file;

static int class_index(const class_file *f, json_string name)
{
    for (int i = 0; i < f->count; i++)
        if (strlen(f->name[i]) == name.size && memcmp(f->name[i], name.text, name.size) == 0) return i;
    status_set(f->scan.st, STATUS_INPUT, "%s: the class '%.*s' is not in its list of classes", f->scan.name,
               (int)(name.size & 63), name.text);
    return -1;
}

static bool read_classes(class_file *f)
{
    json_string name;
    if (!json_scan_array(&f->scan)) return false;
    while (json_scan_item(&f->scan)) {
        if (!json_scan_string(&f->scan, &name)) return false;
        if (f->count == MOST_CLASSES || name.size == 0 || name.size >= NAME_ROOM || memchr(name.text, 0, name.size))
            return status_set(f->scan.st, STATUS_INPUT, "%s: more than %d classes or an odd name among them", f->scan.name,
                              MOST_CLASSES);
        memcpy(f->name[f->count], name.text, name.size);
        f->name[f->count++][name.size] = 0;
    }
    return status_ok(f->scan.st);
}

static bool is_key(json_string key, const char *name)
{
    return key.size == strlen(name) && memcmp(key.text, name, key.size) == 0;
}

/* One class of a word, written behind value + used; 0 after an error. */
static size_t read_choice(class_file *f, char *value, size_t room)
{
    json_string key, text, us = {"", 0}, gb = {"", 0};
    int own = -1, like = NO_LIKE;
    if (!json_scan_object(&f->scan)) return 0;
    while (json_scan_key(&f->scan, &key)) {
        if (!json_scan_string(&f->scan, &text)) return 0;
        if (is_key(key, "class")) own = class_index(f, text);
        else if (is_key(key, "like")) like = class_index(f, text);
        else if (is_key(key, "us")) us = text;
        else if (is_key(key, "gb")) gb = text;
        if (!status_ok(f->scan.st)) return 0;
    }
    if (!status_ok(f->scan.st)) return 0;
    if (own < 0 || !us.size || !gb.size || memchr(us.text, 0, us.size) || memchr(gb.text, 0, gb.size) || us.size + gb.size + 6 > room) {
        status_set(f->scan.st, STATUS_INPUT, "%s: a reading with class, us and gb was expected", f->scan.name);
        return 0;
    }
    uint16_t classes[2] = {(uint16_t)own, (uint16_t)like};
    memcpy(value, classes, 4);
    memcpy(value + 4, us.text, us.size);
    value[4 + us.size] = 0;
    memcpy(value + 5 + us.size, gb.text, gb.size);
    value[5 + us.size + gb.size] = 0;
    return us.size + gb.size + 6;
}

static bool read_words(class_file *f)
{
    json_string word;
    if (!json_scan_object(&f->scan)) return false;
    while (json_scan_key(&f->scan, &word)) {
        char key[LONGEST_WORD + 1] = "=", value[1024];
        size_t used = 0;
        if (word.size == 0 || word.size > LONGEST_WORD)
            return status_set(f->scan.st, STATUS_INPUT, "%s: a word of %zu bytes, 1 to %d were expected", f->scan.name,
                              word.size, LONGEST_WORD);
        memcpy(key + 1, word.text, word.size);
        if (!json_scan_array(&f->scan)) return false;
        while (json_scan_item(&f->scan)) {
            size_t n = read_choice(f, value + used, sizeof value - used);
            if (n == 0) return false;
            used += n;
        }
        if (!status_ok(f->scan.st) || !word_table_add(f->table, key, word.size + 1, value, used, f->scan.st)) return false;
    }
    return status_ok(f->scan.st);
}

static bool read_weights(class_file *f)
{
    json_string feature, name;
    if (!json_scan_object(&f->scan)) return false;
    while (json_scan_key(&f->scan, &feature)) {
        char value[3 * MOST_CLASSES];
        size_t used = 0;
        if (!json_scan_object(&f->scan)) return false;
        while (json_scan_key(&f->scan, &name)) {
            double weight;
            int index = class_index(f, name);
            if (index < 0 || !json_scan_number(&f->scan, &weight)) return false;
            if (!(weight >= -127 && weight <= 127) || used + 3 > sizeof value || (feature.size && feature.text[0] == '='))
                return status_set(f->scan.st, STATUS_INPUT, "%s: '%.*s': weights from -127 to 127, one a class, were expected",
                                  f->scan.name, (int)(feature.size & 63), feature.text);
            memcpy(value + used, &(uint16_t){(uint16_t)index}, 2);
            value[used + 2] = (char)(int)weight;
            used += 3;
        }
        if (!status_ok(f->scan.st) || !word_table_add(f->table, feature.text, feature.size, value, used, f->scan.st))
            return false;
    }
    return status_ok(f->scan.st);
}

static bool fill(word_table *table, char *text, size_t size, const char *path, status *st)
{
    class_file *f = alloc_zeroed(1, sizeof *f, st);
    if (!f) return false;
    f->table = table;
    f->scan = json_scan_start(text, size, path, st);
    json_string key;
    bool ok = json_scan_object(&f->scan);
    while (ok && json_scan_key(&f->scan, &key))
        ok = is_key(key, "classes")   ? read_classes(f)
             : is_key(key, "words")   ? read_words(f)
             : is_key(key, "weights") ? read_weights(f)
                                      : json_scan_skip(&f->scan);
    ok = ok && json_scan_finish(&f->scan);
    alloc_free(f);
    return ok;
}

static heteronym *holding(word_table *table, status *st)
{
    heteronym *h = table ? alloc_zeroed(1, sizeof *h, st) : NULL;
    if (h) h->table = table;
    else word_table_close(table);
    return h;
}

heteronym *heteronym_open(const char *path, status *st) { return holding(word_table_open(path, "heteronym 1", fill, st), st); }

heteronym *heteronym_build(char *json, size_t size, const char *name, status *st)
{
    return holding(word_table_build(json, size, name, fill, st), st);
}

void heteronym_close(heteronym *h)
{
    if (!h) return;
    word_table_close(h->table);
    alloc_free(h);
}

/* ---- what is seen of a word ---- */

typedef struct {
    const token_list *sentence;
    size_t at;
    heteronym_see see;
    void *arg;
    int count;
    char seen[MOST_FEATURES][LONGEST_FEATURE]; /* so that nothing counts twice */
} view;

static void see(view *v, int value, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void see(view *v, int value, const char *format, ...)
{
    if (v->count == MOST_FEATURES) return;
    char *name = v->seen[v->count];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(name, LONGEST_FEATURE, format, args);
    va_end(args);
    if (n < 0 || n >= LONGEST_FEATURE) return;
    for (int i = 0; i < v->count; i++)
        if (strcmp(v->seen[i], name) == 0) return;
    v->count++;
    v->see(v->arg, name, (size_t)n, value);
}

/* Lower case, "0" for what begins with a digit, plain apostrophes; at most LONGEST_WORD bytes. */
static void plain_word(const char *text, char out[LONGEST_WORD + 5])
{
    size_t used = 0;
    uint32_t c;
    for (size_t size = strlen(text), i = 0; i < size && used < LONGEST_WORD;) {
        i += unicode_decode(text + i, size - i, &c);
        if (used == 0 && unicode_is_digit(c)) {
            out[used++] = '0';
            break;
        }
        used += utf8_encode(c == 0x2019 ? '\'' : unicode_lower(c), out + used);
    }
    out[used] = 0;
}

static const token *near(const view *v, int step)
{
    size_t at = v->at + (size_t)(int64_t)step;
    return at < v->sentence->count ? &v->sentence->item[at] : NULL;
}

static const char *word_at(const view *v, int step, char out[LONGEST_WORD + 5])
{
    const token *t = near(v, step);
    if (t) plain_word(t->text, out);
    return t ? out : step < 0 ? "^" : "$";
}

static const char *tag_at(const view *v, int step)
{
    const token *t = near(v, step);
    return t ? t->tag : step < 0 ? "^" : "$";
}

static bool is_one_of(const char *word, const char *list)
{
    char key[LONGEST_WORD + 8];
    snprintf(key, sizeof key, " %s ", word);
    return strstr(list, key) != NULL;
}

static const char BE[] = " be am is are was were been being 's 're 'm ", HAVE[] = " have has had having 've 'd ";

/* The stems of words with a common ending are one feature. */
static void cut_ending(char *word)
{
    static const char *const endings[] = {"ing", "ed", "es", "s", "ly", "e"};
    size_t n = strlen(word);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t m = strlen(endings[i]);
        if (n < m + 3 || strcmp(word + n - m, endings[i]) != 0) continue;
        word[n - m] = 0;
        return;
    }
}

static bool begins_one_of(const char *tag, const char *list)
{
    char two[5] = {' ', tag[0], tag[0] ? tag[1] : 0, 0};
    return strstr(list, two) != NULL;
}

typedef bool (*stop_at)(const char *tag, const char *word);
static bool is_function_word(const char *tag, const char *word)
{
    return !begins_one_of(tag, " RB JJ NN VB CC CD HY") || is_one_of(word, BE) || is_one_of(word, HAVE);
}
static bool is_head(const char *tag, const char *word) { (void)word; return !begins_one_of(tag, " RB JJ"); }
static bool is_verb(const char *tag, const char *word) { (void)word; return tag[0] == 'V' || strcmp(tag, "MD") == 0; }
static bool is_noun(const char *tag, const char *word) { (void)word; return tag[0] == 'N' || strcmp(tag, "PRP") == 0; }

/* The nearest word of a kind, within eight. */
static void see_nearest(view *v, int step, stop_at stop, const char *name)
{
    char word[LONGEST_WORD + 5];
    for (int i = 1; i <= 8 && near(v, i * step); i++) {
        word_at(v, i * step, word);
        if (!stop(tag_at(v, i * step), word)) continue;
        see(v, 14, "%s=%s", name, word);
        see(v, 14, "%st=%s", name, tag_at(v, i * step));
        return;
    }
    see(v, 14, "%s=-", name);
}

/* An auxiliary before it in its clause. */
static void see_auxiliary(view *v, const char *list, const char *name)
{
    char word[LONGEST_WORD + 5];
    for (int i = 1; i <= 5 && near(v, -i); i++) {
        if (is_one_of(word_at(v, -i, word), list)) {
            see(v, FULL, "%s", name);
            return;
        }
        const char *tag = tag_at(v, -i);
        if (!strcmp(tag, ".") || !strcmp(tag, ",") || !strcmp(tag, ":")) return;
    }
}

static void see_neighbours(view *v)
{
    char a[LONGEST_WORD + 5], b[LONGEST_WORD + 5];
    const char *own = tag_at(v, 0);
    see(v, FULL, "b");
    see(v, FULL, "t0=%s", own);
    for (int i = 1; i <= 4; i++) {
        see(v, FULL, "w%d=%s", -i, word_at(v, -i, a));
        see(v, FULL, "w%d=%s", i, word_at(v, i, a));
        if (i > 3) continue;
        see(v, FULL, "t%d=%s", -i, tag_at(v, -i));
        see(v, FULL, "t%d=%s", i, tag_at(v, i));
    }
    see(v, FULL, "w-2-1=%s_%s", word_at(v, -2, a), word_at(v, -1, b));
    see(v, FULL, "w12=%s_%s", word_at(v, 1, a), word_at(v, 2, b));
    see(v, FULL, "w-11=%s_%s", word_at(v, -1, a), word_at(v, 1, b));
    see(v, FULL, "t-10=%s%s", tag_at(v, -1), own);
    see(v, FULL, "t01=%s%s", own, tag_at(v, 1));
    see(v, FULL, "t-2-1=%s%s", tag_at(v, -2), tag_at(v, -1));
    see(v, FULL, "t12=%s%s", tag_at(v, 1), tag_at(v, 2));
    see(v, FULL, "t-11=%s%s", tag_at(v, -1), tag_at(v, 1));
    see(v, FULL, "t-101=%s%s%s", tag_at(v, -1), own, tag_at(v, 1));
    see(v, FULL, "wt=%s%s", word_at(v, -1, a), tag_at(v, 1));
    see(v, FULL, "tw=%s_%s", tag_at(v, -1), word_at(v, 1, b));
    see(v, FULL, "w-1t=%s%s", word_at(v, -1, a), own);
    see(v, FULL, "w1t=%s%s", word_at(v, 1, b), own);
}

static void see_sentence(view *v)
{
    char word[LONGEST_WORD + 5];
    for (int i = -AROUND; i <= AROUND; i++) {
        if (i == 0 || !near(v, i)) continue;
        word_at(v, i, word);
        if (strlen(word) <= 3) continue;
        cut_ending(word);
        see(v, FULL / 2, "g=%s", word);
    }
    bool past = false, present = false;
    for (size_t i = 0; i < v->sentence->count; i++) {
        const char *tag = v->sentence->item[i].tag;
        if (i == v->at) continue;
        past = past || strcmp(tag, "VBD") == 0;
        present = present || strcmp(tag, "VBZ") == 0 || strcmp(tag, "VBP") == 0;
    }
    see(v, 14, "past%d pres%d", past, present);
}

/* Capitals: all, the first, none; and whether the sentence begins with it. */
static void see_case(view *v)
{
    const token *t = near(v, 0);
    uint32_t first = 0, c;
    bool small = false, begins = true;
    for (size_t i = 0, n; i < t->size; i += n) {
        n = unicode_decode(t->text + i, t->size - i, &c);
        if (i == 0) first = c;
        small = small || unicode_is_lower(c);
    }
    for (size_t i = 0; i < v->at && begins; i++) {
        const token *before = &v->sentence->item[i];
        begins = before->size == 0 || (unicode_decode(before->text, before->size, &c), !unicode_is_letter(c));
    }
    see(v, FULL, "c%s%s", !unicode_is_upper(first) ? "l" : small ? "C" : "U", begins ? "^" : "");
    for (int i = -2; i <= 2; i++) {
        const token *o = i ? near(v, i) : NULL;
        if (o && o->size && (unicode_decode(o->text, o->size, &c), unicode_is_upper(c))) see(v, 10, "u%d", i);
    }
}

void heteronym_features(const token_list *sentence, size_t at, heteronym_see to, void *arg)
{
    size_t mark = arena_mark(sentence->mem);
    view *v = arena_alloc(sentence->mem, sizeof *v, sentence->st);
    if (!v) return;
    *v = (view){.sentence = sentence, .at = at, .see = to, .arg = arg};
    see_case(v);
    see_neighbours(v);
    see_nearest(v, -1, is_function_word, "nf");
    see_nearest(v, -1, is_verb, "nv");
    see_nearest(v, 1, is_head, "nr");
    see_nearest(v, 1, is_verb, "nvr");
    see_nearest(v, -1, is_noun, "nn");
    see_auxiliary(v, HAVE, "have");
    see_auxiliary(v, BE, "be");
    see_sentence(v);
    arena_reset(sentence->mem, mark);
}

/* ---- choosing ---- */

typedef struct {
    const heteronym *h;
    uint16_t own[MOST_CHOICES], like[MOST_CHOICES];
    const char *phonemes[MOST_CHOICES];
    int64_t score[MOST_CHOICES];
    int count;
} choice;

static void add_weights(void *arg, const char *feature, size_t size, int value)
{
    choice *c = arg;
    size_t bytes;
    const char *w = word_table_find(c->h->table, feature, size, &bytes);
    for (size_t i = 0; w && i + 3 <= bytes; i += 3) {
        uint16_t index;
        memcpy(&index, w + i, 2);
        for (int k = 0; k < c->count; k++)
            if (index == c->own[k] || index == c->like[k]) c->score[k] += (signed char)w[i + 2] * value;
    }
}

const char *heteronym_read(const heteronym *h, const token_list *sentence, size_t at, bool british)
{
    char key[LONGEST_WORD + 6] = "=";
    size_t size;
    plain_word(sentence->item[at].text, key + 1);
    const char *p = word_table_find(h->table, key, strlen(key), &size), *end = p ? p + size : NULL;
    choice c = {.h = h};
    while (p && end - p > 4 && c.count < MOST_CHOICES) {
        const char *us = p + 4, *us_end = memchr(us, 0, (size_t)(end - us)), *gb = us_end ? us_end + 1 : end;
        const char *gb_end = gb < end ? memchr(gb, 0, (size_t)(end - gb)) : NULL;
        if (!gb_end) break; /* a forged table */
        memcpy(&c.own[c.count], p, 2);
        memcpy(&c.like[c.count], p + 2, 2);
        c.phonemes[c.count++] = british ? gb : us;
        p = gb_end + 1;
    }
    if (c.count == 0) return NULL;
    heteronym_features(sentence, at, add_weights, &c);
    int best = 0;
    for (int k = 1; k < c.count; k++)
        if (c.score[k] > c.score[best]) best = k;
    return c.phonemes[best];
}
