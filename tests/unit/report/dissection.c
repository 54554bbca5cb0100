/* The dissection plot: well-formed, escaped, the same bytes each time, and no number that is none.
 */
#include "picture.h"

#define PATH "build-test-dissection.svg"

/* Draws, checks what holds for every picture, and hands the text to the caller. */
static char *draw(const pdx_study *study, const char *group, const pdx_study *truth) {
    int status = pdx_report_dissection_svg(study, group, NULL, 0, truth, PATH);
    if (status) CHECK_FAIL("%s: %s", pdx_status_name(status), pdx_error_message());
    return take_picture(PATH);
}

static void the_check_sees_faults(void) {
    CHECK_INT(first_fault("<a b=\"c\"><d/>x &amp; y</a>\n"), -1);
    CHECK(first_fault("<a><b></a></b>") >= 0);
    CHECK(first_fault("<a>&nbsp;</a>") >= 0);
    CHECK(first_fault("<a b=\"<\"/>") >= 0);
    CHECK(first_fault("<a>") >= 0);
    CHECK(first_fault("<a/>x") >= 0);
    CHECK(first_fault("<a>\x01</a>") >= 0);
}

static void a_study_is_drawn(void) {
    pdx_study *study, *truth;
    OK(pdx__study_create(&study, 4));
    OK(pdx__study_create(&truth, 1));
    add_fit(study, "human", "g", 3, three, 1);
    add_fit(study, "human", "other", 3, three, 1);
    add_fit(study, "model", "g", 3, three, 1);
    add_fit(truth, "human", "g", 3, three, 0);
    char *text = draw(study, "g", truth), *again = draw(study, "g", truth);
    CHECK_TEXT(text, again);
    /* circles: the legend's human and truth, 3 fitted, 3 planted; squares: legend and 3 */
    CHECK_INT(count(text, "<circle"), 2 + 6);
    CHECK_INT(count(text, "<path"), 1 + 3);
    CHECK_CONTAINS(text, "95% interval");
    CHECK_CONTAINS(text, "planted truth");
    CHECK(!strstr(text, "shown first"));
    /* alpha and gamma weigh the same, so their order stays; beta weighs nothing */
    CHECK(strstr(text, ">alpha<") < strstr(text, ">gamma<"));
    CHECK(strstr(text, ">gamma<") < strstr(text, ">beta<"));
    pdx__free(text);
    pdx__free(again);
    pdx_study_free(study);
    pdx_study_free(truth);
}

static void quantiles_and_position_are_used(void) {
    pdx_study *study;
    OK(pdx__study_create(&study, 1));
    add_fit(study, "human", "g", 1, three, 1);
    pdx_posterior *p = study->fit[0];
    char *by_sd = draw(study, NULL, NULL);
    REQUIRE((p->quantile_probs = pdx__alloc(2, sizeof(double))));
    REQUIRE((p->quantiles = pdx__alloc(2, sizeof(double))));
    p->quantile_count = 2;
    memcpy(p->quantile_probs, (double[]){0.025, 0.975}, 2 * sizeof(double));
    memcpy(p->quantiles, (double[]){0.3 - 1.959963984540054 * 0.1, 0.3 + 1.959963984540054 * 0.1},
           2 * sizeof(double));
    char *by_quantiles = draw(study, NULL, NULL);
    CHECK_TEXT(by_sd, by_quantiles);
    pdx__free(by_quantiles);
    p->quantiles[0] = 0;
    by_quantiles = draw(study, NULL, NULL);
    CHECK(strcmp(by_sd, by_quantiles));
    p->position =
        (pdx_position){.known = 1, .p_first = 0.7, .p_first_low = 0.6, .p_first_high = 0.8};
    char *positioned = draw(study, NULL, NULL);
    CHECK_CONTAINS(positioned, "shown first");
    pdx__free(by_sd);
    pdx__free(by_quantiles);
    pdx__free(positioned);
    pdx_study_free(study);
}

