/* Partial pooling against the shared reference, and identities that hold whatever the data. */
#include "bayes/hierarchy_draws.h"
#include "core/rng.h"
#include "pooled_case.h"

static pdx__workspace *workspace;

static const pdx__fit_settings everything = {.method = PDX_METHOD_AUTO,
                                             .certify = 1,
                                             .summaries = 1,
                                             .seed = 1,
                                             .quantile_probs = reference_probs,
                                             .quantile_count = REFERENCE_PROBS};

/* The reference's own Monte Carlo error is the larger part of the limit. */
static void pooling_matches_the_reference(void) {
    pooled_case c;
    if (!case_read(&c, "dev6_n900_pooled")) SKIP("no ../shared/data/posterior/dev6");
    pdx__hierarchy h;
    pdx__pooled_fit fit;
    OK(pdx__hierarchy_create(&h, c.problem, c.groups, c.prior, c.sharing, workspace));
    OK(pdx__pooled_fit_run(&fit, &h, 0.2, &everything));
    for (int32_t k = 0; k < c.d; ++k) {
        CHECK_NEAR(fit.mean.mean[k], c.mu[0][k], 4 * c.mu[2][k] + 0.01 * c.mu[1][k]);
        CHECK_NEAR(fit.mean.sd[k] / c.mu[1][k], 1, 0.03);
        for (int32_t g = 0; g < c.groups; ++g) {
            int32_t i = g * c.d + k;
            CHECK_NEAR(fit.group[g].mean[k], c.w[0][i], 4 * c.w[2][i] + 0.01 * c.w[1][i]);
            CHECK_NEAR(fit.group[g].sd[k] / c.w[1][i], 1, 0.03);
        }
    }
    CHECK_NEAR(fit.tau_mean, c.tau[0], 4 * c.tau[2] + 0.01 * c.tau[1]);
    CHECK_NEAR(fit.tau_sd / c.tau[1], 1, 0.03);
    pdx__pooled_fit_free(&fit);
    pdx__hierarchy_free(&h);
    case_free(&c);
}

/* Rows of D columns in three groups, the last one small. */
enum { D = 4, GROUPS = 3 };
typedef struct small_case {
    double x[200 * D], y[200];
    pdx__problem problem[GROUPS];
    pdx__design *design[GROUPS], *whole;
    pdx__prior prior[D];
    pdx__sharing sharing[D];
    int32_t start[GROUPS + 1];
} small_case;

static void small_open(small_case *s) {
    static const int32_t start[GROUPS + 1] = {0, 90, 180, 185};
    pdx__rng rng;
    pdx__rng_init(&rng, 11, 0);
    memset(s, 0, sizeof *s);
    memcpy(s->start, start, sizeof start);
    for (int32_t g = 0; g < GROUPS; ++g) {
        for (int32_t i = start[g]; i < start[g + 1]; ++i) {
            double eta = 0;
            for (int k = 0; k < D; ++k) {
                s->x[i * D + k] = (double)pdx__rng_below(&rng, 3) - 1;
                eta += s->x[i * D + k] * (0.5 * (k - 1) + 0.4 * (g - 1) * (k == 2));
            }
            s->y[i] = pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta));
        }
        OK(pdx__design_create(&s->design[g], start[g + 1] - start[g], D, s->x + start[g] * D,
                              NULL));
        s->problem[g] = (pdx__problem){.design = s->design[g], .y = s->y + start[g]};
    }
    OK(pdx__design_create(&s->whole, start[GROUPS], D, s->x, NULL));
    for (int k = 0; k < D; ++k) s->prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.3};
}

static void small_close(small_case *s) {
    for (int32_t g = 0; g < GROUPS; ++g) pdx__design_free(s->design[g]);
    pdx__design_free(s->whole);
}

static const pdx__fit_settings ep_alone = {.method = PDX_METHOD_EP,
                                           .summaries = 1,
                                           .quantile_probs = reference_probs,
                                           .quantile_count = REFERENCE_PROBS};

