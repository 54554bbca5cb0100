/* prefdissect/probe.h: do the weights cause anything, and how far can a benchmark be moved by
 * pleasing its judge? The instrument for both.
 *
 * Interventions. A probe is a file of pairs: the originals, and copies in which one response was
 * edited in a known way (longer, bolder, politer, ...). The judge is asked about all of them like
 * about any pairs; then the change that it made of each edit stands beside the change that its fit
 * predicts from the properties:
 *   pdx_probe_write(&counts, dataset, edits, "probe.jsonl", NULL);
 *   pdx_judge_run(...);                       every pair of probe.jsonl, both orders
 *   pdx_probe_measure(&probe, dataset, judgments, posterior, NULL);
 * The original of an edited pair is known by its id: "ORIGINAL#EDIT#a" (or "#b": the side). */
#ifndef PREFDISSECT_PROBE_H
#define PREFDISSECT_PROBE_H

#include <prefdissect/analysis.h>
#include <prefdissect/judge.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- edits ---- */

typedef struct pdx_edits pdx_edits;

typedef struct pdx_edit {
    const char *name; /* unique; letters, digits, '-', '_' */
    const char *what; /* one line: what it does to a text */
    int32_t content; /* 1: it changes what the response says or how well; 0: it should not matter */
} pdx_edit;

/* The built-in edits and, behind them, those of a JSON file (NULL: none):
 * {"edits":[{"name","what","content":bool,"pattern":PCRE2,"replacement":str,"once":bool} or, in
 * place of the last three, "steps":[{"pattern","replacement","once"},...]]}. Patterns see UTF-8 and
 * lines (^ and $); replacements are PCRE2's extended ones ($1, \l$1, $$, \n); "once" (default
 * false): the first match only. A name that is there already replaces that edit. PDX_EPARSE names
 * the edit and the place in its pattern. */
PDX_API pdx_status pdx_edits_create(pdx_edits **out, const char *path);
PDX_API void pdx_edits_free(pdx_edits *edits);
PDX_API int32_t pdx_edits_count(const pdx_edits *edits);
PDX_API pdx_status pdx_edits_get(const pdx_edits *edits, int32_t i, pdx_edit *out); /* borrowed */
PDX_API int32_t pdx_edits_find(const pdx_edits *edits, const char *name);           /* -1: absent */
/* The edited text into *out, borrowed until the next call on this handle; the same bytes as
 * `response` where the edit changes nothing. `other` is the response on the other side, which the
 * edit "same" needs; `seed` decides the edit "sentences-shuffled". */
PDX_API pdx_status pdx_edits_apply(pdx_edits *edits, int32_t i, const char *response,
                                   const char *other, uint64_t seed, const char **out);

/* ---- the pairs of a probe ---- */

enum { PDX_SIDE_RANDOM = 0, PDX_SIDE_A = 1, PDX_SIDE_B = 2, PDX_SIDE_BOTH = 3 };
typedef struct pdx_probe_write_options {
    uint32_t size;
    const char *const *edits; /* names, in this order; default NULL: all of the handle */
    int32_t edit_count;
    int32_t side;      /* PDX_SIDE_*: which response is edited; default random, one a pair, the same
                          for all edits */
    int64_t limit;     /* at most so many originals, the first ones; 0 (default): all */
    const char *texts; /* edited texts made elsewhere: a JSON Lines file of {"pair","edit","side":
                          "a"|"b","response","content":bool}; default NULL */
    uint64_t seed;     /* default 1 */
    pdx_hooks hooks;   /* log names what was left out */
} pdx_probe_write_options;
PDX_API void pdx_probe_write_options_init(pdx_probe_write_options *options, uint32_t size);
#define pdx_probe_write_options_init(options)                                                      \
    pdx_probe_write_options_init((options), (uint32_t)sizeof *(options))

typedef struct pdx_probe_counts {
    int64_t originals; /* pairs written as they are */
    int64_t edited;    /* pairs with one response edited */
    int64_t unchanged; /* edits that left a text as it was: not written */
    int64_t empty;     /* sides without a text: not edited, their pairs stand as originals */
} pdx_probe_counts;
/* Writes the originals (with "probe_edit":"none") and their edited copies as pairs.jsonl. All
 * members of an original are kept; copies have "probe_pair", "probe_edit", "probe_side" and
 * "probe_content" beside. A dataset without texts is PDX_EINVAL. */
PDX_API pdx_status pdx_probe_write(pdx_probe_counts *counts, const pdx_dataset *dataset,
                                   pdx_edits *edits, const char *path,
                                   const pdx_probe_write_options *options);

/* ---- what the edits did ---- */

typedef struct pdx_probe pdx_probe;

typedef struct pdx_estimate {
    double value, low, high; /* 95 % interval; NaN: not known */
} pdx_estimate;

typedef struct pdx_probe_options {
    uint32_t size;
    const char *cluster_by; /* field whose equal values are one cluster; default NULL: "query", or
                               the original where pairs have no texts */
    const char *group;      /* only pairs of this group of the dataset; default NULL: all */
    int64_t draws;          /* of the posterior; default 1000 */
    uint64_t seed;          /* default 1 */
} pdx_probe_options;
PDX_API void pdx_probe_options_init(pdx_probe_options *options, uint32_t size);
#define pdx_probe_options_init(options)                                                            \
    pdx_probe_options_init((options), (uint32_t)sizeof *(options))

