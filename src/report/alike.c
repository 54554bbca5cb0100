/* Who is like whom, as heatmaps: similarity of weights, agreement of verdicts. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "report/heatmap.h"

#include <prefdissect/report.h>

/* Room for n judges; the caller frees all three, whatever came of it. */
static pdx_status make_room(int32_t n, const char ***label, pdx_merge **merge, int32_t **order) {
    *label = pdx__alloc_zero((size_t)n, sizeof **label);
    *merge = pdx__alloc_zero((size_t)n, sizeof **merge);
    *order = pdx__alloc_zero((size_t)n, sizeof **order);
    return *label && *merge && *order ? PDX_OK : PDX_ENOMEM;
}

/* Distances from the largest value; what is not known is as far away as the farthest. */
static void distances(double *out, const double *value, int32_t n, double most) {
    double farthest = 0;
    for (int32_t i = 0; i < n * n; ++i)
        if (isfinite(value[i])) farthest = fmax(farthest, most - value[i]);
    for (int32_t i = 0; i < n * n; ++i)
        out[i] = i % (n + 1) == 0 ? 0 : isfinite(value[i]) ? fmax(0, most - value[i]) : farthest;
}

/* Of the true weights where draws know them, for then value and limits belong together; else of the
 * means. */
static void take_values(double *number, const pdx_similarity *similarity, int32_t group,
                        int32_t metric, size_t cells) {
    const double *means = pdx_similarity_matrix(similarity, group, metric),
                 *mean = pdx_similarity_mean(similarity, group, metric);
    for (size_t i = 0; i < cells; ++i) number[i] = mean && isfinite(mean[i]) ? mean[i] : means[i];
}

pdx_status pdx_report_similarity_svg(const pdx_similarity *similarity, int32_t group,
                                     int32_t metric, const char *path) {
    static const char *const names[] = {"Pearson correlation", "Spearman (rank) correlation",
                                        "Mean absolute difference, negative,",
                                        "Root of summed squared differences over their number, "
                                        "negative,"};
    PDX__REQUIRE(similarity && path, "pdx_report_similarity_svg: an argument is NULL");
    PDX__REQUIRE(pdx_similarity_matrix(similarity, group, metric),
                 "pdx_report_similarity_svg: no group %d or metric %d", (int)group, (int)metric);
    int correlation = metric == PDX_METRIC_PEARSON || metric == PDX_METRIC_SPEARMAN;
    pdx__heatmap map = {.n = pdx_similarity_judge_count(similarity),
                        .low = pdx_similarity_low(similarity, group, metric),
                        .high = pdx_similarity_high(similarity, group, metric),
                        .distance = correlation ? "distance 1 \xe2\x88\x92 r" : "distance",
                        .most = correlation ? 1 : 0,
                        .least = correlation ? 0 : NAN};
    const size_t cells = (size_t)map.n * (size_t)map.n;
    double *number = pdx__alloc(2 * cells, sizeof *number);
    pdx_merge *merge = NULL;
    int32_t *order = NULL, scenarios = 0;
    pdx__buf out = PDX__BUF_EMPTY, title = PDX__BUF_EMPTY, subtitle = PDX__BUF_EMPTY;
    pdx_status status;
    PDX__GO(number ? PDX_OK : PDX_ENOMEM);
    PDX__GO(make_room(map.n, &map.label, &merge, &order));
    take_values(number, similarity, group, metric, cells);
    distances(number + cells, number, map.n, map.most);
    PDX__GO(pdx_cluster(map.n, number + cells, merge, order));
    for (int32_t i = 0; i < map.n; ++i) map.label[i] = pdx_similarity_judge(similarity, i);
    for (int32_t g = 0; g < pdx_similarity_group_count(similarity); ++g)
        scenarios += pdx_similarity_is_scenario(similarity, g);
    pdx__buf_printf(&title, "Which judges weigh alike? %s",
                    group < 0 ? "overall" : pdx_similarity_group(similarity, group));
    pdx__buf_printf(&subtitle, "%s of %s", names[metric],
                    map.low ? "the true weights: posterior mean, 95% interval"
                            : "published or mean weights, of which no uncertainty is known");
    if (group < 0 && scenarios > 1) pdx__buf_printf(&subtitle, "; mean over %d groups", scenarios);
    map.title = title.data;
    map.subtitle = subtitle.data;
    map.description = pdx_similarity_note(similarity);
    map.value = number;
    map.order = order;
    map.merge = merge;
    PDX__GO(title.status);
    PDX__GO(subtitle.status);
    pdx__heatmap_draw(&out, &map);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__buf_free(&subtitle);
    pdx__buf_free(&title);
    pdx__buf_free(&out);
    pdx__free(order);
    pdx__free(merge);
    pdx__free(map.label);
    pdx__free(number);
    return status;
}