/* At tau = 0 the groups are one fit. */
static void no_spread_is_one_fit(void) {
    small_case s;
    pdx__hierarchy h;
    pdx__ep ep;
    double tau[200], nu[200], log_z;
    small_open(&s);
    pdx__problem whole = {.design = s.whole, .y = s.y, .prior = s.prior};
    const pdx__ep_settings settings = {.tolerance = 1e-9, .max_sweeps = 200};
    OK(pdx__hierarchy_create(&h, s.problem, GROUPS, s.prior, s.sharing, workspace));
    OK(pdx__hierarchy_run(&h, 0, 1e-9, 200));
    OK(pdx__hierarchy_evidence(&h, &log_z));
    OK(pdx__ep_run(&ep, &whole, NULL, &settings, workspace, tau, nu));
    for (int k = 0; k < D; ++k) {
        CHECK_NEAR(h.mean.mean[k], ep.mean[k], 1e-8);
        CHECK_NEAR(h.mean.sd[k], ep.sd[k], 1e-8);
        for (int g = 0; g < GROUPS; ++g) {
            CHECK_NEAR(h.branch[g].ep.mean[k], ep.mean[k], 1e-8);
            CHECK_NEAR(h.branch[g].ep.sd[k], ep.sd[k], 1e-8);
        }
    }
    pdx__ep_report report = {0};
    OK(pdx__ep_describe(&ep, NULL, &report));
    CHECK_NEAR(log_z, report.log_evidence, 1e-7);
    pdx__hierarchy_free(&h);
    small_close(&s);
}

/* Columns that are not shared are fits apart, evidence and all. */
static void nothing_shared_is_fits_apart(void) {
    small_case s;
    pdx__hierarchy h;
    double log_z, apart = 0;
    small_open(&s);
    for (int k = 0; k < D; ++k) s.sharing[k] = PDX__OWN;
    OK(pdx__hierarchy_create(&h, s.problem, GROUPS, s.prior, s.sharing, workspace));
    OK(pdx__hierarchy_run(&h, 0.2, 1e-9, 200));
    OK(pdx__hierarchy_evidence(&h, &log_z));
    for (int g = 0; g < GROUPS; ++g) {
        pdx__problem problem = s.problem[g];
        double tau[200], nu[200];
        pdx__ep ep;
        const pdx__ep_settings settings = {.tolerance = 1e-9, .max_sweeps = 200};
        problem.prior = s.prior;
        OK(pdx__ep_run(&ep, &problem, NULL, &settings, workspace, tau, nu));
        for (int k = 0; k < D; ++k) {
            CHECK_NEAR(h.branch[g].ep.mean[k], ep.mean[k], 1e-6);
            CHECK_NEAR(h.branch[g].ep.sd[k], ep.sd[k], 1e-6);
        }
        pdx__ep_report report = {0};
        OK(pdx__ep_describe(&ep, NULL, &report));
        apart += report.log_evidence;
    }
    CHECK_NEAR(log_z, apart, 1e-5);
    pdx__hierarchy_free(&h);
    small_close(&s);
}

/* A group without rows scatters about the mean by tau; a column that is common is the same in all;
 * one that is pinned is 0. */
static void groups_without_rows(void) {
    small_case s;
    pdx__hierarchy h;
    pdx__design *empty;
    small_open(&s);
    OK(pdx__design_create(&empty, 0, D, NULL, NULL));
    s.problem[2] = (pdx__problem){.design = empty, .y = s.y};
    s.sharing[1] = PDX__COMMON;
    s.prior[3].scale = 0;
    OK(pdx__hierarchy_create(&h, s.problem, GROUPS, s.prior, s.sharing, workspace));
    OK(pdx__hierarchy_run(&h, 0.3, 1e-9, 200));
    CHECK_INT(h.d, 3);
    for (int k = 0; k < 3; ++k) {
        double spread = k == 1 ? 0 : 0.09;
        CHECK_NEAR(h.branch[2].ep.mean[k], h.mean.mean[k], 1e-10);
        CHECK_NEAR(h.branch[2].ep.sd[k], sqrt(h.mean.sd[k] * h.mean.sd[k] + spread), 1e-10);
    }
    CHECK_NEAR(h.branch[0].ep.mean[1], h.branch[1].ep.mean[1], 1e-10);
    CHECK(fabs(h.branch[0].ep.mean[2] - h.branch[1].ep.mean[2]) > 0.05);
    pdx__hierarchy_free(&h);
    pdx__design_free(empty);
    small_close(&s);
}