/* Measures every edit that the dataset holds copies of, by the judgments of the posterior's judge,
 * made into labels by the posterior's rule; the posterior's columns must be the dataset's
 * properties (means-only fits predict without intervals). All effects are about the edited
 * response: positive where the edit helps it.
 * Log-odds are those of the decision that the fit models. Where the judge tells log-probabilities,
 * the change of its log-odds (mean of both orders) is divided by the scale that makes its margins
 * on the originals logistic with scale 1 about the fit, so that measured and predicted have one
 * unit. Where it gives verdicts only, the effect is the shift of a logistic regression with the fit
 * as its offset, after minus before. Intervals: sandwich over clusters, pairs before and after
 * together, t distribution. Prediction: the change of the properties times the weights.
 * PDX_EINVAL where the dataset has no edited pair with its original and judgments of both. */
PDX_API pdx_status pdx_probe_measure(pdx_probe **out, const pdx_dataset *dataset,
                                     const pdx_judgments *judgments, const pdx_posterior *posterior,
                                     const pdx_probe_options *options);
PDX_API void pdx_probe_free(pdx_probe *probe);

/* How measured and predicted stand to each other. */
enum {
    PDX_EFFECT_AS_PREDICTED = 0, /* the interval of the gap holds 0 */
    PDX_EFFECT_STRONGER = 1,     /* than predicted, or there where none was */
    PDX_EFFECT_WEAKER = 2,
    PDX_EFFECT_OPPOSITE = 3 /* both are clear and have other signs */
};
typedef struct pdx_probe_effect {
    const char *name;       /* of the edit; borrowed */
    int32_t content;        /* 1: it changes what is said */
    int32_t verdict;        /* PDX_EFFECT_* */
    int64_t pairs;          /* judged before and after */
    int64_t queries;        /* clusters among them */
    int64_t unjudged;       /* edited pairs without a verdict before or after */
    int64_t untouched;      /* originals without a copy: the edit changes nothing there */
    pdx_estimate measured;  /* effect on the log-odds */
    pdx_estimate predicted; /* the same by the posterior */
    pdx_estimate gap;       /* measured - predicted */
    pdx_estimate own;  /* in the judge's own log-odds, mean of both orders; NaN: it tells none */
    pdx_estimate wins; /* effect on P(win): share of decisions, ties half */
    pdx_estimate wins_predicted;
    pdx_rate turned; /* share of decided pairs whose winner the edit changed */
} pdx_probe_effect;
PDX_API int32_t pdx_probe_count(const pdx_probe *probe);
PDX_API pdx_status pdx_probe_get(const pdx_probe *probe, int32_t i, pdx_probe_effect *out);

/* measured = slope x predicted + what the properties do not see, over all edits ("same" apart):
 * normal errors in both, with all their covariances; flat prior of the slope in [-4, 6],
 * half-normal one of the spread. The posterior mean as regressor does not bend the slope (Berkson
 * 1950). */
typedef struct pdx_probe_calibration {
    int32_t edits;        /* that have something to say */
    pdx_estimate slope;   /* 1: the weights say what an intervention does; NaN: under 3 edits */
    double prob_positive; /* P(slope > 0) */
    pdx_estimate spread;  /* sd of the effects that the properties do not explain, log-odds */
    double scale;         /* of the judge's own log-odds; NaN: verdicts only */
} pdx_probe_calibration;
PDX_API pdx_status pdx_probe_calibration_get(const pdx_probe *probe, pdx_probe_calibration *out);

/* What the interventions say of each weight. Edits without content alone; weights of the properties
 * ~ Normal(0, 0.5) before, so of properties that always move together none is singled out. */
enum {
    PDX_WEIGHT_UNTESTED = 0,     /* no edit moves it */
    PDX_WEIGHT_UNCLEAR = 1,      /* the interventions do not decide */
    PDX_WEIGHT_CONFIRMED = 2,    /* clear in the fit and in the interventions, same sign */
    PDX_WEIGHT_CONTRADICTED = 3, /* clear in both, other signs */
    PDX_WEIGHT_FOUND = 4         /* clear in the interventions only */
};
typedef struct pdx_probe_weight {
    const char *column; /* borrowed */
    int32_t verdict;    /* PDX_WEIGHT_* */
    int32_t edits;      /* that move it */
    double fitted, fitted_prob_positive;
    pdx_estimate caused; /* by the interventions */
    double caused_prob_positive;
} pdx_probe_weight;
PDX_API int32_t pdx_probe_weight_count(const pdx_probe *probe);
PDX_API pdx_status pdx_probe_weight_get(const pdx_probe *probe, int32_t i, pdx_probe_weight *out);

/* Of the judge as a whole. */
typedef struct pdx_probe_summary {
    int64_t originals;          /* with a verdict */
    int64_t orphans;            /* edited pairs whose original is not in the dataset */
    pdx_rate turned;            /* share of decisions that some edit without content turned: the
                                   robustness score, 0 is best; n: decided originals with such edits */
    pdx_rate constant_wins;     /* share of decisions that the edit "constant" won */
    pdx_rate same_first;        /* edit "same": share of showings won by the response shown first */
    pdx_estimate same_log_odds; /* of the response shown first there, in the judge's own log-odds */
    pdx_position fitted_position; /* what the fit says of position */
} pdx_probe_summary;
PDX_API pdx_status pdx_probe_summary_get(const pdx_probe *probe, pdx_probe_summary *out);
/* What it comes to, in sentences. Borrowed. */
PDX_API const char *pdx_probe_sentence(const pdx_probe *probe);
/* All of it: {"format":"prefdissect.probe","version":1,"judge",...}. */
PDX_API pdx_status pdx_probe_save(const pdx_probe *probe, const char *path);

#ifdef __cplusplus
}
#endif
#endif
