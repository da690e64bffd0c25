/* locale: how numbers, money and measures are written in English (en-GB, en-US), German, French and Chinese.
 *
 * Sources: Unicode CLDR 42 for separators, orders and names of months and days; The Guardian and The Economist style guides
 * for when a number is a word; SI Brochure, 9th edition, 5.4 for spaces before units.
 */
#ifndef AIGC_WRITE_LOCALE_H
#define AIGC_WRITE_LOCALE_H

#include <stdint.h>

#include "write/phrase.h"

typedef enum { LANGUAGE_EN, LANGUAGE_DE, LANGUAGE_FR, LANGUAGE_ZH } language;

typedef struct {
    const char *name;  /* "en-GB" */
    language language;
    const char *group, *point; /* 1,234.5 */
    int64_t words_to;  /* numbers up to this are words in running text */
    bool american;     /* no "and" in numbers, month before day, serial comma */
} locale;

/* By its name, or that of the language alone (en, de, fr, zh); NULL: none. */
const locale *locale_find(const char *name);
extern const char LOCALE_NAMES[]; /* "en-GB, en-US, …" */

/* The decimal x rounded to `places` digits behind the point (half away from zero, of the decimal digits that the value
 * prints as), with groups; places −1: as many as it has, at most 15 digits in all. A minus is U+2212 where `typographic`. */
void locale_number(phrase *p, const locale *l, double x, int places, bool grouped);
void locale_integer(phrase *p, const locale *l, int64_t n, bool grouped);

/* x rounded to `places` decimal digits as a person does it: half away from zero of what is written. Exact for what prints
 * with 15 digits. */
double locale_round(double x, int places);

/* Money: "£1,234.50", "1.234,50 €", "1,234.50元"; currency is an ISO 4217 code; whole: no cents where there are none; unknown codes stand as they
 * are before or behind. places −1: the currency's own. */
void locale_money(phrase *p, const locale *l, double x, const char *currency, int places, bool whole);

/* A measure with its unit: the symbol ("12 km"), or spelled and agreeing ("12 kilometres", "one kilometre"). False: the unit
 * is not known; then nothing is added. */
bool locale_unit(phrase *p, const locale *l, const char *number, bool one, const char *unit, bool spelled);

/* A large number told by its first digits: "1.2 million". exact is set when nothing was rounded away. False: it is below a
 * million (Chinese: 10,000), so nothing is added. */
bool locale_large(phrase *p, const locale *l, double x, int digits, bool *exact);

#endif
