/* Agreement and consistency: textbook tables, intervals at their edges, and who is left out. */
#include <prefdissect/prefdissect.h>

#include "check.h"

static pdx_dataset *dataset;
static pdx_judgments *judgments;

static void begin(int64_t pairs, const char *const *groups) {
    static const char *const names[] = {"x"};
    pdx_schema *schema;
    double *values = calloc((size_t)pairs, sizeof *values);
    OK(pdx_schema_from_names(&schema, names, 1));
    OK(pdx_dataset_from_arrays(&dataset, schema, pairs, values, NULL, groups));
    OK(pdx_judgments_create(&judgments));
    pdx_schema_free(schema);
    free(values);
}

static void end(void) {
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void say(const char *judge, int64_t pair, int32_t order, int32_t winner) {
    pdx_judgment j;
    pdx_judgment_init(&j);
    j.pair = pair;
    j.order = order;
    j.winner = winner;
    OK(pdx_judgments_append(judgments, judge, &j));
}

/* 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: kappa 0.4 */
static void kappa_of_a_table(void) {
    begin(52, NULL);
    int64_t pair = 0;
    static const int counts[2][2] = {{20, 5}, {10, 15}};
    for (int a = 0; a < 2; ++a)
        for (int b = 0; b < 2; ++b)
            for (int i = 0; i < counts[a][b]; ++i, ++pair) {
                say("one", pair, 0, PDX_WINNER_A + a);
                say("two", pair, 0, PDX_WINNER_A + b);
            }
    say("one", 50, 0, PDX_WINNER_A); /* the other never saw it */
    say("two", 51, 0, PDX_WINNER_NONE);
    pdx_agreement a;
    OK(pdx_judgments_agreement(judgments, dataset, 0, 1, -1, &a));
    CHECK_INT(a.pairs, 50);
    CHECK_INT(a.decided, 50);
    CHECK_NEAR(a.raw.value, 0.7, 1e-15);
    /* Wilson by hand: centre (0.7 + 1.9207 / 50) / 1.0768, half 0.1232 */
    CHECK_NEAR(a.raw.low, 0.5624, 1e-3);
    CHECK_NEAR(a.raw.high, 0.8090, 1e-3);
    CHECK_NEAR(a.kappa.value, 0.4, 1e-15);
    /* Fleiss, Cohen & Everitt 1969 gives 0.1275 for the standard error of this table */
    CHECK_NEAR((a.kappa.high - a.kappa.low) / 3.92, 0.1275, 0.006);
    /* alpha: Do = 30 / 100, De = 2 * 45 * 55 / (100 * 99) */
    CHECK_NEAR(a.alpha.value, 1 - 0.3 / (2.0 * 45 * 55 / 9900), 1e-14);
    pdx_agreement all[4];
    OK(pdx_judgments_agreement_all(judgments, dataset, NULL, 2, -1, all));
    CHECK(!memcmp(&all[1], &a, sizeof a) && !memcmp(&all[2], &a, sizeof a));
    CHECK_NEAR(all[0].raw.value, 1, 0);
    end();
}

static void ties_and_edges(void) {
    static const char *const groups[] = {"g", "g", "g", "h", "h", "h"};
    begin(6, groups);
    for (int64_t i = 0; i < 3; ++i) { /* always the same */
        say("one", i, 0, PDX_WINNER_A);
        say("two", i, 0, PDX_WINNER_A);
    }
    say("one", 3, 0, PDX_WINNER_TIE);
    say("two", 3, 0, PDX_WINNER_TIE);
    say("one", 4, 1, PDX_WINNER_A); /* one each way: a tie */
    say("one", 4, 2, PDX_WINNER_B);
    say("two", 4, 0, PDX_WINNER_B);
    say("three", 5, 0, PDX_WINNER_B);
    pdx_agreement a;
    OK(pdx_judgments_agreement(judgments, dataset, 0, 1, 0, &a));
    CHECK_NEAR(a.raw.value, 1, 0);
    CHECK(a.raw.low < 0.5 && a.raw.high == 1);
    CHECK(isnan(a.kappa.value) && isnan(a.alpha.low)); /* one verdict only: no chance to correct */
    OK(pdx_judgments_agreement(judgments, dataset, 0, 1, 1, &a));
    CHECK_INT(a.pairs, 2);
    CHECK_INT(a.decided, 0);
    CHECK_NEAR(a.raw.value, 0.5, 0);
    CHECK(isnan(a.raw_decided.value));
    CHECK(a.kappa.low >= -1 && a.kappa.high <= 1);
    OK(pdx_judgments_agreement(judgments, dataset, 0, 2, -1, &a)); /* no pair in common */
    CHECK_INT(a.pairs, 0);
    CHECK(isnan(a.raw.value) && isnan(a.kappa.value) && isnan(a.alpha.value));
    OK(pdx_judgments_agreement(judgments, dataset, 0, 1, -1, &a));
    CHECK_NEAR(a.raw.value, 0.8, 1e-15);
    CHECK_INT(pdx_judgments_agreement(judgments, dataset, 0, 3, -1, &a), PDX_EINVAL);
    CHECK_INT(pdx_judgments_agreement(judgments, dataset, 0, 1, 2, &a), PDX_EINVAL);
    CHECK_INT(pdx_judgments_agreement(NULL, dataset, 0, 1, 2, &a), PDX_EINVAL);
    pdx_rate alpha;
    CHECK_INT(pdx_judgments_alpha(judgments, dataset, NULL, 0, 7, &alpha), PDX_EINVAL);
    end();
}

/* Krippendorff's own example of four observers, twelve units, five categories has ties and gaps;
 * the nominal one with three categories here is worked out by hand. */
static void alpha_of_three(void) {
    static const int verdict[4][3] = {{1, 1, 1}, {1, 2, 2}, {2, 2, 0}, {3, 1, 3}};
    static const char *const judge[] = {"one", "two", "three"};
    begin(4, NULL);
    for (int i = 0; i < 4; ++i)
        for (int k = 0; k < 3; ++k) say(judge[k], i, 0, verdict[i][k]);
    pdx_rate alpha;
    OK(pdx_judgments_alpha(judgments, dataset, NULL, 0, -1, &alpha));
    /* coincidences: o_AA = 3, o_BB = 1 + 2, o_TT = 1; values: 5 A, 4 B, 2 ties, 11 in all */
    double same = (3 + 1 + 2 + 1) / 11.0, chance = (5 * 4 + 4 * 3 + 2 * 1) / 110.0;
    CHECK_NEAR(alpha.value, (same - chance) / (1 - chance), 1e-14);
    CHECK_INT(alpha.n, 4);
    CHECK(alpha.low < alpha.value && alpha.value < alpha.high);
    end();
}

static void consistency(void) {
    begin(100, NULL);
    for (int64_t i = 0; i < 100; ++i) {
        /* 30 flip to the first, 10 to the second, 60 stay */
        say("j", i, PDX_ORDER_AB, i < 30 ? PDX_WINNER_A : i < 40 ? PDX_WINNER_B : PDX_WINNER_A);
        say("j", i, PDX_ORDER_BA, i < 30 ? PDX_WINNER_B : PDX_WINNER_A);
    }
    pdx_consistency c;
    pdx_judge_rates rates;
    OK(pdx_judgments_consistency(judgments, dataset, 0, -1, &c));
    OK(pdx_judgments_rates(judgments, dataset, 0, -1, &rates));
    CHECK_NEAR(c.consistent.value, 0.6, 1e-15);
    CHECK_NEAR(c.flip.value, 0.4, 1e-15);
    CHECK_NEAR(c.flip_to_first.value, 0.3, 1e-15);
    CHECK_NEAR(c.first.value, 0.6, 1e-15);
    CHECK_NEAR(c.first.value, rates.p_first, 0);
    CHECK_NEAR(c.consistent.value, rates.consistent, 0);
    CHECK_INT(c.first.n, 200);
    /* orders that contradict each other are no worse than apart */
    CHECK_NEAR(c.first.high - c.first.low, 2 * 1.96 * sqrt(0.24 / 200), 0.003);
    for (int64_t i = 0; i < 100; ++i) { /* repeats say nothing new: half of the looks count */
        say("k", i, PDX_ORDER_AB, i < 30 ? PDX_WINNER_A : PDX_WINNER_B);
        say("k", i, PDX_ORDER_AB, i < 30 ? PDX_WINNER_A : PDX_WINNER_B);
    }
    OK(pdx_judgments_consistency(judgments, dataset, 1, -1, &c));
    CHECK_INT(c.first.n, 200);
    CHECK_NEAR(c.first.high - c.first.low, 2 * 1.96 * sqrt(0.21 / 100), 0.004);
    CHECK_INT(pdx_judgments_consistency(judgments, dataset, 2, -1, &c), PDX_EINVAL);
    say("person", 0, 0, PDX_WINNER_A);
    OK(pdx_judgments_consistency(judgments, dataset, 2, -1, &c));
    CHECK(isnan(c.first.value) && isnan(c.consistent.low));
    CHECK_INT(c.flip.n, 0);
    end();
}

int main(void) {
    RUN(kappa_of_a_table);
    RUN(ties_and_edges);
    RUN(alpha_of_three);
    RUN(consistency);
    return check_result();
}
