#include "audio/pronounce.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "audio/unicode.h"
#include "core/utf8.h"

static const char PRIMARY[] = "ˈ", SECONDARY[] = "ˌ";

static bool is_any(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || (c && strcmp(word, c) == 0);
}

static bool tag_is(const char *tag, const char *name)
{
    return tag && strcmp(tag, name) == 0;
}

/* ---- symbols and stress ---- */

static bool in_set(const char *set, uint32_t c)
{
    for (size_t size = strlen(set); size > 0;) {
        uint32_t member;
        size_t n = unicode_decode(set, size, &member);
        if (member == c) return true;
        set += n;
        size -= n;
    }
    return false;
}

bool pronounce_is_vowel(uint32_t c)
{
    return in_set("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ", c);
}
bool pronounce_is_consonant(uint32_t c)
{
    return in_set("bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ", c);
}

static bool has_vowel(const char *phonemes)
{
    uint32_t c;
    for (size_t size = strlen(phonemes), i = 0; i < size;) {
        i += unicode_decode(phonemes + i, size - i, &c);
        if (pronounce_is_vowel(c)) return true;
    }
    return false;
}

int pronounce_weight(const char *phonemes)
{
    int weight = 0;
    uint32_t c;
    for (size_t size = strlen(phonemes), i = 0; i < size;) {
        i += unicode_decode(phonemes + i, size - i, &c);
        weight += in_set("AIOQWYʤʧ", c) ? 2 : 1;
    }
    return weight;
}

/* a + b in the arena; NULL when either is or memory is out. */
static const char *join(const pronouncer *p, const char *a, const char *b)
{
    if (!a || !b) return NULL;
    size_t n = strlen(a), m = strlen(b);
    char *s = arena_alloc(p->mem, n + m + 1, p->st);
    if (!s) return NULL;
    memcpy(s, a, n);
    memcpy(s + n, b, m + 1);
    return s;
}

/* The first `size` bytes of text. */
static const char *part(const pronouncer *p, const char *text, size_t size)
{
    char *s = arena_alloc(p->mem, size + 1, p->st);
    if (!s) return NULL;
    memcpy(s, text, size);
    s[size] = 0;
    return s;
}

/* phonemes with each mark `from` replaced by `to` ("" removes it), and the marks `drop` removed first. Marks have two
 * bytes. */
static const char *change_marks(const pronouncer *p, const char *phonemes, const char *from, const char *to,
                                const char *drop)
{
    size_t size = strlen(phonemes), used = 0, n = strlen(to);
    char *out = arena_alloc(p->mem, size + 1, p->st);
    if (!out) return NULL;
    for (size_t i = 0; i < size;) {
        if (drop && strncmp(phonemes + i, drop, 2) == 0) {
            i += 2;
        } else if (strncmp(phonemes + i, from, 2) == 0) {
            memcpy(out + used, to, n);
            used += n;
            i += 2;
        } else {
            out[used++] = phonemes[i++];
        }
    }
    out[used] = 0;
    return out;
}

static const char *mark_first_vowel(const pronouncer *p, const char *phonemes, const char *mark)
{
    size_t size = strlen(phonemes), at = 0;
    uint32_t c = 0;
    while (at < size) {
        size_t n = unicode_decode(phonemes + at, size - at, &c);
        if (pronounce_is_vowel(c)) break;
        at += n;
    }
    return join(p, part(p, phonemes, at), join(p, mark, phonemes + at));
}

const char *pronounce_restress(const pronouncer *p, const char *phonemes, pronounce_stress stress)
{
    if (!phonemes || stress == STRESS_KEEP) return phonemes;
    bool primary = strstr(phonemes, PRIMARY) != NULL, secondary = strstr(phonemes, SECONDARY) != NULL;
    if (stress < STRESS_LOWER) return change_marks(p, phonemes, PRIMARY, "", SECONDARY);
    if (stress == STRESS_LOWER || ((stress == STRESS_ZERO || stress == STRESS_LOWER_HALF) && primary))
        return change_marks(p, phonemes, PRIMARY, SECONDARY, SECONDARY);
    if (stress >= STRESS_ZERO && stress <= STRESS_ONE && !primary && !secondary)
        return has_vowel(phonemes) ? mark_first_vowel(p, phonemes, SECONDARY) : phonemes;
    if (stress >= STRESS_ONE && !primary && secondary) return change_marks(p, phonemes, SECONDARY, PRIMARY, NULL);
    if (stress > STRESS_ONE && !primary && !secondary)
        return has_vowel(phonemes) ? mark_first_vowel(p, phonemes, PRIMARY) : phonemes;
    return phonemes;
}

