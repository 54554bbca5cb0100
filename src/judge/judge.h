/* The seam of judges: answer questions about pairs. Orders, resume, progress, files live once, in
 * judge.c; a judge only says log-probabilities. */
#ifndef PDX_JUDGE_JUDGE_H
#define PDX_JUDGE_JUDGE_H

#include <prefdissect/judge.h>

#include "core/alloc.h"

typedef struct pdx__question {
    int64_t pair;
    const char *id;                                          /* of the pair, for messages */
    const char *query, *response_a, *response_b, *reference; /* "" where absent */
    int32_t asked[2]; /* order AB, order BA: 1 where an answer is wanted */
} pdx__question;

typedef struct pdx__answer {
    double logp_first, logp_second; /* NaN: the judge gave none */
    int32_t truncated;
} pdx__answer;

typedef struct pdx__judge_counts {
    int64_t tokens, computed;
    double seconds;
} pdx__judge_counts;

/* Called between slices of work; nonzero stops with PDX_ECANCELED. */
typedef int32_t (*pdx__tick_fn)(void *context);

typedef struct pdx__judge_ops {
    /* out[i][0]: order AB, out[i][1]: BA. Adds to `counts`. */
    pdx_status (*answer)(void *self, const pdx__question *questions, int32_t count,
                         pdx__answer (*out)[2], pdx__judge_counts *counts, pdx__tick_fn tick,
                         void *tick_context);
    void (*close)(void *self);
} pdx__judge_ops;

struct pdx_judge {
    const pdx__judge_ops *ops;
    void *self;
    char *name;
    char *provenance; /* JSON object that goes into every row */
    char prompt_sha256[65];
    int32_t uses_reference;
};

#endif
