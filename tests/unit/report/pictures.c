/* Every picture but the dissection plot: well-formed, escaped, the same bytes each time, no number
 * that is none, marks where numbers are; few and many judges, means only, nothing to draw. */
#include "picture.h"

#define PATH "build-test-picture.svg"
static const char *const hostile[] = {
    "<script>alert('x')</script> & \"more\"", "\xff broken \x01",
    "a name that is far longer than any column of names, which has to be cut somewhere, surely"};

/* The call must write a picture; twice, the same. Frees nothing: the text is the caller's. */
#define DRAW(text, call)                                                                           \
    do {                                                                                           \
        OK(call);                                                                                  \
        char *once_ = take_picture(PATH);                                                          \
        OK(call);                                                                                  \
        (text) = take_picture(PATH);                                                               \
        CHECK_TEXT(once_, (text));                                                                 \
        CHECK(!strstr((text), "<script"));                                                         \
        pdx__free(once_);                                                                          \
    } while (0)

static pdx_study *two_judges(int with_sd, const char *const *names) {
    pdx_study *study = NULL;
    CHECK_INT(pdx__study_create(&study, 4), PDX_OK);
    add_fit(study, "human", "g", 3, names, with_sd);
    add_fit(study, hostile[0], "g", 3, names, with_sd);
    for (int k = 0; k < 3; ++k) study->fit[1]->mean[k] = k == 0 ? 0.5 : 0.1;
    return study;
}

static void contrasts_mark_discoveries(void) {
    pdx_study *study = two_judges(1, three);
    const pdx_posterior *a = study->fit[0], *b = study->fit[1];
    char *text;
    DRAW(text, pdx_report_contrast_svg(a, b, 0.05, PATH));
    /* -1.0 (sd 0.14), -0.1 and 0.4: two are discoveries; two circles stand in the legend */
    CHECK_INT(count(text, "<circle"), 2 + 3);
    CHECK_INT(count(text, "font-weight=\"bold\""), 1 + 2);
    CHECK(strstr(text, ">alpha<") < strstr(text, ">gamma<"));
    CHECK(strstr(text, ">gamma<") < strstr(text, ">beta<"));
    CHECK_CONTAINS(text, "P &gt; 0.999");
    CHECK_CONTAINS(text, "weighs more for human");
    pdx__free(text);
    FAILS(pdx_report_contrast_svg(a, NULL, 0.05, PATH), PDX_EINVAL, "NULL");
    FAILS(pdx_report_contrast_svg(a, b, 2, PATH), PDX_EINVAL, "rate of 2");
    FAILS(pdx_report_contrast_svg(a, b, 0.05, "/nowhere/x.svg"), PDX_EIO, "nowhere");
    add_fit(study, "other", "g", 2, three, 1);
    FAILS(pdx_report_contrast_svg(a, study->fit[2], 0.05, PATH), PDX_EINVAL,
          "different properties");
    pdx_study_free(study);
}

static void contrasts_of_means_have_no_intervals(void) {
    pdx_study *study = two_judges(0, hostile);
    char *text;
    DRAW(text, pdx_report_contrast_svg(study->fit[0], study->fit[1], 0.05, PATH));
    CHECK_INT(count(text, "<circle"), 3);
    CHECK_CONTAINS(text, "means only");
    CHECK(!strstr(text, "discover"));
    pdx__free(text);
    study->fit[0]->mean[0] = NAN;
    study->fit[1]->mean[1] = INFINITY;
    DRAW(text, pdx_report_contrast_svg(study->fit[0], study->fit[1], 0.05, PATH));
    CHECK_INT(count(text, "<circle"), 1);
    pdx__free(text);
    /* a judge against itself: every difference is zero */
    DRAW(text, pdx_report_contrast_svg(study->fit[1], study->fit[1], 0.05, PATH));
    pdx__free(text);
    pdx_study_free(study);
}

