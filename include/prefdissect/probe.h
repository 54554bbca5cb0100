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
PDX_API const char *pdx_probe_judge(const pdx_probe *probe);
PDX_API int32_t pdx_probe_count(const pdx_probe *probe);
PDX_API pdx_status pdx_probe_get(const pdx_probe *probe, int32_t i, pdx_probe_effect *out);

/* measured = slope x predicted + what the properties do not see, over all edits ("same" apart):
 * normal errors in both, with their covariances between edits, those of the predictions as where
 * the slope is 1; a spread of the rest, half-normal(0.5) before. As the posterior mean is what it
 * expects of the true weights, errors in it do not bend the slope (Berkson 1950). */
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

/* ---- win rates at equal length ---- */

typedef struct pdx_length_control {
    int64_t n;               /* preferences that there are */
    pdx_estimate raw;        /* win rate, a share; interval: bootstrap over rows */
    pdx_estimate controlled; /* the same at equal lengths */
    double weight_length;    /* on tanh(difference / sd) */
    double weight_model;     /* the model against the baseline, log-odds */
    double weight_difficulty;
    double strength; /* 1 / the L1 penalty, chosen by five folds among ten from 1e-4 to 1e4 */
} pdx_length_control;
/* Length-controlled win rate of Dubois et al. 2024 (arXiv 2404.04475), fitted on these rows alone:
 * logit P(model wins) = a tanh(difference / sd) + b + c difficulty, then a = 0. preference[n]: of
 * the model over the baseline, in [0, 1]; NaN: none, the row counts for sd and difficulties only.
 * length_difference[n]: the model's length less the baseline's, in any unit. difficulty[n]: of the
 * instructions, as fitted on many models; NULL: not known ("length_controlled_minimal" of
 * AlpacaEval; with it "length_controlled_noreg"). AlpacaEval's own "length_controlled_v1" further
 * adds annotations of gamed baselines on its 805 instructions and is not made here. draws: of the
 * bootstrap, 0: no intervals. PDX_EINVAL: under ten preferences, a value out of range. */
PDX_API pdx_status pdx_length_controlled(pdx_length_control *out, int64_t n,
                                         const double *preference, const double *length_difference,
                                         const double *difficulty, int64_t draws, uint64_t seed);

/* ---- arms: how far can a benchmark be moved by pleasing its judge? ---- */

/* Ways to answer a benchmark's queries, each with a system message: "align" asks for what the judge
 * weighs most, "diverge" for what it weighs least, "plain" for nothing, and "random" for properties
 * drawn at random, the control. Li et al. 2024, section 5; the messages are our own, made of the
 * schema's descriptions. */
typedef struct pdx_arms pdx_arms;

typedef struct pdx_arms_options {
    uint32_t size;
    const char *judge; /* of the study; default NULL: the only one */
    int32_t top;       /* properties that a message asks for; default 3 */
    uint64_t seed;     /* of the random arm; default 1 */
} pdx_arms_options;
PDX_API void pdx_arms_options_init(pdx_arms_options *options, uint32_t size);
#define pdx_arms_options_init(options) pdx_arms_options_init((options), (uint32_t)sizeof *(options))

/* Arms from a judge's fits, one message for each of their groups. Only properties that the schema
 * calls promptable are asked for: those with the highest posterior means, those with the lowest.
 * schema NULL: "li2024" or "surface", whichever has the fit's columns. PDX_EINVAL: fewer than
 * 2 x top promptable properties, or a column that the schema lacks. */
PDX_API pdx_status pdx_arms_choose(pdx_arms **out, const pdx_study *study, const pdx_schema *schema,
                                   const pdx_arms_options *options);
/* {"format":"prefdissect.arms","version":1,"judge","arms":[{"name","messages":[{"group","system",
 * "properties":[str]}]}]}; messages may be edited and arms added. */
PDX_API pdx_status pdx_arms_load(pdx_arms **out, const char *path);
PDX_API pdx_status pdx_arms_save(const pdx_arms *arms, const char *path);
PDX_API void pdx_arms_free(pdx_arms *arms);
PDX_API int32_t pdx_arms_count(const pdx_arms *arms);
PDX_API const char *pdx_arms_name(const pdx_arms *arms, int32_t arm); /* NULL: out of range */
/* The system message for a group (NULL, or one without a message: the arm's first one); "": none.
 */
