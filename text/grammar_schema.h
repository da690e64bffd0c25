/* grammar_schema: JSON Schema (Draft 2020-12) as a grammar of the JSON texts that are valid under it.
 *
 * Held: type, enum, const, true and false; properties, required, additionalProperties, patternProperties, propertyNames, minProperties,
 * maxProperties; prefixItems, items, minItems, maxItems; minLength, maxLength, pattern (text/pattern.h), format (date, time, date-time, uuid,
 * email, ipv4); minimum, maximum and their exclusive forms; anyOf, oneOf where at most one branch can hold, allOf, $ref within the document
 * (recursion, too), $defs. What is asserted by another keyword of the draft is refused by name; notes (title, default …) and words that the
 * draft does not know change nothing.
 *
 * The grammar is narrower than the schema where that makes better texts: properties come in the schema's order; ones that it does not name
 * are written only where additionalProperties or patternProperties are given, and items behind prefixItems only where items is;
 * a schema without a type that speaks of properties is an object, of items an array, and so on; numbers have at most 15 digits.
 * Texts have ", " and ": " between their parts and no other white space.
 */
#ifndef AIGC_TEXT_GRAMMAR_SCHEMA_H
#define AIGC_TEXT_GRAMMAR_SCHEMA_H

#include "text/grammar.h"

/* Reads size bytes of JSON into g and sets its root. STATUS_USAGE says where (a JSON pointer) and what in st, which is g's own. name: for
 * messages. */
bool grammar_read_schema(grammar *g, const char *text, size_t size, const char *name, status *st);

#endif
