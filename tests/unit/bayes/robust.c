/* Identities that hold whatever the data, and the hard cases: what the gates must see and what
 * every method must survive. Rows are made here, so nothing is skipped. */
#include <prefdissect/prefdissect.h>

#include "bayes/fit.h"
#include "check.h"
#include "core/rng.h"

enum { D = 7, N = 160, PROBS = 3 };
static const double probs[PROBS] = {0.025, 0.5, 0.975};

typedef struct rows {
    int64_t n;
    int32_t d;
    double x[2 * N * D], y[2 * N], weight[2 * N], offset[2 * N];
    pdx__prior prior[D];
} rows;

static pdx__workspace *workspace;

static rows make_rows(double strength) {
    rows r = {.n = N, .d = D};
    pdx__rng rng;
    pdx__rng_init(&rng, 21, 0);
    for (int i = 0; i < N; ++i) {
        double eta = 0;
        for (int k = 0; k < D; ++k) {
            double draw = pdx__rng_normal(&rng);
            r.x[i * D + k] = draw > 0.8 ? 1 : draw < -0.8 ? -1 : 0;
            eta += strength * r.x[i * D + k] * (k % 3 - 1 + 0.2 * k);
        }
        r.y[i] = pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta));
        r.weight[i] = 1;
    }
    for (int k = 0; k < D; ++k) r.prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.2};
    return r;
}

static pdx_status fit_with(pdx__fit *fit, const rows *r, pdx__fit_settings settings) {
    pdx__design *design;
    PDX__TRY(pdx__design_create(&design, r->n, r->d, r->x, NULL));
    pdx__problem problem = {
        .design = design, .y = r->y, .weight = r->weight, .offset = r->offset, .prior = r->prior};
    settings.summaries = 1;
    settings.quantile_probs = probs;
    settings.quantile_count = PROBS;
    settings.seed = 3;
    settings.nuts_chains = 4;
    settings.nuts_warmup = 200;
    settings.nuts_draws = 500;
    pdx_status status = pdx__fit_problem(fit, &problem, &settings, NULL, workspace);
    pdx__design_free(design);
    return status;
}

static pdx_status fit_ep(pdx__fit *fit, const rows *r) {
    return fit_with(fit, r, (pdx__fit_settings){.method = PDX_METHOD_EP});
}

static pdx_status fit_auto(pdx__fit *fit, const rows *r) {
    return fit_with(fit, r, (pdx__fit_settings){.method = PDX_METHOD_AUTO, .certify = 1});
}

static void is_prior(const pdx__fit *fit, int32_t k, double b, double tolerance) {
    CHECK_NEAR(fit->mean[k], 0, tolerance);
    CHECK_NEAR(fit->sd[k] / b, sqrt(2), tolerance);
    CHECK_NEAR(fit->prob_positive[k], 0.5, tolerance);
    CHECK_NEAR(fit->quantiles[k * PROBS] / b, log(0.05), 10 * tolerance);
    CHECK_NEAR(fit->quantiles[k * PROBS + 1], 0, tolerance);
}

static void no_data_gives_the_prior(void) {
    rows r = make_rows(1);
    pdx__fit fit;
    for (int how = 0; how < 3; ++how) { /* no rows; rows of weight 0; zero columns */
        rows none = r;
        none.n = how == 0 ? 0 : how == 1 ? 1 : N;
        if (how == 1) none.weight[0] = 0;
        if (how == 2) memset(none.x, 0, sizeof none.x);
        OK(fit_auto(&fit, &none));
        for (int k = 0; k < D; ++k) is_prior(&fit, k, 0.2, 1e-12);
        CHECK_INT(fit.certificate.method, PDX_METHOD_EP);
        CHECK_INT(fit.certificate.ok, 1);
        CHECK_NEAR(fit.log_evidence, how == 2 ? -N * log(2) : 0, 1e-10);
        CHECK_NEAR(fit.certificate.ess_fraction, 1, 1e-9);
        pdx__fit_free(&fit);
    }
    for (int i = 0; i < N; ++i) r.x[i * D + 2] = r.x[i * D + 5] = 0;
    OK(fit_ep(&fit, &r));
    is_prior(&fit, 2, 0.2, 1e-12);
    is_prior(&fit, 5, 0.2, 1e-12);
    pdx__fit_free(&fit);
}

