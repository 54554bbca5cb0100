/* What a probe's parts hand each other: units find what there is to compare, effects measure it,
 * calibrate and causes say what it means. */
#ifndef PDX_PROBE_MEASURE_H
#define PDX_PROBE_MEASURE_H

#include <prefdissect/probe.h>

#include "analysis/analysis.h"
#include "core/buf.h"
#include "core/strmap.h"

/* An original and one edited copy of it, both judged. */
typedef struct pdx__unit {
    int64_t original, copy; /* pairs */
    int32_t edit;           /* number of its name */
    double sign;            /* +1: response A was edited, -1: B */
} pdx__unit;

/* ---- units.c ---- */

typedef struct pdx__units {
    const pdx_dataset *dataset;
    pdx__labels labels; /* of all pairs, ties half; an exact tie of log-probabilities too */
    int64_t *row_start; /* [pairs + 1] rows of each pair */
    int64_t *cluster;   /* [pairs] of originals; -1: an edited copy */
    int64_t clusters;
    pdx__strmap names;          /* of edits, in order of arrival */
    int32_t *content;           /* [edits] */
    int64_t *unjudged, *copies; /* [edits] */
    pdx__unit *unit;            /* by edit, then original */
    int64_t *unit_start;        /* [edits + 1] */
    int64_t count, originals, judged_originals, orphans;
    double *eta;     /* [pairs] x.w at the posterior mean */
    double position; /* of the order rule; else 0 */
} pdx__units;
pdx_status pdx__units_create(pdx__units *out, const pdx_dataset *dataset,
                             const pdx_judgments *judgments, const pdx_posterior *posterior,
                             const pdx_probe_options *options);
void pdx__units_free(pdx__units *units);
/* Share of looks that the edited side (sign) of a pair wins; looks weigh as their rows. */
double pdx__units_wins(const pdx__units *units, int64_t pair, double sign);
/* The same by log-odds eta of A and position effect e of what is shown first; *slope: its
 * derivative by the log-odds of the edited side. */
double pdx__units_expect(const pdx__units *units, int64_t pair, double sign, double eta, double e,
                         double *slope);
/* Mean log-odds of the edited side over both orders; NaN: not known. */
double pdx__units_margin(const pdx__units *units, int64_t pair, double sign);

/* ---- effects.c ---- */

/* Numbers of all edits; arrays of [edits] and [edits][edits]. */
typedef struct pdx__effects {
    int32_t edits, d;
    pdx_probe_effect *effect; /* names are the units' */
    double *moved;            /* [edits][d] mean change of each property, for the edited side */
    double *measured_cov, *predicted_cov;
    double scale;
} pdx__effects;
pdx_status pdx__effects_create(pdx__effects *out, const pdx__units *units,
                               const pdx_posterior *posterior, const pdx_probe_options *options);
void pdx__effects_free(pdx__effects *effects);
/* value +- t(clusters - 1) sd */
pdx_estimate pdx__estimate(double value, double variance, int64_t clusters);
/* The 2.5 and 97.5 % quantiles of draws (sorted here) about a value; NaN of under two. */
pdx_estimate pdx__of_draws(double value, double *draws, int64_t n);
/* Mean of n values in [0, 1] with Wilson's interval, with as many looks as the spread between
 * clusters is worth. sum[clusters] is scratch. */
pdx_rate pdx__clustered_rate(const double *value, const int64_t *cluster, int64_t n, double *sum,
                             int64_t clusters);

/* ---- calibrate.c ---- */

/* measured ~ N(slope predicted, measured_cov + predicted_cov + spread^2 I). */
pdx_status pdx__calibrate(pdx_probe_calibration *out, int32_t n, const double *predicted,
                          const double *measured, const double *predicted_cov,
                          const double *measured_cov);
/* Weights by the interventions: mean[d], sd[d]. */
pdx_status pdx__causes(double *mean, double *sd, int32_t n, int32_t d, const double *moved,
                       const double *measured, const double *measured_cov, double spread);

struct pdx_probe {
    char *judge, *group, *label;
    pdx__strmap names;
    int32_t edits, d;
    pdx_probe_effect *effect;
    pdx_probe_weight *weight;
    char **column, **shown; /* [d] ids; names for people */
    pdx_probe_calibration calibration;
    pdx_probe_summary summary;
    char *sentence;
};

/* ---- sentence.c: what it comes to ---- */

pdx_status pdx__probe_write_sentence(pdx_probe *probe);

#endif
