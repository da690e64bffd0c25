/* numeral: numbers as words in English, German, French and Chinese: cardinals, ordinals, how often, fractions.
 *
 * Whole numbers up to 10^15; beyond, and for other languages' sake never wrong: false, with nothing added, where a number has no
 * words here. Sources: the grammars' own rules (Duden; Le bon usage, traditional hyphens below a hundred; 现代汉语 for 两 and 零).
 */
#ifndef AIGC_WRITE_NUMERAL_H
#define AIGC_WRITE_NUMERAL_H

#include "write/locale.h"

/* German and French gender; NEUTER is German alone. COUNTING: the number by itself (eins, un). */
typedef enum { GENDER_COUNTING, GENDER_MASCULINE, GENDER_FEMININE, GENDER_NEUTER } gender;

bool numeral_cardinal(phrase *p, const locale *l, int64_t n, gender g);
/* A decimal number, digit by digit behind the point: "three point one four". places as for locale_number. */
bool numeral_decimal(phrase *p, const locale *l, double x, int places);
bool numeral_ordinal(phrase *p, const locale *l, int64_t n, gender g); /* third, dritte, troisième, 第三 */
void numeral_ordinal_figures(phrase *p, const locale *l, int64_t n, gender g); /* 3rd, 3., 3e, 第3 */
bool numeral_times(phrase *p, const locale *l, int64_t n); /* once, twice, three times */

#endif
