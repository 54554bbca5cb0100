/* EP against the shared reference posteriors. */
#include <prefdissect/prefdissect.h>

#include "reference.h"

static pdx__fit_settings ep_settings(void) {
    return (pdx__fit_settings){.method = PDX_METHOD_EP,
                               .summaries = 1,
                               .quantile_probs = reference_probs,
                               .quantile_count = REFERENCE_PROBS,
                               .seed = 1};
}

static void compare(const reference *r, const pdx__fit *fit) {
    for (int32_t k = 0; k < r->d; ++k) {
        CHECK_NEAR(fit->mean[k], r->mean[k], 0.0015 * r->sd[k]);
        CHECK_NEAR(fit->sd[k] / r->sd[k], 1, 0.0025);
        CHECK_NEAR(fit->prob_positive[k], r->prob_positive[k], 2.5e-4);
        for (int32_t q = 0; q < REFERENCE_PROBS; ++q)
            CHECK_NEAR(fit->quantiles[k * REFERENCE_PROBS + q],
                       r->quantiles[k * REFERENCE_PROBS + q], 0.012 * r->sd[k]);
        for (int32_t j = 0; j < k; ++j)
            CHECK_NEAR(fit->covariance[k * r->d + j], r->cov[k * r->d + j],
                       0.008 * r->sd[k] * r->sd[j]);
    }
    CHECK_NEAR(fit->log_evidence, r->log_evidence, 0.004);
    CHECK_NEAR(fit->elpd_loo, r->elpd_loo, 0.02);
}

static void one_case(const char *name) {
    reference r;
    if (!reference_read(&r, name)) SKIP("no ../shared/data/posterior/%s", name);
    pdx__workspace *workspace;
    OK(pdx__workspace_create(&workspace));
    pdx__problem problem = {.design = r.design, .y = r.y, .weight = r.w, .prior = r.prior};
    pdx__fit_settings settings = ep_settings();
    pdx__fit fit;
    OK(pdx__fit_problem(&fit, &problem, &settings, NULL, workspace));
    compare(&r, &fit);
    pdx__fit_free(&fit);
    pdx__workspace_free(workspace);
    reference_free(&r);
}

static void dev1_n120(void) { one_case("dev1_n120"); }
static void dev2_n400(void) { one_case("dev2_n400"); }
static void dev3_n820(void) { one_case("dev3_n820"); }
static void dev4_n1418(void) { one_case("dev4_n1418"); }

int main(void) {
    RUN(dev1_n120);
    RUN(dev2_n400);
    RUN(dev3_n820);
    RUN(dev4_n1418);
    return check_result();
}
