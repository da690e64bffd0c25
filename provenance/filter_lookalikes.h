/* filter_lookalikes: characters that look like Latin letters and digits, for provenance/filter_view.c.
 *
 * Source: Unicode Technical Standard 39, confusables; tests/golden/gen_lookalikes.py writes the table.
 */
#ifndef AIGC_PROVENANCE_FILTER_LOOKALIKES_H
#define AIGC_PROVENANCE_FILTER_LOOKALIKES_H

#include <stddef.h>
#include <stdint.h>

enum {
    LOOKALIKE_WEAK = 1, /* taken for that letter among Latin ones alone: но is no ho */
    LOOKALIKE_EITHER,   /* it is an I as well as the l that stands here */
};

typedef struct {
    uint32_t character; /* left as it is by NFKD */
    char letters[4];    /* in lower case */
    uint8_t how;
} filter_lookalike;

/* In the order of their characters. */
extern const filter_lookalike filter_lookalikes[];
extern const size_t filter_lookalike_count;

#endif
