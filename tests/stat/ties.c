/* Calibration of fits with a model of ties: weights and P(tie | equal) from their priors, outcomes
 * from the model; intervals must cover as often as they say, of the weights and of the cut. */
#include <prefdissect/prefdissect.h>

#include "bayes/cut.h"
#include "check.h"
#include "core/rng.h"

enum { SETS = 400, N = 120, D = 6 };

static void calibrate(int32_t model) {
    static int8_t x[N * D];
    static double y[N];
    const double b = 0.3;
    double cover90 = 0, cover95 = 0, cut90 = 0, cut95 = 0, square = 0, truth[D];
    const double probs[] = {0.025, 0.05, 0.95, 0.975};
    pdx__rng rng;
    pdx__rng_init(&rng, 8, (uint64_t)model);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = b;
    options.ties = model;
    options.predict = 0;
    options.certificate = PDX_CERTIFICATE_NEVER;
    options.threads = 1;
    options.quantile_probs = probs;
    options.quantile_count = 4;
    for (int set = 0; set < SETS; ++set) {
        const double p_tie = pdx__rng_uniform(&rng), theta = log(p_tie / (1 - p_tie));
        for (int k = 0; k < D; ++k) truth[k] = pdx__rng_laplace(&rng, b);
        for (int i = 0; i < N; ++i) {
            double eta = 0, p[3];
            for (int k = 0; k < D; ++k) {
                x[i * D + k] = (int8_t)((int)pdx__rng_below(&rng, 3) - 1);
                eta += truth[k] * x[i * D + k];
            }
            pdx__cut_outcomes(model, theta, eta, p);
            const double u = pdx__rng_uniform(&rng);
            y[i] = u < p[0] ? 1 : u < p[0] + p[1] ? 0.5 : 0;
        }
        pdx_rows rows = {.size = sizeof rows, .d = D, .n = N, .x_int8 = x, .y = y};
        pdx_posterior *fit;
        pdx_cut cut;
        OK(pdx_fit_rows(&fit, &rows, &options));
        OK(pdx_posterior_cut(fit, &cut));
        const double *q = pdx_posterior_quantiles(fit);
        double inside = 0;
        for (int k = 0; k < D; ++k) {
            cover95 += q[4 * k] < truth[k] && truth[k] < q[4 * k + 3];
            inside += q[4 * k + 1] < truth[k] && truth[k] < q[4 * k + 2];
        }
        cover90 += inside;
        square += inside * inside;
        cut95 += cut.p_tie_low < p_tie && p_tie < cut.p_tie_high;
        cut90 += fabs(theta - cut.logit_mean) < 1.645 * cut.logit_sd;
        pdx_posterior_free(fit);
    }
    const double mean = cover90 / SETS, se = sqrt((square / SETS - mean * mean) / SETS) / D;
    printf("model %d: weights %.4f %.4f, cut %.3f %.3f\n", (int)model, cover90 / SETS / D,
           cover95 / SETS / D, cut90 / SETS, cut95 / SETS);
    CHECK_NEAR(cover90 / SETS / D, 0.9, 4 * se);
    CHECK_NEAR(cover95 / SETS / D, 0.95, 4 * se);
    CHECK_NEAR(cut95 / SETS, 0.95, 4 * sqrt(0.95 * 0.05 / SETS));
    CHECK_NEAR(cut90 / SETS, 0.9, 4 * sqrt(0.9 * 0.1 / SETS) + 0.01); /* normal but for its tails */
}

static void ordinal(void) { calibrate(PDX_TIES_ORDINAL); }
static void davidson(void) { calibrate(PDX_TIES_DAVIDSON); }

int main(void) {
    RUN(ordinal);
    RUN(davidson);
    return check_result();
}
