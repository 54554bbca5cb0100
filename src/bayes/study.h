/* The work of one study: what study.c (fits apart), study_pooled.c (partial pooling) and drift.c
 * share. Not for others. */
#ifndef PDX_BAYES_STUDY_H
#define PDX_BAYES_STUDY_H

#include "data/dataset.h"
#include "data/labels.h"
#include "posterior.h"
#include "sample.h"

typedef struct pdx__study_group {
    const char *name;
    int64_t *pairs; /* ascending */
    int64_t count;
} pdx__study_group;

typedef struct pdx__study_groups {
    pdx__study_group *group;
    int32_t count;
} pdx__study_groups;

typedef struct pdx__study_judge {
    int32_t number; /* in the judgments */
    int32_t rule;
} pdx__study_judge;

typedef struct pdx__study_job {
    const pdx_dataset *dataset;
    const pdx_judgments *judgments;
    pdx_fit_options options; /* pool: never auto */
    int pool_by_default;     /* partial pooling was not asked for by name */
    pdx__judgment_index index;
    const char **columns; /* [d] */
    int32_t d, length_column;
    pdx__study_groups groups; /* of the fits */
    pdx__study_groups named;  /* of the dataset, where the ways to pool are compared */
    pdx__study_judge *judges;
    int32_t judge_count;
    pdx_reliability *reliability; /* [d] with imputations, and */
    double *noise;                /* [d] */
    int32_t *memberships;         /* [pairs] groups that a pair lies in; NULL: not counted */
    int64_t *task_cell;           /* task -> judge * groups + group */
    pdx__workspace **workspace;   /* [threads] */
    int32_t threads;
    pdx_posterior **fit;   /* [judges][groups] */
    pdx_pooled **pooled;   /* [pooled tasks] */
    pdx__pooling *pooling; /* [pooled tasks] */
    int32_t pooled_tasks;
} pdx__study_job;

/* Labels of one judge in one group, ready to be fitted; names, columns and judgments are borrowed
 * from the job. */
typedef struct pdx__study_cell {
    pdx__labels labels;
    pdx__sample sample;
    pdx__errors errors;
    int32_t *looks;
    int known; /* 0: the judge has nothing to say on any of the pairs */
} pdx__study_cell;
pdx_status pdx__study_cell_open(pdx__study_cell *out, const pdx__study_job *job,
                                const pdx__study_judge *judge, const pdx__study_group *group);
void pdx__study_cell_close(pdx__study_cell *cell);

/* Opens everything but the tasks; and frees all that is still the job's. */
pdx_status pdx__study_job_open(pdx__study_job *job, const pdx_dataset *dataset,
                               const pdx_judgments *judgments, const pdx_fit_options *options);
void pdx__study_job_close(pdx__study_job *job);
/* Random numbers follow from names. */
uint64_t pdx__study_stream(const char *judge_name, const char *group_name);
pdx_status pdx__study_fit_cell(pdx__study_job *job, int64_t cell, int32_t worker);

/* Partial pooling, or the comparison of the ways to pool alone: how many tasks there are (0:
 * nothing of the kind), and each of them. */
pdx_status pdx__study_plan_pooled(pdx__study_job *job);
pdx_status pdx__study_fit_pooled(pdx__study_job *job, int64_t task, int32_t worker);

#endif
