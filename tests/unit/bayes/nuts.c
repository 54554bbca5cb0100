/* NUTS on densities whose answers are known, its adaptations, and its failures. Long runs are in
 * tests/stat. */
#include "bayes/adapt.h"
#include "bayes/nuts.h"

#include "check.h"

/* Normal with mean i, sd 10^(i-1) and correlation 0.8 between the first two. */
static double normal_value(void *context, const double *x, double *gradient) {
    (void)context;
    double z[3] = {x[0] / 0.1, x[1] - 1, (x[2] - 2) / 10};
    double q[3] = {(z[0] - 0.8 * z[1]) / 0.36, (z[1] - 0.8 * z[0]) / 0.36, z[2]};
    gradient[0] = -q[0] / 0.1;
    gradient[1] = -q[1];
    gradient[2] = -q[2] / 10;
    return -0.5 * (z[0] * q[0] + z[1] * q[1] + z[2] * q[2]);
}

/* Laplace(0, 0.1) in each of 10 dimensions. */
static double laplace_value(void *context, const double *x, double *gradient) {
    (void)context;
    double sum = 0;
    for (int d = 0; d < 10; ++d) {
        sum -= fabs(x[d]) / 0.1;
        gradient[d] = x[d] > 0 ? -10 : x[d] < 0 ? 10 : 0;
    }
    return sum;
}

static double nowhere_value(void *context, const double *x, double *gradient) {
    (void)context;
    gradient[0] = x[0];
    return NAN;
}

static const double zeros[4 * 10];
static double variance_of(const pdx__nuts_run *run, int d, int e, const double *mean) {
    double sum = 0;
    int64_t n = (int64_t)run->chains * run->draws;
    for (int64_t i = 0; i < n; ++i) {
        const double *x = run->draw + i * run->dim;
        sum += (x[d] - mean[d]) * (x[e] - mean[e]);
    }
    return sum / (double)n;
}

static void check_normal(const pdx__nuts_run *run) {
    double mean[3], sd[3], se[3], rhat, ess;
    OK(pdx__nuts_summary(run, mean, sd, se, &rhat, &ess));
    CHECK_LE(rhat, 1.01);
    CHECK(ess > 1500);
    for (int d = 0; d < 3; ++d) {
        CHECK_NEAR(mean[d], d, 4 * se[d]);
        CHECK_NEAR(sd[d] / pow(10, d - 1), 1, 0.06);
        CHECK_LE(se[d], 0.03 * sd[d]);
    }
    CHECK_NEAR(variance_of(run, 0, 1, mean) / (sd[0] * sd[1]), 0.8, 0.03);
}

static void adapts_to_a_normal(void) {
    pdx__target target = {3, normal_value, NULL};
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = zeros;
    pdx__nuts_run run;
    OK(pdx__nuts(&run, &target, &settings));
    check_normal(&run);
    for (int c = 0; c < 4; ++c) {
        CHECK_INT(run.divergences[c], 0);
        CHECK_NEAR(run.accept[c], 0.85, 0.1);
    }
    pdx__nuts_free(&run);
}

static void takes_a_covariance(void) {
    static const double covariance[9] = {0.01, 0.08, 0, 0.08, 1, 0, 0, 0, 100};
    pdx__target target = {3, normal_value, NULL};
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = zeros;
    settings.covariance = covariance;
    pdx__nuts_run run;
    OK(pdx__nuts(&run, &target, &settings));
    check_normal(&run);
    /* a standard normal in these coordinates: large steps, shallow trees */
    CHECK(run.step_size[0] > 0.5 && run.depth[0] < 3);
    pdx__nuts_free(&run);
}

static void kinks(void) {
    pdx__target target = {10, laplace_value, NULL};
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = zeros;
    pdx__nuts_run run;
    double mean[10], sd[10], se[10], rhat, ess;
    OK(pdx__nuts(&run, &target, &settings));
    OK(pdx__nuts_summary(&run, mean, sd, se, &rhat, &ess));
    CHECK_LE(rhat, 1.01);
    for (int d = 0; d < 10; ++d) {
        CHECK_NEAR(mean[d], 0, 4 * se[d]);
        CHECK_NEAR(sd[d], 0.1 * sqrt(2), 0.012);
    }
    pdx__nuts_free(&run);
}