/* Judgments of `three_pairs` in both orders: the first judge picks the first, the second A. */
static void some_judgments(pdx_dataset **dataset, pdx_judgments **judgments, const char *second) {
    static const double values[9] = {1, 0, -1, 0, 1, 1, -1, -1, 0};
    pdx_schema *schema;
    OK(pdx_schema_from_names(&schema, three, 3));
    OK(pdx_dataset_from_arrays(dataset, schema, 3, values, NULL, NULL));
    OK(pdx_judgments_create(judgments));
    for (int64_t i = 0; i < 12; ++i) {
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = i % 3;
        j.order = i % 6 < 3 ? PDX_ORDER_AB : PDX_ORDER_BA;
        j.winner = i >= 6 || j.order == PDX_ORDER_AB ? PDX_WINNER_A : PDX_WINNER_B;
        OK(pdx_judgments_append(*judgments, i < 6 ? "human" : second, &j));
    }
    pdx_schema_free(schema);
}

static void position_plots_set_the_fit_beside_what_was_seen(void) {
    pdx_study *study = two_judges(1, three);
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    char *text;
    some_judgments(&dataset, &judgments, hostile[0]);
    FAILS(pdx_report_position_svg(study, "g", NULL, NULL, PATH), PDX_EINVAL, "order is known");
    DRAW(text, pdx_report_position_svg(study, "g", dataset, judgments, PATH));
    CHECK_INT(count(text, "<circle"), 1 + 2); /* hollow ones, and the legend's */
    CHECK_INT(count(text, "<path"), 0);
    CHECK(strstr(text, ">human<") < strstr(text, "&lt;script"));
    pdx__free(text);
    study->fit[1]->position =
        (pdx_position){.known = 1, .p_first = 0.999, .p_first_low = 0.99, .p_first_high = 1};
    DRAW(text, pdx_report_position_svg(study, NULL, dataset, judgments, PATH));
    CHECK_INT(count(text, "<circle"), 1 + 1);
    CHECK_INT(count(text, "<path"), 1 + 2);
    CHECK_CONTAINS(text, ">99.9% (99 to 100)<");
    pdx__free(text);
    DRAW(text, pdx_report_position_svg(study, "g", NULL, NULL, PATH));
    CHECK(!strstr(text, ">human<"));
    pdx__free(text);
    FAILS(pdx_report_position_svg(study, "h", NULL, NULL, PATH), PDX_ENOTFOUND, "'h'");
    FAILS(pdx_report_position_svg(study, "g", NULL, judgments, PATH), PDX_EINVAL, "dataset");
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    pdx_study_free(study);
}

static void prior_plots_have_a_mark_a_prior(void) {
    pdx_study *study = two_judges(1, three);
    const pdx_posterior *fits[9] = {study->fit[0], study->fit[1]};
    const char *names[9] = {"tight", hostile[2]};
    char *text;
    DRAW(text, pdx_report_prior_svg(fits, names, 2, PATH));
    CHECK_INT(count(text, "<circle"), 1 + 3);
    CHECK_INT(count(text, "<path"), 1 + 3);
    pdx__free(text);
    DRAW(text, pdx_report_prior_svg(fits, names, 1, PATH));
    pdx__free(text);
    FAILS(pdx_report_prior_svg(fits, names, 3, PATH), PDX_EINVAL, "2 is NULL");
    FAILS(pdx_report_prior_svg(fits, names, 9, PATH), PDX_EINVAL, "1 to 8");
    FAILS(pdx_report_prior_svg(fits, names, 0, PATH), PDX_EINVAL, "1 to 8");
    pdx_study_free(study);
}

static void similarities_are_drawn_for_few_and_many(void) {
    static const int counts[] = {1, 2, 12, 33};
    static char label[33][40];
    for (int c = 0; c < 4; ++c) {
        pdx_study *study;
        pdx_similarity *similarity;
        char *text;
        int n = counts[c];
        OK(pdx__study_create(&study, n));
        for (int j = 0; j < n; ++j) {
            snprintf(label[j], sizeof label[j], "<judge> %d", j);
            add_fit(study, label[j], "Group & <co>", 3, three, n == 12);
            for (int k = 0; k < 3; ++k) study->fit[j]->mean[k] += 0.1 * ((j * 7 + k * 5) % 11);
        }
        if (n == 33) study->fit[5]->mean[0] = study->fit[5]->mean[1] = study->fit[5]->mean[2] = 0;
        OK(pdx_similarity_create(&similarity, study, NULL));
        for (int32_t m = 0; m < PDX_METRIC_COUNT; ++m) {
            DRAW(text, pdx_report_similarity_svg(similarity, m % 2 ? -1 : 0, m, PATH));
            CHECK_INT(count(text, "<rect"), 1 + n * n + 10);
            CHECK_INT(count(text, "rotate(-90)"), n);
            CHECK(n == 12 ? !strstr(text, "no uncertainty") : !!strstr(text, "no uncertainty"));
            /* a judge of constant weights has no correlation with the others */
            int unknown = n == 33 && m <= PDX_METRIC_SPEARMAN ? 2 * n - 1 : 0;
            CHECK_INT(count(text, ": not known"), unknown);
            CHECK_INT(count(text, ">\xe2\x80\x93<"), unknown);
            pdx__free(text);
        }
        FAILS(pdx_report_similarity_svg(similarity, 7, 0, PATH), PDX_EINVAL, "no group 7");
        FAILS(pdx_report_similarity_svg(similarity, -1, 4, PATH), PDX_EINVAL, "metric 4");
        pdx_similarity_free(similarity);
        pdx_study_free(study);
    }
}

