/* Fits from the public call down: margins, empirical Bayes, refinement, plain rows, verdicts. */
#include <prefdissect/prefdissect.h>

#include "bayes/posterior.h"
#include "core/rng.h"
#include "reference.h"

static pdx__workspace *workspace;

static pdx__fit_settings everything(int32_t method) {
    return (pdx__fit_settings){.method = method,
                               .certify = 1,
                               .summaries = 1,
                               .seed = 1,
                               .quantile_probs = reference_probs,
                               .quantile_count = REFERENCE_PROBS};
}

/* The reference is NUTS's, with the Monte Carlo error of 2 x 15,000 draws: of an sd up to 2.2 %. */
static void margins_match_the_reference(void) {
    reference r;
    if (!reference_read(&r, "dev5_n300_margin")) SKIP("no ../shared/data/posterior/dev5");
    pdx__fit fit;
    double mean, sd;
    pdx__fit_settings settings = everything(PDX_METHOD_AUTO);
    settings.draws = 3000;
    OK(pdx__fit_margin(&fit, &mean, &sd, r.design, r.margin, NULL, NULL, r.prior, &settings,
                       workspace));
    CHECK_NEAR(mean / r.scale_mean, 1, 0.002);
    CHECK_NEAR(sd / r.scale_sd, 1, 0.02);
    CHECK_INT(fit.certificate.ok, 1);
    CHECK_INT(fit.draw_count, 3000);
    for (int32_t k = 0; k < r.d; ++k) {
        double drawn = 0;
        CHECK_NEAR(fit.mean[k], r.mean[k], 3 * r.mcse[k] + 0.002 * r.sd[k]);
        CHECK_NEAR(fit.sd[k] / r.sd[k], 1, 0.025);
        CHECK_NEAR(fit.prob_positive[k], r.prob_positive[k], 0.01);
        CHECK_NEAR(fit.covariance[k * r.d + k], fit.sd[k] * fit.sd[k], 1e-9);
        for (int32_t q = 0; q < REFERENCE_PROBS; ++q)
            CHECK_NEAR(fit.quantiles[k * REFERENCE_PROBS + q], r.quantiles[k * REFERENCE_PROBS + q],
                       0.1 * r.sd[k]);
        for (int i = 0; i < 3000; ++i) drawn += fit.draws[i * r.d + k] / 3000;
        CHECK_NEAR(drawn, fit.mean[k], 0.06 * fit.sd[k]);
    }
    pdx__fit_free(&fit);
    reference_free(&r);
}

/* Margins c u have the scale c s and the same weights. */
static void margins_do_not_care_for_units(void) {
    enum { N = 60, D = 3 };
    double x[N * D], u[N], v[N], s[2], sd[2];
    pdx__prior prior[D];
    pdx__rng rng;
    pdx__rng_init(&rng, 4, 0);
    for (int i = 0; i < N; ++i) {
        for (int k = 0; k < D; ++k) x[i * D + k] = (double)pdx__rng_below(&rng, 3) - 1;
        u[i] = x[i * D] - 0.3 * x[i * D + 1] + 1.5 * pdx__rng_normal(&rng);
        v[i] = 1000 * u[i];
    }
    for (int k = 0; k < D; ++k) prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.5};
    pdx__design *design;
    pdx__fit a, b;
    pdx__fit_settings settings = everything(PDX_METHOD_EP);
    OK(pdx__design_create(&design, N, D, x, NULL));
    OK(pdx__fit_margin(&a, &s[0], &sd[0], design, u, NULL, NULL, prior, &settings, workspace));
    OK(pdx__fit_margin(&b, &s[1], &sd[1], design, v, NULL, NULL, prior, &settings, workspace));
    CHECK_NEAR(s[1] / s[0], 1000, 0.1);
    for (int k = 0; k < D; ++k) CHECK_NEAR(a.mean[k], b.mean[k], 1e-4);
    CHECK_NEAR(a.elpd_loo - b.elpd_loo, N * log(1000), 0.01);
    CHECK_NEAR(a.log_evidence - b.log_evidence, N * log(1000), 0.01);
    pdx__fit_free(&a);
    pdx__fit_free(&b);
    memset(u, 0, sizeof u);
    FAILS(pdx__fit_margin(&a, &s[0], &sd[0], design, u, NULL, NULL, prior, &settings, workspace),
          PDX_ENUMERIC, "all margins are 0");
    pdx__design_free(design);
}

