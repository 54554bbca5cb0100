/* Measurement error of properties; see error_model.h. Each number of looks has its own conditional
 * of the truth given what was measured; looks beyond MOST_LOOKS count as that many. */
#include "error_model.h"

#include <math.h>
#include <string.h>

enum { MOST_LOOKS = 64 };

typedef struct builder {
    pdx__error_model *model;
    const pdx__errors *errors;
    int64_t units;
    const double *measured;
    const int64_t *first;
    int32_t stride;
    double *scratch; /* [2][d][d] */
} builder;

static const double *row_of(const builder *b, int64_t unit) {
    return b->measured + b->first[unit] * b->stride;
}

/* Lower factor of a matrix that may be singular: a column without variance is 0. 0: not positive
 * semidefinite. */
static int factor(double *root, const double *matrix, int32_t d) {
    memset(root, 0, (size_t)d * (size_t)d * sizeof *root);
    for (int32_t j = 0; j < d; ++j)
        for (int32_t k = 0; k <= j; ++k) {
            double sum = matrix[j * d + k];
            for (int32_t i = 0; i < k; ++i) sum -= root[j * d + i] * root[k * d + i];
            if (k < j) root[j * d + k] = root[k * d + k] > 0 ? sum / root[k * d + k] : 0;
            else if (sum > 1e-10 * (1e-6 + matrix[j * d + j])) root[j * d + j] = sqrt(sum);
            else if (sum < -1e-8 * (1e-6 + matrix[j * d + j])) return 0;
        }
    return 1;
}

/* x of (root root') x = b in place. */
static void solve(const double *root, double *b, int32_t d) {
    for (int32_t i = 0; i < d; ++i) {
        for (int32_t k = 0; k < i; ++k) b[i] -= root[i * d + k] * b[k];
        b[i] = root[i * d + i] > 0 ? b[i] / root[i * d + i] : 0;
    }
    for (int32_t i = d - 1; i >= 0; --i) {
        for (int32_t k = i + 1; k < d; ++k) b[i] -= root[k * d + i] * b[k];
        b[i] = root[i * d + i] > 0 ? b[i] / root[i * d + i] : 0;
    }
}

double pdx__error_variance(const pdx__errors *errors, int32_t k, int32_t looks) {
    return errors->noise[k] * errors->noise[k] / looks;
}

/* mu and S: the spread of what was measured less its error. Where that leaves no covariance matrix
 * the properties' correlations are shrunk until it does. */
static void find_spread(builder *b) {
    pdx__error_model *m = b->model;
    const int32_t d = m->d;
    memset(m->mean, 0, (size_t)d * sizeof *m->mean);
    memset(m->spread, 0, (size_t)d * (size_t)d * sizeof *m->spread);
    for (int64_t u = 0; u < b->units; ++u)
        for (int32_t k = 0; k < d; ++k) m->mean[k] += row_of(b, u)[k] / (double)b->units;
    for (int64_t u = 0; u < b->units; ++u) {
        const double *row = row_of(b, u);
        for (int32_t j = 0; j < d; ++j)
            for (int32_t k = 0; k <= j; ++k)
                m->spread[j * d + k] +=
                    (row[j] - m->mean[j]) * (row[k] - m->mean[k]) / (double)b->units;
    }
    for (int32_t j = 0; j < d; ++j) {
        double error = 0, *own = &m->spread[j * d + j];
        for (int64_t u = 0; u < b->units; ++u)
            error += pdx__error_variance(b->errors, j, b->errors->looks[u]) / (double)b->units;
        *own = fmax(*own - error, 0.05 * *own);
        for (int32_t k = 0; k < j; ++k) m->spread[k * d + j] = m->spread[j * d + k];
    }
    while (!factor(b->scratch, m->spread, d))
        for (int32_t j = 0; j < d; ++j)
            for (int32_t k = 0; k < d; ++k) m->spread[j * d + k] *= j == k ? 1 : 0.9;
}