PDX_API const char *pdx_arms_message(const pdx_arms *arms, int32_t arm, const char *group);

typedef struct pdx_generate_options {
    uint32_t size;
    double temperature; /* default -1: the server's */
    int64_t max_tokens; /* of an answer; default 1024 */
    int64_t limit;      /* at most so many queries, the first ones; 0 (default): all */
    const char
        *group_by;     /* field of a pair that names the group of its query; default "scenario" */
    uint64_t seed;     /* sent along; default 1 */
    int32_t reasoning; /* 1: a model that takes max_completion_tokens and no temperature */
    pdx_hooks hooks;
} pdx_generate_options;
PDX_API void pdx_generate_options_init(pdx_generate_options *options, uint32_t size);
#define pdx_generate_options_init(options)                                                         \
    pdx_generate_options_init((options), (uint32_t)sizeof *(options))

typedef struct pdx_generate_result {
    int64_t queries;  /* distinct ones of the dataset */
    int64_t answers;  /* there are now */
    int64_t resumed;  /* of them, from the journal */
    int64_t empty;    /* answers without a text: refusals, cut ones */
    int64_t failed;   /* answers that are missing; run again */
    int64_t ungraded; /* pdx_outputs_grade: texts without a grade in them */
    int64_t input_tokens;
    int64_t output_tokens;
    double usd; /* NaN without prices */
} pdx_generate_result;
/* Has every arm answer every query of the dataset over /v1/chat/completions and writes
 * FOLDER/<arm>.json in AlpacaEval's model_outputs form, [{"instruction","output","generator",
 * "dataset"}]. Answers stand in FOLDER/arms.journal as they come (http->journal: elsewhere); a run
 * that was stopped goes on. PDX_ENETWORK while answers are missing: nothing is written then. */
PDX_API pdx_status pdx_arms_generate(pdx_generate_result *result, const pdx_arms *arms,
                                     const pdx_dataset *dataset, const char *folder,
                                     const pdx_http_options *http,
                                     const pdx_generate_options *options);

/* Model outputs of several arms against those of a baseline, as pairs: response A is the baseline's
 * (model_a), B the arm's (model_b). Files are AlpacaEval's model_outputs.json, or MT-bench's
 * answers (first turns; `questions` is then its question.jsonl, else NULL). */
typedef struct pdx_outputs_counts {
    int64_t pairs;
    int64_t missing; /* queries of the baseline that an arm does not answer */
    int64_t foreign; /* answers to queries that the baseline does not have */
    int64_t empty;   /* pairs with an empty response: they are kept */
} pdx_outputs_counts;
/* Each lack is a line in the log. PDX_EINVAL names a file that shares no query with the baseline
 * (outputs of another benchmark), or two files of one model. */
PDX_API pdx_status pdx_outputs_pair(pdx_outputs_counts *counts, const char *const *outputs,
                                    int32_t count, const char *baseline, const char *questions,
                                    const char *path, const pdx_hooks *hooks);
/* Single-answer grading: has the server grade every output from 1 to 10 and writes MT-bench's
 * single judgments,
 * {"question_id","model","judge":[name,"single-own"],"query","judgment","score","turn", "tstamp"};
 * score -1: no grade in the text. Resumes as above, its journal is PATH.journal. */
PDX_API pdx_status pdx_outputs_grade(pdx_generate_result *result, const char *const *outputs,
                                     int32_t count, const char *questions, const char *path,
                                     const pdx_http_options *http,
                                     const pdx_generate_options *options);

/* ---- how far the arms move it ---- */

typedef struct pdx_shift pdx_shift;

typedef struct pdx_shift_options {
    uint32_t size;
    const char *judge;  /* where there is no posterior; default NULL: the only one */
    const char *plain;  /* the arm that the others are compared with; default "plain", or the first
                           where there is none of this name */
    const char *grades; /* pdx_outputs_grade's file; default NULL */
    int64_t draws;      /* of the bootstrap over queries; default 1000 */
    uint64_t seed;      /* default 1 */
    pdx_hooks hooks;
} pdx_shift_options;
PDX_API void pdx_shift_options_init(pdx_shift_options *options, uint32_t size);
#define pdx_shift_options_init(options)                                                            \
    pdx_shift_options_init((options), (uint32_t)sizeof *(options))

