/* Rows of a judge, found again by names: what a fit says of itself is the judge, the group and the
 * label rule. Orders weigh one half, as fits do by default. */
#include <math.h>
#include <string.h>

#include "analysis.h"
#include "data/dataset.h"

pdx_status pdx__find_group(int32_t *out, const pdx_dataset *dataset, const char *group) {
    *out = -1;
    if (!group) return PDX_OK;
    int32_t count = pdx_dataset_group_count(dataset);
    for (int32_t g = 0; g < count; ++g)
        if (!strcmp(pdx_dataset_group_name(dataset, g), group)) {
            *out = g;
            return PDX_OK;
        }
    if (!strcmp(group, "all")) return PDX_OK;
    return pdx__fail(PDX_ENOTFOUND, "the dataset has no group '%s'%s", group,
                     count ? "" : " (it was loaded without groups)");
}

void pdx__mark_group(char *inside, const pdx_dataset *dataset, int32_t group) {
    memset(inside, group < 0, (size_t)dataset->n);
    if (group < 0) return;
    for (int64_t i = dataset->group_start[group]; i < dataset->group_start[group + 1]; ++i)
        inside[dataset->group_pair[i]] = 1;
}

pdx_status pdx__rows_of_judge(pdx__labels *out, const pdx_dataset *dataset,
                              const pdx_judgments *judgments, const pdx__judgment_index *index,
                              const char *judge, const char *group, int32_t rule, int32_t ties) {
    memset(out, 0, sizeof *out);
    int32_t number = pdx_judgments_find_judge(judgments, judge), g;
    if (number < 0) return pdx__fail(PDX_ENOTFOUND, "judge '%s' has no judgments", judge);
    PDX__TRY(pdx__find_group(&g, dataset, group));
    pdx__judgment_index own = {0};
    char *inside = pdx__alloc((size_t)dataset->n, 1);
    int64_t *pair = pdx__alloc((size_t)dataset->n, sizeof *pair), count = 0;
    pdx_status status = PDX_ENOMEM;
    if (!inside || !pair) goto done;
    pdx__mark_group(inside, dataset, g);
    for (int64_t i = 0; i < dataset->n; ++i)
        if (inside[i]) pair[count++] = i;
    if (!index) {
        PDX__GO(pdx__judgment_index_create(&own, judgments));
        index = &own;
    }
    PDX__GO(pdx__label_resolve(&rule, judgments, index, number, ties));
    PDX__GO(
        pdx__labels_derive(out, dataset, judgments, index, number, rule, ties, 0.5, pair, count));
done:
    pdx__judgment_index_free(&own);
    pdx__free(pair);
    pdx__free(inside);
    return status;
}

pdx_status pdx__columns_match(const pdx_posterior *posterior, const pdx_dataset *dataset) {
    const pdx_schema *schema = pdx_dataset_schema(dataset);
    int32_t properties = pdx_schema_count(schema);
    for (int32_t k = 0; k < posterior->d; ++k)
        PDX__REQUIRE(k < properties &&
                         !strcmp(posterior->columns[k], pdx_schema_property(schema, k)->id),
                     "column %d of the fit of judge '%s' is '%s', property %d of the dataset '%s'",
                     k + 1, posterior->judge, posterior->columns[k], k + 1,
                     k < properties ? pdx_schema_property(schema, k)->id : "(none)");
    PDX__REQUIRE(posterior->d == properties,
                 "the fit of judge '%s' has %d columns, the dataset %d properties",
                 posterior->judge, posterior->d, properties);
    return PDX_OK;
}

pdx_status pdx__rows_of_posterior(pdx__labels *out, const pdx_posterior *posterior,
                                  const pdx_dataset *dataset, const pdx_judgments *judgments,
                                  const pdx__judgment_index *index, const char *group,
                                  int32_t ties) {
    memset(out, 0, sizeof *out);
    int32_t rule = PDX_LABEL_AUTO;
    PDX__TRY(pdx__columns_match(posterior, dataset));
    for (int32_t r = PDX_LABEL_ORDER; r <= PDX_LABEL_MARGIN; ++r)
        if (!strcmp(posterior->label, pdx__label_name(r))) rule = r;
    return pdx__rows_of_judge(out, dataset, judgments, index, posterior->judge, group, rule, ties);
}
