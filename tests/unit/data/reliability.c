/* Krippendorff's alpha of repeated annotations against the definition over all pairs of values, and
 * a published example. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "data/dataset.h"

enum { UNITS = 12, MOST = 4 };

/* looks[unit][MOST], NaN: none. */
static void make(pdx_dataset **out, const double looks[][MOST], int units) {
    static const char *const names[] = {"p"};
    double zero[UNITS] = {0};
    pdx_schema *schema;
    OK(pdx_schema_from_names(&schema, names, 1));
    OK(pdx_dataset_from_arrays(out, schema, units, zero, NULL, NULL));
    pdx_schema_free(schema);
    for (int u = 0; u < units; ++u) {
        double sum = 0, square = 0;
        int m = 0;
        for (int r = 0; r < MOST; ++r) {
            if (isnan(looks[u][r])) continue;
            sum += looks[u][r];
            square += looks[u][r] * looks[u][r];
            ++m;
        }
        if (m < 2) continue;
        pdx__repeats repeats = {m, 0, (float)(sum / m),
                                (float)sqrt(fmax(0, (square - sum * sum / m) / (m - 1)))};
        OK(pdx__dataset_put_repeats(*out, u, 0, repeats));
    }
}

/* 1 - observed / expected disagreement, by the definition (Krippendorff 2011). */
static double by_definition(const double looks[][MOST], int units) {
    double observed = 0, expected = 0, n = 0, value[UNITS * MOST];
    int count = 0;
    for (int u = 0; u < units; ++u) {
        int from = count;
        for (int r = 0; r < MOST; ++r)
            if (!isnan(looks[u][r])) value[count++] = looks[u][r];
        const int m = count - from;
        if (m < 2) {
            count = from;
            continue;
        }
        for (int i = from; i < count; ++i)
            for (int j = from; j < count; ++j) observed += pow(value[i] - value[j], 2) / (m - 1);
        n += m;
    }
    for (int i = 0; i < count; ++i)
        for (int j = 0; j < count; ++j) expected += pow(value[i] - value[j], 2);
    return 1 - (observed / n) / (expected / (n * (n - 1)));
}

/* The data of Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", part C: four
 * observers, 12 units; interval alpha 0.849. */
static void published_example(void) {
    const double none = NAN,
                 looks[UNITS][MOST] = {{1, 1, none, 1}, {2, 2, 3, 2},       {3, 3, 3, 3},
                                       {3, 3, 3, 3},    {2, 2, 2, 2},       {1, 2, 3, 4},
                                       {4, 4, 4, 4},    {1, 1, 2, 1},       {2, 2, 2, 2},
                                       {none, 5, 5, 5}, {none, none, 1, 1}, {none, none, 3, none}};
    pdx_dataset *data = NULL;
    pdx_reliability r;
    make(&data, looks, UNITS);
    OK(pdx_dataset_reliability(data, 0, &r));
    CHECK_NEAR(r.alpha, 0.849, 0.0005);
    CHECK_NEAR(r.alpha, by_definition(looks, UNITS), 1e-6);
    CHECK(r.low < 0.75 && r.low > 0 && r.high > 0.9 && r.high <= 1);
    CHECK_INT(r.pairs, 11);
    CHECK_NEAR(r.looks, (40.0 + 1) / 12, 1e-9);
    pdx_dataset_free(data);
}

static void edges(void) {
    pdx_dataset *data = NULL;
    pdx_reliability r;
    const double none = NAN, alike[3][MOST] = {{1, 1, none, none}, {1, 1, 1, none}, {1, 1, 1, 1}};
    make(&data, alike, 3);
    OK(pdx_dataset_reliability(data, 0, &r));
    CHECK(isnan(r.alpha)); /* nothing to tell apart */
    CHECK_NEAR(r.noise, 0, 0);
    FAILS(pdx_dataset_reliability(data, 1, &r), PDX_EINVAL, "property 1 of 1");
    pdx_dataset_free(data);
    const double agree[3][MOST] = {{1, 1, none, none}, {0, 0, none, none}, {-1, -1, none, none}};
    make(&data, agree, 3);
    OK(pdx_dataset_reliability(data, 0, &r));
    CHECK_NEAR(r.alpha, 1, 1e-12);
    pdx_dataset_free(data);
    const double once[2][MOST] = {{1, none, none, none}, {0, none, none, none}};
    make(&data, once, 2);
    OK(pdx_dataset_reliability(data, 0, &r));
    CHECK_INT(r.pairs, 0);
    CHECK(isnan(r.alpha) && isnan(r.noise));
    pdx_judgments *judgments;
    pdx_study *study;
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.imputations = 20;
    OK(pdx_judgments_create(&judgments));
    FAILS(pdx_study_fit(&study, data, judgments, &options), PDX_EINVAL,
          "no pair was annotated more than once");
    options.ties = PDX_TIES_ORDINAL;
    FAILS(pdx_study_fit(&study, data, judgments, &options), PDX_EUNSUPPORTED, "no model of ties");
    pdx_judgments_free(judgments);
    pdx_dataset_free(data);
}

int main(void) {
    RUN(published_example);
    RUN(edges);
    return check_result();
}
