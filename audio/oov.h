/* oov: the phonemes of words outside the vocabulary, guessed from their letters by a small network.
 *
 * A transformer over characters (Vaswani et al. 2017, pre-norm as Xiong et al. 2020): each character gives `slots` places
 * for a phoneme or a blank, and the places read in order, repeats and blanks dropped, are the pronunciation (CTC, Graves
 * et al. 2006). Files: oov.onnx with float weights or with int8 ones (per-tensor scale; activations are then quantised at
 * run time as ONNX's DynamicQuantizeLinear defines), and oov.json beside it with the alphabets.
 */
#ifndef AIGC_AUDIO_OOV_H
#define AIGC_AUDIO_OOV_H

#include <stddef.h>

#include "core/arena.h"

typedef struct oov oov;

/* path: the .onnx; the .json of the same name is read too. NULL with STATUS_INPUT when either is missing or broken. */
oov *oov_open(const char *path, status *st);
void oov_close(oov *o); /* NULL is allowed */

/* The phonemes of a word, in mem. Characters the network does not know are passed over; "" when none is left. A word
 * longer than the network takes (24 letters) is read in equal parts. NULL only when memory is out. */
const char *oov_run(const oov *o, const char *word, size_t size, arena *mem, status *st);

#endif
