/* The handle of a study: fits of judges x groups. */
#include <string.h>

#include "posterior.h"

pdx_status pdx__study_create(pdx_study **out, int32_t capacity) {
    *out = NULL;
    pdx_study *study = pdx__alloc_zero(1, sizeof *study);
    if (!study) return PDX_ENOMEM;
    study->fit = pdx__alloc_zero((size_t)capacity, sizeof *study->fit);
    study->options_json = pdx__strdup("{}");
    study->data_sha256 = pdx__strdup("");
    if (!study->fit || !study->options_json || !study->data_sha256) {
        pdx_study_free(study);
        return PDX_ENOMEM;
    }
    *out = study;
    return PDX_OK;
}

/* Room for `more` behind `count`; NULL where there is no memory. */
static void *grown(const void *block, int32_t count, int32_t more, size_t size) {
    char *out = pdx__alloc_zero((size_t)count + (size_t)more, size);
    if (out && count) memcpy(out, block, (size_t)count * size);
    return out;
}

pdx_status pdx__study_reserve_pooled(pdx_study *study, int32_t pooled, int32_t pooling) {
    pdx_pooled **of = grown(study->pooled, study->pooled_count, pooled, sizeof *of);
    pdx__pooling *ways = grown(study->pooling, study->pooling_count, pooling, sizeof *ways);
    if (!of || !ways) {
        pdx__free(of);
        pdx__free(ways);
        return PDX_ENOMEM;
    }
    pdx__free(study->pooled);
    pdx__free(study->pooling);
    study->pooled = of;
    study->pooling = ways;
    return PDX_OK;
}

void pdx_study_free(pdx_study *study) {
    if (!study) return;
    for (int32_t i = 0; i < study->count; ++i) pdx_posterior_free(study->fit[i]);
    for (int32_t i = 0; i < study->pooled_count; ++i) pdx__pooled_free(study->pooled[i]);
    for (int32_t i = 0; i < study->pooling_count; ++i) {
        pdx__free(study->pooling[i].judge);
        pdx__free(study->pooling[i].group);
    }
    pdx__free(study->fit);
    pdx__free(study->pooled);
    pdx__free(study->pooling);
    pdx__free(study->options_json);
    pdx__free(study->data_sha256);
    pdx__free(study);
}

pdx_status pdx_study_append(pdx_study *into, pdx_study *from) {
    PDX__REQUIRE(into && from && into != from, "pdx_study_append: NULL, or a study with itself");
    for (int32_t i = 0; i < from->count; ++i)
        PDX__REQUIRE(!pdx_study_find(into, from->fit[i]->judge, from->fit[i]->group),
                     "both studies have a fit of judge '%s' in group '%s'", from->fit[i]->judge,
                     from->fit[i]->group);
    int32_t count = into->count + from->count;
    pdx_posterior **fit = pdx__alloc_zero((size_t)count, sizeof *fit);
    if (!fit) return PDX_ENOMEM;
    pdx_status status = pdx__study_reserve_pooled(into, from->pooled_count, from->pooling_count);
    if (status != PDX_OK) {
        pdx__free(fit);
        return status;
    }
    memcpy(into->pooled + into->pooled_count, from->pooled,
           (size_t)from->pooled_count * sizeof *from->pooled);
    memcpy(into->pooling + into->pooling_count, from->pooling,
           (size_t)from->pooling_count * sizeof *from->pooling);
    into->pooled_count += from->pooled_count;
    into->pooling_count += from->pooling_count;
    from->pooled_count = from->pooling_count = 0;
    memcpy(fit, into->fit, (size_t)into->count * sizeof *fit);
    memcpy(fit + into->count, from->fit, (size_t)from->count * sizeof *fit);
    pdx__free(into->fit);
    into->fit = fit;
    into->count = count;
    from->count = 0;
    return PDX_OK;
}

int32_t pdx_study_count(const pdx_study *study) { return study ? study->count : 0; }

const pdx_posterior *pdx_study_get(const pdx_study *study, int32_t i) {
    return study && i >= 0 && i < study->count ? study->fit[i] : NULL;
}

const pdx_posterior *pdx_study_find(const pdx_study *study, const char *judge, const char *group) {
    if (!study || !judge || !group) return NULL;
    for (int32_t i = 0; i < study->count; ++i)
        if (!strcmp(study->fit[i]->judge, judge) && !strcmp(study->fit[i]->group, group))
            return study->fit[i];
    return NULL;
}
