/* Fits with ties as an outcome: against sums over a grid where there is one
 * weight, against NUTS where there are many, and where the data say next to
 * nothing. */
#include <prefdissect/prefdissect.h>

#include "bayes/cut.h"
#include "bayes/fit.h"
#include "check.h"
#include "core/rng.h"

static const int32_t models[] = {PDX_TIES_ORDINAL, PDX_TIES_DAVIDSON};
static const double probs[] = {0.025, 0.5, 0.975};

enum { MOST = 700, WIDEST = 14 };
typedef struct rows {
    int n, d; /* properties; the cut's column comes on top */
    double x[MOST * (WIDEST + 1)], y[MOST], weight[MOST];
    pdx__prior prior[WIDEST + 1];
} rows;

/* n rows of -1, 0, 1 in d columns, outcomes by the model. */
static void simulate(rows *r, int32_t model, int n, int d, const double *a, double theta,
                     uint64_t seed) {
    pdx__rng rng;
    pdx__rng_init(&rng, seed, (uint64_t)model);
    *r = (rows){.n = n, .d = d};
    for (int i = 0; i < n; ++i) {
        double eta = 0, p[3], *x = r->x + i * (d + 1);
        for (int k = 0; k < d; ++k) {
            x[k] = (double)pdx__rng_below(&rng, 3) - 1;
            eta += a[k] * x[k];
        }
        pdx__cut_outcomes(model, theta, eta, p);
        const double u = pdx__rng_uniform(&rng);
        r->y[i] = u < p[0] ? 1 : u < p[0] + p[1] ? 0.5 : 0;
        r->weight[i] = 1;
        if (model == PDX_TIES_DAVIDSON) continue;
        for (int k = 0; k < d && r->y[i] == 0.5; ++k) x[k] *= 2;
        x[d] = 1 - 2 * r->y[i];
    }
    for (int k = 0; k < d; ++k) r->prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    r->prior[d] = (pdx__prior){PDX_PRIOR_LAPLACE, 0};
}

static pdx_status fit_rows(pdx__fit *out, const rows *r, int32_t model, int32_t method,
                           int64_t draws) {
    pdx__design *design = NULL;
    pdx__workspace *workspace = NULL;
    pdx__fit_settings settings = {.method = method,
                                  .certify = 1,
                                  .summaries = 1,
                                  .draws = draws,
                                  .seed = 1,
                                  .quantile_probs = probs,
                                  .quantile_count = 3,
                                  .nuts_chains = 4,
                                  .nuts_warmup = 500,
                                  .nuts_draws = 4000};
    pdx_status status = pdx__design_create(&design, r->n, r->d + 1, r->x, NULL);
    if (status == PDX_OK) status = pdx__workspace_create(&workspace);
    pdx__problem problem = {.design = design, .y = r->y, .weight = r->weight, .prior = r->prior};
    if (status == PDX_OK)
        status = pdx__fit_ties(out, model, NAN, &problem, &settings, NULL, workspace);
    pdx__workspace_free(workspace);
    pdx__design_free(design);
    return status;
}

/* Weights of the rows with x = -1, 0, 1 and each outcome. */
static void count_rows(const rows *r, int32_t model, double count[3][3]) {
    memset(count, 0, 9 * sizeof(double));
    for (int i = 0; i < r->n; ++i) {
        const int outcome = r->y[i] == 1 ? 0 : r->y[i] == 0.5 ? 1 : 2;
        const int twice = model == PDX_TIES_ORDINAL && outcome == 1 ? 2 : 1;
        count[(int)r->x[2 * i] / twice + 1][outcome] += r->weight[i];
    }
}

/* Log density of one weight and theta. */
static double log_density(const rows *r, int32_t model, double count[3][3], double a,
                          double theta) {
    double sum = -fabs(a) / r->prior[0].scale - log(2 * r->prior[0].scale), p[3];
    for (int x = 0; x < 3; ++x) {
        pdx__cut_outcomes(model, theta, a * (x - 1), p);
        for (int o = 0; o < 3; ++o) sum += count[x][o] > 0 ? count[x][o] * log(p[o]) : 0;
    }
    return sum + pdx__cut_at(model, theta, NULL).prior;
}

typedef struct moments {
    double a, a_sd, theta, theta_sd, log_evidence, cross, elpd;
} moments;

enum { STEPS = 500 };
static double below[STEPS + 1]; /* P(a <= -10 + 20 i / STEPS) of the last grid,
                                   trapezoidal */

