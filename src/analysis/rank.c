/* Models rated with properties controlled: Bradley & Terry 1952 in the columns of one logistic
 * regression: D properties (Laplace prior), a column for each model, +1 where it is model_a and -1
 * where it is model_b (Gaussian prior), and the position. Strengths are shown against the average
 * model, which needs no reference model and takes out the one direction that only the prior fixes.
 * A second fit without properties gives the plain ratings beside them. Both are EP without its
 * certificate. Left out: ties as an outcome of their own (Davidson 1970). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "bayes/fit.h"
#include "core/options.h"
#include "core/strmap.h"

#define ROW(name, kind, initial, least, most)                                                      \
    { #name, kind, offsetof(pdx_rating_options, name), initial, least, most, NULL }
static const pdx__option table[] = {
    ROW(judge, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(group, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(model_a, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(model_b, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(model_scale, PDX__OPTION_DOUBLE, 1.5, 1e-6, 1e6),
    ROW(prior_scale, PDX__OPTION_DOUBLE, 0.1, 0, INFINITY),
    ROW(position_scale, PDX__OPTION_DOUBLE, 2.5, 0, 1e6),
    ROW(ties, PDX__OPTION_INT32, PDX_TIES_HALF, 0, 2),
    ROW(draws, PDX__OPTION_INT64, 2000, 2, 1e6),
    ROW(seed, PDX__OPTION_UINT64, 1, 0, 0),
    ROW(threads, PDX__OPTION_INT32, 0, 0, 4096),
    ROW(hooks, PDX__OPTION_HOOKS, 0, 0, 0),
};

void(pdx_rating_options_init)(pdx_rating_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, table, PDX__ROWS(table));
}

struct pdx_rating {
    int32_t models;
    pdx__strmap names;       /* by arrival */
    pdx_model_rating *model; /* [models] the strongest first */
    int32_t *number;         /* [models] of the name, in that order */
    double *mean;            /* [models] by number: against the average */
    double *covariance;      /* [models][models] by number, of the same */
    pdx_posterior *properties;
    int64_t left_out;
};

typedef struct job {
    pdx_rating *out;
    pdx_rating_options options;
    const pdx_dataset *dataset;
    int32_t d; /* properties in the fit; 0: without control */
    pdx__labels rows;
    int64_t n;             /* rows kept: the arrays of `rows` are closed up */
    int32_t (*pair_of)[2]; /* [n] numbers of the two models */
} job;

/* ---- rows ---- */

static pdx_status name_of(const job *j, int64_t pair, const char *field, int64_t *number) {
    const char *text;
    *number = -1;
    PDX__TRY(pdx_dataset_text(j->dataset, pair, field, &text));
    if (!text || !*text) return PDX_OK;
    return pdx__strmap_add(&j->out->names, text, strlen(text), number, NULL);
}

static pdx_status take_models(job *j) {
    pdx__labels *rows = &j->rows;
    const char *field_a = j->options.model_a ? j->options.model_a : "model_a";
    const char *field_b = j->options.model_b ? j->options.model_b : "model_b";
    int64_t last = -1, a = -1, b = -1;
    j->pair_of = pdx__alloc((size_t)rows->count, sizeof *j->pair_of);
    if (!j->pair_of) return PDX_ENOMEM;
    for (int64_t i = 0; i < rows->count; ++i) {
        if (rows->pair[i] != last) {
            last = rows->pair[i];
            PDX__TRY(name_of(j, last, field_a, &a));
            PDX__TRY(name_of(j, last, field_b, &b));
            j->out->left_out += a < 0 || b < 0 || a == b;
        }
        if (a < 0 || b < 0 || a == b) continue;
        rows->pair[j->n] = last;
        rows->y[j->n] = rows->y[i];
        rows->weight[j->n] = rows->weight[i];
        rows->offset[j->n] = rows->offset[i];
        rows->sign[j->n] = rows->sign[i];
        j->pair_of[j->n][0] = (int32_t)a;
        j->pair_of[j->n++][1] = (int32_t)b;
    }
    PDX__REQUIRE(j->n > 0, "no judged pair names its models in the fields '%s' and '%s'", field_a,
                 field_b);
    PDX__REQUIRE(j->out->names.count <= 4000, "%lld models are too many, at most 4000",
                 (long long)j->out->names.count);
    j->out->models = (int32_t)j->out->names.count;
    return PDX_OK;
}

/* ---- one fit ---- */

