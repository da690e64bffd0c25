/* abbreviation: the one list of English abbreviations, by which sentences are cut (segment) and words are read (normalize).
 */
#ifndef AIGC_AUDIO_ABBREVIATION_H
#define AIGC_AUDIO_ABBREVIATION_H

#include <stdbool.h>
#include <stddef.h>

/* When it is one. A stop is the full stop behind it. */
typedef enum {
    ABBREVIATION_ALWAYS,       /* with its stop, wherever it stands */
    ABBREVIATION_BARE,         /* the same, and without a stop */
    ABBREVIATION_NAME,         /* before a capitalised word */
    ABBREVIATION_BARE_NAME,    /* the same, and without a stop */
    ABBREVIATION_NUMBER,       /* with its stop before a digit */
    ABBREVIATION_BARE_NUMBER,  /* the same, and without a stop */
    ABBREVIATION_YEAR,         /* with its stop before four digits: b. 1950 */
    ABBREVIATION_AFTER_NUMBER, /* with its stop behind an ordinal: 2nd ed. */
    ABBREVIATION_INSIDE,       /* not at the end of the text, where the stop may be a sentence's */
    ABBREVIATION_STREET,       /* with its stop, or without one behind a name or ordinal: 42nd St */
    ABBREVIATION_WEEKDAY,      /* with its stop, or beside another day, a date or a time: Mon-Fri */
} abbreviation_condition;

typedef struct {
    const char *text, *word; /* as written, without the last stop; as said */
    abbreviation_condition when;
} abbreviation;

extern const abbreviation abbreviations[];
extern const size_t abbreviation_count;

/* Whether it stands at text, as it is or, where it begins small, with a capital at a sentence's start. */
bool abbreviation_is(const abbreviation *a, const char *text);

/* Whether a stop behind `word` belongs to it and ends no sentence, given the first character of what follows. */
bool abbreviation_goes_on(const char *word, size_t size, unsigned char next);

#endif
