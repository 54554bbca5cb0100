/* The dissection plot: what each judge weighs, property by property, with its uncertainty. A forest
 * plot on the scale of percent: 100 sigmoid(w), the probability that the response with more of the
 * property is preferred, other things equal. Left out: more than 8 judges (a picture that cannot be
 * read). */
#include <math.h>
#include <string.h>

#include "core/file.h"
#include "report/forest.h"

/* A study's fits of one group. */
typedef struct plot {
    const char *group;
    int32_t judges;
    const pdx_posterior *fit[PDX__FOREST_SERIES], *truth[PDX__FOREST_SERIES];
} plot;

static int32_t find_column(const pdx_posterior *fit, const char *name) {
    for (int32_t k = 0; k < pdx_posterior_dim(fit); ++k)
        if (!strcmp(pdx_posterior_column(fit, k), name)) return k;
    return -1;
}

/* Judges asked for, or all of the group in the order of the study. */
static pdx_status choose_fits(plot *p, const pdx_study *study, const char *const *judges,
                              int32_t count) {
    if (judges) {
        for (int32_t j = 0; j < count; ++j) {
            PDX__REQUIRE(judges[j], "judge %d is NULL", (int)j);
            p->fit[p->judges] = pdx_study_find(study, judges[j], p->group);
            if (!p->fit[p->judges++])
                return pdx__fail(PDX_ENOTFOUND, "no fit of judge '%s' in group '%s'", judges[j],
                                 p->group);
        }
    } else {
        for (int32_t i = 0; i < pdx_study_count(study); ++i) {
            const pdx_posterior *fit = pdx_study_get(study, i);
            if (strcmp(pdx_posterior_group(fit), p->group)) continue;
            PDX__REQUIRE(p->judges < PDX__FOREST_SERIES,
                         "group '%s' has more than %d judges: name those to draw", p->group,
                         PDX__FOREST_SERIES);
            p->fit[p->judges++] = fit;
        }
    }
    if (!p->judges) return pdx__fail(PDX_ENOTFOUND, "no fits of group '%s'", p->group);
    for (int32_t j = 1; j < p->judges; ++j)
        PDX__TRY(pdx__forest_same_columns(p->fit[0], p->fit[j]));
    return PDX_OK;
}

static pdx_status fill(pdx__forest *f, const plot *p) {
    PDX__TRY(pdx__forest_rows(f, p->fit[0], 1));
    for (int32_t k = 0; k < f->rows; ++k)
        for (int32_t j = 0; j < p->judges; ++j) {
            pdx__forest_row *r = &f->row[k];
            r->mark[j] = pdx__mark_weight(p->fit[j], k);
            if (r->mark[j].known)
                r->effect = fmax(r->effect, fabs(pdx_posterior_mean(p->fit[j])[k]));
            const char *column = pdx_posterior_column(p->fit[0], k);
            int32_t planted = p->truth[j] ? find_column(p->truth[j], column) : -1;
            if (planted >= 0) r->extra[j] = pdx__mark_weight(p->truth[j], planted);
        }
    pdx__forest_sort(f, f->rows);
    pdx__forest_row *last = &f->row[f->rows];
    *last = (pdx__forest_row){.name = "shown first", .apart = 1};
    int any = 0;
    for (int32_t j = 0; j < p->judges; ++j) {
        any |= (last->mark[j] = pdx__mark_position(p->fit[j])).known;
        if (p->truth[j] && last->mark[j].known) last->extra[j] = pdx__mark_position(p->truth[j]);
    }
    f->rows += any;
    return PDX_OK;
}

pdx_status pdx_report_dissection_svg(const pdx_study *study, const char *group,
                                     const char *const *judges, int32_t judge_count,
                                     const pdx_study *truth, const char *path) {
    PDX__REQUIRE(study && path, "study and path are needed");
    PDX__REQUIRE(pdx_study_count(study) > 0, "the study has no fits");
    PDX__REQUIRE(!judges || (judge_count > 0 && judge_count <= PDX__FOREST_SERIES),
                 "judge_count is %d, must be 1 to %d", (int)judge_count, PDX__FOREST_SERIES);
    plot p = {.group = group ? group : pdx_posterior_group(pdx_study_get(study, 0))};
    pdx__forest f = {.unit = "%", .centre = 50};
    pdx__buf out = PDX__BUF_EMPTY, title = PDX__BUF_EMPTY;
    pdx_status status;
    PDX__GO(choose_fits(&p, study, judges, judge_count));
    f.series = p.judges;
    for (int32_t j = 0; j < p.judges; ++j) {
        f.name[j] = pdx_posterior_judge(p.fit[j]);
        p.truth[j] = truth ? pdx_study_find(truth, f.name[j], p.group) : NULL;
        if (p.truth[j]) f.extra = "hollow: planted truth";
    }
    PDX__GO(fill(&f, &p));
    pdx__buf_printf(&title, "What each judge weighs: %s", p.group);
    PDX__GO(title.status);
    f.title = title.data;
    f.subtitle = pdx__forest_ranged(&f)
                     ? "Probability that the response with more of a property is preferred, "
                       "other things equal; posterior mean, 95% interval"
                     : "Probability that the response with more of a property is preferred, "
                       "other things equal";
    f.description =
        "Properties in rows, one mark a judge at the probability that the response with "
        "more of the property is preferred.";
    f.less = "\xe2\x86\x90 less of it is preferred";
    f.more = "more of it is preferred \xe2\x86\x92";
    pdx__forest_draw(&out, &f);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__buf_free(&title);
    pdx__buf_free(&out);
    pdx__forest_free(&f);
    return status;
}
