/* The shared reference posterior of partial pooling (../shared/data/posterior). */
#ifndef PDX_TEST_POOLED_CASE_H
#define PDX_TEST_POOLED_CASE_H

#include "bayes/hierarchy.h"
#include "reference.h"

/* Rows apart by group. */
typedef struct pooled_case {
    int32_t d, groups;
    pdx__problem *problem;
    pdx__prior *prior;
    pdx__sharing *sharing;
    double *mu[3], *w[3], tau[3]; /* mean, sd, mcse */
    double *memory;
} pooled_case;

/* 0: the file is not there. */
static int case_read(pooled_case *c, const char *name) {
    char path[256];
    memset(c, 0, sizeof *c);
    snprintf(path, sizeof path, "../shared/data/posterior/%s.json", name);
    pdx__buf text = PDX__BUF_EMPTY;
    if (pdx__file_read(path, 0, &text) != PDX_OK) return 0;
    cJSON *tree = cJSON_Parse(text.data);
    pdx__buf_free(&text);
    c->d = cJSON_GetArraySize(cJSON_GetObjectItem(tree, "columns"));
    cJSON *names = cJSON_GetObjectItem(tree, "groups");
    c->groups = cJSON_GetArraySize(names);
    static const char *const keys[] = {"mean", "sd", "mcse"};
    for (int i = 0; i < 3; ++i) {
        c->mu[i] = reference_doubles(cJSON_GetObjectItem(tree, "mu"), keys[i], c->d);
        c->w[i] =
            reference_doubles(cJSON_GetObjectItem(tree, "w"), keys[i], (int64_t)c->d * c->groups);
        c->tau[i] = cJSON_GetObjectItem(cJSON_GetObjectItem(tree, "tau"), keys[i])->valuedouble;
    }
    snprintf(path, sizeof path, "../shared/data/posterior/%s.csv", name);
    pdx__lines lines;
    if (pdx__lines_open(&lines, path) != PDX_OK) return 0;
    int more;
    int64_t n = 0, most = 20000, *count = calloc((size_t)c->groups, sizeof *count);
    double *x = calloc((size_t)(most * c->d), sizeof *x), *y = calloc((size_t)most, sizeof *y);
    int32_t *group = calloc((size_t)most, sizeof *group);
    while (pdx__lines_next(&lines, &more) == PDX_OK && more) {
        if (lines.number == 1) continue;
        char *at = lines.line;
        for (int32_t k = 0; k < c->d; ++k, ++at) x[n * c->d + k] = strtod(at, &at);
        y[n] = strtod(at, &at);
        for (int32_t g = 0; g < c->groups; ++g)
            if (!strcmp(at + 1, cJSON_GetArrayItem(names, g)->valuestring)) group[n] = g;
        ++count[group[n++]];
    }
    pdx__lines_close(&lines);
    c->problem = calloc((size_t)c->groups, sizeof *c->problem);
    c->prior = calloc((size_t)c->d, sizeof *c->prior);
    c->sharing = calloc((size_t)c->d, sizeof *c->sharing);
    c->memory = calloc((size_t)n, sizeof(double));
    double *labels = c->memory;
    for (int32_t k = 0; k < c->d; ++k) c->prior[k] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
    for (int32_t g = 0; g < c->groups; ++g) {
        double *rows = calloc((size_t)(count[g] * c->d), sizeof *rows);
        pdx__design *design;
        int64_t to = 0;
        for (int64_t i = 0; i < n; ++i) {
            if (group[i] != g) continue;
            memcpy(rows + to * c->d, x + i * c->d, (size_t)c->d * sizeof *rows);
            labels[to++] = y[i];
        }
        if (pdx__design_create(&design, to, c->d, rows, NULL) != PDX_OK) return 0;
        c->problem[g] = (pdx__problem){.design = design, .y = labels};
        labels += to;
        free(rows);
    }
    free(x);
    free(y);
    free(group);
    free(count);
    cJSON_Delete(tree);
    return 1;
}

static void case_free(pooled_case *c) {
    for (int32_t g = 0; g < c->groups; ++g) pdx__design_free((pdx__design *)c->problem[g].design);
    for (int i = 0; i < 3; ++i) {
        free(c->mu[i]);
        free(c->w[i]);
    }
    free(c->problem);
    free(c->prior);
    free(c->sharing);
    free(c->memory);
}

#endif
