#include "engine/image_words.h"

#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

enum {
    FILE_LIMIT = 1 << 20,
    MOST_WORDS = 256,  /* of a prompt that are looked at */
    MOST_IN_NAME = 6,  /* words of the prompt that are taken together */
    LEAST_LIKE = 3,    /* bytes of a word that is compared by spelling */
};

struct image_words {
    char *text;  /* names, each ended by a zero byte */
    char **name; /* count of them, in order */
    size_t count;
};

/* ---- the list ---- */

static bool accept_line(const image_words *w, const char *line, size_t n, const char *path, status *st)
{
    size_t number = w->count + 1;
    if (n == 0 || n > IMAGE_WORDS_NAME)
        return status_set(st, STATUS_INPUT, "%s: line %zu: %zu bytes found, 1 to %d wanted", path, number, n, IMAGE_WORDS_NAME);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            return status_set(st, STATUS_INPUT, "%s: line %zu: control character %d found, text wanted", path, number, line[i]);
    if (w->count && strcmp(w->name[w->count - 1], line) >= 0)
        return status_set(st, STATUS_INPUT, "%s: line %zu: '%s' found, lines in the order of their bytes wanted", path, number, line);
    return true;
}

image_words *image_words_parse(const char *text, size_t size, const char *path, status *st)
{
    image_words *w = alloc_zeroed(1, sizeof *w, st);
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    if (w) w->text = alloc_string(text, size, st);
    if (w && w->text) w->name = alloc_array(lines, sizeof *w->name, st);
    for (size_t at = 0; status_ok(st) && at < size;) {
        char *line = w->text + at, *end = memchr(line, '\n', size - at);
        size_t n = end ? (size_t)(end - line) : size - at;
        line[n] = 0;
        if (accept_line(w, line, n, path, st)) w->name[w->count++] = line;
        at += n + 1;
    }
    if (status_ok(st) && w->count == 0) status_set(st, STATUS_INPUT, "%s: no line found, a name on each wanted", path);
    if (status_ok(st)) return w;
    image_words_close(w);
    return NULL;
}

image_words *image_words_open(const char *path, status *st)
{
    size_t size = 0;
    char *text = file_read(path, FILE_LIMIT, &size, st);
    image_words *w = text ? image_words_parse(text, size, path, st) : NULL;
    alloc_free(text);
    return w;
}

void image_words_close(image_words *w)
{
    if (!w) return;
    alloc_free(w->name);
    alloc_free(w->text);
    alloc_free(w);
}

/* ---- a prompt's words ---- */

typedef struct {
    const char *at;
    size_t size;
} word;

static bool is_letter(unsigned char c)
{
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '\'';
}

static int split(const char *prompt, word list[MOST_WORDS])
{
    int count = 0;
    for (const char *s = prompt; count < MOST_WORDS;) {
        while (*s && !is_letter((unsigned char)*s)) s++;
        if (!*s) break;
        list[count].at = s;
        while (is_letter((unsigned char)*s)) s++;
        list[count].size = (size_t)(s - list[count].at);
        count++;
    }
    return count;
}

/* Count words with blanks between them, in lower case, with a zero byte; false where that is longer than a name can be. */
static bool joined(const word *list, int count, char name[IMAGE_WORDS_NAME + 4])
{
    size_t used = 0;
    for (int k = 0; k < count; k++) {
        if (used + list[k].size + 1 > IMAGE_WORDS_NAME + 2) return false;
        if (k) name[used++] = ' ';
        for (size_t i = 0; i < list[k].size; i++) {
            char c = list[k].at[i];
            name[used++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
    }
    name[used] = 0;
    return true;
}

/* Words that every prompt may have, whatever it asks for. */
static bool says_nothing(const word *w)
{
    static const char *const WORDS[] = {"an", "and", "at", "background", "black", "blue", "brown", "by", "color", "draw", "flat", "for", "from", "gray",
                                        "green", "grey", "icon", "in", "is", "it", "next", "of", "on", "or", "picture", "pink", "purple",
                                        "red", "small", "style", "the", "to", "white", "with", "yellow"};
    char name[IMAGE_WORDS_NAME + 4];
    if (w->size < 2) return true;
    if (!joined(w, 1, name)) return false;
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(name, WORDS[i]) == 0) return true;
    return false;
}

/* ---- asking ---- */

static bool has(const image_words *w, const char *name)
{
    size_t low = 0, high = w->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, w->name[middle]);
        if (order == 0) return true;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return false;
}

