/* Who judges in a simulated study. */
#ifndef PDX_BAYES_SIMULATE_JUDGES_H
#define PDX_BAYES_SIMULATE_JUDGES_H

#include <stdint.h>

typedef struct pdx__simulated_judge {
    const char *name;
    double position;            /* log-odds for the response shown first */
    int32_t with_probabilities; /* 1: log-probabilities in both orders; 0: verdicts with ties */
} pdx__simulated_judge;

enum { PDX__NAMED_JUDGES = 3, PDX__NAMED_SCENARIOS = 16 };
extern const pdx__simulated_judge pdx__simulated_judges[PDX__NAMED_JUDGES];
extern const char *const pdx__simulated_scenarios[PDX__NAMED_SCENARIOS];

/* Weight of a named judge for a property id; NaN where the tables have none. */
double pdx__simulated_weight(int32_t judge, const char *property);

#endif
