/* Speed of partial pooling at the original's size: 33 judges, each with 11 scenario groups of 5,240
 * pairs in all and 29 properties: EP with tau integrated out, then with the certificate, then also
 * with five folds of all three ways to pool (what pdx-fit does by default). One JSON line each;
 * ratio = seconds / limit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <prefdissect/prefdissect.h>

#include "core/pool.h"
#include "core/rng.h"

enum { D = 29, JUDGES = 33, GROUPS = 11 };
static const int sizes[GROUPS] = {400, 400, 400, 400, 400, 400, 400, 400, 400, 820, 820};

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

/* Comparisons with 70 % zeros; weights of a group scatter about the judge's by 0.15. */
static void simulate(pdx_dataset **dataset, pdx_judgments **judgments) {
    int n = 0;
    for (int g = 0; g < GROUPS; ++g) n += sizes[g];
    double *x = room((size_t)n * D, sizeof *x), *weight = room(GROUPS * D, sizeof *weight);
    const char **group = room((size_t)n, sizeof *group);
    int *number = room((size_t)n, sizeof *number);
    char names[GROUPS][16];
    pdx__rng rng;
    pdx__rng_init(&rng, 3, 0);
    for (int g = 0, at = 0; g < GROUPS; ++g) {
        snprintf(names[g], sizeof names[g], "group %d", g);
        for (int i = 0; i < sizes[g]; ++i, ++at) {
            double common = pdx__rng_normal(&rng);
            for (int d = 0; d < D; ++d) {
                double z = 0.5 * common * (d % 3 - 1) + 0.87 * pdx__rng_normal(&rng);
                x[(size_t)at * D + d] = (z > 1.0) - (z < -1.0);
            }
            group[at] = names[g];
            number[at] = g;
        }
    }
    pdx_schema *schema;
    check(pdx_schema_builtin(&schema, "li2024"));
    check(pdx_dataset_from_arrays(dataset, schema, n, x, NULL, group));
    check(pdx_judgments_create(judgments));
    for (int j = 0; j < JUDGES; ++j) {
        char judge[16];
        snprintf(judge, sizeof judge, "judge %d", j);
        for (int d = 0; d < D; ++d) {
            double mean = pdx__rng_laplace(&rng, 0.25);
            for (int g = 0; g < GROUPS; ++g)
                weight[g * D + d] = mean + 0.15 * pdx__rng_normal(&rng);
        }
        for (int i = 0; i < n; ++i) {
            double eta = 0;
            for (int d = 0; d < D; ++d) eta += weight[number[i] * D + d] * x[(size_t)i * D + d];
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
    free(weight);
    free(group);
    free(number);
}

static void measure(const pdx_dataset *dataset, const pdx_judgments *judgments, const char *what,
                    int certificate, int predict, double limit, double aim) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.pool = PDX_POOL_PARTIAL;
    options.certificate = certificate;
    options.predict = predict;
    options.threads = 2;
    pdx_study *study;
    clock_t cpu = clock();
    double start = pdx__seconds(), least = 1, tau = 0;
    check(pdx_study_fit(&study, dataset, judgments, &options));
    double seconds = pdx__seconds() - start, cpu_seconds = (double)(clock() - cpu) / CLOCKS_PER_SEC;
    int answered_by_ep = 0;
    for (int i = 0; i < pdx_study_pooled_count(study); ++i) {
        pdx_certificate c;
        pdx_tau t;
        const pdx_pooled *pooled = pdx_study_pooled(study, i);
        check(pdx_posterior_certificate(pdx_pooled_mean(pooled), &c));
        check(pdx_pooled_tau(pooled, &t));
        answered_by_ep += c.method == PDX_METHOD_EP;
        least = fmin(least, c.ess_fraction);
        tau += t.mean / JUDGES;
    }
    printf("{\"bench\":\"pooled\",\"what\":\"%s\",\"judges\":%d,\"groups\":%d,\"threads\":2,"
           "\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"limit\":%g,\"ratio\":%.3f,\"aim\":%g,"
           "\"answered_by_ep\":%d,\"least_ess_fraction\":%.3f,\"mean_tau\":%.3f}\n",
           what, JUDGES, GROUPS, seconds, cpu_seconds, limit, seconds / limit, aim, answered_by_ep,
           least, tau);
    pdx_study_free(study);
}

int main(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    simulate(&dataset, &judgments);
    measure(dataset, judgments, "EP", PDX_CERTIFICATE_NEVER, 0, 3, 1);
    measure(dataset, judgments, "with certificate", PDX_CERTIFICATE_AUTO, 0, 6, 2);
    measure(dataset, judgments, "with folds of three ways to pool", PDX_CERTIFICATE_AUTO, 1, 12, 4);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return 0;
}
