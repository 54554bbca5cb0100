/* Scrambled Sobol points. */
#ifndef PDX_BAYES_SOBOL_H
#define PDX_BAYES_SOBOL_H

#include "core/rng.h"

enum { PDX__SOBOL_DIMENSIONS = 161, PDX__SOBOL_BITS = 24 };

/* u[k * stride + i], k < d, i < count <= 2^24: the first `count` points of one randomisation (a
 * random lower triangular matrix and a digital shift, drawn from rng), in (0, 1). Coordinates
 * beyond PDX__SOBOL_DIMENSIONS are plain random numbers. The same `rng` state gives the same
 * points. */
void pdx__sobol_points(double *u, int64_t stride, int32_t d, int64_t count, pdx__rng *rng);

#endif
