/* Partial pooling within a study: a task is one judge with all its groups, or one group with all
 * its judges. Where fits are not pooled, the same tasks only compare the ways to pool. A judge
 * whose labels are margins is fitted apart where pooling was left to the library. */
#include <stdlib.h>
#include <string.h>

#include "pooled_sample.h"
#include "study.h"

static int over_judges(const pdx__study_job *j) {
    return j->options.pool_over == PDX_POOL_OVER_JUDGES;
}

static int is_pooled(const pdx__study_job *j) { return j->options.pool == PDX_POOL_PARTIAL; }

static const pdx__study_groups *groups_of(const pdx__study_job *j) {
    return is_pooled(j) ? &j->groups : &j->named;
}

/* Margins and a model of ties have an unknown of their own, which tau does not go with yet. */
static int cannot_pool(const pdx__study_job *j, int64_t judge) {
    const int32_t rule = j->judges[judge].rule;
    return rule == PDX_LABEL_MARGIN || pdx__label_has_ties(rule, j->options.ties);
}

/* In how many groups every pair lies. */
static pdx_status count_memberships(pdx__study_job *j) {
    const pdx__study_groups *groups = groups_of(j);
    j->memberships = pdx__alloc_zero((size_t)pdx_dataset_count(j->dataset), sizeof(int32_t));
    if (!j->memberships) return PDX_ENOMEM;
    for (int32_t g = 0; g < groups->count; ++g)
        for (int64_t i = 0; i < groups->group[g].count; ++i)
            ++j->memberships[groups->group[g].pairs[i]];
    return PDX_OK;
}

pdx_status pdx__study_plan_pooled(pdx__study_job *j) {
    const pdx_fit_options *o = &j->options;
    const int compare = o->pool_compare && o->predict && o->prior != PDX_PRIOR_EB;
    if (!is_pooled(j) && (!compare || pdx_dataset_group_count(j->dataset) < 2)) return PDX_OK;
    j->pooled_tasks = over_judges(j) ? groups_of(j)->count : j->judge_count;
    j->pooled = pdx__alloc_zero((size_t)j->pooled_tasks, sizeof *j->pooled);
    j->pooling = pdx__alloc_zero((size_t)j->pooled_tasks, sizeof *j->pooling);
    if (!j->pooled || !j->pooling) return PDX_ENOMEM;
    for (int32_t i = 0; i < j->judge_count; ++i)
        if (cannot_pool(j, i) && is_pooled(j) && !j->pool_by_default)
            return pdx__fail(PDX_EUNSUPPORTED,
                             "judge '%s': margins and models of ties cannot be pooled partially; "
                             "fit groups apart (pool none), or use the signs of margins (label "
                             "sum-logp) and drop or halve ties",
                             pdx_judgments_judge_name(j->judgments, j->judges[i].number));
    return over_judges(j) ? PDX_OK : count_memberships(j);
}

/* What a pair in several groups counts in this one. */
static void share_weights(const pdx__study_job *j, pdx__labels *labels, int32_t group) {
    const pdx_fit_options *o = &j->options;
    for (int64_t i = 0; j->memberships && i < labels->count; ++i) {
        const int32_t k = j->memberships[labels->pair[i]];
        if (k < 2) continue;
        if (o->group_weights) labels->weight[i] *= o->group_weights[group];
        else if (o->overlap == PDX_OVERLAP_SHARE) labels->weight[i] /= k;
    }
}

/* Where one member has a position column, all have it. */
static void align_signs(pdx__study_cell *cell, pdx__sample *sample, int32_t count) {
    int any = 0;
    for (int32_t i = 0; i < count; ++i) any |= sample[i].sign != NULL;
    for (int32_t i = 0; i < count && any; ++i) sample[i].sign = cell[i].labels.sign;
}

typedef struct task_room {
    pdx__study_cell *cell; /* [members] */
    pdx__sample *sample;
    int64_t *of; /* which cell of the study */
    pdx_posterior **fit;
    int32_t count;
} task_room;

static pdx_status collect(task_room *room, pdx__study_job *j, int64_t task) {
    const pdx__study_groups *groups = groups_of(j);
    const int32_t members = over_judges(j) ? j->judge_count : groups->count;
    room->cell = pdx__alloc_zero((size_t)members, sizeof *room->cell);
    room->sample = pdx__alloc_zero((size_t)members, sizeof *room->sample);
    room->of = pdx__alloc((size_t)members, sizeof *room->of);
    room->fit = pdx__alloc_zero((size_t)members, sizeof *room->fit);
    if (!room->cell || !room->sample || !room->of || !room->fit) return PDX_ENOMEM;
    for (int32_t i = 0; i < members; ++i) {
        const int64_t judge = over_judges(j) ? i : task, group = over_judges(j) ? task : i;
        if (cannot_pool(j, judge)) continue;
        pdx__study_cell *cell = &room->cell[room->count];
        PDX__TRY(pdx__study_cell_open(cell, j, &j->judges[judge], &groups->group[group]));
        if (!cell->known) {
            pdx__study_cell_close(cell);
            continue;
        }
        share_weights(j, &cell->labels, (int32_t)group);
        room->sample[room->count] = cell->sample;
        room->of[room->count++] = judge * groups->count + group;
    }
    align_signs(room->cell, room->sample, room->count);
    return PDX_OK;
}

/* Members that cannot be pooled, each on its own. */
static pdx_status fit_others(pdx__study_job *j, int64_t task, int32_t worker) {
    for (int64_t cell = 0; is_pooled(j) && cell < (int64_t)j->judge_count * j->groups.count;
         ++cell) {
        const int64_t judge = cell / j->groups.count, group = cell % j->groups.count;
        if (!cannot_pool(j, judge) || task != (over_judges(j) ? group : judge)) continue;
        PDX__TRY(pdx__study_fit_cell(j, cell, worker));
    }
    return PDX_OK;
}

pdx_status pdx__study_fit_pooled(pdx__study_job *j, int64_t task, int32_t worker) {
    task_room room = {0};
    pdx_status status;
    PDX__GO(collect(&room, j, task));
    PDX__GO(fit_others(j, task, worker));
    if (room.count == 0) goto done;
    const int judges = over_judges(j);
    const char *judge = judges ? "(judges)" : room.sample[0].judge;
    const char *group = judges ? room.sample[0].group : "(groups)";
    pdx__pooled_task of = {.judge = judge,
                           .group = group,
                           .over = j->options.pool_over,
                           .sample = room.sample,
                           .count = room.count,
                           .compare_only = !is_pooled(j),
                           .stream = pdx__study_stream(judge, group)};
    /* Names live as long as judgments and dataset; the study copies them. */
    j->pooling[task].judge = (char *)judge;
    j->pooling[task].group = (char *)group;
    PDX__GO(pdx__pooled_sample_fit(&j->pooled[task], room.fit, &j->pooling[task], &of, &j->options,
                                   j->workspace[worker]));
    for (int32_t i = 0; i < room.count && is_pooled(j); ++i) j->fit[room.of[i]] = room.fit[i];
done:
    for (int32_t i = 0; room.cell && i < room.count; ++i) pdx__study_cell_close(&room.cell[i]);
    pdx__free(room.cell);
    pdx__free(room.sample);
    pdx__free(room.of);
    pdx__free(room.fit);
    return status;
}