static moments grid(const rows *r, int32_t model, double from, double to) {
    double count[3][3], inverse[3][3] = {{0}}, p[3]; /* E 1/p of each kind of row */
    double s[6] = {0}, top = -INFINITY, ha = 20.0 / STEPS, ht = (to - from) / STEPS;
    count_rows(r, model, count);
    memset(below, 0, sizeof below);
    for (int pass = 0; pass < 2; ++pass)
        for (int i = 0; i <= STEPS; ++i)
            for (int j = 0; j <= STEPS; ++j) {
                double a = -10 + i * ha, t = from + j * ht;
                double l = log_density(r, model, count, a, t);
                if (pass == 0) {
                    top = fmax(top, l);
                    continue;
                }
                double f = exp(l - top), terms[6] = {1, a, a * a, t, t * t, a * t};
                for (int k = 0; k < 6; ++k) s[k] += f * terms[k];
                below[i] += f;
                for (int x = 0; x < 3; ++x) {
                    pdx__cut_outcomes(model, t, a * (x - 1), p);
                    for (int o = 0; o < 3; ++o) inverse[x][o] += f / p[o];
                }
            }
    moments m = {.a = s[1] / s[0], .theta = s[3] / s[0], .log_evidence = top + log(s[0] * ha * ht)};
    m.a_sd = sqrt(s[2] / s[0] - m.a * m.a);
    m.theta_sd = sqrt(s[4] / s[0] - m.theta * m.theta);
    m.cross = s[5] / s[0] - m.a * m.theta;
    for (int i = STEPS; i >= 0; --i) { /* density -> distribution function */
        double sum = -0.5 * below[i];
        for (int j = 0; j <= i; ++j) sum += below[j];
        below[i] = sum / s[0];
    }
    m.elpd = 0;
    for (int i = 0; i < r->n; ++i) {
        const int o = r->y[i] == 1 ? 0 : r->y[i] == 0.5 ? 1 : 2;
        const int twice = model == PDX_TIES_ORDINAL && o == 1 ? 2 : 1;
        m.elpd -= log(inverse[(int)r->x[2 * i] / twice + 1][o] / s[0]);
    }
    return m;
}

static rows sample;

/* EP's errors are allowed `factor` times what they are where rows are many. */
static void check_grid(int32_t model, double from, double to, double factor) {
    moments m = grid(&sample, model, from, to);
    pdx__fit fit;
    OK(fit_rows(&fit, &sample, model, PDX_METHOD_EP, 0));
    CHECK_NEAR(fit.mean[0], m.a, factor * 0.005 * m.a_sd);
    CHECK_NEAR(fit.sd[0] / m.a_sd, 1, factor * 0.01);
    CHECK_NEAR(fit.mean[1], m.theta, 0.01 * m.theta_sd);
    CHECK_NEAR(fit.sd[1] / m.theta_sd, 1, 0.01);
    CHECK_NEAR(fit.covariance[1], m.cross, factor * 0.01 * m.a_sd * m.theta_sd);
    CHECK_NEAR(fit.log_evidence, m.log_evidence, factor * 0.005);
    CHECK_NEAR(fit.elpd_loo, m.elpd, factor * 0.01);
    for (int q = 0; q < 3; ++q) {
        const double at = (fit.quantiles[q] + 10) / 20 * STEPS;
        const int i = (int)at;
        CHECK_NEAR(below[i] + (at - i) * (below[i + 1] - below[i]), probs[q], factor * 0.005);
    }
    CHECK(fit.certificate.ok);
    pdx__fit_free(&fit);
    OK(fit_rows(&fit, &sample, model, PDX_METHOD_STIS, 0));
    CHECK_NEAR(fit.mean[0], m.a, 0.001 * m.a_sd);
    CHECK_NEAR(fit.mean[1], m.theta, 0.002 * m.theta_sd);
    CHECK_NEAR(fit.sd[1] / m.theta_sd, 1, 0.01);
    CHECK_NEAR(fit.log_evidence, m.log_evidence, 0.001);
    pdx__fit_free(&fit);
}

static void one_weight(void) {
    static const double a[] = {0.9};
    for (int m = 0; m < 2; ++m) {
        simulate(&sample, models[m], 200, 1, a, -0.7, 1);
        sample.prior[0].scale = 0.5;
        for (int i = 0; i < 50; ++i) sample.weight[i] = 0.5;
        check_grid(models[m], -3, 2, 1);
    }
}

/* theta is then known from its prior and from the verdicts, or the ties, alone:
 * a long tail. */
static void no_tie_and_nothing_but_ties(void) {
    static const double a[] = {0.9};
    for (int m = 0; m < 2; ++m) {
        simulate(&sample, models[m], 20, 1, a, -40, 1);
        sample.prior[0].scale = 0.5;
        check_grid(models[m], -25, 4, 5);
        simulate(&sample, models[m], 20, 1, a, 40, 1);
        sample.prior[0].scale = 0.5;
        check_grid(models[m], -4, 25, 5);
    }
}