static pdx_status fit(pdx__fit *out, const job *j, int32_t d) {
    static const double probs[] = {0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975};
    int32_t models = j->out->models, dim = d + models + (j->rows.has_sign ? 1 : 0);
    size_t width = (size_t)dim;
    double *x = pdx__alloc_zero((size_t)j->n * width, sizeof *x);
    double *row = pdx__alloc((size_t)j->d + 1, sizeof *row);
    pdx__prior *prior = pdx__alloc(width, sizeof *prior);
    pdx__design *design = NULL;
    pdx__workspace *workspace = NULL;
    pdx_status status = PDX_ENOMEM;
    if (!x || !row || !prior) goto done;
    for (int32_t k = 0; k < dim; ++k)
        prior[k] = k < d            ? (pdx__prior){PDX_PRIOR_LAPLACE, j->options.prior_scale}
                   : k < d + models ? (pdx__prior){PDX_PRIOR_GAUSSIAN, j->options.model_scale}
                                    : (pdx__prior){PDX_PRIOR_GAUSSIAN, j->options.position_scale};
    for (int64_t i = 0; i < j->n; ++i) {
        double *to = x + (size_t)i * width;
        if (d) {
            PDX__GO(pdx_dataset_row(j->dataset, j->rows.pair[i], row));
            memcpy(to, row, (size_t)d * sizeof *to);
        }
        to[d + j->pair_of[i][0]] = 1;
        to[d + j->pair_of[i][1]] = -1;
        if (dim > d + models) to[d + models] = j->rows.sign[i];
    }
    PDX__GO(pdx__design_create(&design, j->n, dim, x, NULL));
    PDX__GO(pdx__workspace_create(&workspace));
    pdx__problem problem = {.design = design,
                            .y = j->rows.y,
                            .weight = j->rows.weight,
                            .offset = j->rows.offset,
                            .prior = prior};
    pdx__fit_settings settings = {.method = PDX_METHOD_EP,
                                  .summaries = 1,
                                  .seed = j->options.seed,
                                  .quantile_probs = probs,
                                  .quantile_count = (int32_t)PDX__ROWS(probs)};
    PDX__GO(pdx__fit_problem(out, &problem, &settings, NULL, workspace));
done:
    pdx__workspace_free(workspace);
    pdx__design_free(design);
    pdx__free(prior);
    pdx__free(row);
    pdx__free(x);
    return status;
}

/* Takes the mean out of `count` numbers `stride` apart. */
static void take_mean_out(double *value, size_t count, size_t stride) {
    double mean = 0;
    for (size_t i = 0; i < count; ++i) mean += value[i * stride] / (double)count;
    for (size_t i = 0; i < count; ++i) value[i * stride] -= mean;
}

/* Mean and covariance of the models' strengths against their average. */
static void centre(double *mean, double *covariance, const pdx__fit *f, int32_t d, int32_t models) {
    size_t n = (size_t)models, width = (size_t)f->d, from = (size_t)d;
    memcpy(mean, f->mean + from, n * sizeof *mean);
    take_mean_out(mean, n, 1);
    for (size_t i = 0; i < n; ++i) {
        memcpy(covariance + i * n, f->covariance + (from + i) * width + from, n * sizeof *mean);
        take_mean_out(covariance + i * n, n, 1);
    }
    for (size_t k = 0; k < n; ++k) take_mean_out(covariance + k, n, n);
}

/* ---- ratings ---- */

