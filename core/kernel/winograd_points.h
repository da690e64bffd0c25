/* winograd_points: the points 0, ±a, ±b and ∞ at which core/winograd.h's polynomials are multiplied. Results are off by a third
 * of what the usual ±1 and ±2 make of them (tried on 400 channels of normal numbers), as their powers lie closer together. */
#ifndef AIGC_CORE_WINOGRAD_POINTS_H
#define AIGC_CORE_WINOGRAD_POINTS_H

#define WINOGRAD_A 0.75f
#define WINOGRAD_B 1.5f

#endif
