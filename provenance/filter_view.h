/* filter_view: a text as those who read, hear or see it take it, whatever its characters are.
 *
 * Soft hyphens, zero widths, marks on letters, fullwidth and ringed letters, letters of other scripts that look the same: a
 * word in them is the word. What is held against a list is held against it in each of these forms.
 */
#ifndef AIGC_PROVENANCE_FILTER_VIEW_H
#define AIGC_PROVENANCE_FILTER_VIEW_H

#include <stddef.h>

#include "core/text_out.h"

typedef enum {
    FILTER_VIEW_PLAIN, /* NFKC; characters that show nothing, and bytes that are no UTF-8, left out */
    FILTER_VIEW_BARE,  /* NFKD; the marks on letters left out too, lookalikes as Latin letters, _ as a space */
    FILTER_VIEW_TALL,  /* the same with l for what looks like I and l alike, where there is such a character */
    FILTER_VIEW_SAID,  /* BARE without what a voice passes over: small letters beside letters, apostrophes within words */
    FILTER_VIEW_ALIKE, /* BARE in lower case, the same for words that look the same whichever scripts their letters are of; words of
                        * Latin letters alone get a mark, as they are taken for no others. Only of a text with other letters */
    FILTER_VIEWS,
} filter_view_kind;

/* Appends text in that form. false: out is as it was, because the text has that form already, or out->st is set. */
bool filter_view(filter_view_kind kind, const char *text, size_t size, text_out *out);

#endif
