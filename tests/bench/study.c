/* Speed of a study of the original's size: 33 judges in 16 groups (11 scenario groups, 5 cases),
 * each with a full fit and ten folds: 5,808 fits, without and with a certificate for each. X and
 * labels are simulated: 29 ternary properties from four factors, 70 % zeros, Laplace weights. One
 * JSON line each; ratio = seconds / limit, so anything above 1 is too slow (on two free cores:
 * cpu_seconds tells whether they were). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <prefdissect/prefdissect.h>

#include "core/pool.h"
#include "core/rng.h"

enum { D = 29, FACTORS = 4, JUDGES = 33, GROUPS = 16, FOLDS = 10 };
static const int sizes[GROUPS] = {400, 400, 400, 400, 400, 400,  400, 400,
                                  400, 820, 820, 121, 459, 1418, 401, 388};

static void check(pdx_status status) {
    if (status == PDX_OK) return;
    fprintf(stderr, "%s: %s\n", pdx_status_name(status), pdx_error_message());
    exit(1);
}

static void *room(size_t count, size_t size) {
    void *block = calloc(count, size);
    if (!block) exit(1);
    return block;
}

/* Thresholded Gaussian factors: 70 % of the comparisons are 0. */
static void draw_row(pdx__rng *rng, const double loading[D][FACTORS], double row[D]) {
    double factor[FACTORS];
    for (int f = 0; f < FACTORS; ++f) factor[f] = pdx__rng_normal(rng);
    for (int d = 0; d < D; ++d) {
        double z = 0, share = 0;
        for (int f = 0; f < FACTORS; ++f) {
            z += loading[d][f] * factor[f];
            share += loading[d][f] * loading[d][f];
        }
        z += sqrt(1 - share) * pdx__rng_normal(rng);
        row[d] = z > 1.0364 ? 1 : z < -1.0364 ? -1 : 0;
    }
}

static void simulate(pdx_dataset **dataset, pdx_judgments **judgments) {
    int n = 0;
    for (int g = 0; g < GROUPS; ++g) n += sizes[g];
    double *x = room((size_t)n * D, sizeof *x), loading[D][FACTORS];
    char(*names)[16] = room(GROUPS, sizeof *names);
    const char **group = room((size_t)n, sizeof *group);
    pdx__rng rng;
    pdx__rng_init(&rng, 1, 0);
    for (int d = 0; d < D; ++d)
        for (int f = 0; f < FACTORS; ++f) loading[d][f] = 0.6 * (2 * pdx__rng_uniform(&rng) - 1);
    int at = 0;
    for (int g = 0; g < GROUPS; ++g) {
        snprintf(names[g], sizeof names[g], "group %d", g);
        for (int i = 0; i < sizes[g]; ++i, ++at) {
            draw_row(&rng, loading, x + (size_t)at * D);
            group[at] = names[g];
        }
    }
    pdx_schema *schema;
    check(pdx_schema_builtin(&schema, "li2024"));
    check(pdx_dataset_from_arrays(dataset, schema, n, x, NULL, group));
    check(pdx_judgments_create(judgments));
    for (int j = 0; j < JUDGES; ++j) {
        char judge[16];
        double weight[D];
        snprintf(judge, sizeof judge, "judge %d", j);
        for (int d = 0; d < D; ++d) weight[d] = pdx__rng_laplace(&rng, 0.25);
        for (int i = 0; i < n; ++i) {
            double eta = 0;
            for (int d = 0; d < D; ++d) eta += weight[d] * x[(size_t)i * D + d];
            pdx_judgment judgment;
            pdx_judgment_init(&judgment);
            judgment.pair = i;
            judgment.winner =
                pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta)) ? PDX_WINNER_A : PDX_WINNER_B;
            check(pdx_judgments_append(*judgments, judge, &judgment));
        }
    }
    pdx_schema_free(schema);
    free(x);
    free(names);
    free(group);
}

static void measure(const pdx_dataset *dataset, const pdx_judgments *judgments, int certificate,
                    double limit, double aim) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.folds = FOLDS;
    options.paper_folds = 1;
    options.certificate = certificate;
    options.threads = 2;
    pdx_study *study;
    clock_t cpu = clock();
    double start = pdx__seconds();
    check(pdx_study_fit(&study, dataset, judgments, &options));
    double seconds = pdx__seconds() - start, cpu_seconds = (double)(clock() - cpu) / CLOCKS_PER_SEC;
    int answered_by_ep = 0;
    for (int i = 0; i < pdx_study_count(study); ++i) {
        pdx_certificate c;
        check(pdx_posterior_certificate(pdx_study_get(study, i), &c));
        answered_by_ep += c.method == PDX_METHOD_EP;
    }
    printf("{\"bench\":\"study\",\"judges\":%d,\"groups\":%d,\"fits\":%d,\"certificate\":\"%s\","
           "\"threads\":2,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"limit\":%g,\"ratio\":%.3f,"
           "\"aim\":%g,"
           "\"full_fits_by_ep\":%d}\n",
           JUDGES, GROUPS, pdx_study_count(study) * (1 + FOLDS),
           certificate == PDX_CERTIFICATE_NEVER ? "never" : "always", seconds, cpu_seconds, limit,
           seconds / limit, aim, answered_by_ep);
    pdx_study_free(study);
}

int main(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    simulate(&dataset, &judgments);
    measure(dataset, judgments, PDX_CERTIFICATE_NEVER, 3, 0.8);
    measure(dataset, judgments, PDX_CERTIFICATE_ALWAYS, 20, 6);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return 0;
}
