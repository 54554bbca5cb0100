/* The refined mode: importance draws with control variates on the reference posteriors. */
#include <prefdissect/prefdissect.h>

#include "../unit/bayes/reference.h"

static void refined_numbers(const char *name) {
    reference r;
    if (!reference_read(&r, name)) SKIP("no shared data");
    pdx_fit_options o;
    pdx_posterior *p;
    pdx_certificate c;
    pdx_rows rows = {.size = sizeof rows, .d = r.d, .n = r.n, .x = r.x, .y = r.y, .weight = r.w};
    pdx_fit_options_init(&o);
    o.method = PDX_METHOD_STIS;
    o.predict = 0;
    OK(pdx_fit_rows(&p, &rows, &o));
    OK(pdx_posterior_certificate(p, &c));
    CHECK(c.ok);
    double apart = 0, sd = 0, positive = 0, quantile = 0, said = c.mean_se;
    for (int32_t k = 0; k < r.d; ++k) {
        apart = fmax(apart, fabs(pdx_posterior_mean(p)[k] - r.mean[k]) / r.sd[k]);
        sd = fmax(sd, fabs(pdx_posterior_sd(p)[k] / r.sd[k] - 1));
        positive = fmax(positive, fabs(pdx_posterior_prob_positive(p)[k] - r.prob_positive[k]));
        for (int q = 0; q < REFERENCE_PROBS; ++q)
            quantile = fmax(quantile, fabs(pdx_posterior_quantiles(p)[k * REFERENCE_PROBS + q] -
                                           r.quantiles[k * REFERENCE_PROBS + q]) /
                                          r.sd[k]);
    }
    printf("%s: mean %.2g sd, sd %.2g, P %.2g, quantiles %.2g sd; said %.2g\n", name, apart, sd,
           positive, quantile, said);
    CHECK_LE(apart, 3e-4);
    CHECK_LE(apart, 5 * said);
    CHECK_LE(sd, 1e-3);
    CHECK_LE(positive, 2.5e-4);
    CHECK_LE(quantile, 0.02);
    CHECK_NEAR(pdx_posterior_log_evidence(p), r.log_evidence, 1e-3);
    pdx_posterior_free(p);
    reference_free(&r);
}

static void dev1(void) { refined_numbers("dev1_n120"); }
static void dev2(void) { refined_numbers("dev2_n400"); }
static void dev3(void) { refined_numbers("dev3_n820"); }
static void dev4(void) { refined_numbers("dev4_n1418"); }

int main(void) {
    RUN(dev1);
    RUN(dev2);
    RUN(dev3);
    RUN(dev4);
    return check_result();
}