static int stronger(const void *a, const void *b) {
    const pdx_model_rating *x = a, *y = b;
    if (x->strength != y->strength) return x->strength > y->strength ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void count_games(const job *j, pdx_model_rating *model) {
    int64_t last = -1;
    double *weight = j->out->mean; /* not yet in use */
    memset(weight, 0, (size_t)j->out->models * sizeof *weight);
    for (int64_t i = 0; i < j->n; ++i)
        for (int side = 0; side < 2; ++side) {
            int32_t m = j->pair_of[i][side];
            double w = j->rows.weight[i], y = j->rows.y[i];
            model[m].pairs += j->rows.pair[i] != last;
            model[m].wins += w * (side ? 1 - y : y);
            weight[m] += w;
            if (side) last = j->rows.pair[i];
        }
    for (int32_t m = 0; m < j->out->models; ++m)
        model[m].wins = weight[m] > 0 ? model[m].wins / weight[m] : NAN;
}

/* Ranks over Gaussian draws of the strengths. */
static pdx_status rank_draws(const job *j, pdx_model_rating *model) {
    size_t n = (size_t)j->out->models, draws = (size_t)j->options.draws;
    double *root = pdx__alloc(n * n + 2 * n, sizeof *root), *z = root + n * n, *value = z + n;
    double *rank = pdx__alloc(n * draws, sizeof *rank);
    pdx_status status = root && rank ? PDX_OK : PDX_ENOMEM;
    pdx__rng rng;
    pdx__rng_init(&rng, j->options.seed, 0);
    if (status == PDX_OK) {
        memcpy(root, j->out->covariance, n * n * sizeof *root);
        pdx__semidefinite_root((int32_t)n, root);
        for (size_t i = 0; i < draws; ++i) {
            for (size_t k = 0; k < n; ++k) z[k] = pdx__rng_normal(&rng);
            for (size_t k = 0; k < n; ++k) {
                value[k] = j->out->mean[k];
                for (size_t l = 0; l <= k; ++l) value[k] += root[k * n + l] * z[l];
            }
            for (size_t k = 0; k < n; ++k) {
                int32_t better = 0;
                for (size_t l = 0; l < n; ++l) better += value[l] > value[k];
                rank[k * draws + i] = better + 1;
                model[k].prob_best += better == 0 ? 1.0 / (double)draws : 0;
            }
        }
        for (size_t k = 0; k < n; ++k) {
            qsort(rank + k * draws, draws, sizeof *rank, pdx__ascending);
            model[k].rank_low = rank[k * draws + (size_t)(0.025 * (double)(draws - 1))];
            model[k].rank_high = rank[k * draws + (size_t)(0.975 * (double)(draws - 1) + 0.999)];
        }
    }
    pdx__free(root);
    pdx__free(rank);
    return status;
}

/* The coefficients of the properties as a posterior of their own. */
static pdx_status take_properties(job *j, const pdx__fit *f, const char *judge) {
    const pdx_schema *schema = pdx_dataset_schema(j->dataset);
    enum { QUANTILES = 9 };
    static const double probs[QUANTILES] = {0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975};
    size_t d = (size_t)j->d;
    const char **names = pdx__alloc(d, sizeof *names);
    if (!names) return PDX_ENOMEM;
    for (size_t k = 0; k < d; ++k) names[k] = pdx_schema_property(schema, (int32_t)k)->id;
    pdx_posterior *p;
    pdx_status status =
        pdx__posterior_create(&p, judge, j->options.group ? j->options.group : "all", j->d, names);
    pdx__free(names);
    PDX__TRY(status);
    j->out->properties = p;
    p->sd = pdx__alloc(d, sizeof *p->sd);
    p->prob_positive = pdx__alloc(d, sizeof *p->prob_positive);
    p->covariance = pdx__alloc(d * d, sizeof *p->covariance);
    p->quantile_probs = pdx__alloc(QUANTILES, sizeof *p->quantile_probs);
    p->quantiles = pdx__alloc(d * QUANTILES, sizeof *p->quantiles);
    if (!p->sd || !p->prob_positive || !p->covariance || !p->quantile_probs || !p->quantiles)
        return PDX_ENOMEM;
    p->n = j->n;
    p->ties = j->rows.ties;
    p->no_verdict = j->rows.no_verdict;
    p->quantile_count = QUANTILES;
    p->prior_scale = j->options.prior_scale;
    p->certificate = f->certificate;
    memcpy(p->quantile_probs, probs, sizeof probs);
    memcpy(p->mean, f->mean, d * sizeof *p->mean);
    memcpy(p->sd, f->sd, d * sizeof *p->sd);
    memcpy(p->prob_positive, f->prob_positive, d * sizeof *p->prob_positive);
    memcpy(p->quantiles, f->quantiles, d * QUANTILES * sizeof *p->quantiles);
    for (size_t k = 0; k < d; ++k)
        memcpy(p->covariance + k * d, f->covariance + k * (size_t)f->d, d * sizeof(double));
    return pdx__posterior_write_verdict(p);
}

static pdx_status rate(job *j, const char *judge) {
    pdx_rating *r = j->out;
    size_t n = (size_t)r->models;
    pdx__fit full = {0}, plain = {0};
    double *plain_mean = NULL;
    pdx_status status = PDX_ENOMEM;
    r->model = pdx__alloc_zero(n, sizeof *r->model);
    r->number = pdx__alloc(n, sizeof *r->number);
    r->mean = pdx__alloc(n, sizeof *r->mean);
    r->covariance = pdx__alloc(n * n, sizeof *r->covariance);
    plain_mean = pdx__alloc(n, sizeof *plain_mean);
    if (!r->model || !r->number || !r->mean || !r->covariance || !plain_mean) goto done;
    count_games(j, r->model);
    PDX__GO(fit(&plain, j, 0));
    PDX__GO(fit(&full, j, j->d));
    centre(plain_mean, r->covariance, &plain, 0, r->models);
    for (size_t m = 0; m < n; ++m) {
        double half = PDX__Z95 * sqrt(fmax(0, r->covariance[m * n + m]));
        r->model[m].plain = plain_mean[m];
        r->model[m].plain_low = plain_mean[m] - half;
        r->model[m].plain_high = plain_mean[m] + half;
    }
    centre(r->mean, r->covariance, &full, j->d, r->models);
    for (size_t m = 0; m < n; ++m) {
        double half = PDX__Z95 * sqrt(fmax(0, r->covariance[m * n + m]));
        r->model[m].name = pdx__strmap_get(&r->names, (int64_t)m);
        r->model[m].strength = r->mean[m];
        r->model[m].low = r->mean[m] - half;
        r->model[m].high = r->mean[m] + half;
    }
    PDX__GO(rank_draws(j, r->model));
    PDX__GO(take_properties(j, &full, judge));
    qsort(r->model, n, sizeof *r->model, stronger);
    for (size_t m = 0; m < n; ++m)
        r->number[m] =
            (int32_t)pdx__strmap_find(&r->names, r->model[m].name, strlen(r->model[m].name));
done:
    pdx__free(plain_mean);
    pdx__fit_free(&full);
    pdx__fit_free(&plain);
    return status;
}

pdx_status pdx_rating_fit(pdx_rating **out, const pdx_dataset *dataset,
                          const pdx_judgments *judgments, const pdx_rating_options *options) {
    PDX__REQUIRE(out, "pdx_rating_fit: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(dataset && judgments, "pdx_rating_fit: an argument is NULL");
    job j = {.dataset = dataset, .d = pdx_schema_count(pdx_dataset_schema(dataset))};
    PDX__TRY(pdx__options_take(&j.options, sizeof j.options, options, table, PDX__ROWS(table),
                               "rating options"));
    PDX__REQUIRE(j.options.judge || pdx_judgments_judge_count(judgments) == 1,
                 "rating options: which 'judge'? There are %d",
                 pdx_judgments_judge_count(judgments));
    const char *judge = j.options.judge ? j.options.judge : pdx_judgments_judge_name(judgments, 0);
    PDX__TRY(pdx__rows_of_judge(&j.rows, dataset, judgments, NULL, judge, j.options.group,
                                PDX_LABEL_AUTO, j.options.ties));
    pdx_status status = PDX_OK;
    j.out = pdx__alloc_zero(1, sizeof *j.out);
    if (!j.out) status = PDX_ENOMEM;
    if (status == PDX_OK) status = take_models(&j);
    if (status == PDX_OK) status = rate(&j, judge);
    pdx__free(j.pair_of);
    pdx__labels_free(&j.rows);
    if (status == PDX_OK) *out = j.out;
    else pdx_rating_free(j.out);
    return status;
}

/* ---- reading ---- */

void pdx_rating_free(pdx_rating *rating) {
    if (!rating) return;
    pdx__strmap_free(&rating->names);
    pdx__free(rating->model);
    pdx__free(rating->number);
    pdx__free(rating->mean);
    pdx__free(rating->covariance);
    pdx_posterior_free(rating->properties);
    pdx__free(rating);
}

int32_t pdx_rating_count(const pdx_rating *rating) { return rating ? rating->models : 0; }
int64_t pdx_rating_left_out(const pdx_rating *rating) { return rating ? rating->left_out : 0; }
const pdx_posterior *pdx_rating_properties(const pdx_rating *rating) {
    return rating ? rating->properties : NULL;
}

pdx_status pdx_rating_get(const pdx_rating *rating, int32_t model, pdx_model_rating *out) {
    PDX__REQUIRE(rating && out, "pdx_rating_get: an argument is NULL");
    PDX__REQUIRE(model >= 0 && model < rating->models, "model %d of %d", model, rating->models);
    *out = rating->model[model];
    return PDX_OK;
}

pdx_status pdx_rating_contrast(const pdx_rating *rating, int32_t i, int32_t j, pdx_contrast *out) {
    PDX__REQUIRE(rating && out, "pdx_rating_contrast: an argument is NULL");
    PDX__REQUIRE(i >= 0 && i < rating->models && j >= 0 && j < rating->models,
                 "models %d and %d of %d", i, j, rating->models);
    size_t n = (size_t)rating->models;
    size_t a = (size_t)rating->number[i], b = (size_t)rating->number[j];
    const double *c = rating->covariance;
    double var = c[a * n + a] + c[b * n + b] - 2 * c[a * n + b];
    memset(out, 0, sizeof *out);
    out->mean = rating->mean[a] - rating->mean[b];
    out->sd = sqrt(fmax(0, var));
    out->low = out->mean - PDX__Z95 * out->sd;
    out->high = out->mean + PDX__Z95 * out->sd;
    out->prob_greater = out->sd > 0 ? 0.5 * erfc(-out->mean / (out->sd * sqrt(2.0))) : 0.5;
    return PDX_OK;
}