/* Chain c does not depend on how many chains there are; another seed or stream gives others. */
static void reproducible(void) {
    pdx__target target = {3, normal_value, NULL};
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = zeros;
    settings.draws = 50;
    settings.warmup = 60;
    pdx__nuts_run all, one, other;
    OK(pdx__nuts(&all, &target, &settings));
    settings.chains = 2;
    OK(pdx__nuts(&one, &target, &settings));
    settings.stream = 1;
    OK(pdx__nuts(&other, &target, &settings));
    CHECK(!memcmp(all.draw, one.draw, 2 * 50 * 3 * sizeof(double)));
    CHECK(memcmp(other.draw, one.draw, 50 * 3 * sizeof(double)));
    CHECK(memcmp(all.draw, all.draw + 50 * 3, 50 * 3 * sizeof(double)));
    pdx__nuts_free(&all);
    pdx__nuts_free(&one);
    pdx__nuts_free(&other);
}

static int32_t stop(void *user, const pdx_progress *progress) {
    CHECK_TEXT(progress->what, "draws");
    CHECK(progress->done < progress->total);
    ++*(int *)user;
    return 1;
}

static void failures(void) {
    static const double singular[9] = {1, 1, 0, 1, 1, 0, 0, 0, 1};
    pdx__target nowhere = {1, nowhere_value, NULL}, normal = {3, normal_value, NULL};
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    pdx__nuts_run run;
    FAILS(pdx__nuts(&run, &normal, &settings), PDX_EINVAL, "starts");
    settings.start = zeros;
    FAILS(pdx__nuts(&run, &nowhere, &settings), PDX_ENUMERIC, "chain 0");
    CHECK(!run.draw);
    settings.covariance = singular;
    FAILS(pdx__nuts(&run, &normal, &settings), PDX_ENUMERIC, "positive definite");
    settings.covariance = NULL;
    settings.target_accept = 1;
    FAILS(pdx__nuts(&run, &normal, &settings), PDX_EINVAL, "acceptance 1");
    settings.target_accept = 0.8;
    int calls = 0;
    pdx_hooks hooks = {.progress = stop, .user = &calls};
    settings.hooks = &hooks;
    settings.draws = 200000; /* longer than the quarter second before the first call */
    FAILS(pdx__nuts(&run, &normal, &settings), PDX_ECANCELED, "canceled");
    CHECK_INT(calls, 1);
}

static void step_adapts(void) {
    pdx__step_adapt adapt;
    double step = 1;
    pdx__step_start(&adapt, 0.8, step);
    for (int i = 0; i < 500; ++i) step = pdx__step_update(&adapt, exp(-step));
    CHECK_NEAR(exp(-pdx__step_final(&adapt)), 0.8, 0.01);
}

static void windows_double(void) {
    static const int ends[4] = {100, 150, 250, 450};
    pdx__windows windows;
    int found = 0;
    pdx__windows_start(&windows, 500);
    for (int i = 0; i < 500; ++i)
        if (pdx__windows_end(&windows, i)) {
            REQUIRE(found < 4);
            CHECK_INT(i + 1, ends[found++]);
        }
    CHECK_INT(found, 4);
    CHECK(!pdx__windows_hold(&windows, 74) && pdx__windows_hold(&windows, 75));
    CHECK(pdx__windows_hold(&windows, 449) && !pdx__windows_hold(&windows, 450));
    for (int warmup = 0; warmup < 400; ++warmup) { /* every warmup ends its last window */
        int last = -1;
        pdx__windows_start(&windows, warmup);
        for (int i = 0; i < warmup; ++i)
            if (pdx__windows_end(&windows, i)) last = i + 1;
        if (warmup > 0) CHECK_INT(last, windows.last);
    }
}

int main(void) {
    RUN(adapts_to_a_normal);
    RUN(takes_a_covariance);
    RUN(kinks);
    RUN(reproducible);
    RUN(failures);
    RUN(step_adapts);
    RUN(windows_double);
    return check_result();
}
