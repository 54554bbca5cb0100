/* Speed of exact Shapley values of one pair: a typical one, in which nine properties differ, and
 * one in which all 29 do. One JSON line each; ratio = microseconds / limit, so anything above 1 is
 * too slow. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <prefdissect/prefdissect.h>

#include "core/pool.h"
#include "core/rng.h"

enum { K = 29, RUNS = 2000 };

static double best_of(int players) {
    double part[K], phi[K], best = INFINITY;
    pdx__rng rng;
    pdx__rng_init(&rng, 1, 0);
    for (int j = 0; j < K; ++j) part[j] = j < players ? 0.3 * pdx__rng_normal(&rng) : 0;
    for (int run = 0; run < RUNS; ++run) {
        double start = pdx__seconds();
        if (pdx_shapley(K, part, 0, phi) != PDX_OK) exit(1);
        best = fmin(best, pdx__seconds() - start);
    }
    return 1e6 * best;
}

int main(void) {
    static const struct {
        int players;
        double limit;
    } cases[] = {{9, 25}, {K, 40}};
    for (size_t i = 0; i < 2; ++i) {
        double taken = best_of(cases[i].players);
        printf("{\"bench\":\"shapley\",\"players\":%d,\"microseconds\":%.2f,\"limit\":%g,"
               "\"ratio\":%.3f}\n",
               cases[i].players, taken, cases[i].limit, taken / cases[i].limit);
    }
    return 0;
}