static void names_are_escaped_and_cut(void) {
    static const char *const names[] = {
        "<script>alert('x')</script> & \"more\"", "\xff broken \x01 \xef\xbf\xbf",
        "a property whose name is sixty characters long, or even more....."};
    pdx_study *study;
    OK(pdx__study_create(&study, 1));
    add_fit(study, "</svg><b>", "g & <g>", 3, names, 0);
    char *text = draw(study, "g & <g>", NULL);
    CHECK(!strstr(text, "<script") && !strstr(text, "<b>"));
    CHECK_CONTAINS(text, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;");
    CHECK_CONTAINS(text, "\xef\xbf\xbd broken \xef\xbf\xbd \xef\xbf\xbd");
    CHECK_CONTAINS(text, "</title>a property whose na");
    CHECK_CONTAINS(text, "\xe2\x80\xa6");
    CHECK_CONTAINS(text, "even more.....</text>");
    CHECK_CONTAINS(text, "<title>a property whose name is sixty characters long, or even more");
    CHECK(!strstr(text, "95%")); /* no sd, so no interval is spoken of */
    pdx__free(text);
    pdx_study_free(study);
}

static void numbers_that_are_none_have_no_mark(void) {
    pdx_study *study;
    OK(pdx__study_create(&study, 1));
    add_fit(study, "j", "g", 3, three, 1);
    pdx_posterior *p = study->fit[0];
    p->mean[0] = NAN;
    p->mean[1] = INFINITY;
    p->sd[2] = NAN;
    p->position = (pdx_position){.known = 1, .p_first = NAN};
    char *text = draw(study, "g", NULL);
    CHECK_INT(count(text, "<circle"), 1 + 1);
    pdx__free(text);
    p->mean[0] = -1000; /* at the edge of the scale, and flat ones */
    p->mean[1] = 1000;
    p->sd[0] = p->sd[1] = INFINITY;
    p->sd[2] = 0;
    text = draw(study, "g", NULL);
    CHECK_INT(count(text, "<circle"), 1 + 3);
    pdx__free(text);
    pdx_study_free(study);
}

static void many_properties_and_judges_fit(void) {
    static char text[100][24];
    const char *names[100];
    for (int i = 0; i < 100; ++i) {
        snprintf(text[i], sizeof text[i], "property %d", i);
        names[i] = text[i];
    }
    pdx_study *study;
    OK(pdx__study_create(&study, 9));
    for (int j = 0; j < 8; ++j) add_fit(study, text[j], "g", 100, names, 1);
    char *drawn = draw(study, "g", NULL);
    CHECK_INT(count(drawn, "<circle") + count(drawn, "<path"), 8 * 101);
    pdx__free(drawn);
    add_fit(study, text[8], "g", 100, names, 1);
    FAILS(pdx_report_dissection_svg(study, "g", NULL, 0, NULL, PATH), PDX_EINVAL, "more than 8");
    const char *chosen[] = {text[8], text[0]};
    OK(pdx_report_dissection_svg(study, "g", chosen, 2, NULL, PATH));
    remove(PATH);
    pdx_study_free(study);
}

static void misuse_is_refused(void) {
    pdx_study *study;
    OK(pdx__study_create(&study, 2));
    FAILS(pdx_report_dissection_svg(study, NULL, NULL, 0, NULL, PATH), PDX_EINVAL, "no fits");
    add_fit(study, "j", "g", 3, three, 1);
    add_fit(study, "k", "g", 2, three, 1);
    const char *nobody[] = {"nobody", NULL};
    FAILS(pdx_report_dissection_svg(NULL, NULL, NULL, 0, NULL, PATH), PDX_EINVAL, "study");
    FAILS(pdx_report_dissection_svg(study, NULL, NULL, 0, NULL, NULL), PDX_EINVAL, "path");
    FAILS(pdx_report_dissection_svg(study, "h", NULL, 0, NULL, PATH), PDX_ENOTFOUND, "'h'");
    FAILS(pdx_report_dissection_svg(study, "g", nobody, 1, NULL, PATH), PDX_ENOTFOUND, "nobody");
    FAILS(pdx_report_dissection_svg(study, "g", nobody, 9, NULL, PATH), PDX_EINVAL, "judge_count");
    FAILS(pdx_report_dissection_svg(study, "g", nobody + 1, 1, NULL, PATH), PDX_EINVAL, "NULL");
    FAILS(pdx_report_dissection_svg(study, "g", NULL, 0, NULL, PATH), PDX_EINVAL,
          "different properties");
    const char *one[] = {"j"};
    FAILS(pdx_report_dissection_svg(study, "g", one, 1, NULL, "/nowhere/x.svg"), PDX_EIO,
          "nowhere");
    pdx_study_free(study);
}

int main(void) {
    RUN(the_check_sees_faults);
    RUN(a_study_is_drawn);
    RUN(quantiles_and_position_are_used);
    RUN(names_are_escaped_and_cut);
    RUN(numbers_that_are_none_have_no_mark);
    RUN(many_properties_and_judges_fit);
    RUN(misuse_is_refused);
    return check_result();
}