/* ---- words ---- */

/* A word in lower or upper case. */
static const char *with_case(const pronouncer *p, const char *word, uint32_t (*map)(uint32_t))
{
    size_t size = strlen(word), used = 0;
    char *out = arena_alloc(p->mem, size * 2 + 1, p->st); /* a letter's other case takes at most twice the bytes */
    if (!out) return NULL;
    uint32_t c;
    for (size_t i = 0; i < size;) {
        i += unicode_decode(word + i, size - i, &c);
        char one[4];
        size_t n = utf8_encode(map(c), one);
        if (used + n > size * 2) break;
        memcpy(out + used, one, n);
        used += n;
    }
    out[used] = 0;
    return out;
}

static const char *lower(const pronouncer *p, const char *word)
{
    return with_case(p, word, unicode_lower);
}

/* Whether all characters satisfy `is` and there is one. */
static bool all(const char *word, bool (*is)(uint32_t))
{
    size_t size = strlen(word);
    uint32_t c;
    for (size_t i = 0; i < size;) {
        i += unicode_decode(word + i, size - i, &c);
        if (!is(c)) return false;
    }
    return size > 0;
}

static bool not_lower(uint32_t c)
{
    return unicode_upper(c) == c;
}
static bool not_upper(uint32_t c)
{
    return unicode_lower(c) == c;
}
static bool is_upper_case(const char *word)
{
    return !word[0] || all(word, not_lower);
} /* word == its upper case */
static bool is_lower_case(const char *word)
{
    return !word[0] || all(word, not_upper);
}
static bool is_ascii_letter(uint32_t c)
{
    return c < 0x80 && unicode_is_letter(c);
}
static bool letter_or(uint32_t c, uint32_t other)
{
    return c == other || unicode_is_letter(c);
}
static bool letter_or_apostrophe(uint32_t c)
{
    return letter_or(c, '\'');
}
static bool letter_or_stop(uint32_t c)
{
    return letter_or(c, '.');
}

static bool has(const lexicon *l, const char *word)
{
    return lexicon_has(l, word, strlen(word));
}
static bool in_either(const pronouncer *p, const char *word)
{
    return has(p->gold, word) || has(p->silver, word);
}

static const char *gold(const pronouncer *p, const char *word, const char *tag)
{
    lexicon_reading r;
    if (!lexicon_find(p->gold, word, strlen(word), tag, false, &r) || !r.phonemes) return NULL;
    return part(p, r.phonemes, r.size);
}

const char *pronounce_letters(const pronouncer *p, const char *word)
{
    size_t size = strlen(word), room = 1, used = 0;
    uint32_t c;
    for (size_t i = 0; i < size; room += 24) i += unicode_decode(word + i, size - i, &c);
    char *names = arena_alloc(p->mem, room, p->st), one[5];
    if (!names) return NULL;
    for (size_t i = 0; i < size;) {
        i += unicode_decode(word + i, size - i, &c);
        if (!unicode_is_letter(c)) continue;
        one[utf8_encode(unicode_upper(c), one)] = 0;
        lexicon_reading r;
        if (!lexicon_find(p->gold, one, strlen(one), NULL, false, &r) || !r.phonemes || used + r.size >= room)
            return NULL;
        memcpy(names + used, r.phonemes, r.size);
        used += r.size;
    }
    names[used] = 0;
    /* Every name lightly stressed but the last, which carries the word. */
    const char *even = pronounce_restress(p, names, STRESS_ZERO), *last = NULL;
    if (!even) return NULL;
    for (const char *s = strstr(even, SECONDARY); s; s = strstr(s + 1, SECONDARY)) last = s;
    return last ? join(p, part(p, even, (size_t)(last - even)), join(p, PRIMARY, last + strlen(SECONDARY))) : even;
}