static void mirrored_labels_flip_signs(void) {
    rows r = make_rows(1), flipped = r, turned = r, mixed = r;
    pdx__fit a, b, c, e;
    for (int i = 0; i < N; ++i) {
        flipped.y[i] = 1 - r.y[i];
        turned.x[i * D + 1] = -r.x[i * D + 1];
        for (int k = 0; k < D; ++k) mixed.x[i * D + k] = r.x[i * D + D - 1 - k];
    }
    OK(fit_ep(&a, &r));
    OK(fit_ep(&b, &flipped));
    OK(fit_ep(&c, &turned));
    OK(fit_ep(&e, &mixed));
    for (int k = 0; k < D; ++k) {
        CHECK_NEAR(b.mean[k], -a.mean[k], 1e-12);
        CHECK_NEAR(b.sd[k], a.sd[k], 1e-12);
        CHECK_NEAR(b.prob_positive[k], 1 - a.prob_positive[k], 1e-12);
        CHECK_NEAR(b.quantiles[k * PROBS], -a.quantiles[k * PROBS + 2], 1e-12);
        CHECK_NEAR(c.mean[k], k == 1 ? -a.mean[k] : a.mean[k], 1e-12);
        CHECK_NEAR(e.mean[k], a.mean[D - 1 - k], 1e-12);
        CHECK_NEAR(e.sd[k], a.sd[D - 1 - k], 1e-12);
    }
    CHECK_NEAR(b.log_evidence, a.log_evidence, 1e-10);
    CHECK_NEAR(e.elpd_loo, a.elpd_loo, 1e-10);
    pdx__fit_free(&a);
    pdx__fit_free(&b);
    pdx__fit_free(&c);
    pdx__fit_free(&e);
}

static void twice_a_row_is_weight_two(void) {
    rows r = make_rows(1), twice = r, heavy = r;
    twice.n = 2 * N;
    memcpy(twice.x + N * D, r.x, N * D * sizeof(double));
    memcpy(twice.y + N, r.y, N * sizeof(double));
    for (int i = 0; i < N; ++i) twice.weight[N + i] = 1, heavy.weight[i] = 2;
    pdx__fit a, b;
    OK(fit_ep(&a, &twice));
    OK(fit_ep(&b, &heavy));
    for (int k = 0; k < D; ++k) {
        /* EP's own approximation differs between one site of weight 2 and two sites */
        CHECK_NEAR(a.mean[k], b.mean[k], 1e-3 * a.sd[k]);
        CHECK_NEAR(a.sd[k] / b.sd[k], 1, 1e-3);
    }
    CHECK_NEAR(a.log_evidence, b.log_evidence, 2e-3);
    CHECK_NEAR(a.elpd_loo, 2 * b.elpd_loo, 2e-3);
    pdx__fit_free(&a);
    pdx__fit_free(&b);
}

/* log p(y1, y2) = log p(y1) + log p(y2 | y1): the evidence over all rows as a sum of one-row steps
 * is LOO's own identity for the last row. */
static void left_out_row_is_ratio_of_evidences(void) {
    rows r = make_rows(1);
    pdx__fit all, without;
    OK(fit_ep(&all, &r));
    for (int i = 0; i < N; i += 37) {
        rows less = r;
        less.weight[i] = 0;
        OK(fit_ep(&without, &less));
        CHECK_NEAR(all.loo[i], all.log_evidence - without.log_evidence, 2e-3);
        CHECK(isnan(without.loo[i]));
        pdx__fit_free(&without);
    }
    pdx__fit_free(&all);
}

