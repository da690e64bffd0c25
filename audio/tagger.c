#include "audio/tagger.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "audio/json_scan.h"
#include "audio/unicode.h"
#include "audio/word_table.h"
#include "core/alloc.h"
#include "core/utf8.h"

/* Keys of the table: "tags" → the names, each with its zero; "d=" word → tag index; "v=" word → nothing; a feature →
 * its weights, three bytes each: tag index, weight in tenths as i16. */
enum { MOST_TAGS = 250, NAME_ROOM = 16, LONGEST_FEATURE = 256, LONGEST_WORD = 64 };

struct tagger {
    word_table *table;
    int count;
    char name[MOST_TAGS][NAME_ROOM];
    bool has_vocabulary;
};

/* ---- reading the file ---- */

typedef struct {
    word_table *table;
    json_scan scan;
    int count;
    char name[MOST_TAGS][NAME_ROOM];
} tagger_file;

static int tag_index(const tagger_file *f, json_string tag)
{
    for (int i = 0; i < f->count; i++)
        if (strlen(f->name[i]) == tag.size && memcmp(f->name[i], tag.text, tag.size) == 0) return i;
    status_set(f->scan.st, STATUS_INPUT, "%s: the tag '%.*s' is not in its list of tags", f->scan.name,
               (int)(tag.size & 63), tag.text);
    return -1;
}

static bool read_tags(tagger_file *f)
{
    json_string tag;
    if (!json_scan_array(&f->scan)) return false;
    while (json_scan_item(&f->scan)) {
        if (!json_scan_string(&f->scan, &tag)) return false;
        if (f->count == MOST_TAGS || tag.size == 0 || tag.size >= NAME_ROOM || memchr(tag.text, 0, tag.size))
            return status_set(f->scan.st, STATUS_INPUT, "%s: the list of tags is too long or has an odd name",
                              f->scan.name);
        memcpy(f->name[f->count], tag.text, tag.size);
        f->name[f->count++][tag.size] = 0;
    }
    return status_ok(f->scan.st) &&
           word_table_add(f->table, "tags", 4, f->name, (size_t)f->count * NAME_ROOM, f->scan.st);
}

/* Adds an entry under a two-letter prefix. */
static bool add_prefixed(tagger_file *f, char prefix, json_string word, const void *value, size_t size)
{
    char key[LONGEST_FEATURE];
    if (word.size + 2 > sizeof key)
        return status_set(f->scan.st, STATUS_INPUT, "%s: a word of %zu bytes", f->scan.name, word.size);
    key[0] = prefix;
    key[1] = '=';
    memcpy(key + 2, word.text, word.size);
    return word_table_add(f->table, key, word.size + 2, value, size, f->scan.st);
}

static bool read_dictionary(tagger_file *f)
{
    json_string word, tag;
    if (!json_scan_object(&f->scan)) return false;
    while (json_scan_key(&f->scan, &word)) {
        if (!json_scan_string(&f->scan, &tag)) return false;
        int index = tag_index(f, tag);
        if (index < 0 || !add_prefixed(f, 'd', word, &(uint8_t){(uint8_t)index}, 1)) return false;
    }
    return status_ok(f->scan.st);
}

static bool read_vocabulary(tagger_file *f)
{
    json_string word;
    if (!json_scan_array(&f->scan)) return false;
    while (json_scan_item(&f->scan))
        if (!json_scan_string(&f->scan, &word) || !add_prefixed(f, 'v', word, "", 0)) return false;
    return status_ok(f->scan.st) && word_table_add(f->table, "vocab", 5, "", 0, f->scan.st);
}

static bool read_weights(tagger_file *f)
{
    json_string feature, tag;
    if (!json_scan_object(&f->scan)) return false;
    while (json_scan_key(&f->scan, &feature)) {
        uint8_t value[MOST_TAGS * 3];
        size_t n = 0;
        if (!json_scan_object(&f->scan)) return false;
        while (json_scan_key(&f->scan, &tag)) {
            double weight;
            int index = tag_index(f, tag);
            if (index < 0 || !json_scan_number(&f->scan, &weight)) return false;
            double tenths = weight * 10;
            if (!(tenths > -32768 && tenths < 32768) || n + 3 > sizeof value)
                return status_set(f->scan.st, STATUS_INPUT, "%s: too large or too many weights for '%.*s'",
                                  f->scan.name, (int)(feature.size & 63), feature.text);
            int16_t stored = (int16_t)(tenths < 0 ? tenths - 0.5 : tenths + 0.5);
            value[n] = (uint8_t)index;
            memcpy(value + n + 1, &stored, 2);
            n += 3;
        }
        if (!status_ok(f->scan.st) || !word_table_add(f->table, feature.text, feature.size, value, n, f->scan.st))
            return false;
    }
    return status_ok(f->scan.st);
}

