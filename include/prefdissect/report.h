/* prefdissect/report.h: what a person looks at: one HTML file about a study, and pictures. */
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

/* ---- the report: one HTML file ----
 *
 * It opens from disk or from any static host, in any browser of the last years, without a network:
 * findings in plain words, then views to explore, each with its numbers as a table and as CSV. Its
 * Content-Security-Policy allows the one script and the one style inside by their hashes and no
 * connection at all; texts of the data are shown as text, whatever they hold. The same input gives
 * the same bytes.
 *
 * Kept exactly: means of all weights, position effects, properties of the pairs, verdicts. Rounded
 * to 1/32767 of the largest number of their table: limits, rates, probabilities. Cut, and said so
 * on the page: texts longer than `text_chars`; texts of pairs beyond `pairs_shown` or beyond what
 * `max_bytes` leaves room for (the most surprising decisions of each judge come first, then pairs
 * spread evenly over the data); of more than 20,000 pairs, the verdicts and properties of those
 * between. Rates and effects are always those of all pairs. */
typedef struct pdx_report pdx_report;

typedef struct pdx_report_options {
    uint32_t size;
    const char *title;   /* default NULL: "What these judges prefer" */
    int64_t max_bytes;   /* of the file, added pictures apart; default 2000000. Only texts give
                            way: numbers are kept even where they alone take more */
    int64_t pairs_shown; /* pairs whose texts are kept; default 1000, 0: no texts */
    int64_t text_chars;  /* of the query and of each response; default 2000 */
    int64_t draws;       /* of each posterior, for limits of similarities; default 200, 0: none */
    const pdx_study *truth; /* planted weights of a simulated study, drawn as hollow marks */
    uint64_t seed;          /* default 1 */
    int32_t threads;        /* 0 (default): all cores */
    pdx_hooks hooks;
} pdx_report_options;
PDX_API void pdx_report_options_init(pdx_report_options *options, uint32_t size);
#define pdx_report_options_init(options)                                                           \
    pdx_report_options_init((options), (uint32_t)sizeof *(options))

/* Gathers all that the report says of a study. `dataset` and `judgments` (with its dataset) may be
 * NULL: the views that need them are then left out, and the page says so. Nothing is kept of the
 * arguments. PDX_EINVAL where fits have different columns, or other ones than the dataset's
 * properties. */
PDX_API pdx_status pdx_report_create(pdx_report **out, const pdx_study *study,
                                     const pdx_dataset *dataset, const pdx_judgments *judgments,
                                     const pdx_report_options *options);
PDX_API void pdx_report_free(pdx_report *report);

/* What the page begins with: sentences in plain words, the plainest first. Borrowed; NULL past the
 * last. A study of any data has at least one. */
PDX_API int32_t pdx_report_finding_count(const pdx_report *report);
PDX_API const char *pdx_report_finding(const pdx_report *report, int32_t i);
/* Puts a sentence of the caller's behind them. Copied. */
PDX_API pdx_status pdx_report_add_finding(pdx_report *report, const char *sentence);

/* Sections behind the report's own views, in the order in which their headings first come; what is
 * added to one stands in order of its calls. All arguments are plain text and copied.
 * A paragraph (blank lines part paragraphs). */
PDX_API pdx_status pdx_report_add_text(pdx_report *report, const char *heading, const char *text);
/* A picture under a title, with a caption (may be NULL) and the data behind it as CSV text (may be
 * NULL), shown as a table and offered for download. `svg` is the text of a whole SVG file; it is
 * shown as an image, so that nothing in it runs. */
PDX_API pdx_status pdx_report_add_picture(pdx_report *report, const char *heading,
                                          const char *title, const char *caption, const char *svg,
                                          const char *csv);

/* Writes the page ("-": standard output). More may be added and it saved again. */
PDX_API pdx_status pdx_report_save(const pdx_report *report, const char *path);

#ifdef __cplusplus
}
#endif
#endif
