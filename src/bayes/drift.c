/* Drift between two judges on the same pairs: a logistic regression of who of the two says A, over
 * the pairs on which they disagree. Rows are paired by pair, and by order where labels have one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/pool.h"
#include "study.h"

typedef struct drift_rows {
    int64_t count;
    int64_t *first, *second; /* rows of the two cells that belong together */
} drift_rows;

static double sign_of(const pdx__labels *labels, int64_t row) {
    return labels->has_sign ? labels->sign[row] : 0;
}

/* Labels ascend by pair; a pair has at most three rows (orders AB, BA, unknown). */
static pdx_status match(drift_rows *out, const pdx__labels *a, const pdx__labels *b) {
    out->first = pdx__alloc((size_t)a->count, sizeof *out->first);
    out->second = pdx__alloc((size_t)a->count, sizeof *out->second);
    if (!out->first || !out->second) return PDX_ENOMEM;
    int64_t from = 0;
    for (int64_t i = 0; i < a->count; ++i) {
        while (from < b->count && b->pair[from] < a->pair[i]) ++from;
        for (int64_t j = from; j < b->count && b->pair[j] == a->pair[i]; ++j) {
            if (sign_of(a, i) != sign_of(b, j)) continue;
            out->first[out->count] = i;
            out->second[out->count++] = j;
            break;
        }
    }
    return PDX_OK;
}

/* Turns the matched rows of `after` into rows of the drift, in place: of two labels p before and q
 * after, weight p (1 - q) + q (1 - p), label q (1 - p) over that. */
static void turn(pdx__study_cell *after, const pdx__study_cell *before, const drift_rows *rows) {
    pdx__labels *to = &after->labels;
    const pdx__labels *from = &before->labels;
    pdx__sample *s = &after->sample;
    int64_t kept = 0, unit = -1, last = -1;
    const size_t d = (size_t)s->d;
    for (int64_t r = 0; r < rows->count; ++r) {
        const int64_t i = rows->first[r], j = rows->second[r];
        const double p = from->y[i], q = to->y[j], gain = q * (1 - p), loss = p * (1 - q);
        if (!(gain + loss > 0)) continue;
        if (to->pair[j] != last) ++unit;
        last = to->pair[j];
        to->pair[kept] = to->pair[j];
        to->y[kept] = gain / (gain + loss);
        to->weight[kept] = (gain + loss) * 0.5 * (from->weight[i] + to->weight[j]);
        to->offset[kept] = to->offset[j] - from->offset[i];
        to->sign[kept] = sign_of(to, j);
        to->unit[kept] = unit;
        if (s->x_int8)
            memmove((int8_t *)s->x_int8 + (size_t)kept * d, s->x_int8 + (size_t)j * d, d);
        else memmove((double *)s->x + (size_t)kept * d, s->x + (size_t)j * d, d * sizeof *s->x);
        ++kept;
    }
    to->count = s->n = kept;
    s->ties = rows->count - kept; /* pairs on which they agree */
    s->shown_first = NULL;
    s->tie_model = 0;
    s->offset = to->has_offset || from->has_offset ? to->offset : NULL;
}

typedef struct drift_fit {
    pdx__study_job job;
    pdx__study_cell before, after;
    drift_rows rows;
    pdx__workspace *workspace;
    pdx__buf name;
    pdx_posterior *posterior;
} drift_fit;

static pdx_status fit(void *context, int64_t task, int32_t worker) {
    (void)task, (void)worker;
    drift_fit *f = context;
    return pdx__sample_fit(&f->posterior, &f->after.sample, &f->job.options,
                           pdx__study_stream(f->after.sample.judge, f->after.sample.group),
                           f->workspace);
}

static pdx_status find_group(const pdx__study_job *job, const char *name,
                             const pdx__study_group **out) {
    for (int32_t g = 0; name && g < job->named.count; ++g)
        if (!strcmp(job->named.group[g].name, name)) *out = &job->named.group[g];
    if (!name) *out = &job->groups.group[0];
    return *out ? PDX_OK : pdx__fail(PDX_ENOTFOUND, "no group '%s'", name);
}

static pdx_status drift(drift_fit *f, const pdx_dataset *dataset, const pdx_judgments *judgments,
                        const char *const names[2], const char *group,
                        const pdx_fit_options *options) {
    pdx_fit_options asked;
    pdx_fit_options_init(&asked);
    if (options)
        memcpy(&asked, options, options->size < sizeof asked ? options->size : sizeof asked);
    asked.judges = names;
    asked.judge_count = 2;
    asked.pool = PDX_POOL_COMPLETE;
    asked.size = sizeof asked;
    asked.imputations = 0;
    if (asked.ties >= PDX_TIES_ORDINAL) asked.ties = PDX_TIES_HALF; /* a tie is half of each */
    PDX__TRY(pdx__study_job_open(&f->job, dataset, judgments, &asked));
    PDX__REQUIRE(f->job.judges[0].rule != PDX_LABEL_MARGIN, "drift: margins have no disagreement");
    if (f->job.judges[1].rule != f->job.judges[0].rule) /* what both have */
        f->job.judges[0].rule = f->job.judges[1].rule = PDX_LABEL_MAJORITY;
    const pdx__study_group *in = NULL;
    PDX__TRY(find_group(&f->job, group, &in));
    PDX__TRY(pdx__study_cell_open(&f->before, &f->job, &f->job.judges[0], in));
    PDX__TRY(pdx__study_cell_open(&f->after, &f->job, &f->job.judges[1], in));
    PDX__TRY(match(&f->rows, &f->before.labels, &f->after.labels));
    if (f->rows.count == 0)
        return pdx__fail(PDX_ENOTFOUND, "judges '%s' and '%s' have no pair in common", names[0],
                         names[1]);
    turn(&f->after, &f->before, &f->rows);
    pdx__buf_printf(&f->name, "%s -> %s", names[0], names[1]);
    PDX__TRY(f->name.status);
    f->after.sample.judge = f->name.data;
    PDX__TRY(pdx__workspace_create(&f->workspace));
    return pdx__pool_run(1, 1, fit, f, &f->job.options.hooks, "fits");
}

pdx_status pdx_drift_fit(pdx_posterior **out, const pdx_dataset *dataset,
                         const pdx_judgments *judgments, const char *before, const char *after,
                         const char *group, const pdx_fit_options *options) {
    PDX__REQUIRE(out, "pdx_drift_fit: NULL argument");
    *out = NULL;
    PDX__REQUIRE(dataset && judgments && before && after, "pdx_drift_fit: NULL argument");
    PDX__REQUIRE(strcmp(before, after), "pdx_drift_fit: '%s' against itself", before);
    const char *const names[2] = {before, after};
    drift_fit f = {.name = PDX__BUF_EMPTY};
    pdx_status status = drift(&f, dataset, judgments, names, group, options);
    if (status == PDX_OK) *out = f.posterior;
    else pdx_posterior_free(f.posterior);
    pdx__study_cell_close(&f.before);
    pdx__study_cell_close(&f.after);
    pdx__study_job_close(&f.job);
    pdx__free(f.rows.first);
    pdx__free(f.rows.second);
    pdx__workspace_free(f.workspace);
    pdx__buf_free(&f.name);
    return status;
}
