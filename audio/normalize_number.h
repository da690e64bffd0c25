/* normalize_number: numbers in words, American style ("one hundred twenty three"), and the parsing of them.
 *
 * Also what all normalize_*.c share: the text being read and the words being written.
 */
#ifndef AIGC_AUDIO_NORMALIZE_NUMBER_H
#define AIGC_AUDIO_NORMALIZE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* The text being read; text[size] is 0. */
typedef struct {
    const char *text;
    size_t size;
    bool british;
} normalize_source;

/* Words being written. What does not fit is dropped and `full` set; then the reading is not used. */
typedef struct {
    char text[2048];
    size_t size;
    bool full;
} spoken;

void spoken_add(spoken *s, const char *word);                       /* set off by a space */
void spoken_join(spoken *s, const char *text);                      /* right behind what is there */
void spoken_add_bytes(spoken *s, const char *word, size_t size);

/* A number as written: 1,234.50. */
typedef struct {
    char whole[40];     /* digits without separators, at least one unless it begins with a point */
    char decimals[40];  /* digits behind the point */
    bool commas, point; /* commas: written with separators; point: there are decimals */
    size_t end;         /* where it ends in the text; 0: there is none */
} number_text;

/* Reads digits (with groups of three behind commas or, two groups and more, spaces; and decimals; 1.299,00 too) at i. A number of more than 36 digits is not taken. */
number_text number_parse(const normalize_source *t, size_t i);

bool number_is_one(const number_text *n);              /* 1 or 1.0: what follows is singular */
long number_small(const char *digits);                 /* its value, or −1 above 999,999,999 */

void number_cardinal(spoken *out, const char *digits);
void number_cardinal_of(spoken *out, long n);
void number_ordinal(spoken *out, const char *digits);
void number_year(spoken *out, const char *digits);     /* 1905 → nineteen oh five; four digits */
void number_digits(spoken *out, const char *digits);   /* one by one */
void number_say(spoken *out, const number_text *n);    /* cardinal with decimals; digits when it begins with a zero */

/* Digits within a name, such as the 747 of B747: two digits as a number, three as 7 47, more one by one. */
void number_code(spoken *out, const char *digits);

/* A Roman numeral of `size` letters in strict form; 0 when it is none. */
int number_roman(const char *text, size_t size);

/* The plural of the number just written: its last word as in "nineties", "sixes". */
void number_plural(spoken *out);

#endif
