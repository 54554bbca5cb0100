/* The two models of ties: their probabilities, what rows are made of them, derivatives, the density
 * that theta is drawn from, and the target of NUTS with theta as its last coordinate. */
#include <prefdissect/prefdissect.h>

#include "bayes/cut.h"
#include "bayes/logit_target.h"
#include "bayes/numerics.h"
#include "check.h"
#include "core/rng.h"

static const int32_t models[] = {PDX_TIES_ORDINAL, PDX_TIES_DAVIDSON};
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static void outcomes_follow_the_papers(void) {
    for (double theta = -6; theta <= 5; theta += 0.5)
        for (double eta = -9; eta <= 9; eta += 0.75) {
            double p[3], c = log1p(2 * exp(theta)), v = 2 * exp(theta), z;
            pdx__cut_outcomes(PDX_TIES_ORDINAL, theta, eta, p);
            CHECK_NEAR(p[0], sigmoid(eta - c), 1e-14);
            CHECK_NEAR(p[2], sigmoid(-eta - c), 1e-14);
            CHECK_NEAR(p[1], sigmoid(eta + c) - sigmoid(eta - c), 1e-14);
            pdx__cut_outcomes(PDX_TIES_DAVIDSON, theta, eta, p);
            z = exp(eta / 2) + exp(-eta / 2) + v;
            CHECK_NEAR(p[0], exp(eta / 2) / z, 1e-14);
            CHECK_NEAR(p[1], v / z, 1e-14);
            CHECK_NEAR(p[2], exp(-eta / 2) / z, 1e-14);
        }
    for (int m = 0; m < 2; ++m) { /* what theta means, and no overflow at its ends */
        double p[3];
        pdx__cut_outcomes(models[m], -1.25, 0, p);
        CHECK_NEAR(p[1], sigmoid(-1.25), 1e-15);
        pdx__cut_outcomes(models[m], 30, 700, p);
        CHECK_NEAR(p[0] + p[1] + p[2], 1, 1e-12);
        pdx__cut_outcomes(models[m], -40, -800, p);
        CHECK_NEAR(p[2], 1, 1e-12);
    }
}

/* The log likelihood of a row as pdx__problem has it. */
static double row(double y, double eta, double band) {
    return (y - 0.5) * eta - pdx__softabs(eta, band, NULL, NULL);
}

static void rows_say_the_same(void) {
    for (double theta = -4; theta <= 4; theta += 1.6)
        for (double eta = -7; eta <= 7; eta += 1.3) {
            double p[3];
            pdx__cut_values at = pdx__cut_at(PDX_TIES_ORDINAL, theta, NULL);
            pdx__cut_outcomes(PDX_TIES_ORDINAL, theta, eta, p);
            CHECK_NEAR(row(1, eta - at.offset, 0), log(p[0]), 1e-12);
            CHECK_NEAR(row(0, eta + at.offset, 0), log(p[2]), 1e-12);
            CHECK_NEAR(row(0.5, 2 * eta, at.width) + at.tie, log(p[1]), 1e-12);
            at = pdx__cut_at(PDX_TIES_DAVIDSON, theta, NULL);
            pdx__cut_outcomes(PDX_TIES_DAVIDSON, theta, eta, p);
            CHECK_NEAR(row(1, eta, at.width), log(p[0]), 1e-12);
            CHECK_NEAR(row(0, eta, at.width), log(p[2]), 1e-12);
            CHECK_NEAR(row(0.5, eta, at.width) + at.tie, log(p[1]), 1e-12);
        }
}

static void slopes_are_slopes(void) {
    for (int m = 0; m < 2; ++m)
        for (double theta = -6; theta <= 6; theta += 0.7) {
            const double h = 1e-5;
            pdx__cut_values s, a = pdx__cut_at(models[m], theta - h, NULL);
            pdx__cut_values b = pdx__cut_at(models[m], theta + h, NULL);
            pdx__cut_at(models[m], theta, &s);
            CHECK_NEAR((b.offset - a.offset) / (2 * h), s.offset, 1e-8);
            CHECK_NEAR((b.width - a.width) / (2 * h), s.width, 1e-8 * (1 + fabs(s.width)));
            CHECK_NEAR((b.tie - a.tie) / (2 * h), s.tie, 1e-8);
            CHECK_NEAR((b.prior - a.prior) / (2 * h), s.prior, 1e-8);
        }
    double first, second, low, high;
    for (double eta = -5; eta <= 5; eta += 0.9)
        for (double band = 0; band < 9; band += 3) {
            pdx__softabs(eta, band, &first, &second);
            pdx__softabs(eta - 1e-5, band, &low, NULL);
            pdx__softabs(eta + 1e-5, band, &high, NULL);
            CHECK_NEAR((high - low) / 2e-5, second, 1e-8);
            CHECK_NEAR((pdx__softabs(eta + 1e-5, band, &low, &high) -
                        pdx__softabs(eta - 1e-5, band, &low, &high)) /
                           2e-5,
                       first, 1e-8);
        }
}

/* Draws at even u: their density integrates to one, and their moments are those of the nodes'
 * density, here normal. */