static void empirical_bayes_finds_the_top(void) {
    reference r;
    if (!reference_read(&r, "dev3_n820")) SKIP("no ../shared/data/posterior/dev3_n820");
    pdx__problem problem = {.design = r.design, .y = r.y, .prior = r.prior};
    pdx__fit_settings settings = everything(PDX_METHOD_EP);
    settings.certify = 0;
    double b, evidence[3];
    OK(pdx__fit_empirical_bayes(&b, &problem, workspace));
    CHECK(b > 0.3 && b < 0.6);
    for (int i = -1; i <= 1; ++i) {
        pdx__fit fit;
        for (int32_t k = 0; k < r.d; ++k) r.prior[k].scale = b * (1 + 0.1 * i);
        OK(pdx__fit_problem(&fit, &problem, &settings, NULL, workspace));
        evidence[i + 1] = fit.log_evidence;
        pdx__fit_free(&fit);
    }
    CHECK(evidence[1] > evidence[0] && evidence[1] > evidence[2]);
    reference_free(&r);
}

static void refinement_matches_the_reference(void) {
    reference r;
    if (!reference_read(&r, "dev1_n120")) SKIP("no ../shared/data/posterior/dev1_n120");
    pdx__problem problem = {.design = r.design, .y = r.y, .weight = r.w, .prior = r.prior};
    pdx__fit_settings settings = everything(PDX_METHOD_STIS);
    pdx__fit fit;
    OK(pdx__fit_problem(&fit, &problem, &settings, NULL, workspace));
    CHECK_INT(fit.certificate.method, PDX_METHOD_STIS);
    CHECK_INT(fit.certificate.ok, 1);
    for (int32_t k = 0; k < r.d; ++k) {
        CHECK_NEAR(fit.mean[k], r.mean[k], 3e-4 * r.sd[k]);
        CHECK_NEAR(fit.sd[k] / r.sd[k], 1, 0.002);
        CHECK_NEAR(fit.prob_positive[k], r.prob_positive[k], 1e-3);
        for (int32_t q = 0; q < REFERENCE_PROBS; ++q)
            CHECK_NEAR(fit.quantiles[k * REFERENCE_PROBS + q], r.quantiles[k * REFERENCE_PROBS + q],
                       0.02 * r.sd[k]);
    }
    CHECK_NEAR(fit.log_evidence, r.log_evidence, 5e-4);
    pdx__fit_free(&fit);
    reference_free(&r);
}

/* Real-valued columns and labels that they all but decide: where plain EP's evidence goes wrong,
 * and where draws picked from the sampler's in even steps would lie on one side. */
static void strong_real_columns(void) {
    enum { N = 350, D = 29, DRAWS = 16384 };
    static double x[N * D], y[N];
    pdx__prior prior[D];
    pdx__rng rng;
    pdx__rng_init(&rng, 12, 0);
    for (int i = 0; i < N; ++i) {
        double eta = 0;
        for (int k = 0; k < D; ++k) {
            double draw = pdx__rng_normal(&rng);
            x[i * D + k] = pdx__rng_uniform(&rng) < 0.7 ? 0 : draw;
            eta += x[i * D + k] * (k % 5 - 2 + 0.1 * k);
        }
        y[i] = pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta));
    }
    for (int k = 0; k < D; ++k) prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    pdx__design *design;
    OK(pdx__design_create(&design, N, D, x, NULL));
    pdx__problem problem = {.design = design, .y = y, .prior = prior};
    pdx__fit_settings settings = everything(PDX_METHOD_AUTO);
    pdx__fit quick, fine;
    OK(pdx__fit_problem(&quick, &problem, &settings, NULL, workspace));
    settings = everything(PDX_METHOD_STIS);
    settings.draws = DRAWS;
    OK(pdx__fit_problem(&fine, &problem, &settings, NULL, workspace));
    CHECK_INT(quick.certificate.method, PDX_METHOD_EP);
    CHECK_NEAR(quick.log_evidence, fine.log_evidence, 0.01);
    for (int k = 0; k < D; ++k) {
        double drawn = 0;
        for (int i = 0; i < DRAWS; ++i) drawn += fine.draws[i * D + k] / DRAWS;
        CHECK_NEAR((drawn - fine.mean[k]) / fine.sd[k] * sqrt(DRAWS), 0, 4);
    }
    pdx__fit_free(&quick);
    pdx__fit_free(&fine);
    pdx__design_free(design);
}

/* Folds: warm starts end where cold ones do, and both at the reference. */
static void folds_match_the_reference(void) {
    reference r;
    if (!reference_read(&r, "dev2_n400")) SKIP("no ../shared/data/posterior/dev2_n400");
    pdx__problem problem = {.design = r.design, .y = r.y, .weight = r.w, .prior = r.prior};
    pdx__fit_settings settings = everything(PDX_METHOD_EP);
    settings.certify = settings.summaries = 0;
    pdx__fit full, fold;
    OK(pdx__fit_problem(&full, &problem, &settings, NULL, workspace));
    for (int f = 0; f < 10; ++f) {
        int64_t first = (int64_t)((double)f / 10 * (double)r.n), count = r.n / 10;
        for (int64_t i = 0; i < r.n; ++i) r.w[i] = i < first || i >= first + count;
        OK(pdx__fit_problem(&fold, &problem, &settings, &full.sites, workspace));
        CHECK_LE(fold.certificate.ep_sweeps, 4);
        for (int32_t k = 0; k < r.d; ++k)
            CHECK_NEAR(fold.mean[k], r.fold_each[f * r.d + k], 0.003 * r.sd[k]);
        pdx__fit_free(&fold);
    }
    pdx__fit_free(&full);
    reference_free(&r);
}

