/* prefdissect/judgments.h: who preferred what, shown in which order, how surely.
 *
 * One judgment is one observation: a judge saw a pair once, in one order. `first` is the response
 * that was shown first: A in order AB, B in order BA. Preference labels are derived from judgments
 * by a named rule, never stored in their place. People and old files have an unknown order. */
#ifndef PREFDISSECT_JUDGMENTS_H
#define PREFDISSECT_JUDGMENTS_H

#include <prefdissect/dataset.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdx_judgments pdx_judgments;

enum { PDX_ORDER_UNKNOWN = 0, PDX_ORDER_AB = 1, PDX_ORDER_BA = 2 };
enum { PDX_WINNER_NONE = 0, PDX_WINNER_A = 1, PDX_WINNER_B = 2, PDX_WINNER_TIE = 3 };

typedef struct pdx_judgment {
    int64_t pair;       /* number in the dataset */
    int32_t judge;      /* number of the judge's name */
    int32_t order;      /* PDX_ORDER_* */
    int32_t winner;     /* PDX_WINNER_*; NONE: no verdict could be read */
    int32_t repeat;     /* 0 where it was asked once */
    double logp_first;  /* log P(label of the response shown first); NaN: not known */
    double logp_second; /* log P(label of the response shown second); NaN: not known */
    double coverage;    /* P(first) + P(second); NaN: not known */
    double prob_a;      /* probability (soft label) that A is better, in [0,1]; NaN: none given */
    double margin;      /* log-odds of A over B where no order is known; NaN: none given */
    double weight;      /* of the observation, >= 0; 1 where nothing was said */
    double offset;      /* known part of the log-odds of A over B; 0 */
} pdx_judgment;

typedef struct pdx_judgments_options {
    uint32_t size;
    const char *judge_by; /* fields joined by "/" that name the judge, e.g. "judge,strategy";
                             default NULL: "judge" */
    const char *where;    /* "field=value[,field=value]" on fields of the judgment, or of its pair
                             where no judgment has the field; a field that neither has is
                             PDX_ENOTFOUND */
    int32_t skip_unknown; /* 1: judgments of pairs that are not in the dataset are left out and
                             counted; default 0: PDX_EPARSE */
    pdx_hooks hooks;
} pdx_judgments_options;
PDX_API void pdx_judgments_options_init(pdx_judgments_options *options, uint32_t size);
#define pdx_judgments_options_init(options)                                                        \
    pdx_judgments_options_init((options), (uint32_t)sizeof *(options))

/* Empty, to be filled by pdx_judgments_append. Keeps a reference to nothing: pair numbers must be
 * those of the dataset that it is used with. */
PDX_API pdx_status pdx_judgments_create(pdx_judgments **out);
/* From judgments.jsonl files ("-": standard input); rows as in the design of the format:
 * {"pair","judge","order":"AB"|"BA"|null,"shown":"first"|"second"|"tie"|null,"winner":"A"|"B"|"tie"|
 * null,"logp_first","logp_second","coverage","repeat","prob_a",...}; lp_first and lp_second are
 * read as logp_*. shown and winner must agree where both are given. A verdict that is absent is
 * derived from the log-probabilities. */
PDX_API pdx_status pdx_judgments_load(pdx_judgments **out, const pdx_dataset *dataset,
                                      const char *const *paths, int32_t count,
                                      const pdx_judgments_options *options);
/* The original's label list: a JSON list of "A"/"B", entry i for record i. */
PDX_API pdx_status pdx_judgments_load_labels(pdx_judgments **out, const pdx_dataset *dataset,
                                             const char *path, const char *judge);
/* A plain table (CSV with a header): `y` in [0,1] or `margin`; optional `w`, `offset`, `judge`,
 * `group`; every other column is a property. Makes both handles. */
PDX_API pdx_status pdx_table_load(pdx_dataset **dataset, pdx_judgments **judgments,
                                  const char *path, const pdx_hooks *hooks);
PDX_API void pdx_judgments_free(pdx_judgments *judgments);

/* Appends; the name gets a number on its first use. pair, order, winner etc. from `judgment`
 * (its judge field is ignored). */