/* One column, one row in each of two groups: mu, w and the evidence by quadrature. */
static void quadrature_agrees(void) {
    static const double one = 1;
    const double b = 0.5, tau = 0.7, x = 1;
    pdx__design *design;
    pdx__hierarchy h;
    double log_z, mu[2][2001], sum = 0, mean = 0, w_mean = 0;
    OK(pdx__design_create(&design, 1, 1, &x, NULL));
    pdx__problem problem[2] = {{.design = design, .y = &one}, {.design = design, .y = &one}};
    pdx__prior prior = {PDX_PRIOR_LAPLACE, b};
    pdx__sharing sharing = PDX__POOLED;
    OK(pdx__hierarchy_create(&h, problem, 2, &prior, &sharing, workspace));
    OK(pdx__hierarchy_run(&h, tau, 1e-10, 200));
    OK(pdx__hierarchy_evidence(&h, &log_z));
    for (int i = 0; i <= 2000; ++i) { /* likelihood of one group given mu, and its first moment */
        double m = -10 + 0.01 * i;
        mu[0][i] = mu[1][i] = 0;
        for (int j = -600; j <= 600; ++j) {
            double w = m + tau * 0.01 * j;
            double p = 0.01 / sqrt(2 * M_PI) * exp(-0.5e-4 * j * j) / (1 + exp(-w));
            mu[0][i] += p;
            mu[1][i] += p * w;
        }
    }
    for (int i = 0; i <= 2000; ++i) {
        double m = -10 + 0.01 * i, p = 0.01 / (2 * b) * exp(-fabs(m) / b) * mu[0][i];
        sum += p * mu[0][i];
        mean += p * mu[0][i] * m;
        w_mean += p * mu[1][i];
    }
    CHECK_NEAR(log_z, log(sum), 6e-3);
    CHECK_NEAR(h.mean.mean[0], mean / sum, 0.02 * h.mean.sd[0]);
    CHECK_NEAR(h.branch[0].ep.mean[0], w_mean / sum, 0.02 * h.branch[0].ep.sd[0]);
    pdx__hierarchy_free(&h);
    pdx__design_free(design);
}

/* The sampler, NUTS and EP say the same of all blocks, tau, differences and what varies together.
 */
static void draws_agree(void) {
    small_case s;
    pdx__hierarchy h;
    pdx__pooled_fit fit, by_stis, by_nuts;
    pdx__fit_settings settings = everything;
    small_open(&s);
    settings.nuts_chains = 2;
    settings.nuts_warmup = 500;
    settings.nuts_draws = 8000;
    settings.draws = 700;
    OK(pdx__hierarchy_create(&h, s.problem, GROUPS, s.prior, s.sharing, workspace));
    OK(pdx__pooled_fit_run(&fit, &h, 0.3, &settings));
    CHECK_INT(fit.certificate.ok, 1);
    CHECK_INT(fit.certificate.method, PDX_METHOD_EP);
    CHECK(fit.certificate.ess_fraction > 0.95);
    settings.method = PDX_METHOD_STIS;
    OK(pdx__pooled_fit_run(&by_stis, &h, 0.3, &settings));
    CHECK_INT(by_stis.certificate.ok, 1);
    settings.method = PDX_METHOD_NUTS;
    OK(pdx__pooled_fit_run(&by_nuts, &h, 0.3, &settings));
    CHECK(by_nuts.certificate.rhat < 1.01);
    const pdx__pooled_fit *other[] = {&by_stis, &by_nuts};
    for (int o = 0; o < 2; ++o) {
        const double sds = o ? 0.06 : 0.03, part = o ? 0.05 : 0.04;
        CHECK_NEAR(fit.tau_mean, other[o]->tau_mean, sds * fit.tau_sd);
        CHECK_NEAR(fit.tau_sd / other[o]->tau_sd, 1, part);
        CHECK_NEAR(fit.tau_quantiles[4], other[o]->tau_quantiles[4], o ? 0.01 : 0.03);
        for (int g = -1; g < GROUPS; ++g)
            for (int k = 0; k < D; ++k) {
                const pdx__fit *a = g < 0 ? &fit.mean : &fit.group[g];
                const pdx__fit *b = g < 0 ? &other[o]->mean : &other[o]->group[g];
                CHECK_NEAR(a->mean[k], b->mean[k], sds * a->sd[k]);
                CHECK_NEAR(a->sd[k] / b->sd[k], 1, part);
                CHECK_NEAR(a->prob_positive[k], b->prob_positive[k], 0.02);
                for (int q = 0; q < REFERENCE_PROBS; ++q)
                    CHECK_NEAR(a->quantiles[k * REFERENCE_PROBS + q],
                               b->quantiles[k * REFERENCE_PROBS + q], 0.15 * a->sd[k]);
                CHECK_NEAR(a->covariance[k * D], b->covariance[k * D], 0.05 * a->sd[k] * a->sd[0]);
                if (g < 0) continue;
                const pdx_contrast *c = &fit.difference[g * D + k];
                const pdx_contrast *e = &other[o]->difference[g * D + k];
                CHECK_NEAR(c->mean, e->mean, sds * c->sd);
                CHECK_NEAR(c->sd / e->sd, 1, 0.06);
                CHECK_NEAR(c->prob_greater, e->prob_greater, 0.02);
                CHECK_NEAR(c->high, e->high, 0.25 * c->sd);
            }
        for (int i = 0; i < GROUPS * (GROUPS - 1) / 2 * D; ++i)
            CHECK_NEAR(fit.cross[i], other[o]->cross[i],
                       0.06 * fit.mean.sd[i % D] * fit.mean.sd[i % D]);
        CHECK_INT(other[o]->group[1].draw_count, 700);
    }
    for (int k = 0; k < D; ++k) {
        double drawn = 0;
        for (int i = 0; i < 700; ++i) drawn += fit.group[2].draws[i * D + k] / 700;
        CHECK_NEAR(drawn, fit.group[2].mean[k], 0.15 * fit.group[2].sd[k]);
    }
    pdx__pooled_fit_free(&fit);
    pdx__pooled_fit_free(&by_stis);
    pdx__pooled_fit_free(&by_nuts);
    pdx__hierarchy_free(&h);
    small_close(&s);
}