static bool fill(word_table *table, char *text, size_t size, const char *path, status *st)
{
    tagger_file f = {.table = table, .scan = json_scan_start(text, size, path, st)};
    json_string key;
    if (!json_scan_object(&f.scan)) return false;
    while (json_scan_key(&f.scan, &key)) {
        static const struct {
            const char *name;
            bool (*read)(tagger_file *f);
        } part[] = {
            {"tags", read_tags}, {"tagdict", read_dictionary}, {"vocab", read_vocabulary}, {"weights", read_weights}};
        bool (*read)(tagger_file *) = NULL;
        for (size_t i = 0; i < 4; i++)
            if (strlen(part[i].name) == key.size && memcmp(part[i].name, key.text, key.size) == 0) read = part[i].read;
        if (!(read ? read(&f) : json_scan_skip(&f.scan))) return false;
    }
    if (status_ok(st) && f.count == 0) status_set(st, STATUS_INPUT, "%s: no list of tags", path);
    return json_scan_finish(&f.scan);
}

static tagger *holding(word_table *table, const char *name, status *st)
{
    tagger *t = table ? alloc_zeroed(1, sizeof *t, st) : NULL;
    size_t size = 0, ignored;
    const char *tags = t ? word_table_find(table, "tags", 4, &size) : NULL;
    if (t && (!tags || size == 0 || size % NAME_ROOM != 0 || size > sizeof t->name))
        status_set(st, STATUS_INPUT, "%s: its table of words is damaged", name);
    if (!t || !status_ok(st)) {
        word_table_close(table);
        alloc_free(t);
        return NULL;
    }
    t->table = table;
    t->count = (int)(size / NAME_ROOM);
    memcpy(t->name, tags, size);
    for (int i = 0; i < t->count; i++) t->name[i][NAME_ROOM - 1] = 0;
    t->has_vocabulary = word_table_find(table, "vocab", 5, &ignored) != NULL;
    return t;
}

tagger *tagger_open(const char *path, status *st)
{
    return holding(word_table_open(path, "tagger 1", fill, st), path, st);
}

tagger *tagger_build(char *json, size_t size, const char *name, status *st)
{
    return holding(word_table_build(json, size, name, fill, st), name, st);
}

void tagger_close(tagger *t)
{
    if (!t) return;
    word_table_close(t->table);
    alloc_free(t);
}

/* ---- words as features see them ---- */

typedef struct {
    char form[LONGEST_WORD + 1]; /* normalised, or its shape in <> when rare */
    char end3[13];               /* the last three letters of that */
} context_word;

/* What the letters look like: x small, XX capitals, X1 one capital, Xx capitalised, xX other mixes, d digits; for words
 * with other signs the kinds of the first four characters. */
static void word_shape(const char *word, char out[20])
{
    size_t size = strlen(word), n = 0, letters = 0, digits = 0, lower = 0, upper = 0, used = 0;
    bool first_upper = false;
    uint32_t c;
    for (size_t i = 0, step; i < size; i += step, n++) {
        step = unicode_decode(word + i, size - i, &c);
        bool is_letter = unicode_is_letter(c), is_digit = unicode_is_digit(c);
        letters += is_letter;
        digits += is_digit;
        lower += unicode_is_lower(c);
        upper += unicode_is_upper(c);
        if (n == 0) first_upper = unicode_is_upper(c);
        if (n < 4 && (is_letter || is_digit))
            out[used++] = is_digit ? 'd' : 'x';
        else if (n < 4)
            used += utf8_encode(c, out + used);
    }
    out[used] = 0;
    const char *name = NULL;
    if (letters == n) {
        if (lower > 0 && upper == 0)
            name = "x";
        else if (upper > 0 && lower == 0)
            name = n > 1 ? "XX" : "X1";
        else
            name = first_upper && upper == 1 && lower > 0 ? "Xx" : "xX";
    } else if (digits == n) {
        name = "d";
    }
    if (name) memcpy(out, name, strlen(name) + 1);
}

static void lower_case(const char *word, size_t size, char *out)
{
    size_t used = 0;
    uint32_t c;
    for (size_t i = 0; i < size;) {
        i += unicode_decode(word + i, size - i, &c);
        char one[4];
        size_t n = utf8_encode(unicode_lower(c), one);
        if (used + n > LONGEST_WORD) break;
        memcpy(out + used, one, n);
        used += n;
    }
    out[used] = 0;
}

/* The last three code points. */
static const char *last_three(const char *word)
{
    size_t at = strlen(word);
    for (int i = 0; i < 3 && at > 0; i++) unicode_before(word, at, &at);
    return word + at;
}

