#include "audio/phoneme.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "audio/espeak.h"
#include "audio/phoneme_state.h"
#include "audio/unicode.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "core/utf8.h"

enum {
    USUAL_LONGEST = 400,
    LEAST_LONGEST = 16,
    LONGEST_OWN_WORD = 128,
};

/* ---- opening ---- */

static vocabulary_entry *vocabulary_place(const phonemizer *p, uint32_t symbol)
{
    size_t at = symbol * 2654435761u >> 22;
    while (p->vocabulary[at].symbol && p->vocabulary[at].symbol != symbol) at = (at + 1) % VOCABULARY_PLACES;
    return (vocabulary_entry *)&p->vocabulary[at];
}

static bool read_vocabulary(phonemizer *p, const char *folder, status *st)
{
    char *path = file_join(folder, "vocab.json", st);
    json_error_t error;
    json_t *root = path ? json_parse_file(path, 0, &error) : NULL, *value;
    if (path && !root) status_set(st, STATUS_INPUT, "%s: line %d: %s", path, error.line, error.text);
    if (root && (!json_is_object(root) || json_object_size(root) > VOCABULARY_PLACES / 2))
        status_set(st, STATUS_INPUT, "%s: an object of at most %d symbols was expected", path, VOCABULARY_PLACES / 2);
    const char *key;
    if (status_ok(st)) json_object_foreach(root, key, value)
        {
            uint32_t symbol = 0;
            size_t size = strlen(key), n = size ? unicode_decode(key, size, &symbol) : 0;
            if (n != size || !json_is_integer(value) || json_integer_value(value) < 1 ||
                json_integer_value(value) > 65535)
                status_set(st, STATUS_INPUT, "%s: '%s': one character with a number from 1 to 65535 was expected", path,
                           key);
            else
                *vocabulary_place(p, symbol) = (vocabulary_entry){symbol, (int32_t)json_integer_value(value)};
        }
    json_decref(root);
    alloc_free(path);
    return status_ok(st);
}

/* One line of the user's file: word, white space, phonemes; # begins a comment. */
static bool add_own(word_table *t, const char *line, size_t size, size_t number, const char *path, status *st)
{
    while (size > 0 && unicode_is_space((unsigned char)line[size - 1])) size--;
    while (size > 0 && unicode_is_space((unsigned char)line[0])) {
        line++;
        size--;
    }
    if (size == 0 || line[0] == '#') return true;
    size_t word = 0, used = 0;
    while (word < size && !unicode_is_space((unsigned char)line[word])) word++;
    size_t phonemes = word;
    while (phonemes < size && unicode_is_space((unsigned char)line[phonemes])) phonemes++;
    if (phonemes == size || word > LONGEST_OWN_WORD || size - phonemes > 1000)
        return status_set(st, STATUS_INPUT, "%s: line %zu: a word, white space and its phonemes were expected", path,
                          number);
    char key[2 * LONGEST_OWN_WORD + 8];
    uint32_t c;
    for (size_t i = 0; i < word;) {
        i += unicode_decode(line + i, word - i, &c);
        used += utf8_encode(unicode_lower(c), key + used);
    }
    return word_table_add(t, key, used, line + phonemes, size - phonemes, st);
}

static bool fill_own(word_table *t, char *text, size_t size, const char *path, status *st)
{
    size_t number = 1;
    for (size_t i = 0; i < size; number++) {
        const char *end = memchr(text + i, '\n', size - i);
        size_t n = end ? (size_t)(end - text) - i : size - i;
        if (!add_own(t, text + i, n, number, path, st)) return false;
        i += n + 1;
    }
    return true;
}

static word_table *read_own(const char *path, status *st)
{
    size_t size;
    char *text = file_read_text(path, (size_t)16 << 20, &size, st);
    word_table *t = text ? word_table_build(text, size, path, fill_own, st) : NULL;
    alloc_free(text);
    return t;
}

