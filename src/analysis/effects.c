/* Each property alone beside the same property with all others: where they part, other properties
 * that go along with it carry part of its effect, or it theirs. */
#include "effects.h"

#include <math.h>
#include <string.h>

#include "bayes/fit.h"
#include "bayes/workspace.h"
#include "core/linalg.h"

/* Correlations are squared into a matrix whose inverse has the inflations on its diagonal; a ridge
 * this small makes a copy visible as an inflation beyond LARGEST. */
static const double RIDGE = 1e-10, LARGEST = 1e8;

pdx_status pdx__inflation(double *inflation, int32_t *partner, double *correlation, int32_t d,
                          double *gram) {
    size_t n = (size_t)d;
    double *inverse = pdx__alloc(n * n + n, sizeof *inverse), *norm = inverse + n * n;
    if (!inverse) return PDX_ENOMEM;
    for (size_t k = 0; k < n; ++k) norm[k] = sqrt(gram[k * n + k]);
    for (size_t k = 0; k < n; ++k) {
        double best = 0;
        if (partner) partner[k] = -1;
        if (correlation) correlation[k] = 0;
        for (size_t j = 0; j < n; ++j) {
            double product = norm[k] * norm[j];
            gram[k * n + j] = product > 0 ? gram[k * n + j] / product : 0;
            if (j == k) {
                gram[k * n + k] = 1 + RIDGE;
                continue;
            }
            if (!(fabs(gram[k * n + j]) > best)) continue;
            best = fabs(gram[k * n + j]);
            if (partner) partner[k] = (int32_t)j;
            if (correlation) correlation[k] = gram[k * n + j];
        }
    }
    pdx_status status = pdx__cholesky(d, gram);
    if (status == PDX_OK) pdx__cholesky_inverse(d, gram, inverse);
    for (size_t k = 0; k < n; ++k) {
        double value = status == PDX_OK ? inverse[k * n + k] : INFINITY;
        inflation[k] = value < LARGEST ? fmax(1, value) : INFINITY;
    }
    pdx__free(inverse);
    return PDX_OK;
}

pdx_status pdx__gram(double *gram, const pdx_dataset *dataset, int64_t n, const int64_t *pair,
                     const double *weight) {
    size_t d = (size_t)pdx_schema_count(pdx_dataset_schema(dataset));
    double *x = pdx__alloc(d, sizeof *x);
    if (!x) return PDX_ENOMEM;
    memset(gram, 0, d * d * sizeof *gram);
    pdx_status status = PDX_OK;
    for (int64_t i = 0; i < n && status == PDX_OK; ++i) {
        status = pdx_dataset_row(dataset, pair ? pair[i] : i, x);
        for (size_t k = 0; k < d; ++k) {
            if (x[k] == 0) continue;
            double scaled = weight ? weight[i] * x[k] : x[k];
            for (size_t j = 0; j < d; ++j) gram[k * d + j] += scaled * x[j];
        }
    }
    pdx__free(x);
    return status;
}

/* 95 % limits of a weight as they were reported, else normal ones. */
static void joint_limits(pdx_effect *out, const pdx_posterior *p, int32_t k) {
    out->joint = p->mean[k];
    out->joint_low = out->joint_high = NAN;
    if (!p->sd) return;
    out->joint_low = p->mean[k] - PDX__Z95 * p->sd[k];
    out->joint_high = p->mean[k] + PDX__Z95 * p->sd[k];
    for (int32_t q = 0; p->quantiles && q < p->quantile_count; ++q) {
        double value = p->quantiles[(size_t)k * (size_t)p->quantile_count + (size_t)q];
        if (p->quantile_probs[q] == 0.025) out->joint_low = value;
        if (p->quantile_probs[q] == 0.975) out->joint_high = value;
    }
}

/* Rows with one column and the known part of their log-odds. */
typedef struct single {
    const pdx__labels *rows;
    double *x, *offset; /* [rows] */
    double prior_scale;
} single;

