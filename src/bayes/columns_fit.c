/* Fits of column files: every judge x group, rows asked for in sums. */
#include <prefdissect/columns.h>

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/buf.h"
#include "core/options.h"
#include "data/columns.h"
#include "design.h"
#include "fit_options.h"
#include "posterior.h"
#include "row_sums.h"
#include "sample.h"

#define AT(field) offsetof(pdx_columns_options, field)
static const pdx__option option_table[] = {
    {"memory_bytes", PDX__OPTION_INT64, AT(memory_bytes), 256 << 20, 1 << 20, 9e18, NULL},
    {"sums", PDX__OPTION_POINTER, AT(sums), 0, 0, 0, NULL},
    {"sums_user", PDX__OPTION_POINTER, AT(sums_user), 0, 0, 0, NULL},
};

void(pdx_columns_options_init)(pdx_columns_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

typedef struct fitter {
    const pdx_columns *columns;
    const pdx_fit_options *options;
    const pdx_columns_options *how;
    pdx__workspace *workspace;
    pdx__design *design; /* no rows: the number of columns */
    pdx__prior *prior;
    pdx__fit_settings settings;
    double *probs;
} fitter;

static pdx_status sums_here(void *context, const double *request, int64_t request_length,
                            double *sums, int64_t sums_length) {
    const fitter *f = context;
    return pdx__row_sums(f->columns, 0, pdx_columns_chunks(f->columns), request, request_length,
                         sums, sums_length, f->options->threads, f->how->memory_bytes,
                         &f->options->hooks);
}

static pdx_status sums_elsewhere(void *context, const double *request, int64_t request_length,
                                 double *sums, int64_t sums_length) {
    const fitter *f = context;
    for (int64_t i = 0; i < sums_length; ++i) sums[i] = NAN; /* an answer fills them all */
    if (f->how->sums(f->how->sums_user, request, request_length, sums, sums_length))
        return pdx__fail(PDX_ECANCELED, "the caller's sums gave up");
    return PDX_OK;
}

static pdx_status check(const fitter *f) {
    const pdx_fit_options *o = f->options;
#define NOT_HERE(what) pdx__fail(PDX_EUNSUPPORTED, "a column file: " what)
    if (o->prior == PDX_PRIOR_EB) return NOT_HERE("empirical Bayes is for rows in memory");
    if (o->method != PDX_METHOD_AUTO && o->method != PDX_METHOD_EP)
        return NOT_HERE("only EP, with its certificate, goes over it");
    if (o->intercept) return NOT_HERE("an intercept is a column of its own there");
    if (o->folds) return NOT_HERE("no folds");
    if (o->pool == PDX_POOL_PARTIAL) return NOT_HERE("partial pooling is for rows in memory");
    for (int32_t k = 0; k < pdx_columns_dim(f->columns); ++k)
        if (isinf(f->prior[k].scale)) return NOT_HERE("flat priors are for rows in memory");
    return PDX_OK;
}

static pdx_status prepare(fitter *f) {
    const pdx_fit_options *o = f->options;
    const int32_t d = pdx_columns_dim(f->columns);
    const int32_t kind = o->prior == PDX_PRIOR_GAUSSIAN ? PDX_PRIOR_GAUSSIAN : PDX_PRIOR_LAPLACE;
    const double none = 0;
    f->prior = pdx__alloc((size_t)d, sizeof *f->prior);
    f->probs = pdx__alloc_zero((size_t)o->quantile_count + 2, sizeof *f->probs);
    if (!f->prior || !f->probs) return PDX_ENOMEM;
    for (int32_t k = 0; k < d; ++k)
        f->prior[k] = (pdx__prior){kind, o->prior_scales ? o->prior_scales[k] : o->prior_scale};
    PDX__TRY(check(f));
    memcpy(f->probs, o->quantile_probs, (size_t)o->quantile_count * sizeof *f->probs);
    f->probs[o->quantile_count] = 0.025;
    f->probs[o->quantile_count + 1] = 0.975;
    f->settings = (pdx__fit_settings){.method = PDX_METHOD_EP,
                                      .certify = o->certificate != PDX_CERTIFICATE_NEVER,
                                      .summaries = 1,
                                      .draws = o->draws,
                                      .seed = o->seed,
                                      .quantile_probs = f->probs,
                                      .quantile_count = o->quantile_count + 2};
    PDX__TRY(pdx__workspace_create(&f->workspace));
    return pdx__design_create(&f->design, 0, d, &none, NULL);
}

/* The fit of one judge and group; *out NULL where they have no rows. */
static pdx_status fit_one(pdx_posterior **out, fitter *f, int32_t judge, int32_t group) {
    const char *judge_name = judge < 0 ? "judge" : pdx_columns_judge(f->columns, judge);
    const char *group_name = group < 0 ? "all" : pdx_columns_group(f->columns, group);
    const int32_t d = pdx_columns_dim(f->columns);
    const pdx__row_source source = {f->how->sums ? sums_elsewhere : sums_here, f, judge, group};
    const pdx__problem problem = {.design = f->design, .prior = f->prior, .source = &source};
    pdx__fit fit = {0};
    pdx_posterior *p = NULL;
    const char **names = NULL;
    int64_t rows = 0;
    pdx_status status = pdx__source_rows(&source, &rows);
    if (status != PDX_OK || rows == 0) return status;
    PDX__GO(pdx__fit_problem(&fit, &problem, &f->settings, NULL, f->workspace));
    if (!(names = pdx__alloc((size_t)d, sizeof *names))) {
        status = PDX_ENOMEM;
        goto done;
    }
    for (int32_t k = 0; k < d; ++k) names[k] = pdx_columns_name(f->columns, k);
    PDX__GO(pdx__posterior_create(&p, judge_name, group_name, d, names));
    PDX__GO(pdx__sample_take(p, &fit, f->options));
    p->n = rows;
    if (!f->options->prior_scales) p->prior_scale = f->options->prior_scale;
    pdx__free(p->label);
    if (!(p->label = pdx__strdup("y"))) status = PDX_ENOMEM;
    PDX__GO(status);
    PDX__GO(pdx__posterior_write_verdict(p));
    *out = p;
    p = NULL;
done:
    pdx_posterior_free(p);
    pdx__fit_free(&fit);
    pdx__free(names);
    return status;
}

static int32_t judge_number(const pdx_columns *columns, const char *name) {
    for (int32_t i = 0; i < pdx_columns_judge_count(columns); ++i)
        if (!strcmp(pdx_columns_judge(columns, i), name)) return i;
    return -1;
}

static pdx_status fit_all(pdx_study *study, fitter *f) {
    const pdx_fit_options *o = f->options;
    const int32_t judges = o->judges ? o->judge_count : pdx_columns_judge_count(f->columns);
    const int32_t groups = o->pool == PDX_POOL_COMPLETE ? 0 : pdx_columns_group_count(f->columns);
    for (int32_t j = 0; j < (judges ? judges : 1); ++j)
        for (int32_t g = 0; g < (groups ? groups : 1); ++g) {
            pdx_posterior *p = NULL;
            int32_t judge = !judges ? -1 : o->judges ? judge_number(f->columns, o->judges[j]) : j;
            if (judges && judge < 0)
                return pdx__fail(PDX_ENOTFOUND, "there is no judge '%.200s'", o->judges[j]);
            f->settings.stream = (uint64_t)(j * (groups ? groups : 1) + g);
            PDX__TRY(fit_one(&p, f, judge, groups ? g : -1));
            if (p) study->fit[study->count++] = p;
        }
    return PDX_OK;
}

pdx_status pdx_columns_fit(pdx_study **out, const pdx_columns *columns,
                           const pdx_fit_options *fit_options, const pdx_columns_options *options) {
    PDX__REQUIRE(out, "pdx_columns_fit: NULL argument");
    *out = NULL;
    PDX__REQUIRE(columns, "pdx_columns_fit: NULL argument");
    pdx_fit_options full;
    pdx_columns_options how;
    PDX__TRY(pdx__fit_options_take(&full, fit_options));
    PDX__TRY(pdx__fit_options_scales(&full, pdx_columns_dim(columns)));
    PDX__TRY(pdx__options_take(&how, sizeof how, options, option_table, PDX__ROWS(option_table),
                               "columns options"));
    fitter f = {.columns = columns, .options = &full, .how = &how};
    pdx_study *study = NULL;
    pdx__buf json = PDX__BUF_EMPTY;
    const int64_t judges = full.judges ? full.judge_count : pdx_columns_judge_count(columns);
    const int64_t groups = pdx_columns_group_count(columns);
    pdx_status status = prepare(&f);
    PDX__GO(status);
    PDX__GO(pdx__study_create(&study, (int32_t)((judges + 1) * (groups + 1))));
    PDX__GO(fit_all(study, &f));
    pdx__fit_options_json(&json, &full);
    PDX__GO(json.status);
    pdx__free(study->options_json);
    if (!(study->options_json = pdx__buf_take(&json))) {
        status = PDX_ENOMEM;
        goto done;
    }
    *out = study;
    study = NULL;
done:
    pdx__buf_free(&json);
    pdx_study_free(study);
    pdx__design_free(f.design);
    pdx__workspace_free(f.workspace);
    pdx__free(f.prior);
    pdx__free(f.probs);
    return status;
}
