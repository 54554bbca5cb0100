/* Whom a judge is nearer to: the share of posterior draws in which its similarity with one judge is
 * the larger. Judges were fitted apart, so their draws are independent. */
#include <math.h>
#include <string.h>

#include "similarity.h"

typedef struct trio {
    const pdx_study *study;
    const char *judge[3];
    int32_t metric;
    const pdx_similarity_options *options;
    double *difference; /* [draws] similarity of a with b less that with c, summed over groups */
    int32_t groups;     /* in the sum */
} trio;

/* A fit's draws are the same wherever its judge stands among the three. */
static uint64_t number_of(const pdx_study *study, const pdx_posterior *fit) {
    uint64_t k = 0;
    while (study->fit[k] != fit) ++k;
    return k;
}

/* Adds a group where all three have fits. */
static pdx_status add_group(trio *t, const char *group) {
    const pdx_posterior *fit[3];
    pdx__weights draw[3] = {{0}};
    int64_t draws = t->options->draws;
    for (int i = 0; i < 3; ++i) {
        if (!(fit[i] = pdx_study_find(t->study, t->judge[i], group))) return PDX_OK;
        PDX__REQUIRE(pdx__has_spread(fit[i]),
                     "the fit of judge '%s' in group '%s' has means only: who is nearer cannot be "
                     "given a probability",
                     t->judge[i], group);
        PDX__TRY(pdx__same_columns(fit[0], fit[i]));
    }
    pdx_status status = PDX_OK;
    for (int i = 0; i < 3; ++i)
        PDX__GO(pdx__draws_create(&draw[i], fit[i], draws, t->options->seed,
                                  number_of(t->study, fit[i])));
    ++t->groups;
    int32_t d = fit[0]->d;
    for (int64_t k = 0; k < draws; ++k) {
        pdx__weights at[3];
        double to_b[PDX_METRIC_COUNT], to_c[PDX_METRIC_COUNT];
        for (int i = 0; i < 3; ++i)
            at[i] = (pdx__weights){draw[i].value + k * d, draw[i].rank + k * d};
        pdx__measure(to_b, &at[0], &at[1], d);
        pdx__measure(to_c, &at[0], &at[2], d);
        t->difference[k] += to_b[t->metric] - to_c[t->metric];
    }
done:
    for (int i = 0; i < 3; ++i) pdx__free(draw[i].value);
    return status;
}

/* Is this the first fit of its group in the study? */
static int first_of_group(const pdx_study *study, int32_t i) {
    for (int32_t k = 0; k < i; ++k)
        if (!strcmp(study->fit[k]->group, study->fit[i]->group)) return 0;
    return 1;
}

static int is_listed(const pdx_similarity_options *o, const char *group) {
    for (int32_t i = 0; i < o->scenario_count; ++i)
        if (!strcmp(o->scenarios[i], group)) return 1;
    return 0;
}

static pdx_status add_scenarios(trio *t) {
    int any = 0;
    for (int32_t i = 0; i < t->study->count; ++i) any |= pdx__is_scenario(t->study->fit[i]->group);
    for (int32_t i = 0; i < t->study->count; ++i) {
        const char *group = t->study->fit[i]->group;
        int wanted =
            t->options->scenarios ? is_listed(t->options, group) : !any || pdx__is_scenario(group);
        if (wanted && first_of_group(t->study, i)) PDX__TRY(add_group(t, group));
    }
    return PDX_OK;
}

pdx_status pdx_study_nearer(double *probability, const pdx_study *study, const char *group,
                            int32_t metric, const char *a, const char *b, const char *c,
                            const pdx_similarity_options *options) {
    PDX__REQUIRE(probability, "pdx_study_nearer: 'probability' is NULL");
    *probability = NAN;
    PDX__REQUIRE(study && a && b && c, "pdx_study_nearer: an argument is NULL");
    PDX__REQUIRE(metric >= 0 && metric < PDX_METRIC_COUNT, "there is no metric %d", metric);
    pdx_similarity_options full;
    PDX__TRY(pdx__similarity_options_take(&full, options));
    PDX__REQUIRE(full.draws >= 2, "who is nearer is found from draws: 'draws' is 0");
    trio t = {study, {a, b, c}, metric, &full, NULL, 0};
    for (int i = 0; i < 3; ++i) {
        int32_t k = 0;
        while (k < study->count && strcmp(study->fit[k]->judge, t.judge[i])) ++k;
        if (k == study->count)
            return pdx__fail(PDX_ENOTFOUND, "judge '%s' has no fit in this study", t.judge[i]);
    }
    t.difference = pdx__alloc_zero((size_t)full.draws, sizeof *t.difference);
    if (!t.difference) return PDX_ENOMEM;
    pdx_status status = group ? add_group(&t, group) : add_scenarios(&t);
    if (status == PDX_OK && !t.groups)
        status = pdx__fail(PDX_ENOTFOUND, "judges '%s', '%s' and '%s' have no group in common%s%s",
                           a, b, c, group ? ": " : "", group ? group : "");
    if (status == PDX_OK) {
        double nearer = 0, known = 0;
        for (int64_t k = 0; k < full.draws; ++k) {
            if (isnan(t.difference[k])) continue;
            nearer += t.difference[k] > 0 ? 1 : t.difference[k] == 0 ? 0.5 : 0;
            known += 1;
        }
        if (known > 0) *probability = nearer / known;
        else status = pdx__fail(PDX_ENUMERIC, "the weights of a judge are constant in every draw");
    }
    pdx__free(t.difference);
    return status;
}