static void no_rows(void) {
    pdx__fit fit;
    for (int m = 0; m < 2; ++m) {
        sample = (rows){.d = 1, .prior = {{PDX_PRIOR_LAPLACE, 0.1}, {PDX_PRIOR_LAPLACE, 0}}};
        OK(fit_rows(&fit, &sample, models[m], PDX_METHOD_AUTO, 0));
        CHECK_NEAR(fit.mean[0], 0, 1e-12);
        CHECK_NEAR(fit.sd[0], 0.1 * M_SQRT2, 1e-9);
        CHECK_NEAR(fit.mean[1], 0, 0.002);
        CHECK_NEAR(fit.sd[1], M_PI / sqrt(3), 0.01); /* of a logistic */
        CHECK_NEAR(fit.log_evidence, 0, 0.002);
        pdx__fit_free(&fit);
    }
}

static void against_nuts(void) {
    double a[WIDEST];
    for (int k = 0; k < WIDEST; ++k) a[k] = 0.15 * (k % 5 - 2);
    for (int m = 0; m < 2; ++m) {
        pdx__fit ep, nuts;
        simulate(&sample, models[m], MOST, WIDEST, a, -0.9, 4);
        OK(fit_rows(&ep, &sample, models[m], PDX_METHOD_AUTO, 4000));
        OK(fit_rows(&nuts, &sample, models[m], PDX_METHOD_NUTS, 0));
        CHECK_INT(ep.certificate.method, PDX_METHOD_EP);
        CHECK(ep.certificate.ok && ep.certificate.ess_fraction > 0.99);
        CHECK(nuts.certificate.ok);
        const double se = nuts.certificate.mean_se;
        for (int k = 0; k <= WIDEST; ++k) {
            const double sd = nuts.sd[k];
            CHECK_NEAR(ep.mean[k], nuts.mean[k], (4 * se + 0.01) * sd);
            CHECK_NEAR(ep.sd[k] / sd, 1, 0.05);
            CHECK_NEAR(ep.prob_positive[k], nuts.prob_positive[k], 0.02);
            for (int q = 0; q < 3; ++q)
                CHECK_NEAR(ep.quantiles[3 * k + q], nuts.quantiles[3 * k + q], 0.15 * sd);
            CHECK_NEAR(ep.covariance[k * (WIDEST + 1) + WIDEST],
                       nuts.covariance[k * (WIDEST + 1) + WIDEST], 0.05 * sd * nuts.sd[WIDEST]);
            double mean = 0;
            for (int i = 0; i < 4000; ++i) mean += ep.draws[i * (WIDEST + 1) + k] / 4000;
            CHECK_NEAR(mean, ep.mean[k], 0.05 * sd);
        }
        CHECK_NEAR(ep.mean[WIDEST], -0.9, 4 * ep.sd[WIDEST]); /* as planted */
        pdx__fit_free(&ep);
        pdx__fit_free(&nuts);
    }
}

/* Few rows that a wide prior leaves nearly free: EP's certificate fails, and
 * draws or NUTS answer, which must agree with each other. */
static void the_gates_open(void) {
    double a[8] = {3, -3, 2, 1, 0, 0, 1, -2};
    pdx__fit fit, nuts;
    for (int m = 0; m < 2; ++m) {
        simulate(&sample, models[m], 14, 8, a, -1, 5);
        for (int k = 0; k < 8; ++k) sample.prior[k].scale = 3;
        OK(fit_rows(&fit, &sample, models[m], PDX_METHOD_AUTO, 100));
        OK(fit_rows(&nuts, &sample, models[m], PDX_METHOD_NUTS, 100));
        CHECK(fit.certificate.method != PDX_METHOD_EP);
        CHECK(fit.certificate.ok);
        CHECK(fit.draw_count == 100 && nuts.draw_count == 100);
        for (int k = 0; k <= 8; ++k)
            CHECK_NEAR(fit.mean[k], nuts.mean[k],
                       (4 * (nuts.certificate.mean_se + fit.certificate.mean_se) + 0.01) *
                           nuts.sd[k]);
        pdx__fit_free(&fit);
        pdx__fit_free(&nuts);
    }
}

/* The same rows as users give them: nothing doubled, no column of the cut. */
static void public_rows(double *x, const rows *r, int32_t model) {
    for (int i = 0; i < r->n; ++i)
        for (int k = 0; k < r->d; ++k)
            x[i * r->d + k] =
                r->x[i * (r->d + 1) + k] / (model == PDX_TIES_ORDINAL && r->y[i] == 0.5 ? 2 : 1);
}

