/* xoshiro256++ and the distributions that the library draws from. */
#include "rng.h"

#include <math.h>

static uint64_t splitmix(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void pdx__rng_init(pdx__rng *rng, uint64_t seed, uint64_t stream) {
    uint64_t a = seed, b = stream ^ 0xd1342543de82ef95u;
    for (int i = 0; i < 4; ++i) rng->s[i] = splitmix(&a) ^ splitmix(&b);
    if (!(rng->s[0] | rng->s[1] | rng->s[2] | rng->s[3])) rng->s[0] = 1;
    for (int i = 0; i < 8; ++i) pdx__rng_next(rng);
}

static uint64_t rotate(uint64_t x, int k) { return x << k | x >> (64 - k); }

uint64_t pdx__rng_next(pdx__rng *rng) {
    uint64_t *s = rng->s, result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double pdx__rng_uniform(pdx__rng *rng) {
    return ((double)(pdx__rng_next(rng) >> 12) + 0.5) * 0x1p-52;
}

uint64_t pdx__rng_below(pdx__rng *rng, uint64_t n) {
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, value;
    do value = pdx__rng_next(rng);
    while (value >= limit);
    return value % n;
}

double pdx__rng_normal(pdx__rng *rng) {
    double radius = sqrt(-2 * log(pdx__rng_uniform(rng)));
    return radius * cos(6.283185307179586 * pdx__rng_uniform(rng));
}

double pdx__rng_laplace(pdx__rng *rng, double b) {
    double u = pdx__rng_uniform(rng) - 0.5;
    return u < 0 ? b * log1p(2 * u) : -b * log1p(-2 * u);
}
