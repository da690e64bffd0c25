/* quant_encode: the encoders of the blocks of 256. Used by quant_encode.c alone. */
#ifndef AIGC_CORE_QUANT_ENCODE_H
#define AIGC_CORE_QUANT_ENCODE_H

#include <stdbool.h>

/* One block of 256 finite numbers; false when a scale does not fit into 16 bits. */
bool quant_encode_q4_k(const float *x, unsigned char *block);
bool quant_encode_q5_k(const float *x, unsigned char *block);
bool quant_encode_q6_k(const float *x, unsigned char *block);

/* Stores a scale in 16 bits and gives back its value as stored; false when it does not fit. */
bool quant_encode_f16(float value, unsigned char *to, float *stored);

#endif
