/* Label rules on judgments small enough to be worked out by hand. */
#include "data/labels.h"

#include "check.h"

enum { PAIRS = 6 };
static pdx_dataset *dataset;
static pdx_judgments *judgments;

static pdx_judgment blank(int64_t pair, int32_t order) {
    pdx_judgment j;
    pdx_judgment_init(&j);
    j.pair = pair;
    j.order = order;
    return j;
}

static void verdict(const char *judge, int64_t pair, int32_t order, int32_t winner) {
    pdx_judgment j = blank(pair, order);
    j.winner = winner;
    OK(pdx_judgments_append(judgments, judge, &j));
}

static void logp(const char *judge, int64_t pair, int32_t order, double first, double second) {
    pdx_judgment j = blank(pair, order);
    j.logp_first = first;
    j.logp_second = second;
    j.winner = (first > second) == (order == PDX_ORDER_AB) ? PDX_WINNER_A : PDX_WINNER_B;
    OK(pdx_judgments_append(judgments, judge, &j));
}

static void begin(void) {
    const char *names[] = {"x"};
    double values[PAIRS] = {1, 0, -1, 1, 0, -1};
    pdx_schema *schema;
    OK(pdx_schema_from_names(&schema, names, 1));
    OK(pdx_dataset_from_arrays(&dataset, schema, PAIRS, values, NULL, NULL));
    pdx_schema_free(schema);
    OK(pdx_judgments_create(&judgments));
}

static void end(void) {
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    judgments = NULL;
    dataset = NULL;
}

/* Labels of judge "j" over all pairs; *rule AUTO becomes what it resolves to. */
static pdx_status derive(pdx__labels *out, int32_t *rule, int32_t ties, double order_weight) {
    static const int64_t all[PAIRS] = {0, 1, 2, 3, 4, 5};
    pdx__judgment_index index;
    PDX__TRY(pdx__judgment_index_create(&index, judgments));
    int32_t judge = pdx_judgments_find_judge(judgments, "j");
    pdx_status status = pdx__label_resolve(rule, judgments, &index, judge, ties);
    if (status == PDX_OK)
        status = pdx__labels_derive(out, dataset, judgments, &index, judge, *rule, ties,
                                    order_weight, all, PAIRS);
    pdx__judgment_index_free(&index);
    return status;
}

#define ROW(i, PAIR, UNIT, Y, WEIGHT, SIGN)                                                        \
    do {                                                                                           \
        CHECK_INT(l.pair[i], PAIR);                                                                \
        CHECK_INT(l.unit[i], UNIT);                                                                \
        CHECK_NEAR(l.y[i], Y, 1e-15);                                                              \
        CHECK_NEAR(l.weight[i], WEIGHT, 1e-15);                                                    \
        CHECK_NEAR(l.sign[i], SIGN, 0);                                                            \
    } while (0)

static void test_order_rule(void) {
    begin();
    verdict("other", 0, PDX_ORDER_AB, PDX_WINNER_B);
    verdict("j", 4, PDX_ORDER_UNKNOWN, PDX_WINNER_B);
    verdict("j", 1, PDX_ORDER_BA, PDX_WINNER_A); /* rows need not come in order */
    verdict("j", 0, PDX_ORDER_AB, PDX_WINNER_A);
    verdict("j", 0, PDX_ORDER_BA, PDX_WINNER_B);
    verdict("j", 0, PDX_ORDER_BA, PDX_WINNER_A); /* a repeat */
    verdict("j", 2, PDX_ORDER_AB, PDX_WINNER_TIE);
    verdict("j", 3, PDX_ORDER_AB, PDX_WINNER_NONE);
    logp("j", 3, PDX_ORDER_BA, -0.1, -3); /* shows B first and prefers it */
    pdx__labels l;
    int32_t rule = PDX_LABEL_AUTO;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    CHECK_INT(rule, PDX_LABEL_ORDER);
    REQUIRE(l.count == 5);
    ROW(0, 0, 0, 1, 0.5, 1);
    ROW(1, 0, 0, 0.5, 0.5, -1); /* B and A: the mean */
    ROW(2, 1, 1, 1, 1, -1);     /* one order only counts whole */
    ROW(3, 3, 2, 0, 1, -1);
    ROW(4, 4, 3, 0, 1, 0);
    CHECK_INT(l.ties, 1);
    CHECK_INT(l.no_verdict, 1);
    CHECK_INT(l.has_sign, 1);
    CHECK_INT(l.has_offset, 0);
    pdx__labels_free(&l);
    OK(derive(&l, &rule, PDX_TIES_HALF, 1));
    REQUIRE(l.count == 6);
    ROW(0, 0, 0, 1, 1, 1);
    ROW(3, 2, 2, 0.5, 1, 1);
    CHECK_INT(l.ties, 1);
    pdx__labels_free(&l);
    FAILS(derive(&l, &rule, PDX_TIES_REFUSE, 0.5), PDX_EINVAL, "judge 'j' called pair '2' a tie");
    CHECK(l.pair == NULL);
    end();
}