static pdx_status fit_alone(pdx_effect *out, const single *s, pdx__workspace *workspace) {
    static const double probs[] = {0.025, 0.975};
    const pdx__prior prior = {PDX_PRIOR_LAPLACE, s->prior_scale};
    const pdx__fit_settings settings = {.method = PDX_METHOD_EP,
                                        .summaries = 1,
                                        .without_loo = 1,
                                        .quantile_probs = probs,
                                        .quantile_count = 2};
    pdx__problem problem = {
        .y = s->rows->y, .weight = s->rows->weight, .offset = s->offset, .prior = &prior};
    pdx__design *design;
    pdx__fit fit = {0};
    PDX__TRY(pdx__design_create(&design, s->rows->count, 1, s->x, NULL));
    problem.design = design;
    pdx_status status = pdx__fit_problem(&fit, &problem, &settings, NULL, workspace);
    if (status == PDX_OK) {
        out->alone = fit.mean[0];
        out->alone_low = fit.quantiles[0];
        out->alone_high = fit.quantiles[1];
    }
    pdx__fit_free(&fit);
    pdx__design_free(design);
    return status;
}

static void count_wins(pdx_effect *out, const single *s) {
    double differs = 0, all = 0, decided = 0, won = 0;
    for (int64_t i = 0; i < s->rows->count; ++i) {
        double w = s->rows->weight[i], y = s->rows->y[i];
        all += w;
        if (s->x[i] == 0) continue;
        differs += w;
        if (y == 0.5) continue;
        decided += w;
        won += w * (s->x[i] > 0 ? y : 1 - y);
    }
    out->differs = all > 0 ? differs / all : 0;
    out->wins = pdx__wilson(decided > 0 ? won / decided : 0, decided);
}

static void compare(pdx_effect *e) {
    if (isnan(e->joint_low)) return;
    int apart = e->alone_low > e->joint_high || e->joint_low > e->alone_high;
    int turned = (e->alone_low > 0 && e->joint_high < 0) || (e->alone_high < 0 && e->joint_low > 0);
    e->parted = apart || turned;
}

pdx_status pdx__effects_of_rows(const pdx_posterior *p, const pdx_dataset *dataset,
                                const pdx__labels *rows, pdx_effect *out) {
    size_t d = (size_t)p->d, n = (size_t)rows->count;
    double *gram = pdx__alloc(d * d + 2 * d, sizeof *gram);
    int32_t *partner = pdx__alloc(d, sizeof *partner);
    double *x = pdx__alloc(2 * n, sizeof *x);
    double *column = pdx__alloc((size_t)pdx_dataset_count(dataset), sizeof *column);
    pdx__workspace *workspace = NULL;
    pdx_status status = PDX_ENOMEM;
    if (!gram || !partner || !x || !column) goto done;
    PDX__GO(pdx__workspace_create(&workspace));
    PDX__GO(pdx__gram(gram, dataset, rows->count, rows->pair, rows->weight));
    PDX__GO(pdx__inflation(gram + d * d, partner, gram + d * d + d, p->d, gram));
    single s = {rows, x, x + n, p->prior_scale > 0 ? p->prior_scale : 0.1};
    for (size_t i = 0; i < n; ++i)
        s.offset[i] = rows->offset[i] + (p->position.known ? rows->sign[i] * p->position.mean : 0);
    for (size_t k = 0; k < d; ++k) {
        pdx_effect *e = &out[k];
        memset(e, 0, sizeof *e);
        PDX__GO(pdx_dataset_column(dataset, (int32_t)k, column));
        for (size_t i = 0; i < n; ++i) x[i] = column[rows->pair[i]];
        count_wins(e, &s);
        PDX__GO(fit_alone(e, &s, workspace));
        joint_limits(e, p, (int32_t)k);
        e->inflation = gram[d * d + k];
        e->partner = partner[k];
        e->partner_correlation = gram[d * d + d + k];
        compare(e);
    }
done:
    pdx__workspace_free(workspace);
    pdx__free(gram);
    pdx__free(partner);
    pdx__free(x);
    pdx__free(column);
    return status;
}

pdx_status pdx_posterior_effects(const pdx_posterior *posterior, const pdx_dataset *dataset,
                                 const pdx_judgments *judgments, pdx_effect *out) {
    PDX__REQUIRE(posterior && dataset && judgments && out,
                 "pdx_posterior_effects: an argument is NULL");
    pdx__labels rows;
    PDX__TRY(pdx__rows_of_posterior(&rows, posterior, dataset, judgments, NULL, posterior->group,
                                    PDX_TIES_DROP));
    pdx_status status = pdx__effects_of_rows(posterior, dataset, &rows, out);
    pdx__labels_free(&rows);
    return status;
}