/* The dictionaries' answer for a word that is_known. neighbours: whether what follows may choose among readings. */
static const char *look_up(const pronouncer *p, const char *word, const char *tag, pronounce_stress stress,
                           bool neighbours)
{
    bool name = false;
    if (is_upper_case(word) && !has(p->gold, word)) {
        word = lower(p, word);
        if (!word) return NULL;
        name = tag_is(tag, "NNP");
    }
    bool clause_end = neighbours && p->next == NEXT_UNKNOWN;
    lexicon_reading r = {0};
    bool found = lexicon_find(p->gold, word, strlen(word), tag, clause_end, &r);
    if (!found && !name) lexicon_find(p->silver, word, strlen(word), tag, clause_end, &r);
    const char *phonemes = r.phonemes ? part(p, r.phonemes, r.size) : NULL;
    if (!phonemes || (name && !strstr(phonemes, PRIMARY))) {
        const char *spelt = pronounce_letters(p, word);
        if (spelt) return spelt;
    }
    return pronounce_restress(p, phonemes, stress);
}

const char *pronounce_plain(const pronouncer *p, const char *word, pronounce_stress stress)
{
    return in_either(p, word) ? look_up(p, word, NULL, stress, false) : NULL;
}

static bool is_symbol(const char *word)
{
    return word[0] && !word[1] && strchr("%&+@", word[0]);
}

static bool is_known(const pronouncer *p, const char *word)
{
    if (is_symbol(word) || in_either(p, word)) return true;
    if (!all(word, is_ascii_letter)) return false;
    if (strlen(word) == 1) return true;
    if (is_upper_case(word)) {
        const char *small = lower(p, word);
        if (small && has(p->gold, small)) return true;
    }
    return is_upper_case(word + 1);
}

/* ---- inflections ---- */

static uint32_t last_symbol(const char *phonemes, uint32_t *before)
{
    size_t at;
    uint32_t c = unicode_before(phonemes, strlen(phonemes), &at);
    if (before) *before = unicode_before(phonemes, at, NULL);
    return c;
}

/* Vowels after which an American t between vowels is a flap. */
static bool flaps(uint32_t c)
{
    return in_set("AIOWYiuæɑəɛɪɹʊʌ", c);
}

static const char *add_s(const pronouncer *p, const char *stem)
{
    if (!stem || !stem[0]) return NULL;
    uint32_t last = last_symbol(stem, NULL);
    if (in_set("ptkfθ", last)) return join(p, stem, "s");
    if (in_set("szʃʒʧʤ", last)) return join(p, stem, p->british ? "ɪz" : "ᵻz");
    return join(p, stem, "z");
}

static const char *add_ed(const pronouncer *p, const char *stem)
{
    if (!stem || !stem[0]) return NULL;
    uint32_t before, last = last_symbol(stem, &before);
    if (in_set("pkfθʃsʧ", last)) return join(p, stem, "t");
    if (last == 'd') return join(p, stem, p->british ? "ɪd" : "ᵻd");
    if (last != 't') return join(p, stem, "d");
    if (p->british || strlen(stem) < 2) return join(p, stem, "ɪd");
    if (flaps(before)) return join(p, part(p, stem, strlen(stem) - 1), "ɾᵻd");
    return join(p, stem, "ᵻd");
}

static const char *add_ing(const pronouncer *p, const char *stem)
{
    if (!stem || !stem[0]) return NULL;
    uint32_t before, last = last_symbol(stem, &before);
    if (p->british) {
        if (in_set("əː", last)) return NULL; /* would need an r between */
    } else if (last == 't' && before && flaps(before)) {
        return join(p, part(p, stem, strlen(stem) - 1), "ɾɪŋ");
    }
    return join(p, stem, "ɪŋ");
}

static bool ends(const char *word, const char *ending)
{
    size_t n = strlen(word), m = strlen(ending);
    return n >= m && memcmp(word + n - m, ending, m) == 0;
}

/* The word without its last `cut` bytes and with `add`, when that is a known word. */
static const char *known_stem(const pronouncer *p, const char *word, size_t cut, const char *add)
{
    const char *stem = part(p, word, strlen(word) - cut);
    if (stem && add[0]) stem = join(p, stem, add);
    return stem && is_known(p, stem) ? stem : NULL;
}