/* A finer grid of tau changes nothing; the order of groups neither; nor the instruction set. */
static void the_grid_is_fine_enough(void) {
    small_case s;
    pdx__hierarchy h, turned, plain;
    pdx__pooled_fit a, b, c;
    pdx__workspace *other;
    small_open(&s);
    pdx__problem reversed[GROUPS] = {s.problem[2], s.problem[1], s.problem[0]};
    OK(pdx__workspace_create(&other));
    other->kernels = pdx__kernels_named("plain");
    OK(pdx__hierarchy_create(&h, s.problem, GROUPS, s.prior, s.sharing, workspace));
    OK(pdx__hierarchy_create(&turned, reversed, GROUPS, s.prior, s.sharing, workspace));
    OK(pdx__hierarchy_create(&plain, s.problem, GROUPS, s.prior, s.sharing, other));
    OK(pdx__pooled_fit_run(&a, &h, 0.3, &ep_alone));
    OK(pdx__pooled_fit_run(&b, &turned, 0.3, &ep_alone));
    OK(pdx__pooled_fit_run(&c, &plain, 0.3, &ep_alone));
    double total = 0, mean = 0, square = 0;
    for (double tau = 0.005; tau < 1.5; tau += 0.01) {
        double log_z;
        OK(pdx__hierarchy_run(&h, tau, 1e-4, 200));
        OK(pdx__hierarchy_evidence(&h, &log_z));
        double w = exp(log_z - 0.5 * tau * tau / 0.09 + 120);
        total += w;
        mean += w * tau;
        square += w * tau * tau;
    }
    CHECK_NEAR(a.tau_mean, mean / total, 0.01 * a.tau_sd);
    CHECK_NEAR(a.tau_sd, sqrt(square / total - mean * mean / total / total), 0.01 * a.tau_sd);
    CHECK_NEAR(a.tau_mean, b.tau_mean, 1e-3 * a.tau_sd);
    CHECK_NEAR(a.tau_mean, c.tau_mean, 1e-6);
    for (int k = 0; k < D; ++k) {
        CHECK_NEAR(a.group[0].mean[k], b.group[2].mean[k], 2e-3 * a.group[0].sd[k]);
        CHECK_NEAR(a.group[0].mean[k], c.group[0].mean[k], 1e-6);
    }
    pdx__pooled_fit_free(&a);
    pdx__pooled_fit_free(&b);
    pdx__pooled_fit_free(&c);
    pdx__hierarchy_free(&h);
    pdx__hierarchy_free(&turned);
    pdx__hierarchy_free(&plain);
    pdx__workspace_free(other);
    small_close(&s);
}

int main(void) {
    if (pdx__workspace_create(&workspace) != PDX_OK) return 1;
    RUN(pooling_matches_the_reference);
    RUN(no_spread_is_one_fit);
    RUN(nothing_shared_is_fits_apart);
    RUN(groups_without_rows);
    RUN(quadrature_agrees);
    RUN(draws_agree);
    RUN(the_grid_is_fine_enough);
    pdx__workspace_free(workspace);
    return check_result();
}