static bool has_key(const tagger *t, const char *prefix, const char *word)
{
    char key[LONGEST_FEATURE];
    int n = snprintf(key, sizeof key, "%s%s", prefix, word);
    size_t ignored;
    return n > 0 && (size_t)n < sizeof key && word_table_find(t->table, key, (size_t)n, &ignored);
}

static void set_form(const tagger *t, const char *word, context_word *out)
{
    size_t size = strlen(word);
    const char *special = NULL;
    bool all_digits = strspn(word, "0123456789") == size;
    if (word[0] != '-' && strchr(word, '-'))
        special = "!HYPHEN";
    else if (all_digits && size == 4)
        special = "!YEAR";
    else if (unicode_is_digit((unsigned char)word[0]))
        special = "!DIGITS";
    if (special)
        memcpy(out->form, special, strlen(special) + 1);
    else
        lower_case(word, size, out->form);
    if (t->has_vocabulary && !has_key(t, "v=", out->form)) {
        char shape[20];
        word_shape(word, shape);
        snprintf(out->form, sizeof out->form, "<%s>", shape);
    }
    snprintf(out->end3, sizeof out->end3, "%s", last_three(out->form));
}

/* ---- scoring ---- */

static void add_feature(const tagger *t, double *score, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add_feature(const tagger *t, double *score, const char *format, ...)
{
    char key[LONGEST_FEATURE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(key, sizeof key, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof key) return; /* no feature is that long */
    size_t size;
    const char *value = word_table_find(t->table, key, (size_t)n, &size);
    for (size_t i = 0; value && i + 3 <= size; i += 3) {
        int16_t tenths;
        memcpy(&tenths, value + i + 1, 2);
        int index = (uint8_t)value[i];
        if (index < t->count) score[index] += tenths / 10.0; /* the decimal's own double, added in the file's order */
    }
}

/* near[2] is the word's own context; previous and before are the tags to the left. */
static int predict(const tagger *t, const char *word, bool first, const context_word *near, const char *previous,
                   const char *before)
{
    double score[MOST_TAGS] = {0};
    char shape[20];
    word_shape(word, shape);
    uint32_t c;
    size_t letter = unicode_decode(word, strlen(word), &c);
    add_feature(t, score, "b");
    add_feature(t, score, "s3=%s", last_three(word));
    add_feature(t, score, "p1=%.*s", (int)letter, word);
    add_feature(t, score, "w=%s", near[2].form);
    add_feature(t, score, "sh=%s", shape);
    add_feature(t, score, first ? "i0" : "i+");
    add_feature(t, score, "t-1=%s", previous);
    add_feature(t, score, "t-2=%s", before);
    add_feature(t, score, "t-12=%s,%s", previous, before);
    add_feature(t, score, "w-1=%s", near[1].form);
    add_feature(t, score, "s3-1=%s", near[1].end3);
    add_feature(t, score, "w-2=%s", near[0].form);
    add_feature(t, score, "w+1=%s", near[3].form);
    add_feature(t, score, "s3+1=%s", near[3].end3);
    add_feature(t, score, "w+2=%s", near[4].form);
    int best = 0;
    for (int i = 1; i < t->count; i++) /* of equal scores the name last in the alphabet wins */
        if (score[i] > score[best] || (score[i] == score[best] && strcmp(t->name[i], t->name[best]) > 0)) best = i;
    return best;
}

static int from_dictionary(const tagger *t, const char *word)
{
    char key[LONGEST_FEATURE];
    int n = snprintf(key, sizeof key, "d=%s", word);
    if (n < 0 || (size_t)n >= sizeof key) return -1;
    size_t size;
    const char *value = word_table_find(t->table, key, (size_t)n, &size);
    return value && size == 1 && (uint8_t)value[0] < t->count ? (uint8_t)value[0] : -1;
}

static void set_edge(context_word *w, const char *name)
{
    snprintf(w->form, sizeof w->form, "%s", name);
    snprintf(w->end3, sizeof w->end3, "%s", last_three(name));
}

bool tagger_run(const tagger *t, const char *const *word, size_t n, const char **tag, status *st)
{
    context_word *near = alloc_array(n + 4, sizeof *near, st);
    if (!near) return false;
    set_edge(&near[0], "-START2-");
    set_edge(&near[1], "-START-");
    set_edge(&near[n + 2], "-END-");
    set_edge(&near[n + 3], "-END2-");
    for (size_t i = 0; i < n; i++) set_form(t, word[i], &near[i + 2]);
    const char *previous = "-START-", *before = "-START2-";
    for (size_t i = 0; i < n; i++) {
        int index = from_dictionary(t, word[i]);
        if (index < 0) index = predict(t, word[i], i == 0, near + i, previous, before);
        tag[i] = t->name[index];
        before = previous;
        previous = tag[i];
    }
    alloc_free(near);
    return true;
}
