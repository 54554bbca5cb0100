/* EP, its certificate and a NUTS of the same run, at the sizes of the original's groups, on
 * simulated ternary comparisons; and one fit of a million rows with its peak of memory. One JSON
 * line each. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bayes/fit.h"
#include "core/pool.h"
#include "core/rng.h"

enum { D = 29 };

/* Comparisons with 70 % zeros and labels from weights of the published size. */
static void simulate(int64_t n, int8_t *x, double *y) {
    pdx__rng rng;
    double weight[D];
    pdx__rng_init(&rng, 7, (uint64_t)n);
    for (int k = 0; k < D; ++k) weight[k] = pdx__rng_laplace(&rng, 0.2);
    for (int64_t i = 0; i < n; ++i) {
        double eta = 0, common = pdx__rng_normal(&rng);
        for (int k = 0; k < D; ++k) {
            double draw = 0.5 * common + 0.87 * pdx__rng_normal(&rng);
            x[i * D + k] = (int8_t)((draw > 1.04) - (draw < -1.04));
            eta += weight[k] * x[i * D + k];
        }
        y[i] = pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta));
    }
}

/* Milliseconds of the fastest of several fits. */
static double milliseconds(const pdx__problem *problem, const pdx__fit_settings *settings,
                           double budget, pdx__workspace *workspace, pdx_certificate *certificate) {
    double best = INFINITY, start = pdx__seconds();
    do {
        pdx__fit fit;
        double from = pdx__seconds();
        if (pdx__fit_problem(&fit, problem, settings, NULL, workspace) != PDX_OK) {
            fprintf(stderr, "%s\n", pdx_error_message());
            exit(1);
        }
        best = fmin(best, 1e3 * (pdx__seconds() - from));
        *certificate = fit.certificate;
        pdx__fit_free(&fit);
    } while (pdx__seconds() - start < budget);
    return best;
}

static void one_size(int64_t n, pdx__workspace *workspace) {
    static const double probs[] = {0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975};
    int8_t *x = malloc((size_t)n * D);
    double *y = malloc((size_t)n * sizeof *y);
    pdx__design *design;
    pdx__prior prior[D];
    simulate(n, x, y);
    for (int k = 0; k < D; ++k) prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    if (!x || !y || pdx__design_create(&design, n, D, NULL, x) != PDX_OK) exit(1);
    pdx__problem problem = {.design = design, .y = y, .prior = prior};
    pdx__fit_settings settings = {.method = PDX_METHOD_EP,
                                  .quantile_probs = probs,
                                  .quantile_count = 9,
                                  .seed = 1,
                                  .nuts_chains = 4,
                                  .nuts_warmup = 500,
                                  .nuts_draws = 2000};
    pdx_certificate certificate, nuts;
    double ep = milliseconds(&problem, &settings, 0.3, workspace, &certificate);
    settings.summaries = 1;
    double whole = milliseconds(&problem, &settings, 0.3, workspace, &certificate);
    settings.certify = 1;
    double certified = milliseconds(&problem, &settings, 0.3, workspace, &certificate);
    settings.method = PDX_METHOD_NUTS;
    double chains = milliseconds(&problem, &settings, 0, workspace, &nuts);
    printf("{\"benchmark\":\"posterior\",\"rows\":%lld,\"columns\":%d,\"ep_ms\":%.3f,"
           "\"ep_summaries_ms\":%.3f,\"certificate_ms\":%.3f,\"ess\":%.4f,\"sweeps\":%d,"
           "\"nuts_ms\":%.0f,\"nuts_over_ep\":%.0f}\n",
           (long long)n, D, ep, whole, certified - whole, certificate.ess_fraction,
           certificate.ep_sweeps, chains, chains / ep);
    pdx__design_free(design);
    free(x);
    free(y);
}

static void million(pdx__workspace *workspace) {
    const int64_t n = 1000000;
    int8_t *x = malloc((size_t)n * D);
    double *y = malloc((size_t)n * sizeof *y);
    pdx__prior prior[D];
    pdx__design *design;
    if (!x || !y) exit(1);
    simulate(n, x, y);
    for (int k = 0; k < D; ++k) prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    double start = pdx__seconds();
    if (pdx__design_create(&design, n, D, NULL, x) != PDX_OK) exit(1);
    double laid = pdx__seconds() - start;
    pdx__problem problem = {.design = design, .y = y, .prior = prior};
    pdx__fit_settings settings = {.method = PDX_METHOD_EP, .seed = 1};
    pdx_certificate certificate;
    double ep = milliseconds(&problem, &settings, 0, workspace, &certificate);
    settings.certify = 1;
    double certified = milliseconds(&problem, &settings, 0, workspace, &certificate);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"benchmark\":\"posterior-million\",\"rows\":%lld,\"columns\":%d,\"layout_s\":%.3f,"
           "\"ep_s\":%.3f,\"certified_s\":%.3f,\"ess\":%.5f,\"sweeps\":%d,\"peak_mb\":%.0f}\n",
           (long long)n, D, laid, ep / 1e3, certified / 1e3, certificate.ess_fraction,
           certificate.ep_sweeps, (double)usage.ru_maxrss / 1024);
    pdx__design_free(design);
    free(x);
    free(y);
}

int main(void) {
    static const int64_t sizes[] = {120, 400, 820, 1418};
    pdx__workspace *workspace;
    if (pdx__workspace_create(&workspace) != PDX_OK) return 1;
    million(workspace); /* first: its peak of memory is the program's */
    for (int i = 0; i < 4; ++i) one_size(sizes[i], workspace);
    pdx__workspace_free(workspace);
    return 0;
}
