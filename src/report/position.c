/* The position plot: for each judge the probability that the response shown first wins when
 * responses are equal, by the fit, beside how often it was seen to win. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "report/forest.h"

enum { FITTED, SEEN };

/* How often the response shown first won, by the judgments; *known 0: no order is known. */
static pdx_status see(pdx__mark *out, const pdx_dataset *dataset, const pdx_judgments *judgments,
                      const char *judge, const char *group) {
    pdx_consistency seen;
    int32_t number = pdx_judgments_find_judge(judgments, judge), in = -1;
    for (int32_t g = 0; g < pdx_dataset_group_count(dataset); ++g)
        if (!strcmp(pdx_dataset_group_name(dataset, g), group)) in = g;
    if (number < 0) return PDX_OK;
    PDX__TRY(pdx_judgments_consistency(judgments, dataset, number, in, &seen));
    *out = pdx__mark_of(100 * seen.first.value, 100 * seen.first.low, 100 * seen.first.high);
    return PDX_OK;
}

static void write_note(pdx__forest_row *r) {
    const pdx__mark *m = r->mark[FITTED].known ? &r->mark[FITTED] : &r->mark[SEEN];
    if (m->ranged)
        snprintf(r->note, sizeof r->note, "%.1f%% (%.0f to %.0f)", m->value, m->low, m->high);
    else if (m->known) snprintf(r->note, sizeof r->note, "%.1f%%", m->value);
}

static pdx_status fill(pdx__forest *f, const pdx_study *study, const char *group,
                       const pdx_dataset *dataset, const pdx_judgments *judgments, int *fitted,
                       int *seen) {
    int32_t count = pdx_study_count(study), in_group = 0;
    f->row = pdx__alloc_zero((size_t)count, sizeof *f->row);
    if (!f->row) return PDX_ENOMEM;
    for (int32_t i = 0; i < count; ++i) {
        const pdx_posterior *fit = pdx_study_get(study, i);
        if (strcmp(pdx_posterior_group(fit), group)) continue;
        ++in_group;
        pdx__forest_row *r = &f->row[f->rows];
        *r = (pdx__forest_row){.name = pdx_posterior_judge(fit), .place = i};
        r->mark[FITTED] = pdx__mark_position(fit);
        if (judgments) PDX__TRY(see(&r->mark[SEEN], dataset, judgments, r->name, group));
        r->mark[SEEN].hollow = 1;
        *fitted |= r->mark[FITTED].known;
        *seen |= r->mark[SEEN].known;
        r->effect = r->mark[FITTED].known ? r->mark[FITTED].value : r->mark[SEEN].value;
        write_note(r);
        f->rows += r->mark[FITTED].known || r->mark[SEEN].known;
    }
    if (!in_group) return pdx__fail(PDX_ENOTFOUND, "no fits of group '%s'", group);
    PDX__REQUIRE(f->rows,
                 "nothing is known of the position effect in group '%s': it needs judgments whose "
                 "order is known",
                 group);
    pdx__forest_sort(f, f->rows);
    return PDX_OK;
}

pdx_status pdx_report_position_svg(const pdx_study *study, const char *group,
                                   const pdx_dataset *dataset, const pdx_judgments *judgments,
                                   const char *path) {
    PDX__REQUIRE(study && path, "pdx_report_position_svg: study and path are needed");
    PDX__REQUIRE(!judgments || dataset, "pdx_report_position_svg: judgments need their dataset");
    PDX__REQUIRE(pdx_study_count(study) > 0, "the study has no fits");
    if (!group) group = pdx_posterior_group(pdx_study_get(study, 0));
    pdx__forest f = {.unit = "%", .centre = 50, .series = 2};
    pdx__buf out = PDX__BUF_EMPTY, title = PDX__BUF_EMPTY;
    int fitted = 0, seen = 0;
    pdx_status status;
    PDX__GO(fill(&f, study, group, dataset, judgments, &fitted, &seen));
    f.name[FITTED] = "by the fit, responses equal in every property";
    f.name[SEEN] = "as seen: share won by the response shown first";
    if (!fitted) {
        f.name[FITTED] = f.name[SEEN];
        for (int32_t i = 0; i < f.rows; ++i) f.row[i].mark[FITTED] = f.row[i].mark[SEEN];
    }
    f.series = fitted + seen; /* one of them alone stands in the middle of its row */
    pdx__buf_printf(&title, "Does the order decide? %s", group);
    f.title = title.data;
    f.subtitle = "Probability that the response shown first wins, 95% interval; at 50% the order "
                 "makes no difference";
    f.description = "Judges in rows, the strongest pull to the first response at the top.";
    f.less = "\xe2\x86\x90 the second is favoured";
    f.more = "the first is favoured \xe2\x86\x92";
    PDX__GO(title.status);
    pdx__forest_draw(&out, &f);
    PDX__GO(out.status);
    PDX__GO(pdx__file_write(path, out.data, out.length));
done:
    pdx__buf_free(&title);
    pdx__buf_free(&out);
    pdx__forest_free(&f);
    return status;
}
