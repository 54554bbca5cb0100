/* One verdict of each judge on each pair: the majority over its orders and repeats. */
#include "verdicts.h"

#include <math.h>
#include <string.h>

pdx_status pdx__verdicts_create(int8_t **out, const pdx_judgments *judgments,
                                const pdx_dataset *dataset, const int32_t *judges, int32_t count,
                                int32_t group) {
    *out = NULL;
    PDX__REQUIRE(group >= -1 && group < pdx_dataset_group_count(dataset), "group %d of %d", group,
                 pdx_dataset_group_count(dataset));
    int64_t pairs = pdx_dataset_count(dataset), inside = 0;
    int32_t known = pdx_judgments_judge_count(judgments);
    PDX__REQUIRE(count >= 1 && (judges || count == known), "%d judges are asked for, of %d", count,
                 known);
    for (int32_t i = 0; judges && i < count; ++i)
        PDX__REQUIRE(judges[i] >= 0 && judges[i] < known, "judge %d of %d", judges[i], known);
    int8_t *verdict = pdx__alloc_zero((size_t)count * (size_t)pairs, 1);
    char *mark = pdx__alloc((size_t)pairs, 1);
    int64_t *pair = pdx__alloc((size_t)pairs, sizeof *pair);
    pdx__judgment_index index = {0};
    pdx_status status = PDX_ENOMEM;
    if (!verdict || !mark || !pair) goto done;
    pdx__mark_group(mark, dataset, group);
    for (int64_t i = 0; i < pairs; ++i)
        if (mark[i]) pair[inside++] = i;
    PDX__GO(pdx__judgment_index_create(&index, judgments));
    for (int32_t i = 0; i < count; ++i) {
        pdx__labels labels;
        PDX__GO(pdx__labels_derive(&labels, dataset, judgments, &index, judges ? judges[i] : i,
                                   PDX_LABEL_MAJORITY, PDX_TIES_HALF, 0.5, pair, inside));
        int8_t *row = verdict + (size_t)i * (size_t)pairs;
        for (int64_t k = 0; k < labels.count; ++k)
            row[labels.pair[k]] = labels.y[k] > 0.5   ? PDX_WINNER_A
                                  : labels.y[k] < 0.5 ? PDX_WINNER_B
                                                      : PDX_WINNER_TIE;
        pdx__labels_free(&labels);
    }
    *out = verdict;
    verdict = NULL;
done:
    pdx__judgment_index_free(&index);
    pdx__free(pair);
    pdx__free(mark);
    pdx__free(verdict);
    return status;
}
