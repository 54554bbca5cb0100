/* The seam of judges: answer questions about pairs. Orders, repeats, resume, progress, files live
 * once, in judge.c; a judge pulls questions as fast as it likes and tells answers in any order. */
#ifndef PDX_JUDGE_JUDGE_H
#define PDX_JUDGE_JUDGE_H

#include <prefdissect/judge.h>

#include "core/buf.h"

typedef struct pdx__question {
    int64_t pair;
    int32_t repeat;   /* from 0 */
    int32_t asked[2]; /* order AB, order BA: 1 where wanted */
    const char *id;   /* of the pair */
    const char *query, *response_a, *response_b, *reference; /* "" where absent */
} pdx__question;

/* By the log-probabilities where they are known, else as said. */
enum { PDX__SHOWN_NONE, PDX__SHOWN_FIRST, PDX__SHOWN_SECOND, PDX__SHOWN_TIE };
enum { PDX__BOUND_FIRST = 1, PDX__BOUND_SECOND = 2 };

typedef struct pdx__answer {
    double logp_first, logp_second; /* NaN: the judge gave none */
    int32_t shown;                  /* PDX__SHOWN_*: a verdict in words */
    int32_t bounds;                 /* PDX__BOUND_*: this log-probability is an upper bound */
    int32_t normalised;             /* 1: the probabilities are of the labels only: no coverage */
    int32_t truncated;
    const char *raw;        /* what was said, where it is to be kept; NULL: nothing */
    const char *provenance; /* JSON object; NULL: the judge's own */
    const char *failure;    /* no answer, and why; NULL: there is one */
    int32_t permanent;      /* a failure that asking again would not mend */
} pdx__answer;

typedef struct pdx__judge_counts {
    int64_t tokens, computed, output_tokens, requests;
    double seconds, usd;
} pdx__judge_counts;

/* What a run offers to its judge. */
typedef struct pdx__asking {
    const char *path; /* of the judgments */
    void *context;
    /* The next question with something asked; NULL at the end. It is released by `release`. */
    pdx_status (*next)(void *context, pdx__question **out);
    /* One order's answer: a row on disk, or a failure that is counted. */
    pdx_status (*tell)(void *context, const pdx__question *question, int32_t order,
                       const pdx__answer *answer);
    void (*release)(void *context, pdx__question *question);
    /* Between slices of work; nonzero: stop with PDX_ECANCELED. `cost` may be NULL. */
    int32_t (*tick)(void *context, const char *cost);
} pdx__asking;

typedef struct pdx__judge_ops {
    /* Answers every question that `asking` has; adds to `counts`. */
    pdx_status (*run)(void *self, const pdx__asking *asking, pdx__judge_counts *counts);
    void (*close)(void *self);
} pdx__judge_ops;

struct pdx_judge {
    const pdx__judge_ops *ops;
    void *self;
    char *name;
    char *provenance; /* JSON object that goes into rows without their own */
    char prompt_sha256[65];
    int32_t uses_reference;
    int32_t repeats; /* times that each order of a pair is asked */
};

/* Every question of a run that starts afresh, without files. `visit` may keep nothing. */
typedef pdx_status (*pdx__visit_fn)(void *context, const pdx__question *question);
pdx_status pdx__judge_walk(pdx_judge *judge, pdx_dataset *dataset, const pdx_judge_options *options,
                           pdx__visit_fn visit, void *context);

#endif
