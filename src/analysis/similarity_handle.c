/* Reading a similarity, and freeing it. */
#include "similarity.h"

void pdx_similarity_free(pdx_similarity *s) {
    if (!s) return;
    for (int32_t i = 0; s->judge && i < s->judges; ++i) pdx__free(s->judge[i]);
    for (int32_t i = 0; s->group && i < s->groups; ++i) pdx__free(s->group[i]);
    for (int t = 0; t < PDX__SIMILARITY_TABLES; ++t) pdx__free(s->matrix[t]);
    pdx__free(s->judge);
    pdx__free(s->group);
    pdx__free(s->scenario);
    pdx__free(s->note);
    pdx__free(s);
}

/* ---- reading ---- */

int32_t pdx_similarity_judge_count(const pdx_similarity *s) { return s ? s->judges : 0; }
int32_t pdx_similarity_group_count(const pdx_similarity *s) { return s ? s->groups : 0; }
const char *pdx_similarity_note(const pdx_similarity *s) { return s ? s->note : ""; }

const char *pdx_similarity_judge(const pdx_similarity *s, int32_t judge) {
    return s && judge >= 0 && judge < s->judges ? s->judge[judge] : NULL;
}

const char *pdx_similarity_group(const pdx_similarity *s, int32_t group) {
    return s && group >= 0 && group < s->groups ? s->group[group] : NULL;
}

int32_t pdx_similarity_is_scenario(const pdx_similarity *s, int32_t group) {
    return s && group >= 0 && group < s->groups ? s->scenario[group] : 0;
}

static const double *matrix(const pdx_similarity *s, int table_of, int32_t group, int32_t metric) {
    if (!s || !s->matrix[table_of] || group < -1 || group >= s->groups || metric < 0 ||
        metric >= PDX_METRIC_COUNT)
        return NULL;
    return pdx__similarity_entry(s, table_of, group < 0 ? s->groups : group, metric, 0, 0);
}

const double *pdx_similarity_matrix(const pdx_similarity *s, int32_t group, int32_t metric) {
    return matrix(s, PDX__SIMILARITY_VALUE, group, metric);
}
const double *pdx_similarity_mean(const pdx_similarity *s, int32_t group, int32_t metric) {
    return matrix(s, PDX__SIMILARITY_MEAN, group, metric);
}
const double *pdx_similarity_low(const pdx_similarity *s, int32_t group, int32_t metric) {
    return matrix(s, PDX__SIMILARITY_LOW, group, metric);
}
const double *pdx_similarity_high(const pdx_similarity *s, int32_t group, int32_t metric) {
    return matrix(s, PDX__SIMILARITY_HIGH, group, metric);
}
