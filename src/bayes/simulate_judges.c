/* The cast of a simulated study: three judges with tastes of their own. The numbers are invented,
 * in the range that fits of real judges give: people like clear, relevant, friendly answers that
 * keep to the constraints; a strong model punishes errors most; a weak one falls for length, tone
 * and layout. */
#include "simulate_judges.h"

#include <math.h>
#include <string.h>

const pdx__simulated_judge pdx__simulated_judges[PDX__NAMED_JUDGES] = {
    {"human", 0, 0},
    {"model-strong", 0.3, 1},
    {"model-weak", 1.2, 1},
};

const char *const pdx__simulated_scenarios[PDX__NAMED_SCENARIOS] = {
    "advice",    "code",        "writing",       "facts",   "maths",   "planning",
    "summaries", "translation", "teaching",      "opinion", "support", "health",
    "travel",    "roleplay",    "data analysis", "chat",
};

static const struct {
    const char *property;
    double weight[PDX__NAMED_JUDGES];
} tastes[] = {
    {"harmlessness", {0.05, 0.15, 0.1}},
    {"grammar", {0.1, 0.15, 0.1}},
    {"friendly", {0.15, 0.05, 0.2}},
    {"polite", {0.05, 0.05, 0.1}},
    {"interactive", {0.05, 0, 0.15}},
    {"authoritative_tone", {-0.05, 0.05, 0.35}},
    {"funny", {0.15, 0, 0}},
    {"metaphors", {0.05, 0, 0.05}},
    {"complex_words", {-0.05, 0.05, 0.2}},
    {"supporting_materials", {0.1, 0.1, 0.05}},
    {"well_formatted", {0.2, 0.25, 0.4}},
    {"admit_limitations", {-0.2, -0.45, -0.05}},
    {"persuade", {0.05, 0, 0.1}},
    {"step_by_step", {0.15, 0.3, 0.15}},
    {"informal", {-0.05, -0.15, -0.05}},
    {"non_repetitive", {0.15, 0.2, 0}},
    {"clear", {0.45, 0.4, 0.1}},
    {"relevance", {0.5, 0.65, 0.15}},
    {"novel", {0.1, 0.05, 0.05}},
    {"information_richness", {0.3, 0.35, 0.65}},
    {"no_minor_errors", {0.05, 0.2, 0}},
    {"no_moderate_errors", {0.2, 0.5, 0.05}},
    {"no_severe_errors", {0.6, 1, 0.15}},
    {"clarify_intent", {0.1, 0.15, 0.05}},
    {"empathetic", {0.2, 0.1, 0.1}},
    {"constraints", {0.35, 0.55, 0.1}},
    {"stances", {0.25, -0.05, 0.1}},
    {"correct_mistakes", {0.1, 0.4, 0}},
    {"length", {0.1, 0.15, 0.55}},
};

double pdx__simulated_weight(int32_t judge, const char *property) {
    if (judge < PDX__NAMED_JUDGES)
        for (size_t i = 0; i < sizeof tastes / sizeof tastes[0]; ++i)
            if (!strcmp(tastes[i].property, property)) return tastes[i].weight[judge];
    return NAN;
}
