/* half: one number between f32 and the 16-bit formats, bit by bit (IEEE 754 binary16; bfloat16 is f32's upper half).
 * Both ways round to nearest, ties to even. Kernels convert whole rows faster; this is the truth they are held against.
 */
#ifndef AIGC_CORE_HALF_H
#define AIGC_CORE_HALF_H

#include <stdint.h>
#include <string.h>

static inline float half_float_of_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint32_t half_bits_of_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static inline float half_from_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = (uint32_t)(h & 0x7FFF) << 13;
    if ((h & 0x7C00) == 0x7C00) return half_float_of_bits(sign | rest | 0x7F800000); /* infinity, NaN */
    /* 2¹¹² moves the exponent's bias from 15 to 127; subnormal numbers come out exact. */
    return half_float_of_bits(sign | half_bits_of_float(half_float_of_bits(rest) * 0x1p112f));
}

static inline uint16_t half_to_f16(float f)
{
    uint32_t bits = half_bits_of_float(f), rest = bits & 0x7FFFFFFF;
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    if (rest > 0x7F800000) return (uint16_t)(sign | 0x7E00 | (rest >> 13 & 0x3FF)); /* NaN */
    if (rest >= 0x477FF000) return sign | 0x7C00;                                   /* 65520 and above */
    if (rest < 0x38800000) /* below 2⁻¹⁴: adding 0.5 rounds to the multiple of 2⁻²⁴ and leaves it in the low bits */
        return (uint16_t)(sign | (half_bits_of_float(half_float_of_bits(rest) + 0.5F) - 0x3F000000));
    return (uint16_t)(sign | (rest - 0x38000000 + 0xFFF + (rest >> 13 & 1)) >> 13);
}

static inline float half_from_bf16(uint16_t h) { return half_float_of_bits((uint32_t)h << 16); }

static inline uint16_t half_to_bf16(float f)
{
    uint32_t bits = half_bits_of_float(f);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40); /* a NaN stays one */
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

#endif
