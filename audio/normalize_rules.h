/* normalize_rules: the rules by which normalize.c reads one thing each.
 *
 * A rule looks at text[i …]; when that is of its kind it writes the words and returns where the thing ends, else 0 (what
 * it wrote is then thrown away). Rules look back for context, so they see the whole text.
 */
#ifndef AIGC_AUDIO_NORMALIZE_RULES_H
#define AIGC_AUDIO_NORMALIZE_RULES_H

#include <stdint.h>

#include "audio/normalize_number.h"

typedef size_t normalize_rule(const normalize_source *t, size_t i, spoken *out);

/* normalize_date.c */
normalize_rule normalize_date;      /* 3/4/2021, 2021-03-04 */
normalize_rule normalize_day_month; /* 5 January, 5th of May */
normalize_rule normalize_month_day; /* Jan. 5, January 5th */
normalize_rule normalize_time;      /* 9:30, 9:30 pm, 9am, 1:02:03, 9:00–17:30, John 3:16 */
normalize_rule normalize_duration;  /* 2h 30m, 5m 20s */

/* normalize_address.c */
normalize_rule normalize_phone;     /* (555) 123-4567, 123-45-6789 */
normalize_rule normalize_address;   /* web and mail addresses, IP numbers, file names */
normalize_rule normalize_tag;       /* #ThisTag, #5, @somebody */

/* normalize_money.c */
normalize_rule normalize_money;     /* $5.20, 5 €, US$3 million, 50¢, a $20 bill */

/* normalize_measure.c */
normalize_rule normalize_height;    /* 5'10", 45°30′ */
normalize_rule normalize_fraction;  /* 3/4, 2 1/2, ½, 24/7, 120/80, 2024/25 */

/* normalize_quantity.c */
normalize_rule normalize_quantity;  /* 5 km, 20%, -3 °C, 5-10 kg, 3x4, 1990s, 21st, 3-year-old, 4K, 1,234.5, 1984 */

/* normalize_abbreviation.c */
normalize_rule normalize_abbreviation; /* Dr., approx., No. 5, p. 3, Mon-Fri */

/* normalize_name.c */
normalize_rule normalize_name;         /* IKEA, PhDs, H₂O, f(x) */
normalize_rule normalize_direction;    /* the W of 500 W 42nd St */
const char *rule_respelt(const char *word, size_t size); /* a name spelt as it is said, or NULL */

/* normalize_word.c */
normalize_rule normalize_code;         /* B52, COVID-19, MP3 */
normalize_rule normalize_roman;        /* Henry VIII, Chapter IV */
normalize_rule normalize_symbol;       /* everything that is neither letter nor digit */

/* Shared by the rules. */
uint32_t rule_before(const normalize_source *t, size_t i);            /* the character before i; 0 at the start */
uint32_t rule_at(const normalize_source *t, size_t i, size_t *size);  /* the one at i; 0 at the end */
bool rule_word(const normalize_source *t, size_t i);                  /* a letter, digit or _ is at i */
bool rule_word_before(const normalize_source *t, size_t i);
bool rule_starts(const normalize_source *t, size_t i, const char *text);        /* text stands at i */
size_t rule_letters(const normalize_source *t, size_t i);                       /* how many ASCII letters stand at i */
size_t rule_skip_space(const normalize_source *t, size_t i);                    /* past one optional space */
static inline bool rule_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool rule_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static inline bool rule_capital(char c) { return c >= 'A' && c <= 'Z'; }

/* The dash or hyphen of a range at i, with a space on both sides or on none: where the second part begins; 0: none. */
size_t rule_range_dash(const normalize_source *t, size_t i);

/* Whether the quantity text[i … end) stands before the noun that it measures, and so in the singular: "a $20 bill". */
bool rule_attributive(const normalize_source *t, size_t i, size_t end);

/* Whether an equals sign follows i before the sentence's next words: then signs are those of arithmetic. */
bool rule_in_equation(const normalize_source *t, size_t i);

/* "x" or "×" between two measures that ended and begin there: says "by", returns where the second begins; 0: none. */
size_t rule_by(const normalize_source *t, size_t i, spoken *out);

/* Whether the word is one of a list. */
bool rule_one_of(const char *word, const char *const *list, size_t count);

/* The word before the space before i, at most 31 bytes; "" when there is none. */
void rule_previous_word(const normalize_source *t, size_t i, char word[32]);

/* Which month a name at i is (1 to 12), full or short, capitalised, with its stop; 0: none. *end is past it. */
int rule_month(const normalize_source *t, size_t i, size_t *end);
extern const char *const rule_month_names[13];

/* Writes a number that a unit or noun follows; years apart, as year where it looks like one. */
void rule_say_number(spoken *out, const number_text *n, bool counts);

/* Digits above the line at i, behind a minus of theirs, or with `below` also those below it. Returns their end; 0: none. */
typedef struct {
    char digits[12];
    bool minus, lowered; /* lowered: the last is one below the line */
} raised_digits;
size_t rule_raised(const normalize_source *t, size_t i, bool below, raised_digits *out);

/* "squared", "cubed", "to the power of minus five" */
void rule_say_power(const raised_digits *power, spoken *out);

/* The length of a minus sign that belongs to the number behind it; 0: none. */
size_t rule_minus(const normalize_source *t, size_t i);

/* What the number that ended at i is of: percent, degrees, a unit. Returns its end, past an abbreviation's stop that ends no
 * sentence; 0 when nothing of that follows. one: in the singular. */
size_t rule_say_unit(const normalize_source *t, size_t i, bool one, spoken *out);

#endif
