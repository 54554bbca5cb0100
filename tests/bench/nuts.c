/* Speed of NUTS, 4 chains x (500 + 2000), on one core and the rows of tests/golden/numpyro (N =
 * 400, D = 29), beside EP on the same rows in the same run. One JSON line; ratio = seconds / limit.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bayes/logit_target.h"
#include "bayes/nuts.h"
#include "core/pool.h"

#include "rows_csv.h"

enum { D = 29 };
static const double LIMIT = 1.5, AIM = 0.5;

static void check(pdx_status status) {
    if (status == PDX_OK) return;
    fprintf(stderr, "%s: %s\n", pdx_status_name(status), pdx_error_message());
    exit(1);
}

static double ep_seconds(const pdx__problem *problem) {
    pdx__workspace *workspace;
    pdx__fit_settings settings = {.method = PDX_METHOD_EP};
    enum { TIMES = 200 };
    check(pdx__workspace_create(&workspace));
    double begun = pdx__seconds();
    for (int i = 0; i < TIMES; ++i) {
        pdx__fit fit;
        check(pdx__fit_problem(&fit, problem, &settings, NULL, workspace));
        pdx__fit_free(&fit);
    }
    double seconds = (pdx__seconds() - begun) / TIMES;
    pdx__workspace_free(workspace);
    return seconds;
}

int main(void) {
    rows_csv rows;
    pdx__prior prior[D];
    pdx__design *design;
    pdx__logit_target *logit;
    if (!rows_csv_read(&rows, "tests/golden/numpyro/rows.csv") || rows.d != D) return 1;
    for (int d = 0; d < D; ++d) prior[d] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    check(pdx__design_create(&design, rows.n, D, rows.x, NULL));
    pdx__problem problem = {.design = design, .y = rows.y, .prior = prior};
    check(pdx__logit_target_create(&logit, &problem));
    pdx__target target = pdx__logit_target_seam(logit);
    double start[4 * D] = {0}, ess, ep = ep_seconds(&problem);
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = start;
    pdx__nuts_run run;
    double begun = pdx__seconds();
    check(pdx__nuts(&run, &target, &settings));
    double seconds = pdx__seconds() - begun;
    check(pdx__nuts_summary(&run, NULL, NULL, NULL, NULL, &ess));
    printf("{\"bench\":\"nuts\",\"n\":%d,\"d\":%d,\"threads\":1,\"seconds\":%.3f,\"limit\":%g,"
           "\"ratio\":%.3f,\"aim\":%g,\"gradients\":%lld,\"us_per_gradient\":%.3f,"
           "\"least_ess_per_second\":%.0f,\"ep_ms\":%.3f,\"nuts_over_ep\":%.0f}\n",
           (int)rows.n, D, seconds, LIMIT, seconds / LIMIT, AIM, (long long)run.gradients,
           1e6 * seconds / (double)run.gradients, ess / seconds, 1e3 * ep, seconds / ep);
    pdx__nuts_free(&run);
    pdx__logit_target_free(logit);
    pdx__design_free(design);
    rows_csv_free(&rows);
    return 0;
}