static void test_sum_logp_is_the_originals_rule(void) {
    begin();
    logp("j", 0, PDX_ORDER_AB, -1, -2);     /* A + 1 */
    logp("j", 0, PDX_ORDER_BA, -0.5, -2.5); /* B + 2: B wins, first is favoured by 1.5 */
    logp("j", 1, PDX_ORDER_AB, -1, -3);
    logp("j", 1, PDX_ORDER_BA, -1, -1.5);
    logp("j", 2, PDX_ORDER_AB, -1, -2); /* exact tie: B */
    logp("j", 2, PDX_ORDER_BA, -1, -2);
    pdx__labels l;
    int32_t rule = PDX_LABEL_AUTO;
    OK(derive(&l, &rule, PDX_TIES_REFUSE, 0.5));
    CHECK_INT(rule, PDX_LABEL_SUM_LOGP);
    REQUIRE(l.count == 3);
    ROW(0, 0, 0, 0, 1, 0);
    ROW(1, 1, 1, 1, 1, 0);
    ROW(2, 2, 2, 0, 1, 0);
    CHECK_NEAR(l.shown_first[0], 1.5, 1e-15);
    CHECK_NEAR(l.shown_first[1], 1.25, 1e-15);
    CHECK_NEAR(l.shown_first[2], 1, 1e-15);
    CHECK_INT(l.has_shown_first, 1);
    CHECK_NEAR(l.margin[0], -0.5, 1e-15);
    pdx__labels_free(&l);

    logp("j", 3, PDX_ORDER_BA, -1, -2); /* one order only: nothing for sum-logp */
    rule = PDX_LABEL_SUM_LOGP;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    CHECK_INT(l.count, 3);
    CHECK_INT(l.no_verdict, 1);
    pdx__labels_free(&l);

    rule = PDX_LABEL_MARGIN;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    REQUIRE(l.count == 4);
    CHECK_NEAR(l.margin[0], -0.5, 1e-15);
    CHECK_NEAR(l.margin[1], 0.75, 1e-15);
    CHECK_NEAR(l.margin[2], 0, 0);
    CHECK_NEAR(l.margin[3], -1, 0);
    ROW(0, 0, 0, 0, 1, 0);
    ROW(3, 3, 3, 0, 1, -1);
    pdx__labels_free(&l);

    rule = PDX_LABEL_SOFT;
    OK(derive(&l, &rule, PDX_TIES_REFUSE, 0.5));
    REQUIRE(l.count == 4);
    double p_ab = 1 / (1 + exp(-1)), p_ba = 1 / (1 + exp(2));
    CHECK_NEAR(l.y[0], (p_ab + p_ba) / 2, 1e-15);
    CHECK_NEAR(l.y[2], 0.5, 1e-15); /* a probability, not a tie */
    CHECK_NEAR(l.y[3], 1 / (1 + exp(1)), 1e-15);
    pdx__labels_free(&l);
    end();
}

