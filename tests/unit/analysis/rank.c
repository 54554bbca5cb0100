/* Ratings on games with planted strengths, where the better models also have more of a property
 * that the judge likes for itself. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/rng.h"
#include "../data/scratch.h"

enum { PAIRS = 1500, MODELS = 4 };
static const double strength[MODELS] = {0.9, 0.3, -0.3, -0.9};
static const double taste = 0.8, verbose[MODELS] = {0, 0, 0, 1};
static pdx_dataset *dataset;
static pdx_judgments *judgments;

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

static void begin(void) {
    const char *pairs = scratch_path("pairs.jsonl"), *features = scratch_path("features.jsonl");
    FILE *p = fopen(pairs, "w"), *f = fopen(features, "w");
    pdx__rng rng;
    pdx__rng_init(&rng, 5, 0);
    fprintf(f, "{\"properties\":[{\"id\":\"long\"},{\"id\":\"noise\"}]}\n");
    double eta[PAIRS];
    for (int i = 0; i < PAIRS; ++i) {
        int a = (int)pdx__rng_below(&rng, MODELS), b = (int)pdx__rng_below(&rng, MODELS);
        double more = verbose[a] - verbose[b] + pdx__rng_normal(&rng);
        int longer = more > 0.5    ? 1
                     : more < -0.5 ? -1
                                   : 0,
            noise = (int)pdx__rng_below(&rng, 3) - 1;
        eta[i] = strength[a] - strength[b] + taste * longer;
        fprintf(p, "{\"id\":\"%d\",\"query\":\"\",\"response_a\":\"\",\"response_b\":\"\"", i);
        if (i) fprintf(p, ",\"model_a\":\"m%d\",\"model_b\":\"m%d\"", a, b);
        fprintf(p, "}\n");
        fprintf(f, "{\"id\":\"%d\",\"diff\":[%d,%d],\"cmp\":[%d,%d]}\n", i, longer, noise, longer,
                noise);
    }
    fclose(p);
    fclose(f);
    pdx_dataset_files files = {.pairs = pairs, .features = features};
    OK(pdx_dataset_load(&dataset, &files, NULL));
    OK(pdx_judgments_create(&judgments));
    for (int i = 0; i < PAIRS; ++i) {
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = i;
        j.winner = pdx__rng_uniform(&rng) < 0.05              ? PDX_WINNER_TIE
                   : pdx__rng_uniform(&rng) < sigmoid(eta[i]) ? PDX_WINNER_A
                                                              : PDX_WINNER_B;
        OK(pdx_judgments_append(judgments, "judge", &j));
    }
}

static void controlled(void) {
    pdx_rating *rating;
    pdx_rating_options options;
    pdx_rating_options_init(&options);
    options.prior_scale = 0.5;
    OK(pdx_rating_fit(&rating, dataset, judgments, &options));
    CHECK_INT(pdx_rating_count(rating), MODELS);
    CHECK(pdx_rating_left_out(rating) > PAIRS / 5); /* a model against itself, and the first */
    double sum = 0;
    for (int i = 0; i < MODELS; ++i) {
        pdx_model_rating m;
        char name[8];
        snprintf(name, sizeof name, "m%d", i);
        OK(pdx_rating_get(rating, i, &m));
        CHECK(!strcmp(m.name, name));
        CHECK(m.low < strength[i] && strength[i] < m.high);
        CHECK_NEAR(m.strength, strength[i], 0.25);
        CHECK(m.rank_low <= i + 1 && i + 1 <= m.rank_high);
        CHECK(m.pairs > 300 && m.wins > 0 && m.wins < 1);
        sum += m.strength;
        /* without control the wordy model looks better than it is */
        if (i == 3) CHECK(m.plain > m.strength + 0.15 && m.plain_low < m.plain);
        if (i == 0) CHECK(m.prob_best > 0.99);
    }
    CHECK_NEAR(sum, 0, 1e-12);
    const pdx_posterior *p = pdx_rating_properties(rating);
    CHECK_INT(pdx_posterior_dim(p), 2);
    CHECK(pdx_posterior_quantiles(p)[0] < taste && taste < pdx_posterior_quantiles(p)[8]);
    CHECK(fabs(pdx_posterior_mean(p)[1]) < 0.2);
    pdx_contrast c;
    OK(pdx_rating_contrast(rating, 0, 3, &c));
    CHECK(c.low < 1.8 && 1.8 < c.high && c.prob_greater > 0.999);
    OK(pdx_rating_contrast(rating, 2, 2, &c));
    CHECK_NEAR(c.prob_greater, 0.5, 0);
    CHECK_INT(pdx_rating_contrast(rating, 0, 4, &c), PDX_EINVAL);
    pdx_rating_free(rating);
}

/* Of two models with one judge, the strength is the plain log-odds, as far as the prior lets it. */
static void closed_form(void) {
    const char *pairs = scratch_path("two.jsonl");
    FILE *p = fopen(pairs, "w");
    for (int i = 0; i < 40; ++i)
        fprintf(p,
                "{\"id\":\"%d\",\"query\":\"\",\"response_a\":\"a\",\"response_b\":\"a\","
                "\"left\":\"x\",\"right\":\"y\"}\n",
                i);
    fclose(p);
    pdx_dataset_files files = {.pairs = pairs};
    pdx_dataset *two;
    pdx_judgments *verdicts;
    OK(pdx_dataset_load(&two, &files, NULL));
    OK(pdx_judgments_create(&verdicts));
    for (int i = 0; i < 40; ++i) {
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = i;
        j.winner = i < 30 ? PDX_WINNER_A : PDX_WINNER_B;
        OK(pdx_judgments_append(verdicts, "judge", &j));
    }
    pdx_rating_options options;
    pdx_rating_options_init(&options);
    options.model_a = "left";
    options.model_b = "right";
    options.model_scale = 50;
    pdx_rating *rating;
    pdx_model_rating m;
    OK(pdx_rating_fit(&rating, two, verdicts, &options));
    OK(pdx_rating_get(rating, 0, &m));
    CHECK_NEAR(m.strength, log(3.0) / 2, 0.03);
    CHECK_NEAR(m.high - m.low, 2 * 1.96 * 0.5 * sqrt(1 / 30.0 + 1 / 10.0), 0.1);
    CHECK_NEAR(m.wins, 0.75, 1e-15);
    CHECK_NEAR(m.plain, m.strength, 1e-6);
    pdx_rating_free(rating);
    options.model_a = "model_a";
    CHECK_INT(pdx_rating_fit(&rating, two, verdicts, &options), PDX_EINVAL);
    CHECK(rating == NULL && strstr(pdx_error_message(), "'model_a' and 'right'"));
    options.judge = "nobody";
    CHECK_INT(pdx_rating_fit(&rating, two, verdicts, &options), PDX_ENOTFOUND);
    options.judge = NULL;
    options.group = "nowhere";
    CHECK_INT(pdx_rating_fit(&rating, two, verdicts, &options), PDX_ENOTFOUND);
    CHECK_INT(pdx_rating_fit(NULL, two, verdicts, &options), PDX_EINVAL);
    pdx_judgments_free(verdicts);
    pdx_dataset_free(two);
}

int main(void) {
    RUN(begin);
    RUN(controlled);
    RUN(closed_form);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return check_result();
}
