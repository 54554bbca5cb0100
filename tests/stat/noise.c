/* Planted weights behind properties that are measured with noise: intervals that take them as exact
 * miss the truth, those that allow for the noise cover it; simulation-extrapolation finds how far
 * the noise pulls. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/rng.h"
#include "data/dataset.h"

enum { SETS = 50, N = 600, D = 4, IMPUTATIONS = 10 };
static const double truth[D] = {0.9, -0.7, 0.5, 0};
static const double noise[D] = {1, 0.6, 0, 1};
static const char *const names[D] = {"noisy", "less", "exact", "null"};

/* Every pair has two looks, every third one four. */
static int looks_of(int pair) { return pair % 3 ? 2 : 4; }

static double compare(double gap, int ternary) {
    return !ternary ? gap : gap > 0.7 ? 1 : gap < -0.7 ? -1 : 0;
}

/* ternary: each look, their mean and the truth are compared with a tolerance, as annotations are.
 */
static void simulate(pdx_dataset **data, pdx_judgments **judgments, int ternary, pdx__rng *rng) {
    static double x[N * D];
    static pdx__repeats repeats[N * D];
    int winner[N];
    for (int i = 0; i < N; ++i) {
        double shared = pdx__rng_normal(rng), eta = 0;
        for (int k = 0; k < D; ++k) {
            double gap = 0.6 * shared + 0.8 * pdx__rng_normal(rng), gaps = 0, sum = 0, square = 0;
            const int m = looks_of(i);
            for (int r = 0; r < m; ++r) {
                double seen = gap + noise[k] * pdx__rng_normal(rng), look = compare(seen, ternary);
                gaps += seen;
                sum += look;
                square += look * look;
            }
            double mean = sum / m;
            x[i * D + k] = compare(gaps / m, ternary);
            repeats[i * D + k] = (pdx__repeats){
                m, 0, (float)mean, (float)sqrt(fmax(0, square - m * mean * mean) / (m - 1))};
            eta += truth[k] * compare(gap, ternary);
        }
        winner[i] = pdx__rng_uniform(rng) < 1 / (1 + exp(-eta)) ? PDX_WINNER_A : PDX_WINNER_B;
    }
    pdx_schema *schema;
    OK(pdx_schema_from_names(&schema, names, D));
    OK(pdx_dataset_from_arrays(data, schema, N, x, NULL, NULL));
    pdx_schema_free(schema);
    OK(pdx_judgments_create(judgments));
    for (int i = 0; i < N; ++i) {
        for (int k = 0; k < D; ++k) OK(pdx__dataset_put_repeats(*data, i, k, repeats[i * D + k]));
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = i;
        j.winner = winner[i];
        OK(pdx_judgments_append(*judgments, "judge", &j));
    }
}

static void allow_for_noise(int ternary) {
    double plain_cover[D] = {0}, cover[D] = {0}, plain[D] = {0}, mean[D] = {0}, simex[D] = {0};
    double wider[D] = {0}, spread[D] = {0}, square[D] = {0};
    pdx__rng rng;
    pdx__rng_init(&rng, 3, (uint64_t)ternary);
    for (int set = 0; set < SETS; ++set) {
        pdx_dataset *data = NULL;
        pdx_judgments *judgments = NULL;
        pdx_study *study;
        simulate(&data, &judgments, ternary, &rng);
        pdx_fit_options options;
        pdx_fit_options_init(&options);
        options.prior = PDX_PRIOR_GAUSSIAN;
        options.prior_scale = 2;
        options.predict = 0;
        options.threads = 1;
        options.imputations = IMPUTATIONS;
        options.seed = (uint64_t)set + 1;
        OK(pdx_study_fit(&study, data, judgments, &options));
        const pdx_posterior *p = pdx_study_get(study, 0);
        const double *q = pdx_posterior_quantiles(p);
        CHECK_INT(pdx_posterior_imputations(p), IMPUTATIONS);
        for (int k = 0; k < D; ++k) {
            pdx_noise n;
            OK(pdx_posterior_noise(p, k, &n));
            plain_cover[k] += fabs(n.plain_mean - truth[k]) < 1.96 * n.plain_sd;
            cover[k] += q[k * 9] < truth[k] && truth[k] < q[k * 9 + 8];
            plain[k] += n.plain_mean / SETS;
            mean[k] += pdx_posterior_mean(p)[k] / SETS;
            simex[k] += n.simex / SETS;
            wider[k] += n.wider / SETS;
            square[k] += pow(pdx_posterior_mean(p)[k], 2) / SETS;
            CHECK_NEAR(n.looks, 8.0 / 3, 1e-9);
            if (!ternary) CHECK_NEAR(n.noise, noise[k], 0.1);
            if (!ternary) CHECK_NEAR(n.alpha, 1 / (1 + noise[k] * noise[k]), 0.12);
            CHECK(n.alpha_low <= n.alpha && n.alpha <= n.alpha_high);
        }
        pdx_study_free(study);
        pdx_judgments_free(judgments);
        pdx_dataset_free(data);
    }
    for (int k = 0; k < D; ++k) {
        spread[k] = sqrt((square[k] - mean[k] * mean[k]) / SETS);
        printf("%-6s truth %5.2f: exact %5.2f, covers %.2f; allowed %5.2f (se %.2f), covers %.2f, "
               "x %.2f wider; SIMEX %5.2f\n",
               names[k], truth[k], plain[k], plain_cover[k] / SETS, mean[k], spread[k],
               cover[k] / SETS, wider[k], simex[k]);
        /* 95 % less four standard errors, nearly; of comparisons most of the noise is allowed for
         */
        CHECK_LE(ternary ? 0.78 : 0.86, cover[k] / SETS);
        if (!ternary) CHECK_NEAR(mean[k], truth[k], 4 * spread[k] + 0.02);
        else CHECK_NEAR(mean[k], truth[k], 0.5 * fabs(plain[k] - truth[k]) + 4 * spread[k]);
    }
    CHECK_LE(plain_cover[0] / SETS, 0.5); /* the most noisy one */
    CHECK(plain[0] < 0.72 && simex[0] > plain[0] + 0.1);
    CHECK(wider[0] > 1.15 && wider[2] > 0.99);
}

static void of_differences(void) { allow_for_noise(0); }
static void of_comparisons(void) { allow_for_noise(1); }

int main(void) {
    RUN(of_differences);
    RUN(of_comparisons);
    return check_result();
}
