/* prefdissect/report.h: what a person looks at. */
#ifndef PREFDISSECT_REPORT_H
#define PREFDISSECT_REPORT_H

#include <prefdissect/analysis.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pictures: SVG files without dependencies, readable in grey print and by the colour-blind (shapes
 * and lightness double the colours), with title and description for those who cannot see them.
 * Every text is escaped; what is not finite is left out, never drawn; the same input gives the same
 * bytes. `path` "-" is standard output. */

/* Similarity of judges (analysis.h) as a heatmap with values, limits where they are known, and the
 * dendrogram by which judges are ordered; group -1: overall. Errors: PDX_EINVAL (no such group or
 * metric), PDX_EIO. */
PDX_API pdx_status pdx_report_similarity_svg(const pdx_similarity *similarity, int32_t group,
                                             int32_t metric, const char *path);
/* The same for verdicts: what pdx_judgments_agreement_all counts. judges NULL: all (count is then
 * ignored); group -1: all pairs. */
enum { PDX_AGREEMENT_RAW = 0, PDX_AGREEMENT_KAPPA = 1 };
PDX_API pdx_status pdx_report_agreement_svg(const pdx_judgments *judgments,
                                            const pdx_dataset *dataset, const int32_t *judges,
                                            int32_t count, int32_t group, int32_t measure,
                                            const char *path);
/* One decision as a waterfall: from the probability of A where responses are equal, property by
 * property (exact Shapley values, pdx_posterior_explain with these options), to that of this pair.
 * x[D] of the pair; `pair` names it in the title, may be NULL. The 13 largest shares have a bar of
 * their own. Errors: PDX_EINVAL, PDX_ENUMERIC (an x or weight is not finite), PDX_EIO. */
PDX_API pdx_status pdx_report_waterfall_svg(const pdx_posterior *posterior, const double *x,
                                            const pdx_explain_options *options, const char *pair,
                                            const char *path);
/* Points of a calibration plot: arrays of `count` numbers, borrowed during the call. */
typedef struct pdx_calibration_points {
    uint32_t size; /* sizeof(pdx_calibration_points) */
    int32_t count;
    const char *const *names; /* or NULL */
    const double *predicted;
    const double *predicted_low; /* limits: NULL, or NaN where there are none */
    const double *predicted_high;
    const double *measured;
    const double *measured_low;
    const double *measured_high;
    double none;      /* the value of no effect, 0 or 50; NaN: there is none */
    const char *unit; /* behind numbers: "%"; NULL: none */
} pdx_calibration_points;
/* Predicted against measured effects, both intervals, and the line on which they are the same.
 * Points whose measured interval misses the prediction are diamonds, the others circles. A point
 * without two finite numbers is left out. Errors: PDX_EINVAL (no points), PDX_EIO. */
PDX_API pdx_status pdx_report_calibration_svg(const pdx_calibration_points *points,
                                              const char *title, const char *path);
/* The contrast plot: weights of `a` minus those of `b`, property by property, the largest
 * difference first, with 95 % intervals and P(sign); discoveries at the false discovery rate `rate`
 * (pdx_posterior_contrast_all) are solid and bold. Of means only, differences without more. The
 * fits must have the same columns. Errors: PDX_EINVAL, PDX_EIO. */
PDX_API pdx_status pdx_report_contrast_svg(const pdx_posterior *a, const pdx_posterior *b,
                                           double rate, const char *path);
/* The position plot: every judge of a group (NULL: of the first fit) in a row, the strongest pull
 * to the first response at the top: P(first wins | responses equal) by the fit, and where
 * `judgments` (with its dataset; may be NULL) know the orders, the share that the first was seen to
 * win. Errors: PDX_ENOTFOUND (no such group), PDX_EINVAL (nothing is known of any order), PDX_EIO.
 */
PDX_API pdx_status pdx_report_position_svg(const pdx_study *study, const char *group,
                                           const pdx_dataset *dataset,
                                           const pdx_judgments *judgments, const char *path);
/* The prior-sensitivity plot: fits of one judge and group under several priors (1 to 8, from tight
 * to wide), each with the name that the legend shows, as a dissection plot whose marks are priors.
 * Errors: PDX_EINVAL, PDX_EIO. */
PDX_API pdx_status pdx_report_prior_svg(const pdx_posterior *const *fits, const char *const *names,
                                        int32_t count, const char *path);

/* The dissection plot as SVG: properties in rows, one mark per judge at the probability of being
 * preferred in percent (100 sigmoid(w)), 95 % interval where the fit has one, a line at 50 %.
 * Properties are sorted by the largest effect; position effects, where fits have them, are a last
 * row of their own. `group` NULL: the group of the first fit. `judges` NULL: all of the group, in
 * the order of the study; at most 8. Their fits must have the same columns. `truth` (may be NULL):
 * planted weights of the same judges and group, drawn as hollow marks. The same input gives the
 * same bytes. Errors: PDX_ENOTFOUND (no such judge or group), PDX_EINVAL, PDX_EIO. */
PDX_API pdx_status pdx_report_dissection_svg(const pdx_study *study, const char *group,
                                             const char *const *judges, int32_t judge_count,
                                             const pdx_study *truth, const char *path);

#ifdef __cplusplus
}
#endif
#endif
