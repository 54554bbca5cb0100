/* Fits with ties as an outcome beside the plain fit of the same pairs without their ties, each with
 * its certificate and all summaries. One JSON line each; limit: 10 ms. */
#include <math.h>
#include <prefdissect/prefdissect.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bayes/cut.h"
#include "core/rng.h"

enum { D = 29, MOST = 1418 };

static int8_t x[MOST * D], decided_x[MOST * D];
static double y[MOST], decided_y[MOST];

/* Comparisons with 70 % zeros; outcomes of Davidson's model, 25 % ties between equals. Returns the
 * number of verdicts, which come first in decided_*. */
static int64_t simulate(int64_t n) {
    pdx__rng rng;
    double weight[D];
    int64_t decided = 0;
    pdx__rng_init(&rng, 7, (uint64_t)n);
    for (int k = 0; k < D; ++k) weight[k] = pdx__rng_laplace(&rng, 0.2);
    for (int64_t i = 0; i < n; ++i) {
        double eta = 0, common = pdx__rng_normal(&rng), p[3];
        for (int k = 0; k < D; ++k) {
            double draw = 0.5 * common + 0.87 * pdx__rng_normal(&rng);
            x[i * D + k] = (int8_t)((draw > 1.04) - (draw < -1.04));
            eta += weight[k] * x[i * D + k];
        }
        pdx__cut_outcomes(PDX_TIES_DAVIDSON, log(1.0 / 3), eta, p);
        const double u = pdx__rng_uniform(&rng);
        y[i] = u < p[0] ? 1 : u < p[0] + p[1] ? 0.5 : 0;
        if (y[i] == 0.5) continue;
        for (int k = 0; k < D; ++k) decided_x[decided * D + k] = x[i * D + k];
        decided_y[decided++] = y[i];
    }
    return decided;
}

/* Of one thread: fits run on the caller's. */
static double cpu_seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

/* Processor milliseconds of the fastest of several fits. */
static double milliseconds(int32_t model, int64_t n, const int8_t *rows_x, const double *rows_y,
                           double *ess) {
    pdx_rows rows = {.size = sizeof rows, .d = D, .n = n, .x_int8 = rows_x, .y = rows_y};
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.ties = model;
    options.predict = 0;
    options.threads = 1;
    double best = INFINITY, start = cpu_seconds();
    do {
        pdx_posterior *fit;
        pdx_certificate certificate;
        double from = cpu_seconds();
        if (pdx_fit_rows(&fit, &rows, &options) != PDX_OK) exit(1);
        best = fmin(best, 1e3 * (cpu_seconds() - from));
        if (pdx_posterior_certificate(fit, &certificate) != PDX_OK) exit(1);
        *ess = certificate.ess_fraction;
        pdx_posterior_free(fit);
    } while (cpu_seconds() - start < 0.3);
    return best;
}

int main(void) {
    static const int64_t sizes[] = {120, 400, 820, 1418};
    for (int i = 0; i < 4; ++i) {
        double ess[3];
        int64_t n = sizes[i], decided = simulate(n);
        double plain = milliseconds(PDX_TIES_DROP, decided, decided_x, decided_y, &ess[0]);
        double ordinal = milliseconds(PDX_TIES_ORDINAL, n, x, y, &ess[1]);
        double davidson = milliseconds(PDX_TIES_DAVIDSON, n, x, y, &ess[2]);
        printf("{\"benchmark\":\"ties\",\"rows\":%lld,\"ties\":%lld,\"plain_ms\":%.2f,"
               "\"ordinal_ms\":%.2f,\"davidson_ms\":%.2f,\"ordinal_over_plain\":%.1f,"
               "\"davidson_over_plain\":%.1f,\"ess\":[%.4f,%.4f,%.4f],\"ratio\":%.2f}\n",
               (long long)n, (long long)(n - decided), plain, ordinal, davidson, ordinal / plain,
               davidson / plain, ess[0], ess[1], ess[2], fmax(ordinal, davidson) / 10);
    }
    return 0;
}