/* The name goes to a program as an argument, so only what voice names are made of is let through. */
static bool take_language(phonemizer *p, const char *language, status *st)
{
    size_t n = strlen(language);
    bool plain = n > 0 && n < sizeof p->language && language[0] != '-';
    for (size_t i = 0; i < n && plain; i++)
        plain = unicode_is_digit((unsigned char)language[i]) ||
                ((language[i] | 32) >= 'a' && (language[i] | 32) <= 'z') || strchr("-_+", language[i]);
    if (!plain) return status_set(st, STATUS_INPUT, "the language '%.40s' is no voice name such as en-us", language);
    memcpy(p->language, language, n + 1);
    p->british = strncasecmp(language, "en-gb", 5) == 0 || strncasecmp(language, "en_gb", 5) == 0;
    return true;
}

/* Whether espeak-ng says it, or the lexicons are there to. */
static bool choose_source(phonemizer *p, const phoneme_options *options, status *st)
{
    bool english = strncasecmp(p->language, "en", 2) == 0 && !unicode_is_letter((unsigned char)p->language[2]);
    p->espeak = p->alphabet == PHONEME_ESPEAK && !options->no_espeak && espeak_is_installed();
    if (p->espeak) return true;
    if (!english) return status_set(st, STATUS_INPUT, "a voice of the language '%s' needs espeak-ng, which is not installed", p->language);
    if (!options->folder) return status_set(st, STATUS_INPUT, "no folder with the lexicons; 'sh samples/models.sh hibari' gets one");
    if (p->alphabet == PHONEME_ESPEAK && !options->no_espeak)
        log_warning("espeak-ng is not installed: the voice reads our own phonemes, a little less like its training");
    return true;
}

_Static_assert((int)PHONEME_PARTS == (int)PHONEME_CHAIN_PARTS, "a part of the chain each");

phonemizer *phoneme_open_begin(const phoneme_options *options, status *st)
{
    phonemizer *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return NULL;
    p->alphabet = options->alphabet;
    p->longest = options->longest == 0 ? USUAL_LONGEST : (size_t)options->longest;
    if (options->longest < 0 || p->longest < LEAST_LONGEST) p->longest = LEAST_LONGEST;
    if (take_language(p, options->language ? options->language : "en-us", st) && choose_source(p, options, st)) return p;
    phoneme_close(p);
    return NULL;
}

void phoneme_open_part(phonemizer *p, const phoneme_options *options, int part)
{
    if (p->espeak) return;
    phoneme_chain_open_part(&p->chain, options->folder, p->british, part, &p->opening[part]);
    if (part == 0 && options->heteronyms && status_ok(&p->opening[0])) p->chain.heteronyms = heteronym_open(options->heteronyms, &p->opening[0]);
}

phonemizer *phoneme_open_end(phonemizer *p, const phoneme_options *options, status *st)
{
    for (int i = 0; i < PHONEME_PARTS && status_ok(st); i++)
        if (!status_ok(&p->opening[i])) *st = p->opening[i];
    if (status_ok(st) && !p->espeak && p->alphabet == PHONEME_MISAKI) read_vocabulary(p, options->folder, st);
    if (status_ok(st) && options->pronunciations) p->own = read_own(options->pronunciations, st);
    if (status_ok(st)) return p;
    phoneme_close(p);
    return NULL;
}

phonemizer *phoneme_open(const phoneme_options *options, status *st)
{
    phonemizer *p = phoneme_open_begin(options, st);
    for (int i = 0; p && i < PHONEME_PARTS; i++) phoneme_open_part(p, options, i);
    return p ? phoneme_open_end(p, options, st) : NULL;
}

void phoneme_close(phonemizer *p)
{
    if (!p) return;
    phoneme_chain_close(&p->chain);
    word_table_close(p->own);
    alloc_free(p);
}

size_t phoneme_ids(const phonemizer *p, const char *phonemes, int64_t *ids, size_t room)
{
    size_t n = 0;
    if (n < room) ids[n] = 0;
    n++;
    uint32_t c;
    for (size_t size = strlen(phonemes), i = 0; i < size;) {
        i += unicode_decode(phonemes + i, size - i, &c);
        const vocabulary_entry *e = vocabulary_place(p, c);
        if (!e->symbol) continue;
        if (n < room) ids[n] = e->id;
        n++;
    }
    if (n < room) ids[n] = 0;
    return n + 1;
}

bool phoneme_uses_espeak(const phonemizer *p)
{
    return p->espeak;
}
