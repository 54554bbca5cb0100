/* NUTS on the reference posteriors of ../shared/data/posterior: means within 4 of its own standard
 * errors, sds within 8 %, from starts apart from each other. */
#include "bayes/logit_target.h"
#include "bayes/nuts.h"
#include "core/file.h"
#include "core/json.h"
#include "core/pool.h"
#include "core/rng.h"
#include "rows_csv.h"

#include "check.h"

enum { D = 29 };

static void reference(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "../shared/data/posterior/%s.csv", name);
    rows_csv rows;
    if (!rows_csv_read(&rows, path)) SKIP("%s is absent", path);
    REQUIRE(rows.d == D);
    snprintf(path, sizeof path, "../shared/data/posterior/%s.json", name);
    pdx__buf text = PDX__BUF_EMPTY;
    OK(pdx__file_read(path, 0, &text));
    cJSON *json;
    pdx__where where = {path, 0};
    OK(pdx__json_parse(&json, text.data, text.length, where));
    const cJSON *array;
    double mean[D], sd[D];
    OK(pdx__json_array(json, "mean", PDX__REQUIRED, &array, where));
    OK(pdx__json_doubles(array, "mean", D, mean, where));
    OK(pdx__json_array(json, "sd", PDX__REQUIRED, &array, where));
    OK(pdx__json_doubles(array, "sd", D, sd, where));

    pdx__design *design;
    pdx__logit_target *logit;
    pdx__prior prior[D];
    for (int d = 0; d < D; ++d) prior[d] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    OK(pdx__design_create(&design, rows.n, D, rows.x, NULL));
    pdx__problem problem = {.design = design, .y = rows.y, .weight = rows.weight, .prior = prior};
    OK(pdx__logit_target_create(&logit, &problem));
    pdx__target target = pdx__logit_target_seam(logit);
    double start[4 * D], got[D], got_sd[D], se[D], rhat, ess;
    pdx__rng rng;
    pdx__rng_init(&rng, 8, 0);
    for (int i = 0; i < 4 * D; ++i) start[i] = 0.3 * pdx__rng_normal(&rng);
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = start;
    pdx__nuts_run run;
    double begun = pdx__seconds();
    OK(pdx__nuts(&run, &target, &settings));
    double seconds = pdx__seconds() - begun, squares = 0;
    OK(pdx__nuts_summary(&run, got, got_sd, se, &rhat, &ess));
    CHECK_LE(rhat, 1.01);
    CHECK(ess > 400);
    for (int d = 0; d < D; ++d) {
        CHECK_NEAR(got[d], mean[d], 4 * se[d]);
        CHECK_NEAR(got_sd[d] / sd[d], 1, 0.08);
        squares += pow((got[d] - mean[d]) / se[d], 2);
    }
    CHECK_NEAR(sqrt(squares / D), 1, 0.5); /* the standard errors are neither small nor large */
    printf("%s: %.2f s, %.1f gradients a draw, %.2f us each, R-hat %.4f, ESS %.0f, z %.2f\n", name,
           seconds, (double)run.gradients / 10000, 1e6 * seconds / (double)run.gradients, rhat, ess,
           sqrt(squares / D));
    pdx__nuts_free(&run);
    pdx__logit_target_free(logit);
    pdx__design_free(design);
    cJSON_Delete(json);
    pdx__buf_free(&text);
    rows_csv_free(&rows);
}

static void n120(void) { reference("dev1_n120"); }
static void n400(void) { reference("dev2_n400"); }
static void n820(void) { reference("dev3_n820"); }
static void n1418(void) { reference("dev4_n1418"); }

int main(void) {
    RUN(n120);
    RUN(n400);
    RUN(n820);
    RUN(n1418);
    return check_result();
}