static void limits_stand_in_the_cells_of_few(void) {
    pdx_study *study = two_judges(1, three);
    pdx_similarity *similarity;
    char *text;
    OK(pdx_similarity_create(&similarity, study, NULL));
    DRAW(text, pdx_report_similarity_svg(similarity, -1, PDX_METRIC_PEARSON, PATH));
    CHECK_INT(count(text, "(95%: "), 2);
    CHECK_INT(count(text, " to "), 4);
    pdx__free(text);
    pdx_similarity_free(similarity);
    pdx_study_free(study);
}

static void agreement_is_drawn(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    char *text;
    const int32_t one = 1;
    some_judgments(&dataset, &judgments, hostile[1]);
    for (int32_t measure = 0; measure < 2; ++measure) {
        DRAW(text, pdx_report_agreement_svg(judgments, dataset, NULL, 0, -1, measure, PATH));
        CHECK_INT(count(text, "<rect"), 1 + 4 + 10);
        pdx__free(text);
    }
    DRAW(text, pdx_report_agreement_svg(judgments, dataset, &one, 1, -1, 0, PATH));
    pdx__free(text);
    FAILS(pdx_report_agreement_svg(judgments, dataset, NULL, 0, -1, 2, PATH), PDX_EINVAL,
          "measure 2");
    FAILS(pdx_report_agreement_svg(judgments, dataset, &one, 0, -1, 0, PATH), PDX_EINVAL,
          "no judges");
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void waterfalls_carry_from_start_to_end(void) {
    pdx_study *study = two_judges(1, hostile);
    static const double x[3] = {1, -1, 0}, none[3] = {0, 0, 0}, broken[3] = {NAN, 0, 0};
    const pdx_posterior *fit = study->fit[1]; /* weights 0.5, 0.1, 0.1 */
    char *text;
    DRAW(text, pdx_report_waterfall_svg(fit, x, NULL, "<pair>", PATH));
    CHECK_INT(count(text, "<path"), 2 + 2); /* two bars, two diamonds */
    CHECK_CONTAINS(text, ">59.9% (");       /* sigmoid(0.4) */
    CHECK_CONTAINS(text, "1 property is equal in both");
    CHECK_CONTAINS(text, "leans to A: &lt;pair&gt;");
    pdx__free(text);
    DRAW(text, pdx_report_waterfall_svg(fit, none, NULL, NULL, PATH));
    CHECK_INT(count(text, "<path"), 2);
    CHECK_CONTAINS(text, ">50.0%<");
    pdx__free(text);
    pdx_explain_options options;
    pdx_explain_options_init(&options);
    options.order = PDX_ORDER_BA;
    study->fit[1]->position = (pdx_position){
        .known = 1, .mean = 1, .sd = 0.1, .p_first = 0.73, .p_first_low = 0.7, .p_first_high = 0.8};
    DRAW(text, pdx_report_waterfall_svg(fit, x, &options, NULL, PATH));
    CHECK_CONTAINS(text, "equal, B shown first");
    CHECK_CONTAINS(text, ">26.9%<");
    pdx__free(text);
    pdx_status status = pdx_report_waterfall_svg(fit, broken, NULL, NULL, PATH);
    CHECK(status == PDX_EINVAL || status == PDX_ENUMERIC);
    FAILS(pdx_report_waterfall_svg(fit, NULL, NULL, NULL, PATH), PDX_EINVAL, "NULL");
    pdx_study_free(study);
    study = two_judges(0, three);
    DRAW(text, pdx_report_waterfall_svg(study->fit[1], x, NULL, NULL, PATH));
    CHECK(!strstr(text, "95%"));
    pdx__free(text);
    pdx_study_free(study);
}

/* +49, +49 and -49 points from 50 %: the second may come only after the third. */
static void bars_stay_between_0_and_100(void) {
    pdx_study *study;
    char *text;
    const double x[3] = {60, 60, -60};
    OK(pdx__study_create(&study, 1));
    add_fit(study, "j", "g", 3, three, 0);
    for (int k = 0; k < 3; ++k) study->fit[0]->mean[k] = 0.5 + 0.01 * (2 - k);
    DRAW(text, pdx_report_waterfall_svg(study->fit[0], x, NULL, NULL, PATH));
    CHECK_CONTAINS(text, ">100%<");
    CHECK(!strstr(text, ">120%<") && !strstr(text, ">110%<"));
    CHECK(strstr(text, ">gamma<") < strstr(text, ">beta<"));
    pdx__free(text);
    pdx_study_free(study);
}

static void small_shares_are_drawn_together(void) {
    static char text_of[40][16];
    const char *names[40];
    double x[40];
    for (int k = 0; k < 40; ++k) {
        snprintf(text_of[k], sizeof text_of[k], "p%d", k);
        names[k] = text_of[k];
        x[k] = k % 2 ? 1 : -1;
    }
    pdx_study *study;
    char *text;
    OK(pdx__study_create(&study, 1));
    add_fit(study, "j", "g", 40, names, 1);
    DRAW(text, pdx_report_waterfall_svg(study->fit[0], x, NULL, NULL, PATH));
    CHECK_CONTAINS(text, "27 smaller ones together");
    CHECK_INT(count(text, "<path"), 14 + 2);
    pdx__free(text);
    pdx_study_free(study);
}

static void calibration_marks_what_was_missed(void) {
    static const double predicted[4] = {0.1, 0.2, NAN, -0.1}, low[4] = {0, 0.1, 0, -0.2},
                        high[4] = {0.2, 0.3, 0, NAN}, measured[4] = {0.12, 0.5, 0.1, -0.1},
                        from[4] = {0, 0.4, 0, NAN}, to[4] = {0.3, 0.6, 0, NAN};
    const char *const names[4] = {hostile[0], hostile[2], "c", NULL};
    pdx_calibration_points points = {.size = sizeof points,
                                     .count = 4,
                                     .names = names,
                                     .predicted = predicted,
                                     .predicted_low = low,
                                     .predicted_high = high,
                                     .measured = measured,
                                     .measured_low = from,
                                     .measured_high = to};
    char *text;
    DRAW(text, pdx_report_calibration_svg(&points, hostile[1], PATH));
    CHECK_INT(count(text, "<circle"), 2);
    CHECK_INT(count(text, "<path"), 1);
    CHECK_CONTAINS(text, "3 effects; ");
    CHECK_CONTAINS(text, "1 of 2 measured intervals");
    pdx__free(text);
    points.count = 1;
    points.names = NULL;
    points.predicted_low = points.measured_low = NULL;
    points.none = NAN;
    DRAW(text, pdx_report_calibration_svg(&points, "one", PATH));
    CHECK_CONTAINS(text, "1 effect; ");
    pdx__free(text);
    points.predicted += 2;
    FAILS(pdx_report_calibration_svg(&points, "none", PATH), PDX_EINVAL, "two finite numbers");
    points.count = 0;
    FAILS(pdx_report_calibration_svg(&points, "none", PATH), PDX_EINVAL, "no points");
    points.size = 0;
    FAILS(pdx_report_calibration_svg(&points, "none", PATH), PDX_EINVAL, "'size'");
}

int main(void) {
    RUN(contrasts_mark_discoveries);
    RUN(contrasts_of_means_have_no_intervals);
    RUN(position_plots_set_the_fit_beside_what_was_seen);
    RUN(prior_plots_have_a_mark_a_prior);
    RUN(similarities_are_drawn_for_few_and_many);
    RUN(limits_stand_in_the_cells_of_few);
    RUN(agreement_is_drawn);
    RUN(waterfalls_carry_from_start_to_end);
    RUN(bars_stay_between_0_and_100);
    RUN(small_shares_are_drawn_together);
    RUN(calibration_marks_what_was_missed);
    return check_result();
}
