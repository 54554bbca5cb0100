/* prefdissect/simulate.h: a study with planted truth: pairs with correlated ternary properties, and
 * judges with known weights per scenario, position effect, ties, soft labels and repeats. */
#ifndef PREFDISSECT_SIMULATE_H
#define PREFDISSECT_SIMULATE_H

#include <prefdissect/posterior.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdx_simulate_options {
    uint32_t size;
    int64_t pairs;            /* default 1200 */
    int32_t scenarios;        /* default 4; at most 16 */
    int32_t factors;          /* latent factors behind the properties; default 4 */
    double zeros;             /* share of comparisons that are 0; default 0.7 */
    double prior_scale;       /* weights of unnamed judges ~ Laplace(0, this); default 0.3 */
    double scenario_sd;       /* how weights differ between scenarios; default 0.1 */
    int32_t judges;           /* default 3: "human" (no position effect, ties), "model-strong" and
                                 "model-weak" (position effects 0.3 and 1.2, log-probabilities in both
                                 orders); more: drawn at random */
    double ties;              /* share of human verdicts that are ties; default 0.1 */
    int32_t repeats;          /* of each order by the human judge; default 1 */
    const pdx_schema *schema; /* default li2024. Copied */
    uint64_t seed;            /* default 1 */
    pdx_hooks hooks;
    int32_t tie_model; /* PDX_TIES_DAVIDSON (default) or PDX_TIES_ORDINAL */
} pdx_simulate_options;
PDX_API void pdx_simulate_options_init(pdx_simulate_options *options, uint32_t size);
#define pdx_simulate_options_init(options)                                                         \
    pdx_simulate_options_init((options), (uint32_t)sizeof *(options))

/* Makes dataset and judgments; `truth` (may be NULL) gets the planted weights as a study of means
 * (judge x scenario, group names as in the dataset) with position.mean = the planted effect, and
 * pdx_posterior_cut the planted cut of judges with ties.
 * Every judge sees every pair in both orders. P(A in this order) = sigmoid(x.w +- position), ties
 * apart (by Davidson's model dropping them leaves the weights as they are); the sum of
 * log-odds over both orders is positive with probability sigmoid(x.w). */
PDX_API pdx_status pdx_simulate(pdx_dataset **dataset, pdx_judgments **judgments, pdx_study **truth,
                                const pdx_simulate_options *options);

#ifdef __cplusplus
}
#endif
#endif
