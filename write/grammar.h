/* grammar: inflection of English, German and French words.
 *
 * English: plural, article, possessive, verbs in all tenses, comparison, by rules and tables of what is irregular. German and
 * French: articles and endings by features that the writer gives (gender, case, number), verbs by rules and a table of the
 * commonest irregular ones. The ideas are those of SimpleNLG (Gatt and Reiter 2009) and RosaeNLG; tables and code are
 * written anew. Sources: Quirk et al., "A Comprehensive Grammar of the English Language", 3.2–3.20 (verbs), 5.73–5.105
 * (plurals), 7.74–7.82 (comparison); Duden 4, "Die Grammatik"; Grevisse, "Le bon usage".
 *
 * All functions may be called from any thread; words are UTF-8, in lower case where they are no names.
 */
#ifndef AIGC_WRITE_GRAMMAR_H
#define AIGC_WRITE_GRAMMAR_H

#include "write/numeral.h"

/* ---- English nouns ---- */

/* The plural; of a phrase, of its last word ("free kick" → "free kicks"; "man of the match" is the writer's to say). */
void grammar_en_plural(phrase *p, const char *noun, size_t size);
/* "a" or "an" before a word, figure or abbreviation, by how it is said. */
const char *grammar_en_article(const char *word, size_t size);
void grammar_en_possessive(phrase *p, const char *noun, size_t size, bool plural);

/* ---- verbs ---- */

typedef enum { TENSE_PRESENT, TENSE_PAST, TENSE_FUTURE, TENSE_PERFECT, TENSE_PLUPERFECT, TENSE_CONDITIONAL, TENSE_INFINITIVE, TENSE_PARTICIPLE, TENSE_GERUND } tense;
extern const char GRAMMAR_TENSES[]; /* "present, past, …" */
bool grammar_tense(const char *name, size_t size, tense *out);

typedef struct {
    tense tense;
    int person;  /* 1 to 3 */
    bool plural, negative, progressive, passive;
} verb_form;

/* The verb, given as its infinitive ("win", "take over": the first word is inflected), in this form: "has not won". */
void grammar_en_verb(phrase *p, const char *verb, size_t size, verb_form f);
/* German and French: present, past (Präteritum, imparfait), perfect, future, infinitive, participle. False: the form is not known here. */
bool grammar_de_verb(phrase *p, const char *verb, size_t size, verb_form f);
bool grammar_fr_verb(phrase *p, const char *verb, size_t size, verb_form f, gender subject);

/* ---- adjectives ---- */

void grammar_en_comparative(phrase *p, const char *adjective, size_t size, bool superlative); /* bigger, biggest; more careful */

/* ---- German and French agreement ---- */

typedef enum { CASE_NOMINATIVE, CASE_GENITIVE, CASE_DATIVE, CASE_ACCUSATIVE } grammar_case;
bool grammar_case_of(const char *name, size_t size, grammar_case *out); /* also n, g, d, a */
bool grammar_gender_of(const char *name, size_t size, gender *out);     /* m, f, n and words */

/* der, ein, kein (how: 'd', 'e', 'k') in a case; plural of ein: "". */
const char *grammar_de_article(char how, gender g, grammar_case c, bool plural);
/* An adjective's ending behind der (how 'd'), ein or kein ('e', 'k') or no article ('0'). */
void grammar_de_adjective(phrase *p, const char *adjective, size_t size, char how, gender g, grammar_case c, bool plural);
/* le, la, l', les, un, une, des, and with de and à: du, de la, de l', des, au, à la, à l', aux (before: 0, 'd', 'a'), with the space behind
 * it where there is one, for the noun that follows. */
void grammar_fr_article(phrase *p, const char *noun, size_t size, bool definite, char before, gender g, bool plural);
void grammar_fr_adjective(phrase *p, const char *adjective, size_t size, gender g, bool plural);
void grammar_fr_plural(phrase *p, const char *noun, size_t size);

/* ---- Chinese ---- */

/* The measure word for a noun: 本 for 书; 个 where none is known. */
const char *grammar_zh_measure(const char *noun, size_t size);

#endif
