/* grammar_gbnf: grammars as llama.cpp writes them (GBNF; grammars/README.md there).
 *
 *     root  ::= "yes" | "no" | list{1,3}     # a comment
 *     list  ::= "[" [^\x00-\x1F\]]* "]" | .
 *
 * A rule is NAME ::= alternatives separated by |; each is a row of "literals", [classes], [^inverted ones], . (any character),
 * names and (groups), each of which may be followed by *, +, ?, {n}, {n,} or {n,m}. Escapes: \n \r \t \\ \" \[ \] \xHH
 * \uHHHH \UHHHHHHHH, all of them characters. A rule ends with its line unless that stands in a group, ends with | or ::=, or the next begins with |. The text must fit
 * the rule `root`; of two rules of one name the later counts. Tokens (<[12]>, <name>) are refused.
 */
#ifndef AIGC_TEXT_GRAMMAR_GBNF_H
#define AIGC_TEXT_GRAMMAR_GBNF_H

#include "text/grammar.h"

/* Reads size bytes into g and sets its root. STATUS_USAGE with line and column in st, which is g's own; where: for messages. */
bool grammar_read_gbnf(grammar *g, const char *text, size_t size, const char *where, status *st);

#endif
