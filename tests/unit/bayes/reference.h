/* The shared reference posteriors (../shared/data/posterior): rows and numbers of one case. */
#ifndef PDX_TEST_REFERENCE_H
#define PDX_TEST_REFERENCE_H

#include "bayes/fit.h"
#include "check.h"
#include "core/file.h"
#include "core/json.h"

enum { REFERENCE_PROBS = 9 };
typedef struct reference {
    int32_t d;
    int64_t n;
    double *x, *y, *w, *margin; /* margin: NULL where the file has y */
    double *mean, *sd, *prob_positive, *quantiles, *cov, *mcse, *fold_each;
    double log_evidence, elpd_loo, scale_mean, scale_sd;
    pdx__design *design;
    pdx__prior *prior;
} reference;

static const double reference_probs[REFERENCE_PROBS] = {0.025, 0.05, 0.1,  0.25, 0.5,
                                                        0.75,  0.9,  0.95, 0.975};

static double *reference_doubles(const cJSON *tree, const char *key, int64_t count) {
    double *out = calloc((size_t)count, sizeof *out);
    const cJSON *array = cJSON_GetObjectItem(tree, key), *item;
    int64_t i = 0;
    cJSON_ArrayForEach(item, array) {
        if (cJSON_IsArray(item)) {
            const cJSON *inner;
            cJSON_ArrayForEach(inner, item) if (i < count) out[i++] = inner->valuedouble;
        } else if (i < count) out[i++] = item->valuedouble;
    }
    if (i != count) {
        free(out);
        return NULL;
    }
    return out;
}

static inline void reference_free(reference *r) {
    double *blocks[] = {
        r->x,         r->y,   r->w,    r->margin,   r->mean, r->sd, r->prob_positive,
        r->quantiles, r->cov, r->mcse, r->fold_each};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) free(blocks[i]);
    free(r->prior);
    pdx__design_free(r->design);
    memset(r, 0, sizeof *r);
}

/* 0: the file is not there. */
static inline int reference_read(reference *r, const char *name) {
    char path[256];
    memset(r, 0, sizeof *r);
    snprintf(path, sizeof path, "../shared/data/posterior/%s.json", name);
    pdx__buf text = PDX__BUF_EMPTY;
    if (pdx__file_read(path, 0, &text) != PDX_OK) return 0;
    cJSON *tree = cJSON_Parse(text.data);
    pdx__buf_free(&text);
    r->d = cJSON_GetArraySize(cJSON_GetObjectItem(tree, "columns"));
    r->mean = reference_doubles(tree, "mean", r->d);
    r->sd = reference_doubles(tree, "sd", r->d);
    r->prob_positive = reference_doubles(tree, "prob_positive", r->d);
    r->quantiles = reference_doubles(tree, "quantiles", (int64_t)r->d * REFERENCE_PROBS);
    r->cov = reference_doubles(tree, "cov", (int64_t)r->d * r->d);
    r->mcse = reference_doubles(tree, "mcse", r->d);
    r->fold_each = reference_doubles(tree, "fold10_each", (int64_t)r->d * 10);
    cJSON *evidence = cJSON_GetObjectItem(tree, "log_evidence");
    cJSON *elpd = cJSON_GetObjectItem(tree, "elpd_loo");
    cJSON *scale = cJSON_GetObjectItem(tree, "scale");
    r->log_evidence = evidence ? evidence->valuedouble : NAN;
    r->elpd_loo = elpd ? elpd->valuedouble : NAN;
    if (scale) {
        r->scale_mean = cJSON_GetObjectItem(scale, "mean")->valuedouble;
        r->scale_sd = cJSON_GetObjectItem(scale, "sd")->valuedouble;
    }
    cJSON_Delete(tree);
    snprintf(path, sizeof path, "../shared/data/posterior/%s.csv", name);
    pdx__lines lines;
    if (pdx__lines_open(&lines, path) != PDX_OK) return 0;
    int more;
    int64_t capacity = 0;
    double *values = NULL;
    int is_margin = 0, extra = 2;
    while (pdx__lines_next(&lines, &more) == PDX_OK && more) {
        if (lines.number == 1) {
            is_margin = strstr(lines.line, "margin") != NULL;
            extra = lines.length > 2 && !strcmp(lines.line + lines.length - 2, ",w") ? 2 : 1;
            continue;
        }
        if ((r->n + 1) * (r->d + extra) > capacity)
            values = realloc(values, (size_t)(capacity = 2 * capacity + 64 * (r->d + extra)) *
                                         sizeof *values);
        char *at = lines.line;
        for (int32_t k = 0; k < r->d + extra; ++k, ++at)
            values[r->n * (r->d + extra) + k] = strtod(at, &at);
        ++r->n;
    }
    pdx__lines_close(&lines);
    r->x = calloc((size_t)(r->n * r->d), sizeof(double));
    r->y = calloc((size_t)r->n, sizeof(double));
    r->w = calloc((size_t)r->n, sizeof(double));
    for (int64_t i = 0; i < r->n; ++i) {
        const double *row = values + i * (r->d + extra);
        memcpy(r->x + i * r->d, row, (size_t)r->d * sizeof(double));
        r->y[i] = row[r->d];
        r->w[i] = extra > 1 ? row[r->d + 1] : 1;
    }
    if (is_margin) {
        r->margin = r->y;
        r->y = NULL;
    }
    free(values);
    r->prior = calloc((size_t)r->d, sizeof *r->prior);
    for (int32_t k = 0; k < r->d; ++k) r->prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    return pdx__design_create(&r->design, r->n, r->d, r->x, NULL) == PDX_OK;
}

#endif