static void test_majority(void) {
    begin();
    for (int i = 0; i < 3; ++i) verdict("j", 0, PDX_ORDER_UNKNOWN, i ? PDX_WINNER_A : PDX_WINNER_B);
    verdict("j", 1, PDX_ORDER_UNKNOWN, PDX_WINNER_A);
    verdict("j", 1, PDX_ORDER_UNKNOWN, PDX_WINNER_B);
    verdict("j", 2, PDX_ORDER_UNKNOWN, PDX_WINNER_TIE);
    verdict("j", 2, PDX_ORDER_UNKNOWN, PDX_WINNER_B); /* ties do not vote */
    verdict("j", 3, PDX_ORDER_UNKNOWN, PDX_WINNER_NONE);
    pdx__labels l;
    int32_t rule = PDX_LABEL_AUTO;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    CHECK_INT(rule, PDX_LABEL_MAJORITY);
    REQUIRE(l.count == 2);
    ROW(0, 0, 0, 1, 1, 0);
    ROW(1, 2, 1, 0, 1, 0);
    CHECK_INT(l.ties, 1);
    CHECK_INT(l.no_verdict, 1);
    pdx__labels_free(&l);
    OK(derive(&l, &rule, PDX_TIES_HALF, 0.5));
    REQUIRE(l.count == 3);
    ROW(1, 1, 1, 0.5, 1, 0);
    pdx__labels_free(&l);
    FAILS(derive(&l, &rule, PDX_TIES_REFUSE, 0.5), PDX_EINVAL, "pair '1'");
    end();
}

static void test_soft_labels_weights_offsets(void) {
    begin();
    pdx_judgment j = blank(0, PDX_ORDER_UNKNOWN);
    j.prob_a = 0.8;
    j.weight = 2;
    j.offset = 0.5;
    OK(pdx_judgments_append(judgments, "j", &j));
    j.prob_a = 0.5;
    j.weight = 1;
    j.offset = 0.2;
    OK(pdx_judgments_append(judgments, "j", &j));
    j = blank(1, PDX_ORDER_UNKNOWN);
    j.prob_a = 0.5;
    j.weight = 0;
    j.winner = PDX_WINNER_TIE;
    OK(pdx_judgments_append(judgments, "j", &j));
    pdx__labels l;
    int32_t rule = PDX_LABEL_AUTO;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    CHECK_INT(rule, PDX_LABEL_SOFT);
    REQUIRE(l.count == 2);
    ROW(0, 0, 0, 0.7, 1.5, 0);
    CHECK_NEAR(l.offset[0], 0.4, 1e-15);
    ROW(1, 1, 1, 0.5, 0, 0); /* a probability of one half is no tie */
    CHECK_INT(l.ties, 0);
    CHECK_INT(l.has_offset, 1);
    pdx__labels_free(&l);
    end();
}

static void test_margins_without_orders(void) {
    begin();
    pdx_judgment j = blank(2, PDX_ORDER_UNKNOWN);
    j.margin = -1.5;
    OK(pdx_judgments_append(judgments, "j", &j));
    pdx__labels l;
    int32_t rule = PDX_LABEL_AUTO;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    CHECK_INT(rule, PDX_LABEL_MARGIN);
    REQUIRE(l.count == 1);
    CHECK_NEAR(l.margin[0], -1.5, 0);
    ROW(0, 2, 0, 0, 1, 0);
    CHECK_INT(l.has_sign, 0);
    pdx__labels_free(&l);
    rule = PDX_LABEL_SUM_LOGP;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    REQUIRE(l.count == 1);
    ROW(0, 2, 0, 0, 1, 0);
    pdx__labels_free(&l);
    end();
}

