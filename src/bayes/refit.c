/* Design, prior and settings of one sample, and the two kinds of fit that are made of it. */
#include "refit.h"

#include <math.h>
#include <string.h>

static int is_tie(const pdx__sample *s, int64_t row) { return s->y[row] == 0.5; }

/* An ordinal tie's eta counts twice (cut.h). */
static int times(const pdx__sample *s, int64_t row) {
    return s->tie_model == PDX_TIES_ORDINAL && is_tie(s, row) ? 2 : 1;
}

static pdx_status build_tied_design(pdx__refit *r) {
    const pdx__sample *s = r->sample;
    const size_t n = (size_t)s->n, d = (size_t)s->d, dim = (size_t)r->dim;
    double *x = pdx__alloc_zero(n * dim, sizeof *x);
    if (s->offset) r->offset = pdx__alloc(n, sizeof *r->offset);
    if (!x || (s->offset && !r->offset)) {
        pdx__free(x);
        return PDX_ENOMEM;
    }
    for (size_t i = 0; i < n; ++i) {
        const int by = times(s, (int64_t)i);
        double *row = x + i * dim;
        for (size_t c = 0; c < d; ++c)
            row[c] = by * (s->x ? s->x[i * d + c] : s->x_int8[i * d + c]);
        if (r->reported > s->d) row[d] = by;
        if (r->position >= 0) row[r->position] = by * s->sign[i];
        if (s->tie_model == PDX_TIES_ORDINAL) row[r->cut] = 1 - 2 * s->y[i];
        if (r->offset) r->offset[i] = by * s->offset[i];
    }
    pdx_status status = pdx__design_create(&r->design, s->n, r->dim, x, NULL);
    pdx__free(x);
    return status;
}

static pdx_status build_design(pdx__refit *r) {
    const pdx__sample *s = r->sample;
    if (r->cut >= 0) return build_tied_design(r);
    if (r->dim == s->d) return pdx__design_create(&r->design, s->n, s->d, s->x, s->x_int8);
    size_t dim = (size_t)r->dim, d = (size_t)s->d;
    double *x = NULL;
    int8_t *x_int8 = NULL;
    if (s->x) x = pdx__alloc((size_t)s->n * dim, sizeof *x);
    else x_int8 = pdx__alloc((size_t)s->n * dim, sizeof *x_int8);
    if (!x && !x_int8) return PDX_ENOMEM;
    for (size_t i = 0; i < (size_t)s->n; ++i) {
        if (x) memcpy(x + i * dim, s->x + i * d, d * sizeof *x);
        else memcpy(x_int8 + i * dim, s->x_int8 + i * d, d);
        for (size_t c = d; c < dim; ++c) {
            double value = (int32_t)c < r->reported ? 1 : s->sign[i];
            if (x) x[i * dim + c] = value;
            else x_int8[i * dim + c] = (int8_t)value;
        }
    }
    pdx_status status = pdx__design_create(&r->design, s->n, r->dim, x, x_int8);
    pdx__free(x);
    pdx__free(x_int8);
    return status;
}