static double given[MOST * WIDEST];

static void rows_as_users_give_them(void) {
    static const double a[] = {0.6, -0.4, 0};
    for (int m = 0; m < 2; ++m) {
        simulate(&sample, models[m], 300, 3, a, -0.6, 2);
        public_rows(given, &sample, models[m]);
        pdx_rows in = {.size = sizeof in, .d = 3, .n = 300, .x = given, .y = sample.y};
        pdx_fit_options options;
        pdx_fit_options_init(&options);
        options.ties = models[m];
        pdx_posterior *p;
        pdx__fit inside;
        pdx_cut cut;
        OK(pdx_fit_rows(&p, &in, &options));
        OK(fit_rows(&inside, &sample, models[m], PDX_METHOD_AUTO, 0));
        OK(pdx_posterior_cut(p, &cut));
        for (int k = 0; k < 3; ++k) CHECK_NEAR(pdx_posterior_mean(p)[k], inside.mean[k], 1e-12);
        CHECK_INT(cut.model, models[m]);
        CHECK_NEAR(cut.logit_mean, inside.mean[3], 1e-12);
        CHECK(cut.low < cut.mean && cut.mean < cut.high);
        CHECK(cut.p_tie_low < 0.354 && 0.354 < cut.p_tie_high); /* as planted */
        CHECK(cut.log_loss < cut.share_log_loss - 0.01);
        int64_t ties = 0;
        for (int i = 0; i < 300; ++i) ties += sample.y[i] == 0.5;
        CHECK_INT(pdx_posterior_ties(p), ties);

        const double points[] = {0, 0, 0, 1, -1, 0};
        double three[6], two[2];
        OK(pdx_posterior_predict_outcomes(p, points, 2, three));
        OK(pdx_posterior_predict(p, points, 2, two));
        CHECK_NEAR(three[1], cut.p_tie, 0.003);
        CHECK_NEAR(three[0], three[2], 1e-12);
        CHECK_NEAR(three[3] + three[4] + three[5], 1, 1e-12);
        CHECK_NEAR(two[1], three[3] / (three[3] + three[5]), 0.005);
        CHECK(three[4] < three[1]);
        pdx_posterior_free(p);
        pdx__fit_free(&inside);
    }
}

/* An offset along a column whose prior is all but flat moves its weight, in
 * ties too. */
static void offsets_count_in_ties(void) {
    static const double a[] = {0.5};
    double offset[MOST], mean[2];
    for (int m = 0; m < 2; ++m) {
        simulate(&sample, models[m], MOST, 1, a, -0.5, 3);
        public_rows(given, &sample, models[m]);
        for (int i = 0; i < MOST; ++i) offset[i] = 0.4 * given[i];
        for (int with = 0; with < 2; ++with) {
            pdx_rows in = {.size = sizeof in, .d = 1, .n = MOST, .x = given, .y = sample.y};
            if (with) in.offset = offset;
            pdx_fit_options options;
            pdx_fit_options_init(&options);
            options.ties = models[m];
            options.prior = PDX_PRIOR_GAUSSIAN;
            options.prior_scale = 1000;
            pdx_posterior *p;
            OK(pdx_fit_rows(&p, &in, &options));
            mean[with] = pdx_posterior_mean(p)[0];
            pdx_posterior_free(p);
        }
        CHECK_NEAR(mean[0] - mean[1], 0.4, 1e-4);
    }
}

static void what_is_no_outcome_is_refused(void) {
    const double x[] = {1, -1, 1}, y[] = {1, 0.5, 0.7};
    pdx_rows in = {.size = sizeof in, .d = 1, .n = 3, .x = x, .y = y};
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.ties = PDX_TIES_ORDINAL;
    pdx_posterior *p;
    FAILS(pdx_fit_rows(&p, &in, &options), PDX_EINVAL, "row 3: y is 0.7");
    options.label = PDX_LABEL_SUM_LOGP;
    FAILS(pdx_fit_rows(&p, &in, &options), PDX_EINVAL, "use order or majority");
    options.label = PDX_LABEL_AUTO;
    options.prior = PDX_PRIOR_LAPLACE;
    options.prior_scale = INFINITY;
    in.n = 1;
    FAILS(pdx_fit_rows(&p, &in, &options), PDX_ENUMERIC, "not proper");
}

int main(void) {
    RUN(one_weight);
    RUN(no_tie_and_nothing_but_ties);
    RUN(no_rows);
    RUN(against_nuts);
    RUN(the_gates_open);
    RUN(rows_as_users_give_them);
    RUN(offsets_count_in_ties);
    RUN(what_is_no_outcome_is_refused);
    return check_result();
}
