/* Our fits of rows.csv against numpyro's NUTS, the original system's code path (generate.py). */
#include <prefdissect/prefdissect.h>

#include "rows_csv.h"

#include "check.h"

enum { D = 29 };
static double mean[D], sd[D], mcse[D];
static rows_csv rows;

static void agrees(int32_t method) {
    pdx_rows given = {.size = sizeof given, .d = D, .n = rows.n, .x = rows.x, .y = rows.y};
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.method = method;
    options.predict = 0;
    pdx_posterior *posterior;
    OK(pdx_fit_rows(&posterior, &given, &options));
    pdx_certificate certificate;
    OK(pdx_posterior_certificate(posterior, &certificate));
    CHECK_INT(certificate.method, method == PDX_METHOD_AUTO ? PDX_METHOD_EP : method);
    double own = method == PDX_METHOD_NUTS ? certificate.mean_se : 0, squares = 0;
    const double *got = pdx_posterior_mean(posterior), *got_sd = pdx_posterior_sd(posterior);
    for (int d = 0; d < D; ++d) {
        double error = hypot(mcse[d], own * sd[d]);
        CHECK_NEAR(got[d], mean[d], 4 * error + 0.002 * sd[d]);
        CHECK_NEAR(got_sd[d] / sd[d], 1, 0.08);
        squares += pow((got[d] - mean[d]) / error, 2);
    }
    CHECK_LE(sqrt(squares / D), 1.6);
    pdx_posterior_free(posterior);
}

static void by_default(void) { agrees(PDX_METHOD_AUTO); }
static void by_nuts(void) { agrees(PDX_METHOD_NUTS); }

int main(void) {
    FILE *file = fopen("tests/golden/numpyro/expected.csv", "r");
    int read = file && !fscanf(file, "mean,sd,mcse\n");
    for (int d = 0; file && d < D; ++d)
        read += fscanf(file, "%lf,%lf,%lf\n", &mean[d], &sd[d], &mcse[d]) == 3;
    if (file) fclose(file);
    if (read != D + 1 || !rows_csv_read(&rows, "tests/golden/numpyro/rows.csv") || rows.d != D) {
        printf("rows.csv or expected.csv cannot be read\n");
        return 1;
    }
    RUN(by_default);
    RUN(by_nuts);
    rows_csv_free(&rows);
    return check_result();
}