static pdx_status build_prior(pdx__refit *r) {
    const pdx_fit_options *o = r->options;
    int32_t kind = o->prior == PDX_PRIOR_GAUSSIAN ? PDX_PRIOR_GAUSSIAN : PDX_PRIOR_LAPLACE;
    int32_t d = r->sample->d;
    for (int32_t c = 0; c < d; ++c)
        r->prior[c] = (pdx__prior){kind, o->prior_scales ? o->prior_scales[c] : o->prior_scale};
    if (r->reported > d) r->prior[d] = (pdx__prior){PDX_PRIOR_GAUSSIAN, o->intercept_scale};
    if (r->cut >= 0) r->prior[r->cut] = (pdx__prior){PDX_PRIOR_LAPLACE, 0};
    if (r->position >= 0)
        r->prior[r->position] = (pdx__prior){
            o->position == PDX_POSITION_LAPLACE ? PDX_PRIOR_LAPLACE : PDX_PRIOR_GAUSSIAN,
            o->position_scale};
    if (o->prior != PDX_PRIOR_EB) return PDX_OK;
    /* With margins too b comes from the signs, with ties from the verdicts: their weights are on
     * the same scale. */
    const double *weight = r->sample->weight;
    if (r->cut >= 0) {
        for (int64_t i = 0; i < r->sample->n; ++i)
            r->scratch.weight[i] = is_tie(r->sample, i) ? 0 : weight ? weight[i] : 1;
        weight = r->scratch.weight;
    }
    pdx__problem problem = {.design = r->design,
                            .y = r->sample->y,
                            .weight = weight,
                            .offset = r->sample->offset,
                            .prior = r->prior};
    double b;
    PDX__TRY(pdx__fit_empirical_bayes(&b, &problem, r->scratch.workspace));
    for (int32_t c = 0; c < d; ++c)
        if (r->prior[c].scale > 0 && isfinite(r->prior[c].scale)) r->prior[c].scale = b;
    return PDX_OK;
}

static pdx_status reserve(pdx__scratch *scratch, const pdx__refit *r) {
    scratch->weight = pdx__alloc((size_t)r->sample->n, sizeof *scratch->weight);
    scratch->left_out = pdx__alloc_zero((size_t)r->units, 1);
    return scratch->weight && scratch->left_out ? PDX_OK : PDX_ENOMEM;
}

pdx_status pdx__refit_open(pdx__refit *r, const pdx__sample *sample, const pdx_fit_options *options,
                           uint64_t stream, pdx__workspace *workspace) {
    *r = (pdx__refit){
        .sample = sample, .options = options, .scratch.workspace = workspace, .stream = stream};
    r->reported = sample->d + (options->intercept != 0);
    r->dim = r->reported;
    r->position = sample->sign && options->position != PDX_POSITION_NONE ? r->dim++ : -1;
    r->cut = sample->tie_model ? r->dim++ : -1;
    r->theta = NAN;
    r->units = sample->n == 0 ? 0 : pdx__refit_unit(r, sample->n - 1) + 1;
    r->prior = pdx__alloc((size_t)r->dim, sizeof *r->prior);
    r->eta_row = pdx__alloc((size_t)r->dim, sizeof *r->eta_row);
    pdx_status status = r->prior && r->eta_row ? reserve(&r->scratch, r) : PDX_ENOMEM;
    if (status == PDX_OK) status = build_design(r);
    if (status == PDX_OK) status = build_prior(r);
    if (status != PDX_OK) pdx__refit_close(r);
    return status;
}

void pdx__refit_close(pdx__refit *r) {
    r->scratch.workspace = NULL; /* borrowed */
    pdx__scratch_free(&r->scratch);
    pdx__design_free(r->design);
    pdx__free(r->prior);
    pdx__free(r->eta_row);
    pdx__free(r->offset);
    *r = (pdx__refit){0};
}

pdx_status pdx__scratch_create(pdx__scratch *out, const pdx__refit *r) {
    *out = (pdx__scratch){0};
    pdx_status status = pdx__workspace_create(&out->workspace);
    if (status == PDX_OK) status = reserve(out, r);
    if (status != PDX_OK) pdx__scratch_free(out);
    return status;
}

void pdx__scratch_free(pdx__scratch *scratch) {
    pdx__workspace_free(scratch->workspace);
    pdx__free(scratch->weight);
    pdx__free(scratch->left_out);
    *scratch = (pdx__scratch){0};
}

int64_t pdx__refit_unit(const pdx__refit *r, int64_t row) {
    return r->sample->unit ? r->sample->unit[row] : row;
}

double pdx__refit_eta(const pdx__refit *r, int64_t row, const double *weights) {
    double eta = 0;
    pdx__design_row(r->design, row, r->eta_row);
    for (int32_t c = 0; c < r->dim; ++c)
        if (c != r->cut) eta += r->eta_row[c] * weights[c];
    return eta / times(r->sample, row) + (r->sample->offset ? r->sample->offset[row] : 0);
}