static void the_proposal_is_its_density(void) {
    enum { NODES = 7, DRAWS = 20000 };
    double node[NODES], log_z[NODES], shift[NODES * 2], mean = 0, square = 0, total = 0, last = 0;
    for (int i = 0; i < NODES; ++i) {
        node[i] = 0.4 + 1.2 * 0.3 * (i - 3);
        log_z[i] = -0.5 * pow((node[i] - 0.4) / 0.3, 2) - 812;
        shift[2 * i] = 2 * (node[i] - 0.4);
        shift[2 * i + 1] = 0;
    }
    pdx__cut_proposal p;
    pdx__cut_propose(&p, NODES, node, log_z, shift, 2);
    double before = 0, density_before = 0;
    for (int i = 0; i < DRAWS; ++i) {
        double log_density, theta = pdx__cut_draw(&p, (i + 0.5) / DRAWS, &log_density);
        mean += theta / DRAWS;
        square += theta * theta / DRAWS;
        if (i > 0) {
            CHECK(theta > last);
            total += (theta - before) * 0.5 * (exp(log_density) + density_before);
        }
        last = before = theta;
        density_before = exp(log_density);
        if (fabs(theta - 0.4) < 0.9) {
            CHECK_NEAR(log_density, -0.5 * pow((theta - 0.4) / 0.3, 2) - log(0.3 * 2.50662827463),
                       0.02);
        }
    }
    CHECK_NEAR(total, 1, 1e-3);
    CHECK_NEAR(mean, 0.4, 1e-3);
    CHECK_NEAR(sqrt(square - mean * mean), 0.3, 3e-3);
    CHECK_NEAR(pdx__cut_shift(&p, 0.7, 0), 0.6, 1e-12);
    CHECK_NEAR(pdx__cut_shift(&p, 99, 1), 0, 0);
}

/* Value and gradient of the target against the papers' formulas. */
static void check_target(int32_t model, double factor, double tolerance) {
    enum { N = 61, D = 2 };
    static double x[N * (D + 1)], y[N], weight[N], offset[N], band[N];
    int outcome[N];
    const int ordinal = model == PDX_TIES_ORDINAL;
    pdx__rng rng;
    pdx__rng_init(&rng, 3, 0);
    double ties = 0;
    for (int i = 0; i < N; ++i) {
        outcome[i] = (int)pdx__rng_below(&rng, 3);
        const int tie = outcome[i] == 1, twice = ordinal && tie ? 2 : 1;
        for (int k = 0; k < D; ++k)
            x[i * (D + 1) + k] = twice * ((double)pdx__rng_below(&rng, 3) - 1);
        x[i * (D + 1) + D] = ordinal ? outcome[i] - 1 : 0;
        y[i] = 1 - 0.5 * outcome[i];
        weight[i] = factor * (i % 3 ? 1 : 0.5);
        offset[i] = twice * (i % 4 ? 0 : 0.3);
        band[i] = ordinal ? tie : 1;
        ties += tie * weight[i];
    }
    static const pdx__prior prior[] = {
        {PDX_PRIOR_GAUSSIAN, 2}, {PDX_PRIOR_LAPLACE, 0.5}, {PDX_PRIOR_LAPLACE, 0}};
    pdx__design *design;
    OK(pdx__design_create(&design, N, D + 1, x, NULL));
    const pdx__cut cut = {.model = model, .column = D, .band = band, .ties = ties};
    pdx__problem problem = {
        .design = design, .y = y, .weight = weight, .offset = offset, .prior = prior, .cut = &cut};
    pdx__logit_target *logit;
    OK(pdx__logit_target_create(&logit, &problem));
    pdx__target target = pdx__logit_target_seam(logit);
    CHECK_INT(target.dim, D + 1);
    double base = 0;
    for (int trial = 0; trial < 6; ++trial) {
        double a[] = {0.4 * trial - 1, 0.7 - 0.3 * trial, trial - 3}, gradient[3], other[3];
        double value = target.value(target.context, a, gradient);
        double sum = -a[0] * a[0] / 8 - fabs(a[1]) / 0.5 + log(sigmoid(a[2])) + log(sigmoid(-a[2]));
        for (int i = 0; i < N; ++i) {
            const int twice = ordinal && outcome[i] == 1 ? 2 : 1;
            double p[3];
            double eta = (x[i * (D + 1)] * a[0] + x[i * (D + 1) + 1] * a[1] + offset[i]) / twice;
            pdx__cut_outcomes(model, a[2], eta, p);
            sum += weight[i] * log(p[outcome[i]]);
        }
        if (trial == 0) base = value - sum;
        CHECK_NEAR(value - sum, base, tolerance * fabs(value));
        for (int k = 0; k < 3; ++k) {
            double h = 1e-3, b[] = {a[0], a[1], a[2]};
            b[k] += h;
            double high = target.value(target.context, b, other);
            b[k] -= 2 * h;
            double low = target.value(target.context, b, other);
            CHECK_NEAR((high - low) / (2 * h), gradient[k],
                       100 * tolerance * fabs(value) + 1e-7 * fabs(value));
        }
    }
    pdx__logit_target_free(logit);
    pdx__design_free(design);
}

static void the_target_has_theta(void) {
    for (int m = 0; m < 2; ++m) {
        check_target(models[m], 1, 1e-5);
        check_target(models[m], 1e4, 1e-12); /* in double precision */
    }
}

int main(void) {
    RUN(outcomes_follow_the_papers);
    RUN(rows_say_the_same);
    RUN(slopes_are_slopes);
    RUN(the_proposal_is_its_density);
    RUN(the_target_has_theta);
    return check_result();
}
