#include "core/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 63 };

static int letter(char c) { return c == '_' ? '-' : tolower((unsigned char)c); }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t nearest_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t row[3][LONGEST + 1]; /* of the last three letters of a */
    if (a_size > LONGEST || b_size > LONGEST) return SIZE_MAX;
    for (size_t k = 0; k <= b_size; k++) row[0][k] = k;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *now = row[i % 3], *before = row[(i - 1) % 3], *twice = row[(i + 1) % 3];
        now[0] = i;
        for (size_t k = 1; k <= b_size; k++) {
            int same = letter(a[i - 1]) == letter(b[k - 1]);
            now[k] = least(least(before[k], now[k - 1]) + 1, before[k - 1] + !same);
            if (i > 1 && k > 1 && letter(a[i - 1]) == letter(b[k - 2]) && letter(a[i - 2]) == letter(b[k - 1])) now[k] = least(now[k], twice[k - 2] + 1);
        }
    }
    return row[a_size % 3][b_size];
}

void nearest_try(nearest *n, const char *candidate, size_t size)
{
    size_t typed = strlen(n->word), longer = typed > size ? typed : size, most = longer / 3 > 1 ? longer / 3 : 1;
    size_t distance = nearest_distance(n->word, typed, candidate, size);
    if (distance > most && typed >= 3 && typed < size && strncasecmp(n->word, candidate, typed) == 0) distance = most; /* its beginning */
    if (distance > most || distance >= longer || (n->best && distance >= n->distance)) return;
    n->best = candidate;
    n->best_size = size;
    n->distance = distance;
}

nearest_hint nearest_in(const char *word, const char *list)
{
    nearest n = {.word = word};
    nearest_hint hint = {""};
    while (*list) {
        size_t size = strcspn(list, ",");
        nearest_try(&n, list, size);
        list += size;
        list += strspn(list, ", ");
    }
    if (n.best) snprintf(hint.text, sizeof hint.text, "; did you mean '%.*s'?", (int)n.best_size, n.best);
    return hint;
}