static pdx__fit_settings settings_of(const pdx_fit_options *o, uint64_t stream) {
    return (pdx__fit_settings){.method = o->method,
                               .seed = o->seed,
                               .stream = stream,
                               .nuts_chains = o->nuts_chains,
                               .nuts_warmup = o->nuts_warmup,
                               .nuts_draws = o->nuts_draws};
}

static pdx_status fit(const pdx__refit *r, int32_t likelihood, const double *weight,
                      const pdx__fit_settings *settings, const pdx__sites *warm,
                      pdx__workspace *workspace, pdx__fit *out, double scale[2]) {
    const pdx__sample *s = r->sample;
    if (likelihood == PDX__BY_MARGIN) {
        double mean, sd;
        return pdx__fit_margin(out, scale ? &scale[0] : &mean, scale ? &scale[1] : &sd, r->design,
                               s->margin, weight, s->offset, r->prior, settings, workspace);
    }
    pdx__problem problem = {
        .design = r->design, .y = s->y, .weight = weight, .offset = s->offset, .prior = r->prior};
    if (r->cut >= 0) {
        problem.offset = r->offset;
        return pdx__fit_ties(out, s->tie_model, r->theta, &problem, settings, warm, workspace);
    }
    return pdx__fit_problem(out, &problem, settings, warm, workspace);
}

pdx_status pdx__refit_settings(pdx__fit_settings *out, double **probs, const pdx__refit *r) {
    const pdx_fit_options *o = r->options;
    *out = settings_of(o, r->stream);
    /* The two limits of the intervals of position effect and cut stand behind the caller's
     * quantiles. */
    *probs = pdx__alloc((size_t)o->quantile_count + 2, sizeof **probs);
    if (!*probs) return PDX_ENOMEM;
    memcpy(*probs, o->quantile_probs, (size_t)o->quantile_count * sizeof **probs);
    (*probs)[o->quantile_count] = 0.025;
    (*probs)[o->quantile_count + 1] = 0.975;
    out->quantile_probs = *probs;
    out->quantile_count = o->quantile_count + 2;
    out->certify = o->certificate != PDX_CERTIFICATE_NEVER;
    out->summaries = 1;
    out->draws = o->draws;
    return PDX_OK;
}

pdx_status pdx__refit_full(pdx__refit *r, int32_t likelihood, pdx__fit *out, double scale[2]) {
    pdx__fit_settings settings;
    double *probs;
    PDX__TRY(pdx__refit_settings(&settings, &probs, r));
    pdx_status status =
        fit(r, likelihood, r->sample->weight, &settings, NULL, r->scratch.workspace, out, scale);
    pdx__free(probs);
    if (status == PDX_OK && r->cut >= 0) r->theta = out->mean[r->cut];
    return status;
}

pdx_status pdx__refit_without(const pdx__refit *r, pdx__scratch *scratch, int32_t likelihood,
                              const int64_t *units, int64_t count, uint64_t number,
                              const pdx__sites *warm, pdx__fit *out) {
    const pdx__sample *s = r->sample;
    pdx__fit_settings settings = settings_of(r->options, r->stream + number);
    /* Fits that only predict need not be of the method, or checked, as those that are reported. */
    if (r->options->folds >= 2)
        settings.certify = r->options->certificate == PDX_CERTIFICATE_ALWAYS;
    else settings.method = PDX_METHOD_AUTO;
    for (int64_t i = 0; i < count; ++i) scratch->left_out[units[i]] = 1;
    for (int64_t i = 0; i < s->n; ++i)
        scratch->weight[i] = scratch->left_out[pdx__refit_unit(r, i)] ? 0
                             : s->weight                              ? s->weight[i]
                                                                      : 1;
    for (int64_t i = 0; i < count; ++i) scratch->left_out[units[i]] = 0;
    return fit(r, likelihood, scratch->weight, &settings, warm && warm->tau ? warm : NULL,
               scratch->workspace, out, NULL);
}