static bool has_singular(const image_words *w, char *name)
{
    size_t n = strlen(name);
    if (has(w, name)) return true;
    for (int cut = 0; cut < 2 && n > 3 && (cut ? name[n - 1] == 'e' : name[n - 1] == 's'); cut++) {
        name[--n] = 0;
        if (has(w, name)) return true;
    }
    return false;
}

bool image_words_known(const image_words *w, const char *prompt)
{
    word list[MOST_WORDS];
    char name[IMAGE_WORDS_NAME + 4];
    bool asked = false;
    int count = split(prompt, list);
    for (int i = 0; i < count; i++) {
        bool nothing = says_nothing(&list[i]);
        asked |= !nothing;
        for (int n = nothing ? 2 : 1; n <= MOST_IN_NAME && i + n <= count; n++)
            if (joined(&list[i], n, name) && has_singular(w, name)) return true;
    }
    return !asked;
}

/* The restricted Damerau-Levenshtein distance of two names of at most IMAGE_WORDS_NAME + 3 bytes. */
static int distance(const char *a, const char *b)
{
    int row[3][IMAGE_WORDS_NAME + 4];
    int *before = row[0], *above = row[1], *here = row[2], n = (int)strlen(b);
    for (int j = 0; j <= n; j++) above[j] = j;
    for (int i = 0; a[i]; i++) {
        here[0] = i + 1;
        for (int j = 0; j < n; j++) {
            int least = above[j] + (a[i] != b[j]);
            if (above[j + 1] + 1 < least) least = above[j + 1] + 1;
            if (here[j] + 1 < least) least = here[j] + 1;
            if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j] && before[j - 1] + 1 < least) least = before[j - 1] + 1;
            here[j + 1] = least;
        }
        int *free_row = before;
        before = above;
        above = here;
        here = free_row;
    }
    return above[n];
}

typedef struct {
    const char *name;
    int far, of; /* the distance, and the longer one's length: far / of is what counts */
} likeness;

/* Puts l among the best, unless its name is there in a better place. */
static void place(likeness best[IMAGE_WORDS_NEAREST], likeness l)
{
    for (int k = 0; k < IMAGE_WORDS_NEAREST; k++) {
        bool nearer = !best[k].name || l.far * best[k].of < best[k].far * l.of;
        if (!nearer && best[k].name == l.name) return;
        if (!nearer) continue;
        likeness moved = best[k];
        best[k] = l;
        if (!moved.name || moved.name == l.name) return;
        l = moved;
    }
}

int image_words_nearest(const image_words *w, const char *prompt, const char *name[IMAGE_WORDS_NEAREST])
{
    word list[MOST_WORDS];
    likeness best[IMAGE_WORDS_NEAREST] = {{0}};
    char asked[IMAGE_WORDS_NAME + 4];
    int count = split(prompt, list), found = 0;
    for (int i = 0; i < count; i++) {
        if (list[i].size < LEAST_LIKE || says_nothing(&list[i]) || !joined(&list[i], 1, asked)) continue;
        int size = (int)strlen(asked);
        for (size_t k = 0; k < w->count; k++) {
            int other = (int)strlen(w->name[k]);
            place(best, (likeness){w->name[k], distance(asked, w->name[k]), size > other ? size : other});
        }
    }
    while (found < IMAGE_WORDS_NEAREST && best[found].name) name[found] = best[found].name, found++;
    return found;
}