static void plain_rows(void) {
    enum { N = 80, D = 2 };
    double x[N * D], y[N], predicted[2];
    int8_t small[N * D];
    for (int i = 0; i < N; ++i) {
        for (int k = 0; k < D; ++k)
            x[i * D + k] = small[i * D + k] = (int8_t)((i * (k + 2)) % 3 - 1);
        y[i] = (i * 7) % 10 < 6 + 2 * x[i * D];
    }
    pdx_rows rows = {.size = sizeof rows, .d = D, .n = N, .x = x, .y = y};
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.intercept = 1;
    options.folds = 4;
    options.draws = 100;
    pdx_posterior *a, *b;
    OK(pdx_fit_rows(&a, &rows, &options));
    rows.x = NULL;
    rows.x_int8 = small;
    OK(pdx_fit_rows(&b, &rows, &options));
    CHECK_INT(pdx_posterior_dim(a), D + 1);
    CHECK_TEXT(pdx_posterior_column(a, 1), "x2");
    CHECK_INT(pdx_posterior_draw_count(a), 100);
    CHECK(pdx_posterior_fold_mean(a) != NULL);
    for (int k = 0; k <= D; ++k) CHECK(pdx_posterior_mean(a)[k] == pdx_posterior_mean(b)[k]);
    CHECK_CONTAINS(pdx_posterior_verdict(a), "Trustworthy");
    double points[2 * (D + 1)] = {0, 0, 0, 1, 0, 1};
    OK(pdx_posterior_predict(a, points, 2, predicted));
    CHECK_NEAR(predicted[0], 0.5, 1e-12);
    CHECK(predicted[1] > 0.6 && predicted[1] < 1);
    pdx_posterior_free(a);
    pdx_posterior_free(b);
    rows.x = x;
    FAILS(pdx_fit_rows(&a, &rows, &options), PDX_EINVAL, "one of them");
    CHECK(a == NULL);
    rows.x_int8 = NULL;
    x[3] = NAN;
    FAILS(pdx_fit_rows(&a, &rows, &options), PDX_EINVAL, "row 2, column 2");
    x[3] = 0;
    y[4] = 1.5;
    FAILS(pdx_fit_rows(&a, &rows, &options), PDX_EINVAL, "row 5: y");
    options.folds = 1;
    FAILS(pdx_fit_rows(&a, &rows, &options), PDX_EINVAL, "'folds' is 1");
    FAILS(pdx_fit_options_preset(&options, "papers"), PDX_EINVAL, "papers");
    OK(pdx_fit_options_preset(&options, "paper"));
    CHECK_INT(options.folds, 10);
    CHECK_INT(options.paper_folds, 1);
}

static void verdicts_say_what_was_checked(void) {
    static const char *const names[] = {"w"};
    pdx_posterior *p;
    OK(pdx__posterior_create(&p, "judge", "all", 1, names));
    p->certificate.method = PDX_METHOD_EP;
    p->certificate.ep_sweeps = 4;
    p->certificate.ep_converged = 1;
    OK(pdx__posterior_write_verdict(p));
    CHECK_CONTAINS(pdx_posterior_verdict(p), "not certified");
    p->certificate.ep_converged = 0;
    OK(pdx__posterior_write_verdict(p));
    CHECK_CONTAINS(pdx_posterior_verdict(p), "Do not trust");
    p->certificate.checked = 1;
    OK(pdx__posterior_write_verdict(p));
    CHECK_CONTAINS(pdx_posterior_verdict(p), "Do not trust");
    p->certificate.method = PDX_METHOD_NUTS;
    p->certificate.ok = 1;
    OK(pdx__posterior_write_verdict(p));
    CHECK_CONTAINS(pdx_posterior_verdict(p), "NUTS answered");
    pdx_posterior_free(p);
}

int main(void) {
    if (pdx__workspace_create(&workspace) != PDX_OK) return 1;
    RUN(margins_match_the_reference);
    RUN(margins_do_not_care_for_units);
    RUN(empirical_bayes_finds_the_top);
    RUN(refinement_matches_the_reference);
    RUN(strong_real_columns);
    RUN(folds_match_the_reference);
    RUN(plain_rows);
    RUN(verdicts_say_what_was_checked);
    pdx__workspace_free(workspace);
    return check_result();
}