PDX_API pdx_status pdx_judgments_append(pdx_judgments *judgments, const char *judge,
                                        const pdx_judgment *judgment);
/* The same for `count` of them; on failure none is appended. */
PDX_API pdx_status pdx_judgments_append_all(pdx_judgments *judgments, const char *judge,
                                            const pdx_judgment *rows, int64_t count);
/* A judgment with everything unknown: order 0, winner NONE, NaNs, weight 1. */
PDX_API void pdx_judgment_init(pdx_judgment *judgment);
PDX_API pdx_status pdx_judgments_save(const pdx_judgments *judgments, const pdx_dataset *dataset,
                                      const char *path);

PDX_API int64_t pdx_judgments_count(const pdx_judgments *judgments);
PDX_API int32_t pdx_judgments_judge_count(const pdx_judgments *judgments);
PDX_API const char *pdx_judgments_judge_name(const pdx_judgments *judgments, int32_t judge);
PDX_API int32_t pdx_judgments_find_judge(const pdx_judgments *judgments, const char *name);
PDX_API pdx_status pdx_judgments_get(const pdx_judgments *judgments, int64_t row,
                                     pdx_judgment *out);

/* Rows first .. first + count - 1 into out[count]. */
PDX_API pdx_status pdx_judgments_read(const pdx_judgments *judgments, int64_t first, int64_t count,
                                      pdx_judgment *out);

/* Raw rates of a judge, before any model. Pairs judged in both orders count in the last three. */
typedef struct pdx_judge_rates {
    int64_t judgments;  /* rows of this judge */
    int64_t no_verdict; /* winner NONE */
    int64_t ties;
    int64_t ordered;      /* verdicts A or B with a known order */
    double p_first;       /* share of `ordered` won by the response shown first; NaN: none */
    int64_t both_orders;  /* pairs with a verdict (ties too) in both orders */
    double consistent;    /* share of them with the same winner in both; NaN: none */
    double flip_to_first; /* share of them where both orders chose the response shown first */
} pdx_judge_rates;
/* group -1: all pairs. */
PDX_API pdx_status pdx_judgments_rates(const pdx_judgments *judgments, const pdx_dataset *dataset,
                                       int32_t judge, int32_t group, pdx_judge_rates *out);

/* How preference labels are made of judgments. */
enum {
    PDX_LABEL_AUTO = 0, /* per judge: sum-logp where nine in ten of its pairs have log-probabilities
                           in both orders; else order where at least half of its judgments have a
                           known order; else margin where at least half give one; else soft where
                           any gives prob_a; else majority. With a model of ties: order in place
                           of soft */
    PDX_LABEL_ORDER = 1,    /* every (pair, order) an observation, position effect in the model */
    PDX_LABEL_SUM_LOGP = 2, /* A where AB.first + BA.second > AB.second + BA.first, else B: the
                               original's rule, an exact tie gives B */
    PDX_LABEL_SOFT = 3,     /* mean over orders of P(A): prob_a, log-probabilities or verdicts */
    PDX_LABEL_MAJORITY = 4, /* over repeats and orders; equal counts are a tie */
    PDX_LABEL_MARGIN = 5    /* mean over orders of the log-odds of A over B, as a number */
};
/* What a tie is to a fit: left out; half a vote for each side; an error; or an outcome of its own
 * by one of two models that have an unknown more, the cut (posterior.h). Labels by the rules order
 * and majority have ties; judges whose labels have none are fitted without a cut. */
enum {
    PDX_TIES_DROP = 0,
    PDX_TIES_HALF = 1,
    PDX_TIES_REFUSE = 2,
    PDX_TIES_ORDINAL = 3, /* ordinal logit: P(A) = sigmoid(eta - c), P(B) = sigmoid(-eta - c), c > 0
                             (Rao & Kupper 1967) */
    PDX_TIES_DAVIDSON = 4 /* Davidson 1970: P(A), P(tie), P(B) as e^(eta/2) : v : e^(-eta/2) */
};

#ifdef __cplusplus
}
#endif
#endif