pdx_status pdx_report_agreement_svg(const pdx_judgments *judgments, const pdx_dataset *dataset,
                                    const int32_t *judges, int32_t count, int32_t group,
                                    int32_t measure, const char *path) {
    PDX__REQUIRE(judgments && dataset && path, "pdx_report_agreement_svg: an argument is NULL");
    PDX__REQUIRE(measure == PDX_AGREEMENT_RAW || measure == PDX_AGREEMENT_KAPPA,
                 "measure %d of agreement is not known", (int)measure);
    pdx__heatmap map = {.n = judges ? count : pdx_judgments_judge_count(judgments), .most = 1};
    PDX__REQUIRE(map.n > 0, "there are no judges to compare");
    size_t cells = (size_t)map.n * (size_t)map.n;
    pdx_agreement *all = pdx__alloc(cells, sizeof *all);
    double *number = pdx__alloc(4 * cells, sizeof *number);
    pdx_merge *merge = NULL;
    int32_t *order = NULL;
    pdx__buf out = PDX__BUF_EMPTY, title = PDX__BUF_EMPTY;
    pdx_status status;
    PDX__GO(all && number ? PDX_OK : PDX_ENOMEM);
    PDX__GO(make_room(map.n, &map.label, &merge, &order));
    PDX__GO(pdx_judgments_agreement_all(judgments, dataset, judges, map.n, group, all));
    for (size_t i = 0; i < cells; ++i) {
        const pdx_rate *rate = measure == PDX_AGREEMENT_RAW ? &all[i].raw : &all[i].kappa;
        number[i] = rate->value;
        number[cells + i] = rate->low;
        number[2 * cells + i] = rate->high;
    }
    distances(number + 3 * cells, number, map.n, 1);
    PDX__GO(pdx_cluster(map.n, number + 3 * cells, merge, order));
    for (int32_t i = 0; i < map.n; ++i)
        map.label[i] = pdx_judgments_judge_name(judgments, judges ? judges[i] : i);
    pdx__buf_printf(&title, "Which judges agree? %s",
                    group < 0 ? "all pairs" : pdx_dataset_group_name(dataset, group));
    PDX__GO(title.status);
    map.title = title.data;
    map.subtitle = measure == PDX_AGREEMENT_RAW
                       ? "Share of pairs on which two judges give the same verdict; 95% interval"
                       : "Cohen's kappa of verdicts: agreement beyond chance; 95% interval";
    map.description = "Judges against judges; those that agree stand together.";
    map.distance = measure == PDX_AGREEMENT_RAW ? "share that differs" : "1 \xe2\x88\x92 kappa";
    map.value = number;
    map.low = number + cells;
    map.high = number + 2 * cells;
    map.least = measure == PDX_AGREEMENT_RAW ? 0.5 : 0;
    map.order = order;
    map.merge = merge;
    pdx__heatmap_draw(&out, &map);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__buf_free(&title);
    pdx__buf_free(&out);
    pdx__free(order);
    pdx__free(merge);
    pdx__free(map.label);
    pdx__free(number);
    pdx__free(all);
    return status;
}