static void make_pattern(const builder *b, pdx__error_pattern *p) {
    const pdx__error_model *m = b->model;
    const int32_t d = m->d;
    double *total = b->scratch, *root = total + d * d;
    memcpy(total, m->spread, (size_t)d * (size_t)d * sizeof *total);
    for (int32_t k = 0; k < d; ++k) total[k * d + k] += pdx__error_variance(b->errors, k, p->looks);
    factor(root, total, d);
    for (int32_t j = 0; j < d; ++j) {
        memcpy(p->gain + j * d, m->spread + j * d, (size_t)d * sizeof(double));
        solve(root, p->gain + j * d, d); /* row j of S (S + E)^-1 */
    }
    for (int32_t j = 0; j < d; ++j)
        for (int32_t k = 0; k < d; ++k) {
            double sum = m->spread[j * d + k];
            for (int32_t i = 0; i < d; ++i) sum -= p->gain[j * d + i] * m->spread[i * d + k];
            /* a property without noise is known */
            p->variance[j * d + k] = b->errors->noise[j] > 0 && b->errors->noise[k] > 0 ? sum : 0;
        }
    while (!factor(p->root, p->variance, d))
        for (int32_t k = 0; k < d; ++k) p->variance[k * d + k] *= 1.01;
}

/* A pattern for each number of looks that occurs. */
pdx_status pdx__error_model_create(pdx__error_model *out, const pdx__errors *errors, int32_t d,
                                   int64_t units, const double *measured, const int64_t *first,
                                   int32_t stride) {
    const size_t line = (size_t)d, square = line * line, each = 3 * square + line;
    builder b = {out, errors, units, measured, first, stride, NULL};
    int32_t number[MOST_LOOKS + 1];
    memset(number, -1, sizeof number);
    *out = (pdx__error_model){.d = d};
    out->of_unit = pdx__alloc((size_t)units, sizeof *out->of_unit);
    if (!out->of_unit) return PDX_ENOMEM;
    for (int64_t u = 0; u < units; ++u) {
        const int32_t looks = errors->looks[u] < MOST_LOOKS ? errors->looks[u] : MOST_LOOKS;
        if (number[looks] < 0) number[looks] = out->patterns++;
        out->of_unit[u] = number[looks];
    }
    out->pattern = pdx__alloc_zero((size_t)out->patterns, sizeof *out->pattern);
    out->memory = pdx__alloc((size_t)out->patterns * each + 3 * square + line, sizeof *out->memory);
    if (!out->pattern || !out->memory) return PDX_ENOMEM;
    out->spread = out->memory + (size_t)out->patterns * each;
    b.scratch = out->spread + square;
    out->mean = b.scratch + 2 * square;
    find_spread(&b);
    for (int32_t looks = 0; looks <= MOST_LOOKS; ++looks) {
        if (number[looks] < 0) continue;
        pdx__error_pattern *p = &out->pattern[number[looks]];
        p->looks = looks;
        p->gain = out->memory + (size_t)number[looks] * each;
        p->variance = p->gain + square;
        p->root = p->variance + square;
        p->along = p->root + square;
        make_pattern(&b, p);
    }
    return PDX_OK;
}

void pdx__error_model_free(pdx__error_model *model) {
    pdx__free(model->of_unit);
    pdx__free(model->pattern);
    pdx__free(model->memory);
    *model = (pdx__error_model){0};
}

void pdx__error_model_aim(pdx__error_model *model, const double *weights) {
    const int32_t d = model->d;
    for (int32_t q = 0; q < model->patterns; ++q) {
        pdx__error_pattern *p = &model->pattern[q];
        double square = 0;
        for (int32_t j = 0; j < d; ++j) {
            p->along[j] = 0;
            for (int32_t k = 0; k < d; ++k) p->along[j] += p->variance[j * d + k] * weights[k];
            square += p->along[j] * weights[j];
        }
        p->along_sd = sqrt(fmax(square, 0));
    }
}