/* One and two columns against a fine sum over the plane. */
static void small_posteriors_match_sums(void) {
    rows r = make_rows(1);
    for (int i = 0; i < N; ++i) {
        r.offset[i] = 0.3 * (i % 5) - 0.4;
        r.weight[i] = 0.25 * (i % 4 + 1);
        r.y[i] = i % 6 ? r.y[i] : 0.3;
    }
    for (int k = 2; k < D; ++k) r.prior[k].scale = 0; /* pinned */
    r.prior[1].kind = PDX_PRIOR_GAUSSIAN;
    pdx__fit fit;
    OK(fit_auto(&fit, &r));
    for (int k = 2; k < D; ++k) {
        CHECK(fit.mean[k] == 0 && fit.sd[k] == 0);
        CHECK(fit.covariance[k * D] == 0 && fit.quantiles[k * PROBS] == 0);
    }
    enum { GRID = 161 };
    double s[6] = {0}, lowest[2], step[2], top = -INFINITY;
    static double l[GRID][GRID];
    for (int k = 0; k < 2; ++k) {
        lowest[k] = fit.mean[k] - 8 * fit.sd[k];
        step[k] = 16 * fit.sd[k] / (GRID - 1);
    }
    for (int a = 0; a < GRID; ++a)
        for (int b = 0; b < GRID; ++b) {
            double w0 = lowest[0] + a * step[0], w1 = lowest[1] + b * step[1];
            double sum =
                -fabs(w0) / 0.2 - log(0.4) - 0.5 * w1 * w1 / 0.04 - 0.5 * log(2 * M_PI * 0.04);
            for (int i = 0; i < N; ++i) {
                double eta = r.x[i * D] * w0 + r.x[i * D + 1] * w1 + r.offset[i];
                double g = 0.5 * fabs(eta) + log1p(exp(-fabs(eta)));
                sum += r.weight[i] * ((r.y[i] - 0.5) * eta - g);
            }
            l[a][b] = sum;
            top = fmax(top, sum);
        }
    for (int a = 0; a < GRID; ++a)
        for (int b = 0; b < GRID; ++b) {
            double p = exp(l[a][b] - top), w0 = lowest[0] + a * step[0],
                   w1 = lowest[1] + b * step[1];
            s[0] += p;
            s[1] += p * w0;
            s[2] += p * w1;
            s[3] += p * w0 * w0;
            s[4] += p * w1 * w1;
            s[5] += p * w0 * w1;
        }
    for (int k = 1; k < 6; ++k) s[k] /= s[0];
    CHECK_NEAR(fit.mean[0], s[1], 0.002 * fit.sd[0]);
    CHECK_NEAR(fit.mean[1], s[2], 0.002 * fit.sd[1]);
    CHECK_NEAR(fit.sd[0] / sqrt(s[3] - s[1] * s[1]), 1, 0.005);
    CHECK_NEAR(fit.sd[1] / sqrt(s[4] - s[2] * s[2]), 1, 0.005);
    CHECK_NEAR(fit.covariance[1], s[5] - s[1] * s[2], 0.005 * fit.sd[0] * fit.sd[1]);
    CHECK_NEAR(fit.log_evidence, top + log(s[0] * step[0] * step[1]), 0.003);
    pdx__fit_free(&fit);
    for (int k = 0; k < D; ++k) r.prior[k].scale = 0;
    OK(fit_auto(&fit, &r));
    CHECK(fit.mean[0] == 0 && fit.certificate.ok);
    pdx__fit_free(&fit);
}

/* The answer, whichever method gave it, against the sampler: a long run of it where EP cannot have
 * answered, else the mean of 16384 draws. */
static void answer_holds(const rows *r, int32_t expected_method, double tolerance) {
    pdx__fit fit, exact;
    OK(fit_auto(&fit, r));
    CHECK_INT(fit.certificate.ok, 1);
    if (expected_method) CHECK_INT(fit.certificate.method, expected_method);
    CHECK(isfinite(fit.log_evidence) && isfinite(fit.elpd_loo));
    if (fit.certificate.method == PDX_METHOD_EP)
        OK(fit_with(&exact, r, (pdx__fit_settings){.method = PDX_METHOD_EP, .draws = 16384}));
    else OK(fit_with(&exact, r, (pdx__fit_settings){.method = PDX_METHOD_STIS}));
    for (int64_t i = 0; i < exact.draw_count; ++i)
        for (int k = 0; k < r->d; ++k) {
            if (i == 0) exact.mean[k] = 0;
            exact.mean[k] += exact.draws[i * r->d + k] / (double)exact.draw_count;
        }
    for (int k = 0; k < r->d; ++k) {
        CHECK_NEAR(fit.mean[k], exact.mean[k], tolerance * exact.sd[k]);
        CHECK_NEAR(fit.sd[k] / exact.sd[k], 1, 2 * tolerance);
        CHECK(isfinite(fit.quantiles[k * PROBS]) &&
              fit.quantiles[k * PROBS] < fit.quantiles[k * PROBS + 2]);
    }
    pdx__fit_free(&fit);
    pdx__fit_free(&exact);
}