/* Win rates of the arms (model_b) of a dataset of pdx_outputs_pair against their one baseline
 * (model_a), and the shifts between them. Intervals: bootstrap over queries, the same ones for all
 * arms; in predictions each draw has weights of its own. A group of the dataset is measured beside
 * all pairs. posterior NULL: no predictions. PDX_EINVAL: two baselines, a pair without models. */
PDX_API pdx_status pdx_shift_measure(pdx_shift **out, const pdx_dataset *dataset,
                                     const pdx_judgments *judgments, const pdx_posterior *posterior,
                                     const pdx_shift_options *options);
PDX_API void pdx_shift_free(pdx_shift *shift);

typedef struct pdx_shift_numbers {
    pdx_estimate wins;       /* share of decisions against the baseline, ties half */
    pdx_estimate controlled; /* the same at equal length (as pdx_length_controlled, characters, with
                                the least penalty, 1e-4); all pairs only, NaN under ten */
    pdx_estimate predicted;  /* by the posterior and the measured properties */
    pdx_estimate predicted_length; /* by the weight of the column "words" or "length" alone */
    pdx_estimate grade;            /* mean grade from 1 to 10 */
} pdx_shift_numbers;
typedef struct pdx_shift_row {
    const char *arm;     /* borrowed */
    const char *against; /* the arm that it is compared with; NULL: the arm itself */
    const char *group;   /* "all", or a group of the dataset */
    int64_t pairs;       /* judged; of a shift: queries that both arms have */
    int64_t unjudged;    /* pairs without a verdict; of a shift: queries that one of them lacks */
    int64_t graded;
    double length; /* mean length of the arm over the baseline's (or the other arm's), in
                      characters */
    pdx_shift_numbers numbers; /* of the arm; of a shift: arm minus `against` */
    double length_share; /* of a shift: how much of it goes at equal length, 1 - controlled / wins;
                            NaN where it is not certain that there is a shift */
} pdx_shift_row;
/* Rows: first every arm over all pairs, then every shift against the plain arm, then the same of
 * every group. */
PDX_API int32_t pdx_shift_count(const pdx_shift *shift);
PDX_API pdx_status pdx_shift_get(const pdx_shift *shift, int32_t i, pdx_shift_row *out);
PDX_API const char *pdx_shift_judge(const pdx_shift *shift);
PDX_API const char *pdx_shift_baseline(const pdx_shift *shift);
/* {"format":"prefdissect.shift","version":1,...,"rows":[...]} */
PDX_API pdx_status pdx_shift_save(const pdx_shift *shift, const char *path);

/* ---- for other tools ---- */

typedef struct pdx_export_counts {
    int64_t rows;
    int64_t no_verdict; /* pairs whose row says so: preference null, winner "error" */
    int64_t left_out;   /* preferences: pairs under the threshold, or with equal or empty texts */
} pdx_export_counts;
/* AlpacaEval's annotations.json of one judge (NULL: the only one): output_1 is response A;
 * preference is 1 + P(B), the mean over both orders of probabilities or, without them, verdicts. */
PDX_API pdx_status pdx_export_alpacaeval(pdx_export_counts *counts, const pdx_dataset *dataset,
                                         const pdx_judgments *judgments, const char *judge,
                                         const char *path);
/* MT-bench's pairwise judgments (gpt-4_pair.jsonl): game 1 showed response A first, game 2 response
 * B. question_id is the field "question" of a pair where it is a number, else the number of its
 * query, from 1. Both need the models' names (model_a, model_b) and skip nothing. */
PDX_API pdx_status pdx_export_mtbench(pdx_export_counts *counts, const pdx_dataset *dataset,
                                      const pdx_judgments *judgments, const char *judge,
                                      const char *path);
/* Training pairs relabelled by what a judge weighs: {"prompt","chosen","rejected"} a line, the form
 * that TRL's trainers read, of the pairs for which the posterior is sure enough: P(A preferred) or
 * P(B preferred), position apart, is at least `threshold`, in [0.5, 1). inverted 1: what the judge
 * would reject is chosen. The posterior's columns must be the dataset's properties. */
PDX_API pdx_status pdx_export_preferences(pdx_export_counts *counts, const pdx_dataset *dataset,
                                          const pdx_posterior *posterior, double threshold,
                                          int32_t inverted, const char *path);

#ifdef __cplusplus
}
#endif
#endif