static void test_auto_takes_the_order_rule_where_log_probabilities_are_one_sided(void) {
    begin();
    for (int i = 0; i < PAIRS; ++i) logp("j", i, i % 2 ? PDX_ORDER_AB : PDX_ORDER_BA, -1, -2);
    pdx__labels l;
    int32_t rule = PDX_LABEL_AUTO;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    CHECK_INT(rule, PDX_LABEL_ORDER);
    CHECK_INT(l.count, PAIRS);
    for (int i = 0; i < PAIRS; ++i) ROW(i, i, i, i % 2, 1, i % 2 ? 1 : -1);
    pdx__labels_free(&l);
    CHECK_TEXT(pdx__label_name(PDX_LABEL_SUM_LOGP), "sum-logp");
    end();
}

/* A row an outcome, weighed by its share of the repeats; prob_a as shares; an even one is a tie. */
static void test_models_of_ties(void) {
    begin();
    verdict("j", 0, PDX_ORDER_AB, PDX_WINNER_TIE);
    verdict("j", 0, PDX_ORDER_AB, PDX_WINNER_TIE);
    verdict("j", 0, PDX_ORDER_AB, PDX_WINNER_A);
    verdict("j", 0, PDX_ORDER_BA, PDX_WINNER_B);
    verdict("j", 2, PDX_ORDER_UNKNOWN, PDX_WINNER_TIE);
    pdx_judgment half;
    pdx_judgment_init(&half);
    half.pair = 3;
    half.prob_a = 0.75;
    OK(pdx_judgments_append(judgments, "j", &half));
    half.pair = 4;
    half.prob_a = 0.5;
    OK(pdx_judgments_append(judgments, "j", &half));
    for (int32_t model = PDX_TIES_ORDINAL; model <= PDX_TIES_DAVIDSON; ++model) {
        pdx__labels l;
        int32_t rule = PDX_LABEL_ORDER;
        OK(derive(&l, &rule, model, 0.5));
        CHECK_INT(l.count, 7);
        CHECK_INT(l.ties, 4);
        ROW(0, 0, 0, 0.5, 1.0 / 3, 1);
        ROW(1, 0, 0, 1, 0.5 / 3, 1);
        ROW(2, 0, 0, 0, 0.5, -1);
        ROW(3, 2, 1, 0.5, 1, 0);
        ROW(4, 3, 2, 0, 0.25, 0);
        ROW(5, 3, 2, 1, 0.75, 0);
        ROW(6, 4, 3, 0.5, 1, 0);
        pdx__labels_free(&l);
        rule = PDX_LABEL_MAJORITY; /* A and B once each on pair 0 */
        OK(derive(&l, &rule, model, 0.5));
        CHECK_INT(l.count, 4);
        ROW(0, 0, 0, 0.5, 1, 0);
        ROW(1, 2, 1, 0.5, 1, 0);
        ROW(2, 3, 2, 1, 1, 0);
        ROW(3, 4, 3, 0.5, 1, 0);
        pdx__labels_free(&l);
    }
    end();
}

/* Soft labels alone would be the rule soft, which has no ties. */
static void test_auto_with_a_model_of_ties(void) {
    begin();
    pdx_judgment half;
    pdx_judgment_init(&half);
    half.prob_a = 0.5;
    OK(pdx_judgments_append(judgments, "j", &half));
    pdx__labels l;
    int32_t rule = PDX_LABEL_AUTO;
    OK(derive(&l, &rule, PDX_TIES_DROP, 0.5));
    CHECK_INT(rule, PDX_LABEL_SOFT);
    pdx__labels_free(&l);
    rule = PDX_LABEL_AUTO;
    OK(derive(&l, &rule, PDX_TIES_DAVIDSON, 0.5));
    CHECK_INT(rule, PDX_LABEL_ORDER);
    CHECK_INT(l.ties, 1);
    pdx__labels_free(&l);
    end();
}

int main(void) {
    RUN(test_order_rule);
    RUN(test_sum_logp_is_the_originals_rule);
    RUN(test_majority);
    RUN(test_soft_labels_weights_offsets);
    RUN(test_margins_without_orders);
    RUN(test_auto_takes_the_order_rule_where_log_probabilities_are_one_sided);
    RUN(test_models_of_ties);
    RUN(test_auto_with_a_model_of_ties);
    return check_result();
}