static void set_scales(rows *r, double b) {
    for (int k = 0; k < r->d; ++k) r->prior[k].scale = b;
}

static rows separable(double b) {
    rows r = make_rows(1);
    r.n = 40;
    for (int i = 0; i < 40; ++i) {
        double eta = 0.1;
        for (int k = 0; k < D; ++k) eta += r.x[i * D + k] * (k - 2.5);
        r.y[i] = eta > 0;
    }
    set_scales(&r, b);
    return r;
}

static void hard_cases_are_answered(void) {
    rows r = make_rows(1);
    for (int i = 0; i < N; ++i) r.x[i * D + 1] = r.x[i * D + 4] = r.x[i * D + 6];
    answer_holds(&r, PDX_METHOD_EP, 0.03); /* one column three times */
    r = make_rows(1);
    r.n = 5; /* fewer rows than columns */
    answer_holds(&r, PDX_METHOD_EP, 0.03);
    set_scales(&r, 1);
    answer_holds(&r, 0, 0.1);
    r = separable(0.1);
    answer_holds(&r, PDX_METHOD_EP, 0.03);
    r = separable(1);
    answer_holds(&r, 0, 0.1);
    r = make_rows(1);
    set_scales(&r, 1e3);
    answer_holds(&r, 0, 0.03);
    set_scales(&r, INFINITY);
    answer_holds(&r, 0, 0.03);
    set_scales(&r, 0.01);
    answer_holds(&r, PDX_METHOD_EP, 0.03);
    r = make_rows(1);
    for (int i = 0; i < N * D; ++i) r.x[i] *= 1000;
    answer_holds(&r, 0, 0.03);
    r = make_rows(4); /* labels all but certain */
    set_scales(&r, 0.3);
    answer_holds(&r, 0, 0.03);
}

static void weights_of_any_size(void) {
    static const double sizes[] = {1e-3, 1e3, 1e6};
    for (int s = 0; s < 3; ++s) {
        rows r = make_rows(1);
        for (int i = 0; i < N; ++i) r.weight[i] = sizes[s];
        answer_holds(&r, PDX_METHOD_EP, 0.03);
        r = make_rows(1);
        r.weight[5] = sizes[s];
        answer_holds(&r, 0, 0.03);
    }
}

/* With an immense weight the posterior is the maximum of the likelihood with its curvature. */
/* With the heaviest row left out, where its fit ended is no place to start from. */
static void heavy_rows_come_and_go(void) {
    enum { WIDE = 29, LONG = 400 };
    static double x[LONG * WIDE], y[LONG], weight[LONG];
    pdx__prior prior[WIDE];
    pdx__rng rng;
    pdx__rng_init(&rng, 8, 0);
    for (int i = 0; i < LONG; ++i) {
        for (int k = 0; k < WIDE; ++k) {
            double draw = pdx__rng_normal(&rng);
            x[i * WIDE + k] = draw > 0.97 ? 1 : draw < -0.97 ? -1 : 0;
        }
        y[i] = pdx__rng_uniform(&rng) < 0.5 + 0.3 * x[i * WIDE];
        weight[i] = 1;
    }
    weight[7] = 1e6;
    for (int k = 0; k < WIDE; ++k) prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    pdx__design *design;
    OK(pdx__design_create(&design, LONG, WIDE, x, NULL));
    pdx__problem problem = {.design = design, .y = y, .weight = weight, .prior = prior};
    pdx__fit_settings settings = {.method = PDX_METHOD_EP};
    pdx__fit full, warm, cold;
    OK(pdx__fit_problem(&full, &problem, &settings, NULL, workspace));
    weight[7] = 0;
    OK(pdx__fit_problem(&warm, &problem, &settings, &full.sites, workspace));
    OK(pdx__fit_problem(&cold, &problem, &settings, NULL, workspace));
    CHECK_LE(full.certificate.ep_sweeps, 12);
    CHECK_LE(warm.certificate.ep_sweeps, 12);
    for (int k = 0; k < WIDE; ++k) CHECK_NEAR(warm.mean[k], cold.mean[k], 0.003 * cold.sd[k]);
    pdx__fit_free(&full);
    pdx__fit_free(&warm);
    pdx__fit_free(&cold);
    pdx__design_free(design);
}