static const char *plural(const pronouncer *p, const char *word, const char *tag, pronounce_stress stress)
{
    size_t n = strlen(word);
    if (n < 3 || !ends(word, "s")) return NULL;
    const char *stem = ends(word, "ss") ? NULL : known_stem(p, word, 1, "");
    if (!stem && (ends(word, "'s") || (n > 4 && ends(word, "es") && !ends(word, "ies"))))
        stem = known_stem(p, word, 2, "");
    if (!stem && n > 4 && ends(word, "ies")) stem = known_stem(p, word, 3, "y");
    return stem ? add_s(p, look_up(p, stem, tag, stress, true)) : NULL;
}

static const char *past(const pronouncer *p, const char *word, const char *tag, pronounce_stress stress)
{
    size_t n = strlen(word);
    if (n < 4 || !ends(word, "d")) return NULL;
    const char *stem = ends(word, "dd") ? NULL : known_stem(p, word, 1, "");
    if (!stem && n > 4 && ends(word, "ed") && !ends(word, "eed")) stem = known_stem(p, word, 2, "");
    return stem ? add_ed(p, look_up(p, stem, tag, stress, true)) : NULL;
}

/* running, mimicking: the consonant was doubled, or a k added. */
static bool doubles(const char *word)
{
    size_t n = strlen(word);
    if (n < 5) return false;
    char a = word[n - 5], b = word[n - 4];
    return (a == b && strchr("bcdgklmnprstvxz", a)) || (a == 'c' && b == 'k');
}

static const char *gerund(const pronouncer *p, const char *word, const char *tag, pronounce_stress stress)
{
    size_t n = strlen(word);
    if (n < 5 || !ends(word, "ing")) return NULL;
    const char *stem = n > 5 ? known_stem(p, word, 3, "") : NULL;
    if (!stem) stem = known_stem(p, word, 3, "e");
    if (!stem && n > 5 && doubles(word)) stem = known_stem(p, word, 4, "");
    return stem ? add_ing(p, look_up(p, stem, tag, stress, true)) : NULL;
}

/* ---- words with rules of their own ---- */

/* Initials such as U.S. or a.m: letters and stops inside, no run of three letters. */
static bool is_initials(const char *word)
{
    if (!all(word, letter_or_stop)) return false;
    size_t from = strspn(word, "."), to = strlen(word), run = 0, letters = 0;
    while (to > from && word[to - 1] == '.') to--;
    if (!memchr(word + from, '.', to - from)) return false;
    uint32_t c;
    for (size_t i = 0, size = strlen(word); i < size;) {
        i += unicode_decode(word + i, size - i, &c);
        run = c == '.' ? 0 : run + 1;
        letters += c != '.';
        if (run > 2) return false;
    }
    return letters > 0;
}

static const char *special(const pronouncer *p, const char *word, const char *tag, pronounce_stress stress)
{
    bool noun = tag && strncmp(tag, "NN", 2) == 0;
    if (tag_is(tag, "ADD") && is_any(word, ".", "/", NULL))
        return look_up(p, word[0] == '.' ? "dot" : "slash", NULL, STRESS_LOWER_HALF, true);
    if (is_symbol(word))
        return look_up(p,
                       word[0] == '%'   ? "percent"
                       : word[0] == '&' ? "and"
                       : word[0] == '+' ? "plus"
                                        : "at",
                       NULL, STRESS_KEEP, true);
    if (is_initials(word)) return pronounce_letters(p, word);
    if (is_any(word, "a", "A", NULL)) return tag_is(tag, "DT") ? "ɐ" : "ˈA";
    if (is_any(word, "am", "Am", "AM")) {
        if (noun) return pronounce_letters(p, word);
        bool plain = strcmp(word, "am") == 0 && p->next != NEXT_UNKNOWN && !(stress != STRESS_KEEP && stress > 0);
        return plain ? "ɐm" : gold(p, "am", NULL);
    }
    if (is_any(word, "an", "An", "AN")) return strcmp(word, "AN") == 0 && noun ? pronounce_letters(p, word) : "ɐn";
    if (strcmp(word, "I") == 0 && tag_is(tag, "PRP")) return "ˌI";
    if (is_any(word, "by", "By", "BY") && tag && strcmp(lexicon_coarse_tag(tag), "ADV") == 0) return "bˈI";
    if (is_any(word, "to", "To", NULL) || (strcmp(word, "TO") == 0 && (tag_is(tag, "TO") || tag_is(tag, "IN"))))
        return p->next == NEXT_UNKNOWN ? gold(p, "to", NULL) : p->next == NEXT_VOWEL ? "tʊ" : "tə";
    if (is_any(word, "in", "In", NULL) || (strcmp(word, "IN") == 0 && !tag_is(tag, "NNP")))
        return p->next == NEXT_UNKNOWN || !tag_is(tag, "IN") ? "ˈɪn" : "ɪn";
    if (is_any(word, "the", "The", NULL) || (strcmp(word, "THE") == 0 && tag_is(tag, "DT")))
        return p->next == NEXT_VOWEL ? "ði" : "ðə";
    if (tag_is(tag, "IN") && (strcasecmp(word, "vs") == 0 || strcasecmp(word, "vs.") == 0))
        return look_up(p, "versus", NULL, STRESS_KEEP, true);
    if (is_any(word, "used", "Used", "USED"))
        return gold(p, "used", p->next_is_to && (tag_is(tag, "VBD") || tag_is(tag, "JJ")) ? "VBD" : NULL);
    return NULL;
}

