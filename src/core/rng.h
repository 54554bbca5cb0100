/* Random numbers: xoshiro256++ seeded by splitmix64 from (seed, stream), so that task i of a job
 * draws the same numbers whichever thread runs it. Blackman & Vigna 2021, ACM TOMS 47:36. */
#ifndef PDX_CORE_RNG_H
#define PDX_CORE_RNG_H

#include <stdint.h>

typedef struct pdx__rng {
    uint64_t s[4];
} pdx__rng;

void pdx__rng_init(pdx__rng *rng, uint64_t seed, uint64_t stream);
uint64_t pdx__rng_next(pdx__rng *rng);
double pdx__rng_uniform(pdx__rng *rng);             /* in (0, 1), never 0 or 1 */
uint64_t pdx__rng_below(pdx__rng *rng, uint64_t n); /* in [0, n), unbiased; n > 0 */
double pdx__rng_normal(pdx__rng *rng);              /* mean 0, sd 1 */
double pdx__rng_laplace(pdx__rng *rng, double b);   /* density exp(-|x|/b)/(2b) */

#endif