static void immense_weights_give_the_likelihood(void) {
    rows r = make_rows(1);
    r.d = 1;
    for (int i = 0; i < N; ++i) {
        r.weight[i] = 1e6;
        r.x[i] = i % 3 - 1;
        r.y[i] = i % 4 == 0;
    }
    double w = 0, curvature = 0;
    for (int step = 0; step < 50; ++step) {
        double gradient = -(w > 0 ? 1 : -1) / 0.2;
        curvature = 0;
        for (int i = 0; i < N; ++i) {
            double p = 1 / (1 + exp(-r.x[i] * w));
            gradient += 1e6 * (r.y[i] - p) * r.x[i];
            curvature += 1e6 * p * (1 - p) * r.x[i] * r.x[i];
        }
        w += gradient / curvature;
    }
    pdx__fit fit;
    OK(fit_auto(&fit, &r));
    CHECK_NEAR(fit.mean[0], w, 1e-3 * fit.sd[0]);
    CHECK_NEAR(fit.sd[0] * sqrt(curvature), 1, 1e-4);
    CHECK_INT(fit.certificate.method, PDX_METHOD_EP);
    pdx__fit_free(&fit);
}

static void improper_posteriors_are_refused(void) {
    pdx__fit fit;
    rows r = separable(INFINITY);
    FAILS(fit_auto(&fit, &r), PDX_ENUMERIC, "not proper");
    r = make_rows(1);
    set_scales(&r, INFINITY);
    for (int i = 0; i < N; ++i) r.x[i * D] = 0;
    FAILS(fit_auto(&fit, &r), PDX_ENUMERIC, "not proper");
}

static void draws_say_what_the_fit_says(void) {
    enum { DRAWS = 4000 };
    rows r = make_rows(1);
    static const int32_t methods[] = {PDX_METHOD_AUTO, PDX_METHOD_NUTS};
    for (int m = 0; m < 2; ++m) {
        pdx__fit fit;
        OK(fit_with(&fit, &r,
                    (pdx__fit_settings){.method = methods[m], .certify = 1, .draws = DRAWS}));
        CHECK_INT(fit.draw_count, m == 0 ? DRAWS : 2000);
        CHECK_INT(fit.certificate.ok, 1);
        for (int k = 0; k < D; ++k) {
            double mean = 0, square = 0;
            for (int64_t i = 0; i < fit.draw_count; ++i) {
                double off = fit.draws[i * D + k] - fit.mean[k];
                mean += off / (double)fit.draw_count;
                square += off * off / (double)fit.draw_count;
            }
            CHECK_NEAR(mean, 0, 0.05 * fit.sd[k]);
            CHECK_NEAR(sqrt(square) / fit.sd[k], 1, 0.05);
        }
        pdx__fit_free(&fit);
    }
}

int main(void) {
    if (pdx__workspace_create(&workspace) != PDX_OK) return 1;
    RUN(no_data_gives_the_prior);
    RUN(mirrored_labels_flip_signs);
    RUN(twice_a_row_is_weight_two);
    RUN(left_out_row_is_ratio_of_evidences);
    RUN(small_posteriors_match_sums);
    RUN(hard_cases_are_answered);
    RUN(weights_of_any_size);
    RUN(heavy_rows_come_and_go);
    RUN(immense_weights_give_the_likelihood);
    RUN(improper_posteriors_are_refused);
    RUN(draws_say_what_the_fit_says);
    pdx__workspace_free(workspace);
    return check_result();
}