/* Whether a word with capitals is better looked up small: Walked at a sentence's start, SHOUTED. */
static bool reads_small(const pronouncer *p, const char *word, const char *small, const char *tag,
                        pronounce_stress stress)
{
    if (unicode_length(word, strlen(word)) < 2 || !all(word, letter_or_apostrophe) || is_lower_case(word)) return false;
    if (tag_is(tag, "NNP") && unicode_length(word, strlen(word)) <= 7) return false;
    if (in_either(p, word)) return false;
    uint32_t first;
    size_t n = unicode_decode(word, strlen(word), &first);
    if (!is_upper_case(word) && !is_lower_case(word + n)) return false;
    return in_either(p, small) || plural(p, small, tag, stress) || past(p, small, tag, stress) ||
           gerund(p, small, tag, stress);
}

static const char *word_phonemes(const pronouncer *p, const char *word, const char *tag, pronounce_stress stress)
{
    const char *phonemes = special(p, word, tag, stress);
    if (phonemes) return phonemes;
    const char *small = lower(p, word);
    if (!small) return NULL;
    if (reads_small(p, word, small, tag, stress)) word = small;
    if (is_known(p, word)) return look_up(p, word, tag, stress, true);
    const char *stem = ends(word, "s'") ? known_stem(p, word, 2, "'s") : NULL;
    if (!stem && ends(word, "'")) stem = known_stem(p, word, 1, "");
    if (stem) return look_up(p, stem, tag, stress, true);
    phonemes = plural(p, word, tag, stress);
    if (!phonemes) phonemes = past(p, word, tag, stress);
    if (!phonemes) phonemes = gerund(p, word, tag, stress == STRESS_KEEP ? STRESS_HALF : stress);
    return phonemes;
}

/* Typographic apostrophes made plain, ligatures and other compatibility forms written out, accents joined to letters.
 */
static const char *plain_form(const pronouncer *p, const char *text)
{
    size_t size = strlen(text), used = 0, last = 0;
    char *out = arena_alloc(p->mem, size * 4 + 1, p->st);
    if (!out) return NULL;
    uint32_t c, previous = 0;
    for (size_t i = 0; i < size;) {
        i += unicode_decode(text + i, size - i, &c);
        if (c == 0x2018 || c == 0x2019) c = '\'';
        char room[8];
        const char *form = unicode_compatible(c, room);
        uint32_t joined = unicode_compose(previous, c);
        if (form) {
            size_t n = strlen(form);
            memcpy(out + used, form, n);
            used += n;
            previous = 0;
            continue;
        }
        if (joined) used = last;
        last = used;
        previous = joined ? joined : c;
        used += utf8_encode(previous, out + used);
    }
    out[used] = 0;
    return out;
}

const char *pronounce_token(const pronouncer *p, const char *text, const char *tag)
{
    const char *word = plain_form(p, text);
    if (!word) return NULL;
    pronounce_stress stress = is_lower_case(word) ? STRESS_KEEP : is_upper_case(word) ? STRESS_TWO : STRESS_HALF;
    return word_phonemes(p, word, tag, stress);
}
