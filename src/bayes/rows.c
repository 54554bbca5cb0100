/* pdx_fit_rows: one posterior from plain rows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/pool.h"
#include "fit_options.h"
#include "sample.h"

static pdx_status check(const pdx_rows *rows, const pdx_fit_options *options) {
    const int model = options->ties >= PDX_TIES_ORDINAL && rows->y;
    PDX__REQUIRE(rows->d >= 1 && rows->n >= 0, "rows: %d columns and %lld rows", rows->d,
                 (long long)rows->n);
    PDX__REQUIRE(rows->n == 0 || !rows->x != !rows->x_int8, "rows: give x or x_int8, one of them");
    PDX__REQUIRE(rows->n == 0 || !rows->y != !rows->margin, "rows: give y or margin, one of them");
    for (int64_t i = 0; i < rows->n; ++i) {
        if (rows->y)
            PDX__REQUIRE(rows->y[i] >= 0 && rows->y[i] <= 1, "row %lld: y is not in [0, 1]",
                         (long long)i + 1);
        if (model)
            PDX__REQUIRE(rows->y[i] == 0 || rows->y[i] == 0.5 || rows->y[i] == 1,
                         "row %lld: y is %g; with a model of ties it is 0, 0.5 (a tie) or 1",
                         (long long)i + 1, rows->y[i]);
        if (rows->margin)
            PDX__REQUIRE(isfinite(rows->margin[i]), "row %lld: the margin is not finite",
                         (long long)i + 1);
        if (rows->weight)
            PDX__REQUIRE(rows->weight[i] >= 0 && isfinite(rows->weight[i]),
                         "row %lld: the weight is not a finite number >= 0", (long long)i + 1);
        if (rows->offset)
            PDX__REQUIRE(isfinite(rows->offset[i]), "row %lld: the offset is not finite",
                         (long long)i + 1);
    }
    return PDX_OK;
}

/* "x1", "x2", ... in one block behind their pointers. */
static pdx_status number_names(char ***out, int32_t d) {
    enum { LONGEST = 12 };
    *out = pdx__alloc((size_t)d, sizeof(char *) + LONGEST);
    if (!*out) return PDX_ENOMEM;
    char *text = (char *)(*out + d);
    for (int32_t k = 0; k < d; ++k, text += LONGEST) {
        snprintf(text, LONGEST, "x%d", k + 1);
        (*out)[k] = text;
    }
    return PDX_OK;
}

typedef struct row_fit {
    pdx_posterior *posterior;
    const pdx__sample *sample;
    const pdx_fit_options *options;
    pdx__workspace *workspace;
} row_fit;

static pdx_status fit(void *context, int64_t task, int32_t worker) {
    (void)task, (void)worker;
    row_fit *f = context;
    return pdx__sample_fit(&f->posterior, f->sample, f->options, 0, f->workspace);
}

pdx_status pdx_fit_rows(pdx_posterior **out, const pdx_rows *rows, const pdx_fit_options *options) {
    PDX__REQUIRE(out, "pdx_fit_rows: NULL argument");
    *out = NULL;
    PDX__REQUIRE(rows, "pdx_fit_rows: NULL argument");
    PDX__REQUIRE(rows->size == sizeof *rows, "rows: 'size' is %u, must be %zu", rows->size,
                 sizeof *rows);
    pdx_fit_options full;
    PDX__TRY(pdx__fit_options_take(&full, options));
    PDX__REQUIRE(!full.imputations, "rows: plain rows say nothing of noise ('imputations')");
    PDX__TRY(check(rows, &full));
    PDX__TRY(pdx__fit_options_scales(&full, rows->d));
    char **names = NULL;
    double *sign = NULL;
    pdx__workspace *workspace = NULL;
    pdx_status status = PDX_OK;
    if (!rows->names) PDX__GO(number_names(&names, rows->d));
    if (rows->margin) {
        sign = pdx__alloc((size_t)rows->n, sizeof *sign);
        if (!sign) {
            status = PDX_ENOMEM;
            goto done;
        }
        for (int64_t i = 0; i < rows->n; ++i)
            sign[i] = rows->margin[i] > 0 ? 1 : rows->margin[i] < 0 ? 0 : 0.5;
    }
    int64_t ties = 0;
    for (int64_t i = 0; i < rows->n && rows->y; ++i) ties += rows->y[i] == 0.5;
    PDX__GO(pdx__workspace_create(&workspace));
    const char *const *columns = rows->names ? rows->names : (const char *const *)names;
    pdx__sample sample = {.judge = "",
                          .group = "all",
                          .d = rows->d,
                          .columns = columns,
                          .n = rows->n,
                          .x = rows->x,
                          .x_int8 = rows->x_int8,
                          .y = rows->margin ? sign : rows->y,
                          .weight = rows->weight,
                          .offset = rows->offset,
                          .margin = rows->margin,
                          .tie_model = full.ties >= PDX_TIES_ORDINAL && rows->y ? full.ties : 0,
                          .length_column = pdx__length_column(columns, rows->d)};
    if (sample.tie_model) sample.ties = ties;
    /* One task on the pool: its hooks tell progress and stop a long one. */
    row_fit one = {.sample = &sample, .options = &full, .workspace = workspace};
    status = pdx__pool_run(1, 1, fit, &one, &full.hooks, "fits");
    if (status == PDX_OK) *out = one.posterior;
    else pdx_posterior_free(one.posterior);
done:
    pdx__free(sign);
    pdx__free(names);
    pdx__workspace_free(workspace);
    return status;
}
